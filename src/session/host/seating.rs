//! Who holds which slot: as the coming tick will have it while commands gather, and as the simulation has it after.

use combat_components::command::{Command, LeaveCause};
use combat_components::identity::Identity;
use combat_components::ids::{PlayerId, Pseudonym, SimId, Slot};
use combat_components::limits::DISCONNECTED_BODY_MS;
use combat_components::origin::Request;
use combat_protocol::close::CloseCode;

use super::SessionHost;
use crate::session::ask::Joining;
use crate::session::inbox::PlayerArrival;
use crate::session::people::Seat;
use crate::session::summary::SessionError;

impl SessionHost {
    /// The same person gets the place he has; a new one the lowest that is free. Answers with the number of the request
    /// that asks for it in this tick.
    pub(super) fn take_join(&mut self, joining: Joining, request: Request) -> Result<u32, SessionError> {
        let Joining { person, team, bot } = joining;
        let pseudonym = person.pseudonym;
        // Known here under a pseudonym that the store does not know any more: he was erased, and comes as a stranger.
        let erased = self.seats.iter().find(|seat| seat.is_of(person.player) && seat.pseudonym != pseudonym);
        if let Some(seat) = erased.copied() {
            self.vacate(seat, (LeaveCause::Kicked, CloseCode::Kicked), None);
        }
        if !self.seats.iter().any(|seat| seat.pseudonym == pseudonym) {
            let stands = self.leavers.iter().position(|leaver| leaver.pseudonym == pseudonym);
            let slot = match stands {
                Some(place) => {
                    let slot = self.leavers.remove(place).slot;
                    // He may have come back since the last tick and left again; of a slot's joins the first is kept.
                    self.withdraw_join(slot);
                    slot
                }
                None => self.free_slot(&joining)?,
            };
            self.parts.people.meet(person);
            self.input.push(Command::Join { slot, pseudonym, team, bot, request: Some(request) });
            self.seats.push(Seat { slot, pseudonym, sim_id: None, bot, person: Some(person) });
            self.seats_moved = true;
            return Ok(request.number);
        }
        let asked_for = self.input.join_request(pseudonym);
        if request.key.is_some() && asked_for.is_none() {
            self.log_repeated_join(&joining, request);
        }
        Ok(asked_for.unwrap_or(request.number))
    }

    /// It changes nothing, but the log is to know the key: it may come again when he has left. Where the tick has no
    /// place for it, the key stays unknown.
    fn log_repeated_join(&mut self, joining: &Joining, request: Request) {
        let Joining { person, team, bot } = *joining;
        let Some(Seat { slot, pseudonym, .. }) = self.seat_of(person.player) else { return };
        let join = Command::Join { slot, pseudonym, team, bot, request: Some(request) };
        if self.input.has_place_for(&join) {
            self.input.push(join);
        }
    }

    /// The lowest slot that is free and that nobody else has joined since the last tick.
    fn free_slot(&self, joining: &Joining) -> Result<Slot, SessionError> {
        let slots = self.parts.sim.rules().setup.max_players;
        let taken = self.seats.iter().chain(&self.leavers);
        let is_free = |slot: &Slot| taken.clone().all(|seat| seat.slot != *slot);
        let mut free = (0..slots).map(Slot).filter(is_free).peekable();
        if free.peek().is_none() {
            return Err(SessionError::Full);
        }
        let Joining { person, team, bot } = *joining;
        let join = |slot| Command::Join { slot, pseudonym: person.pseudonym, team, bot, request: None };
        free.find(|slot| self.input.has_place_for(&join(*slot))).ok_or(SessionError::InboxFull)
    }

    pub(super) fn seat_of(&self, player: PlayerId) -> Option<Seat> {
        self.seats.iter().find(|seat| seat.is_of(player)).copied()
    }

    /// Where a connection may sit down: what opened an earlier place of the same player opens no later one.
    pub(super) fn seat_for(&self, arrival: &PlayerArrival) -> Option<Seat> {
        let may_be = |seat: &Seat| arrival.place.is_none_or(|place| seat.sim_id == Some(place));
        self.seat_of(arrival.player).filter(may_be)
    }

    /// `None`: whoever is to leave is not there.
    pub(super) fn take_leave(
        &mut self,
        seat: Option<Seat>,
        how: (LeaveCause, CloseCode),
        request: Request,
    ) -> Result<u32, SessionError> {
        self.vacate(seat.ok_or(SessionError::NotInSession)?, how, Some(request));
        Ok(request.number)
    }

