//! Who gets a socket and how it ends: tickets, resume tokens, a newer connection, leaving, the end of the session.

use combat_client::ticket_subprotocols;
use combat_components::reason::Reason;
use combat_protocol::client::{ActMessage, ClaimMessage, ClientMessage};
use combat_protocol::close::CloseCode;
use combat_protocol::codec::{Encoding, encode_client};
use combat_protocol::numbers::ActKind;
use combat_protocol::server::Happening;
use serde_json::json;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode as WireCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::harness::player::{Manner, Player};
use crate::harness::rest::{API, arena, duel_box};
use crate::harness::server::Server;
use crate::harness::socket::{Closed, Socket, request};
use crate::harness::watcher::Watcher;

async fn knock(server: &Server, session: &str, credential: &str) -> Closed {
    let ws_url = format!("ws://{}{API}/sessions/{session}/ws", server.address());
    let protocols = format!("combat.v1{credential}");
    Socket::open(server.address(), &ws_url, Encoding::MessagePack, &protocols).await.closed().await
}

#[tokio::test]
async fn a_ticket_opens_one_socket_of_its_session_once() {
    let server = Server::start().await;
    let session = server.service().create(&arena()).await;
    let other = server.service().create(&arena()).await;
    let ticket = async || {
        let place = server.player("ann").join(&session, &json!({})).await.expect(200);
        format!(", ticket.{}", place.text("ticket"))
    };
    knock(&server, &session, "").await.expect(CloseCode::Unauthorised);
    knock(&server, &session, ", ticket.").await.expect(CloseCode::Unauthorised);
    knock(&server, &session, ", ticket.x").await.expect(CloseCode::Unauthorised);
    knock(&server, &session, &format!(", ticket.{}", "A".repeat(22))).await.expect(CloseCode::TicketExpired);
    let elsewhere = ticket().await;
    knock(&server, &other, &elsewhere).await.expect(CloseCode::Unauthorised);
    knock(&server, &session, &elsewhere).await.expect(CloseCode::TicketExpired);
    let place = server.player("ann").join(&session, &json!({})).await.expect(200);
    let ann = Player::connect(server.address(), &place, Encoding::MessagePack).await;
    let used = format!(", ticket.{}", place.text("ticket"));
    knock(&server, &session, &used).await.expect(CloseCode::TicketExpired);
    drop(ann);
    let unknown = "0199d2f0-5c00-7000-8000-000000000000";
    knock(&server, unknown, &ticket().await).await.expect(CloseCode::Unauthorised);
    assert!(server.anonymous().metric("combat_errors_total", "ticket_expired").await >= 3.0);
}

#[tokio::test]
async fn a_handshake_that_speaks_no_protocol_of_ours_is_a_problem() {
    let server = Server::start().await;
    let session = server.service().create(&arena()).await;
    let ws_url = format!("ws://{}{API}/sessions/{session}/ws", server.address());
    let refused = Socket::handshake(server.address(), request(&ws_url, "combat.v9, ticket.x")).await;
    let Err(Error::Http(response)) = refused else { panic!("expected an HTTP answer, found {refused:?}") };
    assert_eq!(response.status(), 400);
    let path = format!("{API}/sessions/{session}/ws");
    let plain = server.anonymous().get(&path).await.expect_problem(426, "upgrade_required");
    assert_eq!(plain.header("upgrade"), "websocket");
}

#[tokio::test]
async fn a_page_of_another_origin_gets_no_socket() {
    let server = Server::start().await;
    let session = server.service().create(&arena()).await;
    let place = server.player("ann").join(&session, &json!({})).await.expect(200);
    let protocols = ticket_subprotocols(Encoding::MessagePack, &place.text("ticket"));
    let mut request = request(&place.text("wsUrl"), &protocols);
    request.headers_mut().insert("origin", "https://evil.example.com".parse().unwrap());
    let (stream, _) = Socket::handshake(server.address(), request).await.expect("refused by a close code");
    Socket::over(stream, Encoding::MessagePack).closed().await.expect(CloseCode::Policy);
}

#[tokio::test]
async fn a_newer_connection_takes_the_place_of_the_older_one() {
    let server = Server::start().await;
    let session = server.service().create(&duel_box()).await;
    let mut old = Player::join(&server, &session, "ann").await.with_manner(Manner::Walk);
    old.play_ticks(32).await;
    let mut new = Player::join_in(&server, &session, "ann", Encoding::Json).await.with_manner(Manner::Walk);
    old.play_until_closed().await.expect(CloseCode::Superseded);
    assert_eq!(
        (old.sim_id(), old.client.welcome().unwrap().slot),
        (new.sim_id(), new.client.welcome().unwrap().slot)
    );
    assert!(
        new.client.welcome().unwrap().last_input_seq > 0,
        "the new one goes on above the inputs of the old"
    );
    new.play_ticks(128).await;
    assert_eq!(new.client.counters().corrections, 0, "{:?}", new.record.corrections);
    assert_eq!(server.service().session(&session).await["playerCount"], 1);
}

