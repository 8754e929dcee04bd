//! Past poses, for judging shots at what their shooter saw.

use bevy_ecs::component::Component;

use crate::canon::{Canon, CanonError, Reader, Trail};
use crate::digest::of_pose;
use crate::limits::HISTORY_TICKS;
use crate::quantity::Pose;
use crate::tick::Tick;

/// The poses of the last [`HISTORY_TICKS`] ticks, at `tick % HISTORY_TICKS`.
#[derive(Component, Clone, Debug, PartialEq, Eq)]
pub struct History {
    poses: [Pose; HISTORY_TICKS],
    /// Of all poses and their places, kept up with each that is recorded: it follows from them and is not read.
    digest: u64,
}

impl History {
    pub fn standing_at(pose: Pose) -> Self {
        Self::of([pose; HISTORY_TICKS])
    }

    fn of(poses: [Pose; HISTORY_TICKS]) -> Self {
        let digest = poses.iter().enumerate().map(|(place, pose)| of_pose(pose, place as u64));
        Self { digest: digest.fold(0, u64::wrapping_add), poses }
    }

    pub fn record(&mut self, tick: Tick, pose: Pose) {
        let place = tick.0 as usize % HISTORY_TICKS;
        if self.poses[place] == pose {
            return;
        }
        let before = of_pose(&self.poses[place], place as u64);
        self.digest = self.digest.wrapping_sub(before).wrapping_add(of_pose(&pose, place as u64));
        self.poses[place] = pose;
    }

    /// The pose at `tick`, which must be one of the last [`HISTORY_TICKS`].
    pub fn at(&self, tick: Tick) -> Pose {
        self.poses[tick.0 as usize % HISTORY_TICKS]
    }

    /// What the root covers in place of all poses.
    pub fn digest(&self) -> u64 {
        self.digest
    }
}

impl Canon for History {
    fn put(&self, out: &mut Vec<u8>) {
        self.poses.put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        Canon::take(reader).map(Self::of)
    }

    fn trace(reader: &mut Reader<'_>, trail: &mut Trail<'_>) -> Result<(), CanonError> {
        trail.field("poses", reader, |history: &Self| Some(&history.poses))
    }
}
