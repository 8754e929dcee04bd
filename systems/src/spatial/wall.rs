//! What stands beside a body and may stop or turn it.

use combat_components::quantity::Vec3Mm;
use rapier3d::geometry::Capsule;

use super::{Level, raised};

impl Level {
    /// Whether something that is no ground lies within half a radius beside a body with its feet at `at`.
    ///
    /// What a body can step on counts when it is higher than about half a radius; a slope of up to 45° under its
    /// feet does not. Allocates nothing.
    pub fn beside_wall(&self, at: Vec3Mm) -> bool {
        let (radius_mm, lift_mm) = (self.radius_mm + self.radius_mm / 2, self.radius_mm / 4);
        let spine_mm = (self.height_mm - lift_mm - 2 * radius_mm).max(0);
        let bumper = Capsule::new_y(spine_mm as f32 / 2_000.0, radius_mm as f32 / 1_000.0);
        let middle_mm = lift_mm + radius_mm + spine_mm / 2;
        self.touches(&bumper, raised(at, middle_mm - self.height_mm / 2))
    }
}