#[tokio::test]
async fn a_broken_connection_is_resumed_in_the_same_place() {
    let server = Server::start().await;
    let session = server.service().create(&duel_box()).await;
    let mut ann = Player::join(&server, &session, "ann").await.with_manner(Manner::Walk);
    let mut bob = Player::join(&server, &session, "bob").await;
    ann.play_ticks(64).await;
    let (sim_id, at, inputs) = (ann.sim_id(), ann.pose().at, ann.claims_sent);
    ann.cut();
    let is_connected = |bob: &Player| {
        bob.client.view().and_then(|view| view.player(sim_id)).is_some_and(|row| row.is_connected())
    };
    bob.play_until("ann shown as gone", |bob| !is_connected(bob)).await;
    assert!(bob.client.view().unwrap().player(sim_id).unwrap().is_alive(), "the body stays, vulnerable");
    let known = ann.record.corrections.len();
    ann.resume().await.unwrap();
    let welcome = ann.client.welcome().unwrap();
    assert_eq!((ann.sim_id(), welcome.resumed), (sim_id, None));
    assert!(
        welcome.last_input_seq <= inputs && welcome.last_input_seq + 4 >= inputs,
        "{}",
        welcome.last_input_seq
    );
    let (_, placed) = ann.record.corrections[known];
    // A server that stalls at this very tick says that instead.
    assert!(matches!(placed.reason, Reason::Reconnected | Reason::ScheduleMoved), "{placed:?}");
    assert_eq!(placed.input_seq, 0);
    assert!(ann.pose().at.distance_squared(at) < 500 * 500, "{:?} is not near {at:?}", ann.pose().at);
    bob.play_until("ann shown as back", is_connected).await;
    tokio::join!(ann.play_ticks(128), bob.play_ticks(128));
    assert_eq!(ann.client.counters().corrections, 0, "{:?}", ann.record.corrections);
}

#[tokio::test]
async fn a_resume_token_is_good_for_its_session_its_holder_and_as_long_as_he_stays() {
    let server = Server::start().await;
    let session = server.service().create(&arena()).await;
    let other = server.service().create(&arena()).await;
    let mut ann = Player::join(&server, &session, "ann").await;
    let token = ann.resume_token().to_owned();
    let refused = |credential: String| {
        let (server, session) = (&server, &session);
        async move { knock(server, session, &credential).await }
    };
    knock(&server, &other, &format!(", resume.{token}")).await.expect(CloseCode::Unauthorised);
    let flipped = if token.starts_with('A') { 'B' } else { 'A' };
    refused(format!(", resume.{flipped}{}", &token[1..])).await.expect(CloseCode::Unauthorised);
    refused(format!(", resume.{}", &token[..token.len() - 2])).await.expect(CloseCode::Unauthorised);
    refused(format!(", resume.{token}, seen.x.y")).await.expect(CloseCode::ProtocolError);
    ann.leave().await;
    ann.play_until_closed().await.expect(CloseCode::Left);
    refused(format!(", resume.{token}")).await.expect(CloseCode::Left);
    server.service().end(&session).await.expect(200);
    refused(format!(", resume.{token}")).await.expect(CloseCode::SessionEnded);
}

/// Whoever leaves and joins again has another place, in another slot or in the same.
#[tokio::test]
async fn ticket_and_resume_token_open_the_place_they_were_given_for_and_no_later_one() {
    let server = Server::start().await;
    let session = server.service().create(&arena()).await;
    let joined = async |id: &str| server.player(id).join(&session, &json!({})).await.expect(200);
    let first = joined("ann").await;
    let of_the_first =
        [format!("ticket.{}", first.text("ticket")), format!("resume.{}", first.text("resumeToken"))];
    let again = joined("ann").await;
    assert_eq!(again.text("resumeToken"), first.text("resumeToken"), "the same place");
    server.service().leave(&session, &json!({"playerId": "ann"})).await.expect(200);
    let second = joined("ann").await;
    assert_eq!(second.number("slot"), first.number("slot"));
    for credential in of_the_first {
        knock(&server, &session, &format!(", {credential}")).await.expect(CloseCode::Left);
    }
    server.service().leave(&session, &json!({"playerId": "ann"})).await.expect(200);
    joined("bob").await;
    let third = joined("ann").await;
    assert_ne!(third.number("slot"), second.number("slot"));
    for place in [&first, &second] {
        let resumes = format!(", resume.{}", place.text("resumeToken"));
        knock(&server, &session, &resumes).await.expect(CloseCode::Left);
    }
    let mut ann = Player::connect(server.address(), &third, Encoding::MessagePack).await;
    ann.resume().await.expect("her own place");
}

