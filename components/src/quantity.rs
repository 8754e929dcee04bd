//! Quantities of space and angle, all integers.

use crate::canon::{Canon, CanonError, Reader};
use crate::fixed::{Block, Fixed};
use crate::{canon_block, canon_fixed_newtype};

/// A point or displacement in millimetres; right-handed, y up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Vec3Mm {
    pub x: i32,
    pub y: i32,
    pub z: i32,
}
canon_block!(Vec3Mm { x, y, z });

impl Vec3Mm {
    pub const fn new(x: i32, y: i32, z: i32) -> Self {
        Self { x, y, z }
    }

    /// Squared horizontal distance to `other` in square millimetres.
    pub fn horizontal_distance_squared(self, other: Self) -> i64 {
        let (dx, dz) = (i64::from(other.x) - i64::from(self.x), i64::from(other.z) - i64::from(self.z));
        dx * dx + dz * dz
    }

    /// Squared distance to `other` in square millimetres.
    pub fn distance_squared(self, other: Self) -> i64 {
        let dy = i64::from(other.y) - i64::from(self.y);
        self.horizontal_distance_squared(other) + dy * dy
    }
}

/// A velocity in millimetres per second; right-handed, y up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Velocity {
    pub x: i32,
    pub y: i32,
    pub z: i32,
}
canon_block!(Velocity { x, y, z });

/// A heading in 1/65,536 turn: 0 looks along −z, positive turns left seen from above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Yaw(pub u16);
canon_fixed_newtype!(Yaw);

/// An elevation in 1/65,536 turn, −89° … 89°, positive looks up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pitch(i16);

impl Pitch {
    /// 89° in 1/65,536 turn, rounded down.
    pub const LIMIT: i16 = 16_201;

    /// `None` when the elevation is steeper than 89°.
    pub fn new(turn: i16) -> Option<Self> {
        (-Self::LIMIT..=Self::LIMIT).contains(&turn).then_some(Self(turn))
    }

    pub const fn turn(self) -> i16 {
        self.0
    }
}

impl Fixed for Pitch {
    #[inline(always)]
    fn lay(&self, block: &mut Block) {
        self.0.lay(block);
    }
}

impl Canon for Pitch {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        Self::new(i16::take(reader)?).ok_or(CanonError::OutOfRange { what: "pitch" })
    }
}

/// Where a body stands and looks. `at` is the point between its feet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pose {
    pub at: Vec3Mm,
    pub yaw: Yaw,
    pub pitch: Pitch,
}
canon_block!(Pose { at, yaw, pitch });

/// Health, armour and damage in thousandths of a point.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MilliPoints(pub i32);
canon_fixed_newtype!(MilliPoints);

impl MilliPoints {
    pub const fn from_points(points: i32) -> Self {
        Self(points * 1_000)
    }

    /// Whole points, rounded up: a body with any health left never shows zero.
    pub const fn points_rounded_up(self) -> i32 {
        (self.0 + 999).div_euclid(1_000)
    }
}
