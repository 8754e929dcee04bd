//! A session as REST shows it.

use combat_components::setup::ContentHash;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::session::summary::SessionSummary;

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionBody {
    id: String,
    name: String,
    r#type: &'static str,
    status: &'static str,
    map_id: String,
    map_hash: String,
    game_mode: String,
    max_players: u8,
    player_count: u32,
    spectator_count: u32,
    tick_rate_hz: u32,
    ruleset: RulesetBody,
    spectator_delay_ms: u32,
    durability: &'static str,
    epoch: u32,
    tick: u32,
    durable_tick: u32,
    verify: Option<VerifyBody>,
    metadata: Value,
    created_at: String,
    started_at: Option<String>,
    ended_at: Option<String>,
    end_reason: Option<String>,
}

#[derive(Debug, Serialize)]
struct RulesetBody {
    name: String,
    version: u32,
    hash: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct VerifyBody {
    result: String,
    at_tick: u32,
}

impl From<SessionSummary> for SessionBody {
    fn from(session: SessionSummary) -> Self {
        Self {
            id: session.id.to_string(),
            name: session.name,
            r#type: session.kind.code(),
            status: session.status.code(),
            map_id: session.map_id,
            map_hash: ContentHash::to_hex(session.map_hash),
            game_mode: session.mode,
            max_players: session.max_players,
            player_count: session.player_count,
            spectator_count: session.spectator_count,
            tick_rate_hz: session.tick_rate.hz(),
            ruleset: RulesetBody {
                name: session.ruleset_name,
                version: session.ruleset_version,
                hash: session.ruleset_hash.to_hex(),
            },
            spectator_delay_ms: session.spectator_delay_ms,
            durability: session.durability,
            epoch: session.epoch.0,
            tick: session.tick.0,
            durable_tick: session.durable_tick.0,
            verify: session
                .verify
                .map(|verify| VerifyBody { result: verify.result, at_tick: verify.at_tick.0 }),
            metadata: session.metadata,
            created_at: rfc_3339(session.created_at_ms),
            started_at: session.started_at_ms.map(rfc_3339),
            ended_at: session.ended_at_ms.map(rfc_3339),
            end_reason: session.end_reason,
        }
    }
}

/// RFC 3339 in UTC with milliseconds. Times outside year -9999 to 9999 become the nearest end.
pub fn rfc_3339(unix_ms: i64) -> String {
    let time = Timestamp::from_millisecond(unix_ms);
    format!("{:.3}", time.unwrap_or(if unix_ms < 0 { Timestamp::MIN } else { Timestamp::MAX }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_utc_with_milliseconds() {
        assert_eq!(rfc_3339(1_763_805_600_000), "2025-11-22T10:00:00.000Z");
        assert_eq!(rfc_3339(1_763_805_600_007), "2025-11-22T10:00:00.007Z");
        assert!(rfc_3339(i64::MAX).starts_with("9999-"));
    }
}
