//! A disk that is full, and one that fails, under a running server: nobody plays on unrecorded, and nothing is lost.

use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use combat_protocol::numbers::ServerState;
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::harness::player::{Manner, Player};
use crate::harness::record::Record;
use crate::harness::rest::{API, Rest, duel_box, with};
use crate::harness::server::{Options, Server};
use crate::harness::wait;
use crate::judge::Truth;

/// A session may hold so much unrecorded play, so that the tests need not wait for the default's minute.
const RING_S: u64 = 2;
const TICK_HZ: u64 = 128;

/// Where the server sees its tiny disk; what lies in it is seen from outside by way of the process.
const DISK: &str = "/tmp/combat-tiny-disk";
const DISK_MIB: u32 = 6;

/// A server whose data directory is a file system of a few MiB of its own, in a mount namespace of its own.
async fn on_a_tiny_disk() -> Server {
    let mut wrapper = vec!["/usr/bin/env", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "unshare", "--mount"];
    if !rustix::process::geteuid().is_root() {
        wrapper.push("--map-root-user");
    }
    let script = format!("mount -t tmpfs -o size={DISK_MIB}m tmpfs \"$DATA_DIR\" && exec \"$@\"");
    let mut wrapper: Vec<String> = wrapper.into_iter().map(str::to_owned).collect();
    wrapper.extend(["sh".to_owned(), "-c".to_owned(), script, "sh".to_owned()]);
    let disk = PathBuf::from(DISK);
    std::fs::create_dir_all(&disk).expect("a place to mount on");
    let options = Options { wrapper, data_dir: Some(disk), ..Options::default() };
    Server::start_with(options.with("JOURNAL_RING_S", RING_S)).await
}

/// The directory of [`DISK`] as the server sees it.
fn inside(server: &Server) -> PathBuf {
    PathBuf::from(format!("/proc/{}/root{DISK}", server.pid()))
}

/// Fills a file system to its last byte.
fn fill(directory: &Path) {
    let mut ballast = File::create(directory.join("ballast")).expect("there is room to begin with");
    let mut block = vec![0xA5; 1 << 16];
    while !block.is_empty() {
        match ballast.write_all(&block) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::StorageFull => block.truncate(block.len() / 2),
            Err(error) => panic!("the ballast cannot be written: {error}"),
        }
    }
}

/// A server that hears of a write refused by its limit as an error, not as a signal that ends it.
async fn with_a_limit_to_come() -> Server {
    let script = "trap '' XFSZ && exec \"$@\"";
    let wrapper = ["/bin/sh", "-c", script, "sh"].map(str::to_owned).to_vec();
    Server::start_with(Options { wrapper, ..Options::brisk() }.with("JOURNAL_RING_S", RING_S)).await
}

/// Lets no file of the server grow beyond `bytes`; what is written beyond fails.
fn limit_files(server: &Server, bytes: Option<u64>) {
    let pid = Pid::from_raw(server.pid() as i32).expect("a child's id is not 0");
    let limit = Rlimit { current: bytes, maximum: None };
    prlimit(Some(pid), Resource::Fsize, limit).expect("the limit of a child can be set");
}

/// A match of two in the background.
struct Match {
    session: String,
    stop: CancellationToken,
    players: Vec<tokio::task::JoinHandle<Player>>,
}

async fn begin(server: &Server) -> Match {
    let limits = json!({"timeLimitS": 3_600, "scoreLimit": 1_000});
    let session = server.service().create(&with(duel_box(), "options", limits)).await;
    let stop = CancellationToken::new();
    let mut players = Vec::new();
    for name in ["ann", "bob"] {
        let player = Player::join(server, &session, name).await.with_manner(Manner::Fight);
        players.push(player.spawn(stop.clone()));
    }
    Match { session, stop, players }
}

async fn shown_when(rest: &Rest, session: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    wait::until(what, async || Some(rest.session(session).await).filter(&holds)).await
}

fn tick(shown: &Value) -> u64 {
    shown["tick"].as_u64().expect("a tick")
}

