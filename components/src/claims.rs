//! What the server remembers of a player's claims.

use arrayvec::ArrayVec;
use bevy_ecs::component::Component;

use crate::canon::{Canon, CanonError, Reader, Trail};
use crate::canon_block;
use crate::digest::of_pose;
use crate::limits::RECENT_CLAIMS_MAX;
use crate::quantity::{Pose, Vec3Mm};
use crate::tick::Tick;

/// Where a player's claims stand.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClaimState {
    /// Raised by every displacement by the server; claims of an older one are dropped.
    pub pose_epoch: u32,
    /// Since when the pose holds: the last accepted claim, or a later placement by the server.
    pub pose_since: Tick,
    /// Whether `client_tick` is known; if not, the next claim sets it.
    pub clock_set: bool,
    /// `clientTick` of the last accepted claim.
    pub client_tick: u32,
    /// The newest input taken; it and all below are duplicates.
    pub input_seq: u32,
    /// The server tick at which the bank would have been empty: what is in it is `now − bank_origin`, capped.
    pub bank_origin: i32,
    /// From this tick on the server lets a body in the air fall, unless claims use up the time until then.
    pub falls_at: Tick,
    /// Set while it does; claims are not heard until the body has landed.
    pub fall: Option<Fall>,
    /// Set from a shot until the frame that shows it.
    pub hold: Option<Hold>,
    /// Micrometres by which this body is further than its speed allows, from rounding; paid back by moving slower.
    pub path_debt: i32,
    /// Refusals that count and are not forgiven yet, and since when the next of them is being forgiven.
    pub refusals: u16,
    pub refused_at: Tick,
}
canon_block!(ClaimState {
    pose_epoch,
    pose_since,
    clock_set,
    client_tick,
    input_seq,
    bank_origin,
    falls_at,
    path_debt,
    refusals,
    refused_at,
} then { fall, hold });

/// A fall that the server sees through, because nobody claims it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fall {
    /// Where it began, and when.
    pub from_y: i32,
    pub since: Tick,
    /// Downward speed at its beginning, in micrometres per second; never negative.
    pub speed: i32,
    pub ground_y: i32,
}
canon_block!(Fall { from_y, since, speed, ground_y });

/// What binds a body to where it acted from: no further away than a walk in the server ticks since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    pub at: Vec3Mm,
    pub since: Tick,
    /// The frame that shows it; binding up to and with this tick.
    pub until: Tick,
    /// A shot also binds its shooter's abilities.
    pub by_shot: bool,
}
canon_block!(Hold { at, since, until, by_shot });

/// An accepted claim that an attack may still name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcceptedClaim {
    pub input_seq: u32,
    pub accepted_at: Tick,
    pub pose: Pose,
}
canon_block!(AcceptedClaim { input_seq, accepted_at, pose });

/// The accepted claims of the present pose epoch, oldest first.
#[derive(Component, Clone, Debug, Default, PartialEq, Eq)]
pub struct RecentClaims {
    accepted: ArrayVec<AcceptedClaim, RECENT_CLAIMS_MAX>,
    /// Of all of them, kept up with each that comes and goes: it follows from them and is not read.
    digest: u64,
}

impl RecentClaims {
    /// Adds the newest; those accepted before `oldest` go, and the oldest of all when there is no room.
    pub fn push(&mut self, newest: AcceptedClaim, oldest: Tick) {
        let is_full = |accepted: &ArrayVec<_, RECENT_CLAIMS_MAX>| accepted.is_full();
        while self.accepted.first().is_some_and(|first| first.accepted_at < oldest) || is_full(&self.accepted)
        {
            let gone = self.accepted.remove(0);
            self.digest = self.digest.wrapping_sub(of_claim(&gone));
        }
        self.digest = self.digest.wrapping_add(of_claim(&newest));
        self.accepted.push(newest);
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    pub fn len(&self) -> usize {
        self.accepted.len()
    }

    pub fn is_empty(&self) -> bool {
        self.accepted.is_empty()
    }

    /// The newest first.
    pub fn newest_first(&self) -> impl Iterator<Item = &AcceptedClaim> {
        self.accepted.iter().rev()
    }

    /// What the root covers in place of all claims.
    pub fn digest(&self) -> u64 {
        self.digest
    }
}

fn of_claim(claim: &AcceptedClaim) -> u64 {
    of_pose(&claim.pose, u64::from(claim.input_seq) << 32 | u64::from(claim.accepted_at.0))
}

impl Canon for RecentClaims {
    fn put(&self, out: &mut Vec<u8>) {
        self.accepted.put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        let accepted: ArrayVec<AcceptedClaim, RECENT_CLAIMS_MAX> = Canon::take(reader)?;
        let digest = accepted.iter().map(of_claim).fold(0, u64::wrapping_add);
        Ok(Self { accepted, digest })
    }

    fn trace(reader: &mut Reader<'_>, trail: &mut Trail<'_>) -> Result<(), CanonError> {
        trail.field("accepted", reader, |recent: &Self| Some(&recent.accepted))
    }
}
