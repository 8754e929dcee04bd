//! `/health` (the shards tick) and `/ready` (worth sending players to).

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use parking_lot::Mutex;
use serde::Serialize;

use super::Api;
use crate::config::Readiness as Mode;
use crate::session::registry::Health;

/// A dependency that comes back within this has not made the server unready, unless the mode is strict.
const GRACE: Duration = Duration::from_secs(10);

/// How a dependency does right now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DependencyState {
    pub is_up: bool,
    /// One word or two: `healthy`, `full`.
    pub state: String,
}

/// Something that the server works with, as the composition root knows it.
pub struct Dependency {
    pub name: &'static str,
    pub check: Box<dyn Fn() -> DependencyState + Send + Sync>,
}

/// Whether the server should be sent players.
pub struct Readiness {
    mode: Mode,
    dependencies: Vec<Dependency>,
    /// Since when each dependency has been gone.
    down_since: Mutex<Vec<Option<Instant>>>,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct DependencyBody {
    name: &'static str,
    #[serde(flatten)]
    state: DependencyState,
}

impl Readiness {
    /// Every dependency counts as up once it has been seen up; at the start none is.
    pub fn new(mode: Mode, dependencies: Vec<Dependency>) -> Self {
        let long_ago = Instant::now().checked_sub(GRACE);
        let down_since = Mutex::new(vec![long_ago; dependencies.len()]);
        Self { mode, dependencies, down_since }
    }

    /// Whether all dependencies are there, or have not been gone for long, and how each does.
    pub fn check(&self, now: Instant) -> (bool, Vec<DependencyBody>) {
        let mut all_there = true;
        let mut since = self.down_since.lock();
        let bodies = self.dependencies.iter().zip(since.iter_mut()).map(|(dependency, since)| {
            let state = (dependency.check)();
            if state.is_up {
                *since = None;
            } else {
                let gone_for = now.saturating_duration_since(*since.get_or_insert(now));
                all_there &= self.mode == Mode::Grace && gone_for < GRACE;
            }
            DependencyBody { name: dependency.name, state }
        });
        let bodies = bodies.collect();
        (all_there, bodies)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AliveBody {
    status: &'static str,
    shards: Vec<ShardBody>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShardBody {
    shard: usize,
    is_ticking: bool,
    /// Since the shard's last round.
    last_beat_ms: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ReadyBody {
    status: &'static str,
    dependencies: Vec<DependencyBody>,
    sessions: SessionsBody,
    shards: Vec<ShardBody>,
}

/// The health of session processing.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionsBody {
    live: usize,
    suspended: usize,
}

/// 200 while every shard beats. No dependency can make it fail: a restart would not bring one back.
pub async fn alive(State(api): State<Api>) -> impl IntoResponse {
    let shards = shards(&api.registry.health());
    let is_alive = shards.iter().all(|shard| shard.is_ticking);
    let status = if is_alive { "alive" } else { "stalled" };
    (answer(is_alive), Json(AliveBody { status, shards }))
}

/// 200 when players may be sent here.
pub async fn ready(State(api): State<Api>) -> impl IntoResponse {
    let (all_there, dependencies) = api.readiness.check(Instant::now());
    let health = api.registry.health();
    let shards = shards(&health);
    let status = if api.stop.is_cancelled() {
        "draining"
    } else if !all_there {
        "dependency_gone"
    } else if !shards.iter().all(|shard| shard.is_ticking) {
        "stalled"
    } else {
        "ready"
    };
    let sessions = SessionsBody { live: health.live_sessions, suspended: health.suspended_sessions };
    (answer(status == "ready"), Json(ReadyBody { status, dependencies, sessions, shards }))
}

fn answer(is_well: bool) -> StatusCode {
    if is_well { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
}

fn shards(health: &Health) -> Vec<ShardBody> {
    let beats = health.shards.iter().enumerate();
    beats
        .map(|(shard, beat)| ShardBody {
            shard,
            is_ticking: beat.is_ticking,
            last_beat_ms: beat.last_beat_ms,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    fn readiness(mode: Mode) -> (Readiness, Arc<AtomicBool>) {
        let is_up = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_up);
        let check = move || {
            let is_up = seen.load(Ordering::Relaxed);
            DependencyState { is_up, state: if is_up { "healthy" } else { "failing" }.to_owned() }
        };
        let dependency = Dependency { name: "journal", check: Box::new(check) };
        (Readiness::new(mode, vec![dependency]), is_up)
    }

    #[test]
    fn a_server_is_not_ready_before_its_dependency_first_answers_and_then_has_a_grace_time() {
        let (readiness, is_up) = readiness(Mode::Grace);
        let start = Instant::now();
        let ready_after = |wait| readiness.check(start + wait).0;
        assert!(!ready_after(Duration::ZERO), "it has never answered");
        is_up.store(true, Ordering::Relaxed);
        assert!(ready_after(Duration::ZERO));
        is_up.store(false, Ordering::Relaxed);
        assert!(ready_after(Duration::from_secs(1)), "it is gone but for a moment");
        assert!(ready_after(Duration::from_secs(10)));
        assert!(!ready_after(Duration::from_secs(11)), "it has been gone for the grace time");
        is_up.store(true, Ordering::Relaxed);
        assert!(ready_after(Duration::from_secs(12)));
    }

    #[test]
    fn strict_readiness_has_no_grace_time_and_the_body_names_the_state() {
        let (readiness, is_up) = readiness(Mode::Strict);
        is_up.store(true, Ordering::Relaxed);
        assert!(readiness.check(Instant::now()).0);
        is_up.store(false, Ordering::Relaxed);
        let (is_ready, bodies) = readiness.check(Instant::now());
        assert!(!is_ready);
        let body = serde_json::to_value(&bodies).expect("JSON");
        assert_eq!(body, serde_json::json!([{"name": "journal", "isUp": false, "state": "failing"}]));
    }
}
