//! Damage found at a start: whoever it concerns fails by name and tick, everybody else plays on.

use std::fs::OpenOptions;
use std::path::Path;

use combat_protocol::close::CloseCode;
use realtime_combat_service::journal::row;
use serde_json::Value;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection};

use crate::harness::player::{Manner, Player};
use crate::harness::rest::duel_box;
use crate::harness::server::{Options, Server};
use crate::harness::wait;

/// A frame of SQLite's log: a page and its head.
const LOG_FRAME_BYTES: u64 = 4_096 + 24;

async fn database(data_dir: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(data_dir.join("combat.sqlite"));
    SqliteConnection::connect_with(&options).await.expect("the database opens")
}

async fn newest_row(data_dir: &Path) -> i64 {
    let mut connection = database(data_dir).await;
    let newest = sqlx::query_scalar("SELECT max(row_no) FROM journal").fetch_one(&mut connection).await;
    newest.expect("there are rows")
}

/// Flips one byte of the newest records of a session; answers with the first tick among them.
async fn damage(data_dir: &Path, session: &str) -> u32 {
    let id = session.parse().expect("a session's id");
    let mut connection = database(data_dir).await;
    let rows: Vec<(i64, Vec<u8>)> = sqlx::query_as("SELECT row_no, body FROM journal ORDER BY row_no DESC")
        .fetch_all(&mut connection)
        .await
        .expect("there are rows");
    for (row_no, mut body) in rows {
        let decoded = row::decode(row_no as u64, &body).expect("a sound row");
        let heads: Vec<_> = decoded.parts.iter().map(|part| part.head).collect();
        let Some(at) = heads.iter().position(|head| head.session == id) else { continue };
        let before: usize = heads[..at].iter().map(|head| head.length as usize).sum();
        let begins = row::overhead_bytes(heads.len()) + before;
        body[begins + heads[at].length as usize / 2] ^= 0x10;
        let update = sqlx::query("UPDATE journal SET body = ? WHERE row_no = ?").bind(body).bind(row_no);
        assert_eq!(update.execute(&mut connection).await.expect("the row is written").rows_affected(), 1);
        return heads[at].first_tick;
    }
    panic!("no row holds records of {session}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_part_of_a_row_fails_its_session_by_name_and_tick_and_the_other_resumes() {
    let mut server = Server::start_with(Options::brisk()).await;
    let rest = server.service();
    let (doomed, sound) = (rest.create(&duel_box()).await, rest.create(&duel_box()).await);
    let mut ann = Player::join(&server, &doomed, "ann").await.with_manner(Manner::Walk);
    let mut bob = Player::join(&server, &sound, "bob").await.with_manner(Manner::Walk);
    tokio::join!(ann.play_ticks(200), bob.play_ticks(200));
    server.kill().await;
    let tick = damage(server.data_dir(), &doomed).await;
    server.restart().await;

    let failed = rest.session(&doomed).await;
    assert_eq!(failed["status"], "failed", "{failed}");
    let reason = failed["endReason"].as_str().expect("a reason");
    assert!(
        reason.contains(&doomed) && reason.contains(&tick.to_string()),
        "tick {tick} is not named: {reason}"
    );
    let logged = server.logged("session failed: it cannot be resumed");
    assert_eq!(logged.len(), 1, "{logged:?}");
    assert_eq!(logged[0]["session"], doomed);
    ann.resume().await.expect_err("there is nothing to resume").expect(CloseCode::SessionFailed);

    assert_eq!(rest.session(&sound).await["epoch"], 2);
    bob.resume().await.expect("the other session lives");
    bob.play_ticks(100).await;

    let verified = server.combat(&["replay", "verify", &doomed, "--json"]);
    let report: Value = serde_json::from_slice(&verified.stdout).expect("one JSON object");
    assert_eq!((verified.status.code(), &report["result"]), (Some(1), &Value::from("damaged")), "{report}");
    assert_eq!(report["ticks"], tick - 1, "verified up to the damage: {report}");
    let exported = server.combat(&["replay", "export", &doomed, "-o", "never.combatlog"]);
    assert_eq!(exported.status.code(), Some(1));

    server.kill().await;
    server.restart().await;
    assert_eq!(rest.session(&doomed).await["status"], "failed", "a failed session stays failed");
    assert_eq!(rest.session(&sound).await["epoch"], 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_tail_is_reported_at_the_start_and_the_session_resumes_before_it() {
    let mut server = Server::start_with(Options::brisk()).await;
    let session = server.service().create(&duel_box()).await;
    let mut ann = Player::join(&server, &session, "ann").await.with_manner(Manner::Walk);
    ann.play_ticks(300).await;
    let durable = ann.client.durable_tick();
    server.kill().await;
    let newest = cut_log(server.data_dir()).await;
    server.restart().await;

    let told = server.logged("the journal has lost its tail");
    assert_eq!(told.len(), 1, "{:#?}", server.output());
    assert!(told[0]["rows"].as_u64() > Some(0) && told[0]["bytes"].as_u64() > Some(0), "{told:?}");
    let shown = server.service().session(&session).await;
    assert_eq!((&shown["epoch"], shown["status"] == "failed"), (&Value::from(2), false), "{shown}");
    ann.resume().await.expect("the place is still there");
    let resumed = ann.record.welcomes.last().and_then(|welcome| welcome.resumed).expect("a new epoch");
    assert!(
        resumed.tick < durable,
        "the loss shows: {resumed:?}, durable was {durable}, row {newest} is left"
    );
    ann.play_ticks(100).await;
    let verified = server.combat(&["replay", "verify", &session]);
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stdout));
}

/// Cuts SQLite's log where a disk that lied about its sync would have, until commits are gone; answers with the
/// newest row that is left. Looks at a copy, because opening the database itself would move the log into it.
async fn cut_log(data_dir: &Path) -> i64 {
    let copied = async || {
        let copy = tempfile::tempdir().expect("a temporary directory");
        for name in ["combat.sqlite", "combat.sqlite-wal"] {
            std::fs::copy(data_dir.join(name), copy.path().join(name)).expect("it can be copied");
        }
        newest_row(copy.path()).await
    };
    let before = copied().await;
    let log =
        OpenOptions::new().write(true).open(data_dir.join("combat.sqlite-wal")).expect("the log is there");
    wait::until("commits lost", async || {
        let length = log.metadata().expect("the log is there").len();
        log.set_len(length.saturating_sub(50 * LOG_FRAME_BYTES)).expect("the log can be cut");
        Some(copied().await).filter(|newest| *newest < before)
    })
    .await
}
