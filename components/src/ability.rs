//! Abilities and when they may be used again. Their rules are in [`crate::rules`].

use bevy_ecs::component::Component;

use crate::canon_struct;
use crate::limits::ABILITIES_MAX;
use crate::tick::Tick;

/// From which tick on each ability may be used, by its index in the ruleset.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cooldowns {
    pub ready_at: [Tick; ABILITIES_MAX],
}

canon_struct!(Cooldowns { ready_at });
