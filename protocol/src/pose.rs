//! A pose as it stands in messages: one spelling, and one way from and to it.

use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};

use crate::codec::declare::record;
use crate::codec::form::Spread;
use crate::view::PublicPlayer;

record! {
    /// Where a body stands and looks; as raw as it arrived.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct WirePose {
        /// where the body stands, in millimetres, at most 1,000,000 from the origin
        at ["x", "y", "z"]: [i32; 3] as Spread,
        /// heading
        yaw "yaw": u16,
        /// elevation, −16,201 to 16,201
        pitch "pitch": i16,
    }
}

impl From<Pose> for WirePose {
    fn from(Pose { at, yaw, pitch }: Pose) -> Self {
        Self { at: [at.x, at.y, at.z], yaw: yaw.0, pitch: pitch.turn() }
    }
}

impl WirePose {
    /// As whoever is told it takes it: an elevation that no body can have is the nearest one.
    pub fn nearest(self) -> Pose {
        let Self { at: [x, y, z], yaw, pitch } = self;
        let pitch = Pitch::new(pitch.clamp(-Pitch::LIMIT, Pitch::LIMIT)).unwrap_or_default();
        Pose { at: Vec3Mm::new(x, y, z), yaw: Yaw(yaw), pitch }
    }
}

impl PublicPlayer {
    /// In a row each part of a pose is a field of its own, which can change alone.
    pub fn pose(&self) -> WirePose {
        let Self { x, y, z, yaw, pitch, .. } = *self;
        WirePose { at: [x, y, z], yaw: yaw as u16, pitch: pitch as i16 }
    }

    pub fn at(self, pose: WirePose) -> Self {
        let WirePose { at: [x, y, z], yaw, pitch } = pose;
        Self { x, y, z, yaw: yaw.into(), pitch: pitch.into(), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pose_comes_back_from_messages_and_rows_and_a_steeper_one_as_the_nearest() {
        let pitch = Pitch::new(-Pitch::LIMIT).expect("the limit is a pitch");
        let pose = Pose { at: Vec3Mm::new(-1, 2, i32::MAX), yaw: Yaw(u16::MAX), pitch };
        let told = WirePose::from(pose);
        assert_eq!((told.nearest(), PublicPlayer::default().at(told).pose()), (pose, told));
        assert_eq!(WirePose { pitch: i16::MIN, ..told }.nearest(), pose);
    }
}
