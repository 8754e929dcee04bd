//! What the world outside may know of a session, and what it may ask of one.

use combat_components::ids::{DisplayName, Epoch, PlayerId, Pseudonym, SessionId, SimId, Slot, Team};
use combat_components::setup::ContentHash;
use combat_components::tick::{Tick, TickRate};
use combat_protocol::close::CloseCode;
use combat_protocol::numbers::{FrameStatus, Numbered};
use thiserror::Error;

/// Sets the defaults of delay and retention.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    Casual,
    Ranked,
    Tournament,
    Training,
}

impl SessionKind {
    pub const ALL: [Self; 4] = [Self::Casual, Self::Ranked, Self::Tournament, Self::Training];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Casual => "casual",
            Self::Ranked => "ranked",
            Self::Tournament => "tournament",
            Self::Training => "training",
        }
    }

    pub const fn spectator_delay_ms(self) -> u32 {
        match self {
            Self::Casual => 3_000,
            Self::Ranked | Self::Tournament => 30_000,
            Self::Training => 0,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionStatus {
    Waiting,
    Warmup,
    Active,
    Resuming,
    Suspended,
    Ended,
    Failed,
}

impl SessionStatus {
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Warmup,
        Self::Active,
        Self::Resuming,
        Self::Suspended,
        Self::Ended,
        Self::Failed,
    ];

    /// The word that frames have for it; they never tell that a session failed.
    pub fn code(self) -> &'static str {
        let in_frames = FrameStatus::TABLE.iter().find(|(_, told, _)| self == (*told).into());
        in_frames.map_or("failed", |(.., word)| word)
    }

    pub fn is_live(self) -> bool {
        self.over().is_none()
    }

    /// What whoever asks for a session that is over is answered; `None` while it lives.
    pub fn over(self) -> Option<SessionError> {
        match self {
            Self::Ended => Some(SessionError::Ended),
            Self::Failed => Some(SessionError::Failed),
            Self::Waiting | Self::Warmup | Self::Active | Self::Resuming | Self::Suspended => None,
        }
    }
}

impl From<FrameStatus> for SessionStatus {
    fn from(told: FrameStatus) -> Self {
        match told {
            FrameStatus::Waiting => Self::Waiting,
            FrameStatus::Warmup => Self::Warmup,
            FrameStatus::Active => Self::Active,
            FrameStatus::Resuming => Self::Resuming,
            FrameStatus::Suspended => Self::Suspended,
            FrameStatus::Ended => Self::Ended,
        }
    }
}

/// The result of verifying a stored session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifySummary {
    /// `verified`, `incomplete`, `diverged`, `broken`, `other_digest`, `refused` or `damaged`.
    pub result: String,
    pub at_tick: Tick,
}

/// One session as REST shows it. Times are Unix milliseconds.
#[derive(Clone, Debug)]
pub struct SessionSummary {
    pub id: SessionId,
    pub name: String,
    pub kind: SessionKind,
    pub status: SessionStatus,
    pub map_id: String,
    pub map_hash: ContentHash,
    pub mode: String,
    pub max_players: u8,
    pub player_count: u32,
    pub spectator_count: u32,
    pub tick_rate: TickRate,
    pub ruleset_name: String,
    pub ruleset_version: u32,
    pub ruleset_hash: ContentHash,
    pub spectator_delay_ms: u32,
    pub durability: &'static str,
    pub epoch: Epoch,
    pub tick: Tick,
    pub durable_tick: Tick,
    pub verify: Option<VerifySummary>,
    pub metadata: serde_json::Value,
    pub created_at_ms: i64,
    pub started_at_ms: Option<i64>,
    pub ended_at_ms: Option<i64>,
    pub end_reason: Option<String>,
}

/// A validated wish for a session.
#[derive(Clone, Debug)]
pub struct CreateSession {
    pub name: String,
    pub kind: SessionKind,
    pub map_id: String,
    pub mode: String,
    /// `None`: what mode and map allow.
    pub max_players: Option<u8>,
    pub tick_rate: TickRate,
    pub ruleset: String,
    pub spectator_delay_ms: Option<u32>,
    pub metadata: serde_json::Value,
    pub friendly_fire: Option<bool>,
    pub time_limit_s: Option<u32>,
    pub score_limit: Option<u16>,
    /// Places filled with bots from the start.
    pub bots: u8,
}

