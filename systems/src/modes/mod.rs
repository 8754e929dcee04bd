//! The modes a match can be played in: one file and one line each.

use combat_components::ids::SimId;
use combat_components::score::Score;

mod deathmatch;
mod duel;

/// Who stands up again after a death.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Respawn {
    /// The dead, each after the ruleset's delay.
    TheDead,
    /// Everybody at once, for a new round.
    Everybody,
}

/// The rules of a mode.
#[derive(Debug)]
pub struct Mode {
    pub name: &'static str,
    /// Warm-up begins with this many players.
    pub players_min: u8,
    pub players_max: u8,
    pub respawn: Respawn,
    /// Higher is better.
    pub points: fn(&Score) -> i32,
}

static MODES: [&Mode; 2] = [&duel::DUEL, &deathmatch::DEATHMATCH];

pub fn find(name: &str) -> Option<&'static Mode> {
    MODES.into_iter().find(|mode| mode.name == name)
}

pub fn all() -> impl Iterator<Item = &'static Mode> {
    MODES.into_iter()
}

pub(crate) fn names() -> String {
    MODES.map(|mode| mode.name).join(", ")
}

impl Mode {
    /// Whether somebody has reached the limit; 0 means that there is none.
    pub fn is_decided<'a>(&self, limit: u16, mut scores: impl Iterator<Item = &'a Score>) -> bool {
        limit > 0 && scores.any(|score| (self.points)(score) >= i32::from(limit))
    }

    /// Who leads alone.
    pub fn leader<'a>(&self, scores: impl Iterator<Item = (SimId, &'a Score)>) -> Option<SimId> {
        let mut best: Option<(i32, Option<SimId>)> = None;
        for (id, score) in scores {
            let points = (self.points)(score);
            best = match best {
                Some((most, _)) if points < most => best,
                Some((most, _)) if points == most => Some((most, None)),
                _ => Some((points, Some(id))),
            };
        }
        best.and_then(|(_, leader)| leader)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leader_leads_alone() {
        let score = |kills| Score { kills, ..Score::default() };
        let (three, five) = (score(3), score(5));
        let mode = find("deathmatch").expect("the registry has it");
        assert_eq!(mode.leader([(SimId(1), &three), (SimId(2), &five)].into_iter()), Some(SimId(2)));
        assert_eq!(mode.leader([(SimId(1), &five), (SimId(2), &five)].into_iter()), None);
        assert_eq!(mode.leader(std::iter::empty()), None);
    }

    #[test]
    fn no_limit_never_decides() {
        let many = Score { kills: 500, ..Score::default() };
        let mode = find("duel").expect("the registry has it");
        assert!(!mode.is_decided(0, [&many].into_iter()));
        assert!(mode.is_decided(500, [&many].into_iter()));
    }
}
