//! What is asked of a session becomes commands of the coming tick; whoever asked hears what that tick made of it.

use combat_components::command::{Command, LeaveCause};
use combat_components::identity::Identity;
use combat_components::ids::Pseudonym;
use combat_components::origin::{Origin, Request, RequestKey};
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_components::verdict::Verdict;
use combat_protocol::close::CloseCode;

use super::{Kept, SessionHost};
use crate::session::ask::{Ask, Done, Joining, PlaceTaken, Wish};
use crate::session::known::{About, Known, REMEMBERED_MS, keyed};
use crate::session::summary::SessionError;

/// Somebody who waits for the tick that does what he asked for.
#[derive(Debug)]
pub(super) struct Waiting {
    /// Of the request whose verdict is his; another's, where that already asks for the same.
    number: u32,
    ask: Ask,
    about: About,
    /// Whether the log has it, with its key.
    is_logged: bool,
    /// Why the simulation refused it.
    refused: Option<Reason>,
}

impl Waiting {
    pub fn hear(&mut self, verdict: &Verdict) {
        if verdict.origin == (Origin::Request { number: self.number }) {
            self.refused = verdict.reason;
        }
    }
}

impl SessionHost {
    /// Takes in what is asked, or answers at once: with a refusal, or with what was done when it came before.
    pub(super) fn take_ask(&mut self, ask: Ask) {
        let about = self.about(&ask.wish);
        match ask.key.map_or(Ok(None), |key| self.done_before(key, about)) {
            Ok(None) => self.take_new(ask, about),
            Ok(Some(known)) => {
                let answer = self.place_now(known.joined).map(|place| Done::before(&known, place));
                ask.answer(answer);
            }
            Err(error) => ask.answer(Err(error)),
        }
    }

    fn about(&self, wish: &Wish) -> About {
        match wish {
            Wish::Join(Joining { person, .. }) => {
                About { joined: Some(person.pseudonym), person: Some(person.pseudonym) }
            }
            Wish::Leave { player, .. } => {
                About { joined: None, person: self.seat_of(*player).map(|seat| seat.pseudonym) }
            }
            Wish::Farewell { .. } | Wish::End { .. } => About::default(),
        }
    }

    fn done_before(&mut self, key: RequestKey, about: About) -> Result<Option<Known>, SessionError> {
        let remembered_ticks = self.parts.tick_rate.ticks_in_ms(REMEMBERED_MS);
        self.parts.known.forget_before(Tick(self.parts.sim.tick().0.saturating_sub(remembered_ticks)));
        let mut in_flight = self.waiting.iter().filter_map(|waiting| waiting.ask.key);
        match in_flight.find(|other| other.digest == key.digest) {
            Some(other) if other != key => return Err(SessionError::KeyOfAnother),
            Some(_) => return Err(SessionError::KeyInFlight),
            None => {}
        }
        let known = self.parts.known.find(key)?;
        let with_key = self.waiting.iter().filter(|waiting| waiting.ask.key.is_some());
        let is_full_of = |person| {
            let his = with_key.clone().filter(|waiting| waiting.about.person == Some(person));
            self.parts.known.is_full_of(person, his.count() + 1)
        };
        let is_full = self.parts.known.is_full_with(with_key.clone().count() + 1);
        if known.is_none() && (is_full || about.person.is_some_and(is_full_of)) {
            return Err(SessionError::KeysFull);
        }
        Ok(known)
    }

    fn take_new(&mut self, ask: Ask, about: About) {
        self.asked = self.asked.saturating_add(1);
        let request = Request { number: self.asked, key: ask.key };
        let taken = match ask.wish {
            Wish::Join(joining) => self.take_join(joining, request),
            Wish::Leave { player, cause, told } => {
                self.take_leave(self.seat_of(player), (cause, told), request)
            }
            Wish::Farewell { slot, connection } => {
                let is_his = self.parts.players.connection_of(slot) == Some(connection);
                let seat = self.seats.iter().find(|seat| is_his && seat.slot == slot).copied();
                self.take_leave(seat, (LeaveCause::Left, CloseCode::Left), request)
            }
            Wish::End { reason } => {
                self.input.push(Command::End { reason, request: Some(request) });
                Ok(request.number)
            }
        };
        match taken {
            Ok(number) => self.waiting.push(Waiting { number, ask, about, is_logged: false, refused: None }),
            Err(error) => ask.answer(Err(error)),
        }
    }

    /// The commands of the tick just recorded are about to go.
    pub(super) fn note_logged(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        for (key, _) in keyed(self.input.commands()) {
            let same = self.waiting.iter_mut().filter(|waiting| waiting.ask.key == Some(key));
            same.for_each(|waiting| waiting.is_logged = true);
        }
    }

    /// Who waits is told the verdict on his request. Where there is none, because the next request of the same tick took
    /// it back or everything was as he wished already, he is told how it stands now.
    ///
    /// A key is remembered where the log has it. One of which the log has nothing, as of a second join in one tick, is
    /// not done: what it came with may be asked for again.
    pub(super) fn answer_waiting(&mut self, kept: &Kept) {
        for (slot, reply) in self.arriving.drain(..) {
            // Nobody waiting for the answer means that the connection is gone already.
            drop(reply.send(Ok(slot)));
        }
        for Waiting { ask, about, is_logged, refused, .. } in std::mem::take(&mut self.waiting) {
            let answer = match (refused, ask.key) {
                (Some(reason), _) => Err(told_as(reason)),
                (None, Some(_)) if !is_logged => {
                    self.place_now(about.joined).and(Err(SessionError::KeyInFlight))
                }
                (None, key) => {
                    key.inspect(|key| self.parts.known.note(*key, kept.tick(), about));
                    self.place_now(about.joined).map(|place| Done::by(kept, place))
                }
            };
            ask.answer(answer);
        }
    }

    /// Of something done, a join has the place that is his now, if he has one.
    fn place_now(&self, joined: Option<Pseudonym>) -> Result<Option<PlaceTaken>, SessionError> {
        joined.map(|pseudonym| self.place_of(pseudonym).ok_or(SessionError::NotInSession)).transpose()
    }

    fn place_of(&self, pseudonym: Pseudonym) -> Option<PlaceTaken> {
        let mut here = self.parts.sim.members().filter(|(_, _, link)| link.leaves.is_none());
        let his = here.find(|(_, identity, _)| identity.pseudonym == pseudonym);
        his.map(|(sim_id, Identity { slot, team, .. }, _)| PlaceTaken { sim_id, slot, team })
    }
}

/// What the simulation refuses a request for.
fn told_as(reason: Reason) -> SessionError {
    match reason {
        Reason::SessionFull => SessionError::Full,
        Reason::NotInSession => SessionError::NotInSession,
        _ => SessionError::Ended,
    }
}
