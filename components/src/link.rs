//! The facts about a player's connection that can change the simulation.

use bevy_ecs::component::Component;

use crate::canon_block;
use crate::command::LeaveCause;
use crate::tick::Tick;

/// The link of one player, as logged.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Link {
    pub connected: bool,
    /// When `connected` last changed.
    pub changed_at: Tick,
    /// Least round trip of the last 2 s, as measured by the server.
    pub rtt_ms: u16,
    /// The last snapshot sent outside the regular grid of frames.
    pub snapshot_at: Tick,
    /// The last run of frames that was due but not sent.
    pub skipped_from: Tick,
    pub skipped_to: Tick,
    /// Set when he has left while a shot of his is still to be shown: his body goes with the tick after that frame.
    pub leaves: Option<LeaveCause>,
}
canon_block!(Link { connected, changed_at, rtt_ms, snapshot_at, skipped_from, skipped_to } then { leaves });
