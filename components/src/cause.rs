//! What does something to a body, and who.

use crate::canon::{Canon, CanonError, Reader};
use crate::canon_struct;
use crate::identity::Identity;
use crate::ids::{Pseudonym, SimId, Team};
use crate::limits::{ABILITIES_MAX, EFFECTS_MAX, WEAPONS_MAX};

/// Who brought something about: as he was then, and who he is should he leave before it is done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Author {
    pub id: SimId,
    pub pseudonym: Pseudonym,
    pub team: Team,
}
canon_struct!(Author { id, pseudonym, team });

impl From<(SimId, &Identity)> for Author {
    fn from((id, identity): (SimId, &Identity)) -> Self {
        Self { id, pseudonym: identity.pseudonym, team: identity.team }
    }
}

/// By index in the ruleset, or the world itself: a fall, a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    Weapon(u8),
    Ability(u8),
    Effect(u8),
    World,
}

/// Indices of one sort of cause; a ruleset has fewer.
const INDICES: u8 = 64;

const _: () = assert!(WEAPONS_MAX <= 64 && ABILITIES_MAX <= 64 && EFFECTS_MAX <= 64);

impl Cause {
    /// One byte: weapons from 0, abilities from 64, effects from 128, and 255 for the world.
    pub const fn number(self) -> u8 {
        match self {
            Self::Weapon(index) => index,
            Self::Ability(index) => INDICES + index,
            Self::Effect(index) => 2 * INDICES + index,
            Self::World => u8::MAX,
        }
    }

    pub const fn from_number(number: u8) -> Option<Self> {
        let index = number % INDICES;
        match number / INDICES {
            0 => Some(Self::Weapon(index)),
            1 => Some(Self::Ability(index)),
            2 => Some(Self::Effect(index)),
            _ if number == u8::MAX => Some(Self::World),
            _ => None,
        }
    }

    pub const fn code(self) -> &'static str {
        match self {
            Self::Weapon(_) => "weapon",
            Self::Ability(_) => "ability",
            Self::Effect(_) => "effect",
            Self::World => "world",
        }
    }

    /// Which weapon, ability or effect.
    pub const fn index(self) -> Option<u8> {
        match self {
            Self::Weapon(index) | Self::Ability(index) | Self::Effect(index) => Some(index),
            Self::World => None,
        }
    }
}

impl Canon for Cause {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(self.number());
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        Self::from_number(u8::take(reader)?).ok_or(CanonError::OutOfRange { what: "cause" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_is_one_byte_and_every_byte_at_most_one_cause() {
        let known: Vec<u8> = (0..=255).filter(|number| Cause::from_number(*number).is_some()).collect();
        assert_eq!((known.len(), known.last()), (193, Some(&255)));
        for number in known {
            let cause = Cause::from_number(number).expect("it is known");
            assert_eq!(cause.number(), number);
            let mut bytes = Vec::new();
            cause.put(&mut bytes);
            assert_eq!(Cause::take(&mut Reader::new(&bytes)), Ok(cause));
        }
        assert!(Cause::take(&mut Reader::new(&[200])).is_err());
    }
}
