//! The journal over both stores: what is durable is read back, whatever fails in between.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use combat_components::ids::SessionId;

use super::scan::DamageCause;
use super::*;
use crate::store::contract::{Place, over_both};
use crate::store::{Fault, Faults, FaultyStore, MemoryStore, StoredStatus};

over_both! {
    what_is_offered_is_committed_told_and_read_back
    a_finished_session_is_compacted_and_its_rows_go
    a_killed_process_leaves_every_durable_tick_to_the_next
    compaction_interrupted_anywhere_loses_and_doubles_nothing
    a_full_disk_suspends_and_everything_is_written_in_order_once_there_is_room
    a_failing_disk_suspends_and_everything_is_written_in_order_once_it_works_again
    commits_that_failed_but_happened_are_not_doubled
    a_failing_disk_refuses_creations_and_keeps_the_other_requests
    a_hanging_commit_is_told_while_it_lasts
    a_process_that_lost_the_store_says_so_and_stops
    finished_sessions_go_for_age_and_for_room
    a_shutdown_commits_what_was_offered
}

/// Long enough for a loaded machine; nothing waits so long when all is well.
const PATIENCE: Duration = Duration::from_secs(20);
const HZ: u32 = 128;

fn id(number: u8) -> SessionId {
    SessionId([number; 16])
}

fn session(number: u8) -> NewSession {
    NewSession { id: id(number), created_unix_us: u64::from(number), header: vec![number; 40] }
}

fn finish(number: u8, last_tick: u32) -> Finish {
    Finish { id: id(number), failed: false, ended_unix_us: 1_000_000, last_tick, summary: vec![number] }
}

fn config() -> JournalConfig {
    JournalConfig {
        commit_every: Duration::from_millis(2),
        // Only when a test asks for it, or a slow machine would do it at another moment.
        house_every: Duration::from_secs(3_600),
        now_unix_us: || 2_000_000,
        ..JournalConfig::default()
    }
}

/// A tick's record: who, when and a length that varies.
fn record(number: u8, tick: u32) -> Vec<u8> {
    let mut record = vec![number; 8 + (tick % 23) as usize];
    record[..4].copy_from_slice(&tick.to_le_bytes());
    record
}

fn records(number: u8, ticks: impl Iterator<Item = u32>) -> Vec<u8> {
    ticks.flat_map(|tick| record(number, tick)).collect()
}

/// A shard's side of one session.
struct Player {
    number: u8,
    tape: Arc<Tape>,
    staging: Vec<u8>,
    tick: u32,
}

impl Player {
    fn new(number: u8, tape: Arc<Tape>) -> Self {
        let tick = tape.last_tick();
        Self { number, tape, staging: Vec::new(), tick }
    }

    /// Plays up to `tick`, a keyframe every 40 ticks; answers what became of the last offer.
    fn play(&mut self, tick: u32) -> Offer {
        while self.tick < tick || !self.staging.is_empty() {
            if self.staging.is_empty() {
                self.tick += 1;
                self.staging.extend(record(self.number, self.tick));
            }
            match self.tape.offer(&mut self.staging, self.tick, self.tick % 40 == 1) {
                Offer::Taken => {}
                Offer::Busy => std::thread::yield_now(),
                Offer::Full => return Offer::Full,
            }
        }
        Offer::Taken
    }

    async fn durable(&self) {
        let waited = tokio::time::timeout(PATIENCE, self.tape.wait_durable(self.tick));
        waited.await.expect("durable in time").expect("the tape goes on");
    }
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let all = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, all).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

/// Checks that a session's log holds exactly its ticks up to `last_tick`.
async fn expect_log(store: &dyn StoreRead, number: u8, last_tick: u32) {
    let log = SessionLog::open(store, id(number)).await.unwrap().expect("the session is known");
    assert_eq!(log.header, vec![number; 40]);
    let (pieces, damages) = log.read_all().await.unwrap();
    assert_eq!(damages, []);
    expect_pieces(&pieces, number, 1, last_tick);
}

fn expect_pieces(pieces: &[LogPiece], number: u8, first_tick: u32, last_tick: u32) {
    let mut next = first_tick;
    for piece in pieces {
        assert_eq!(piece.first_tick, next, "session {number}");
        assert!(
            piece.records == records(number, piece.first_tick..=piece.last_tick),
            "session {number} from {next}"
        );
        next = piece.last_tick + 1;
    }
    assert_eq!(next, last_tick + 1, "session {number}");
}

