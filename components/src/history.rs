//! Past poses, for judging shots at what their shooter saw.

use bevy_ecs::component::Component;

use crate::canon::{Canon, CanonError, Reader};
use crate::limits::HISTORY_TICKS;
use crate::quantity::Pose;
use crate::tick::Tick;

/// The poses of the last [`HISTORY_TICKS`] ticks, at `tick % HISTORY_TICKS`.
#[derive(Component, Clone, Debug, PartialEq, Eq)]
pub struct History {
    poses: [Pose; HISTORY_TICKS],
}

impl History {
    pub fn standing_at(pose: Pose) -> Self {
        Self { poses: [pose; HISTORY_TICKS] }
    }

    pub fn record(&mut self, tick: Tick, pose: Pose) {
        self.poses[tick.0 as usize % HISTORY_TICKS] = pose;
    }

    /// The pose at `tick`, which must be one of the last [`HISTORY_TICKS`].
    pub fn at(&self, tick: Tick) -> Pose {
        self.poses[tick.0 as usize % HISTORY_TICKS]
    }
}

impl Canon for History {
    fn put(&self, out: &mut Vec<u8>) {
        self.poses.iter().for_each(|pose| pose.put(out));
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        let mut history = Self::standing_at(Pose::default());
        for pose in &mut history.poses {
            *pose = Pose::take(reader)?;
        }
        Ok(history)
    }
}
