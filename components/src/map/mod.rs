//! A map: solids, spawn points and bounds, as typed data.

use load::CORNERS_IN_ONE_PLACE_MAX;

use crate::quantity::{Vec3Mm, Yaw};

mod crowd;
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

impl Solid {
    /// The box along the axes that holds it; a turned cuboid's is that of the circle around it.
    pub fn bounds(&self) -> Bounds {
        match self {
            Self::Cuboid { center, size, yaw } => {
                let round = i64::from(size.x) * i64::from(size.x) + i64::from(size.z) * i64::from(size.z);
                let half = match yaw.0 % (1 << 14) {
                    0 if yaw.0 % (1 << 15) == 0 => Vec3Mm::new(size.x / 2, size.y / 2, size.z / 2),
                    0 => Vec3Mm::new(size.z / 2, size.y / 2, size.x / 2),
                    _ => Vec3Mm::new(round.isqrt() as i32 / 2, size.y / 2, round.isqrt() as i32 / 2),
                };
                let Vec3Mm { x, y, z } = *center;
                let (min, max) = (
                    Vec3Mm::new(x - half.x, y - half.y, z - half.z),
                    Vec3Mm::new(x + half.x, y + half.y, z + half.z),
                );
                Bounds { min, max }
            }
            Self::Hull { points } => {
                let least = |of: fn(&Vec3Mm) -> i32| points.iter().map(of).min().unwrap_or_default();
                let most = |of: fn(&Vec3Mm) -> i32| points.iter().map(of).max().unwrap_or_default();
                let min = Vec3Mm::new(least(|at| at.x), least(|at| at.y), least(|at| at.z));
                let max = Vec3Mm::new(most(|at| at.x), most(|at| at.y), most(|at| at.z));
                Bounds { min, max }
            }
        }
    }
}

/// Where bodies appear. `at` is the point between the feet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpawnPoint {
    pub at: Vec3Mm,
    pub yaw: Yaw,
}

/// A place with more corners of solids than one body may be beside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected solids with at most {CORNERS_IN_ONE_PLACE_MAX} corners (8 of a cuboid, of a hull its points, at least 8) so near to \
     each other that a body is beside all of their boxes along the axes, found {corners} about [{}, {}, {}]",
    .at.x, .at.y, .at.z
)]
pub struct Crowded {
    pub corners: usize,
    pub at: Vec3Mm,
}

/// Where a body of this size, by halves, is beside too many solids.
fn crowded_place(solids: &[Solid], half_body: Vec3Mm) -> Option<Crowded> {
    let (corners, at) = crowd::crowded_place(solids, half_body, CORNERS_IN_ONE_PLACE_MAX);
    (corners > CORNERS_IN_ONE_PLACE_MAX).then_some(Crowded { corners, at })
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

impl Map {
    /// Where a body of this size, by halves, is beside too many solids for what asking a level about it may take. None on
    /// a map that was loaded, unless the body is larger than is usual, which the loader cannot know.
    pub fn crowded_for(&self, half_body: Vec3Mm) -> Option<Crowded> {
        let usual = crowd::HALF_BODY;
        let is_larger = half_body.x > usual.x || half_body.y > usual.y || half_body.z > usual.z;
        if is_larger { crowded_place(&self.solids, half_body) } else { None }
    }
}
