//! What a tick gives: its hash, its events, its verdicts. Buffers are kept from tick to tick.

use bevy_ecs::resource::Resource;
use combat_components::event::Event;
use combat_components::tick::Tick;
use combat_components::verdict::Verdict;

use crate::state::STATE_KINDS;

/// The most events and verdicts a tick of 64 players can give: room for them is made once.
const EVENTS_CAPACITY: usize = 1_024;
const VERDICTS_CAPACITY: usize = 512;

/// In place of the sub-hash of a kind of which a session has no state: such a kind is neither under the root nor in the log.
pub const NOT_KEPT: u64 = 0;

#[derive(Resource, Clone, Debug, PartialEq, Eq)]
pub struct TickOutput {
    pub tick: Tick,
    /// Over the setup, `tick`, `sub_hashes` and the digests of all that rings hold.
    pub root: u64,
    /// One per kind of state, in the order of [`crate::state::StateKind`]; [`NOT_KEPT`] for one that the session has not.
    pub sub_hashes: [u64; STATE_KINDS],
    pub events: Vec<Event>,
    pub verdicts: Vec<Verdict>,
}

impl Default for TickOutput {
    fn default() -> Self {
        Self {
            tick: Tick(0),
            root: 0,
            sub_hashes: [NOT_KEPT; STATE_KINDS],
            events: Vec::with_capacity(EVENTS_CAPACITY),
            verdicts: Vec::with_capacity(VERDICTS_CAPACITY),
        }
    }
}
