//! Those who have left: what they had is kept to the match's end.

use arrayvec::ArrayVec;
use bevy_ecs::resource::Resource;

use crate::ability::Cooldowns;
use crate::ids::{Pseudonym, SimId, Team};
use crate::limits::DEPARTED_MAX;
use crate::score::Score;
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
    pub team: Team,
    pub score: Score,
    /// Set when he left alive and has not missed a new round: leaving heals nobody, loads and readies nothing.
    pub kept: Option<Kept>,
}
canon_struct!(Departed { pseudonym, id, team, score, kept });

/// Everybody who has left, longest gone first; at most [`DEPARTED_MAX`].
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

    /// Keeps what a leaver had. When there is no room, whoever has least to lose is forgotten, the leaver included:
    /// first the one with fewest kills, then with fewest deaths, then the longest gone.
    pub fn keep(&mut self, departed: Departed) {
        if let Some(known) = self.of(departed.pseudonym) {
            let score = known.score.plus(&departed.score);
            *known = Departed { score, ..departed };
            return;
        }
        if self.0.is_full() {
            let worth = |departed: &Departed| (departed.score.kills, departed.score.deaths);
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

    fn with_kills(pseudonym: u64, kills: u16) -> Departed {
        let score = Score { kills, ..Score::default() };
        Departed { pseudonym: Pseudonym(pseudonym), score, ..Departed::default() }
    }

    #[test]
    fn when_there_is_no_room_whoever_has_least_to_lose_is_forgotten() {
        let mut all = DepartedPlayers::default();
        all.keep(with_kills(1, 5));
        (2..=DEPARTED_MAX as u64).for_each(|pseudonym| all.keep(with_kills(pseudonym, 1)));
        (1_000..2_000).for_each(|stranger| all.keep(with_kills(stranger, 0)));
        assert!((1..=DEPARTED_MAX as u64).all(|known| all.of(Pseudonym(known)).is_some()));
        (2_000..3_000).for_each(|rival| all.keep(with_kills(rival, 1)));
        assert_eq!(all.0.len(), DEPARTED_MAX);
        assert_eq!(all.of(Pseudonym(1)).map(|departed| departed.score.kills), Some(5));
        assert!(all.of(Pseudonym(2)).is_none(), "the longest gone of those with the least");
    }

    #[test]
    fn two_bodies_of_one_player_add_up() {
        let mut all = DepartedPlayers::default();
        all.keep(with_kills(1, 5));
        all.keep(with_kills(1, 2));
        assert_eq!(all.rejoined(Pseudonym(1)).map(|departed| departed.score.kills), Some(7));
        assert!(all.0.is_empty());
    }
}
