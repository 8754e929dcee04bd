//! Weapons in hand. Their rules are in [`crate::rules`].

use bevy_ecs::component::Component;

use crate::canon::{Canon, CanonError, Reader, Trail};
use crate::limits::WEAPONS_MAX;
use crate::tick::Tick;

/// A player's weapons, by their index in the ruleset.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Arms {
    pub in_hand: u8,
    pub rounds: [u16; WEAPONS_MAX],
    /// Each weapon's own interval has passed from this tick on, whatever is in hand meanwhile.
    pub ready_at: [Tick; WEAPONS_MAX],
    /// The weapon in hand has been drawn from this tick on.
    pub drawn_at: Tick,
    /// Set while reloading the weapon in hand: when the magazine is full.
    pub reloaded_at: Option<Tick>,
}

impl Arms {
    /// The weapon in hand fires again from this tick on.
    pub fn fires_at(&self) -> Tick {
        self.ready_at[usize::from(self.in_hand)].max(self.drawn_at)
    }
}

impl Canon for Arms {
    fn put(&self, out: &mut Vec<u8>) {
        // Copied as two blocks: this is hashed for every body at every tick.
        let (mut rounds, mut ready_at) = ([[0; 2]; WEAPONS_MAX], [[0; 4]; WEAPONS_MAX]);
        for (bytes, value) in rounds.iter_mut().zip(self.rounds) {
            *bytes = value.to_le_bytes();
        }
        for (bytes, tick) in ready_at.iter_mut().zip(self.ready_at) {
            *bytes = tick.0.to_le_bytes();
        }
        self.in_hand.put(out);
        out.extend_from_slice(rounds.as_flattened());
        out.extend_from_slice(ready_at.as_flattened());
        self.drawn_at.put(out);
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
        let mut ready_at = [Tick::default(); WEAPONS_MAX];
        for tick in &mut ready_at {
            *tick = Tick::take(reader)?;
        }
        Ok(Self {
            in_hand,
            rounds,
            ready_at,
            drawn_at: Canon::take(reader)?,
            reloaded_at: Canon::take(reader)?,
        })
    }

    fn trace(reader: &mut Reader<'_>, trail: &mut Trail<'_>) -> Result<(), CanonError> {
        trail.field("in_hand", reader, |arms: &Self| Some(&arms.in_hand))?;
        trail.field("rounds", reader, |arms: &Self| Some(&arms.rounds))?;
        trail.field("ready_at", reader, |arms: &Self| Some(&arms.ready_at))?;
        trail.field("drawn_at", reader, |arms: &Self| Some(&arms.drawn_at))?;
        trail.field("reloaded_at", reader, |arms: &Self| Some(&arms.reloaded_at))
    }
}
