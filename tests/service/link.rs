//! Bad links: a slow one, and one whose reader stands still.

use std::time::Duration;

use combat_components::quantity::{Pose, Vec3Mm};
use combat_components::reason::Reason;
use combat_protocol::client::ClientMessage;
use combat_protocol::codec::{Encoding, encode_client};
use serde_json::json;

use crate::harness::player::{Manner, Player};
use crate::harness::proxy::Proxy;
use crate::harness::record::FrameNote;
use crate::harness::rest::{arena, duel_box};
use crate::harness::server::{Options, Server};
use crate::harness::wait;

const RATE_HZ: u32 = 128;
const FRAME_TICKS: u32 = 4;

/// One way of a link with a round trip of 150 ms.
const ONE_WAY: Duration = Duration::from_millis(75);

/// A claim interval at 30 Hz, rounded up.
const CLAIM_TICKS: u32 = RATE_HZ.div_ceil(30);

/// A server's word age of 250 ms, a first guess at the round trip of the same length, and a frame.
const STALE_TICKS_MAX: u32 = RATE_HZ / 2 + FRAME_TICKS;

/// What a reader that stands still may be sent: the frames of half a second, the answers of a second, ten pings.
const STALE_BYTES_MAX: u64 = 8 << 10;

async fn step_aside(player: &mut Player) -> u32 {
    let stands = player.pose();
    let far = Pose { at: Vec3Mm { x: stands.at.x / 2, z: stands.at.z / 2, ..stands.at }, ..stands };
    loop {
        match player.claim_pose(far, true).await {
            Ok(input_seq) => return input_seq,
            Err(_) => player.turn().await.unwrap(),
        }
    }
}

#[tokio::test]
async fn one_illegal_step_over_150_ms_is_corrected_once_and_mended_within_a_round_trip() {
    let server = Server::start().await;
    let session = server.service().create(&arena()).await;
    let proxy = Proxy::start(server.address(), ONE_WAY).await;
    let place = server.player("ann").join(&session, &json!({})).await.expect(200);
    let mut ann =
        Player::connect(proxy.address(), &place, Encoding::MessagePack).await.with_manner(Manner::Walk);
    ann.asks_acks = true;
    ann.play_ticks(2 * RATE_HZ).await;
    let (mut mended, mut disturbed) = (0, 0);
    while mended < 3 {
        let Some(Mending { took_ticks, allowed_ticks, corrections }) = one_mistake(&mut ann).await else {
            disturbed += 1;
            assert!(disturbed < 20, "the server's schedule moves all the time");
            continue;
        };
        eprintln!("mended after {took_ticks} ticks, {allowed_ticks} allowed");
        assert_eq!(corrections, 1, "one mistake, one correction: {:?}", ann.record.corrections);
        assert!(took_ticks <= allowed_ticks, "{took_ticks} ticks, expected at most {allowed_ticks}");
        mended += 1;
    }
}

/// How one illegal step ended.
struct Mending {
    took_ticks: u32,
    allowed_ticks: u32,
    corrections: u64,
}

/// `None` when a stall of the server's own moved the body meanwhile.
async fn one_mistake(ann: &mut Player) -> Option<Mending> {
    let (known, before) = (ann.record.corrections.len(), ann.client.counters().corrections);
    let stalled = |ann: &Player| {
        ann.record.corrections[known..].iter().any(|(_, placed)| placed.reason == Reason::ScheduleMoved)
    };
    let sent = step_aside(ann).await;
    ann.play_until("the correction", |ann| ann.record.verdict(sent).is_some() || stalled(ann)).await;
    let judged = ann.record.verdict(sent)?.applied_tick;
    let named = ann.record.corrections.iter().find(|(_, placed)| placed.input_seq == sent);
    let pose_epoch = named.expect("the correction names the claim").1.pose_epoch;
    let mended = |ann: &Player| {
        let first = ann.record.claims.iter().find(|claim| claim.pose_epoch == pose_epoch)?;
        ann.record.owns.iter().find(|own| own.last_input_seq >= first.input_seq).map(|own| own.tick)
    };
    ann.play_until("a claim that is accepted again", |ann| mended(ann).is_some() || stalled(ann)).await;
    // Two more seconds, in which every claim that was on its way has long arrived.
    ann.play_ticks(2 * RATE_HZ).await;
    let nominal_ms = 2 * ONE_WAY.as_millis() as u64;
    let round_trip_ms = ann.client.round_trip_ms().expect("pings are answered").max(nominal_ms) as u32;
    let mending = Mending {
        took_ticks: mended(ann)? - judged,
        allowed_ticks: (round_trip_ms * RATE_HZ).div_ceil(1_000) + 2 + CLAIM_TICKS,
        corrections: ann.client.counters().corrections - before,
    };
    (!stalled(ann)).then_some(mending)
}

