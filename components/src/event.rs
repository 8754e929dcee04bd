//! What happened in a tick; derived from the log, never logged itself.

use crate::cause::Cause;
use crate::command::LeaveCause;
use crate::ids::{Epoch, SimId, Slot};
use crate::phase::{EndReason, Phase, Winner};
use crate::quantity::{MilliPoints, Pose, Vec3Mm, Velocity};
use crate::reason::Reason;
use crate::verdict::{Harm, Zone};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Joined {
        id: SimId,
        slot: Slot,
    },
    Left {
        id: SimId,
        slot: Slot,
        cause: LeaveCause,
    },
    Connected {
        id: SimId,
    },
    Disconnected {
        id: SimId,
    },
    /// The server moved a body: a correction, a spawn, a dash, a fall.
    Displaced {
        id: SimId,
        slot: Slot,
        reason: Reason,
        input_seq: u32,
        pose: Pose,
        /// With which the body goes on from there.
        velocity: Velocity,
        pose_epoch: u32,
        /// The client's clock at that pose; `None` when its next claim sets the clock.
        client_tick: Option<u32>,
    },
    /// A player's claims were refused too often; his connection is to be closed.
    TooManyRefusals {
        id: SimId,
        slot: Slot,
        reason: Reason,
    },
    Shot {
        shooter: SimId,
        weapon: u8,
        from: Vec3Mm,
        to: Vec3Mm,
        struck: Option<SimId>,
    },
    /// Nothing is told of a hit at a body that died earlier in the tick.
    Damaged {
        /// `None` where nobody did it.
        by: Option<SimId>,
        cause: Cause,
        victim: SimId,
        zone: Zone,
        /// As judged; `harm` says what came of it.
        amount: MilliPoints,
        harm: Harm,
        remaining_health: MilliPoints,
    },
    /// By a hit, or by leaving soon after one.
    Died {
        victim: SimId,
        /// `None` where nobody did it.
        by: Option<SimId>,
        cause: Cause,
        zone: Zone,
    },
    AbilityUsed {
        id: SimId,
        ability: u8,
    },
    Reloaded {
        id: SimId,
        weapon: u8,
    },
    Switched {
        id: SimId,
        weapon: u8,
    },
    PhaseChanged {
        phase: Phase,
    },
    Resumed {
        epoch: Epoch,
    },
    /// Everybody is back, or the wait is over: play goes on.
    PlayGoesOn,
    Ended {
        reason: EndReason,
        winner: Winner,
    },
}
