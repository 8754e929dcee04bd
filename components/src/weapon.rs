//! Weapons in hand. Their rules are in [`crate::rules`].

use bevy_ecs::component::Component;

use crate::canon::{Canon, CanonError, Reader};
use crate::limits::WEAPONS_MAX;
use crate::tick::Tick;

/// A player's weapons, by their index in the ruleset.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arms {
    pub in_hand: u8,
    pub rounds: [u16; WEAPONS_MAX],
    /// The weapon in hand fires again from this tick on.
    pub ready_at: Tick,
    /// Set while reloading: when the magazine is full.
    pub reloaded_at: Option<Tick>,
}

impl Canon for Arms {
    fn put(&self, out: &mut Vec<u8>) {
        self.in_hand.put(out);
        self.rounds.iter().for_each(|rounds| rounds.put(out));
        self.ready_at.put(out);
        self.reloaded_at.put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        let in_hand = u8::take(reader)?;
        if usize::from(in_hand) >= WEAPONS_MAX {
            return Err(CanonError::OutOfRange { what: "weapon in hand" });
        }
        let mut rounds = [0; WEAPONS_MAX];
        for rounds in &mut rounds {
            *rounds = u16::take(reader)?;
        }
        Ok(Self { in_hand, rounds, ready_at: Canon::take(reader)?, reloaded_at: Canon::take(reader)? })
    }
}
