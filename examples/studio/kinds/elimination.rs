//! A mode of teams and rounds: each team has a side of the map, who dies is out, and the last team that stands has the
//! round. Who leads in kills has won as a team.

use std::ops::RangeInclusive;

use combat_components::ids::Team;
use combat_components::phase::Winner;
use combat_systems::modes::{Contender, Mode, Round, SpawnPlace, SpawnWorth, StandsUp, wished_team};

#[derive(Debug)]
pub struct Elimination;

impl Mode for Elimination {
    fn name(&self) -> &'static str {
        "elimination"
    }

    fn players(&self) -> RangeInclusive<u8> {
        2..=8
    }

    fn team_of(&self, wish: Team, others: &[Team]) -> Team {
        wished_team(if wish == Team::NONE { Team(1) } else { wish }, others)
    }

    /// West of the middle for the first team, east of it for all others; there as far from everybody as can be.
    fn spawn_worth(&self, team: Team, place: &SpawnPlace<'_>) -> SpawnWorth {
        let bounds = place.map.bounds;
        let is_west = place.point.at.x < i32::midpoint(bounds.min.x, bounds.max.x);
        let is_own = is_west == (team == Team(1));
        SpawnWorth { rank: i32::from(is_own), room_mm2: place.room_mm2(|_| true) }
    }

    fn stands_up(&self, round: Round) -> StandsUp {
        if round == Round::NextIsDue { StandsUp::Everybody } else { StandsUp::Nobody }
    }

    fn death_ends_round(&self, alive: &[Team]) -> bool {
        alive.windows(2).all(|pair| pair[0] == pair[1])
    }

    fn blow_counts(&self, _: u32, _: u32) -> bool {
        false
    }

    fn winner(&self, contenders: &[Contender<'_>], _: &[i32]) -> Winner {
        let leads = self.best_side(contenders).filter(|side| side.alone);
        leads.map_or(Winner::Nobody, |side| Winner::Team { team: side.team })
    }
}
