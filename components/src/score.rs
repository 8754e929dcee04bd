//! What a player has achieved in this session.

use bevy_ecs::component::Component;

use crate::canon_struct;

/// Counters of one player, from joining on.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    pub kills: u16,
    pub deaths: u16,
    pub shots: u32,
    pub hits: u32,
    pub headshots: u32,
    /// In thousandths of a point.
    pub damage_dealt: i64,
    /// In thousandths of a point.
    pub damage_taken: i64,
}
canon_struct!(Score { kills, deaths, shots, hits, headshots, damage_dealt, damage_taken });
