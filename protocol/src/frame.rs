//! From views to frames: what changed since the previous frame, in memory that is reused.

use crate::codec::{Encoding, encode_delta, encode_snapshot};
use crate::limits::VIEW_HASH_TICKS;
use crate::server::{Delta, PlayerChange, Snapshot};
use crate::view::{FULL_MASK, PLAYER_FIELDS, PublicPlayer, Shot, View, view_hash};

/// Makes the frames of one audience: holds its newest frame, the baseline of the next delta.
///
/// A snapshot always shows the newest frame, so that whoever receives it holds the next delta's base.
#[derive(Debug, Default)]
pub struct FrameEncoder {
    newest: View,
    /// What of the newest frame does not stand in its lists, which are lent for writing.
    snapshot: Snapshot,
    delta: Delta,
    roster_changes: u32,
    has_frame: bool,
    has_delta: bool,
}

impl FrameEncoder {
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes `view` the newest frame. `shots` are those since the frame before, oldest first.
    ///
    /// There is no delta for the first frame, for one of another epoch and for one whose tick has not risen.
    pub fn advance(&mut self, view: &View, shots: &[Shot]) {
        debug_assert!(view.is_ordered(), "a view lists the same ids twice, in order");
        let newest = &mut self.newest;
        self.has_delta = self.has_frame && view.epoch == newest.epoch && view.tick > newest.tick;
        if self.has_delta {
            difference(newest, view, &mut self.delta);
            self.delta.shots.clear();
            self.delta.shots.extend_from_slice(shots);
        }
        let roster_changed = match self.has_delta {
            true => !self.delta.joined.is_empty() || !self.delta.left.is_empty(),
            false => newest.roster != view.roster,
        };
        self.roster_changes = self.roster_changes.wrapping_add(roster_changed.into());
        newest.copy_from(view);
        self.has_frame = true;
    }

    /// The newest frame, once there is one.
    pub fn newest(&self) -> Option<&View> {
        self.has_frame.then_some(&self.newest)
    }

    /// How often the roster has changed: whoever was sent a frame at this count knows everybody as long as it stays.
    pub fn roster_changes(&self) -> u32 {
        self.roster_changes
    }

    /// What changed from the frame before to the newest.
    pub fn delta(&self) -> Option<&Delta> {
        self.has_delta.then_some(&self.delta)
    }

    /// Appends the newest frame as a delta; `false`, writing nothing, when there is none.
    pub fn write_delta(&self, encoding: Encoding, out: &mut Vec<u8>) -> bool {
        if let Some(delta) = self.delta() {
            encode_delta(delta, encoding, out);
        }
        self.has_delta
    }

    /// Appends the newest frame as a snapshot, with the roster for whoever does not know it; `false`, writing nothing,
    /// before the first frame.
    pub fn write_snapshot(&mut self, knows_roster: bool, encoding: Encoding, out: &mut Vec<u8>) -> bool {
        if self.has_frame {
            let Self { newest, snapshot, .. } = self;
            (snapshot.epoch, snapshot.tick) = (newest.epoch, newest.tick);
            (snapshot.status, snapshot.phase_ends_at) = (newest.status, newest.phase_ends_at);
            snapshot.view_hash = view_hash(&newest.players);
            snapshot.players = std::mem::take(&mut newest.players);
            snapshot.roster = (!knows_roster).then(|| std::mem::take(&mut newest.roster));
            encode_snapshot(snapshot, encoding, out);
            newest.players = std::mem::take(&mut snapshot.players);
            if let Some(roster) = snapshot.roster.take() {
                newest.roster = roster;
            }
        }
        self.has_frame
    }
}

/// Fills `delta` with what changed from `base` to `view`; shots are left to the caller.
fn difference(base: &View, view: &View, delta: &mut Delta) {
    (delta.epoch, delta.tick, delta.base_tick) = (view.epoch, view.tick, base.tick);
    (delta.status, delta.phase_ends_at) = (view.status, view.phase_ends_at);
    delta.joined.clear();
    delta.left.clear();
    delta.changed.clear();
    for entry in &view.roster {
        if base.roster_entry(entry.sim_id) != Some(entry) {
            delta.joined.push(*entry);
        }
    }
    for player in &base.players {
        if view.player(player.sim_id).is_none() {
            delta.left.push(player.sim_id);
        }
    }
    for player in &view.players {
        let change = change(base.player(player.sim_id), player);
        if change.mask != 0 {
            delta.changed.push(change);
        }
    }
    let hash_is_due = view.tick / VIEW_HASH_TICKS != base.tick / VIEW_HASH_TICKS;
    delta.view_hash = hash_is_due.then(|| view_hash(&view.players));
}

fn change(base: Option<&PublicPlayer>, player: &PublicPlayer) -> PlayerChange {
    let (sim_id, values) = (player.sim_id, player.values());
    let Some(base) = base.map(PublicPlayer::values) else {
        return PlayerChange { sim_id, mask: FULL_MASK, values };
    };
    let mut change = PlayerChange { sim_id, mask: 0, values: [0; PLAYER_FIELDS] };
    for (bit, value) in values.into_iter().enumerate() {
        if base[bit] != value {
            change.mask |= 1 << bit;
            change.values[bit] = value;
        }
    }
    change
}