async fn open(place: &Place) -> (Journal, OpenReport) {
    Journal::open(place.open().await, config()).await.unwrap()
}

async fn open_faulty(place: &Place) -> (Journal, Arc<Faults>) {
    let store = FaultyStore::new(place.open().await);
    let faults = store.faults();
    (Journal::open(Arc::new(store), config()).await.unwrap().0, faults)
}

async fn what_is_offered_is_committed_told_and_read_back(place: Place) {
    let observed = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&observed);
    let observer = CommitObserver(Arc::new(move |_took| _ = counter.fetch_add(1, Ordering::Relaxed)));
    let settings = JournalConfig { observer: Some(observer), ..config() };
    let (journal, report) = Journal::open(place.open().await, settings).await.unwrap();
    assert!(report.live.is_empty() && report.lost_tail.is_none());
    let mut players = Vec::new();
    for number in 1..=3 {
        players.push(Player::new(number, journal.create(session(number), HZ).await.unwrap()));
    }
    for round in 1..=30 {
        players.iter_mut().for_each(|player| assert_eq!(player.play(round * 7), Offer::Taken));
        if round % 5 == 0 {
            for player in &players {
                player.durable().await;
            }
        }
    }
    for player in &players {
        player.durable().await;
        assert_eq!(player.tape.durable_tick(), 210);
        expect_log(&*journal.reader(), player.number, 210).await;
    }
    assert_eq!(journal.lag().uncommitted_bytes, 0);
    let commits = journal.stats().commits.load(Ordering::Relaxed);
    assert_eq!(observed.load(Ordering::Relaxed), commits);
    assert_eq!(journal.reader().row_numbers().await.unwrap(), (1..=commits).collect::<Vec<_>>());
    let listed = list(&*journal.reader()).await.unwrap();
    assert!(listed.iter().all(|listed| listed.last_tick == 210), "{listed:?}");
}

async fn a_finished_session_is_compacted_and_its_rows_go(place: Place) {
    let (journal, _) = open(&place).await;
    let mut player = Player::new(1, journal.create(session(1), HZ).await.unwrap());
    for tick in (10..=200).step_by(10) {
        player.play(tick);
        player.durable().await;
    }
    journal.keep_house().await.unwrap();
    let chunks = journal.reader().chunk_heads(id(1)).await.unwrap();
    let ticks: Vec<_> = chunks.iter().map(|head| (head.first_tick, head.last_tick, head.keyframe)).collect();
    assert_eq!(ticks, [(1, 40, true), (41, 80, true), (81, 120, true), (121, 160, true)]);
    expect_log(&*journal.reader(), 1, 200).await;
    journal.finish(finish(1, 200)).await.unwrap();
    assert_eq!(player.tape.state(), TapeState::Closed);
    journal.keep_house().await.unwrap();
    assert_eq!(journal.reader().row_numbers().await.unwrap().len(), 1, "only the newest row stays");
    assert_eq!(journal.reader().chunked_through(id(1)).await.unwrap(), Some(200));
    expect_log(&*journal.reader(), 1, 200).await;
    let session = journal.reader().session(id(1)).await.unwrap().unwrap();
    assert_eq!((session.status, session.last_tick), (StoredStatus::Ended, Some(200)));
}

async fn a_killed_process_leaves_every_durable_tick_to_the_next(place: Place) {
    let mut journal = open(&place).await.0;
    let mut players: Vec<Player> = Vec::new();
    for number in 1..=3 {
        players.push(Player::new(number, journal.create(session(number), HZ).await.unwrap()));
    }
    for start in 2..=6_u32 {
        for step in 1..=9 {
            players
                .iter_mut()
                .for_each(|player| _ = player.play(player.tick + 5 + u32::from(player.number) * step));
        }
        for player in &players {
            player.durable().await;
        }
        if start % 2 == 0 {
            journal.keep_house().await.unwrap();
        }
        // The former process is not even gone yet: the next one claims the store.
        let (next, report) = open(&place).await;
        assert_eq!((report.owner_epoch, report.live.len(), report.lost_tail), (start, 3, None));
        for (player, live) in players.iter_mut().zip(&report.live) {
            let (number, last_tick) = (player.number, player.tape.durable_tick());
            assert_eq!(
                (live.session.id, live.last_tick, &live.damages[..]),
                (id(number), last_tick, &[][..])
            );
            assert!(live.pieces[0].keyframe);
            expect_pieces(&live.pieces, number, live.pieces[0].first_tick, last_tick);
            assert!(last_tick - live.pieces[0].first_tick < 200, "resumed from a recent keyframe");
            let epoch = live.session.epoch + 1;
            assert_eq!(epoch, start);
            *player = Player::new(number, next.resume(id(number), epoch, last_tick, HZ).await.unwrap());
            expect_log(&*next.reader(), number, last_tick).await;
        }
        journal = next;
    }
}

