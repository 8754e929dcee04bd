//! A body: where it is and how fast it may be moving.

use bevy_ecs::component::Component;

use crate::canon_struct;
use crate::quantity::Pose;

/// The accepted pose of a body; changes only by an accepted claim, a correction or an effect.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Body {
    pub pose: Pose,
}
canon_struct!(Body { pose });

/// The velocities a body can have, given every segment accepted so far, in micrometres per second.
///
/// Per second and not per tick, so that no rate rounds a limit.
///
/// Horizontal velocity lies in a box `low … high` per axis; upward velocity is at most `rise_max`, and downward
/// velocity at most `fall_max`.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Motion {
    pub x_low: i32,
    pub x_high: i32,
    pub z_low: i32,
    pub z_high: i32,
    pub rise_max: i32,
    pub fall_max: i32,
    /// Micrometres by which this flight is higher than exact poses could be, from rounding; 0 on the ground.
    pub rise_debt: i32,
    pub grounded: bool,
}
canon_struct!(Motion { x_low, x_high, z_low, z_high, rise_max, fall_max, rise_debt, grounded });
