//! What stands beside a body and may stop or turn it.

use combat_components::quantity::Vec3Mm;
use rapier3d::geometry::Capsule;

use super::{Level, SKIN_MM, raised};

impl Level {
    /// Whether something that is no ground lies within half a radius beside a body with its feet at `at`, or touches it.
    ///
    /// What a body can step on counts half a radius away when it is higher than about half a radius, and next to it
    /// when its round bottom meets it at more than 50°, which is at about 0.4; a slope of up to 45° under its feet
    /// does not. Allocates nothing.
    pub fn beside_wall(&self, at: Vec3Mm) -> bool {
        self.bumps(at, self.radius_mm / 2, self.radius_mm / 4)
            || self.bumps(at, self.radius_mm / 10, self.radius_mm / 20 + SKIN_MM + 1)
    }

    /// Whether a capsule wider than the body, and with its bottom higher, touches something. Both grow so that no slope
    /// of 45° under the feet is ever met: the lift is 0.41 of what it is wider, and the skin by which a body rests lower.
    fn bumps(&self, at: Vec3Mm, wider_mm: i32, lift_mm: i32) -> bool {
        let radius_mm = self.radius_mm + wider_mm;
        let spine_mm = (self.height_mm - lift_mm - 2 * radius_mm).max(0);
        let bumper = Capsule::new_y(spine_mm as f32 / 2_000.0, radius_mm as f32 / 1_000.0);
        let middle_mm = lift_mm + radius_mm + spine_mm / 2;
        self.touches(&bumper, raised(at, middle_mm - self.height_mm / 2))
    }
}
