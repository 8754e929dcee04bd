//! `Idempotency-Key`: what is asked for twice under one key is done once, also by the process after the one that did it.

use realtime_combat_service::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::rest::{API, Answer, Rest, arena};
use crate::harness::server::Server;

const KEY: &str = "0199d2f0-5c00-7000-8000-000000000001";

async fn under(rest: &Rest, key: &str, method: Method, path: &str, body: &Value) -> Answer {
    rest.send(rest.request(method, path).header("idempotency-key", key).json(body)).await
}

/// What must not differ between an answer and its repetition.
fn place(answer: &Answer) -> [u64; 3] {
    ["slot", "team", "appliedTick"].map(|field| answer.number(field))
}

async fn live() -> (Server, String) {
    let server = Server::start().await;
    let id = server.service().post(&format!("{API}/sessions"), &arena()).await.expect(201).text("id");
    (server, format!("{API}/sessions/{id}"))
}

#[tokio::test]
async fn a_join_and_a_leave_are_done_once_under_their_key_also_across_a_kill() {
    let (mut server, session) = live().await;
    let (join, leave) = (format!("{session}/join"), format!("{session}/leave"));
    let (ann, bob) = (server.player("ann"), server.player("bob"));
    let wish = json!({"team": 1});
    let joined = under(&ann, KEY, Method::POST, &join, &wish).await.expect(200);
    under(&bob, "bob-1", Method::POST, &join, &wish).await.expect(200);
    let left = under(&bob, "bob-2", Method::POST, &leave, &json!({})).await.expect(200);
    for epoch in 1..=3 {
        let again = under(&ann, KEY, Method::POST, &join, &wish).await.expect(200);
        assert_eq!(place(&again), place(&joined), "epoch {epoch}");
        assert_ne!(again.text("ticket"), joined.text("ticket"), "a ticket opens one socket");
        let other = under(&ann, KEY, Method::POST, &join, &json!({"team": 2})).await;
        other.expect_problem(422, "idempotency_mismatch");
        let other = under(&ann, KEY, Method::POST, &leave, &json!({})).await;
        other.expect_problem(422, "idempotency_mismatch");
        let again = under(&bob, "bob-2", Method::POST, &leave, &json!({})).await.expect(200);
        assert_eq!(again.number("leftAtTick"), left.number("leftAtTick"));
        let late = under(&bob, "bob-1", Method::POST, &join, &wish).await;
        late.expect_problem(409, "not_in_session");
        assert_eq!(server.anonymous().get(&session).await.expect(200).number("playerCount"), 1);
        assert_eq!(server.anonymous().get(&session).await.expect(200).number("epoch"), epoch);
        server.kill().await;
        server.restart().await;
    }
    let service = server.service();
    let ended = under(&service, KEY, Method::DELETE, &session, &json!({})).await.expect(200);
    let again = under(&service, KEY, Method::DELETE, &session, &json!({})).await.expect(200);
    assert_eq!(again.text("endedAt"), ended.text("endedAt"));
    let id = session.rsplit('/').next().expect("an id");
    let verified = server.combat(&["replay", "verify", id]);
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

#[tokio::test]
async fn a_key_is_its_callers_own_and_no_log_holds_it() {
    let (server, session) = live().await;
    let join = format!("{session}/join");
    for sub in ["ann", "bob"] {
        let joined = under(&server.player(sub), KEY, Method::POST, &join, &json!({})).await.expect(200);
        assert_eq!(joined.text("playerId"), sub, "another caller's key is another key");
    }
    let rest = server.anonymous().holding(Role::Player, "cyd");
    for key in ["two words", &"k".repeat(65)] {
        under(&rest, key, Method::POST, &join, &json!({})).await.expect_problem(400, "invalid_field");
    }
    server.service().end(session.rsplit('/').next().expect("an id")).await.expect(200);
    for file in std::fs::read_dir(server.data_dir()).expect("the data directory") {
        let bytes = std::fs::read(file.expect("an entry").path()).unwrap_or_default();
        let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
        assert!(!holds(KEY), "the key lies in the data directory");
    }
}
