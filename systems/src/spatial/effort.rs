//! How much of a level may be asked about for one claim or slide: whatever rules and maps are, each stays cheap.

use std::sync::atomic::{AtomicU32, Ordering};

use super::Level;

/// So often a solid that no plane keeps away is held against a body for one claim. None of a golden log needs more than 14, and
/// none of the walks and lies of the tests more than 228, and what is legal up treads at the loaders' limits 295; each takes up
/// to 2 µs, beside the longest solids.
pub(crate) const NEAR_SOLIDS_PER_CLAIM_MAX: u32 = 512;

const UNBOUNDED: u32 = u32::MAX;

/// What is left to be asked: of a level that anybody may ask at once no number, of one that is made for a counted question a
/// number of its own.
#[derive(Debug)]
pub(super) struct Effort(AtomicU32);

impl Default for Effort {
    fn default() -> Self {
        Self(AtomicU32::new(UNBOUNDED))
    }
}

impl Clone for Effort {
    /// Whoever asks the copy is not counted.
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
    /// when it needs more, and then what it was told at the end is not so: nothing is near. Only what is asked of the level that
    /// is handed to it counts.
    pub(crate) fn within<T>(&self, solids_max: u32, ask: impl FnOnce(&Self) -> T) -> Option<T> {
        let counted = Self { effort: Effort(AtomicU32::new(solids_max + 1)), ..self.clone() };
        let found = ask(&counted);
        (!counted.is_spent()).then_some(found)
    }

    /// Whether a counted question has no more to look at: what was answered last may not be so.
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

    fn level() -> Level {
        let bound = Vec3Mm::new(50_000, 50_000, 50_000);
        let map = Map {
            id: "effort".into(),
            name: "Effort".into(),
            max_players: 2,
            bounds: Bounds { min: Vec3Mm::new(-bound.x, -bound.y, -bound.z), max: bound },
            solids: vec![Solid::Cuboid { center: Vec3Mm::default(), size: bound, yaw: Yaw(0) }],
            spawns: Vec::new(),
        };
        Level::build(&map, &BODY).expect("it has volume")
    }

    fn ask(level: &Level, times: i32) -> usize {
        (0..times).filter(|y| level.overlaps(Vec3Mm::new(0, *y, 0))).count()
    }

    #[test]
    fn who_asks_too_much_is_told_so_and_the_next_question_is_answered_as_ever() {
        let level = level();
        assert_eq!(level.within(10, |level| ask(level, 10)), Some(10));
        assert_eq!(level.within(10, |level| ask(level, 11)), None);
        assert_eq!(level.within(10, |level| ask(level, 1_000)), None);
        assert_eq!(ask(&level, 1_000), 1_000, "whoever asks for no claim");
    }

    #[test]
    fn of_those_who_ask_one_level_at_once_each_is_counted_for_himself() {
        let level = level();
        let both = level.within(10, |first| {
            let second = level.within(5, |second| (ask(first, 5), ask(second, 5), ask(&level, 20)));
            (second, ask(first, 5))
        });
        assert_eq!(both, Some((Some((5, 5, 20)), 5)));
    }

    #[test]
    fn what_stands_beside_the_map_counts_too() {
        let mut level = level();
        let (center, size) = (Vec3Mm::new(0, 40_000, 0), Vec3Mm::new(2_000, 10_000, 2_000));
        level.stand([Solid::Cuboid { center, size, yaw: Yaw(0) }].into_iter());
        let ask = |level: &Level, times: i32| {
            (0..times).filter(|y| level.overlaps(Vec3Mm::new(0, 38_000 + y, 0))).count()
        };
        assert_eq!(level.within(10, |level| ask(level, 10)), Some(10));
        assert_eq!(level.within(10, |level| ask(level, 11)), None);
    }
}
