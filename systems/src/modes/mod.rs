//! The modes a match can be played in: one file each, and one line in `kinds.rs`.

use arrayvec::ArrayVec;
use combat_components::ids::{SimId, Team};
use combat_components::limits::{DEPARTED_MAX, PLAYERS_MAX};
use combat_components::score::Score;

pub mod deathmatch;
pub mod duel;

/// Who stands up again after a death, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Respawn {
    /// The dead, each after the ruleset's delay.
    Each,
    /// A death ends the round. The next one starts after the ruleset's delay, for everybody at once and whole.
    NextRound,
}

/// What a wish for a team is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Teams {
    /// Nothing: everybody stands alone.
    None,
    /// It is granted while the team is not larger than all others together, so that everybody has an enemy.
    Wished,
}

/// The rules of a mode.
#[derive(Debug)]
pub struct Mode {
    pub name: &'static str,
    /// Warm-up begins with this many connected players, and so does the match.
    pub players_min: u8,
    pub players_max: u8,
    pub teams: Teams,
    pub respawn: Respawn,
    /// What a score is worth; higher is better.
    pub points: fn(&Score) -> i32,
}

/// Somebody who is in the match or has left it.
#[derive(Clone, Copy, Debug)]
pub struct Contender<'a> {
    pub id: SimId,
    pub team: Team,
    pub score: &'a Score,
    pub present: bool,
}

impl Mode {
    /// The team that somebody gets who wishes for one, given the teams of everybody else.
    ///
    /// Instead of a team that is too large he gets the smallest of the others, or the first that nobody has.
    pub fn team_of(&self, wish: Team, others: impl Iterator<Item = Team> + Clone) -> Team {
        if self.teams == Teams::None || wish == Team::NONE {
            return Team::NONE;
        }
        let size = |team: Team| others.clone().filter(|other| *other == team).count();
        let wished = size(wish);
        if wished <= others.clone().count() - wished {
            return wish;
        }
        let rivals = others.clone().filter(|other| *other != wish && *other != Team::NONE);
        let smallest = rivals.min_by_key(|rival| (size(*rival), rival.0));
        smallest.unwrap_or(if wish == Team(1) { Team(2) } else { Team(1) })
    }

    /// Whether a side has reached the limit; 0 means that there is none.
    pub fn is_decided<'a>(&self, limit: u16, contenders: impl Iterator<Item = Contender<'a>>) -> bool {
        limit > 0 && self.best_side(contenders).is_some_and(|best| best.points >= i32::from(limit))
    }

    /// Who has won if the match ends now: the best of the side that leads alone.
    pub fn leader<'a>(&self, contenders: impl Iterator<Item = Contender<'a>>) -> Option<SimId> {
        self.best_side(contenders).filter(|best| best.alone).map(|best| best.first)
    }

    /// A team is a side, and so is everybody without one. Those who have left still count for their team; a side of
    /// which nobody is left is none.
    fn best_side<'a>(&self, contenders: impl Iterator<Item = Contender<'a>>) -> Option<BestSide> {
        let mut teams: ArrayVec<TeamSum, CONTENDERS_MAX> = ArrayVec::new();
        let mut best = None;
        for Contender { id, team, score, present } in contenders {
            let points = (self.points)(score);
            match team {
                Team::NONE if present => best = BestSide::of(best, points, id),
                Team::NONE => {}
                _ => TeamSum::of(team, &mut teams).add(points, id, present),
            }
        }
        for TeamSum { points, first, .. } in teams {
            if let Some((_, first)) = first {
                best = BestSide::of(best, points, first);
            }
        }
        best
    }
}

/// Everybody who is in the match and everybody remembered.
const CONTENDERS_MAX: usize = PLAYERS_MAX + DEPARTED_MAX;

#[derive(Clone, Copy)]
struct TeamSum {
    team: Team,
    points: i32,
    /// The best of those present, and his points; among equals who joined first.
    first: Option<(i32, SimId)>,
}

