//! A session whose simulation panics and those beside it; who is heard, and for whom.

mod ending;
mod following;
mod keys;
mod shelved;

use std::sync::Arc;
use std::time::{Duration, Instant};

use combat_components::command::{Action, Command, Deed, LeaveCause};
use combat_components::ids::{DisplayName, Epoch, PlayerId, SessionId, Slot, Team};
use combat_components::quantity::{Pitch, Yaw};
use combat_components::tick::{Tick, TickRate};
use combat_protocol::close::CloseCode;
use combat_protocol::codec::{Encoding, decode_server};
use combat_protocol::server::ServerMessage;
use combat_replays::header::Header;
use combat_replays::log::Log;
use combat_replays::verifier::{Outcome, VerifyOptions, verify_with};
use combat_systems::kinds::Kinds;
use combat_systems::phases::Phase;
use combat_systems::sim::{Sim, SimParts};

use super::ask::{Ask, Wish};
use super::catalogue::Catalogue;
use super::handle::{Attachment, SessionHandle};
use super::inbox::Envelope;
use super::outbox::Outgoing;
use super::registry::{Limits, Registry, Start};
use super::resume::resume_all;
use super::stored::facts_of;
use super::summary::{CreateSession, JoinSession, SessionError, SessionKind, SessionStatus};
use crate::journal::{Journal, JournalConfig, NewSession};
use crate::journal_log;
use crate::store::{MemoryStore, Store};
use crate::telemetry::Metrics;

/// Generous: nothing waits this long unless it fails.
const PATIENCE: Duration = Duration::from_secs(20);

const POISONED: SessionId = SessionId([9; 16]);

/// One shard, so that all sessions share a thread.
async fn registry(store: &MemoryStore) -> Registry {
    registry_on(Arc::new(store.reopened())).await
}

async fn registry_on(store: Arc<dyn Store>) -> Registry {
    let (journal, report) = Journal::open(store, JournalConfig::default()).await.expect("a store");
    let catalogue = Catalogue::load(Kinds::SHIPPED, None, None).expect("what ships is sound");
    let limits = Limits { sessions_max: 8, shards: 1 };
    let metrics = Arc::new(Metrics::default());
    let registry = Registry::start(catalogue, Arc::new(journal), metrics, limits, Box::new(|_, _, _| {}));
    let registry = registry.expect("threads");
    resume_all(&registry, report).await.expect("a store");
    registry
}

fn wish() -> CreateSession {
    CreateSession {
        name: "sound".to_owned(),
        kind: SessionKind::Training,
        map_id: "duel-box".to_owned(),
        mode: "duel".to_owned(),
        max_players: None,
        tick_rate: TickRate::DEFAULT,
        ruleset: "default".to_owned(),
        spectator_delay_ms: None,
        metadata: serde_json::Value::Null,
        friendly_fire: None,
        time_limit_s: None,
        score_limit: None,
        bots: 0,
    }
}

/// A session whose rules have no weapon, which no loader lets pass: reloading it panics.
async fn poisoned(registry: &Registry, like: SessionId) -> (SessionHandle, SimParts) {
    let stored = registry.journal().reader().header(like).await.expect("a store").expect("a header");
    let mut header = Header::from_bytes(&stored).expect("a header");
    header.setup.session = POISONED;
    let catalogue = registry.catalogue();
    let (map, ruleset) = (catalogue.map("duel-box"), catalogue.ruleset("default"));
    let text = |text: &str| text.as_bytes().to_vec();
    let (map, ruleset) = (text(&map.expect("it ships").text), text(&ruleset.expect("it ships").text));
    let log = Log { header: header.clone(), map, ruleset, records: Vec::new(), lost: None };
    let mut parts = log.parts(&Kinds::SHIPPED).expect("sound so far");
    let mut rules = (*parts.ruleset).clone();
    rules.weapons.clear();
    parts.ruleset = Arc::new(rules);
    let new = NewSession { id: POISONED, created_unix_us: 1, header: header.to_bytes() };
    let tape = registry.journal().create(new, TickRate::DEFAULT.hz()).await.expect("a store");
    let sim = Sim::new(&parts).expect("no rule is looked at yet");
    let handle =
        registry.take_up(facts_of(&header), sim, tape, Start::new(None)).expect("the shard has room");
    (handle, parts)
}

