//! Which number on the wire stands for which value: one table per enumeration.

use combat_components::command::LeaveCause;
use combat_components::phase::{EndReason, MatchState, Phase};
use combat_components::reason::Reason;
use combat_components::verdict::{Outcome, Zone};

/// An enumeration with a fixed number for each value.
pub trait Numbered: Copy + PartialEq + 'static {
    /// What docs and other languages call the enumeration.
    const NAME: &'static str;

    /// Number, value, and the word used in JSON texts, metrics and docs.
    const TABLE: &'static [(u8, Self, &'static str)];

    fn number(self) -> u8 {
        self.row().0
    }

    fn word(self) -> &'static str {
        self.row().2
    }

    fn from_number(number: u8) -> Option<Self> {
        Self::TABLE.iter().find(|row| row.0 == number).map(|row| row.1)
    }

    fn from_word(word: &str) -> Option<Self> {
        Self::TABLE.iter().find(|row| row.2 == word).map(|row| row.1)
    }

    #[doc(hidden)]
    fn row(self) -> &'static (u8, Self, &'static str) {
        Self::TABLE.iter().find(|row| row.1 == self).expect("every value has its row")
    }
}

/// An enumeration that is written as its words.
pub trait Worded: Numbered {
    /// The words, as errors list them.
    const WORDS: &'static str;
}

/// Where a match stands, as frames say it: its phase, or why it pauses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FrameStatus {
    #[default]
    Waiting,
    Warmup,
    Active,
    Ended,
    /// Taken up again after a restart; waiting for players to return.
    Resuming,
    /// Frozen, because its log cannot be written.
    Suspended,
}

impl FrameStatus {
    /// Of a match that is simulated; one that is not is suspended.
    pub fn of(state: &MatchState) -> Self {
        match state.phase {
            _ if state.is_resuming() => Self::Resuming,
            Phase::Waiting => Self::Waiting,
            Phase::Warmup => Self::Warmup,
            Phase::Active => Self::Active,
            Phase::Ended => Self::Ended,
        }
    }
}

impl Numbered for FrameStatus {
    const NAME: &'static str = "status";
    const TABLE: &'static [(u8, Self, &'static str)] = &[
        (0, Self::Waiting, Phase::Waiting.code()),
        (1, Self::Warmup, Phase::Warmup.code()),
        (2, Self::Active, Phase::Active.code()),
        (3, Self::Ended, Phase::Ended.code()),
        (4, Self::Resuming, "resuming"),
        (5, Self::Suspended, "suspended"),
    ];
}

/// Whether the server takes inputs, as a status message says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerState {
    #[default]
    Live,
    Suspended,
    Draining,
}

impl Numbered for ServerState {
    const NAME: &'static str = "serverState";
    const TABLE: &'static [(u8, Self, &'static str)] =
        &[(0, Self::Live, "live"), (1, Self::Suspended, "suspended"), (2, Self::Draining, "draining")];
}

/// What a player does, apart from moving.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ActKind {
    /// Fires the weapon in hand.
    #[default]
    Attack,
    Ability,
    Reload,
    /// Takes a weapon in hand.
    Switch,
}

impl Numbered for ActKind {
    const NAME: &'static str = "actKind";
    const TABLE: &'static [(u8, Self, &'static str)] = &[
        (0, Self::Attack, "attack"),
        (1, Self::Ability, "ability"),
        (2, Self::Reload, "reload"),
        (3, Self::Switch, "switch"),
    ];
}

/// In which part a connection takes part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    #[default]
    Player,
    Spectator,
}

impl Numbered for Role {
    const NAME: &'static str = "role";
    const TABLE: &'static [(u8, Self, &'static str)] =
        &[(0, Self::Player, "player"), (1, Self::Spectator, "spectator")];
}

impl Worded for Role {
    const WORDS: &'static str = "player or spectator";
}

impl Numbered for Phase {
    const NAME: &'static str = "phase";
    const TABLE: &'static [(u8, Self, &'static str)] = &[
        (0, Self::Waiting, Self::Waiting.code()),
        (1, Self::Warmup, Self::Warmup.code()),
        (2, Self::Active, Self::Active.code()),
        (3, Self::Ended, Self::Ended.code()),
    ];
}

impl Numbered for EndReason {
    const NAME: &'static str = "endReason";
    const TABLE: &'static [(u8, Self, &'static str)] = &[
        (0, Self::TimeLimit, Self::TimeLimit.code()),
        (1, Self::ScoreLimit, Self::ScoreLimit.code()),
        (2, Self::Empty, Self::Empty.code()),
        (3, Self::Requested, Self::Requested.code()),
        (4, Self::TooFewPlayers, Self::TooFewPlayers.code()),
    ];
}

impl Numbered for LeaveCause {
    const NAME: &'static str = "leaveCause";
    const TABLE: &'static [(u8, Self, &'static str)] =
        &[(0, Self::Left, "left"), (1, Self::WindowExpired, "window_expired"), (2, Self::Kicked, "kicked")];
}

impl Numbered for Outcome {
    const NAME: &'static str = "outcome";
    const TABLE: &'static [(u8, Self, &'static str)] = &[
        (0, Self::Applied, Self::Applied.code()),
        (1, Self::Corrected, Self::Corrected.code()),
        (2, Self::Refused, Self::Refused.code()),
    ];
}

impl Numbered for Zone {
    const NAME: &'static str = "zone";
    const TABLE: &'static [(u8, Self, &'static str)] =
        &[(0, Self::Body, Self::Body.code()), (1, Self::Head, Self::Head.code())];
}

impl Numbered for Reason {
    const NAME: &'static str = "reason";
    const TABLE: &'static [(u8, Self, &'static str)] = &REASONS;
}

const REASONS: [(u8, Reason, &str); Reason::ALL.len()] = {
    let mut rows = [(0, Reason::TooFast, ""); Reason::ALL.len()];
    let mut at = 0;
    while at < rows.len() {
        let reason = Reason::ALL[at];
        rows[at] = (reason.number(), reason, reason.code());
        at += 1;
    }
    rows
};

#[cfg(test)]
mod tests {
    use combat_components::tick::Tick;

    use super::*;

    #[test]
    fn a_match_that_waits_for_its_players_after_a_restart_is_resuming_in_whatever_phase() {
        let phases = [
            (Phase::Waiting, FrameStatus::Waiting),
            (Phase::Warmup, FrameStatus::Warmup),
            (Phase::Active, FrameStatus::Active),
            (Phase::Ended, FrameStatus::Ended),
        ];
        for (phase, status) in phases {
            for (resuming_until, expected) in [(None, status), (Some(Tick(9)), FrameStatus::Resuming)] {
                let state = MatchState { phase, resuming_until, ..MatchState::default() };
                assert_eq!(FrameStatus::of(&state), expected, "{phase:?}, resuming until {resuming_until:?}");
            }
        }
    }
}
