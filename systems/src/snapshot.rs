//! Snapshot: the hash of the state, per kind and as a whole.

use arrayvec::ArrayVec;
use bevy_ecs::change_detection::DetectChanges;
use bevy_ecs::resource::Resource;
use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res, ResMut, SystemParam};
use combat_components::canon::Canon;
use combat_components::departed::DepartedPlayers;
use combat_components::limits::{DEPARTED_MAX, PLAYERS_MAX};
use combat_components::phase::MatchState;
use combat_components::setup::SessionSetup;
use combat_components::streams::Streams;
use xxhash_rust::xxh3::xxh3_64;

use crate::fighter::{Fighter, FighterReadOnlyItem};
use crate::input::Now;
use crate::output::TickOutput;
use crate::phases::Phase;
use crate::roster::Roster;

/// Everything that is state: component types in `SimId` order, then resources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum StateKind {
    Identity,
    Body,
    Motion,
    Claims,
    RecentClaims,
    History,
    Vitals,
    Arms,
    Cooldowns,
    Score,
    Link,
    Match,
    Streams,
    Ids,
    Departed,
}

/// How many kinds of state there are.
pub const STATE_KINDS: usize = 15;

impl StateKind {
    pub const ALL: [Self; STATE_KINDS] = [
        Self::Identity,
        Self::Body,
        Self::Motion,
        Self::Claims,
        Self::RecentClaims,
        Self::History,
        Self::Vitals,
        Self::Arms,
        Self::Cooldowns,
        Self::Score,
        Self::Link,
        Self::Match,
        Self::Streams,
        Self::Ids,
        Self::Departed,
    ];
    pub const RESOURCES: [Self; 4] = [Self::Match, Self::Streams, Self::Ids, Self::Departed];

    /// As reports name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Identity => "Identity",
            Self::Body => "Body",
            Self::Motion => "Motion",
            Self::Claims => "ClaimState",
            Self::RecentClaims => "RecentClaims",
            Self::History => "History",
            Self::Vitals => "Vitals",
            Self::Arms => "Arms",
            Self::Cooldowns => "Cooldowns",
            Self::Score => "Score",
            Self::Link => "Link",
            Self::Match => "MatchState",
            Self::Streams => "Streams",
            Self::Ids => "Ids",
            Self::Departed => "DepartedPlayers",
        }
    }

    pub fn is_resource(self) -> bool {
        Self::RESOURCES.contains(&self)
    }
}

/// Room for the largest kinds: less than 144 bytes for each who has left, less than 128 for a body; a setup is shorter.
const KIND_BYTES_MAX: usize =
    if DEPARTED_MAX * 144 > PLAYERS_MAX * 128 { DEPARTED_MAX * 144 } else { PLAYERS_MAX * 128 };

/// What hashing keeps from tick to tick: room for the canonical bytes of one kind, and what cannot have changed.
#[derive(Resource, Debug)]
pub struct HashBytes {
    bytes: Vec<u8>,
    /// The state of the roster that identities were last hashed at: it marks every change of them.
    identities_at: Option<u32>,
    /// Of the setup: every root is that of this session and no other.
    setup_hash: u64,
}

impl HashBytes {
    pub fn of(setup: &SessionSetup) -> Self {
        let mut bytes = Vec::with_capacity(KIND_BYTES_MAX);
        setup.put(&mut bytes);
        Self { setup_hash: xxh3_64(&bytes), bytes, identities_at: None }
    }
}

pub fn install(schedule: &mut Schedule) {
    schedule.add_systems(hash_state.in_set(Phase::Snapshot));
}

/// Every resource that is state.
#[derive(SystemParam)]
struct StateResources<'w> {
    now: Res<'w, Now>,
    roster: Res<'w, Roster>,
    state: Res<'w, MatchState>,
    streams: Res<'w, Streams>,
    departed: Res<'w, DepartedPlayers>,
}

