//! What the server says.

use arrayvec::ArrayVec;
use combat_components::command::LeaveCause;
use combat_components::ids::{DisplayName, PlayerId};
use combat_components::limits::ABILITIES_MAX;
use combat_components::phase::{EndReason, Phase};
use combat_components::reason::Reason;
use combat_components::verdict::{Outcome, Zone};

use crate::numbers::{FrameStatus, Role, ServerState};
use crate::view::{PLAYER_FIELDS, RosterEntry, Shot, View};

/// The first message of every connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Welcome {
    pub session_id: String,
    pub role: Role,
    pub sim_id: Option<u32>,
    pub slot: Option<u8>,
    pub tick_rate_hz: u32,
    pub frame_hz: u32,
    pub epoch: u32,
    pub tick: u32,
    pub durable_tick: u32,
    /// `journal` or `postgres`.
    pub durability: String,
    /// How far behind the match this connection is kept; 0 for players.
    pub delay_ms: u32,
    pub map_id: String,
    /// 64 hexadecimal digits.
    pub map_hash: String,
    pub ruleset_name: String,
    /// 64 hexadecimal digits.
    pub ruleset_hash: String,
    pub weapons: Vec<String>,
    pub abilities: Vec<String>,
    pub last_input_seq: u32,
    pub resumed: Option<ResumedFrom>,
    pub snapshot: Snapshot,
    pub own: Option<Own>,
}

/// Where a session was taken up again, and what the client had said it had seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResumedFrom {
    pub epoch: u32,
    pub tick: u32,
    pub rolled_back_from_epoch: u32,
    pub rolled_back_from_tick: u32,
}

/// A whole view and the hash over its players.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    pub view: View,
    pub view_hash: u32,
}

/// One player's changed fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PlayerChange {
    pub sim_id: u32,
    /// Which of the fields of [`crate::view::PublicPlayer::values`] follow.
    pub mask: u16,
    /// The fields named by `mask`; the others are 0.
    pub values: [i32; PLAYER_FIELDS],
}

/// What changed in a view from `base_tick` to `tick`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    pub epoch: u32,
    pub tick: u32,
    pub base_tick: u32,
    pub status: FrameStatus,
    pub phase_ends_at: Option<u32>,
    pub joined: Vec<RosterEntry>,
    pub left: Vec<u32>,
    pub changed: Vec<PlayerChange>,
    pub shots: Vec<Shot>,
    pub view_hash: Option<u32>,
}

/// The pose that holds for a player, and why it is not the claimed one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Correction {
    pub reason: Reason,
    /// The claim that was refused; 0 when the server moved the body by itself.
    pub input_seq: u32,
    pub x: i32,
    pub y: i32,
    pub z: i32,
    pub yaw: u16,
    pub pitch: i16,
    pub pose_epoch: u32,
    pub bank_ticks: u32,
    /// In millimetres per second: the body goes on from the pose this fast.
    pub velocity: [i32; 3],
    /// The client's own clock at that pose; `None` when its next claim sets the clock.
    pub client_tick: Option<u32>,
}

/// What an attack did to its victim, in thousandths of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerdictHit {
    pub victim: u32,
    pub zone: Zone,
    pub amount_milli: i32,
    pub remaining_health_milli: i32,
    pub killed: bool,
}

/// The verdict on one input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InputVerdict {
    pub input_seq: u32,
    pub outcome: Outcome,
    pub reason: Option<Reason>,
    pub applied_tick: u32,
    pub hit: Option<VerdictHit>,
}

/// What concerns one player only.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    pub tick: u32,
    pub last_input_seq: u32,
    pub durable_tick: u32,
    pub pose_epoch: u32,
    pub bank_ticks: u32,
    pub weapon_in_hand: u8,
    pub rounds: u16,
    pub ready_at_tick: u32,
    pub reloaded_at_tick: Option<u32>,
    pub ability_ready_at_ticks: ArrayVec<u32, ABILITIES_MAX>,
    pub respawn_at_tick: Option<u32>,
    pub correction: Option<Correction>,
    /// At most [`crate::limits::OWN_VERDICTS_MAX`] are written, the newest.
    pub verdicts: Vec<InputVerdict>,
}

/// What happened, told reliably and in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    Joined {
        sim_id: u32,
        player_id: PlayerId,
        display_name: DisplayName,
    },
    Left {
        sim_id: u32,
        cause: LeaveCause,
    },
    Killed {
        victim: u32,
        killer: u32,
        weapon: u8,
        zone: Zone,
    },
    PhaseChanged {
        phase: Phase,
    },
    Ended {
        reason: EndReason,
        winner: Option<u32>,
    },
    Resumed {
        epoch: u32,
    },
    PlayGoesOn,
    /// Every event up to this tick is final.
    Durable {
        epoch: u32,
        tick: u32,
    },
    /// A kind this version does not know; to be skipped.
    Unknown {
        kind: u8,
    },
}

/// A reliable event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventMessage {
    pub epoch: u32,
    pub tick: u32,
    pub happening: Happening,
}

/// The answer to a ping.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pong {
    pub nonce: u32,
    pub tick: u32,
    /// How far into `tick`, in 1/256.
    pub tick_fraction: u8,
    pub bank_ticks: u32,
    /// As the server measured it.
    pub rtt_ms: u16,
}

/// Whether the server takes inputs, and why not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusMessage {
    pub state: ServerState,
    /// At most [`crate::limits::STATUS_REASON_BYTES_MAX`] bytes are written.
    pub reason: String,
}

/// A message from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerMessage {
    Welcome(Box<Welcome>),
    Snapshot(Snapshot),
    Delta(Delta),
    Own(Own),
    Event(EventMessage),
    Pong(Pong),
    Status(StatusMessage),
}
