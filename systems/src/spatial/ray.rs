//! Rays against solids. rapier's tree finds the candidates; the cut itself is our own arithmetic.
//!
//! rapier's casts use an iterative search that is known to miss at seams; clipping a ray by the face planes of a
//! convex solid cannot, and needs no allocation.

use combat_components::quantity::Vec3Mm;
use rapier3d::geometry::{Ray, RayCast};
use rapier3d::math::Vector;
use rapier3d::parry::bounding_volume::BoundingVolume;

use super::clip::{Clip, dot};
use super::{Level, minus, to_metres};

/// The tree's boxes are grown by this much, so that rounding never hides a solid from a ray along its face.
const BOX_MARGIN_M: f32 = 0.002;

impl Level {
    /// Micrometres from `from` along the unit vector `direction` to the first solid within `reach_mm`.
    ///
    /// 0 when `from` is inside solid. A ray that runs exactly along a face meets it. Allocates nothing.
    pub fn ray_distance_um(&self, from: Vec3Mm, direction: [f32; 3], reach_mm: u32) -> Option<i64> {
        let ray = Ray::new(to_metres(from), Vector::from_array(direction));
        let reach_m = reach_mm as f32 / 1_000.0 + BOX_MARGIN_M;
        let queries = self.queries();
        let leaves =
            queries.bvh.leaves(|node| node.aabb().loosened(BOX_MARGIN_M).intersects_local_ray(&ray, reach_m));
        let fixed = leaves.map(|leaf| &self.fixed.clips[leaf as usize]);
        let mut nearest_mm: Option<f64> = None;
        for clip in fixed.chain(self.extra().map(|standing| &standing.clip)) {
            let hit_mm = clip.entry_mm(from, direction, f64::from(reach_mm));
            nearest_mm = match (nearest_mm, hit_mm) {
                (Some(nearest), Some(hit)) if hit < nearest => Some(hit),
                (nearest, hit) => nearest.or(hit),
            };
        }
        nearest_mm.map(|mm| (mm * 1_000.0) as i64)
    }

    /// [`Self::ray_distance_um`] in millimetres, rounded down.
    pub fn ray_distance_mm(&self, from: Vec3Mm, direction: [f32; 3], reach_mm: u32) -> Option<u32> {
        let distance_um = self.ray_distance_um(from, direction, reach_mm)?;
        Some(u32::try_from(distance_um / 1_000).expect("a hit lies between 0 and the reach"))
    }
}

impl Clip {
    /// Millimetres along the ray to where it enters the solid.
    fn entry_mm(&self, from: Vec3Mm, direction: [f32; 3], reach_mm: f64) -> Option<f64> {
        let start = minus(from, self.origin);
        let start = [f64::from(start.x), f64::from(start.y), f64::from(start.z)];
        let direction = direction.map(f64::from);
        let (mut enter_mm, mut leave_mm) = (0.0, reach_mm);
        for plane in &self.planes {
            let outside_mm = dot(plane.normal, start) - plane.offset_mm;
            let approach = dot(plane.normal, direction);
            if approach == 0.0 {
                if outside_mm > 0.0 {
                    return None;
                }
                continue;
            }
            let crossing_mm = -outside_mm / approach;
            if approach < 0.0 && crossing_mm > enter_mm {
                enter_mm = crossing_mm;
            } else if approach > 0.0 && crossing_mm < leave_mm {
                leave_mm = crossing_mm;
            }
        }
        (enter_mm <= leave_mm).then_some(enter_mm)
    }
}
