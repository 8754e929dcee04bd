//! Matches of bots back to back, so that there is always something to watch.

use std::time::Duration;

use combat_components::ids::SessionId;
use combat_components::tick::TickRate;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::session::catalogue::DEFAULT_RULESET;
use crate::session::registry::Registry;
use crate::session::summary::{CreateSession, SessionError, SessionKind, SessionSummary};

/// How long the match of a demo lasts unless told otherwise, without its warm-up.
pub const MATCH_S_DEFAULT: u32 = 180;

const BOTS: u8 = 10;
const MAP: &str = "arena";
const MODE: &str = "deathmatch";

/// Enough that what spectators see is final, short enough to feel live.
const SPECTATOR_DELAY_MS: u32 = 1_000;

/// Marks the demo's own sessions, so that one taken up after a restart is known again.
const MARK: &str = "demo";

/// How often the demo looks whether its match is over.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// Between two matches, so that the last score can be read.
const INTERMISSION: Duration = Duration::from_secs(2);

/// Between two attempts to create a match that the server refused.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the demo plays.
#[derive(Clone, Copy, Debug)]
pub struct DemoPlan {
    pub match_s: u32,
    pub tick_rate: TickRate,
}

/// Plays one match after the other until `stop`. One that is live already, after a restart, is played to its end first.
pub async fn run(registry: Registry, plan: DemoPlan, stop: CancellationToken) {
    stop.run_until_cancelled(play_for_ever(&registry, plan)).await;
}

async fn play_for_ever(registry: &Registry, plan: DemoPlan) {
    loop {
        let live =
            registry.list().into_iter().find(|session| is_demo(session) && is_played(registry, session.id));
        let id = match live {
            Some(session) => session.id,
            None => match registry.create(wish(registry, plan)).await {
                Ok(session) => session.id,
                Err(SessionError::Draining) => return,
                Err(error) => {
                    tracing::warn!(%error, "no demo match for now");
                    tokio::time::sleep(PATIENCE).await;
                    continue;
                }
            },
        };
        end_of(registry, id).await;
        tokio::time::sleep(INTERMISSION).await;
    }
}

async fn end_of(registry: &Registry, id: SessionId) {
    let mut look = tokio::time::interval(LOOK_EVERY);
    while is_played(registry, id) {
        look.tick().await;
    }
}

/// Live, and simulated by this build.
fn is_played(registry: &Registry, id: SessionId) -> bool {
    registry.handle(id).is_ok()
}

fn is_demo(session: &SessionSummary) -> bool {
    session.metadata.get(MARK).is_some()
}

fn wish(registry: &Registry, plan: DemoPlan) -> CreateSession {
    let numbers = registry.list().into_iter().filter_map(|session| session.metadata.get(MARK)?.as_u64());
    let number = numbers.max().unwrap_or(0) + 1;
    CreateSession {
        name: format!("Demo match {number}"),
        kind: SessionKind::Casual,
        map_id: MAP.to_owned(),
        mode: MODE.to_owned(),
        max_players: None,
        tick_rate: plan.tick_rate,
        ruleset: DEFAULT_RULESET.to_owned(),
        spectator_delay_ms: Some(SPECTATOR_DELAY_MS),
        metadata: json!({ MARK: number }),
        friendly_fire: None,
        time_limit_s: Some(plan.match_s),
        score_limit: Some(0),
        bots: BOTS,
    }
}
