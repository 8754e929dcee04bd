//! The way walked since the last claim, as the fewest straight pieces that a level lets pass.

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
}

impl Trail {
    pub fn starting(at: Vec3Mm) -> Self {
        Self {
            from: at,
            at,
            bends: ArrayVec::new(),
        }
    }

    pub fn at(&self) -> Vec3Mm {
        self.at
    }

    pub fn bends(&self) -> &ArrayVec<Vec3Mm, SUB_POSES_MAX> {
        &self.bends
    }

    /// Adds one step. `false` leaves the trail as it was: it has bent too often, so [`Self::claimed`] comes first.
    pub fn add(&mut self, level: &Level, walked: &Walked) -> bool {
        let before = (self.at, self.bends.clone());
        let added = walked
            .via
            .into_iter()
            .chain([walked.at])
            .all(|to| self.go(level, to));
        if !added {
            (self.at, self.bends) = before;
        }
        added
    }

    /// The way so far has been claimed; the next one starts here.
    pub fn claimed(&mut self) {
        *self = Self::starting(self.at);
    }

    fn go(&mut self, level: &Level, to: Vec3Mm) -> bool {
        let corner = self.bends.last().copied().unwrap_or(self.from);
        if !level.path_is_free(corner, to) {
            let bends = corner != self.at && level.path_is_free(self.at, to);
            if !bends || self.bends.try_push(self.at).is_err() {
                return false;
            }
        }
        self.at = to;
        true
    }
}
