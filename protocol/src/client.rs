//! What a client says: raw and untrusted, plain integers as they arrived.

use arrayvec::ArrayVec;
use combat_components::limits::SUB_POSES_MAX;

/// A claim of position, in millimetres and 1/65,536 turn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClaimMessage {
    pub input_seq: u32,
    pub client_tick: u32,
    pub x: i32,
    pub y: i32,
    pub z: i32,
    pub yaw: u16,
    pub pitch: i16,
    pub view_tick: u32,
    pub pose_epoch: u32,
    /// The newest frame this client has processed.
    pub seen_tick: u32,
    /// Whether the acknowledgement shall leave at once instead of with the next frame.
    pub ack: bool,
    /// Corners of the path since the last claim, oldest first.
    pub bends: ArrayVec<[i32; 3], SUB_POSES_MAX>,
}

/// Where an action is made from and what its actor saw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Aim {
    /// `inputSeq` of the claim it is made from; 0 names the pose that holds.
    pub follows: u32,
    pub yaw: u16,
    pub pitch: i16,
    pub view_tick: u32,
    /// How far between `view_tick` and the next frame, in 1/256.
    pub view_fraction: u8,
}

/// A message from a client. Spectators may send `Seen` and `Ping` only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientMessage {
    Claim(ClaimMessage),
    Attack { input_seq: u32, aim: Aim },
    Ability { input_seq: u32, index: u8, aim: Aim },
    Reload { input_seq: u32 },
    Switch { input_seq: u32, index: u8 },
    Seen { epoch: u32, tick: u32 },
    Ping { nonce: u32 },
    Leave,
}