#[tokio::test]
async fn a_client_that_closes_is_answered_and_its_body_stays() {
    let server = Server::start().await;
    let session = server.service().create(&arena()).await;
    let mut ann = Player::join(&server, &session, "ann").await;
    let farewell = CloseFrame { code: WireCode::Normal, reason: "good night".into() };
    ann.socket().send_raw(Message::Close(Some(farewell))).await.unwrap();
    let closed = ann.socket().closed().await;
    assert_eq!(closed.code, 1_000, "the close is answered: {closed:?}");
    assert_eq!(server.service().session(&session).await["playerCount"], 1);
    ann.resume().await.unwrap();
    ann.play_ticks(32).await;
}

#[tokio::test]
async fn leaving_is_told_to_others_and_frees_the_place() {
    let server = Server::start().await;
    let session = server.service().create(&duel_box()).await;
    let mut ann = Player::join(&server, &session, "ann").await;
    let mut bob = Player::join(&server, &session, "bob").await;
    tokio::join!(ann.play_ticks(16), bob.play_ticks(16));
    let (ann_id, bob_id) = (ann.sim_id(), bob.sim_id());
    ann.leave().await;
    ann.play_until_closed().await.expect(CloseCode::Left);
    let gone = |player: &Player, id: u32| {
        let told = player
            .record
            .events
            .iter()
            .any(|event| matches!(event.happening, Happening::Left { sim_id, .. } if sim_id == id));
        told && player.client.view().is_some_and(|view| view.player(id).is_none())
    };
    bob.play_until("ann gone", |bob| gone(bob, ann_id)).await;
    let mut cid = Player::join(&server, &session, "cid").await;
    assert_eq!(cid.client.welcome().unwrap().slot, Some(0), "the place is free again");
    assert!(cid.sim_id() != ann_id && cid.sim_id() != bob_id, "an id is never used again");
    server.service().leave(&session, &json!({"playerId": "bob"})).await.expect(200);
    bob.play_until_closed().await.expect(CloseCode::Kicked);
    cid.play_until("bob gone", |cid| gone(cid, bob_id)).await;
    server.player("cid").leave(&session, &json!({})).await.expect(200);
    cid.play_until_closed().await.expect(CloseCode::Left);
}

#[tokio::test]
async fn the_end_of_a_session_is_told_and_closes_players_and_spectators() {
    let server = Server::start().await;
    let session = server.service().create(&duel_box()).await;
    let mut ann = Player::join(&server, &session, "ann").await;
    let ticket = server.anonymous().spectate(&session, &json!({})).await.expect(200);
    let mut watcher = Watcher::connect(server.address(), &ticket, Encoding::MessagePack).await;
    ann.play_ticks(64).await;
    watcher.watch_until("the welcome", |watcher| watcher.tick() > 0).await;
    let service = server.service();
    let (ended, closed, watched) =
        tokio::join!(service.end(&session), ann.play_until_closed(), watcher.watch_until_closed());
    ended.expect(200);
    closed.expect(CloseCode::SessionEnded);
    watched.expect(CloseCode::SessionEnded);
    let is_end = |happening: &Happening| matches!(happening, Happening::Ended { .. });
    for events in [&ann.record.events, &watcher.record.events] {
        assert!(events.iter().any(|event| is_end(&event.happening)), "{events:?}");
    }
}

#[tokio::test]
async fn a_spectator_that_claims_or_acts_is_closed_with_the_reason() {
    let server = Server::start().await;
    let session = server.service().create(&duel_box()).await;
    let claim =
        ClientMessage::Claim(ClaimMessage { input_seq: 1, client_tick: 1, ..ClaimMessage::default() });
    for encoding in [Encoding::MessagePack, Encoding::Json] {
        for message in [
            &claim,
            &ClientMessage::Leave,
            &ClientMessage::Act(ActMessage { input_seq: 1, kind: ActKind::Reload, ..ActMessage::default() }),
        ] {
            let ticket = server.anonymous().spectate(&session, &json!({})).await.expect(200);
            let mut watcher = Watcher::connect(server.address(), &ticket, encoding).await;
            watcher.watch_until("the welcome", |watcher| watcher.tick() > 0).await;
            let mut bytes = Vec::new();
            encode_client(message, encoding, &mut bytes);
            watcher.socket.send(&bytes).await.unwrap();
            let closed = watcher.watch_until_closed().await;
            closed.expect(CloseCode::ProtocolError);
            assert!(closed.reason.contains("spectator"), "{closed:?}");
        }
    }
}

#[tokio::test]
async fn the_reason_for_a_message_of_no_type_names_every_type_there_is() {
    let server = Server::start().await;
    let session = server.service().create(&arena()).await;
    let mut ann = Player::join_in(&server, &session, "ann", Encoding::Json).await;
    ann.say(json!({"type": "x".repeat(99)}).to_string().as_bytes()).await;
    let closed = ann.play_until_closed().await;
    closed.expect(CloseCode::ProtocolError);
    assert!(closed.reason.ends_with("expected one of claim, act, seen, ping, leave"), "{closed:?}");
}
