//! What the server remembers of a player's claims.

use arrayvec::ArrayVec;
use bevy_ecs::component::Component;

use crate::canon_struct;
use crate::limits::RECENT_CLAIMS_MAX;
use crate::quantity::Pose;
use crate::tick::Tick;

/// Where a player's claims stand.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClaimState {
    /// Raised by every displacement by the server; claims of an older one are dropped.
    pub pose_epoch: u32,
    /// Since when this pose epoch holds.
    pub pose_epoch_since: Tick,
    /// Whether a claim of this pose epoch has set `client_tick` yet.
    pub anchored: bool,
    /// `clientTick` of the last accepted claim of this pose epoch.
    pub client_tick: u32,
    /// The newest input taken; it and all below are duplicates.
    pub input_seq: u32,
    /// The server tick at which the bank would have been empty: what is in it is `now − bank_origin`, capped.
    pub bank_origin: i32,
    /// A body in the air falls to the ground at this tick, unless claims use up the time until then.
    pub falls_at: Tick,
    /// Micrometres by which this body is further than its speed allows, from rounding; paid back by moving slower.
    pub path_debt: i32,
    /// Claims refused so far.
    pub refusals: u32,
}
canon_struct!(ClaimState {
    pose_epoch,
    pose_epoch_since,
    anchored,
    client_tick,
    input_seq,
    bank_origin,
    falls_at,
    path_debt,
    refusals,
});

/// An accepted claim that an attack may still name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptedClaim {
    pub input_seq: u32,
    pub accepted_at: Tick,
    pub pose: Pose,
}
canon_struct!(AcceptedClaim { input_seq, accepted_at, pose });

/// The accepted claims of the present pose epoch, oldest first.
#[derive(Component, Clone, Debug, Default, PartialEq, Eq)]
pub struct RecentClaims {
    pub accepted: ArrayVec<AcceptedClaim, RECENT_CLAIMS_MAX>,
}
canon_struct!(RecentClaims { accepted });
