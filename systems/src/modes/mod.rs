//! The modes a match can be played in: one file each, and its place in the list of `kinds.rs`.
//!
//! A mode decides; what it decides is done by the systems of the match, and all that it is asked is a pure function.
//!
//! A mode is a static and has no place for state. What it has to remember, it keeps as whole numbers that it is handed:
//! [`Mode::keeps`] says how many, each match begins with zeros, [`Mode::round_ends`] and [`Mode::watches`] may change them,
//! [`Mode::is_decided`] and [`Mode::winner`] are shown them. They are state as all other: a kind of its own
//! (`StateKind::Mode`) under every hash, in keyframes, in reports of the verifier. A mode that keeps nothing has no such
//! kind, and its hashes are those it would have without.

use std::fmt::Debug;
use std::ops::RangeInclusive;

use arrayvec::ArrayVec;
use combat_components::ids::{SimId, Team};
use combat_components::limits::{DEPARTED_MAX, PLAYERS_MAX};
use combat_components::map::{Map, SpawnPoint};
use combat_components::phase::Winner;
use combat_components::quantity::Vec3Mm;
use combat_components::score::Score;
use combat_components::tick::{Tick, TickRate};

pub mod deathmatch;
pub mod duel;

/// The rules of a mode.
pub trait Mode: Debug + Sync {
    /// As a session's options name it.
    fn name(&self) -> &'static str;

    /// How many can play it.
    fn players(&self) -> RangeInclusive<u8>;

    /// Whether warm-up begins with so many connected players, and so does the match.
    fn may_begin(&self, connected: usize) -> bool {
        connected >= usize::from(*self.players().start())
    }

    /// The team that somebody gets who wishes for one, given the teams of everybody else.
    fn team_of(&self, wish: Team, others: &[Team]) -> Team;

    /// What a spawn point is worth to somebody of `team` who is to appear: he does at one of those that are worth most,
    /// or near it where somebody stands there. Everybody stands as far from all others as the map allows, unless the
    /// mode has another wish: its sides, its bases.
    fn spawn_worth(&self, _: Team, place: &SpawnPlace<'_>) -> SpawnWorth {
        SpawnWorth { rank: 0, room_mm2: place.room_mm2(|_| true) }
    }

    /// Who of the dead stands up while the match is on; in warm-up everybody does when his time has come.
    fn stands_up(&self, round: Round) -> StandsUp;

    /// Whether a death ends the round, given the teams of all who are alive after it. The next one begins after the
    /// ruleset's delay.
    fn death_ends_round(&self, alive: &[Team]) -> bool;

    /// How many whole numbers it keeps, at most [`MODE_NUMBERS_MAX`]; `kept` below are these. Their meaning is its own.
    ///
    /// [`MODE_NUMBERS_MAX`]: combat_components::limits::MODE_NUMBERS_MAX
    fn keeps(&self) -> usize {
        0
    }

    /// A death has ended the round; these are the teams of all who are alive after it.
    fn round_ends(&self, _kept: &mut [i32], _alive: &[Team]) {}

    /// A tick of the match, after all that was done in it: asked of a mode that keeps something, not while players are
    /// awaited after a restart.
    fn watches(&self, _kept: &mut [i32], _course: &Course<'_>) {}

    /// Whether damage by somebody still counts after so many ticks: then leaving alive is a death by him, and a death by one's
    /// own hand is his kill.
    fn blow_counts(&self, since_hurt_ticks: u32, limit_ticks: u32) -> bool {
        since_hurt_ticks <= limit_ticks
    }

    /// What a score is worth; higher is better.
    fn points(&self, score: &Score) -> i32 {
        i32::from(score.kills)
    }

    /// Whether the match is over because of what has been achieved; a limit of 0 means that there is none.
    fn is_decided(&self, limit: u16, contenders: &[Contender<'_>], _kept: &[i32]) -> bool {
        limit > 0 && self.best_side(contenders).is_some_and(|best| best.points >= i32::from(limit))
    }

    /// Who has won if the match ends now: the side that leads alone, be it a team or somebody without one.
    fn winner(&self, contenders: &[Contender<'_>], _kept: &[i32]) -> Winner {
        match self.best_side(contenders) {
            Some(Side { alone: true, team: Team::NONE, first: id, .. }) => Winner::Player { id },
            Some(Side { alone: true, team, .. }) => Winner::Team { team },
            _ => Winner::Nobody,
        }
    }

    /// A team is a side, and so is everybody without one. Those who have left still count for their team; a side of
    /// which nobody is left is none.
    fn best_side(&self, contenders: &[Contender<'_>]) -> Option<Side> {
        let mut teams: ArrayVec<TeamSum, CONTENDERS_MAX> = ArrayVec::new();
        let mut best = None;
        for Contender { id, team, score, present } in contenders.iter().copied() {
            let points = self.points(score);
            match team {
                Team::NONE if present => best = Side::better(best, points, id, team),
                Team::NONE => {}
                _ => TeamSum::of(team, &mut teams).add(points, id, present),
            }
        }
        for TeamSum { team, points, first } in teams {
            if let Some((_, first)) = first {
                best = Side::better(best, points, first, team);
            }
        }
        best
    }
}

/// How a match stands that may have rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// It is on. So is all of a match without rounds.
    On,
    /// It is on, somebody waits who has not been in it, and it has no two who could end it.
    Stuck,
    /// A death has ended it, and the next one is not due.
    Over,
    /// The next one is due.
    NextIsDue,
}

/// Who of the dead stands up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandsUp {
    Nobody,
    /// Everybody whose own time has come.
    Due,
    /// Of those only who come back into the round that they left alive.
    Returning,
    /// Everybody, and the living stand at a spawn point again too.
    Everybody,
}

/// A spawn point as somebody finds it who is to appear.
#[derive(Clone, Copy, Debug)]
pub struct SpawnPlace<'a> {
    /// One of the map's.
    pub point: &'a SpawnPoint,
    pub map: &'a Map,
    /// Everybody who is alive.
    pub standing: &'a [Stander],
}

impl SpawnPlace<'_> {
    /// How far away whoever is nearest stands, of those whose team counts, as a square in mm²; `i64::MAX` without any.
    pub fn room_mm2(&self, counts: impl Fn(Team) -> bool) -> i64 {
        let counted = self.standing.iter().filter(|other| counts(other.team));
        counted.map(|other| self.point.at.distance_squared(other.at)).min().unwrap_or(i64::MAX)
    }
}

