//! A body: where it is and how fast it may be moving.

use bevy_ecs::component::Component;

use crate::canon_block;
use crate::quantity::Pose;
use crate::tick::Tick;

/// The accepted pose of a body; changes only by an accepted claim, a correction or an effect.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Body {
    pub pose: Pose,
    pub intrusion: Intrusion,
}
canon_block!(Body { pose, intrusion });

impl Body {
    /// A body that has just appeared: should somebody be where it is, then it came into him.
    pub fn appearing(pose: Pose, now: Tick) -> Self {
        Self { pose, intrusion: Intrusion { into: u64::MAX, ticks: 0, placed_at: now } }
    }
}

/// Whether a body is inside others, and for how long it has been. Bodies may pass through each other, but not stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intrusion {
    /// A bit for the slot of each body that this one came into and has not left since.
    pub into: u64,
    /// Counts up while the body is inside one that it came into, and down while it is free.
    pub ticks: u32,
    /// When it last appeared or was put out: how it got there was not its own way.
    pub placed_at: Tick,
}

canon_block!(Intrusion { into, ticks, placed_at });

impl Intrusion {
    /// Whether it has been inside somebody lately.
    pub fn is_remembered(&self) -> bool {
        self.into != 0 || self.ticks != 0
    }
}

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
    /// The likeliest horizontal velocity: the mean over the last segment.
    pub x: i32,
    pub z: i32,
    pub rise_max: i32,
    pub fall_max: i32,
    /// Micrometres by which this flight is higher than exact poses could be, from rounding; 0 on the ground.
    pub rise_debt: i32,
    pub grounded: bool,
}
impl Motion {
    /// Whether a body can have moved like this under any rules: bounds in their order, and none beyond 1 km/s.
    pub fn is_possible(&self) -> bool {
        const MOST: std::ops::RangeInclusive<i32> = -1_000_000_000..=1_000_000_000;
        let Self { x_low, x_high, z_low, z_high, x, z, rise_max, fall_max, rise_debt, .. } = *self;
        let all = [x_low, x_high, z_low, z_high, x, z, rise_max, fall_max, rise_debt];
        x_low <= x_high && z_low <= z_high && all.iter().all(|part| MOST.contains(part))
    }

    /// Every velocity that one of both allows.
    pub fn or(&self, other: &Self) -> Self {
        Self {
            x_low: self.x_low.min(other.x_low),
            x_high: self.x_high.max(other.x_high),
            z_low: self.z_low.min(other.z_low),
            z_high: self.z_high.max(other.z_high),
            x: self.x,
            z: self.z,
            rise_max: self.rise_max.max(other.rise_max),
            fall_max: self.fall_max.max(other.fall_max),
            rise_debt: self.rise_debt.min(other.rise_debt),
            grounded: self.grounded,
        }
    }
}
canon_block!(Motion { x_low, x_high, z_low, z_high, x, z, rise_max, fall_max, rise_debt, grounded });