async fn compaction_interrupted_anywhere_loses_and_doubles_nothing(place: Place) {
    let (journal, faults) = open_faulty(&place).await;
    let mut players = Vec::new();
    for number in 1..=2 {
        players.push(Player::new(number, journal.create(session(number), HZ).await.unwrap()));
    }
    for writes in 0..12 {
        for _ in 0..6 {
            for player in &mut players {
                player.play(player.tick + 17);
                player.durable().await;
            }
        }
        let fault = if writes % 2 == 0 { Fault::Failing } else { Fault::FailingAfterwards };
        faults.set_after(writes % 6, fault);
        let done = journal.keep_house().await;
        faults.lift();
        assert!(done.is_err(), "interrupted after {writes} writes");
        for player in &players {
            expect_log(&*journal.reader(), player.number, player.tick).await;
        }
        if writes % 3 == 0 {
            journal.keep_house().await.unwrap();
        }
    }
    let (next, report) = open(&place).await;
    assert!(report.live.iter().all(|live| live.damages.is_empty()));
    next.keep_house().await.unwrap();
    for player in &players {
        expect_log(&*next.reader(), player.number, player.tick).await;
    }
}

async fn a_full_disk_suspends_and_everything_is_written_in_order_once_there_is_room(place: Place) {
    suspends_and_recovers(&place, Fault::Full, "full", TapeState::SuspendedFull).await;
}

async fn a_failing_disk_suspends_and_everything_is_written_in_order_once_it_works_again(place: Place) {
    suspends_and_recovers(&place, Fault::Failing, "failing", TapeState::SuspendedFailing).await;
}

async fn suspends_and_recovers(place: &Place, fault: Fault, health_name: &'static str, state: TapeState) {
    let (journal, faults) = open_faulty(place).await;
    let mut health = journal.health();
    let mut player = Player::new(1, journal.create(session(1), 1).await.unwrap());
    player.play(10);
    player.durable().await;
    faults.set(fault);
    assert_eq!(
        player.play(20),
        Offer::Taken,
        "a disk that takes nothing suspends nothing before the tape is full"
    );
    let told = tokio::time::timeout(PATIENCE, health.wait_for(|health| !health.is_healthy()));
    assert_eq!(told.await.unwrap().unwrap().name(), health_name);
    assert_eq!(journal.admission(), Err(NotAdmitted::Unhealthy(health_name)));
    assert_eq!(player.play(200), Offer::Full, "60 s of play are recorded, no more");
    assert_eq!((player.tape.state(), player.tape.last_tick()), (state, 70));
    assert_eq!(player.tape.durable_tick(), 10);
    until("another attempt", || faults.failed() > 2).await;
    faults.lift();
    let told = tokio::time::timeout(PATIENCE, health.wait_for(JournalHealth::is_healthy));
    told.await.unwrap().unwrap();
    until("everything written", || player.tape.durable_tick() == 70).await;
    assert_eq!(player.play(200), Offer::Full);
    player.durable_from(&journal, 200).await;
    assert_eq!(player.tape.state(), TapeState::Open);
    expect_log(&*journal.reader(), 1, 200).await;
    assert!(faults.recovered() > 0, "handles are not used again after an error");
}

impl Player {
    /// Plays on whenever there is room, until `tick` is durable.
    async fn durable_from(&mut self, journal: &Journal, tick: u32) {
        while self.tape.durable_tick() < tick {
            journal.flush().await.unwrap();
            self.play(tick);
        }
    }
}

async fn commits_that_failed_but_happened_are_not_doubled(place: Place) {
    let (journal, faults) = open_faulty(&place).await;
    let mut player = Player::new(1, journal.create(session(1), HZ).await.unwrap());
    for round in 1..=5 {
        player.play(round * 20);
        faults.set(Fault::FailingAfterwards);
        player.play(round * 20 + 10);
        let failed = faults.failed();
        until("a failed commit", || faults.failed() > failed).await;
        faults.lift();
        player.durable().await;
        expect_log(&*journal.reader(), 1, round * 20 + 10).await;
    }
}

