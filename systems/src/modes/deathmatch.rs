//! Everybody against everybody, or team against team: kills count, and the dead stand up again one by one.

use std::ops::RangeInclusive;

use combat_components::ids::Team;
use combat_components::limits::PLAYERS_MAX;

use super::{Mode, Round, StandsUp, wished_team};

#[derive(Debug)]
pub struct Deathmatch;

impl Mode for Deathmatch {
    fn name(&self) -> &'static str {
        "deathmatch"
    }

    fn players(&self) -> RangeInclusive<u8> {
        2..=PLAYERS_MAX as u8
    }

    fn team_of(&self, wish: Team, others: &[Team]) -> Team {
        wished_team(wish, others)
    }

    fn stands_up(&self, _: Round) -> StandsUp {
        StandsUp::Due
    }

    fn death_ends_round(&self, _: &[Team]) -> bool {
        false
    }
}
