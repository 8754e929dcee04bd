//! Where a body is led that runs into what stands in its way.

use arrayvec::ArrayVec;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use rapier3d::geometry::Aabb;
use rapier3d::math::{Pose, Vector};
use rapier3d::parry::query;
use rapier3d::parry::shape::Segment;

use super::{Level, SKIN_MM, to_metres};
use crate::formulas::aim;
use crate::formulas::shot::along;

/// How finely the way ahead is looked along: a corner that is just clipped lies between the points of a path check.
const LOOK_MM: i32 = 25;

/// Walls no further from a body than this touch it: it was moved to within a millimetre, and poses are whole ones.
const TOUCH_MM: i32 = 3;

/// What is less steep than this part of a unit, seen from above, is floor: 11.5°.
const STEEP: f32 = 0.2;

/// Of a direction of unit length, so much into a wall is no more than rounding.
const GRAZING: f32 = 0.02;

/// A body is led by no more walls than this, one after the other or at once; more of them are a corner.
const WALLS_MAX: usize = 8;

/// Where a body comes that runs straight on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Led {
    /// How far it comes before it meets something.
    pub free_mm: i32,
    /// Where it slides on; `None` when that is a corner, or when it runs straight into a wall.
    pub along: Option<Yaw>,
}

/// Seen from above, as (x, z).
type Direction = [f32; 2];

impl Level {
    /// Where what is within `far_mm` leads a body with its feet at `from` that runs towards `ahead`; `None` when nothing is.
    ///
    /// It slides along every wall that it meets on the way, each as its normal there says. Allocates nothing.
    pub(crate) fn led(&self, from: Vec3Mm, ahead: Yaw, far_mm: i32) -> Option<Led> {
        let free_mm = self.free_mm(from, ahead, far_mm)?;
        let (mut at, mut yaw, mut left_mm) = (ahead_of(from, ahead, free_mm), ahead, far_mm - free_mm);
        for _ in 0..WALLS_MAX {
            let Some(next) = self.slides(at, yaw) else { break };
            let Some(met_mm) = self.free_mm(at, next, left_mm) else {
                return Some(Led { free_mm, along: Some(next) });
            };
            (at, yaw, left_mm) = (ahead_of(at, next, met_mm), next, left_mm - met_mm);
        }
        Some(Led { free_mm, along: None })
    }

    /// How far a body comes in a straight line before it meets something; `None` when nothing is within `far_mm`.
    fn free_mm(&self, at: Vec3Mm, direction: Yaw, far_mm: i32) -> Option<i32> {
        let is_blocked = |mm: i32| self.overlaps(ahead_of(at, direction, mm));
        let looks = far_mm / LOOK_MM + 1;
        let mut blocked_mm = (1..=looks).map(|look| look * LOOK_MM).find(|mm| is_blocked(*mm))?;
        let mut free_mm = blocked_mm - LOOK_MM;
        while blocked_mm - free_mm > 1 {
            let middle_mm = free_mm + (blocked_mm - free_mm) / 2;
            if is_blocked(middle_mm) { blocked_mm = middle_mm } else { free_mm = middle_mm }
        }
        Some(free_mm)
    }

    /// Where a body goes on from `at` that is held back there; `None` when nowhere.
    fn slides(&self, at: Vec3Mm, yaw: Yaw) -> Option<Yaw> {
        let [x, _, z] = aim::direction(yaw, Pitch::default());
        let walls = self.walls_at(at)?;
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
        let turns = libm::atan2f(-way[0], -way[1]) / std::f32::consts::TAU;
        let next = Yaw((libm::roundf(turns * 65_536.0) as i32).rem_euclid(65_536) as u16);
        (length > GRAZING && !is_corner && !walls.is_empty()).then_some(next)
    }

    /// The normals, seen from above, of the walls that a body with its feet at `at` touches; `None` when those are too many.
    fn walls_at(&self, at: Vec3Mm) -> Option<ArrayVec<Direction, WALLS_MAX>> {
        let feet = to_metres(at);
        let (low_mm, high_mm) = (self.radius_mm, self.height_mm - self.radius_mm);
        let [low, high] = [low_mm, high_mm].map(|mm| feet + Vector::new(0.0, mm as f32 / 1_000.0, 0.0));
        let reach = (self.radius_mm - SKIN_MM + TOUCH_MM) as f32 / 1_000.0;
        let wide = Vector::new(reach, reach, reach);
        let mut walls = ArrayVec::new();
        for (_, solid) in self.queries().intersect_aabb_conservative(Aabb::new(low - wide, high + wide)) {
            let spine = Segment::new(low, high);
            let contact = query::contact(&Pose::IDENTITY, &spine, solid.position(), solid.shape(), reach);
            let Ok(Some(contact)) = contact else { continue };
            let [x, z] = [-contact.normal1.x, -contact.normal1.z];
            let length = libm::sqrtf(x * x + z * z);
            if length > STEEP {
                walls.try_push([x / length, z / length]).ok()?;
            }
        }
        Some(walls)
    }
}

fn dot(a: Direction, b: Direction) -> f32 {
    a[0] * b[0] + a[1] * b[1]
}

fn ahead_of(at: Vec3Mm, direction: Yaw, mm: i32) -> Vec3Mm {
    along(at, aim::direction(direction, Pitch::default()), mm)
}
