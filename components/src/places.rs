//! How much looking for places for bodies may still cost a session: to appear, and to be put out of another body.

use bevy_ecs::resource::Resource;

use crate::canon_newtype;

/// What a session may save, counted in places that are asked for: enough for 64 who join in one tick beside two spawn
/// points, and once more when their match begins.
pub const PLACES_MAX: u32 = 32_768;

/// What every tick gives back: whatever joins, leaves and deaths a log holds, its ticks cost no more than these and the end of a way on average. In a
/// session at 32 Hz all of them are there again after 16 s.
const PLACES_PER_TICK: u32 = 64;

/// How many more places may be asked for. Who comes after them stands where the spawn point is, and is put out, in his turn, if
/// that is inside somebody.
#[derive(Resource, Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlacesLeft(u32);
canon_newtype!(PlacesLeft);

impl Default for PlacesLeft {
    fn default() -> Self {
        Self(PLACES_MAX)
    }
}

impl PlacesLeft {
    pub fn get(self) -> u32 {
        self.0
    }

    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    pub fn is_possible(self) -> bool {
        self.0 <= PLACES_MAX
    }

    pub fn give_back(&mut self) {
        self.0 = self.0.saturating_add(PLACES_PER_TICK).min(PLACES_MAX);
    }

    /// Spends `count`, or all that are left.
    pub fn spend(&mut self, count: u32) {
        self.0 = self.0.saturating_sub(count);
    }
}
