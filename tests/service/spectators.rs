//! Spectators: late by their delay, never shown what could be undone, welcome at any time.

use std::time::{Duration, Instant};

use combat_client::Received;
use combat_protocol::client::ClientMessage;
use combat_protocol::codec::{Encoding, decode_server, encode_client};
use combat_protocol::server::ServerMessage;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::harness::player::{Manner, Player};
use crate::harness::record::Record;
use crate::harness::rest::{duel_box, with};
use crate::harness::server::{Options, Server};
use crate::harness::watcher::Watcher;

const RATE_HZ: u32 = 128;
const DELAY_MS: u32 = 2_000;
const DELAY_TICKS: u32 = DELAY_MS * RATE_HZ / 1_000;

/// A spectator's frames come 16 times a second.
const FRAME_TICKS: u32 = 8;

async fn watch(server: &Server, session: &str, encoding: Encoding) -> Watcher {
    let ticket = server.anonymous().spectate(session, &json!({})).await.expect(200);
    Watcher::connect(server.address(), &ticket, encoding).await
}

/// How long after the fastest of the players' frames a frame of its tick arrived.
fn lag(record: &Record, began: Instant, fastest: f64) -> impl Iterator<Item = f64> {
    record.frames.iter().map(move |frame| {
        frame.at.duration_since(began).as_secs_f64() - f64::from(frame.tick) / f64::from(RATE_HZ) - fastest
    })
}

#[tokio::test]
async fn spectators_are_kept_behind_by_their_delay_and_see_what_players_saw() {
    let began = Instant::now();
    let server = Server::start_with(Options::brisk()).await;
    let session = server.service().create(&with(duel_box(), "spectatorDelayMs", json!(DELAY_MS))).await;
    let early = watch(&server, &session, Encoding::MessagePack).await;
    let stop = CancellationToken::new();
    let early = early.spawn(stop.clone());
    let ann = Player::join(&server, &session, "ann").await.with_manner(Manner::Fight).spawn(stop.clone());
    let mut bob = Player::join(&server, &session, "bob").await.with_manner(Manner::Walk);
    bob.play_ticks(DELAY_TICKS + RATE_HZ).await;
    let joined_at = Instant::now();
    let mut late = watch(&server, &session, Encoding::Json).await;
    let newest = bob.tick();
    tokio::join!(late.watch_until("the welcome", |late| late.tick() > 0), bob.play_ticks(FRAME_TICKS));
    let waited = joined_at.elapsed();
    let welcome = late.client.welcome().expect("welcomed").clone();
    assert!(waited < Duration::from_millis(u64::from(DELAY_MS) / 2), "the late one waited for {waited:?}");
    assert_eq!(
        (welcome.delay_ms, welcome.frame_hz, welcome.sim_id, welcome.slot),
        (DELAY_MS, 16, None, None)
    );
    assert!(
        welcome.tick + DELAY_TICKS <= bob.tick() + FRAME_TICKS,
        "a late welcome is no newer than others' frames"
    );
    assert!(welcome.tick + DELAY_TICKS + RATE_HZ >= newest, "it is of the newest moment that may be shown");
    assert_eq!(welcome.snapshot.roster.as_ref().map(Vec::len), Some(2));
    let late_stop = stop.clone();
    let late = late.spawn(late_stop);
    bob.play_ticks(3 * RATE_HZ).await;
    stop.cancel();
    let (early, late, ann) = (early.await.unwrap(), late.await.unwrap(), ann.await.unwrap());

    let fastest = lag(&bob.record, began, 0.0).chain(lag(&ann.record, began, 0.0)).fold(f64::MAX, f64::min);
    for (name, watcher) in [("early", &early), ("late", &late)] {
        let least = lag(&watcher.record, began, fastest).fold(f64::MAX, f64::min);
        eprintln!("{name}: {} frames, the least delay is {:.1} ms", watcher.record.frames.len(), least * 1e3);
        assert!(
            least * 1e3 >= f64::from(DELAY_MS) - 1.0,
            "{name} was shown a frame after {:.1} ms",
            least * 1e3
        );
        assert!(watcher.record.frames.len() > 30, "{name} was shown {} frames", watcher.record.frames.len());
        let mut compared = 0;
        for (moment, view) in &watcher.record.views {
            assert!(moment.1.is_multiple_of(FRAME_TICKS));
            if let Some(seen) = bob.record.views.get(moment) {
                assert_eq!(seen, view, "{name} and bob saw {moment:?} differently");
                compared += 1;
            }
        }
        assert!(compared > 20, "{compared} moments were compared");
        assert_eq!(watcher.client.counters().frames_refused, 0);
    }
}

