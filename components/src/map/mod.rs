//! A map: solids, spawn points and bounds, as typed data.

use crate::quantity::{Vec3Mm, Yaw};

pub mod hull;
pub mod load;

/// An axis-aligned box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub min: Vec3Mm,
    pub max: Vec3Mm,
}

impl Bounds {
    pub fn contains(&self, at: Vec3Mm) -> bool {
        (self.min.x..=self.max.x).contains(&at.x)
            && (self.min.y..=self.max.y).contains(&at.y)
            && (self.min.z..=self.max.z).contains(&at.z)
    }
}

/// A piece of the level. Faces that look up are walkable or walls, never in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Solid {
    /// A cuboid turned about the vertical axis only. `size` holds full edge lengths.
    Cuboid { center: Vec3Mm, size: Vec3Mm, yaw: Yaw },
    /// The convex hull of at least four points.
    Hull { points: Vec<Vec3Mm> },
}

/// Where bodies appear. `at` is the point between the feet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpawnPoint {
    pub at: Vec3Mm,
    pub yaw: Yaw,
}

/// A level as a studio wrote it, validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Map {
    pub id: String,
    pub name: String,
    pub max_players: u8,
    pub bounds: Bounds,
    pub solids: Vec<Solid>,
    pub spawns: Vec<SpawnPoint>,
}
