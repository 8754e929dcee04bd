//! Two players, rounds: a death ends the round, and the next one begins for both at once.

use std::ops::RangeInclusive;

use combat_components::ids::Team;

use super::{Mode, Round, StandsUp};

#[derive(Debug)]
pub struct Duel;

impl Mode for Duel {
    fn name(&self) -> &'static str {
        "duel"
    }

    fn players(&self) -> RangeInclusive<u8> {
        2..=2
    }

    /// Everybody stands alone.
    fn team_of(&self, _: Team, _: &[Team]) -> Team {
        Team::NONE
    }

    fn stands_up(&self, round: Round) -> StandsUp {
        match round {
            Round::On => StandsUp::Returning,
            Round::Over => StandsUp::Nobody,
            Round::Stuck | Round::NextIsDue => StandsUp::Everybody,
        }
    }

    fn death_ends_round(&self, _: &[Team]) -> bool {
        true
    }
}
