//! Those who have left: what they had is kept to the match's end.

use arrayvec::ArrayVec;
use bevy_ecs::resource::Resource;

use crate::ability::Cooldowns;
use crate::ids::{Pseudonym, SimId, Team};
use crate::limits::DEPARTED_MAX;
use crate::score::Score;
use crate::tick::Tick;
use crate::vitals::Strength;
use crate::weapon::Arms;
use crate::{canon_newtype, canon_struct};

/// What a body had that left alive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    pub strength: Strength,
    pub arms: Arms,
    pub cooldowns: Cooldowns,
}
canon_struct!(Kept { strength, arms, cooldowns });

/// A player who has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Departed {
    pub pseudonym: Pseudonym,
    /// That of his last body.
    pub id: SimId,
    /// Not of one who left before the match began: he is dealt one anew.
    pub team: Option<Team>,
    pub score: Score,
    /// Set when he left alive and has not missed a new round: leaving heals nobody, loads and readies nothing.
    pub kept: Option<Kept>,
    /// As in `ClaimState`: leaving forgives no refusal, whatever else it costs.
    pub refusals: u16,
    pub refused_at: Tick,
}
canon_struct!(Departed { pseudonym, id, team, score, kept, refusals, refused_at });

/// Everybody who has left, longest gone first; at most [`DEPARTED_MAX`], which is more than a match can begin with.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct DepartedPlayers(pub ArrayVec<Departed, DEPARTED_MAX>);
canon_newtype!(DepartedPlayers);

impl DepartedPlayers {
    pub fn of(&mut self, pseudonym: Pseudonym) -> Option<&mut Departed> {
        self.0.iter_mut().find(|departed| departed.pseudonym == pseudonym)
    }

    /// He has joined again.
    pub fn rejoined(&mut self, pseudonym: Pseudonym) -> Option<Departed> {
        let place = self.0.iter().position(|departed| departed.pseudonym == pseudonym)?;
        Some(self.0.remove(place))
    }

    /// The match begins: of whoever left before nothing counts but the refusals that stand, and nobody waits for him.
    pub fn forget_all_but_refusals(&mut self, away_ticks_max: u32) {
        self.0.retain(|departed| departed.refusals > 0);
        for departed in &mut self.0 {
            let Departed { pseudonym, id, refusals, refused_at, .. } = *departed;
            let score = Score { away_ticks: away_ticks_max, ..Score::default() };
            *departed = Departed { pseudonym, id, score, refusals, refused_at, ..Departed::default() };
        }
    }