async fn a_failing_disk_refuses_creations_and_keeps_the_other_requests(place: Place) {
    let (journal, faults) = open_faulty(&place).await;
    let mut player = Player::new(1, journal.create(session(1), HZ).await.unwrap());
    player.play(10);
    faults.set(Fault::FailingAfterwards);
    let refused = journal.create(session(2), HZ).await.err();
    assert_eq!(refused, Some(NotAdmitted::Unhealthy("failing").into()));
    assert_eq!(journal.admission(), Err(NotAdmitted::Unhealthy("failing")));
    let ended = async {
        tokio::join!(journal.finish(finish(1, 10)), async {
            let failed = faults.failed();
            until("two attempts", || faults.failed() > failed + 1).await;
            faults.lift();
        })
    };
    let (ended, ()) = tokio::time::timeout(PATIENCE, ended).await.unwrap();
    ended.unwrap();
    expect_log(&*journal.reader(), 1, 10).await;
    let sessions = list(&*journal.reader()).await.unwrap();
    assert_eq!(sessions.len(), 1, "what was refused does not come back");
    until("healthy again", || journal.admission().is_ok()).await;
    journal.create(session(2), HZ).await.unwrap();
}

async fn a_hanging_commit_is_told_while_it_lasts(place: Place) {
    let (journal, faults) = open_faulty(&place).await;
    let mut health = journal.health();
    let mut player = Player::new(1, journal.create(session(1), HZ).await.unwrap());
    faults.set(Fault::Hanging);
    player.play(10);
    let told = tokio::time::timeout(PATIENCE, health.wait_for(|health| !health.is_healthy()));
    assert_eq!(told.await.unwrap().unwrap().name(), "failing");
    assert!(journal.lag().lag_ms >= 2000 && journal.lag().lag_ticks == 10);
    faults.lift();
    player.durable().await;
    let told = tokio::time::timeout(PATIENCE, health.wait_for(JournalHealth::is_healthy));
    told.await.unwrap().unwrap();
}

async fn a_process_that_lost_the_store_says_so_and_stops(place: Place) {
    let (former, _) = open(&place).await;
    let mut player = Player::new(1, former.create(session(1), HZ).await.unwrap());
    player.play(10);
    player.durable().await;
    let (present, report) = open(&place).await;
    assert_eq!(report.live[0].last_tick, 10);
    player.play(20);
    until("the loss is noticed", || player.tape.state() == TapeState::LostOwnership).await;
    assert_eq!(player.play(30), Offer::Full);
    assert!(player.tape.wait_durable(20).await.is_err());
    assert!(former.health().borrow().is_lost());
    assert!(former.create(session(2), HZ).await.is_err());
    expect_log(&*present.reader(), 1, 10).await;
}

async fn finished_sessions_go_for_age_and_for_room(place: Place) {
    let day = Duration::from_secs(24 * 60 * 60);
    let settings = JournalConfig { keep_ended: day, cap_bytes: 1 << 20, ..config() };
    let (journal, _) = Journal::open(place.open().await, settings.clone()).await.unwrap();
    // All are taken in before there is anything that a round of housekeeping could find too much.
    let mut players = Vec::new();
    for number in 1..=4 {
        players.push(Player::new(number, journal.create(session(number), HZ).await.unwrap()));
    }
    for (number, mut player) in (1..).zip(players) {
        let mut staging = vec![number; 300 << 10];
        while player.tape.offer(&mut staging, 1, true) == Offer::Busy {}
        player.tick = 1;
        player.durable().await;
        let ended_unix_us = 1_000_000 + u64::from(10 - number);
        if number < 4 {
            journal.finish(Finish { ended_unix_us, ..finish(number, 1) }).await.unwrap();
        }
    }
    journal.keep_house().await.unwrap();
    let left: Vec<_> =
        list(&*journal.reader()).await.unwrap().iter().map(|listed| listed.session.id).collect();
    assert!(!left.contains(&id(3)) && left.contains(&id(4)), "the one that ended first goes first: {left:?}");
    assert_eq!(journal.reader().chunk_heads(id(3)).await.unwrap(), []);
    let old = JournalConfig { now_unix_us: || 90_000_000_000_000, ..settings };
    drop(journal);
    let (journal, _) = Journal::open(place.open().await, old).await.unwrap();
    journal.keep_house().await.unwrap();
    let left: Vec<_> =
        list(&*journal.reader()).await.unwrap().iter().map(|listed| listed.session.id).collect();
    assert_eq!(left, [id(4)], "live sessions stay");
}