#[tokio::test]
async fn a_spectators_pong_tells_no_newer_tick_than_its_frames() {
    let server = Server::start_with(Options::brisk()).await;
    let session = server.service().create(&with(duel_box(), "spectatorDelayMs", json!(500))).await;
    let mut ann = Player::join(&server, &session, "ann").await;
    ann.play_ticks(RATE_HZ).await;
    let mut watcher = watch(&server, &session, Encoding::MessagePack).await.keeping_raw();
    watcher.watch_until("the welcome", |watcher| watcher.tick() > 0).await;
    for nonce in 0..20 {
        let mut bytes = Vec::new();
        encode_client(&ClientMessage::Ping { nonce }, Encoding::MessagePack, &mut bytes);
        watcher.socket.send(&bytes).await.unwrap();
        let tick = watcher.tick();
        watcher.watch_until("the next frame", |watcher| watcher.tick() > tick).await;
    }
    let mut pongs = 0;
    for bytes in watcher.record.raw.as_deref().unwrap_or_default() {
        if let ServerMessage::Pong(pong) = decode_server(bytes, Encoding::MessagePack).unwrap() {
            assert!(pong.tick <= watcher.tick(), "{pong:?} at {}", watcher.tick());
            pongs += 1;
        }
    }
    assert!(pongs >= 15, "{pongs} pongs");
    ann.play_ticks(1).await;
    let mut client = combat_client::Client::new(Encoding::MessagePack);
    let welcome = &watcher.record.raw.as_ref().unwrap()[0];
    assert!(matches!(client.receive(welcome, 0), Ok(Received::Welcome(_))));
}

#[tokio::test]
async fn spectators_are_never_shown_what_a_crash_undoes() {
    let mut server = Server::start_with(Options::brisk()).await;
    let session = server.service().create(&duel_box()).await;
    let mut ann = Player::join(&server, &session, "ann").await.with_manner(Manner::Fight);
    let bob = Player::join(&server, &session, "bob").await.with_manner(Manner::Walk);
    let stop = CancellationToken::new();
    let bob = bob.spawn(stop.clone());
    for crash in 1..=3 {
        let mut watcher = watch(&server, &session, Encoding::MessagePack).await;
        let watched = async {
            watcher.watch_until("the welcome", |watcher| watcher.tick() > 0).await;
            let until = watcher.tick() + RATE_HZ;
            watcher.watch_until("a second of the match", |watcher| watcher.tick() >= until).await;
        };
        tokio::join!(watched, ann.play_ticks(RATE_HZ + RATE_HZ / 2));
        server.kill().await;
        watcher.watch_until_closed().await;
        ann.play_until_closed().await;
        server.restart().await;
        ann.resume().await.unwrap();
        let resumed =
            ann.client.welcome().and_then(|welcome| welcome.resumed).expect("taken up in a new epoch");
        assert_eq!((resumed.epoch, resumed.rolled_back_from_epoch), (crash + 1, crash));
        let newest = watcher.record.views.last_key_value().expect("frames").0.1;
        eprintln!(
            "watched up to {newest}, players up to {}, durable {}",
            resumed.rolled_back_from_tick, resumed.tick
        );
        assert!(newest <= resumed.tick, "a spectator saw tick {newest}, undone from {}", resumed.tick);
        assert!(watcher.record.events.iter().all(|event| event.tick <= resumed.tick));
        ann.play_until("play going on", |ann| ann.tick() > resumed.tick + RATE_HZ).await;
    }
    stop.cancel();
    bob.await.unwrap();
}