    /// Keeps what a leaver had. When there is no room, whoever has least to lose is forgotten, the leaver included:
    /// nobody who is still awaited before somebody who is not, nor who left alive before somebody who did not; then the
    /// one with fewest kills, then with fewest deaths, then with fewest refusals, then the longest gone.
    pub fn keep(&mut self, departed: Departed, away_ticks_max: u32) {
        if let Some(known) = self.of(departed.pseudonym) {
            let score = known.score.plus(&departed.score);
            *known = Departed { score, ..departed };
            return;
        }
        if self.0.is_full() {
            let worth = |departed: &Departed| {
                let Departed { score, kept, refusals, .. } = departed;
                (score.away_ticks < away_ticks_max, kept.is_some(), score.kills, score.deaths, *refusals)
            };
            let least = (0..self.0.len()).min_by_key(|place| worth(&self.0[*place])).unwrap_or_default();
            if worth(&departed) < worth(&self.0[least]) {
                return;
            }
            self.0.remove(least);
        }
        self.0.push(departed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AWAY_TICKS_MAX: u32 = 7_680;

    fn with_kills(pseudonym: u64, kills: u16) -> Departed {
        let score = Score { kills, ..Score::default() };
        Departed { pseudonym: Pseudonym(pseudonym), score, ..Departed::default() }
    }

    /// One who joined when the match was on; nobody waits for him.
    fn stranger(pseudonym: u64, kills: u16) -> Departed {
        let mut departed = with_kills(pseudonym, kills);
        departed.score.away_ticks = AWAY_TICKS_MAX;
        departed
    }

    #[test]
    fn strangers_push_out_strangers_and_nobody_who_is_awaited_or_left_alive() {
        let mut all = DepartedPlayers::default();
        all.keep(with_kills(1, 0), AWAY_TICKS_MAX);
        let hurt = Departed { kept: Some(Kept::default()), ..stranger(2, 0) };
        all.keep(hurt, AWAY_TICKS_MAX);
        (1_000..2_000).for_each(|pseudonym| all.keep(stranger(pseudonym, 9), AWAY_TICKS_MAX));
        assert_eq!(all.0.len(), DEPARTED_MAX);
        assert!(all.of(Pseudonym(1)).is_some(), "who is awaited");
        assert!(all.of(Pseudonym(2)).is_some(), "who would be healed");
        assert!(all.of(Pseudonym(1_999)).is_some() && all.of(Pseudonym(1_000)).is_none());
        (2_000..2_127).for_each(|pseudonym| all.keep(with_kills(pseudonym, 0), AWAY_TICKS_MAX));
        assert!((2_000..2_127).all(|pseudonym| all.of(Pseudonym(pseudonym)).is_some()));
    }

    #[test]
    fn when_there_is_no_room_whoever_has_least_to_lose_is_forgotten() {
        let mut all = DepartedPlayers::default();
        all.keep(with_kills(1, 5), AWAY_TICKS_MAX);
        (2..=DEPARTED_MAX as u64).for_each(|pseudonym| all.keep(with_kills(pseudonym, 1), AWAY_TICKS_MAX));
        (1_000..2_000).for_each(|stranger| all.keep(with_kills(stranger, 0), AWAY_TICKS_MAX));
        assert!((1..=DEPARTED_MAX as u64).all(|known| all.of(Pseudonym(known)).is_some()));
        (2_000..3_000).for_each(|rival| all.keep(with_kills(rival, 1), AWAY_TICKS_MAX));
        assert_eq!(all.0.len(), DEPARTED_MAX);
        assert_eq!(all.of(Pseudonym(1)).map(|departed| departed.score.kills), Some(5));
        assert!(all.of(Pseudonym(2)).is_none(), "the longest gone of those with the least");
    }

    #[test]
    fn of_those_who_are_alike_in_all_else_the_one_with_fewest_refusals_is_forgotten() {
        let refused = |pseudonym, refusals| Departed { refusals, ..with_kills(pseudonym, 1) };
        let mut all = DepartedPlayers::default();
        (1..=DEPARTED_MAX as u64).for_each(|pseudonym| {
            all.keep(refused(pseudonym, if pseudonym == 5 { 2 } else { 3 }), AWAY_TICKS_MAX)
        });
        all.keep(refused(1_000, 1), AWAY_TICKS_MAX);
        assert!(all.of(Pseudonym(1_000)).is_none(), "the leaver has least to lose");
        all.keep(refused(1_001, 3), AWAY_TICKS_MAX);
        assert!(all.of(Pseudonym(1_001)).is_some() && all.of(Pseudonym(5)).is_none());
        assert!(all.of(Pseudonym(1)).is_some(), "the longest gone has more of them");
    }

    #[test]
    fn when_the_match_begins_of_who_left_only_his_refusals_and_when_they_came_are_kept() {
        let score = Score { kills: 3, ..Score::default() };
        let (pseudonym, id, team) = (Pseudonym(1), SimId(9), Some(Team(2)));
        let (refusals, refused_at) = (4, Tick(77));
        let kept = Some(Kept::default());
        let mut all = DepartedPlayers::default();
        all.keep(Departed { pseudonym, id, team, score, kept, refusals, refused_at }, AWAY_TICKS_MAX);
        all.keep(with_kills(2, 5), AWAY_TICKS_MAX);
        all.forget_all_but_refusals(AWAY_TICKS_MAX);
        let score = Score { away_ticks: AWAY_TICKS_MAX, ..Score::default() };
        let (team, kept) = (None, None);
        assert_eq!(all.0[..], [Departed { pseudonym, id, team, score, kept, refusals, refused_at }]);
    }

    #[test]
    fn two_bodies_of_one_player_add_up() {
        let mut all = DepartedPlayers::default();
        all.keep(with_kills(1, 5), AWAY_TICKS_MAX);
        all.keep(with_kills(1, 2), AWAY_TICKS_MAX);
        assert_eq!(all.rejoined(Pseudonym(1)).map(|departed| departed.score.kills), Some(7));
        assert!(all.0.is_empty());
    }
}
