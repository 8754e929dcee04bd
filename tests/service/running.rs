//! What an operator sees of a running server: what its log says at the start and of requests, and how signals end it.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::harness::player::Player;
use crate::harness::rest::{API, duel_box};
use crate::harness::server::{Options, Server};
use crate::harness::{wait, walk};

#[tokio::test]
async fn rules_without_a_default_are_warned_of_at_the_start() {
    let shipped = &walk::catalogue().ruleset("default").expect("it ships").text;
    let rules = tempfile::tempdir().expect("a temporary directory");
    let renamed = shipped.replacen("name = \"default\"", "name = \"house\"", 1);
    std::fs::write(rules.path().join("house.toml"), renamed).expect("it can be written");
    let server = Server::start_with(Options::default().with("RULES_DIR", rules.path().display())).await;
    let message = "RULES_DIR has no ruleset of this name: a session has to name one of those there are";
    let warned = server.logged(message);
    assert_eq!(warned.len(), 1, "{:#?}", server.output());
    assert_eq!((&warned[0]["level"], &warned[0]["ruleset"]), (&json!("WARN"), &json!("default")));
    let usual = Server::start().await;
    assert_eq!(usual.logged(message), Vec::<Value>::new());
}

#[tokio::test]
async fn files_of_the_page_are_no_news() {
    let server = Server::start().await;
    let rest = server.service();
    for path in ["/", "/web/card.js", &format!("{API}/maps")] {
        rest.get(path).await.expect(200);
    }
    let answered = wait::until("the line of the last request", async || {
        let answered = server.logged("answered");
        answered.iter().any(|line| line["path"] == format!("{API}/maps")).then_some(answered)
    });
    let answered = answered.await;
    let is_of_page = |line: &&Value| line["path"].as_str().is_some_and(|path| !path.starts_with(API));
    assert_eq!(answered.iter().filter(is_of_page).count(), 0, "{answered:#?}");
}

/// As a process group and the parent that passes its signal on do.
#[tokio::test]
async fn the_same_signal_once_more_does_not_cut_the_drain() {
    let mut server = Server::start().await;
    let session = server.service().create(&duel_box()).await;
    // It hears that it is closed and answers nothing, so that the drain takes a while.
    let _silent = Player::join(&server, &session, "ann").await;
    server.signal(Signal::TERM);
    wait::until("the drain", async || (!server.logged("draining").is_empty()).then_some(())).await;
    server.signal(Signal::TERM);
    let status = server.exited().await;
    assert!(status.success(), "{status}: {:#?}", server.output());
    wait::until("the line of the end", async || (!server.logged("stopped").is_empty()).then_some(())).await;
}
