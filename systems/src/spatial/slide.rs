//! Moving a body in one direction until something stops it, as a dash does.

use combat_components::quantity::{Pitch, Vec3Mm, Yaw};

use super::{Level, raised};
use crate::formulas::aim;

/// Sub-steps of one slide: 50 m in steps of a thin body's half radius.
const SLIDE_STEPS_MAX: i32 = 1_024;

/// A sub-step is never shorter: below this the walk up a ramp would drown in rounding.
const SLIDE_STEP_MM_MIN: i32 = 50;

/// So often a solid that no plane keeps away is held against a body in one slide, which then ends where it has come: ten
/// times what a dash of the default rules takes up stairs between two walls.
const NEAR_SOLIDS_PER_SLIDE_MAX: u32 = 2_048;

impl Level {
    /// Moves a body from `from` up to `reach_mm` along `direction`, horizontally, to the last free millimetre.
    ///
    /// A body that starts on the ground follows ramps and steps of at most `step_height_mm` (at most the radius)
    /// up and down, and flies on level where the ground ends; one in the air keeps its height. A body's bottom is
    /// round, so an edge up to 0.86 radii higher than a step still gives footing. Among very many solids it ends early.
    /// The result never overlaps unless `from` does, and lies within the bounds. Allocates nothing.
    pub fn slide_until_blocked(
        &self,
        from: Vec3Mm,
        direction: Yaw,
        reach_mm: i32,
        step_height_mm: i32,
    ) -> Vec3Mm {
        let mut at = from;
        // Where more is needed, `at` is where it had come by then.
        let _ = self.within(NEAR_SOLIDS_PER_SLIDE_MAX, |level| {
            level.slide(&mut at, direction, reach_mm, step_height_mm);
        });
        at
    }

    /// The sub-steps of a slide: what it costs goes by their number.
    pub(crate) fn slide_step_mm(&self, step_height_mm: i32) -> i32 {
        (self.radius_mm / 2).min(step_height_mm.max(SLIDE_STEP_MM_MIN))
    }

    /// Moves `at` on for as long as the level answers.
    fn slide(&self, at: &mut Vec3Mm, direction: Yaw, reach_mm: i32, step_height_mm: i32) {
        let from = *at;
        let step_mm = self.slide_step_mm(step_height_mm);
        let follows = self.grounded(from);
        let [x, _, z] = aim::direction(direction, Pitch::default());
        let along = |at: Vec3Mm, moved_mm: i32| Vec3Mm {
            x: from.x + libm::roundf(x * moved_mm as f32) as i32,
            z: from.z + libm::roundf(z * moved_mm as f32) as i32,
            y: at.y,
        };
        let mut moved_mm = 0;
        for _ in 0..SLIDE_STEPS_MAX {
            if moved_mm >= reach_mm {
                break;
            }
            let next_mm = (moved_mm + step_mm).min(reach_mm);
            let level = along(*at, next_mm);
            let next = if self.is_open(level) {
                Some((next_mm, level))
            } else if follows {
                (0..=self.radius_mm / step_mm)
                    .map(|ahead| next_mm + ahead * step_mm)
                    .take_while(|&mm| mm <= reach_mm)
                    .find_map(|mm| Some((mm, self.step_up(*at, along(*at, mm), step_height_mm)?)))
            } else {
                None
            };
            let Some((next_mm, next)) = next else {
                let last = self.last_open(*at, |mm| along(*at, mm), moved_mm, next_mm);
                *at = if self.is_spent() { *at } else { last };
                return;
            };
            let next = if follows { self.snap_down(next, step_height_mm) } else { next };
            if self.is_spent() {
                return;
            }
            (*at, moved_mm) = (next, next_mm);
        }
    }

    fn is_open(&self, at: Vec3Mm) -> bool {
        self.contains(at) && !self.overlaps(at)
    }

    /// Over an edge or up a ramp from `at` to a footing above `blocked`, which lies at the same height and at most
    /// two radii away.
    pub(super) fn step_up(&self, at: Vec3Mm, blocked: Vec3Mm, step_height_mm: i32) -> Option<Vec3Mm> {
        let (lifted, over) = (raised(at, step_height_mm), raised(blocked, step_height_mm));
        if step_height_mm <= 0 || !self.is_open(lifted) || !self.is_open(over) {
            return None;
        }
        let rest = self.rest_between(over, over.y, blocked.y);
        self.grounded(rest).then_some(rest)
    }

    /// Down to the ground when there is some within `step_height_mm`.
    fn snap_down(&self, at: Vec3Mm, step_height_mm: i32) -> Vec3Mm {
        let deepest_mm = step_height_mm.max(super::SKIN_MM);
        let Some(rest) = self.rest_within(at, deepest_mm) else {
            return at;
        };
        if self.contains(rest) { rest } else { at }
    }

    /// Bisects between `open_mm`, where the body is, and `blocked_mm`.
    fn last_open(
        &self,
        at: Vec3Mm,
        along: impl Fn(i32) -> Vec3Mm,
        mut open_mm: i32,
        mut blocked_mm: i32,
    ) -> Vec3Mm {
        let mut last = at;
        while blocked_mm - open_mm > 1 {
            let middle_mm = open_mm + (blocked_mm - open_mm) / 2;
            let middle = along(middle_mm);
            if self.is_open(middle) {
                (open_mm, last) = (middle_mm, middle);
            } else {
                blocked_mm = middle_mm;
            }
        }
        last
    }
}