impl TeamSum {
    fn of(team: Team, all: &mut ArrayVec<Self, CONTENDERS_MAX>) -> &mut Self {
        let known = all.iter().position(|sum| sum.team == team).unwrap_or_else(|| {
            all.push(Self { team, points: 0, first: None });
            all.len() - 1
        });
        &mut all[known]
    }

    fn add(&mut self, points: i32, id: SimId, present: bool) {
        self.points += points;
        if present && self.first.is_none_or(|(most, first)| (points, first) > (most, id)) {
            self.first = Some((points, id));
        }
    }
}

struct BestSide {
    points: i32,
    first: SimId,
    alone: bool,
}

impl BestSide {
    fn of(best: Option<Self>, points: i32, first: SimId) -> Option<Self> {
        match best {
            Some(best) if points < best.points => Some(best),
            Some(best) if points == best.points => Some(Self { alone: false, ..best }),
            _ => Some(Self { points, first, alone: true }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(kills: u16) -> Score {
        Score { kills, ..Score::default() }
    }

    fn of<'a>(id: u32, team: u8, score: &'a Score) -> Contender<'a> {
        Contender { id: SimId(id), team: Team(team), score, present: true }
    }

    fn left(contender: Contender<'_>) -> Contender<'_> {
        Contender { present: false, ..contender }
    }

    fn deathmatch() -> &'static Mode {
        &deathmatch::DEATHMATCH
    }

    #[test]
    fn a_leader_leads_alone() {
        let (three, five) = (score(3), score(5));
        let leader = |of: [Contender<'_>; 2]| deathmatch().leader(of.into_iter());
        assert_eq!(leader([of(1, 0, &three), of(2, 0, &five)]), Some(SimId(2)));
        assert_eq!(leader([of(1, 0, &five), of(2, 0, &five)]), None);
        assert_eq!(deathmatch().leader(std::iter::empty()), None);
    }

    #[test]
    fn a_player_who_has_left_cannot_win_and_still_counts_for_his_team() {
        let (one, three, five) = (score(1), score(3), score(5));
        let all = [left(of(1, 0, &five)), of(2, 0, &three), of(3, 0, &one)];
        assert_eq!(deathmatch().leader(all.into_iter()), Some(SimId(2)));
        assert!(!deathmatch().is_decided(5, all.into_iter()));
        let teams = [left(of(1, 1, &five)), of(2, 1, &one), of(3, 2, &three), left(of(4, 3, &five))];
        assert_eq!(deathmatch().leader(teams.into_iter()), Some(SimId(2)));
        assert!(deathmatch().is_decided(6, teams.into_iter()));
        assert!(!deathmatch().is_decided(7, teams.into_iter()));
    }

    #[test]
    fn no_limit_never_decides() {
        let many = score(500);
        let mode = &duel::DUEL;
        assert!(!mode.is_decided(0, [of(1, 0, &many)].into_iter()));
        assert!(mode.is_decided(500, [of(1, 0, &many)].into_iter()));
    }

    #[test]
    fn a_wish_for_a_team_is_granted_while_it_leaves_everybody_an_enemy() {
        let team = |wish: u8, others: &[u8]| {
            deathmatch().team_of(Team(wish), others.iter().map(|other| Team(*other))).0
        };
        assert_eq!(team(1, &[]), 1);
        assert_eq!(team(1, &[1]), 2, "the second of two is the enemy of the first");
        assert_eq!(team(2, &[2]), 1);
        assert_eq!(team(1, &[1, 2]), 1);
        assert_eq!(team(1, &[1, 1, 2]), 2);
        assert_eq!(team(9, &[9, 9, 9, 5, 4, 5, 4, 9, 9]), 4, "the smallest of the others");
        assert_eq!(team(0, &[0, 1, 1]), 0);
        let duel = &duel::DUEL;
        assert_eq!(duel.team_of(Team(3), [Team(1)].into_iter()), Team::NONE);
    }
}
