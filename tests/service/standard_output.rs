//! Where standard output is full or nobody reads it any more, no verb panics.

use std::fs::File;
use std::process::{Output, Stdio};

use crate::harness::player::{Manner, Player};
use crate::harness::rest::duel_box;
use crate::harness::server::{Options, Server};

/// A pipe that nobody reads.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

fn full() -> Stdio {
    File::options().write(true).open("/dev/full").expect("a full device").into()
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_one_line_and_ends_with_2_and_a_closed_pipe_is_no_fault() {
    let server = Server::start_with(Options::brisk()).await;
    let rest = server.service();
    let session = rest.create(&duel_box()).await;
    let mut eve = Player::join(&server, &session, "eve").await.with_manner(Manner::Walk);
    eve.play_ticks(64).await;
    rest.end(&session).await.expect(200);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("match.combatlog").display().to_string();
    let damaged = directory.path().join("damaged.combatlog").display().to_string();
    let exported = server.combat(&["replay", "export", &session, "-o", &file]);
    assert_eq!(exported.status.code(), Some(0), "{exported:?}");
    let mut bytes = std::fs::read(&file).expect("it was written");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&damaged, bytes).expect("it can be written");
    let url = format!("http://{}", server.address());
    let verbs: [(&[&str], i32); 18] = [
        (&["replay", "list"], 0),
        (&["replay", "list", "--json"], 0),
        (&["replay", "verify", &session], 0),
        (&["replay", "verify", &session, "--json"], 0),
        (&["replay", "verify", &session, "--perturb", "9"], 1),
        (&["replay", "verify", &damaged], 1),
        (&["replay", "verify", &damaged, "--json"], 1),
        (&["replay", "inspect", &session], 0),
        (&["replay", "inspect", &session, "--json"], 0),
        (&["replay", "inspect", &session, "--tick", "9"], 0),
        (&["replay", "export", &session, "-o", &file, "--force"], 0),
        (&["replay", "audit", &session], 0),
        (&["replay", "audit", &session, "--json"], 0),
        (&["token", "--role", "player", "--sub", "eve"], 0),
        (&["config"], 0),
        (&["config", "--json"], 0),
        (&["healthcheck", "--url", &url], 0),
        (&["player", "erase", "nobody-of-this-name"], 1),
    ];
    for (arguments, code) in verbs {
        let output = server.combat_into(closed(), arguments);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}, nobody reads: {output:?}");
        assert_eq!(told(&output), "", "{arguments:?}, nobody reads");
        let output = server.combat_into(full(), arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}, full: {output:?}");
        let told = told(&output);
        assert_eq!(told.lines().count(), 1, "{arguments:?}, full: {told}");
        assert!(told.starts_with("combat: cannot write to standard output: "), "{arguments:?}: {told}");
    }
}
