//! The command line against a real data directory: what was played holds, and a start that cannot be says why.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::harness::player::{Manner, Player};
use crate::harness::rest::{Rest, duel_box, with};
use crate::harness::server::{Options, Server};
use crate::harness::wait;

/// Plays with two until the match is over.
async fn played(server: &Server, options: Value, names: [&str; 2]) -> String {
    let session = server.service().create(&with(duel_box(), "options", options)).await;
    let mut hunter = Player::join(server, &session, names[0]).await.with_manner(Manner::Fight);
    let mut game = Player::join(server, &session, names[1]).await.with_manner(Manner::Walk);
    let (closed, _) = tokio::join!(hunter.play_until_closed(), game.play_until_closed());
    closed.expect(combat_protocol::close::CloseCode::SessionEnded);
    session
}

async fn verified(rest: &Rest, session: &str) -> Value {
    wait::until("the verification", async || {
        let shown = rest.session(session).await;
        shown["verify"].is_object().then_some(shown)
    })
    .await
}

fn as_json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn matches_ended_by_score_by_time_and_on_request_are_verified_and_listed() {
    let server = Server::start_with(Options::brisk()).await;
    let rest = server.service();
    let on_request = rest.create(&duel_box()).await;
    let mut eve = Player::join(&server, &on_request, "eve").await.with_manner(Manner::Walk);
    let (by_time, by_score, ()) = tokio::join!(
        played(&server, json!({"timeLimitS": 3, "scoreLimit": 0}), ["ann", "bob"]),
        played(&server, json!({"timeLimitS": 3_600, "scoreLimit": 1}), ["cyd", "dan"]),
        eve.play_ticks(300),
    );
    let live = server.combat(&["replay", "verify", &on_request, "--json"]);
    assert_eq!(
        (live.status.code(), &as_json(&live)["result"]),
        (Some(0), &json!("incomplete")),
        "beside its play"
    );
    let empty = tempfile::tempdir().expect("a temporary directory");
    let file = empty.path().join("live.combatlog").display().to_string();
    let exported = server.combat(&["replay", "export", &on_request, "--with-names", "-o", &file]);
    let told = String::from_utf8_lossy(&exported.stdout);
    assert!(
        told.contains(", 1 name\nthe match has not ended: verify will call this file incomplete"),
        "{told}"
    );
    assert!(!told.contains("try:"), "{told}");
    assert_eq!(server.combat(&["replay", "verify", &file]).status.code(), Some(1), "as was told");
    rest.end(&on_request).await.expect(200);
    for (session, reason) in
        [(&by_time, "time_limit"), (&by_score, "score_limit"), (&on_request, "requested")]
    {
        let shown = verified(&rest, session).await;
        assert_eq!((&shown["status"], &shown["endReason"]), (&json!("ended"), &json!(reason)), "{shown}");
        assert_eq!(shown["verify"], json!({"result": "verified", "atTick": shown["tick"]}));
        let report = server.combat(&["replay", "verify", session, "--json"]);
        assert_eq!(report.status.code(), Some(0), "{report:?}");
        let report = as_json(&report);
        assert_eq!((&report["result"], &report["ticks"]), (&json!("verified"), &shown["tick"]), "{report}");
        assert_eq!((&report["sessionId"], &report["firstDivergence"]), (&json!(session), &Value::Null));
        assert!(report["speed"].as_f64() > Some(1.0), "{report}");
        let digest = report["digest"].as_str().expect("a digest");
        assert_eq!(report["expectedDigest"], digest, "it is the one stored with the match's end: {report}");
    }
    let list = server.combat(&["replay", "list", "--json"]);
    let list = as_json(&list);
    let listed = list["sessions"].as_array().expect("a list");
    assert_eq!(listed.len(), 3);
    for row in listed {
        let expected = json!({
            "id": row["id"], "status": "ended", "ticks": row["ticks"], "epochs": 1, "verified": true,
            "digest": row["digest"],
        });
        assert_eq!(row, &expected);
        assert!(row["ticks"].as_u64() > Some(100), "{row}");
        assert!(row["digest"].as_str().is_some_and(|digest| digest.len() == 64), "{row}");
    }
    perturbed_and_exported(&server, &by_score);
}