async fn a_shutdown_commits_what_was_offered(place: Place) {
    let (journal, _) = open(&place).await;
    let mut player = Player::new(1, journal.create(session(1), HZ).await.unwrap());
    player.play(123);
    journal.shutdown().await.unwrap();
    assert_eq!((player.tape.durable_tick(), player.tape.state()), (123, TapeState::Closed));
    assert_eq!(journal.flush().await, Err(JournalError::Stopped));
    let (next, report) = open(&place).await;
    assert_eq!((report.live[0].last_tick, report.lost_tail), (123, None));
    expect_log(&*next.reader(), 1, 123).await;
}

/// Two sessions of 90 ticks in several rows, not compacted, left by a process that was killed.
async fn two_sessions_in_rows() -> MemoryStore {
    let store = MemoryStore::new();
    let (journal, _) = Journal::open(Arc::new(store.reopened()), config()).await.unwrap();
    let mut players = Vec::new();
    for number in 1..=2 {
        players.push(Player::new(number, journal.create(session(number), HZ).await.unwrap()));
    }
    for tick in (10..=90).step_by(10) {
        players.iter_mut().for_each(|player| _ = player.play(tick));
        for player in &players {
            player.durable().await;
        }
    }
    store
}

async fn reopened(store: &MemoryStore) -> BTreeMap<u8, LiveSession> {
    let (_, report) = Journal::open(Arc::new(store.reopened()), config()).await.unwrap();
    report.live.into_iter().map(|live| (live.session.id.0[0], live)).collect()
}

/// Finds where a session's records lie in some row: row, offset and first tick.
async fn part_of(store: &MemoryStore, number: u8, tick: u32) -> (u64, usize, u32) {
    for row_no in store.row_numbers().await.unwrap() {
        let body = store.row(row_no).await.unwrap().unwrap();
        let row = row::decode(row_no, &body).unwrap();
        let mut at = body.len() - row.parts.iter().map(|part| part.head.length as usize).sum::<usize>();
        for part in row.parts {
            let head = part.head;
            if head.session == id(number) && (head.first_tick..=head.last_tick).contains(&tick) {
                return (row_no, at, head.first_tick);
            }
            at += head.length as usize;
        }
    }
    panic!("no row holds tick {tick}")
}

#[tokio::test]
async fn a_damaged_part_fails_its_session_by_name_and_tick_and_no_other() {
    let store = two_sessions_in_rows().await;
    let (row_no, at, first_tick) = part_of(&store, 1, 85).await;
    assert!(store.damage_row(row_no, |body| body[at] ^= 1));
    let live = reopened(&store).await;
    assert_eq!((live[&2].last_tick, &live[&2].damages[..]), (90, &[][..]));
    expect_pieces(&live[&2].pieces, 2, 81, 90);
    let damage = &live[&1].damages[0];
    assert_eq!((damage.session, damage.first_tick), (id(1), first_tick));
    let told = damage.to_string();
    assert!(told.starts_with(&format!("session {} damaged at tick {first_tick}", id(1))), "{told}");
    assert!(matches!(damage.cause, DamageCause::Row { row_no: row, .. } if row == row_no));
}

#[tokio::test]
async fn a_damaged_row_header_fails_every_session_in_it() {
    let store = two_sessions_in_rows().await;
    let (row_no, _, first_tick) = part_of(&store, 1, 85).await;
    let body = store.row(row_no).await.unwrap().unwrap();
    let named: Vec<_> =
        row::decode(row_no, &body).unwrap().parts.iter().map(|part| part.head.session).collect();
    assert!(store.damage_row(row_no, |body| body[6] ^= 1));
    let live = reopened(&store).await;
    assert_eq!(live[&1].damages[0].first_tick, first_tick);
    for (number, live) in live {
        assert_eq!(!live.damages.is_empty(), named.contains(&id(number)), "session {number}");
    }
}

