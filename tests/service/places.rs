//! REST: places in a session are taken, found again, given back; tickets to watch; maps, rulesets, health, metrics.

use std::collections::BTreeSet;

use realtime_combat_service::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::player::Player;
use crate::harness::rest::{API, arena, duel_box, with};
use crate::harness::server::{Options, Server};
use crate::harness::wait;

#[tokio::test]
async fn joining_again_gives_the_same_place_and_a_fresh_ticket() {
    let server = Server::start().await;
    let session = server.service().create(&arena()).await;
    let ann = server.player("ann");
    let body = json!({"team": 2, "displayName": "Ann of the Dale"});
    let first = ann.join(&session, &body).await.expect(200);
    assert_eq!((first.number("slot"), first.number("team")), (0, 2));
    assert!(first.number("durableTick") >= first.number("appliedTick"), "it answers after the commit");
    let ws_url = format!("ws://{}{API}/sessions/{session}/ws", server.address());
    assert_eq!(first.text("wsUrl"), ws_url);
    assert_eq!(first.body["protocols"], json!(["combat.v1", format!("ticket.{}", first.text("ticket"))]));
    assert!(!first.text("resumeToken").is_empty() && first.text("ticketExpiresAt").ends_with('Z'));
    let bob = server.player("bob").join(&session, &json!({})).await.expect(200);
    assert_eq!(bob.number("slot"), 1);
    let again = ann.join(&session, &json!({"team": 3})).await.expect(200);
    assert_eq!((again.number("slot"), again.number("team")), (0, 2));
    assert_ne!(again.text("ticket"), first.text("ticket"));
    assert_eq!(server.service().session(&session).await["playerCount"], 2);
}

#[tokio::test]
async fn ten_joins_of_one_player_at_once_take_one_place() {
    let server = Server::start().await;
    let session = server.service().create(&arena()).await;
    let joins = (0..10).map(|_| {
        let (ann, session) = (server.player("ann"), session.clone());
        tokio::spawn(async move { ann.join(&session, &json!({})).await })
    });
    let mut tickets = BTreeSet::new();
    for join in joins.collect::<Vec<_>>() {
        let answer = join.await.unwrap().expect(200);
        assert_eq!(answer.number("slot"), 0);
        tickets.insert(answer.text("ticket"));
    }
    assert_eq!(tickets.len(), 10);
    assert_eq!(server.service().session(&session).await["playerCount"], 1);
}

#[tokio::test]
async fn a_full_session_takes_nobody_until_somebody_leaves() {
    let server = Server::start().await;
    let session = server.service().create(&duel_box()).await;
    for id in ["ann", "bob"] {
        server.player(id).join(&session, &json!({})).await.expect(200);
    }
    let cid = server.player("cid");
    let problem = cid.join(&session, &json!({})).await.expect_problem(409, "session_full");
    assert_eq!((problem.header("x-request-id").is_empty(), &problem.body["retry"]), (false, &json!("yes")));
    cid.leave(&session, &json!({})).await.expect_problem(409, "not_in_session");
    let left = server.player("ann").leave(&session, &json!({})).await.expect(200);
    assert!(left.number("leftAtTick") > 0);
    server.player("ann").leave(&session, &json!({})).await.expect_problem(409, "not_in_session");
    assert_eq!(cid.join(&session, &json!({})).await.expect(200).number("slot"), 0, "the lowest free place");
}

#[tokio::test]
async fn what_was_answered_survives_a_kill_at_that_very_moment() {
    let mut server = Server::start().await;
    let session = server.service().create(&arena()).await;
    server.kill().await;
    server.restart().await;
    let joined = server.player("ann").join(&session, &json!({})).await.expect(200);
    server.kill().await;
    server.restart().await;
    let again = server.player("ann").join(&session, &json!({})).await.expect(200);
    assert_eq!(again.number("slot"), joined.number("slot"));
    assert_eq!(server.service().session(&session).await["playerCount"], 1);
    server.player("ann").leave(&session, &json!({})).await.expect(200);
    server.kill().await;
    server.restart().await;
    server.player("ann").leave(&session, &json!({})).await.expect_problem(409, "not_in_session");
    server.service().end(&session).await.expect(200);
    server.kill().await;
    server.restart().await;
    let ended = server.service().session(&session).await;
    assert_eq!((&ended["status"], &ended["endReason"]), (&json!("ended"), &json!("requested")));
}

#[tokio::test]
async fn what_a_join_says_wrongly_is_pointed_at() {
    let server = Server::start().await;
    let session = server.service().create(&arena()).await;
    let ann = server.player("ann");
    let pointers = async |body: Value| {
        ann.join(&session, &body).await.expect_problem(400, "invalid_field").pointers().join(" ")
    };
    assert_eq!(pointers(json!({"team": 65})).await, "/team");
    assert_eq!(pointers(json!({"displayName": "x".repeat(33)})).await, "/displayName");
    assert_eq!(pointers(json!({"displayName": "a\nb"})).await, "/displayName");
    assert_eq!(pointers(json!({"displayName": 7})).await, "/displayName");
    assert_eq!(pointers(json!({"slot": 3})).await, "/slot");
    assert_eq!(pointers(json!({"role": "spectator"})).await, "/role");
    let service = server.service();
    for player in ["", "a b", &"x".repeat(65), "ä"] {
        let answer = service.join(&session, &json!({"playerId": player})).await;
        assert_eq!(answer.expect_problem(400, "invalid_field").pointers(), ["/playerId"], "{player:?}");
    }
    assert_eq!(service.session(&session).await["playerCount"], 0);
}

