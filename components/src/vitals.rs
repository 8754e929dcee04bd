//! Health, armour and death.

use bevy_ecs::component::Component;

use crate::canon_struct;
use crate::quantity::MilliPoints;
use crate::tick::Tick;

/// Whether a body lives, and how much it can still take.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    pub health: MilliPoints,
    pub armour: MilliPoints,
    /// Set while dead: when the body stands up again.
    pub respawn_at: Option<Tick>,
}
canon_struct!(Vitals { health, armour, respawn_at });

impl Vitals {
    pub fn is_alive(&self) -> bool {
        self.respawn_at.is_none()
    }
}