#[tokio::test]
async fn who_stops_reading_for_ten_seconds_is_skipped_and_begins_with_a_snapshot_of_the_present() {
    stops_reading(10 * RATE_HZ, false).await;
}

#[tokio::test]
async fn who_stops_reading_but_goes_on_talking_is_skipped_all_the_same() {
    stops_reading(4 * RATE_HZ, true).await;
}

async fn stops_reading(pause_ticks: u32, talks: bool) {
    let server = Server::start_with(Options::brisk()).await;
    let session = server.service().create(&duel_box()).await;
    let proxy = Proxy::start(server.address(), Duration::ZERO).await;
    let place = server.player("ann").join(&session, &json!({})).await.expect(200);
    let mut ann =
        Player::connect(proxy.address(), &place, Encoding::MessagePack).await.with_manner(Manner::Walk);
    let mut bob = Player::join_in(&server, &session, "bob", Encoding::Json).await.with_manner(Manner::Walk);
    tokio::join!(ann.play_ticks(2 * RATE_HZ), bob.play_ticks(2 * RATE_HZ));
    proxy.hold_down();
    let (stopped_at, before, bytes_before) = (ann.tick(), ann.record.frames.len(), proxy.down_bytes());
    if talks {
        // From here on every word repeats this one, so that none of them proves any reading.
        ann.say_seen().await;
    }
    let until = bob.tick() + pause_ticks;
    while bob.tick() < until {
        let next = bob.tick() + RATE_HZ / 4;
        bob.play_until("the match going on", |bob| bob.tick() >= next).await;
        if talks {
            let mut bytes = Vec::new();
            let old = ClientMessage::Seen { epoch: ann.epoch(), tick: stopped_at };
            encode_client(&old, Encoding::MessagePack, &mut bytes);
            ann.say(&bytes).await;
        }
    }
    let resumed_at = bob.tick();
    proxy.release_down();
    let is_back = |ann: &Player| ann.record.frames[before..].iter().any(|frame| frame.is_snapshot);
    tokio::join!(ann.play_until("a snapshot", is_back), bob.play_ticks(RATE_HZ / 4));
    let bytes = proxy.down_bytes() - bytes_before;
    tokio::join!(ann.play_ticks(RATE_HZ), bob.play_ticks(RATE_HZ));

    let frames = &ann.record.frames[before..];
    let (stale, fresh) =
        frames.split_at(frames.iter().position(|frame| frame.is_snapshot).expect("a snapshot"));
    eprintln!(
        "stale: {} frames, {bytes} bytes at the socket; the snapshot is of {}",
        stale.len(),
        fresh[0].tick
    );
    assert!(stale.iter().all(|frame| frame.tick <= stopped_at + STALE_TICKS_MAX), "{stale:?}");
    assert!(bytes <= STALE_BYTES_MAX, "{bytes} bytes were sent to a reader that stood still");
    assert!(
        fresh[0].tick + FRAME_TICKS >= resumed_at,
        "{} is not of the present {resumed_at}",
        fresh[0].tick
    );
    assert!(goes_on(fresh), "deltas follow the snapshot without a gap: {fresh:?}");
    assert!(goes_on(&bob.record.frames), "nobody else is harmed: {:?}", bob.record.frames);
    let rest = server.anonymous();
    let skipped_least = f64::from((pause_ticks - STALE_TICKS_MAX) / FRAME_TICKS - 2);
    let counted = async || {
        let skipped = rest.metric("combat_frames_skipped_total", "player").await;
        (skipped >= skipped_least).then_some(())
    };
    wait::until("the skipped frames in the metrics", counted).await;
}

/// One whole frame, then every frame of the grid as a delta, but for some a busy machine may have skipped.
fn goes_on(frames: &[FrameNote]) -> bool {
    let skipped = frames.windows(2).filter(|pair| pair[1].tick != pair[0].tick + FRAME_TICKS).count();
    let snapshots = frames.iter().filter(|frame| frame.is_snapshot).count();
    skipped <= frames.len() / 20 && snapshots <= 1 + skipped
}
