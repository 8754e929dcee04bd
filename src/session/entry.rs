//! What the registry knows of a session: what never changes, and either its handle or what is left of it.

use std::sync::atomic::Ordering;

use combat_components::ids::{Epoch, SessionId};
use combat_components::setup::ContentHash;
use combat_components::tick::{Tick, TickRate};

use super::handle::SessionHandle;
use super::pacer::unix_us;
use super::shelf::ShelvedFacts;
use super::summary::{SessionKind, SessionStatus, SessionSummary, VerifySummary};

/// What of a session never changes.
#[derive(Clone, Debug)]
pub struct FixedFacts {
    pub id: SessionId,
    pub name: String,
    pub kind: SessionKind,
    pub map_id: String,
    pub map_hash: ContentHash,
    pub mode: String,
    pub max_players: u8,
    pub tick_rate: TickRate,
    pub ruleset_name: String,
    pub ruleset_version: u32,
    pub ruleset_hash: ContentHash,
    pub spectator_delay_ms: u32,
    pub metadata: serde_json::Value,
    pub created_at_ms: i64,
}

/// What is left of a session that is over.
#[derive(Clone, Debug)]
pub struct EndedFacts {
    pub status: SessionStatus,
    pub epoch: Epoch,
    pub last_tick: Tick,
    pub player_count: u32,
    pub started_at_ms: Option<i64>,
    pub ended_at_ms: i64,
    pub end_reason: Option<String>,
    pub verify: Option<VerifySummary>,
}

impl EndedFacts {
    /// Of a session that has failed now, and was not played in this process.
    pub(super) fn failed_unplayed(epoch: Epoch, last_tick: Tick, reason: String) -> Self {
        Self {
            status: SessionStatus::Failed,
            epoch,
            last_tick,
            player_count: 0,
            started_at_ms: None,
            ended_at_ms: (unix_us() / 1_000) as i64,
            end_reason: Some(reason),
            verify: None,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) enum Entry {
    Live(SessionHandle),
    /// It lives, and this build cannot simulate it.
    Shelved(ShelvedFacts),
    Ended(EndedFacts),
}

pub(super) fn summary(facts: &FixedFacts, entry: &Entry) -> SessionSummary {
    let facts = facts.clone();
    let base = SessionSummary {
        id: facts.id,
        name: facts.name,
        kind: facts.kind,
        status: SessionStatus::Ended,
        map_id: facts.map_id,
        map_hash: facts.map_hash,
        mode: facts.mode,
        max_players: facts.max_players,
        player_count: 0,
        spectator_count: 0,
        tick_rate: facts.tick_rate,
        ruleset_name: facts.ruleset_name,
        ruleset_version: facts.ruleset_version,
        ruleset_hash: facts.ruleset_hash,
        spectator_delay_ms: facts.spectator_delay_ms,
        durability: "journal",
        epoch: Epoch(1),
        tick: Tick(0),
        durable_tick: Tick(0),
        verify: None,
        metadata: facts.metadata,
        created_at_ms: facts.created_at_ms,
        started_at_ms: None,
        ended_at_ms: None,
        end_reason: None,
    };
    match entry {
        Entry::Live(handle) => SessionSummary {
            status: handle.live.status(),
            player_count: handle.live.player_count(),
            spectator_count: handle.live.spectator_count.load(Ordering::Acquire),
            epoch: handle.live.epoch(),
            tick: handle.live.tick(),
            durable_tick: handle.durable_tick(),
            started_at_ms: handle.live.started_at_ms(),
            ..base
        },
        Entry::Shelved(shelved) => SessionSummary {
            status: SessionStatus::Suspended,
            epoch: shelved.epoch,
            tick: shelved.last_tick,
            durable_tick: shelved.last_tick,
            ..base
        },
        Entry::Ended(ended) => SessionSummary {
            status: ended.status,
            player_count: ended.player_count,
            epoch: ended.epoch,
            tick: ended.last_tick,
            durable_tick: ended.last_tick,
            verify: ended.verify.clone(),
            started_at_ms: ended.started_at_ms,
            ended_at_ms: Some(ended.ended_at_ms),
            end_reason: ended.end_reason.clone(),
            ..base
        },
    }
}
