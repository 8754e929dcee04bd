//! Rays against solids. rapier's tree finds the candidates; the cut itself is our own arithmetic.
//!
//! rapier's casts use an iterative search that is known to miss at seams; clipping a ray by the face planes of a
//! convex solid cannot, and needs no allocation.

use combat_components::map::{Solid, hull};
use combat_components::quantity::Vec3Mm;
use rapier3d::geometry::{Ray, RayCast};
use rapier3d::math::Vector;
use rapier3d::parry::bounding_volume::BoundingVolume;

use super::{Level, minus, to_metres};

/// The tree's boxes are grown by this much, so that rounding never hides a solid from a ray along its face.
const BOX_MARGIN_M: f32 = 0.002;

/// A convex solid as the planes that bound it.
#[derive(Clone, Debug)]
pub(super) struct Clip {
    origin: Vec3Mm,
    planes: Vec<Plane>,
}

/// A point lies inside when `normal · (point − origin) <= offset_mm`; `normal` has unit length.
#[derive(Clone, Copy, Debug)]
struct Plane {
    normal: [f64; 3],
    offset_mm: f64,
}

impl Level {
    /// Micrometres from `from` along the unit vector `direction` to the first solid within `reach_mm`.
    ///
    /// 0 when `from` is inside solid. A ray that runs exactly along a face meets it. Allocates nothing.
    pub fn ray_distance_um(&self, from: Vec3Mm, direction: [f32; 3], reach_mm: u32) -> Option<i64> {
        let ray = Ray::new(to_metres(from), Vector::from_array(direction));
        let reach_m = reach_mm as f32 / 1_000.0 + BOX_MARGIN_M;
        let queries = self.queries();
        let candidates =
            queries.bvh.leaves(|node| node.aabb().loosened(BOX_MARGIN_M).intersects_local_ray(&ray, reach_m));
        let mut nearest_mm: Option<f64> = None;
        for leaf in candidates {
            let hit_mm = self.clips[leaf as usize].entry_mm(from, direction, f64::from(reach_mm));
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
    /// `None` when a hull has no volume.
    pub(super) fn of(solid: &Solid) -> Option<Self> {
        match solid {
            Solid::Cuboid { center, size, yaw } => {
                let (sin, cos) = libm::sincos(f64::from(yaw.0) * (std::f64::consts::TAU / 65_536.0));
                let axes = [([cos, 0.0, -sin], size.x), ([0.0, 1.0, 0.0], size.y), ([sin, 0.0, cos], size.z)];
                let planes = axes.into_iter().flat_map(|(axis, size_mm)| {
                    let offset_mm = f64::from(size_mm) / 2.0;
                    [axis, axis.map(|part| -part)].map(|normal| Plane { normal, offset_mm })
                });
                Some(Self { origin: *center, planes: planes.collect() })
            }
            Solid::Hull { points } => {
                let origin = *points.first()?;
                let faces = hull::faces(points)?;
                Some(Self { origin, planes: faces.iter().map(|face| Plane::of(face, origin)).collect() })
            }
        }
    }

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

impl Plane {
    fn of(face: &hull::HullFace, origin: Vec3Mm) -> Self {
        let normal = face.normal.map(|part| part as f64);
        let length = dot(normal, normal).sqrt();
        Self { normal: normal.map(|part| part / length), offset_mm: -face.excess(origin) as f64 / length }
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