async fn join(handle: &SessionHandle, name: &str) -> PlayerId {
    let player = PlayerId::new(name).expect("an id");
    let name = DisplayName::new(name).ok();
    handle.join(JoinSession { player, name, team: Team(0), bot: false }).await.expect("a place");
    player
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "{what} did not happen within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// For what is answered by another thread: without an answer the test fails instead of waiting for ever.
async fn within<T>(what: &str, answer: impl Future<Output = T>) -> T {
    let answer = tokio::time::timeout(PATIENCE, answer).await;
    answer.unwrap_or_else(|_| panic!("{what} did not come within {PATIENCE:?}"))
}

fn reload() -> Command {
    Command::Action {
        action: Action {
            slot: Slot(0),
            input_seq: 1,
            follows: 0,
            yaw: Yaw(0),
            pitch: Pitch::default(),
            view_tick: Tick(0),
            view_fraction: 0,
            deed: Deed::Reload,
            target: None,
        },
    }
}

#[tokio::test]
async fn a_panicking_session_ends_alone_and_its_log_names_tick_and_phase() {
    let store = MemoryStore::new();
    let registry = registry(&store).await;
    let sound = registry.create(wish()).await.expect("created").id;
    let beside = registry.handle(sound).expect("live");
    let (handle, parts) = poisoned(&registry, sound).await;
    let player = join(&handle, "ann").await;
    let opponent = join(&handle, "bob").await;
    let mut attached = handle.attach_player(player, Encoding::MessagePack, None).await.expect("a place");
    let _opponent = handle.attach_player(opponent, Encoding::MessagePack, None).await.expect("a place");
    let connection = attached.player.expect("a player").connection;
    until("the warm-up", || handle.live().status() == SessionStatus::Warmup).await;
    handle.submit(connection, reload(), false).expect("room in the inbox");
    until("the failure", || registry.get(POISONED).is_ok_and(|shown| shown.ended_at_ms.is_some())).await;

    let shown = registry.get(POISONED).expect("known");
    assert_eq!(shown.status, SessionStatus::Failed);
    assert_eq!(shown.end_reason.as_deref(), Some("simulation_panicked"));
    assert_eq!(registry.handle(POISONED).err(), Some(SessionError::Failed));
    while attached.outgoing.recv().await.is_some() {}
    assert_eq!(attached.facts.close_code(), CloseCode::SessionFailed);

    let log =
        journal_log::load(&*registry.journal().reader(), POISONED).await.expect("a store").expect("a log");
    assert_eq!((log.last_tick(), &log.lost), (shown.tick, &None), "the log is kept to its last tick");
    let report = verify_with(parts, &log, VerifyOptions::of(Kinds::SHIPPED), &mut |_| ());
    let Outcome::Diverged(found) = report.outcome else { panic!("a failed log does not verify: {report:?}") };
    let panic = found.panic.expect("the same panic");
    assert_eq!((found.tick, panic.tick, panic.phase), (shown.tick, shown.tick, Some(Phase::Action)));

    let (tick, durable) = (beside.live().tick(), beside.durable_tick());
    let went_on = || beside.live().tick() > tick.plus(64) && beside.durable_tick() > durable.plus(32);
    until("the session beside it going on", went_on).await;
    assert!(registry.health().shards.iter().all(|shard| shard.is_ticking));
    assert_eq!(registry.get(sound).expect("known").status, SessionStatus::Waiting);
}

#[tokio::test]
async fn a_failed_session_stays_failed_over_a_restart_and_the_others_resume() {
    let store = MemoryStore::new();
    let first = registry(&store).await;
    let sound = first.create(wish()).await.expect("created").id;
    let (handle, _) = poisoned(&first, sound).await;
    let player = join(&handle, "ann").await;
    let opponent = join(&handle, "bob").await;
    let attached = handle.attach_player(player, Encoding::MessagePack, None).await.expect("a place");
    let _opponent = handle.attach_player(opponent, Encoding::MessagePack, None).await.expect("a place");
    let connection = attached.player.expect("a player").connection;
    until("the warm-up", || handle.live().status() == SessionStatus::Warmup).await;
    handle.submit(connection, reload(), false).expect("room in the inbox");
    until("the failure", || first.get(POISONED).is_ok_and(|shown| shown.ended_at_ms.is_some())).await;
    first.drain().await;
    first.journal().shutdown().await.expect("everything is durable");
    let second = registry(&store).await;
    assert_eq!(second.get(POISONED).expect("known").status, SessionStatus::Failed);
    assert_eq!(second.handle(POISONED).err(), Some(SessionError::Failed));
    let resumed = second.get(sound).expect("known");
    assert!(resumed.status.is_live() && resumed.epoch == Epoch(2), "{resumed:?}");
}

/// The last inputs of a leaver, his leaving and the newcomer's joining arrive together, so that they share a tick.
#[tokio::test]
async fn what_a_leaver_still_said_is_not_done_by_whoever_gets_his_slot() {
    let registry = registry(&MemoryStore::new()).await;
    let id = registry.create(wish()).await.expect("created").id;
    let handle = registry.handle(id).expect("live");
    let leaver = join(&handle, "ann").await;
    join(&handle, "bob").await;
    let attached = handle.attach_player(leaver, Encoding::MessagePack, None).await.expect("a place");
    let connection = attached.player.expect("a player").connection;
    let mut last_words = reload();
    if let Command::Action { action } = &mut last_words {
        action.input_seq = u32::MAX;
    }
    let (left, leaving) = tokio::sync::oneshot::channel();
    handle.submit(connection, last_words, false).expect("room in the inbox");
    let wish = Wish::Leave { player: leaver, cause: LeaveCause::Left, told: CloseCode::Left };
    handle.inbox.put(Envelope::Ask(Ask { wish, key: None, reply: left })).expect("room in the inbox");
    let newcomer = join(&handle, "cyd").await;
    leaving.await.expect("an answer").expect("left");

    assert_eq!(handle.place_of(newcomer), Some(Slot(0)), "the slot is the leaver's");
    let mut attached = handle.attach_player(newcomer, Encoding::MessagePack, None).await.expect("a place");
    let Some(Outgoing::Reliable(first)) = attached.outgoing.recv().await else {
        panic!("a welcome comes first")
    };
    let Ok(ServerMessage::Welcome(welcome)) = decode_server(&first, Encoding::MessagePack) else {
        panic!("the first message is a welcome")
    };
    assert_eq!(welcome.last_input_seq, 0, "nothing has been taken of the newcomer yet");
}

#[tokio::test]
async fn whoever_speaks_over_a_connection_that_is_not_his_any_more_is_not_heard() {
    let registry = registry(&MemoryStore::new()).await;
    let id = registry.create(wish()).await.expect("created").id;
    let handle = registry.handle(id).expect("live");
    let player = join(&handle, "ann").await;
    let first = handle.attach_player(player, Encoding::MessagePack, None).await.expect("a place");
    let second = handle.attach_player(player, Encoding::MessagePack, None).await.expect("the same place");
    let of = |attached: &Attachment| attached.player.expect("a player").connection;
    handle.submit(of(&first), reload(), false).expect("room in the inbox");
    let before = handle.live().tick();
    until("some ticks", || handle.live().tick() > before.plus(8)).await;
    let mut third = handle.attach_player(player, Encoding::MessagePack, None).await.expect("the same place");
    let Some(Outgoing::Reliable(bytes)) = third.outgoing.recv().await else {
        panic!("a welcome comes first")
    };
    let Ok(ServerMessage::Welcome(welcome)) = decode_server(&bytes, Encoding::MessagePack) else {
        panic!("the first message is a welcome")
    };
    assert_eq!(welcome.last_input_seq, 0, "the superseded connection was not heard");
    assert_eq!(second.facts.close_code(), CloseCode::Superseded);
}
