//! Health, armour, death, and who hurt a body last.

use bevy_ecs::component::Component;

use crate::cause::Cause;
use crate::ids::{Pseudonym, SimId};
use crate::quantity::MilliPoints;
use crate::tick::Tick;
use crate::verdict::Zone;
use crate::{canon_block, canon_struct};

/// How much a body can still take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Strength {
    pub health: MilliPoints,
    pub armour: MilliPoints,
}
canon_block!(Strength { health, armour });

/// The last blow by somebody that took something from a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastHurt {
    /// The attacker, as he was when he struck …
    pub by: SimId,
    /// … and who he is, should he have left and joined again.
    pub pseudonym: Pseudonym,
    pub at: Tick,
    pub cause: Cause,
    pub zone: Zone,
    pub ally: bool,
}
canon_struct!(LastHurt { by, pseudonym, at, cause, zone, ally });

/// Whether a body lives, and how much it can still take.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    pub health: MilliPoints,
    pub armour: MilliPoints,
    /// Set while dead: from when on the body may stand up again.
    pub respawn_at: Option<Tick>,
    /// With what a body stands up that left alive and joined again; `None` is whole.
    pub returns_with: Option<Strength>,
    /// Since it last stood up.
    pub last_hurt: Option<LastHurt>,
}
canon_block!(Vitals { health, armour } then { respawn_at, returns_with, last_hurt });

impl Vitals {
    pub fn is_alive(&self) -> bool {
        self.respawn_at.is_none()
    }

    pub fn strength(&self) -> Strength {
        Strength { health: self.health, armour: self.armour }
    }
}
