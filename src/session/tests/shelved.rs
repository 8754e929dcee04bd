//! What this build cannot simulate is no fault of the session: it lives on for a build that can.

use std::ops::RangeInclusive;
use std::sync::Arc;

use combat_components::ids::{Epoch, SessionId, Team};
use combat_components::setup::ContentHash;
use combat_components::tick::{Tick, TickRate};
use combat_replays::header::Header;
use combat_systems::kinds::Kinds;
use combat_systems::modes::duel::Duel;
use combat_systems::modes::{Mode, Round, StandsUp};
use xxhash_rust::xxh3::xxh3_64;

use super::{MemoryStore, registry, until, wish};
use crate::journal::{Journal, JournalConfig, NewSession, Offer, StoredStatus};
use crate::journal_log;
use crate::session::catalogue::Catalogue;
use crate::session::pacer::unix_us;
use crate::session::registry::{Limits, Registry};
use crate::session::resume::resume_all;
use crate::session::summary::{SessionError, SessionStatus, VerifySummary};
use crate::telemetry::Metrics;

const OTHER_VERSION: SessionId = SessionId([1; 16]);
const OTHER_FORMAT: SessionId = SessionId([2; 16]);
const OTHER_BEHAVIOUR: SessionId = SessionId([3; 16]);
const DAMAGED: SessionId = SessionId([4; 16]);
const FORGOTTEN: SessionId = SessionId([5; 16]);

const EIGHT_DAYS_US: u64 = 8 * 24 * 60 * 60 * 1_000_000;

async fn header_like(registry: &Registry, like: SessionId, id: SessionId) -> Header {
    let stored = registry.journal().reader().header(like).await.expect("a store").expect("a header");
    let mut header = Header::from_bytes(&stored).expect("a header");
    header.setup.session = id;
    header
}

/// A live session with these records, as another build has left it.
async fn leave_behind(registry: &Registry, new: NewSession, (mut records, last_tick): (Vec<u8>, u32)) {
    let tape = registry.journal().create(new, TickRate::DEFAULT.hz()).await.expect("a store");
    assert_eq!(tape.offer(&mut records, last_tick, true), Offer::Taken);
}

fn new(id: SessionId, header: Vec<u8>) -> NewSession {
    NewSession { id, created_unix_us: unix_us(), header }
}

/// The same header, as if it were of another format.
fn of_format(format: u32, header: &Header) -> Vec<u8> {
    let mut bytes = header.to_bytes();
    bytes[8..12].copy_from_slice(&format.to_le_bytes());
    let checked = bytes.len() - 8;
    let checksum = xxh3_64(&bytes[..checked]).to_le_bytes();
    bytes[checked..].copy_from_slice(&checksum);
    bytes
}

async fn row(registry: &Registry, id: SessionId) -> (StoredStatus, u32) {
    let row = registry.journal().reader().session(id).await.expect("a store").expect("a row");
    (row.status, row.epoch)
}

/// A store in which one session is sound and each of the others keeps this build from taking it up.
async fn left_by_other_builds() -> (MemoryStore, SessionId) {
    let store = MemoryStore::new();
    let first = registry(&store).await;
    let sound = first.create(wish()).await.expect("created").id;
    let handle = first.handle(sound).expect("live");
    until("some play", || handle.durable_tick() > Tick(20)).await;
    let log = journal_log::load(&*first.journal().reader(), sound).await.expect("a store").expect("a log");
    let played = (log.records.clone(), log.last_tick().0);
    let mut header = header_like(&first, sound, OTHER_VERSION).await;
    header.simulation_version += 1;
    leave_behind(&first, new(OTHER_VERSION, header.to_bytes()), played.clone()).await;
    let mut header = header_like(&first, sound, FORGOTTEN).await;
    header.simulation_version += 1;
    let forgotten = new(FORGOTTEN, header.to_bytes());
    let forgotten = NewSession { created_unix_us: forgotten.created_unix_us - EIGHT_DAYS_US, ..forgotten };
    leave_behind(&first, forgotten, played.clone()).await;
    let header = header_like(&first, sound, OTHER_FORMAT).await;
    leave_behind(&first, new(OTHER_FORMAT, of_format(2, &header)), played.clone()).await;
    // The id of a session is under every root.
    let header = header_like(&first, sound, OTHER_BEHAVIOUR).await;
    leave_behind(&first, new(OTHER_BEHAVIOUR, header.to_bytes()), played.clone()).await;
    let mut header = header_like(&first, sound, DAMAGED).await;
    header.setup.map_hash = ContentHash::of(b"another map");
    let map = crate::journal::Blob {
        hash: header.setup.map_hash.to_hex(),
        kind: "map".to_owned(),
        bytes: b"not that map".to_vec(),
    };
    first.journal().put_blob(map).await.expect("a store");
    leave_behind(&first, new(DAMAGED, header.to_bytes()), played).await;
    first.drain().await;
    first.journal().shutdown().await.expect("everything is durable");
    (store, sound)
}