#[derive(Clone, Copy, Debug)]
pub struct JoinSession {
    pub player: PlayerId,
    /// `None`: he is called by his place.
    pub name: Option<DisplayName>,
    pub team: Team,
    pub bot: bool,
}

/// A place in a session, durable.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub pseudonym: Pseudonym,
    /// The name he goes by, given now or before; `None` when he is called by his place.
    pub name: Option<DisplayName>,
    pub sim_id: SimId,
    pub slot: Slot,
    pub team: Team,
    pub applied_tick: Tick,
    pub durable_tick: Tick,
}

/// Why a session did not do what was asked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum SessionError {
    #[error("no session has this id")]
    Unknown,
    #[error("the session has ended")]
    Ended,
    #[error("every place is taken")]
    Full,
    #[error("the player is not in the session")]
    NotInSession,
    #[error("the server keeps this id for itself")]
    Reserved,
    #[error("the map {0:?} does not exist")]
    UnknownMap(String),
    #[error("the mode {0:?} does not exist")]
    UnknownMode(String),
    #[error("the ruleset {0:?} does not exist")]
    UnknownRuleset(String),
    #[error("{pointer}: {detail}")]
    Invalid { pointer: &'static str, detail: String },
    #[error("something else was asked for under this key")]
    KeyOfAnother,
    #[error("the request with this key is still under way")]
    KeyInFlight,
    #[error("the session remembers no more keys now")]
    KeysFull,
    #[error("the session's inbox is full")]
    InboxFull,
    #[error("the session is suspended: its log cannot be written, or this build cannot simulate it")]
    Suspended,
    #[error("the server takes no new sessions: {0}")]
    NotAdmitted(&'static str),
    #[error("the server is draining")]
    Draining,
    #[error("the session failed")]
    Failed,
}

impl SessionError {
    pub const NO_RANDOMNESS: Self = Self::NotAdmitted("the operating system gives no randomness");
    pub const NOT_WRITTEN: Self = Self::NotAdmitted("its journal cannot be written");

    /// How a socket is closed for it: the one place where that is said. HTTP has a table of its own.
    pub const fn close_code(&self) -> CloseCode {
        match self {
            Self::Unknown | Self::Ended => CloseCode::SessionEnded,
            Self::Failed => CloseCode::SessionFailed,
            Self::Draining => CloseCode::Draining,
            Self::NotInSession => CloseCode::Left,
            Self::Full
            | Self::InboxFull
            | Self::Suspended
            | Self::NotAdmitted(_)
            | Self::KeyInFlight
            | Self::KeysFull => CloseCode::Overloaded,
            Self::Reserved
            | Self::UnknownMap(_)
            | Self::UnknownMode(_)
            | Self::UnknownRuleset(_)
            | Self::Invalid { .. }
            | Self::KeyOfAnother => CloseCode::Policy,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_the_word_of_frames_and_one_of_its_own_where_they_have_none() {
        let words = SessionStatus::ALL.map(SessionStatus::code);
        assert_eq!(words, ["waiting", "warmup", "active", "resuming", "suspended", "ended", "failed"]);
        for (_, told, word) in FrameStatus::TABLE {
            assert_eq!(SessionStatus::from(*told).code(), *word);
        }
    }

    #[test]
    fn every_status_stands_at_its_number_and_says_how_its_end_is_told_or_that_it_lives() {
        for (number, status) in SessionStatus::ALL.into_iter().enumerate() {
            assert_eq!(status as usize, number);
            let closed = status.over().map(|error| error.close_code());
            let expected = match status.code() {
                "ended" => Some(CloseCode::SessionEnded),
                "failed" => Some(CloseCode::SessionFailed),
                _ => None,
            };
            assert_eq!((closed, status.is_live()), (expected, expected.is_none()), "{}", status.code());
        }
    }
}
