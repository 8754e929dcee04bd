//! How far a match has come.

use bevy_ecs::resource::Resource;

use crate::ids::{SimId, Team};
use crate::tick::Tick;
use crate::{canon_enum, canon_struct};

/// The phases of a match, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Fewer connected players than the mode needs.
    #[default]
    Waiting,
    /// Enough players; they move and shoot, nothing counts.
    Warmup,
    /// It counts.
    Active,
    /// Over for good.
    Ended,
}
canon_enum!(Phase { 0 => Waiting, 1 => Warmup, 2 => Active, 3 => Ended });

impl Phase {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Warmup => "warmup",
            Self::Active => "active",
            Self::Ended => "ended",
        }
    }
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    TimeLimit,
    ScoreLimit,
    /// Nobody was left for too long.
    Empty,
    /// By DELETE.
    Requested,
    /// In a match fewer were left than its mode needs, and the others have been away for too long.
    TooFewPlayers,
}
canon_enum!(EndReason { 0 => TimeLimit, 1 => ScoreLimit, 2 => Empty, 3 => Requested, 4 => TooFewPlayers });

impl EndReason {
    pub const ALL: [Self; 5] =
        [Self::TimeLimit, Self::ScoreLimit, Self::Empty, Self::Requested, Self::TooFewPlayers];

    pub const fn code(self) -> &'static str {
        match self {
            Self::TimeLimit => "time_limit",
            Self::ScoreLimit => "score_limit",
            Self::Empty => "empty",
            Self::Requested => "requested",
            Self::TooFewPlayers => "too_few_players",
        }
    }
}

/// Who has won.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Winner {
    #[default]
    Nobody,
    Player {
        id: SimId,
    },
    Team {
        team: Team,
    },
}
canon_enum!(Winner { 0 => Nobody, 1 => Player { id }, 2 => Team { team } });

impl Winner {
    pub const fn player(self) -> Option<SimId> {
        match self {
            Self::Player { id } => Some(id),
            _ => None,
        }
    }

    pub const fn team(self) -> Option<Team> {
        match self {
            Self::Team { team } => Some(team),
            _ => None,
        }
    }
}

/// The state of the match; the only place that knows its phase.
#[derive(Resource, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MatchState {
    pub phase: Phase,
    /// When the present phase ends by itself; `None` while waiting, after the end, and in a warm-up whose time is
    /// over and that only lacks players.
    pub phase_ends_at: Option<Tick>,
    /// Set while players are awaited after a restart: when play goes on without them.
    pub resuming_until: Option<Tick>,
    /// When the present wait for players began.
    pub resuming_since: Tick,
    pub end: Option<EndReason>,
    /// Decided at the end.
    pub winner: Winner,
    /// Set while a round is over, in modes that have rounds: the next one starts at this tick at the earliest.
    pub next_round_at: Option<Tick>,
    /// Since the end of which tick no player has been in the session.
    pub empty_since: Option<Tick>,
}
canon_struct!(MatchState {
    phase,
    phase_ends_at,
    resuming_until,
    resuming_since,
    end,
    winner,
    next_round_at,
    empty_since,
});

impl MatchState {
    pub fn is_resuming(&self) -> bool {
        self.resuming_until.is_some()
    }
}
