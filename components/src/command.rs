//! What is meant: the inputs of a tick, as they are logged.

use arrayvec::ArrayVec;

use crate::ids::{Epoch, Pseudonym, SimId, Slot, Team};
use crate::limits::SUB_POSES_MAX;
use crate::origin::{Origin, Request};
use crate::phase::EndReason;
use crate::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use crate::tick::Tick;
use crate::{canon_enum, canon_struct};

/// Why a player left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeaveCause {
    /// The player asked for it.
    Left,
    /// The body stood disconnected for too long.
    WindowExpired,
    Kicked,
}
canon_enum!(LeaveCause { 0 => Left, 1 => WindowExpired, 2 => Kicked });

impl LeaveCause {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Left => "left",
            Self::WindowExpired => "window_expired",
            Self::Kicked => "kicked",
        }
    }
}

/// A claim of position by an input of its player: a segment from the last accepted pose, through `bends`, to `pose`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub slot: Slot,
    pub input_seq: u32,
    pub client_tick: u32,
    pub pose: Pose,
    pub bends: ArrayVec<Vec3Mm, SUB_POSES_MAX>,
    pub view_tick: Tick,
    pub pose_epoch: u32,
}
canon_struct!(Claim { slot, input_seq, client_tick, pose, bends, view_tick, pose_epoch });

impl Claim {
    pub const fn origin(&self) -> Origin {
        Origin::Player { slot: self.slot, input_seq: self.input_seq }
    }
}

/// What a player does, apart from moving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Attack,
    /// An ability by its index in the ruleset.
    Ability {
        index: u8,
    },
    Reload,
    /// Takes a weapon in hand, by its index in the ruleset.
    Switch {
        index: u8,
    },
}
canon_enum!(Deed { 0 => Attack, 1 => Ability { index }, 2 => Reload, 3 => Switch { index } });

/// An action by an input of its player, judged from the pose of the accepted claim it follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    pub slot: Slot,
    pub input_seq: u32,
    /// `inputSeq` of an accepted claim; 0 names the pose that holds.
    pub follows: u32,
    pub yaw: Yaw,
    pub pitch: Pitch,
    /// The frame the actor saw, and how far between it and the next, in 1/256.
    pub view_tick: Tick,
    pub view_fraction: u8,
    pub deed: Deed,
    /// Whom the actor means; nothing depends on it but what the deed's kind makes of it.
    pub target: Option<SimId>,
}
canon_struct!(Action { slot, input_seq, follows, yaw, pitch, view_tick, view_fraction, deed, target });

impl Action {
    pub const fn origin(&self) -> Origin {
        Origin::Player { slot: self.slot, input_seq: self.input_seq }
    }
}

/// One change to a session. There is no second way in.
///
/// Inputs are their players'. Where there is a `request`, somebody asked and waits for the verdict; without one the
/// service decided by itself, as it does of everything that it knows of links and of its own schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    Join {
        slot: Slot,
        pseudonym: Pseudonym,
        team: Team,
        bot: bool,
        request: Option<Request>,
    },
    Leave {
        slot: Slot,
        cause: LeaveCause,
        request: Option<Request>,
    },
    End {
        reason: EndReason,
        request: Option<Request>,
    },
    Connected {
        slot: Slot,
    },
    Disconnected {
        slot: Slot,
    },
    /// The least round trip of the last 2 s changed.
    LinkSampled {
        slot: Slot,
        rtt_ms: u16,
    },
    /// Frames that were due were not sent.
    FramesSkipped {
        slot: Slot,
        from: Tick,
        to: Tick,
    },
    /// A snapshot was sent outside the regular grid of frames.
    SnapshotSent {
        slot: Slot,
        at: Tick,
    },
    /// The server moved its schedule by this many ticks after a stall.
    ScheduleMoved {
        ticks: u32,
    },
    /// The session was taken up again after a restart.
    Resumed {
        epoch: Epoch,
    },
    Claim {
        claim: Claim,
    },
    Action {
        action: Action,
    },
}
canon_enum!(Command {
    0 => Join { slot, pseudonym, team, bot, request },
    1 => Leave { slot, cause, request },
    2 => End { reason, request },
    3 => Connected { slot },
    4 => Disconnected { slot },
    5 => LinkSampled { slot, rtt_ms },
    6 => FramesSkipped { slot, from, to },
    7 => SnapshotSent { slot, at },
    8 => ScheduleMoved { ticks },
    9 => Resumed { epoch },
    10 => Claim { claim },
    11 => Action { action },
});

impl Command {
    /// Who asks for it.
    pub fn origin(&self) -> Origin {
        match self {
            Self::Claim { claim } => claim.origin(),
            Self::Action { action } => action.origin(),
            Self::Join { request, .. } | Self::Leave { request, .. } | Self::End { request, .. } => {
                Origin::of_request(*request)
            }
            Self::Connected { .. }
            | Self::Disconnected { .. }
            | Self::LinkSampled { .. }
            | Self::FramesSkipped { .. }
            | Self::SnapshotSent { .. }
            | Self::ScheduleMoved { .. }
            | Self::Resumed { .. } => Origin::Service,
        }
    }

    /// Whose input it is; `None` for what requests and the service say.
    pub fn player_slot(&self) -> Option<Slot> {
        self.origin().player().map(|(slot, _)| slot)
    }
}

/// The commands of one tick, in order of arrival.
pub type TickInput = Vec<Command>;
