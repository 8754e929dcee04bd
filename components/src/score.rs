//! What a player has achieved in this session.

use bevy_ecs::component::Component;

use crate::canon_block;

/// Counters of one player in one match, kept when he leaves and joins again.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Allies do not count.
    pub kills: u16,
    pub deaths: u16,
    pub shots: u32,
    /// Shots that struck a body that could be hurt when the tick's shots were judged.
    pub hits: u32,
    pub headshots: u32,
    /// What was taken and absorbed by others, allies included, in thousandths of a point; overkill is not damage.
    pub damage_dealt: i64,
    /// What was taken and absorbed, in thousandths of a point.
    pub damage_taken: i64,
    /// For how many ticks of the match he was away while fewer were there than its mode needs.
    pub away_ticks: u32,
}
canon_block!(Score { kills, deaths, shots, hits, headshots, damage_dealt, damage_taken, away_ticks });

impl Score {
    pub fn plus(&self, other: &Self) -> Self {
        Self {
            kills: self.kills.saturating_add(other.kills),
            deaths: self.deaths.saturating_add(other.deaths),
            shots: self.shots.saturating_add(other.shots),
            hits: self.hits.saturating_add(other.hits),
            headshots: self.headshots.saturating_add(other.headshots),
            damage_dealt: self.damage_dealt.saturating_add(other.damage_dealt),
            damage_taken: self.damage_taken.saturating_add(other.damage_taken),
            away_ticks: self.away_ticks.saturating_add(other.away_ticks),
        }
    }
}
