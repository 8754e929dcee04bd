//! Snapshot: the hash of the state, per kind and as a whole.

use arrayvec::ArrayVec;
use bevy_ecs::change_detection::DetectChanges;
use bevy_ecs::resource::Resource;
use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res, ResMut};
use combat_components::canon::Canon;
use combat_components::claims::RecentClaims;
use combat_components::digest::mixed;
use combat_components::limits::{DEPARTED_MAX, PLAYERS_MAX};
use combat_components::setup::SessionSetup;
use xxhash_rust::xxh3::xxh3_64;

use crate::inbox::Now;
use crate::output::{NOT_KEPT, TickOutput};
use crate::phases::Phase;
use crate::state::{FighterReadOnly, FighterReadOnlyItem, StateKind, StateResources, put_components};

/// Room for the largest kinds: less than 144 bytes for each who has left, less than 128 for a body; a setup is shorter.
const KIND_BYTES_MAX: usize =
    if DEPARTED_MAX * 144 > PLAYERS_MAX * 128 { DEPARTED_MAX * 144 } else { PLAYERS_MAX * 128 };

/// What hashing keeps from tick to tick: room for the canonical bytes of one kind, and what cannot have changed.
#[derive(Resource, Debug)]
pub struct HashBytes {
    bytes: Vec<u8>,
    /// The state of the roster that identities were last hashed at: it marks every change of them.
    identities_at: Option<u32>,
    /// Whether an effect was on any body when effects were last hashed.
    had_effects: bool,
    /// Of the setup: every root is that of this session and no other.
    setup_hash: u64,
}

impl HashBytes {
    pub fn of(setup: &SessionSetup) -> Self {
        let mut bytes = Vec::with_capacity(KIND_BYTES_MAX);
        setup.put(&mut bytes);
        Self { setup_hash: xxh3_64(&bytes), bytes, identities_at: None, had_effects: true }
    }
}

pub fn install(schedule: &mut Schedule) {
    schedule.add_systems(hash_state.in_set(Phase::Snapshot));
}

/// By its name in a profile `cargo xtask bench-check` tells what of a tick is hashing.
#[inline(never)]
pub(crate) fn hash_state(
    now: Res<Now>,
    resources: StateResources,
    fighters: Query<FighterReadOnly>,
    mut kept: ResMut<HashBytes>,
    mut output: ResMut<TickOutput>,
) {
    let HashBytes { bytes, identities_at, had_effects, setup_hash } = &mut *kept;
    // In place: collecting would copy the room for everybody once more.
    let mut in_order = ArrayVec::<FighterReadOnlyItem<'_, '_>, PLAYERS_MAX>::new();
    in_order.extend(fighters.iter());
    in_order.sort_unstable_by_key(|fighter| *fighter.id);
    let changes = resources.roster.changes();
    let same_identities = identities_at.replace(changes) == Some(changes);
    let has_effects = in_order.iter().any(|fighter| !fighter.effects.0.is_empty());
    let had_effects = std::mem::replace(had_effects, has_effects);
    for (index, kind) in StateKind::ALL.into_iter().enumerate() {
        let is_same = match kind {
            StateKind::Identity => same_identities,
            StateKind::Effects => same_identities && !has_effects && !had_effects,
            StateKind::Departed => !resources.departed.is_changed(),
            StateKind::Things => !resources.things.is_changed(),
            StateKind::Mode => resources.mode.0.is_empty() || !resources.mode.is_changed(),
            _ => false,
        };
        if is_same {
            continue;
        }
        bytes.clear();
        // Of a ring its newest entry: one that nobody adds to does not change, and is not told of in the log.
        match kind {
            StateKind::RecentClaims => in_order.iter().for_each(|fighter| put_newest(fighter.recent, bytes)),
            StateKind::History => in_order.iter().for_each(|fighter| fighter.history.at(now.0).put(bytes)),
            _ => {
                resources.put(kind, bytes);
                put_components(&in_order, kind, bytes);
            }
        }
        output.sub_hashes[index] = xxh3_64(bytes);
    }
    bytes.clear();
    setup_hash.put(bytes);
    now.0.put(bytes);
    let kept = output.sub_hashes.iter().filter(|sub_hash| **sub_hash != NOT_KEPT);
    kept.for_each(|sub_hash| sub_hash.put(bytes));
    // All that rings hold is under the root, as a digest that is kept up with every entry.
    let rings = in_order.iter().fold(0, |rings: u64, fighter| {
        let of_body = mixed(fighter.history.digest(), fighter.recent.digest());
        rings.wrapping_add(mixed(of_body, u64::from(fighter.id.0)))
    });
    rings.put(bytes);
    output.root = xxh3_64(bytes);
}

fn put_newest(recent: &RecentClaims, bytes: &mut Vec<u8>) {
    bytes.push(recent.len() as u8);
    if let Some(newest) = recent.newest_first().next() {
        newest.put(bytes);
    }
}

#[cfg(test)]
mod tests {
    use arrayvec::ArrayVec;
    use combat_components::departed::{Departed, DepartedPlayers, Kept};
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
