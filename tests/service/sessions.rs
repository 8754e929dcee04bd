//! REST: sessions are created, listed, shown and ended; every fault is a problem that points at its cause.

use realtime_combat_service::auth::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::rest::{API, Rest, arena, duel_box, with};
use crate::harness::server::Server;
use crate::harness::wait;

fn sessions() -> String {
    format!("{API}/sessions")
}

fn keys(body: &Value) -> Vec<&str> {
    body.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn a_created_session_has_every_field_is_found_at_its_location_and_is_listed() {
    let server = Server::start().await;
    let service = server.service();
    let body = json!({
        "name": "friday night", "type": "ranked", "mapId": "duel-box", "gameMode": "duel", "maxPlayers": 2,
        "tickRateHz": 64, "metadata": {"season": 3}, "options": {"timeLimitS": 60, "scoreLimit": 5},
    });
    let created = service.post(&sessions(), &body).await.expect(201);
    let expected = [
        "createdAt",
        "durability",
        "durableTick",
        "endReason",
        "endedAt",
        "epoch",
        "gameMode",
        "id",
        "mapHash",
        "mapId",
        "maxPlayers",
        "metadata",
        "name",
        "playerCount",
        "ruleset",
        "spectatorCount",
        "spectatorDelayMs",
        "startedAt",
        "status",
        "tick",
        "tickRateHz",
        "type",
        "verify",
    ];
    let mut found = keys(&created.body);
    found.sort_unstable();
    assert_eq!(found, expected);
    assert_eq!(created.header("location"), format!("{API}/sessions/{}", created.text("id")));
    for (field, value) in [
        ("name", json!("friday night")),
        ("type", json!("ranked")),
        ("status", json!("waiting")),
        ("mapId", json!("duel-box")),
        ("gameMode", json!("duel")),
        ("maxPlayers", json!(2)),
        ("playerCount", json!(0)),
        ("tickRateHz", json!(64)),
        ("spectatorDelayMs", json!(30_000)),
        ("durability", json!("journal")),
        ("epoch", json!(1)),
        ("metadata", json!({"season": 3})),
        ("endedAt", Value::Null),
    ] {
        assert_eq!(created.body[field], value, "{field}");
    }
    let at_location = service.get(created.header("location")).await.expect(200);
    assert_eq!(at_location.body["id"], created.body["id"]);
    let listed = server.anonymous().get(&sessions()).await.expect(200).body;
    assert_eq!((&listed["total"], &listed["sessions"][0]["id"]), (&json!(1), &created.body["id"]));
}

#[tokio::test]
async fn the_types_of_sessions_set_their_delay_unless_it_is_named() {
    let server = Server::start().await;
    let service = server.service();
    let delay = async |kind: &str, named: Value| {
        let body = with(with(arena(), "type", json!(kind)), "spectatorDelayMs", named);
        service.post(&sessions(), &body).await.expect(201).number("spectatorDelayMs")
    };
    assert_eq!(delay("casual", Value::Null).await, 3_000);
    assert_eq!(delay("tournament", Value::Null).await, 30_000);
    assert_eq!(delay("training", Value::Null).await, 0);
    assert_eq!(delay("ranked", json!(1_500)).await, 1_500);
}

#[tokio::test]
async fn an_ended_session_stays_to_be_seen_and_ending_it_again_changes_nothing() {
    let server = Server::start().await;
    let service = server.service();
    let session = service.create(&arena()).await;
    let kept = service.create(&arena()).await;
    let ended = service.end(&session).await.expect(200).body;
    assert_eq!((&ended["status"], &ended["endReason"]), (&json!("ended"), &json!("requested")));
    assert_eq!(ended["tick"], ended["durableTick"], "it answers after the commit");
    let again = service.end(&session).await.expect(200).body;
    for field in ["id", "status", "endReason", "endedAt", "tick", "epoch"] {
        assert_eq!(again[field], ended[field], "{field}");
    }
    let ids = async |query: &str| {
        let listed = service.get(&format!("{}{query}", sessions())).await.expect(200).body;
        let listed = listed["sessions"].as_array().expect("a list").clone();
        listed.iter().map(|session| session["id"].as_str().expect("an id").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids("").await, [&*kept]);
    assert_eq!(ids("?status=ended").await, [&*session]);
    assert_eq!(ids("?status=all").await, [&*kept, &*session], "the newest comes first");
    assert_eq!(ids("?status=all&limit=1").await, [&*kept]);
    let player = server.player("ann");
    player.join(&session, &json!({})).await.expect_problem(409, "session_ended");
    player.leave(&session, &json!({})).await.expect_problem(409, "session_ended");
    player.spectate(&session, &json!({})).await.expect_problem(409, "session_ended");
    let verified = wait::until("the verification", async || {
        let session = service.session(&session).await;
        (!session["verify"].is_null()).then(|| session["verify"].clone())
    })
    .await;
    assert_eq!(verified["result"], "verified");
}

#[tokio::test]
async fn every_fault_of_a_wish_is_told_at_once_with_a_pointer() {
    let server = Server::start().await;
    let service = server.service();
    let pointers = async |body: Value| {
        let problem = service.post(&sessions(), &body).await.expect_problem(400, "invalid_field");
        assert_eq!(problem.body["retry"], "no");
        problem.pointers().join(" ")
    };
    assert_eq!(pointers(json!({})).await, "/name /mapId /gameMode");
    let wrong = json!({
        "name": "", "mapId": 7, "gameMode": "duel", "type": "fun", "maxPlayers": 0, "tickRateHz": 100,
        "spectatorDelayMs": -1, "metadata": [], "options": {"bots": "many", "speed": 9}, "colour": "red",
    });
    let expected = "/name /mapId /type /maxPlayers /tickRateHz /spectatorDelayMs /metadata /options/bots \
                    /options/speed /colour";
    assert_eq!(pointers(wrong).await, expected);
    assert_eq!(pointers(with(duel_box(), "maxPlayers", json!(65))).await, "/maxPlayers");
    let asked = with(with(duel_box(), "gameMode", json!("duel")), "maxPlayers", json!(3));
    let told = service.post(&sessions(), &asked).await.text("detail");
    assert!(told.contains("expected 2 for mode duel"), "{told}");
    assert_eq!(pointers(with(arena(), "spectatorDelayMs", json!(60_001))).await, "/spectatorDelayMs");
    let check = async |field: &str, code: &str| {
        let body = with(arena(), field, json!("nowhere"));
        let problem = service.post(&sessions(), &body).await.expect_problem(400, code);
        assert_eq!(problem.pointers(), [format!("/{field}")]);
    };
    check("mapId", "unknown_map").await;
    check("gameMode", "unknown_mode").await;
    check("ruleset", "unknown_ruleset").await;
    let listed = service.get(&sessions()).await.expect(200).body;
    assert_eq!(listed["total"], 0, "nothing was created");
}

#[tokio::test]
async fn bodies_paths_methods_and_queries_that_are_wrong_are_told_apart() {
    let server = Server::start().await;
    let service = server.service();
    let post = async |kind: Option<&str>, body: Vec<u8>| {
        let request = service.request(Method::POST, &sessions()).body(body);
        let request = kind.into_iter().fold(request, |request, kind| request.header("content-type", kind));
        service.send(request).await
    };
    let json_kind = Some("application/json");
    post(json_kind, b"{\"name\":".to_vec()).await.expect_problem(400, "malformed_body");
    post(json_kind, b"[1,2]".to_vec()).await.expect_problem(400, "malformed_body");
    post(json_kind, b"\xff\xfe".to_vec()).await.expect_problem(400, "malformed_body");
    post(json_kind, b"[".repeat(20_000)).await.expect_problem(400, "malformed_body");
    post(json_kind, b"{\"name\": NaN}".to_vec()).await.expect_problem(400, "malformed_body");
    post(json_kind, vec![b' '; 65 * 1_024]).await.expect_problem(413, "body_too_large");
    post(Some("text/plain"), b"{}".to_vec()).await.expect_problem(415, "unsupported_media_type");
    post(None, b"{}".to_vec()).await.expect_problem(415, "unsupported_media_type");
    service.get("/nowhere").await.expect_problem(404, "route_not_found");
    service.get(&format!("{API}/nowhere")).await.expect_problem(404, "route_not_found");
    service.delete(&sessions()).await.expect_problem(405, "method_not_allowed");
    for id in ["x", "0199d2f0-5c00-7000-8000-000000000000", "..%2f..%2fetc"] {
        service.get(&format!("{API}/sessions/{id}")).await.expect_problem(404, "session_not_found");
        service.end(id).await.expect_problem(404, "session_not_found");
        service.spectate(id, &json!({})).await.expect_problem(404, "session_not_found");
        server.player("ann").join(id, &json!({})).await.expect_problem(404, "session_not_found");
        server.player("ann").leave(id, &json!({})).await.expect_problem(404, "session_not_found");
    }
    for (query, pointer) in
        [("limit=0", "?limit"), ("limit=501", "?limit"), ("status=x", "?status"), ("a=b", "?a")]
    {
        let problem =
            service.get(&format!("{}?{query}", sessions())).await.expect_problem(400, "invalid_field");
        assert_eq!(problem.pointers(), [pointer]);
    }
}

#[tokio::test]
async fn request_ids_are_taken_or_made_returned_and_logged() {
    let server = Server::start().await;
    let rest = server.anonymous();
    let ask = async |id: Option<&str>| {
        let request = rest.request(Method::GET, &sessions());
        let request = id.into_iter().fold(request, |request, id| request.header("x-request-id", id));
        rest.send(request).await.expect(200).header("x-request-id").to_owned()
    };
    assert_eq!(ask(Some("trace-7:a.b_c")).await, "trace-7:a.b_c");
    let made = [ask(None).await, ask(None).await];
    assert_ne!(made[0], made[1]);
    for refused in ["two words", &"x".repeat(129), "a\"b", "{}"] {
        assert_ne!(ask(Some(refused)).await, refused);
    }
    let is_logged = async || server.output().iter().any(|line| line.contains("trace-7:a.b_c")).then_some(());
    wait::until("the request's line in the log", is_logged).await;
}

#[tokio::test]
async fn who_may_do_what_is_as_the_table_says() {
    let server = Server::start().await;
    let anonymous = server.anonymous();
    let session = server.service().create(&arena()).await;
    let place = format!("{API}/sessions/{session}");
    let of = |role| anonymous.holding(role, "somebody");
    for role in Role::ALL {
        let caller = of(role);
        for path in [&sessions(), &place, &format!("{API}/maps"), &format!("{API}/maps/duel-box")] {
            caller.get(path).await.expect(200);
        }
        caller.get(&format!("{API}/rulesets/default")).await.expect(200);
        caller.spectate(&session, &json!({})).await.expect(200);
        let may_manage = matches!(role, Role::Service | Role::Admin);
        let created = caller.post(&sessions(), &arena()).await;
        if may_manage {
            let created = created.expect(201).text("id");
            caller.end(&created).await.expect(200);
        } else {
            created.expect_problem(403, "forbidden");
            caller.end(&session).await.expect_problem(403, "forbidden");
        }
    }
    may_take_part(&anonymous, &session).await;
    anonymous.get(&sessions()).await.expect(200);
    anonymous.spectate(&session, &json!({})).await.expect(200);
    for answer in [
        anonymous.post(&sessions(), &arena()).await,
        anonymous.end(&session).await,
        anonymous.join(&session, &json!({})).await,
        anonymous.leave(&session, &json!({})).await,
    ] {
        answer.expect_problem(401, "token_missing");
    }
}

/// Join and leave: players as themselves, services and admins for anyone, spectators not at all.
async fn may_take_part(anonymous: &Rest, session: &str) {
    let player = anonymous.holding(Role::Player, "ann");
    player.join(session, &json!({"playerId": "bob"})).await.expect_problem(403, "forbidden");
    player.join(session, &json!({})).await.expect(200);
    player.leave(session, &json!({"playerId": "bob"})).await.expect_problem(403, "forbidden");
    player.leave(session, &json!({})).await.expect(200);
    let spectator = anonymous.holding(Role::Spectator, "eve");
    spectator.join(session, &json!({})).await.expect_problem(403, "forbidden");
    spectator.leave(session, &json!({})).await.expect_problem(403, "forbidden");
    for role in [Role::Service, Role::Admin] {
        let manager = anonymous.holding(role, "manager");
        let problem = manager.join(session, &json!({})).await.expect_problem(400, "invalid_field");
        assert_eq!(problem.pointers(), ["/playerId"]);
        let joined = manager.join(session, &json!({"playerId": "cid"})).await.expect(200);
        assert_eq!(joined.text("playerId"), "cid");
        let left = manager.leave(session, &json!({"playerId": "cid"})).await.expect(200);
        assert_eq!(left.text("playerId"), "cid");
        let watching = json!({"playerId": "dan", "role": "spectator"});
        let watching = manager.join(session, &watching).await.expect(200);
        assert_eq!((watching.text("role"), watching.text("playerId")), ("spectator".into(), "dan".into()));
    }
}
