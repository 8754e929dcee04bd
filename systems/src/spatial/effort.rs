//! How much of a level may be asked about for one claim or slide: whatever rules and maps are, each stays cheap.

use std::sync::atomic::{AtomicU32, Ordering};

use super::Level;

/// So often a solid that no plane keeps away is held against a body for one claim. None of a golden log needs more than 14, and
/// none of the walks and lies of the tests more than 228, and what is legal up treads at the loaders' limits 295; each takes up to 2 µs, beside the longest solids.
pub(crate) const NEAR_SOLIDS_PER_CLAIM_MAX: u32 = 512;

const UNBOUNDED: u32 = u32::MAX;

/// What is left to be asked. A number that changes behind a shared reference, of a level that only its session asks; nothing
/// is left of it when the question has been answered.
#[derive(Debug)]
pub(super) struct Effort(AtomicU32);

impl Default for Effort {
    fn default() -> Self {
        Self(AtomicU32::new(UNBOUNDED))
    }
}

impl Clone for Effort {
    /// Of another session.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Effort {
    /// Whether one more solid may be looked at.
    pub(super) fn spend(&self) -> bool {
        match self.0.load(Ordering::Relaxed) {
            UNBOUNDED => true,
            0 => false,
            left => {
                self.0.store(left - 1, Ordering::Relaxed);
                true
            }
        }
    }
}

impl Level {
    /// What `ask` finds when it looks at no more than `solids_max` solids that no plane keeps away, once for every time; `None`
    /// when it needs more, and then what it was told at the end is not so: nothing is near.
    ///
    /// # Panics
    /// Inside another one of the same level, whose bound it would lift.
    pub(crate) fn within<T>(&self, solids_max: u32, ask: impl FnOnce() -> T) -> Option<T> {
        let before = self.effort.0.swap(solids_max + 1, Ordering::Relaxed);
        assert_eq!(before, UNBOUNDED, "one question at a time is counted");
        let found = ask();
        let left = self.effort.0.swap(UNBOUNDED, Ordering::Relaxed);
        (left > 0).then_some(found)
    }

    /// Whether [`Self::within`] has no more to look at: what was answered last may not be so.
    pub(super) fn is_spent(&self) -> bool {
        self.effort.0.load(Ordering::Relaxed) == 0
    }
}

#[cfg(test)]
mod tests {
    use combat_components::map::{Bounds, Map, Solid};
    use combat_components::quantity::{Vec3Mm, Yaw};

    use super::*;
    use crate::formulas::BODY;

    #[test]
    fn who_asks_too_much_is_told_so_and_the_next_question_is_answered_as_ever() {
        let bound = Vec3Mm::new(50_000, 50_000, 50_000);
        let map = Map {
            id: "effort".into(),
            name: "Effort".into(),
            max_players: 2,
            bounds: Bounds { min: Vec3Mm::new(-bound.x, -bound.y, -bound.z), max: bound },
            solids: vec![Solid::Cuboid { center: Vec3Mm::default(), size: bound, yaw: Yaw(0) }],
            spawns: Vec::new(),
        };
        let level = Level::build(&map, &BODY).expect("it has volume");
        let ask = |times: i32| (0..times).filter(|y| level.overlaps(Vec3Mm::new(0, *y, 0))).count();
        assert_eq!(level.within(10, || ask(10)), Some(10));
        assert_eq!(level.within(10, || ask(11)), None);
        assert_eq!(level.within(10, || ask(1_000)), None);
        assert_eq!(ask(1_000), 1_000, "whoever asks for no claim");
        assert_eq!(level.within(10, || level.clone().within(20, || ask(9))), Some(Some(9)));
    }
}
