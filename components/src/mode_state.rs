//! What a mode keeps of its own.

use arrayvec::ArrayVec;
use bevy_ecs::resource::Resource;

use crate::canon_newtype;
use crate::limits::MODE_NUMBERS_MAX;

/// Whole numbers whose meaning is the mode's: rounds won, who carries what. As many as it keeps, through a whole session.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct ModeState(pub ArrayVec<i32, MODE_NUMBERS_MAX>);
canon_newtype!(ModeState);

impl ModeState {
    /// `None` when they are more than there is room for.
    pub fn zeros(count: usize) -> Option<Self> {
        (count <= MODE_NUMBERS_MAX).then(|| Self(std::iter::repeat_n(0, count).collect()))
    }
}
