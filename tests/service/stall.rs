//! A server that stands still for ten seconds: it never races to catch up, and nobody gains by it.

use std::time::Duration;

use combat_components::limits::{BANK_MS, CLAIM_HZ};
use combat_protocol::view::View;
use combat_replays::verifier::{Outcome, VerifyOptions, verify};
use combat_systems::kinds::Kinds;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::harness::player::{Manner, Player};
use crate::harness::record::Record;
use crate::harness::rest::{duel_box, with};
use crate::harness::server::{Options, Server};
use crate::harness::{wait, walk};
use crate::judge::{Stood, Truth, log_of};

const STALL: Duration = Duration::from_secs(10);
const TICK_HZ: u32 = 128;

/// Windows over which nobody may get further than the rules and the bank allow, in ticks.
const WINDOWS_TICKS: [usize; 5] = [1, 8, 32, 128, 640];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_ten_seconds_of_sigstop_nothing_races_and_nobody_gains_or_is_punished() {
    let server = Server::start_with(Options::brisk()).await;
    let rest = server.service();
    let limits = json!({"timeLimitS": 3_600, "scoreLimit": 1_000});
    let session = rest.create(&with(duel_box(), "options", limits)).await;
    let stop = CancellationToken::new();
    let mut players = Vec::new();
    for name in ["ann", "bob"] {
        let player = Player::join(&server, &session, name).await.with_manner(Manner::Fight);
        players.push(player.spawn(stop.clone()));
    }
    let past = async |tick: u64, status: &str| {
        // Connections that idle over the stall are closed, so each wait brings its own.
        let rest = server.service();
        wait::until("the match going on", async || {
            let shown = rest.session(&session).await;
            let there = shown["tick"].as_u64() >= Some(tick) && shown["status"] == status;
            there.then_some(shown["tick"].as_u64().expect("a tick"))
        })
        .await
    };
    let before = past(400, "active").await;
    server.freeze();
    // The stall itself is what is tested, so this wait is for a time.
    tokio::time::sleep(STALL).await;
    server.thaw();
    past(before + 4 * u64::from(TICK_HZ), "active").await;
    stop.cancel();
    let mut back = Vec::new();
    for player in players {
        back.push(player.await.expect("the player saw nothing wrong"));
    }
    assert!(back.iter().all(|player| player.reconnects == 0), "the sockets held");
    let rest = server.service();
    let moves = rest.metric("combat_schedule_moves_total", "").await;
    rest.end(&session).await.expect(200);

    let records: Vec<&Record> = back.iter().map(|player| &player.record).collect();
    let truth = Truth::of(server.data_dir(), &session, &records).await;
    truth.agrees_with(&records);
    let moved = *truth.moves.iter().max_by_key(|(_, ticks)| *ticks).expect("the move is in the log");
    assert!(
        moved.1 > 9 * TICK_HZ && moves >= 1.0,
        "the schedule was moved by {moved:?}, in the metrics {moves}"
    );
    never_races(&truth);
    assert_eq!(truth.corrections, [], "a stale claim was punished");
    for (id, way) in &truth.ways {
        nobody_gains(id.0, way);
    }
    stands_still_but_for_the_stall(&back[0].record, before as u32);
    let log = log_of(server.data_dir(), &session).await;
    let report =
        tokio::task::spawn_blocking(move || verify(&log, VerifyOptions::of(Kinds::SHIPPED), &mut |_| ()))
            .await;
    assert_eq!(report.expect("it ends").outcome, Outcome::Verified);
}

/// Between any two anchors, never more than twice the rate; one tick more, since anchors lie on ticks.
fn never_races(truth: &Truth) {
    assert!(truth.anchors.len() > 5, "{:?}", truth.anchors);
    for (first, (tick, unix_us)) in truth.anchors.iter().enumerate() {
        for (later_tick, later_us) in &truth.anchors[first + 1..] {
            let (ticks, took_us) = (u64::from(later_tick - tick), later_us - unix_us);
            let allowed = took_us * 2 * u64::from(TICK_HZ) / 1_000_000 + 1;
            assert!(ticks <= allowed, "{ticks} ticks in {took_us} us after tick {tick}");
        }
    }
    let standstill = truth.anchors.windows(2).map(|pair| pair[1].1 - pair[0].1).max().expect("two anchors");
    assert!(
        u128::from(standstill) > STALL.as_micros() * 9 / 10,
        "the stall shows in the anchors: {standstill} us"
    );
}

/// Over any window without a displacement, no further than full speed for the window and a full bank.
fn nobody_gains(id: u32, way: &[Stood]) {
    let speed = u64::from(walk::ruleset().movement.speed_mm_per_s.unsigned_abs());
    let bank_ticks = u64::from((BANK_MS * TICK_HZ).div_ceil(1_000) + TICK_HZ.div_ceil(CLAIM_HZ));
    let mut furthest = 0;
    for window in WINDOWS_TICKS {
        for stretch in way.windows(window + 1) {
            let (first, last) = (stretch[0], stretch[window]);
            let was_placed = stretch[1..].iter().any(|stood| stood.was_placed);
            if was_placed || last.tick - first.tick != window as u32 {
                continue;
            }
            let gone_mm = first.at.horizontal_distance_squared(last.at).isqrt() as u64;
            // One millimetre per claim is rounding.
            let allowed_mm =
                speed * (window as u64 + bank_ticks) / u64::from(TICK_HZ) + window as u64 / 4 + 1;
            assert!(
                gone_mm <= allowed_mm,
                "body {id} went {gone_mm} mm in {window} ticks from tick {}",
                first.tick
            );
            furthest = furthest.max(gone_mm);
        }
    }
    assert!(furthest > 1_000, "body {id} moved at all: {furthest} mm");
}

/// The client saw frames before and after the stall, and the tick count did not jump over it.
fn stands_still_but_for_the_stall(record: &Record, before: u32) {
    let gaps = record
        .frames
        .windows(2)
        .map(|pair| (pair[1].at - pair[0].at, pair[1].tick - pair[0].tick, pair[0].tick));
    let (silence, ticks, at) = gaps.max_by_key(|gap| gap.0).expect("frames came");
    assert!(silence > STALL * 9 / 10, "no frame came during the stall, the longest gap was {silence:?}");
    assert!(ticks < TICK_HZ / 2 && at + 2 * TICK_HZ > before, "{ticks} ticks went by unseen after tick {at}");
    let shown: Option<&View> = record.views.values().next_back();
    assert!(shown.is_some_and(|view| view.tick > before + TICK_HZ), "play went on");
}