#[tokio::test]
async fn tickets_to_watch_name_their_delay_and_an_admin_watches_the_present() {
    let server = Server::start().await;
    let session = server.service().create(&with(arena(), "spectatorDelayMs", json!(2_500))).await;
    let delay = async |role| {
        let answer = server.anonymous().holding(role, "eve").spectate(&session, &json!({})).await.expect(200);
        assert_eq!((answer.text("role"), answer.text("playerId")), ("spectator".into(), "eve".into()));
        assert!(answer.body.get("resumeToken").is_none() && answer.body.get("slot").is_none());
        answer.number("delayMs")
    };
    assert_eq!(delay(Role::Player).await, 2_500);
    assert_eq!(delay(Role::Spectator).await, 2_500);
    assert_eq!(delay(Role::Admin).await, 0);
    let named = json!({"playerId": "dan"});
    let issued = server.service().spectate(&session, &named).await.expect(200);
    assert_eq!((issued.text("playerId"), issued.number("delayMs")), ("dan".into(), 2_500));
    let issued = server.admin().spectate(&session, &named).await.expect(200);
    assert_eq!(issued.number("delayMs"), 2_500, "what an admin gives away is late like any other");
    let answer = server.player("ann").spectate(&session, &named).await;
    assert_eq!(answer.expect_problem(400, "invalid_field").pointers(), ["/playerId"]);
}

#[tokio::test]
async fn maps_and_rulesets_are_told_by_their_hash() {
    let server = Server::start().await;
    let rest = server.anonymous();
    let maps = rest.get(&format!("{API}/maps")).await.expect(200).body;
    let ids: Vec<_> =
        maps["maps"].as_array().unwrap().iter().map(|map| map["mapId"].as_str().unwrap()).collect();
    assert_eq!(ids, ["arena", "duel-box"]);
    for path in [format!("{API}/maps/duel-box"), format!("{API}/rulesets/default")] {
        let found = rest.get(&path).await.expect(200);
        let tag = found.header("etag").to_owned();
        assert_eq!(tag, format!("\"{}\"", found.text("hash")));
        let unchanged =
            rest.send(rest.request(Method::GET, &path).header("if-none-match", &tag)).await.expect(304);
        assert!(unchanged.bytes.is_empty() && unchanged.header("etag") == tag);
        rest.send(rest.request(Method::GET, &path).header("if-none-match", "\"0\"")).await.expect(200);
    }
    let session = server.service().create(&duel_box()).await;
    let session = server.service().session(&session).await;
    let (map, rules) = (&format!("{API}/maps/duel-box"), &format!("{API}/rulesets/default"));
    assert_eq!(session["mapHash"], rest.get(map).await.body["hash"]);
    assert_eq!(session["ruleset"]["hash"], rest.get(rules).await.body["hash"]);
    rest.get(&format!("{API}/maps/moon")).await.expect_problem(404, "map_not_found");
    rest.get(&format!("{API}/rulesets/none")).await.expect_problem(404, "ruleset_not_found");
}

#[tokio::test]
async fn health_readiness_and_metrics_tell_how_the_server_does() {
    let server = Server::start().await;
    let rest = server.anonymous();
    let session = server.service().create(&duel_box()).await;
    let mut ann = Player::join(&server, &session, "ann").await;
    ann.play_ticks(64).await;
    let alive = rest.get("/health").await.expect(200).body;
    assert_eq!((&alive["status"], &alive["shards"][0]["isTicking"]), (&json!("alive"), &json!(true)));
    let ready = rest.get("/ready").await.expect(200).body;
    assert_eq!((&ready["status"], &ready["sessions"]["live"]), (&json!("ready"), &json!(1)));
    assert_eq!(ready["dependencies"][0]["name"], "journal");
    rest.get("/nowhere").await.expect_problem(404, "route_not_found");
    let text = String::from_utf8(rest.get("/metrics").await.expect(200).bytes).unwrap();
    for (name, kind) in [
        ("combat_sessions_created_total", "counter"),
        ("combat_damage_events_total", "counter"),
        ("combat_request_duration_seconds", "histogram"),
        ("combat_active_sessions", "gauge"),
        ("combat_errors_total", "counter"),
        ("combat_tick_duration_seconds", "histogram"),
        ("combat_tick_lateness_seconds", "histogram"),
        ("combat_tick_overruns_total", "counter"),
        ("combat_inbox_refusals_total", "counter"),
        ("combat_connections", "gauge"),
        ("combat_frame_bytes_total", "counter"),
        ("combat_journal_lag_seconds", "gauge"),
    ] {
        assert!(text.contains(&format!("# TYPE {name} {kind}\n")), "{name} is missing:\n{text}");
    }
    assert_eq!(rest.metric("combat_sessions_created_total", "").await, 1.0);
    assert_eq!(rest.metric("combat_connections", "player").await, 1.0);
    assert!(rest.metric("combat_errors_total", "route_not_found").await >= 1.0);
    assert!(rest.metric("combat_frame_bytes_total", "player").await > 0.0);
    assert!(rest.metric("combat_tick_duration_seconds_count", "").await > 64.0);
    let active = async || (rest.metric("combat_active_sessions", "").await == 1.0).then_some(());
    wait::until("one active session in the metrics", active).await;
}

#[tokio::test]
async fn metrics_may_have_an_address_of_their_own() {
    let options = Options::default().with("METRICS_ADDR", "127.0.0.1:0");
    let server = Server::start_with(options).await;
    server.anonymous().get("/metrics").await.expect_problem(404, "route_not_found");
}
