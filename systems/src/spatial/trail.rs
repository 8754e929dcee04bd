//! The way walked since the last claim, as the fewest straight pieces that a level lets pass and that say where the
//! body landed and left the ground.

use arrayvec::ArrayVec;
use combat_components::limits::SUB_POSES_MAX;
use combat_components::quantity::Vec3Mm;

use super::{Level, Walked};

/// What a claim says of the way: up to [`SUB_POSES_MAX`] bends between the last claim and here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trail {
    /// The last claimed point.
    from: Vec3Mm,
    at: Vec3Mm,
    bends: ArrayVec<Vec3Mm, SUB_POSES_MAX>,
    /// Whether there was ground at the point before, and at `at`.
    stood: bool,
    stands: bool,
}

impl Trail {
    pub fn starting(at: Vec3Mm) -> Self {
        Self { from: at, at, bends: ArrayVec::new(), stood: true, stands: true }
    }

    pub fn at(&self) -> Vec3Mm {
        self.at
    }

    pub fn bends(&self) -> &ArrayVec<Vec3Mm, SUB_POSES_MAX> {
        &self.bends
    }

    /// Adds one step. `false` leaves the trail as it was: it has bent too often, so [`Self::claimed`] comes first.
    pub fn add(&mut self, level: &Level, walked: &Walked) -> bool {
        let before = self.clone();
        let stands = level.grounded(walked.at);
        let corner = walked.via.map(|via| (via, level.grounded(via)));
        let mut steps = corner.into_iter().chain([(walked.at, stands)]);
        let added = steps.all(|(to, stands)| self.go(level, to, stands));
        if !added {
            *self = before;
        }
        added
    }

    /// The way so far has been claimed; the next one starts here.
    pub fn claimed(&mut self) {
        *self = Self { stood: self.stood, stands: self.stands, ..Self::starting(self.at) };
    }

    fn go(&mut self, level: &Level, to: Vec3Mm, stands: bool) -> bool {
        let corner = self.bends.last().copied().unwrap_or(self.from);
        let touches_down_or_leaves = self.stands && !(self.stood && stands) && corner != self.at;
        let is_steep = self.stands && stands && corner != self.at && steeper_than_45(corner, to);
        if touches_down_or_leaves || is_steep || !level.path_is_free(corner, to) {
            let bends = corner != self.at && level.path_is_free(self.at, to);
            if !bends || self.bends.try_push(self.at).is_err() {
                return false;
            }
        }
        (self.stood, self.stands, self.at) = (self.stands, stands, to);
        true
    }
}

fn steeper_than_45(from: Vec3Mm, to: Vec3Mm) -> bool {
    let rise = i64::from(to.y) - i64::from(from.y);
    rise > 0 && rise * rise > from.horizontal_distance_squared(to)
}
