//! What becomes of a body that has met what stands in its way.

use arrayvec::ArrayVec;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use rapier3d::geometry::Capsule;
use rapier3d::math::{Pose, Vector};
use rapier3d::parry::query;
use rapier3d::parry::shape::Segment;

use super::{LOOK_MM, WALLS_MAX};
use crate::formulas::aim;
use crate::spatial::{Level, SKIN_MM, to_metres};

/// Walls no further from a body than this touch it: it was moved to within a millimetre, and poses are whole ones.
const TOUCH_MM: i32 = 3;

/// What is less steep than this part of a unit, seen from above, carries a body and stops none: 46°, as the steepest face
/// that a map may have for a floor leans by 45°.
const STEEP: f32 = 0.719;

/// What is less steep than this is a floor in any case: 11.5°.
const FLAT: f32 = 0.2;

/// Of a direction of unit length, so much into a wall is no more than rounding.
const GRAZING: f32 = 0.02;

/// At least a millimetre more than rounding, whichever way both are rounded to whole ones along the axes; a body that is
/// so far off a wall still touches it.
const OFF_MM: f32 = 2.4;

/// Seen from above, as (x, z).
type Direction = [f32; 2];

/// What holds a body back.
pub(super) enum Held {
    /// Nothing that is steep: poses are whole millimetres, and the level answers in `f32`.
    ByNothing,
    /// It slides on there, a little off what it touches: along a wall every other point can be rounded into it.
    By(Yaw, Vec3Mm),
    /// It goes on nowhere.
    InCorner,
}

impl Level {
    /// What becomes of a body that is held back at `at`.
    pub(super) fn held(&self, at: Vec3Mm, yaw: Yaw) -> Held {
        let [x, _, z] = aim::direction(yaw, Pitch::default());
        let Some(mut walls) = self.walls_at(at, STEEP, TOUCH_MM) else { return Held::InCorner };
        if walls.is_empty() {
            // What it could not get over holds it back, however little steep it is: a ramp under a ceiling, which it has
            // come up to by less than one look.
            let Some(others) = self.walls_at(at, FLAT, LOOK_MM + TOUCH_MM) else { return Held::InCorner };
            walls = others;
        }
        if walls.is_empty() {
            return Held::ByNothing;
        }
        let mut way = [x, z];
        for _ in 0..2 {
            let steepest = walls.iter().map(|wall| (dot(way, *wall), *wall)).min_by(|a, b| {
                let keys = [a.0.total_cmp(&b.0), a.1[0].total_cmp(&b.1[0]), a.1[1].total_cmp(&b.1[1])];
                keys.into_iter().fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
            });
            match steepest {
                Some((into, wall)) if into < 0.0 => way = [way[0] - into * wall[0], way[1] - into * wall[1]],
                _ => break,
            }
        }
        let length = libm::sqrtf(dot(way, way));
        let is_corner = walls.iter().any(|wall| dot(way, *wall) < -GRAZING * length);
        if length <= GRAZING || is_corner {
            return Held::InCorner;
        }
        let turns = libm::atan2f(-way[0], -way[1]) / std::f32::consts::TAU;
        let along = Yaw((libm::roundf(turns * 65_536.0) as i32).rem_euclid(65_536) as u16);
        Held::By(along, self.off(at, &walls))
    }

    /// `at` a little off these walls, where there is room for it.
    fn off(&self, at: Vec3Mm, walls: &[Direction]) -> Vec3Mm {
        let mm = |part: f32| libm::roundf(part * OFF_MM) as i32;
        let by = |off: Vec3Mm, [x, z]: Direction| Vec3Mm { x: off.x + mm(x), z: off.z + mm(z), ..off };
        let off = walls.iter().copied().fold(at, by);
        if self.overlaps(off) { at } else { off }
    }

    /// The normals, seen from above, of what is within `near_mm` of a body with its feet at `at` and steeper than `steep`;
    /// `None` when that is too much.
    fn walls_at(&self, at: Vec3Mm, steep: f32, near_mm: i32) -> Option<ArrayVec<Direction, WALLS_MAX>> {
        let feet = to_metres(at);
        let (low_mm, high_mm) = (self.radius_mm, self.height_mm - self.radius_mm);
        let [low, high] = [low_mm, high_mm].map(|mm| feet + Vector::new(0.0, mm as f32 / 1_000.0, 0.0));
        let reach = (self.radius_mm - SKIN_MM + near_mm) as f32 / 1_000.0;
        let mut walls = ArrayVec::new();
        let near = Capsule { radius: reach, ..self.capsule };
        for solid in self.near(&self.placed(&near, at)) {
            let spine = Segment::new(low, high);
            let contact = query::contact(&Pose::IDENTITY, &spine, solid.position(), solid.shape(), reach);
            let Ok(Some(contact)) = contact else { continue };
            let [x, z] = [-contact.normal1.x, -contact.normal1.z];
            let length = libm::sqrtf(x * x + z * z);
            if length > steep {
                walls.try_push([x / length, z / length]).ok()?;
            }
        }
        Some(walls)
    }
}

fn dot(a: Direction, b: Direction) -> f32 {
    a[0] * b[0] + a[1] * b[1]
}