    /// `request`: who asks for it, if anybody does.
    pub(super) fn vacate(
        &mut self,
        seat: Seat,
        (cause, told): (LeaveCause, CloseCode),
        request: Option<Request>,
    ) {
        let slot = seat.slot;
        // What he still said must not be done by whoever gets his slot in the same tick.
        self.input.retain(|command| command.player_slot() != Some(slot));
        let leave = Command::Leave { slot, cause, request };
        if self.input.has_place_for(&leave) {
            self.input.push(leave);
        } else {
            // Somebody has left this slot since the last tick already: whoever goes now has not come yet.
            self.withdraw_join(slot);
        }
        self.parts.players.leave(slot, told, self.parts.sim.tick().plus(1));
        self.seats.retain(|other| other.slot != slot);
        self.seats_moved = true;
        if self.parts.sim.would_stand_on(slot) {
            self.leavers.push(seat);
        }
    }

    fn withdraw_join(&mut self, slot: Slot) {
        self.input.retain(|command| !matches!(command, Command::Join { slot: of, .. } if *of == slot));
    }

    /// Somebody whose row is gone from the side table: nobody knows him here any more either.
    pub(super) fn forget_erased(&mut self, erased: Pseudonym) {
        self.parts.people.forget(erased);
        // He may stand for some frames yet, and nothing else would take his name out of them.
        let people = &self.parts.people;
        self.builder.rebuild_roster(&self.parts.sim, |identity| people.name_of(identity));
        if let Some(seat) = self.seats.iter().find(|seat| seat.pseudonym == erased).copied() {
            tracing::info!(session = %self.parts.id, slot = seat.slot.0, "an erased person leaves");
            self.vacate(seat, (LeaveCause::Kicked, CloseCode::Kicked), None);
        }
    }

    /// A body whose connection has been gone for too long leaves, once a second.
    pub(super) fn expire_windows(&mut self) {
        let now = self.parts.sim.tick();
        if !now.0.is_multiple_of(self.parts.tick_rate.hz()) {
            return;
        }
        let window_ticks = self.parts.tick_rate.ticks_in_ms(DISCONNECTED_BODY_MS);
        let expired = self
            .parts
            .sim
            .members()
            .filter(|(_, _, link)| !link.connected && now.since(link.changed_at) >= window_ticks);
        let expired: Vec<Pseudonym> = expired.map(|(_, identity, _)| identity.pseudonym).collect();
        for pseudonym in expired {
            let seat = self.seats.iter().find(|seat| seat.pseudonym == pseudonym).copied();
            // Whoever came back while the session stood still is connected with this very tick.
            if let Some(seat) = seat.filter(|seat| self.parts.players.connection_of(seat.slot).is_none()) {
                self.vacate(seat, (LeaveCause::WindowExpired, CloseCode::Left), None);
            }
        }
    }

    /// Takes over who is in the simulation: what was planned for this tick has come about or not.
    pub(super) fn publish_seats(&mut self) {
        let people = &self.parts.people;
        let seat = |sim_id: SimId, identity: Identity| Seat {
            slot: identity.slot,
            pseudonym: identity.pseudonym,
            sim_id: Some(sim_id),
            bot: identity.bot,
            person: people.by_pseudonym(identity.pseudonym),
        };
        let members = self.parts.sim.members();
        let members = members.map(|(id, identity, link)| (seat(id, identity), link.leaves.is_some()));
        let (leavers, held): (Vec<_>, Vec<_>) = members.partition(|(_, leaves)| *leaves);
        let [leavers, held] =
            [leavers, held].map(|seats| seats.into_iter().map(|(seat, _)| seat).collect::<Vec<_>>());
        let is_held = |seat: &Seat| {
            held.iter().any(|other| (other.slot, other.pseudonym) == (seat.slot, seat.pseudonym))
        };
        // A connection must not wait in a slot that its player did not get, for whoever gets it next.
        for seat in self.seats.iter().filter(|seat| !is_held(seat)) {
            self.parts.players.dismiss(seat.slot, CloseCode::Left);
        }
        let stays = |pseudonym| held.iter().chain(&leavers).any(|seat| seat.pseudonym == pseudonym);
        self.parts.people.keep_only(stays);
        self.parts.live.set_seats(held.clone());
        (self.seats, self.leavers) = (held, leavers);
        self.seats_moved = false;
    }
}