/// By its name in a profile `cargo xtask bench-check` tells what of a tick is hashing.
#[inline(never)]
fn hash_state(
    resources: StateResources,
    fighters: Query<Fighter>,
    mut kept: ResMut<HashBytes>,
    mut output: ResMut<TickOutput>,
) {
    let StateResources { now, roster, state, streams, departed } = resources;
    let HashBytes { bytes, identities_at, setup_hash } = &mut *kept;
    let mut in_order: ArrayVec<FighterReadOnlyItem<'_, '_>, PLAYERS_MAX> = fighters.iter().collect();
    in_order.sort_unstable_by_key(|fighter| *fighter.id);
    let same_identities = identities_at.replace(roster.changes()) == Some(roster.changes());
    for (index, kind) in StateKind::ALL.into_iter().enumerate() {
        let is_same = match kind {
            StateKind::Identity => same_identities,
            StateKind::Departed => !departed.is_changed(),
            _ => false,
        };
        if is_same {
            continue;
        }
        bytes.clear();
        match kind {
            StateKind::Match => state.put(bytes),
            StateKind::Streams => streams.put(bytes),
            StateKind::Departed => departed.put(bytes),
            StateKind::Ids => {
                roster.next_id().put(bytes);
                in_order.iter().for_each(|fighter| fighter.id.put(bytes));
            }
            _ => in_order.iter().for_each(|fighter| put_for_hash(fighter, kind, now.0.0, bytes)),
        }
        output.sub_hashes[index] = xxh3_64(bytes);
    }
    bytes.clear();
    setup_hash.put(bytes);
    now.0.put(bytes);
    output.sub_hashes.iter().for_each(|sub_hash| sub_hash.put(bytes));
    output.root = xxh3_64(bytes);
}

/// Of what only grows at its end, the newest entry is hashed: the older ones were when they were new.
fn put_for_hash(fighter: &FighterReadOnlyItem<'_, '_>, kind: StateKind, now: u32, bytes: &mut Vec<u8>) {
    match kind {
        StateKind::RecentClaims => {
            bytes.push(fighter.recent.accepted.len() as u8);
            if let Some(newest) = fighter.recent.accepted.last() {
                newest.put(bytes);
            }
        }
        StateKind::History => fighter.history.at(combat_components::tick::Tick(now)).put(bytes),
        _ => put_component(fighter, kind, bytes),
    }
}

/// The canonical bytes of one component; nothing for a kind that is a resource.
pub(crate) fn put_component(fighter: &FighterReadOnlyItem<'_, '_>, kind: StateKind, bytes: &mut Vec<u8>) {
    match kind {
        StateKind::Identity => fighter.identity.put(bytes),
        StateKind::Body => fighter.body.put(bytes),
        StateKind::Motion => fighter.motion.put(bytes),
        StateKind::Claims => fighter.claims.put(bytes),
        StateKind::RecentClaims => fighter.recent.put(bytes),
        StateKind::History => fighter.history.put(bytes),
        StateKind::Vitals => fighter.vitals.put(bytes),
        StateKind::Arms => fighter.arms.put(bytes),
        StateKind::Cooldowns => fighter.cooldowns.put(bytes),
        StateKind::Score => fighter.score.put(bytes),
        StateKind::Link => fighter.link.put(bytes),
        StateKind::Match | StateKind::Streams | StateKind::Ids | StateKind::Departed => {}
    }
}

#[cfg(test)]
mod tests {
    use arrayvec::ArrayVec;
    use combat_components::departed::{Departed, Kept};
    use combat_components::tick::Tick;

    use super::*;

    #[test]
    fn everybody_who_can_be_remembered_fits_the_room_for_hashing() {
        let mut kept = Kept::default();
        kept.arms.reloaded_at = Some(Tick(1));
        let departed = Departed { kept: Some(kept), ..Departed::default() };
        let all = DepartedPlayers(ArrayVec::from([departed; DEPARTED_MAX]));
        let mut bytes = Vec::new();
        all.put(&mut bytes);
        assert!(bytes.len() <= KIND_BYTES_MAX, "{} bytes", bytes.len());
    }
}
