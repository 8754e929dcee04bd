//! Display names: what a person may call himself, and what he is called when he may not, or says nothing.

use combat_protocol::codec::Encoding;
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::player::Player;
use crate::harness::rest::{API, Answer, arena};
use crate::harness::server::{Options, Server};
use crate::harness::tokens::{claims, forge_claims};

const ID: &str = "auth0:5f7c8ec7c33c6c004bbafe82";

/// Whoever holds a token that names him so.
async fn join_as(server: &Server, session: &str, id: &str, name: Value, body: Value) -> Answer {
    let mut claims = claims("player", id);
    claims["name"] = name;
    server.anonymous().with_token(forge_claims(&claims)).join(session, &body).await
}

/// What others are shown, by slot.
fn shown(player: &Player) -> Vec<(u8, String)> {
    let view = player.client.view().expect("welcomed");
    let mut shown: Vec<_> =
        view.roster.iter().map(|entry| (entry.slot, entry.display_name.to_string())).collect();
    shown.sort();
    shown
}

fn names(answer: &Answer) -> (Value, Value) {
    (answer.body["displayName"].clone(), answer.body["displayNameReason"].clone())
}

#[tokio::test]
async fn a_tokens_name_that_does_not_fit_keeps_nobody_out_and_the_answer_says_why() {
    let server = Server::start().await;
    let session = server.service().create(&arena()).await;
    for (name, why) in [
        (json!("x".repeat(33)), "33 characters, expected at most 32"),
        (json!("नि".repeat(17)), "102 bytes of UTF-8, expected at most 96"),
        (json!(""), "nothing but spaces"),
        (json!("   "), "nothing but spaces"),
        (json!("\u{3164}"), "U+3164 shows nothing"),
        (json!("Ann\u{202e}B"), "U+202E changes the direction"),
        (json!("A\u{301}\u{302}\u{303}\u{304}\u{305}"), "U+0305 is one mark too many"),
        (json!("A\u{200d}"), "U+200D joins or parts nothing here"),
        (json!("A\u{0}"), "U+0000 controls a terminal"),
        (json!(7), "no text"),
        (json!(["Ann"]), "no text"),
    ] {
        let answer = join_as(&server, &session, ID, name, json!({})).await.expect(200);
        assert_eq!((answer.number("slot"), answer.text("displayName")), (0, "Player 0".to_owned()));
        let reason = answer.text("displayNameReason");
        assert!(reason.starts_with("the token's name is not shown: ") && reason.contains(why), "{reason}");
        assert!(reason.is_ascii(), "nothing of the name is repeated: {reason}");
    }
    let told = join_as(&server, &session, "bob", json!(" Bob  of Bree "), json!({})).await.expect(200);
    assert_eq!(names(&told), (json!("Bob of Bree"), Value::Null));
    let told = join_as(&server, &session, "cyd", json!("\u{200b}"), json!({"displayName": "Zoe\u{308}"}));
    assert_eq!(names(&told.await.expect(200)), (json!("Zoë"), Value::Null), "what he says himself counts");
    let place = join_as(&server, &session, ID, json!(" "), json!({})).await.expect(200);
    for encoding in [Encoding::MessagePack, Encoding::Json] {
        let place = if encoding == Encoding::Json {
            join_as(&server, &session, ID, Value::Null, json!({})).await.expect(200)
        } else {
            place.clone()
        };
        let one = Player::connect(server.address(), &place, encoding).await;
        let expected = [(0, "Player 0".to_owned()), (1, "Bob of Bree".to_owned()), (2, "Zoë".to_owned())];
        assert_eq!(shown(&one), expected);
    }
}

