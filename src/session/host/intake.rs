//! What a session takes in before each step, and what it refuses while it is frozen or over.

use combat_components::command::{Command, LeaveCause};
use combat_components::ids::{PlayerId, Pseudonym, Slot};
use combat_components::limits::DISCONNECTED_BODY_MS;
use combat_protocol::close::CloseCode;

use super::{HostState, INPUTS_KEPT, SessionHost, Waiting};
use crate::replication::players::Arrived;
use crate::session::inbox::{Envelope, PlaceTaken, Reply};
use crate::session::people::Person;
use crate::session::summary::{JoinSession, SessionError};

/// Connections that may come while the session is frozen, beside the inputs it keeps.
const ARRIVALS_KEPT: usize = 128;

impl SessionHost {
    pub(super) fn drain_inbox(&mut self) {
        // Whatever comes while this one is emptied waits for the next tick.
        for _ in 0..self.parts.inbox.capacity() {
            let Some(envelope) = self.parts.inbox.take() else { break };
            self.take(envelope);
        }
    }

    pub(super) fn take(&mut self, envelope: Envelope) {
        match envelope {
            Envelope::Input { connection, command, ack } => {
                let slot = command.player_slot();
                if !slot.is_some_and(|slot| self.parts.players.is_present(slot, connection)) {
                    return;
                }
                if let (true, Command::Claim { claim }) = (ack, &command) {
                    self.parts.players.ask_ack(claim.slot);
                }
                self.input.push(command);
            }
            Envelope::Join { wish, reply } => self.take_join(wish, reply),
            Envelope::Leave { player, cause, reply } => match self.place_of(player) {
                None => drop(reply.send(Err(SessionError::NotInSession))),
                Some(slot) if !self.input.has_place_for(&Command::Leave { slot, cause }) => {
                    drop(reply.send(Err(SessionError::InboxFull)));
                }
                Some(slot) => {
                    // What he still said must not be done by whoever gets his slot in the same tick.
                    self.input.retain(|command| command.player_slot() != Some(slot));
                    self.input.push(Command::Leave { slot, cause });
                    let kicked = cause == LeaveCause::Kicked;
                    self.parts
                        .players
                        .dismiss(slot, if kicked { CloseCode::Kicked } else { CloseCode::Left });
                    self.forget(player);
                    self.waiting.push(Waiting::Tick(reply));
                }
            },
            Envelope::End { reason, reply } => {
                self.input.push(Command::End { reason });
                self.waiting.push(Waiting::Tick(reply));
            }
            Envelope::Arrive(arrival) => match self.place_of(arrival.player) {
                None => drop(arrival.reply.send(Err(SessionError::NotInSession))),
                Some(slot) => {
                    self.input.push(Command::Connected { slot });
                    // Nobody waiting for the answer means that the connection is gone already.
                    let _ = arrival.reply.send(Ok(slot));
                    self.parts.players.arrive(Arrived {
                        slot,
                        connection: arrival.connection,
                        outbox: arrival.outbox,
                        encoding: arrival.encoding,
                        seen: arrival.seen,
                    });
                }
            },
            Envelope::Depart { slot, connection } => {
                if self.parts.players.depart(slot, connection) {
                    self.input.push(Command::Disconnected { slot });
                }
            }
        }
    }

    /// The same player gets the place he has; a new one the lowest that is free.
    pub(super) fn take_join(&mut self, wish: JoinSession, reply: Reply<PlaceTaken>) {
        if let Some(slot) = self.place_of(wish.player) {
            let known = self.parts.sim.members().find(|(_, identity, _)| identity.slot == slot);
            let team = known.map_or(wish.team, |(_, identity, _)| identity.team);
            return self.waiting.push(Waiting::Join { reply, slot, team });
        }
        let slots = self.parts.sim.rules().setup.max_players;
        let is_free = |slot: &Slot| !self.places.iter().any(|(_, taken)| taken == slot);
        let Some(slot) = (0..slots).map(Slot).find(is_free) else {
            // Nobody waiting for the answer means that the caller has gone.
            let _ = reply.send(Err(SessionError::Full));
            return;
        };
        let JoinSession { player, name, team, bot } = wish;
        let known = self.parts.people.by_player(player).map(|person| person.pseudonym);
        let Some(pseudonym) = known.or_else(|| getrandom::u64().ok().map(Pseudonym)) else {
            let _ = reply.send(Err(SessionError::NotAdmitted("the operating system gives no randomness")));
            return;
        };
        let join = Command::Join { slot, pseudonym, team, bot };
        if !self.input.has_place_for(&join) {
            // Somebody has joined and left this slot since the last tick; there is room again after the next.
            let _ = reply.send(Err(SessionError::InboxFull));
            return;
        }
        self.parts.people.meet(Person { pseudonym, player, name });
        self.input.push(join);
        self.places.push((player, slot));
        self.waiting.push(Waiting::Join { reply, slot, team });
    }

    fn place_of(&self, player: PlayerId) -> Option<Slot> {
        self.places.iter().find(|(present, _)| *present == player).map(|(_, slot)| *slot)
    }

    fn forget(&mut self, player: PlayerId) {
        self.places.retain(|(present, _)| *present != player);
    }

    /// Takes over who is in the simulation: what was promised for this tick has been kept or not.
    pub(super) fn publish_places(&mut self) {
        let members = self.parts.sim.members();
        let people = &self.parts.people;
        self.places = members
            .map(|(_, identity, _)| (people.shown(identity.pseudonym).player, identity.slot))
            .collect();
        self.parts.live.set_places(self.places.clone());
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
        let expired: Vec<(PlayerId, Slot)> = expired
            .map(|(_, identity, _)| (self.parts.people.shown(identity.pseudonym).player, identity.slot))
            .collect();
        for (player, slot) in expired {
            self.input.retain(|command| command.player_slot() != Some(slot));
            self.input.push(Command::Leave { slot, cause: LeaveCause::WindowExpired });
            self.parts.players.dismiss(slot, CloseCode::Left);
            self.forget(player);
        }
    }

    /// Inputs and connections wait for the tick that comes after the standstill; nothing else may.
    pub(super) fn take_while_frozen(&mut self, envelope: Envelope) {
        let has_room = self.input.len() < INPUTS_KEPT;
        match envelope {
            Envelope::Input { .. } if has_room => self.take(envelope),
            Envelope::Input { .. } => {}
            Envelope::Arrive(_) if self.input.len() < INPUTS_KEPT + ARRIVALS_KEPT => self.take(envelope),
            Envelope::Arrive(arrival) => drop(arrival.reply.send(Err(SessionError::InboxFull))),
            Envelope::Join { reply, .. } => drop(reply.send(Err(SessionError::Suspended))),
            Envelope::Leave { reply, .. } | Envelope::End { reply, .. } => {
                drop(reply.send(Err(SessionError::Suspended)));
            }
            Envelope::Depart { .. } => self.take(envelope),
        }
    }

    pub(super) fn refuse_for_ever(&mut self, envelope: Envelope) {
        let error = if self.state == HostState::Failed { SessionError::Failed } else { SessionError::Ended };
        match envelope {
            Envelope::Input { .. } | Envelope::Depart { .. } => {}
            Envelope::Join { reply, .. } => drop(reply.send(Err(error))),
            Envelope::Leave { reply, .. } => drop(reply.send(Err(error))),
            Envelope::End { reply, .. } => drop(reply.send(Ok(self.tick()))),
            Envelope::Arrive(arrival) => drop(arrival.reply.send(Err(error))),
        }
    }
}