#[tokio::test]
async fn a_row_that_names_no_one_fails_whoever_may_have_been_in_it() {
    let store = two_sessions_in_rows().await;
    let newest = *store.row_numbers().await.unwrap().last().unwrap();
    assert!(store.damage_row(newest, |body| body.truncate(40)));
    let live = reopened(&store).await;
    assert!(live.values().all(|live| live.damages.len() == 1 && live.damages[0].last_tick.is_none()));
    assert!(
        live[&1].damages[0]
            .to_string()
            .ends_with(&format!("journal row {newest}: the row's directory is damaged"))
    );
}

#[tokio::test]
async fn a_row_missing_in_the_middle_fails_whom_it_leaves_with_a_gap() {
    let store = two_sessions_in_rows().await;
    let (row_no, _, first_tick) = part_of(&store, 1, 15).await;
    assert!(store.lose_row(row_no));
    let live = reopened(&store).await;
    let damage = &live[&1].damages[0];
    assert_eq!(damage.first_tick, first_tick);
    assert!(matches!(damage.cause, DamageCause::Row { row_no: row, .. } if row == row_no));
}

#[tokio::test]
async fn a_lost_tail_is_reported_and_the_sessions_resume_before_it() {
    let store = two_sessions_in_rows().await;
    let rows = store.row_numbers().await.unwrap();
    let (newest, before) = (rows[rows.len() - 1], rows[rows.len() - 2]);
    let lost = store.row(newest).await.unwrap().unwrap().len() as u64;
    assert!(store.lose_row(newest));
    let (journal, report) = Journal::open(Arc::new(store.reopened()), config()).await.unwrap();
    assert_eq!(report.lost_tail, Some(LostTail { newest_row_no: before, rows: 1, bytes: lost }));
    assert!(report.live.iter().all(|live| live.damages.is_empty() && live.last_tick >= 80));
    let shorter = report.live.iter().find(|live| live.last_tick < 90).expect("someone lost ticks");
    let (number, last_tick) = (shorter.session.id.0[0], shorter.last_tick);
    let mut player = Player::new(number, journal.resume(id(number), 2, last_tick, HZ).await.unwrap());
    player.play(150);
    player.durable().await;
    expect_log(&*journal.reader(), number, 150).await;
}

#[tokio::test]
async fn a_damaged_chunk_before_the_newest_keyframe_stops_no_session_and_a_reader_names_its_ticks() {
    let store = two_sessions_in_rows().await;
    let (journal, _) = Journal::open(Arc::new(store.reopened()), config()).await.unwrap();
    journal.keep_house().await.unwrap();
    drop(journal);
    assert!(store.damage_chunk(id(1), 41, |body| body[7] ^= 1));
    let log = SessionLog::open(&store, id(1)).await.unwrap().unwrap();
    let (pieces, damages) = log.read_all().await.unwrap();
    let expected = Damage { session: id(1), first_tick: 41, last_tick: Some(80), cause: DamageCause::Chunk };
    assert_eq!(damages, [expected]);
    let read: Vec<_> = pieces.iter().map(|piece| (piece.first_tick, piece.last_tick)).collect();
    assert_eq!((read[0], read[read.len() - 1].1), ((1, 40), 90));
    let live = reopened(&store).await;
    assert_eq!((live[&1].last_tick, &live[&1].damages[..]), (90, &[][..]));
    expect_pieces(&live[&1].pieces, 1, 81, 90);
}

#[tokio::test]
async fn whatever_byte_is_flipped_what_is_read_is_what_was_written() {
    let seed = 0x5eed_0001_u64;
    println!("seed {seed:#x}");
    let store = two_sessions_in_rows().await;
    let mut random = seed;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let rows = store.row_numbers().await.unwrap();
    let mut damaged = 0;
    for _ in 0..300 {
        let row_no = rows[next(rows.len())];
        let at = next(store.row(row_no).await.unwrap().unwrap().len());
        assert!(store.damage_row(row_no, |body| body[at] ^= 0x10));
        for number in 1..=2 {
            let log = SessionLog::open(&store, id(number)).await.unwrap().unwrap();
            let (pieces, damages) = log.read_all().await.unwrap();
            for piece in &pieces {
                expect_pieces(std::slice::from_ref(piece), number, piece.first_tick, piece.last_tick);
            }
            if damages.is_empty() {
                expect_pieces(&pieces, number, 1, 90);
            }
            damaged += damages.len();
        }
        assert!(store.damage_row(row_no, |body| body[at] ^= 0x10));
    }
    assert!(damaged >= 300, "every flip is noticed: {damaged}");
}