#[tokio::test]
async fn a_session_that_this_build_cannot_simulate_stays_live_and_the_others_resume() {
    let (store, sound) = left_by_other_builds().await;
    for _ in 0..2 {
        let registry = registry(&store).await;
        for id in [OTHER_VERSION, OTHER_FORMAT, OTHER_BEHAVIOUR] {
            let shown = registry.get(id).expect("known");
            assert_eq!((shown.status, shown.epoch), (SessionStatus::Suspended, Epoch(1)), "{shown:?}");
            assert!(shown.tick > Tick(20) && shown.tick == shown.durable_tick, "{shown:?}");
            assert_eq!((shown.ended_at_ms, &shown.end_reason), (None, &None), "{shown:?}");
            assert_eq!(registry.handle(id).err(), Some(SessionError::Suspended));
            assert_eq!(row(&registry, id).await, (StoredStatus::Live, 1), "nothing of it is written");
        }
        let health = registry.health();
        assert_eq!((health.live_sessions, health.suspended_sessions), (4, 3));
        assert_eq!(registry.get(DAMAGED).expect("known").status, SessionStatus::Failed, "of the session");
        let forgotten = registry.get(FORGOTTEN).expect("known");
        assert_eq!(forgotten.status, SessionStatus::Failed, "nobody has come for it in a week");
        let reason = forgotten.end_reason.expect("a reason");
        assert!(reason.contains("within 7 days") && reason.contains("simulation version"), "{reason}");
        assert_eq!(row(&registry, FORGOTTEN).await.0, StoredStatus::Failed);
        assert!(registry.handle(sound).is_ok(), "it goes on");
        registry.drain().await;
        registry.journal().shutdown().await.expect("everything is durable");
    }
}

#[tokio::test]
async fn whoever_ends_a_session_that_this_build_cannot_simulate_gives_it_up_for_good() {
    let (store, _) = left_by_other_builds().await;
    let first = registry(&store).await;
    let ended = first.end(OTHER_VERSION, None).await.expect("given up");
    assert_eq!(ended.status, SessionStatus::Failed);
    let reason = ended.end_reason.expect("a reason");
    assert!(reason.contains("given up") && reason.contains("recorded by simulation version"), "{reason}");
    assert_eq!(first.end(OTHER_VERSION, None).await.expect("again").status, SessionStatus::Failed);
    assert_eq!(row(&first, OTHER_VERSION).await.0, StoredStatus::Failed);
    assert_eq!(first.health().suspended_sessions, 2);
}

#[tokio::test]
async fn an_ended_session_that_this_build_refuses_is_verified_by_the_next_that_does_not() {
    let store = MemoryStore::new();
    let first = registry(&store).await;
    let sound = first.create(wish()).await.expect("created").id;
    let header = header_like(&first, sound, OTHER_VERSION).await;
    let other = Header { simulation_version: header.simulation_version + 1, ..header };
    let handle = first.handle(sound).expect("live");
    until("some play", || handle.durable_tick() > Tick(20)).await;
    let log = journal_log::load(&*first.journal().reader(), sound).await.expect("a store").expect("a log");
    let played = (log.records.clone(), log.last_tick().0);
    leave_behind(&first, new(OTHER_VERSION, other.to_bytes()), played).await;
    let ended = crate::journal::Finish {
        id: OTHER_VERSION,
        failed: false,
        ended_unix_us: unix_us(),
        last_tick: log.last_tick().0,
        summary: Vec::new(),
    };
    first.journal().finish(ended).await.expect("a store");
    first.drain().await;
    first.journal().shutdown().await.expect("everything is durable");

    let second = registry(&store).await;
    until("the refusal", || second.get(OTHER_VERSION).is_ok_and(|shown| shown.verify.is_some())).await;
    let told = second.get(OTHER_VERSION).expect("known").verify;
    assert_eq!(told, Some(VerifySummary { result: "refused".to_owned(), at_tick: Tick(0) }));
    let row = second.journal().reader().session(OTHER_VERSION).await.expect("a store").expect("a row");
    assert_eq!(row.verify, None, "another build is still to say");
}

/// The duel of another build, which remembers something.
#[derive(Debug)]
struct DuelThatKeeps;

impl Mode for DuelThatKeeps {
    fn name(&self) -> &'static str {
        Duel.name()
    }

    fn players(&self) -> RangeInclusive<u8> {
        Duel.players()
    }

    fn team_of(&self, asked: Team, taken: &[Team]) -> Team {
        Duel.team_of(asked, taken)
    }

    fn stands_up(&self, round: Round) -> StandsUp {
        Duel.stands_up(round)
    }

    fn death_ends_round(&self, contending: &[Team]) -> bool {
        Duel.death_ends_round(contending)
    }

    fn keeps(&self) -> usize {
        1
    }
}

#[tokio::test]
async fn a_match_whose_mode_keeps_more_in_this_build_waits_for_the_build_that_played_it() {
    let store = MemoryStore::new();
    let first = registry(&store).await;
    let sound = first.create(wish()).await.expect("created").id;
    let handle = first.handle(sound).expect("live");
    until("some play", || handle.durable_tick() > Tick(20)).await;
    first.drain().await;
    first.journal().shutdown().await.expect("everything is durable");
    let opened = Journal::open(Arc::new(store.reopened()), JournalConfig::default());
    let (journal, report) = opened.await.expect("a store");
    let kinds = Kinds { modes: &[&DuelThatKeeps], ..Kinds::SHIPPED };
    let catalogue = Catalogue::load(kinds, None, None).expect("sound");
    let (metrics, limits) = (Arc::new(Metrics::default()), Limits { sessions_max: 8, shards: 1 });
    let other = Registry::start(catalogue, Arc::new(journal), metrics, limits, Box::new(|_, _, _| {}));
    let other = other.expect("threads");
    resume_all(&other, report).await.expect("a store");
    let shown = other.get(sound).expect("known");
    assert_eq!(shown.status, SessionStatus::Suspended, "{shown:?}");
}
