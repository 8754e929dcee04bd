//! One way of asking a session for something: a wish, and how its caller hears what became of it.

use combat_components::command::LeaveCause;
use combat_components::ids::{PlayerId, SimId, Slot, Team};
use combat_components::origin::RequestKey;
use combat_components::phase::EndReason;
use combat_components::tick::Tick;
use combat_protocol::close::CloseCode;
use tokio::sync::oneshot;

use super::host::Kept;
use super::known::Known;
use super::people::Person;
use super::summary::SessionError;

/// Somebody who has been written down and wants a place.
#[derive(Clone, Copy, Debug)]
pub struct Joining {
    pub person: Person,
    /// Which one he gets is the mode's decision.
    pub team: Team,
    pub bot: bool,
}

/// What is asked for. The host makes a command of the coming tick of it, or refuses.
#[derive(Clone, Copy, Debug)]
pub enum Wish {
    Join(Joining),
    Leave {
        player: PlayerId,
        cause: LeaveCause,
        /// How his connection is closed: the log's cause does not tell whether he asked for it himself.
        told: CloseCode,
    },
    /// Somebody says over his connection that he leaves.
    Farewell {
        slot: Slot,
        connection: u64,
    },
    End {
        reason: EndReason,
    },
}

/// A place in the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlaceTaken {
    pub sim_id: SimId,
    pub slot: Slot,
    pub team: Team,
}

/// What was done, at the tick that did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Done {
    tick: Tick,
    place: Option<PlaceTaken>,
}

impl Done {
    /// By a tick whose record is kept.
    pub fn by(kept: &Kept, place: Option<PlaceTaken>) -> Self {
        Self { tick: kept.tick(), place }
    }

    /// As the log has it already.
    pub fn before(known: &Known, place: Option<PlaceTaken>) -> Self {
        Self { tick: known.tick, place }
    }

    pub fn tick(&self) -> Tick {
        self.tick
    }

    /// Of a join, and of nothing else.
    pub fn place(&self) -> Option<PlaceTaken> {
        self.place
    }
}

/// How a caller hears what became of his wish.
pub type Reply<T> = oneshot::Sender<Result<T, SessionError>>;

/// A wish with whoever waits for what becomes of it.
#[derive(Debug)]
pub struct Ask {
    pub wish: Wish,
    /// Under which it may come again.
    pub key: Option<RequestKey>,
    pub reply: Reply<Done>,
}

impl Ask {
    /// Nobody waiting for the answer means that the caller has gone.
    pub fn answer(self, answer: Result<Done, SessionError>) {
        drop(self.reply.send(answer));
    }
}
