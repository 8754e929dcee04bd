//! A session's inbox: bounded, drained by its shard right before each step, never waited for.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use combat_components::command::Command;
use combat_components::ids::{Epoch, PlayerId, Pseudonym, SimId, Slot};
use combat_components::limits::INPUTS_PER_PLAYER_AND_TICK_MAX;
use combat_components::tick::Tick;
use combat_protocol::codec::Encoding;
use crossbeam_queue::ArrayQueue;

use super::ask::{Ask, Reply};
use super::outbox::Outbox;
use super::summary::SessionError;

/// Places for what is not a player's input: joins, leaves, connections that come and go.
const INBOX_SPARE: usize = 64;

/// A connection that wants a player's frames.
#[derive(Debug)]
pub struct PlayerArrival {
    pub player: PlayerId,
    /// The only place it may have; `None` for whichever is the player's.
    pub place: Option<SimId>,
    pub connection: u64,
    pub outbox: Outbox,
    pub encoding: Encoding,
    /// The newest frame the client says it has seen, when it comes back.
    pub seen: Option<(Epoch, Tick)>,
    pub reply: Reply<Slot>,
}

/// What can be said to a session.
#[derive(Debug)]
pub enum Envelope {
    /// A claim or an action; `ack` asks for an acknowledgement at once.
    Input {
        connection: u64,
        command: Command,
        ack: bool,
    },
    Ask(Ask),
    Arrive(Box<PlayerArrival>),
    /// The side table does not know this player any more.
    Erased {
        pseudonym: Pseudonym,
    },
    /// The connection of a player ended.
    Depart {
        slot: Slot,
        connection: u64,
    },
}

/// The bounded queue between everybody and the shard thread.
#[derive(Debug)]
pub struct Inbox {
    queue: ArrayQueue<Envelope>,
    /// Inputs waiting, by slot: nobody can take the room of others.
    waiting: Box<[AtomicUsize]>,
    closed: OnceLock<SessionError>,
}

impl Inbox {
    /// Holds what one tick of a full session may take in; more is refused, never queued.
    pub fn for_players(players_max: u8) -> Self {
        let places = usize::from(players_max);
        Self {
            queue: ArrayQueue::new(places * INPUTS_PER_PLAYER_AND_TICK_MAX + INBOX_SPARE),
            waiting: (0..places).map(|_| AtomicUsize::new(0)).collect(),
            closed: OnceLock::new(),
        }
    }

    pub fn capacity(&self) -> usize {
        self.queue.capacity()
    }

    /// # Errors
    /// `InboxFull`, or why the inbox is closed; nothing was queued.
    pub fn put(&self, envelope: Envelope) -> Result<(), SessionError> {
        let place = self.place_of(&envelope);
        if let Some(waiting) = place
            && waiting.fetch_add(1, Ordering::AcqRel) >= INPUTS_PER_PLAYER_AND_TICK_MAX
        {
            waiting.fetch_sub(1, Ordering::AcqRel);
            return Err(SessionError::InboxFull);
        }
        if self.queue.push(envelope).is_err() {
            if let Some(waiting) = place {
                waiting.fetch_sub(1, Ordering::AcqRel);
            }
            return Err(SessionError::InboxFull);
        }
        self.closed.get().map_or(Ok(()), |error| {
            // Closed meanwhile: whoever waits for an answer must not wait for ever.
            while self.take().is_some() {}
            Err(error.clone())
        })
    }

    pub fn take(&self) -> Option<Envelope> {
        let envelope = self.queue.pop()?;
        if let Some(waiting) = self.place_of(&envelope) {
            waiting.fetch_sub(1, Ordering::AcqRel);
        }
        Some(envelope)
    }

    /// From now on every envelope is answered with `error`, those that wait included.
    pub fn close(&self, error: SessionError) {
        // Only the first reason counts.
        let _ = self.closed.set(error);
        while self.take().is_some() {}
    }

    pub fn closed(&self) -> Option<SessionError> {
        self.closed.get().cloned()
    }

    fn place_of(&self, envelope: &Envelope) -> Option<&AtomicUsize> {
        let Envelope::Input { command, .. } = envelope else { return None };
        self.waiting.get(usize::from(command.player_slot()?.0))
    }
}

#[cfg(test)]
mod tests {
    use combat_components::command::{Action, Deed};
    use combat_components::phase::EndReason;
    use tokio::sync::oneshot::{self, Receiver, error::TryRecvError};

    use super::*;
    use crate::session::ask::{Done, Wish};

    fn end() -> (Envelope, Receiver<Result<Done, SessionError>>) {
        let (reply, answer) = oneshot::channel();
        (Envelope::Ask(Ask { wish: Wish::End { reason: EndReason::Requested }, key: None, reply }), answer)
    }

    fn input(slot: u8) -> Envelope {
        let action = Action {
            slot: Slot(slot),
            input_seq: 1,
            follows: 0,
            yaw: Default::default(),
            pitch: Default::default(),
            view_tick: Tick(0),
            view_fraction: 0,
            deed: Deed::Attack,
            target: None,
        };
        Envelope::Input { connection: 1, command: Command::Action { action }, ack: false }
    }

    #[test]
    fn a_player_who_floods_takes_nobody_elses_room() {
        let inbox = Inbox::for_players(2);
        let taken = (0..1_000).filter(|_| inbox.put(input(0)).is_ok()).count();
        assert_eq!(taken, INPUTS_PER_PLAYER_AND_TICK_MAX);
        assert_eq!(inbox.put(input(1)), Ok(()));
        assert!(inbox.take().is_some());
        assert_eq!(inbox.put(input(0)), Ok(()), "what was taken makes room again");
    }

    #[test]
    fn a_closed_inbox_lets_nobody_wait_for_an_answer() {
        let inbox = Inbox::for_players(2);
        let (asked, mut answer) = end();
        inbox.put(asked).expect("there is room");
        inbox.close(SessionError::Draining);
        assert!(matches!(answer.try_recv(), Err(TryRecvError::Closed)));
        let (late, mut answer) = end();
        assert_eq!(inbox.put(late), Err(SessionError::Draining));
        assert!(matches!(answer.try_recv(), Err(TryRecvError::Closed)));
    }
}
