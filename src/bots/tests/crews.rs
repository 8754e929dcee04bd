//! Bots of a server: they fill places, come back after a restart and play the demo.

use std::sync::Arc;
use std::time::Duration;

use combat_components::command::Command;
use combat_components::ids::{DisplayName, Epoch, PlayerId, SessionId, Team};
use combat_components::tick::TickRate;
use combat_protocol::codec::Encoding;
use combat_replays::player::{self, Played};
use combat_systems::kinds::Kinds;
use tokio_util::sync::CancellationToken;

use crate::bots::{BotCrew, demo};
use crate::journal::{Journal, JournalConfig};
use crate::session::catalogue::Catalogue;
use crate::session::registry::{Limits, Registry};
use crate::session::summary::{CreateSession, JoinSession, SessionKind, SessionStatus};
use crate::store::MemoryStore;
use crate::telemetry::Metrics;

/// A server without ports.
struct Server {
    registry: Registry,
    journal: Arc<Journal>,
}

impl Server {
    async fn start(store: MemoryStore) -> Self {
        let (journal, report) =
            Journal::open(Arc::new(store), JournalConfig::default()).await.expect("a store in memory opens");
        let journal = Arc::new(journal);
        let catalogue = Catalogue::load(Kinds::SHIPPED, None, None).expect("the shipped assets are sound");
        let limits = Limits { sessions_max: 8, shards: 1 };
        let metrics = Arc::new(Metrics::default());
        let registry =
            Registry::start(catalogue, journal.clone(), metrics, limits, Box::new(BotCrew::on_live));
        let registry = registry.expect("the system gives a thread");
        crate::session::resume::resume_all(&registry, report).await.expect("the store answers");
        Self { registry, journal }
    }

    async fn stop(self) {
        self.registry.drain().await;
        self.journal.shutdown().await.expect("a store in memory takes everything");
    }

    /// Waits until a condition holds of the sessions.
    async fn until(&self, what: &str, mut holds: impl AsyncFnMut(&Registry) -> bool) {
        let patience = tokio::time::timeout(Duration::from_secs(60), async {
            while !holds(&self.registry).await {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        patience.await.unwrap_or_else(|_| panic!("in a minute not: {what}; {:?}", self.registry.list()));
    }
}

fn wish(bots: u8) -> CreateSession {
    CreateSession {
        name: "bots".to_owned(),
        kind: SessionKind::Training,
        map_id: "arena".to_owned(),
        mode: "deathmatch".to_owned(),
        max_players: None,
        tick_rate: TickRate::DEFAULT,
        ruleset: "default".to_owned(),
        spectator_delay_ms: None,
        metadata: serde_json::json!({}),
        friendly_fire: None,
        time_limit_s: Some(120),
        score_limit: None,
        bots,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_fill_places_and_return_to_them_after_a_restart() {
    let store = MemoryStore::new();
    let later = store.reopened();
    let server = Server::start(store).await;
    let id = server.registry.create(wish(4)).await.expect("it is created").id;
    server
        .until("four bots play", async |registry| {
            registry
                .get(id)
                .is_ok_and(|session| session.player_count == 4 && session.status == SessionStatus::Active)
        })
        .await;
    let places = server.registry.handle(id).expect("it is live").live().seats();
    server.stop().await;

    let server = Server::start(later).await;
    server
        .until("it is active again, in a new epoch", async |registry| {
            registry
                .get(id)
                .is_ok_and(|session| session.epoch.0 == 2 && session.status == SessionStatus::Active)
        })
        .await;
    let handle = server.registry.handle(id).expect("it is live");
    assert_eq!(handle.live().seats(), places, "everybody has kept the place");
    let (outgoing, resumed_at) = (handle.attach_spectator(0, Encoding::MessagePack), handle.live().tick());
    drop(outgoing);
    server.until("the bots move the match on", async |_| handle.live().tick() > resumed_at.plus(64)).await;
    server.registry.end(id, None).await.expect("it ends");
    server
        .until("it is verified", async |registry| {
            registry
                .get(id)
                .is_ok_and(|session| session.verify.is_some_and(|verify| verify.result == "verified"))
        })
        .await;
    server.stop().await;
}

/// Which slots were connected in the log's second epoch.
async fn connected_after_restart(registry: &Registry, id: SessionId) -> Vec<u8> {
    let log = crate::journal_log::load(&*registry.journal().reader(), id).await.expect("a store");
    let log = log.expect("a log");
    let mut player =
        player::Player::from_start(log.parts(&Kinds::SHIPPED).expect("sound parts"), &log.records)
            .expect("records");
    let (mut is_second, mut slots) = (false, Vec::new());
    while let Some(played) = player.advance().expect("sound records") {
        match played {
            Played::EpochStart { epoch, .. } => is_second = epoch == Epoch(2),
            Played::Ticked(_) if is_second => {
                slots.extend(player.input().iter().filter_map(|command| match command {
                    Command::Connected { slot } => Some(slot.0),
                    _ => None,
                }))
            }
            _ => {}
        }
    }
    slots.sort_unstable();
    slots
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_the_server_plays_its_own_bots_and_nobody_who_is_only_called_like_one() {
    let store = MemoryStore::new();
    let later = store.reopened();
    let server = Server::start(store).await;
    let id = server.registry.create(wish(2)).await.expect("it is created").id;
    let handle = server.registry.handle(id).expect("it is live");
    server.until("two bots are in", async |_| handle.live().player_count() == 2).await;
    for human in ["bot-vega", "bot-rigel"] {
        let player = PlayerId::new(human).expect("an id");
        let name = DisplayName::new("Vega").ok();
        handle.join(JoinSession { player, name, team: Team::NONE, bot: false }).await.expect("a place");
    }
    let bots: Vec<u8> =
        handle.live().seats().iter().filter(|seat| seat.bot).map(|seat| seat.slot.0).collect();
    assert_eq!(bots.len(), 2);
    server.stop().await;
    let server = Server::start(later).await;
    let handle = server.registry.handle(id).expect("it is live");
    let are_back =
        async |registry: &Registry| connected_after_restart(registry, id).await.len() == bots.len();
    server.until("the bots are back", are_back).await;
    let resumed_at = handle.live().tick();
    server.until("some play", async |_| handle.live().tick() > resumed_at.plus(64)).await;
    server.registry.end(id, None).await.expect("it ends");
    assert_eq!(connected_after_restart(&server.registry, id).await, bots, "only they were brought back");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_plays_one_match_after_the_other_and_each_is_verified() {
    let server = Server::start(MemoryStore::new()).await;
    let stop = CancellationToken::new();
    let plan = demo::DemoPlan { match_s: 2, tick_rate: TickRate::DEFAULT };
    let demo = tokio::spawn(demo::run(server.registry.clone(), plan, stop.clone()));
    server
        .until("two matches are verified", async |registry| {
            let sessions = registry.list();
            assert!(sessions.iter().filter(|session| session.status.is_live()).count() <= 1, "one at a time");
            let results = sessions.iter().filter_map(|session| session.verify.as_ref());
            results.filter(|verify| verify.result == "verified").count() >= 2
        })
        .await;
    let names: Vec<String> =
        server.registry.list().into_iter().rev().map(|session| session.name).take(2).collect();
    assert_eq!(names, ["Demo match 1", "Demo match 2"]);
    stop.cancel();
    demo.await.expect("the demo stops when told");
    server.stop().await;
}
