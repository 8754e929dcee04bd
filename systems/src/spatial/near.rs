//! What of a level is near enough to a body that it could touch it, and whether it does.

use combat_components::quantity::Vec3Mm;
use rapier3d::geometry::{Aabb, Capsule, Collider, Shape};
use rapier3d::math::{Pose, Vector};
use rapier3d::parry::bounding_volume::BoundingVolume;
use rapier3d::parry::query;

use super::clip::Spine;
use super::{Level, Standing, to_metres};

/// An upright capsule where a body has its feet.
pub(super) struct Placed<'a> {
    shape: &'a Capsule,
    pub(super) pose: Pose,
    bounds: Aabb,
    pub(super) spine: Spine,
}

impl Placed<'_> {
    fn touches(&self, solid: &Collider) -> bool {
        let found = query::intersection_test(&self.pose, self.shape, solid.position(), solid.shape());
        found.is_ok_and(|found| found.intersecting)
    }

    fn is_near(&self, solid: &Standing) -> bool {
        solid.bounds.intersects(&self.bounds) && !solid.clip.is_apart(&self.spine)
    }

    pub(super) fn is_inside(&self, solid: &Standing) -> bool {
        self.is_near(solid) && self.touches(&solid.collider)
    }
}

impl Level {
    /// Whether a body with its feet at `at` would be inside solid by more than the skin. Allocates nothing.
    pub fn overlaps(&self, at: Vec3Mm) -> bool {
        self.touches(&self.capsule, at)
    }

    pub(super) fn touches(&self, shape: &Capsule, feet: Vec3Mm) -> bool {
        let body = self.placed(shape, feet);
        self.near(&body).any(|solid| body.touches(solid))
    }

    /// The solids that it could touch: those that no plane of theirs keeps away from it. None of them once [`Self::within`] has
    /// as many as it may.
    pub(super) fn near(&self, body: &Placed<'_>) -> impl Iterator<Item = &Collider> {
        let (bounds, spine) = (body.bounds, body.spine);
        let leaves = self.queries().bvh.leaves(move |node| node.aabb().intersects(&bounds));
        let of_the_map = leaves.filter_map(move |leaf| {
            let is_apart = self.fixed.clips[leaf as usize].is_apart(&spine);
            if is_apart { None } else { self.fixed.colliders.get_unknown_gen(leaf).map(|(solid, _)| solid) }
        });
        let extras = self.extra().filter(|solid| body.is_near(solid)).map(|solid| &solid.collider);
        of_the_map.chain(extras).take_while(|_| self.effort.spend())
    }

    pub(super) fn placed<'a>(&self, shape: &'a Capsule, feet: Vec3Mm) -> Placed<'a> {
        let middle = Vector::new(0.0, self.height_mm as f32 / 2_000.0, 0.0);
        let pose = Pose::from_translation(to_metres(feet) + middle);
        let [x, y, z] = [feet.x, feet.y, feet.z].map(f64::from);
        let mm = |metres: f32| f64::from(metres) * 1_000.0;
        let spine = Spine {
            middle_mm: [x, y + f64::from(self.height_mm) / 2.0, z],
            half_mm: mm(shape.half_height()),
            radius_mm: mm(shape.radius),
        };
        Placed { shape, pose, bounds: shape.compute_aabb(&pose), spine }
    }
}
