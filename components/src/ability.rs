//! Abilities and when they may be used again. Their rules are in [`crate::rules`].

use bevy_ecs::component::Component;

use crate::canon::{Canon, CanonError, Reader};
use crate::limits::ABILITIES_MAX;
use crate::tick::Tick;

/// From which tick on each ability may be used, by its index in the ruleset.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cooldowns {
    pub ready_at: [Tick; ABILITIES_MAX],
}

impl Canon for Cooldowns {
    fn put(&self, out: &mut Vec<u8>) {
        self.ready_at.iter().for_each(|tick| tick.put(out));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        let mut ready_at = [Tick::default(); ABILITIES_MAX];
        for tick in &mut ready_at {
            *tick = Tick::take(reader)?;
        }
        Ok(Self { ready_at })
    }
}
