//! A mode that remembers: elimination, won by whose team has won two rounds first.

use std::ops::RangeInclusive;

use combat_components::ids::Team;
use combat_components::phase::Winner;
use combat_systems::modes::{Contender, Mode, Round, SpawnPlace, SpawnWorth, StandsUp};

use super::elimination::Elimination;

/// Keeps the rounds that each of the teams has won.
#[derive(Debug)]
pub struct BestOfThree;

const TEAMS: [Team; 2] = [Team(1), Team(2)];

const ROUNDS_TO_WIN: i32 = 2;

impl BestOfThree {
    fn champion(kept: &[i32]) -> Option<Team> {
        TEAMS.into_iter().zip(kept).find(|(_, won)| **won >= ROUNDS_TO_WIN).map(|(team, _)| team)
    }
}

impl Mode for BestOfThree {
    fn name(&self) -> &'static str {
        "best-of-three"
    }

    fn players(&self) -> RangeInclusive<u8> {
        Elimination.players()
    }

    fn team_of(&self, wish: Team, others: &[Team]) -> Team {
        let wish = if TEAMS.contains(&wish) { wish } else { Team(1) };
        Elimination.team_of(wish, others)
    }

    fn spawn_worth(&self, team: Team, place: &SpawnPlace<'_>) -> SpawnWorth {
        Elimination.spawn_worth(team, place)
    }

    fn stands_up(&self, round: Round) -> StandsUp {
        Elimination.stands_up(round)
    }

    fn death_ends_round(&self, alive: &[Team]) -> bool {
        Elimination.death_ends_round(alive)
    }

    fn keeps(&self) -> usize {
        TEAMS.len()
    }

    /// Where nobody stands, nobody has won it.
    fn round_ends(&self, kept: &mut [i32], alive: &[Team]) {
        for (team, won) in TEAMS.into_iter().zip(kept) {
            *won += i32::from(alive.first() == Some(&team));
        }
    }

    fn is_decided(&self, _: u16, _: &[Contender<'_>], kept: &[i32]) -> bool {
        Self::champion(kept).is_some()
    }

    fn winner(&self, _: &[Contender<'_>], kept: &[i32]) -> Winner {
        Self::champion(kept).map_or(Winner::Nobody, |team| Winner::Team { team })
    }
}