/// The session freezes once it holds as much unrecorded play as it may, says so everywhere, and stays frozen.
async fn is_suspended(server: &Server, session: &str) -> u64 {
    let rest = server.service();
    let at = loop {
        shown_when(&rest, session, "the suspension", |shown| shown["status"] == "suspended").await;
        let frozen = rest.session(session).await;
        let (at, durable) = (tick(&frozen), frozen["durableTick"].as_u64().expect("a tick"));
        assert!(at - durable <= RING_S * TICK_HZ + 1, "it held {} unrecorded ticks", at - durable);
        let errors = rest.metric("combat_journal_errors_total", "").await;
        wait::until("two more attempts to commit", async || {
            (rest.metric("combat_journal_errors_total", "").await >= errors + 2.0).then_some(())
        })
        .await;
        let still = rest.session(session).await;
        if still["durableTick"] == frozen["durableTick"] {
            assert_eq!((&still["status"], tick(&still)), (&json!("suspended"), at), "it plays on unrecorded");
            break at;
        }
        // A last corner of the disk took some records after all: then as many ticks may follow.
    };
    assert_eq!(rest.metric("combat_sessions_suspended", "").await, 1.0);
    assert_eq!(rest.metric("combat_journal_healthy", "").await, 0.0);
    let refused = rest.post(&format!("{API}/sessions"), &duel_box()).await;
    refused.expect_problem(503, "not_admitted");
    assert!(!server.logged("journal cannot commit").is_empty(), "the log says why");
    assert!(!server.logged("session suspended").is_empty(), "the log says who");
    at
}

/// Play goes on where it stopped, for everybody, and the records of the whole match hold.
async fn goes_on(server: &Server, played: Match, at: u64) -> (String, Vec<Player>) {
    let rest = server.service();
    let live = shown_when(&rest, &played.session, "play going on", |shown| {
        shown["status"] == "active"
            && tick(shown) > at + 2 * TICK_HZ
            && shown["durableTick"].as_u64() > Some(at)
    });
    live.await;
    assert_eq!(rest.metric("combat_sessions_suspended", "").await, 0.0);
    wait::until("a healthy journal", async || {
        (rest.metric("combat_journal_healthy", "").await == 1.0).then_some(())
    })
    .await;
    played.stop.cancel();
    let mut players = Vec::new();
    for player in played.players {
        players.push(player.await.expect("the player saw nothing wrong"));
    }
    rest.end(&played.session).await.expect(200);
    let verified =
        shown_when(&rest, &played.session, "the verification", |shown| shown["verify"].is_object()).await;
    assert_eq!(verified["verify"]["result"], "verified");
    assert!(players.iter().all(|player| player.reconnects == 0), "the sockets held");
    (played.session, players)
}

/// Everybody was told that the session stood still and why, and that it lives again.
fn was_told(player: &Player, reason: &str) {
    let told: Vec<_> =
        player.record.statuses.iter().map(|status| (status.state, status.reason.as_str())).collect();
    assert!(told.contains(&(ServerState::Suspended, reason)), "{}: {told:?}", player.id);
    assert_eq!(told.last(), Some(&(ServerState::Live, "")), "{}: {told:?}", player.id);
}

async fn holds(data_dir: &Path, session: &str, players: &[Player]) {
    let records: Vec<&Record> = players.iter().map(|player| &player.record).collect();
    let truth = Truth::of(data_dir, session, &records).await;
    assert!(truth.agrees_with(&records) > 100);
    assert_eq!(truth.corrections, [], "a claim made before the standstill was punished");
    for player in players {
        truth.holds_inputs_of(&player.record);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_the_match_stands_still_and_goes_on_once_there_is_room() {
    let server = on_a_tiny_disk().await;
    let played = begin(&server).await;
    let rest = server.service();
    shown_when(&rest, &played.session, "a match in full swing", |shown| shown["status"] == "active").await;
    fill(&inside(&server));
    let at = is_suspended(&server, &played.session).await;
    std::fs::remove_file(inside(&server).join("ballast")).expect("the ballast is there");
    let (session, players) = goes_on(&server, played, at).await;
    players.iter().for_each(|player| was_told(player, "journal_full"));
    let copy = tempfile::tempdir().expect("a temporary directory");
    // The database before its log: what moves from the one to the other meanwhile is then still in the copy.
    for name in ["combat.sqlite", "combat.sqlite-wal"] {
        std::fs::copy(inside(&server).join(name), copy.path().join(name)).expect("it can be copied");
    }
    holds(copy.path(), &session, &players).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_failing_disk_the_match_stands_still_and_goes_on_once_it_works_again() {
    let server = with_a_limit_to_come().await;
    let played = begin(&server).await;
    let rest = server.service();
    shown_when(&rest, &played.session, "a match in full swing", |shown| shown["status"] == "active").await;
    limit_files(&server, Some(4_096));
    let at = is_suspended(&server, &played.session).await;
    limit_files(&server, None);
    let (session, players) = goes_on(&server, played, at).await;
    players.iter().for_each(|player| was_told(player, "journal_failing"));
    holds(server.data_dir(), &session, &players).await;
    let verified = server.combat(&["replay", "verify", &session]);
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
}
