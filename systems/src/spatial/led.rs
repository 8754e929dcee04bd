//! Where a body is led that runs into what stands in its way.

use arrayvec::ArrayVec;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use rapier3d::geometry::Aabb;
use rapier3d::math::{Pose, Vector};
use rapier3d::parry::query;
use rapier3d::parry::shape::Segment;

use super::{Level, SKIN_MM, raised, to_metres};
use crate::formulas::aim;
use crate::formulas::shot::along;

/// How finely the way ahead is looked along: a corner that is just clipped lies between the points of a path check.
const LOOK_MM: i32 = 25;

/// Walls no further from a body than this touch it: it was moved to within a millimetre, and poses are whole ones.
const TOUCH_MM: i32 = 3;

/// What is less steep than this part of a unit, seen from above, carries a body and stops none: 46°, as the steepest face
/// that a map may have for a floor leans by 45°.
const STEEP: f32 = 0.719;

/// What is less steep than this is a floor in any case: 11.5°.
const FLAT: f32 = 0.2;

/// Of a direction of unit length, so much into a wall is no more than rounding.
const GRAZING: f32 = 0.02;

/// A body is led by no more walls than this, one after the other or at once; more of them are a corner.
const WALLS_MAX: usize = 8;

/// Where a body is led that runs straight on: a leg for every wall that it meets, in the order of meeting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ways(ArrayVec<Leg, { WALLS_MAX + 1 }>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Leg {
    /// How far the body has come when it meets the wall.
    met_mm: i32,
    /// Where it slides on; `None` when that is a corner, or when it runs straight into the wall.
    along: Option<Yaw>,
}

/// Where a body comes that runs straight on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Led {
    /// How far it comes before it meets something.
    pub free_mm: i32,
    /// Where it slides on; `None` when that is a corner, or when it runs straight into a wall.
    pub along: Option<Yaw>,
}

impl Ways {
    /// Where what is within `far_mm` leads; `None` when nothing is.
    pub(crate) fn within(&self, far_mm: i32) -> Option<Led> {
        let first = self.0.first().filter(|leg| leg.met_mm <= far_mm)?;
        let met = self.0.iter().take_while(|leg| leg.met_mm <= far_mm);
        Some(Led { free_mm: first.met_mm, along: met.last().and_then(|leg| leg.along) })
    }
}

/// Seen from above, as (x, z).
type Direction = [f32; 2];

/// What holds a body back.
enum Held {
    /// Nothing that is steep: poses are whole millimetres, and the level answers in `f32`.
    ByNothing,
    /// It slides on there.
    By(Yaw),
    /// It goes on nowhere.
    InCorner,
}

impl Level {
    /// Where what is within `far_mm` leads a body with its feet at `from` that runs towards `ahead`.
    ///
    /// It runs up what is not too steep, and slides along every wall that it meets on the way, each as its normal there
    /// says. Asks the level about the way once, however many walls there are. Allocates nothing.
    pub(crate) fn led(&self, from: Vec3Mm, ahead: Yaw, far_mm: i32) -> Ways {
        let mut ways = Ways::default();
        let (mut at, mut yaw, mut gone_mm) = (from, ahead, 0);
        while let Some((free_mm, met)) = self.met(at, yaw, far_mm - gone_mm) {
            (at, gone_mm) = (met, gone_mm + free_mm);
            let along = match self.held(at, yaw) {
                Held::ByNothing => break,
                Held::By(next) if ways.0.len() < WALLS_MAX => Some(next),
                Held::By(_) | Held::InCorner => None,
            };
            ways.0.push(Leg { met_mm: gone_mm, along });
            match along {
                Some(next) => yaw = next,
                None => break,
            }
        }
        ways
    }

    /// How far a body comes before it meets something, and where it is then; `None` when nothing is within `far_mm`.
    fn met(&self, from: Vec3Mm, direction: Yaw, far_mm: i32) -> Option<(i32, Vec3Mm)> {
        let looks = far_mm / LOOK_MM + 1;
        let mut free = (0, from);
        for look in 1..=looks {
            match self.climbed(free, (from, direction), look * LOOK_MM) {
                Some(at) => free = (look * LOOK_MM, at),
                None => {
                    let mut blocked_mm = look * LOOK_MM;
                    while blocked_mm - free.0 > 1 {
                        let middle_mm = free.0 + (blocked_mm - free.0) / 2;
                        match self.climbed(free, (from, direction), middle_mm) {
                            Some(at) => free = (middle_mm, at),
                            None => blocked_mm = middle_mm,
                        }
                    }
                    return Some(free);
                }
            }
        }
        None
    }

    /// Where a body stands that was free after `free_mm` of its way and has gone on to `mm`: as high, or no more than a
    /// slope of 46° higher; `None` when something is in its way.
    fn climbed(
        &self,
        (free_mm, free): (i32, Vec3Mm),
        (from, direction): (Vec3Mm, Yaw),
        mm: i32,
    ) -> Option<Vec3Mm> {
        let at = Vec3Mm { y: free.y, ..ahead_of(from, direction, mm) };
        if !self.overlaps(at) {
            return Some(at);
        }
        let higher_mm = (mm - free_mm) * 26 / 25 + 1;
        let deepest = raised(at, higher_mm);
        (!self.overlaps(deepest)).then_some(deepest)
    }

    /// What becomes of a body that is held back at `at`.
    fn held(&self, at: Vec3Mm, yaw: Yaw) -> Held {
        let [x, _, z] = aim::direction(yaw, Pitch::default());
        let Some(mut walls) = self.walls_at(at, STEEP) else { return Held::InCorner };
        if walls.is_empty() {
            // What it could not get over holds it back, however little steep it is where they touch: a ramp under a ceiling.
            let Some(others) = self.walls_at(at, FLAT) else { return Held::InCorner };
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
        Held::By(Yaw((libm::roundf(turns * 65_536.0) as i32).rem_euclid(65_536) as u16))
    }

    /// The normals, seen from above, of what a body with its feet at `at` touches that is steeper than `steep`; `None` when
    /// that is too much.
    fn walls_at(&self, at: Vec3Mm, steep: f32) -> Option<ArrayVec<Direction, WALLS_MAX>> {
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

fn ahead_of(at: Vec3Mm, direction: Yaw, mm: i32) -> Vec3Mm {
    along(at, aim::direction(direction, Pitch::default()), mm)
}
