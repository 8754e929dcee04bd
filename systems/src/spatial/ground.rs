//! Standing and falling.

use combat_components::quantity::Vec3Mm;
use rapier3d::geometry::Capsule;

use super::{Level, raised};

/// How far below its feet a body still finds ground.
pub const GROUND_PROBE_MM: i32 = 30;

/// A body that has fallen ends this far above first contact, so that its feet are level with a flat floor.
pub const REST_GAP_MM: i32 = 1;

/// The probe is narrower than the body by this and the skin. Lowered, it meets slopes and edges of up to 82°, so that
/// a body can roll onto a step, and with up to 17 mm between every slope that can be walked, but no wall: one that
/// leans by 1° stays 1.4 mm away from the deepest pose that is free, twice what rapier errs by.
pub(super) const PROBE_NARROWING_MM: i32 = 2;

/// Raised as the other one is lowered, a probe so much narrower meets what slopes by up to 53° (its cosine is 0.6) where a
/// body touches it, and by 45° from 3 mm away.
const CROWN_NARROWING_MM: i32 = 18;

const _: () = assert!(CROWN_NARROWING_MM * 10 == GROUND_PROBE_MM * 6);

/// Downward steps of one fall, each at most the radius: 200 m at the thinnest body allowed.
const FALL_STEPS_MAX: u32 = 2_048;

const _: () = assert!(REST_GAP_MM < super::SKIN_MM);

impl Level {
    /// Whether a body with its feet at `at` stands on something. Allocates nothing.
    pub fn grounded(&self, at: Vec3Mm) -> bool {
        self.touches(&self.probe, raised(at, -GROUND_PROBE_MM))
    }

    /// Whether something that slopes by no more than about 45° is right above a body with its feet at `at`; a wall that
    /// leans over it is not. Allocates nothing.
    pub fn under_ceiling(&self, at: Vec3Mm) -> bool {
        let crown =
            Capsule { radius: self.capsule.radius - CROWN_NARROWING_MM as f32 / 1_000.0, ..self.capsule };
        self.touches(&crown, raised(at, GROUND_PROBE_MM))
    }

    /// Where a body with its feet at `at` comes to rest falling straight down; never above `at`, never overlapping.
    ///
    /// `None` when it overlaps already, leaves the bounds or finds nothing within 2,048 radii. Allocates nothing.
    pub fn ground_below(&self, at: Vec3Mm) -> Option<Vec3Mm> {
        if self.overlaps(at) {
            return None;
        }
        let mut free_y = at.y;
        for _ in 0..FALL_STEPS_MAX {
            let y = free_y - self.radius_mm;
            if self.overlaps(Vec3Mm { y, ..at }) {
                let rest = self.rest_between(at, free_y, y);
                return self.contains(rest).then_some(rest);
            }
            if y < self.bounds.min.y {
                return None;
            }
            free_y = y;
        }
        None
    }

    /// As [`Self::rest_between`], from `at` down, where ground is likely to be near: looks twice as far each time.
    ///
    /// `None` when there is none within `deepest_mm`.
    pub(super) fn rest_within(&self, at: Vec3Mm, deepest_mm: i32) -> Option<Vec3Mm> {
        let (mut free_mm, mut look_mm) = (0, super::SKIN_MM);
        loop {
            look_mm = look_mm.min(deepest_mm);
            if self.overlaps(raised(at, -look_mm)) {
                return Some(self.rest_between(at, at.y - free_mm, at.y - look_mm));
            }
            if look_mm == deepest_mm {
                return None;
            }
            (free_mm, look_mm) = (look_mm, look_mm * 2);
        }
    }

    /// `free_y` is free and `solid_y` below it is not: bisects to the lowest free millimetre and adds the gap.
    pub(super) fn rest_between(&self, at: Vec3Mm, mut free_y: i32, mut solid_y: i32) -> Vec3Mm {
        while free_y - solid_y > 1 {
            let y = solid_y + (free_y - solid_y) / 2;
            if self.overlaps(Vec3Mm { y, ..at }) { solid_y = y } else { free_y = y }
        }
        let eased = Vec3Mm { y: (free_y + REST_GAP_MM).min(at.y), ..at };
        if self.overlaps(eased) { Vec3Mm { y: free_y, ..at } } else { eased }
    }
}
