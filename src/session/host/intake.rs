//! What a session takes in before each step, and what it refuses while it is frozen or over.

use combat_components::command::Command;

use super::{Ending, HostState, INPUTS_KEPT, SessionHost};
use crate::replication::players::Arrived;
use crate::session::inbox::Envelope;
use crate::session::people::Seat;
use crate::session::summary::SessionError;

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
                if slot.is_none_or(|slot| self.parts.players.connection_of(slot) != Some(connection)) {
                    return;
                }
                if let (true, Command::Claim { claim }) = (ack, &command) {
                    self.parts.players.ask_ack(claim.slot);
                }
                self.input.push(command);
            }
            Envelope::Ask(ask) => self.take_ask(ask),
            Envelope::Erased { pseudonym } => self.forget_erased(pseudonym),
            Envelope::Arrive(arrival) => match self.seat_for(&arrival) {
                None => drop(arrival.reply.send(Err(SessionError::NotInSession))),
                Some(Seat { slot, sim_id, .. }) => {
                    self.input.push(Command::Connected { slot });
                    if sim_id.is_some() {
                        // Nobody waiting for the answer means that the connection is gone already.
                        drop(arrival.reply.send(Ok(slot)));
                    } else {
                        self.arriving.push((slot, arrival.reply));
                    }
                    self.parts.players.arrive(Arrived {
                        slot,
                        connection: arrival.connection,
                        outbox: arrival.outbox,
                        encoding: arrival.encoding,
                        seen: arrival.seen,
                        since: self.parts.sim.tick().plus(1),
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

    /// Inputs and connections wait for the tick that comes after the standstill; nothing else may. Who has no place may
    /// have had one before the tick that is not kept, and is not told.
    pub(super) fn take_while_frozen(&mut self, envelope: Envelope) {
        let has_room = self.input.len() < INPUTS_KEPT;
        match envelope {
            Envelope::Input { .. } if has_room => self.take(envelope),
            Envelope::Input { .. } => {}
            Envelope::Arrive(arrival) if self.seat_for(&arrival).is_none() => {
                drop(arrival.reply.send(Err(SessionError::Suspended)));
            }
            Envelope::Arrive(_) if self.input.len() < INPUTS_KEPT + ARRIVALS_KEPT => self.take(envelope),
            Envelope::Arrive(arrival) => drop(arrival.reply.send(Err(SessionError::InboxFull))),
            Envelope::Ask(ask) => ask.answer(Err(SessionError::Suspended)),
            Envelope::Depart { .. } | Envelope::Erased { .. } => self.take(envelope),
        }
    }

    pub(super) fn refuse_for_ever(&mut self, envelope: Envelope) {
        let ending = if self.state == HostState::Failed { Ending::Failed } else { Ending::Finished };
        let error = ending.told();
        match envelope {
            Envelope::Input { .. } | Envelope::Depart { .. } | Envelope::Erased { .. } => {}
            Envelope::Ask(ask) => ask.answer(Err(error)),
            Envelope::Arrive(arrival) => drop(arrival.reply.send(Err(error))),
        }
    }
}
