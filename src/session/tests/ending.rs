//! What a session leaves: one digest over restarts and compaction, and nothing after its last tick.

use std::sync::Arc;

use combat_components::command::{Command, TickInput};
use combat_components::ids::{Epoch, SessionId};
use combat_components::phase::EndReason;
use combat_components::tick::Tick;
use combat_replays::digest::LogDigest;
use combat_replays::header::{Header, KINDS};
use combat_replays::log::Log;
use combat_replays::promises::is_anchor_due;
use combat_replays::recorder::Recorder;
use combat_replays::verifier::{Outcome, VerifyOptions, verify};
use combat_systems::kinds::Kinds;
use combat_systems::sim::Sim;

use super::{MemoryStore, join, registry, registry_on, until, wish, within};
use crate::journal::{NewSession, Offer, SessionRow};
use crate::journal_log;
use crate::session::finish::check;
use crate::session::registry::Registry;
use crate::session::stored::EndNote;
use crate::session::summary::{SessionError, SessionKind, SessionStatus, VerifySummary};
use crate::store::{Fault, FaultyStore};

async fn row_of(registry: &Registry, id: SessionId) -> SessionRow {
    registry.journal().reader().session(id).await.expect("a store").expect("a row")
}

async fn log_of(registry: &Registry, id: SessionId) -> Log {
    journal_log::load(&*registry.journal().reader(), id).await.expect("a store").expect("a log")
}

/// The stored digest is that of the stored log, and the server's own verification has compared them.
async fn holds(registry: &Registry, id: SessionId) -> Log {
    until("the verification", || registry.get(id).is_ok_and(|shown| shown.verify.is_some())).await;
    let verified = registry.get(id).expect("known").verify.expect("verified");
    assert_eq!(verified.result, "verified");
    let (row, log) = (row_of(registry, id).await, log_of(registry, id).await);
    let stored = EndNote::digest_of(&row).expect("it was stored with the end");
    assert_eq!(LogDigest::of(&log), Ok(stored));
    let options =
        VerifyOptions { expect: Some(stored), session: Some(id), ..VerifyOptions::of(Kinds::SHIPPED) };
    assert_eq!(verify(&log, options, &mut |_| ()).outcome, Outcome::Verified);
    log
}

#[tokio::test]
async fn the_digest_stored_with_the_end_is_that_of_the_whole_log_over_restarts_and_compaction() {
    let store = MemoryStore::new();
    let first = registry(&store).await;
    let id = first.create(wish()).await.expect("created").id;
    let handle = first.handle(id).expect("live");
    join(&handle, "ann").await;
    until("some play", || handle.durable_tick() > Tick(200)).await;
    let live = log_of(&first, id).await;
    let options = VerifyOptions { session: Some(id), ..VerifyOptions::of(Kinds::SHIPPED) };
    assert_eq!(verify(&live, options, &mut |_| ()).outcome, Outcome::Incomplete);
    assert_eq!(EndNote::digest_of(&row_of(&first, id).await), None, "nothing is said of a log that goes on");
    first.journal().keep_house().await.expect("a store");
    first.drain().await;
    first.journal().shutdown().await.expect("everything is durable");

    // Another two processes, the second of which ends the match.
    let second = registry(&store).await;
    let handle = second.handle(id).expect("live");
    until("some more", || handle.durable_tick() > live.last_tick().plus(200)).await;
    second.journal().keep_house().await.expect("a store");
    second.drain().await;
    second.journal().shutdown().await.expect("everything is durable");
    let third = registry(&store).await;
    let handle = third.handle(id).expect("live");
    let resumed_at = handle.live().tick();
    until("some play in the third", || handle.live().tick() > resumed_at.plus(50)).await;
    third.end(id, None).await.expect("ended");
    let log = holds(&third, id).await;
    third.journal().keep_house().await.expect("a store");
    assert_eq!(log_of(&third, id).await.records, log.records, "compaction changes no byte");
}

/// A session that its last process brought to its end, and left without the end's mark.
#[tokio::test]
async fn a_match_that_had_ended_before_a_crash_is_not_simulated_on() {
    let store = MemoryStore::new();
    let first = registry(&store).await;
    let like = first.create(wish()).await.expect("created").id;
    let header = first.journal().reader().header(like).await.expect("a store").expect("a header");
    let mut header = Header::from_bytes(&header).expect("a header");
    let id = SessionId([7; 16]);
    header.setup.session = id;
    let (map, ruleset) = journal_log::content(&*first.journal().reader(), &header).await.expect("a store");
    let log = Log { header: header.clone(), map, ruleset, records: Vec::new(), lost: None };
    let mut sim = Sim::new(&log.parts(&Kinds::SHIPPED).expect("sound")).expect("sound");
    let rate = header.setup.tick_rate;
    let new = NewSession { id, created_unix_us: 1, header: header.to_bytes() };
    let tape = first.journal().create(new, rate.hz()).await.expect("a store");
    let (mut recorder, mut records, mut state) = (Recorder::new(), Vec::new(), Vec::new());
    sim.write_keyframe(&mut state);
    recorder.record_keyframe(Epoch(1), Tick(0), &state, &mut records);
    for tick in (1..=9).map(Tick) {
        let mut input = TickInput::new();
        if tick == Tick(9) {
            input.push(Command::End { reason: EndReason::Requested, request: None });
        }
        let output = sim.step(&mut input);
        recorder.record_tick(Epoch(1), &input, output, &mut records);
        if is_anchor_due(tick, Tick(1), rate) {
            recorder.record_anchor(tick, header.created_unix_ms * 1_000, &mut records);
        }
    }
    assert_eq!(tape.offer(&mut records, 9, true), Offer::Taken);
    first.journal().flush().await.expect("a store");
    first.drain().await;
    first.journal().shutdown().await.expect("everything is durable");

    let second = registry(&store).await;
    until("the end", || second.get(id).is_ok_and(|shown| shown.ended_at_ms.is_some())).await;
    let shown = second.get(id).expect("known");
    assert_eq!((shown.status, shown.tick), (SessionStatus::Ended, Tick(9)));
    assert_eq!(shown.end_reason.as_deref(), Some("requested"));
    let log = holds(&second, id).await;
    assert_eq!(log.last_tick(), Tick(9));
}

#[test]
fn a_log_knows_every_kind_of_session() {
    assert_eq!(SessionKind::ALL.map(SessionKind::code), KINDS);
}

#[tokio::test]
async fn neither_an_end_nor_a_verification_that_the_store_refuses_is_told() {
    let faulty = FaultyStore::new(Arc::new(MemoryStore::new()));
    let faults = faulty.faults();
    let registry = registry_on(Arc::new(faulty)).await;
    let [id, other] = [registry.create(wish()).await, registry.create(wish()).await]
        .map(|created| created.expect("created").id);
    registry.end(id, None).await.expect("ended");
    until("the verification", || registry.get(id).is_ok_and(|shown| shown.verify.is_some())).await;
    let before = VerifySummary { result: "as before".to_owned(), at_tick: Tick(1) };
    registry.note_verified(id, before.clone());
    faults.set(Fault::LostOwnership);
    check(&registry, id, registry.get(id).expect("known").tick.0).await;
    assert_eq!(registry.get(id).expect("known").verify, Some(before));
    let ended = within("an answer", registry.end(other, None)).await;
    assert_eq!(ended.err(), Some(SessionError::Unknown), "it is another's");
    assert_eq!(registry.get(other).err(), Some(SessionError::Unknown));
}
