//! A session's inbox: bounded, drained by its shard right before each step, never waited for.

use combat_components::command::{Command, LeaveCause};
use combat_components::ids::{Epoch, PlayerId, Slot};
use combat_components::limits::INPUTS_PER_PLAYER_AND_TICK_MAX;
use combat_components::phase::EndReason;
use combat_components::tick::Tick;
use combat_protocol::codec::Encoding;
use crossbeam_queue::ArrayQueue;
use tokio::sync::oneshot;

use super::outbox::Outbox;
use super::summary::{JoinSession, SessionError};

/// Places for what is not a player's input: joins, leaves, connections that come and go.
const INBOX_SPARE: usize = 64;

/// A place in the session, at the tick that gave it.
#[derive(Clone, Copy, Debug)]
pub struct PlaceTaken {
    pub slot: Slot,
    pub team: combat_components::ids::Team,
    pub tick: Tick,
}

/// How a caller hears what became of his wish, at the tick that did it.
pub type Reply<T> = oneshot::Sender<Result<T, SessionError>>;

/// A connection that wants a player's frames.
#[derive(Debug)]
pub struct PlayerArrival {
    pub player: PlayerId,
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
        command: Command,
        ack: bool,
    },
    Join {
        wish: JoinSession,
        reply: Reply<PlaceTaken>,
    },
    Leave {
        player: PlayerId,
        cause: LeaveCause,
        reply: Reply<Tick>,
    },
    End {
        reason: EndReason,
        reply: Reply<Tick>,
    },
    Arrive(Box<PlayerArrival>),
    /// The connection of a player ended.
    Depart {
        slot: Slot,
        connection: u64,
    },
    /// The server is ending: tell the players and stop after this tick.
    Drain {
        reply: Reply<Tick>,
    },
}

/// The bounded queue between everybody and the shard thread.
#[derive(Debug)]
pub struct Inbox(ArrayQueue<Envelope>);

impl Inbox {
    /// Holds what one tick of a full session may take in; more is refused, never queued.
    pub fn for_players(players_max: u8) -> Self {
        Self(ArrayQueue::new(usize::from(players_max) * INPUTS_PER_PLAYER_AND_TICK_MAX + INBOX_SPARE))
    }

    /// # Errors
    /// `InboxFull`; nothing was queued.
    pub fn put(&self, envelope: Envelope) -> Result<(), SessionError> {
        self.0.push(envelope).map_err(|_| SessionError::InboxFull)
    }

    pub fn take(&self) -> Option<Envelope> {
        self.0.pop()
    }
}
