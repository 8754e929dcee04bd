//! Convex solids as the planes that bound them: what a plane keeps away need not be searched for.

use combat_components::map::{Solid, hull};
use combat_components::quantity::Vec3Mm;

/// rapier answers in `f32` metres: of solids of a few metres, what is further apart than this touches nothing by its answer
/// either. Along the edges of longer ones it errs by more, where no plane keeps a body away.
const APART_MM: f64 = 1.0;

/// A convex solid as the planes that bound it.
#[derive(Clone, Debug)]
pub(super) struct Clip {
    pub(super) origin: Vec3Mm,
    pub(super) planes: Vec<Plane>,
}

/// A point lies inside when `normal · (point − origin) <= offset_mm`; `normal` has unit length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plane {
    pub(super) normal: [f64; 3],
    pub(super) offset_mm: f64,
}

/// An upright capsule as the line that it is round about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spine {
    pub middle_mm: [f64; 3],
    pub half_mm: f64,
    pub radius_mm: f64,
}

impl Clip {
    /// `None` when a hull has no volume: whatever has faces, in exact arithmetic, has one.
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

    /// Whether one of the planes keeps a capsule well away. Where none does, they may be apart all the same.
    pub(super) fn is_apart(&self, spine: &Spine) -> bool {
        let [x, y, z] = spine.middle_mm;
        let middle =
            [x - f64::from(self.origin.x), y - f64::from(self.origin.y), z - f64::from(self.origin.z)];
        self.planes.iter().any(|plane| {
            let nearest_mm =
                dot(plane.normal, middle) - plane.normal[1].abs() * spine.half_mm - spine.radius_mm;
            nearest_mm > plane.offset_mm + APART_MM
        })
    }
}

impl Plane {
    fn of(face: &hull::HullFace, origin: Vec3Mm) -> Self {
        let normal = face.normal.map(|part| part as f64);
        let length = dot(normal, normal).sqrt();
        Self { normal: normal.map(|part| part / length), offset_mm: -face.excess(origin) as f64 / length }
    }
}

pub(super) fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

#[cfg(test)]
mod tests {
    use combat_components::map::{Bounds, Map};
    use combat_components::quantity::Yaw;
    use combat_components::streams::Stream;

    use super::super::Level;
    use super::*;
    use crate::formulas::BODY;

    /// Cuboids and hulls of all sizes and turns, far from the origin too, where `f32` is coarse.
    fn solids(stream: &mut Stream, middle: Vec3Mm) -> Vec<Solid> {
        let near = |stream: &mut Stream, mm: u32| {
            let mut part = || stream.below(2 * mm + 1) as i32 - mm as i32;
            Vec3Mm::new(middle.x + part(), middle.y + part(), middle.z + part())
        };
        let mut solids: Vec<Solid> = (0..20)
            .map(|_| {
                let most = [200, 2_000, 9_000][stream.below(3) as usize];
                let mut size = || 20 + stream.below(most) as i32;
                let size = Vec3Mm::new(size(), size(), size());
                Solid::Cuboid { center: near(stream, 3_000), size, yaw: Yaw(stream.draw() as u16) }
            })
            .collect();
        let hulls = (0..10).map(|_| Solid::Hull { points: (0..8).map(|_| near(stream, 2_500)).collect() });
        solids.extend(hulls);
        solids
    }

    #[test]
    fn what_the_planes_keep_apart_touches_nothing_by_rapiers_own_answer() {
        let (mut kept_apart, mut touched) = (0, 0);
        for (seed, away_mm) in [(1, 0), (2, 40_000), (3, 190_000)] {
            let mut stream = Stream::of(seed, 12);
            let middle = Vec3Mm::new(away_mm, 0, -away_mm);
            let bound = Vec3Mm::new(300_000, 100_000, 300_000);
            let map = Map {
                id: "clips".into(),
                name: "Clips".into(),
                max_players: 2,
                bounds: Bounds { min: Vec3Mm::new(-bound.x, -bound.y, -bound.z), max: bound },
                solids: solids(&mut stream, middle),
                spawns: Vec::new(),
            };
            let level = Level::build(&map, &BODY).expect("every solid has volume");
            for _ in 0..20_000 {
                let mut part = || stream.below(12_001) as i32 - 6_000;
                let at = Vec3Mm::new(middle.x + part(), middle.y + part(), middle.z + part());
                let body = level.placed(&level.capsule, at);
                let spine = body.spine;
                let queries = level.queries();
                let found: Vec<_> = queries.intersect_shape(body.pose, &level.capsule).collect();
                assert_eq!(level.overlaps(at), !found.is_empty(), "seed {seed}, {at:?}");
                for (handle, _) in found {
                    let solid = handle.into_raw_parts().0 as usize;
                    assert!(!level.fixed.clips[solid].is_apart(&spine), "seed {seed}, {at:?}, solid {solid}");
                    touched += 1;
                }
                kept_apart += level.fixed.clips.iter().filter(|clip| clip.is_apart(&spine)).count();
            }
        }
        assert!(touched > 20_000 && kept_apart > 1_000_000, "{touched} touched, {kept_apart} kept apart");
    }
}