#[tokio::test]
async fn whoever_gives_no_name_is_called_by_his_place_and_never_by_his_id() {
    let mut server = Server::start_with(Options::brisk()).await;
    let session = server.service().create(&arena()).await;
    let first = server.player(ID).join(&session, &json!({})).await.expect(200);
    assert_eq!(names(&first), (json!("Player 0"), Value::Null));
    let by_service = server.service().join(&session, &json!({"playerId": "steam:76561197960287930"})).await;
    assert_eq!(names(&by_service.expect(200)), (json!("Player 1"), Value::Null));
    let mut one = Player::connect(server.address(), &first, Encoding::MessagePack).await;
    let expected = [(0, "Player 0".to_owned()), (1, "Player 1".to_owned())];
    one.play_until("both in", |one| shown(one) == expected).await;
    let again = server.player(ID).join(&session, &json!({"displayName": "Ann"})).await.expect(200);
    assert_eq!(names(&again), (json!("Player 0"), Value::Null), "as he came he is called");
    server.player(ID).leave(&session, &json!({})).await.expect(200);
    let third = server.player("dan").join(&session, &json!({})).await.expect(200);
    assert_eq!(names(&third), (json!("Player 0"), Value::Null), "the place has become free");
    let back = server.player(ID).join(&session, &json!({})).await.expect(200);
    assert_eq!(names(&back), (json!("Player 2"), Value::Null), "it is the place that is named");
    let mut one = Player::connect(server.address(), &back, Encoding::MessagePack).await;
    let seen_at = one.tick();
    one.play_until("it is final", |one| one.record.durable.get(&1).is_some_and(|tick| *tick >= seen_at))
        .await;
    server.kill().await;
    server.restart().await;
    one.resume().await.expect("his place is there");
    let place = |slot: u8| (slot, format!("Player {slot}"));
    assert_eq!(shown(&one), [place(0), place(1), place(2)], "also after a restart");
    server.service().end(&session).await.expect(200);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = directory.path().join("named.combatlog").display().to_string();
    let exported = server.combat(&["replay", "export", &session, "--with-names", "-o", &file]);
    assert_eq!(exported.status.code(), Some(0), "{exported:?}");
    for source in [&session, &file] {
        let told = server.combat(&["replay", "inspect", source]);
        let told = String::from_utf8(told.stdout).expect("text");
        for slot in 0..3 {
            assert!(told.contains(&format!("Player {slot} joined as SimId")), "{source}: {told}");
        }
        assert!(!told.contains("auth0") && !told.contains("steam"), "{told}");
    }
}

#[tokio::test]
async fn the_longest_name_reaches_everybody_and_outlives_a_restart() {
    let mut server = Server::start().await;
    let session = server.service().create(&arena()).await;
    let longest = "한".repeat(32);
    let place = server.player("kim").join(&session, &json!({"displayName": longest})).await.expect(200);
    assert_eq!(names(&place), (json!(longest), Value::Null));
    let place = server.player("lee").join(&session, &json!({"displayName": "علی\u{200c}رضا"})).await;
    let mut lee = Player::connect(server.address(), &place.expect(200), Encoding::Json).await;
    let expected = [(0, longest), (1, "علی\u{200c}رضا".to_owned())];
    assert_eq!(shown(&lee), expected);
    let seen_at = lee.tick();
    lee.play_until("it is final", |lee| lee.record.durable.get(&1).is_some_and(|tick| *tick >= seen_at))
        .await;
    server.kill().await;
    server.restart().await;
    lee.resume().await.expect("his place is there");
    assert_eq!(shown(&lee), expected);
}

#[tokio::test]
async fn a_name_that_is_asked_for_and_does_not_fit_is_refused_and_told_by_number() {
    let server = Server::start().await;
    let session = server.service().create(&arena()).await;
    let ann = server.player("ann");
    for (name, expected) in [
        ("\u{2800}", "U+2800 shows nothing, expected only what can be seen"),
        ("\u{a0}", "U+00A0 shows nothing, expected U+0020 for a space"),
        ("\u{fe0f}", "U+FE0F selects no form here, expected it only after an emoji or a letter that has one"),
        ("Ann\u{e0041}", "U+E0041 is a tag, expected it only in the flag of a region"),
        ("\u{fffd}", "U+FFFD stands for something else, expected only what can be seen"),
        (" ", "nothing but spaces, expected 1 to 32 characters that can be seen"),
    ] {
        let answer = ann.join(&session, &json!({"displayName": name})).await;
        let answer = answer.expect_problem(400, "invalid_field");
        assert_eq!(answer.pointers(), ["/displayName"]);
        assert_eq!(answer.body["errors"][0]["detail"], expected);
    }
    let path = format!("{API}/sessions/{session}/join");
    for name in [&b"\xff"[..], b"\xc0\xaf", b"\xed\xa0\x80", b"\\ud800", b"\\u12", b"\n"] {
        let body = [br#"{"displayName":""#, name, br#""}"#].concat();
        let request = ann.request(Method::POST, &path).header("content-type", "application/json");
        ann.send(request.body(body)).await.expect_problem(400, "malformed_body");
    }
    assert_eq!(server.service().session(&session).await["playerCount"], 0);
    for name in ["\u{202e}", " ", "\u{200d}"] {
        let refused = server.combat(&["token", "--role", "player", "--sub", "ann", "--name", name]);
        let told = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{told}");
        assert!(told.starts_with("combat: --name: ") && told.contains("expected"), "{told}");
        assert!(told.is_ascii() && told.lines().count() == 1, "nothing of it is repeated: {told}");
    }
    let minted = server.combat(&["token", "--role", "player", "--sub", "ann", "--name", " Zoe\u{308} "]);
    let minted = String::from_utf8(minted.stdout).expect("text");
    let bearer = server.anonymous().with_token(minted.lines().last().expect("a token"));
    assert_eq!(names(&bearer.join(&session, &json!({})).await.expect(200)), (json!("Zoë"), Value::Null));
}