/// A match that goes on, as a mode sees it.
#[derive(Clone, Copy, Debug)]
pub struct Course<'a> {
    pub now: Tick,
    pub rate: TickRate,
    pub map: &'a Map,
    /// Everybody who is alive, by rising id.
    pub standing: &'a [Stander],
}

/// Somebody who is alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stander {
    pub id: SimId,
    pub at: Vec3Mm,
    pub team: Team,
}

/// More of what comes first is better; what follows decides among equals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SpawnWorth {
    /// Who finds nothing free at the points of the highest rank looks near those of lower ones.
    pub rank: i32,
    pub room_mm2: i64,
}

/// Somebody who is in the match or has left it.
#[derive(Clone, Copy, Debug)]
pub struct Contender<'a> {
    pub id: SimId,
    pub team: Team,
    pub score: &'a Score,
    pub present: bool,
}

/// A wish for a team is granted while the team is not larger than all others together, so that everybody has an enemy.
///
/// Instead of a team that is too large he gets the smallest of the others, or the first that nobody has.
pub fn wished_team(wish: Team, others: &[Team]) -> Team {
    if wish == Team::NONE {
        return Team::NONE;
    }
    let size = |team: Team| others.iter().filter(|other| **other == team).count();
    let wished = size(wish);
    if wished <= others.len() - wished {
        return wish;
    }
    let rivals = others.iter().copied().filter(|other| *other != wish && *other != Team::NONE);
    let smallest = rivals.min_by_key(|rival| (size(*rival), rival.0));
    smallest.unwrap_or(if wish == Team(1) { Team(2) } else { Team(1) })
}

/// Everybody who is in the match and everybody remembered.
pub const CONTENDERS_MAX: usize = PLAYERS_MAX + DEPARTED_MAX;

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

/// A team, or somebody without one, that leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Side {
    pub team: Team,
    pub points: i32,
    /// The best of those present; among equals who joined first.
    pub first: SimId,
    /// Whether nobody else has as many points.
    pub alone: bool,
}

impl Side {
    fn better(best: Option<Self>, points: i32, first: SimId, team: Team) -> Option<Self> {
        match best {
            Some(best) if points < best.points => Some(best),
            Some(best) if points == best.points => Some(Self { alone: false, ..best }),
            _ => Some(Self { team, points, first, alone: true }),
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

    const MATCH: &dyn Mode = &deathmatch::Deathmatch;
    const DUEL: &dyn Mode = &duel::Duel;

    fn won(id: u32) -> Winner {
        Winner::Player { id: SimId(id) }
    }

    #[test]
    fn a_leader_leads_alone() {
        let (three, five) = (score(3), score(5));
        let leader = |of: [Contender<'_>; 2]| MATCH.winner(&of, &[]);
        assert_eq!(leader([of(1, 0, &three), of(2, 0, &five)]), won(2));
        assert_eq!(leader([of(1, 0, &five), of(2, 0, &five)]), Winner::Nobody);
        assert_eq!(MATCH.winner(&[], &[]), Winner::Nobody);
    }

    #[test]
    fn a_player_who_has_left_cannot_win_and_still_counts_for_his_team() {
        let (one, three, five) = (score(1), score(3), score(5));
        let all = [left(of(1, 0, &five)), of(2, 0, &three), of(3, 0, &one)];
        assert_eq!(MATCH.winner(&all, &[]), won(2));
        assert!(!MATCH.is_decided(5, &all, &[]));
        let teams = [left(of(1, 1, &five)), of(2, 1, &one), of(3, 2, &three), left(of(4, 3, &five))];
        assert_eq!(MATCH.winner(&teams, &[]), Winner::Team { team: Team(1) });
        assert!(MATCH.is_decided(6, &teams, &[]));
        assert!(!MATCH.is_decided(7, &teams, &[]));
    }

    #[test]
    fn no_limit_never_decides() {
        let many = score(500);
        assert!(!DUEL.is_decided(0, &[of(1, 0, &many)], &[]));
        assert!(DUEL.is_decided(500, &[of(1, 0, &many)], &[]));
    }

    #[test]
    fn a_wish_for_a_team_is_granted_while_it_leaves_everybody_an_enemy() {
        let team = |wish: u8, others: &[u8]| {
            let others: Vec<Team> = others.iter().map(|other| Team(*other)).collect();
            MATCH.team_of(Team(wish), &others).0
        };
        assert_eq!(team(1, &[]), 1);
        assert_eq!(team(1, &[1]), 2, "the second of two is the enemy of the first");
        assert_eq!(team(2, &[2]), 1);
        assert_eq!(team(1, &[1, 2]), 1);
        assert_eq!(team(1, &[1, 1, 2]), 2);
        assert_eq!(team(9, &[9, 9, 9, 5, 4, 5, 4, 9, 9]), 4, "the smallest of the others");
        assert_eq!(team(0, &[0, 1, 1]), 0);
        assert_eq!(DUEL.team_of(Team(3), &[Team(1)]), Team::NONE);
    }
}
