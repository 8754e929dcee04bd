//! Digests of rings: a sum over what they hold, so that one entry goes out and another comes in at the cost of two.

use crate::quantity::Pose;

/// Two integers as one, every bit of which depends on both: the halves of their product, folded, after each was moved
/// off zero by a constant of wyhash. Not meant to withstand somebody who looks for two that give the same: the log's
/// own digest is for that.
pub fn mixed(a: u64, b: u64) -> u64 {
    // Two u64 cannot overflow an u128; where overflow is checked, asking costs more than all the rest.
    let product = u128::from(a ^ 0xa076_1d64_78bd_642f).wrapping_mul(u128::from(b ^ 0xe703_7ed1_a0b4_28db));
    (product >> 64) as u64 ^ product as u64
}

/// A pose, and what else tells it from others.
pub(crate) fn of_pose(pose: &Pose, beside: u64) -> u64 {
    let [x, y, z] = [pose.at.x, pose.at.y, pose.at.z].map(|part| u64::from(part as u32));
    let turns = u64::from(pose.yaw.0) << 16 | u64::from(pose.pitch.turn() as u16);
    mixed((x | y << 32) ^ beside.wrapping_mul(0x9e37_79b9_7f4a_7c15), z | turns << 32)
}