/// A stored session is perturbed by name, and exported into a directory where it verifies alone.
fn perturbed_and_exported(server: &Server, session: &str) {
    let perturbed = server.combat(&["replay", "verify", session, "--perturb", "77", "--json"]);
    let report = as_json(&perturbed);
    assert_eq!((perturbed.status.code(), &report["result"]), (Some(1), &json!("diverged")), "{report}");
    let found = &report["firstDivergence"];
    assert_eq!(found["tick"], 77, "{report}");
    assert_eq!(
        (&found["component"], &found["simId"]),
        (&report["perturbed"]["component"], &report["perturbed"]["simId"])
    );

    let inspected = as_json(&server.combat(&["replay", "inspect", session, "--json"]));
    let happened = inspected["events"].as_array().expect("events");
    assert!(happened.iter().any(|event| event["type"] == "died"), "somebody died: {inspected}");
    assert_eq!(inspected["session"]["id"], session);

    let empty = tempfile::tempdir().expect("a temporary directory");
    let file = empty.path().join("match.combatlog");
    let exported = server.combat(&["replay", "export", session, "-o", file.to_str().expect("UTF-8")]);
    assert_eq!(exported.status.code(), Some(0), "{exported:?}");
    let alone = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_combat"));
        command.args(arguments).current_dir(empty.path()).env_clear().output().expect("combat can be run")
    };
    let digest = inspected["digest"].as_str().expect("a digest");
    assert!(String::from_utf8_lossy(&exported.stdout).contains(digest), "{exported:?}");
    let report = alone(&["replay", "verify", "match.combatlog", "--expect", digest, "--json"]);
    assert_eq!((report.status.code(), &as_json(&report)["result"]), (Some(0), &json!("verified")));
    let mut bytes = std::fs::read(&file).expect("it was written");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).expect("it can be written");
    let report = alone(&["replay", "verify", "match.combatlog", "--json"]);
    assert_eq!((report.status.code(), &as_json(&report)["result"]), (Some(1), &json!("damaged")));

    let unknown = server.combat(&["replay", "verify", "0199d2f0-5c00-7000-8000-000000000000", "--json"]);
    assert_eq!(unknown.status.code(), Some(2), "{unknown:?}");
    one_line(&unknown.stderr, &["no session 0199d2f0-5c00-7000-8000-000000000000"]);
}

/// One line for people, with everything named in it.
fn one_line(stderr: &[u8], named: &[&str]) {
    let text = String::from_utf8_lossy(stderr);
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(
        text.starts_with("combat: ") && named.iter().all(|name| text.contains(name)),
        "{named:?}: {text}"
    );
}

/// A start that is refused.
fn refused(mut command: Command, data_dir: &Path, port: u16) -> Output {
    command.env_clear().env("ENVIRONMENT", "development").env("DATA_DIR", data_dir);
    command.env("PORT", port.to_string()).env("JWT_SECRET", "any secret will do here");
    let output = command.output().expect("combat can be run");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    output
}

fn serve() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_combat"));
    command.arg("serve");
    command
}

#[tokio::test]
async fn a_second_server_on_a_data_directory_is_refused_and_told_who_holds_it() {
    let server = Server::start().await;
    let session = server.service().create(&duel_box()).await;
    let output = refused(serve(), server.data_dir(), 0);
    let holder = format!("in use by process {}", server.pid());
    one_line(&output.stderr, &[server.data_dir().to_str().expect("UTF-8"), &holder]);
    assert_eq!(server.service().session(&session).await["epoch"], 1, "the first one is not disturbed");
}

#[tokio::test]
async fn a_start_that_cannot_be_says_on_one_line_what_to_change() {
    let server = Server::start().await;
    let other = tempfile::tempdir().expect("a temporary directory");
    let output = refused(serve(), other.path(), server.address().port());
    one_line(&output.stderr, &[&server.address().to_string(), "PORT to a free port"]);
    let mut command = serve();
    command.args(["--host", "203.0.113.7"]);
    let output = refused(command, other.path(), 0);
    one_line(&output.stderr, &["203.0.113.7:0; set HOST to an address of this machine"]);

    let file = other.path().join("a-file");
    std::fs::write(&file, "no directory").expect("it can be written");
    let output = refused(serve(), &file.join("data"), 0);
    one_line(&output.stderr, &["a-file"]);

    let disk = other.path().join("read-only");
    std::fs::create_dir(&disk).expect("it can be made");
    let mut command = Command::new("/usr/bin/unshare");
    command.arg("--mount");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let script = "/bin/mount -t tmpfs -o size=1m,ro tmpfs \"$DATA_DIR\" && exec \"$0\" serve";
    command.args(["/bin/sh", "-c", script, env!("CARGO_BIN_EXE_combat")]);
    let output = refused(command, &disk, 0);
    one_line(&output.stderr, &[disk.to_str().expect("UTF-8"), "Read-only file system"]);
}

#[test]
fn the_version_names_commit_and_compiler() {
    let output = Command::new(env!("CARGO_BIN_EXE_combat")).arg("--version").output().expect("it runs");
    let told = String::from_utf8(output.stdout).expect("text");
    assert_eq!(told, format!("combat {}\n", realtime_combat_service::version::VERSION));
    assert!(told.contains("rustc ") && output.status.success(), "{told}");
}
