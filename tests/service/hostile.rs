//! Bad input: every kind of it closes its own connection with the documented code, and the match goes on unharmed.

use std::time::Duration;

use combat_components::streams::Stream;
use combat_protocol::client::{ActMessage, ClaimMessage, ClientMessage};
use combat_protocol::close::CloseCode;
use combat_protocol::codec::{Encoding, encode_client};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_util::sync::CancellationToken;

use crate::harness::player::{Manner, Player};
use crate::harness::rest::{API, arena};
use crate::harness::server::{Options, Server};
use crate::harness::wait::{self, PATIENCE};

/// Random frames sent to the live server, over both encodings.
const RANDOM_FRAMES: u32 = 4_000;

/// Sockets that send them at the same time.
const ATTACKERS: u32 = 10;

/// Two honest players in the background, and what has to hold of them afterwards.
struct Match {
    server: Server,
    session: String,
    stop: CancellationToken,
    honest: Vec<tokio::task::JoinHandle<Player>>,
}

impl Match {
    async fn begin() -> Self {
        let server = Server::start_with(Options::brisk()).await;
        let session = server.service().create(&arena()).await;
        let stop = CancellationToken::new();
        let mut honest = Vec::new();
        for (id, encoding) in [("ann", Encoding::MessagePack), ("bob", Encoding::Json)] {
            let player = Player::join_in(&server, &session, id, encoding).await.with_manner(Manner::Fight);
            honest.push(player.spawn(stop.clone()));
        }
        Self { server, session, stop, honest }
    }

    async fn eve(&self, encoding: Encoding) -> Player {
        Player::join_in(&self.server, &self.session, "eve", encoding).await.with_manner(Manner::Silent)
    }

    /// The honest ones never noticed, and what was recorded verifies.
    async fn ends_unharmed(self) {
        let newest =
            self.server.service().session(&self.session).await["tick"].as_u64().expect("a tick") as u32;
        self.stop.cancel();
        for honest in self.honest {
            let player = honest.await.unwrap();
            assert_eq!(player.reconnects, 0, "{} lost the connection", player.id);
            // A legal climb in one claim of a quarter of a second may be taken for a jump too high, hardly ever.
            assert!(player.client.counters().corrections <= 1, "{:?}", player.record.corrections);
            let frames = &player.record.frames;
            let gap = frames.windows(2).map(|pair| pair[1].tick - pair[0].tick).max().unwrap_or(0);
            assert!(gap <= 128, "{} saw nothing for {gap} ticks", player.id);
            assert!(player.tick() + 256 >= newest, "{} stopped at {} of {newest}", player.id, player.tick());
        }
        let service = self.server.service();
        let ended = service.end(&self.session).await.expect(200).body;
        assert_eq!((&ended["status"], &ended["epoch"]), (&json!("ended"), &json!(1)));
        let verified = wait::until("the verification", async || {
            let session = service.session(&self.session).await;
            (!session["verify"].is_null()).then(|| session["verify"]["result"].clone())
        });
        assert_eq!(verified.await, "verified");
        assert!(!self.server.output().iter().any(|line| line.contains("panicked")));
    }
}

fn claim() -> ClaimMessage {
    ClaimMessage { input_seq: 1, client_tick: 1, ..ClaimMessage::default() }
}

fn encoded(message: &ClientMessage, encoding: Encoding) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_client(message, encoding, &mut bytes);
    bytes
}

/// A claim as MessagePack, its array one item longer.
fn claim_with_one_more(item: &[u8]) -> Vec<u8> {
    let mut bytes = encoded(&ClientMessage::Claim(claim()), Encoding::MessagePack);
    bytes[0] += 1;
    bytes.extend_from_slice(item);
    bytes
}

/// A claim as MessagePack whose `x` (the fourth item, one byte here) is replaced.
fn claim_with_x(x: &[u8]) -> Vec<u8> {
    let bytes = encoded(&ClientMessage::Claim(claim()), Encoding::MessagePack);
    [&bytes[..4], x, &bytes[5..]].concat()
}

fn messagepack_cases() -> Vec<(&'static str, Vec<u8>)> {
    let bad = |change: fn(&mut ClaimMessage)| {
        let mut claim = claim();
        change(&mut claim);
        encoded(&ClientMessage::Claim(claim), Encoding::MessagePack)
    };
    let ping = encoded(&ClientMessage::Ping { nonce: 1 }, Encoding::MessagePack);
    let whole = encoded(&ClientMessage::Claim(claim()), Encoding::MessagePack);
    vec![
        ("nothing", vec![]),
        ("a number", vec![0x07]),
        ("a map instead of an array", vec![0x82, 0xa4, b't', b'y', b'p', b'e', 0x06, 0xa1, b'n', 0x01]),
        ("an unknown type", vec![0x91, 0x63]),
        ("a message of the server", vec![0x93, 0x16, 0x00, 0xa0]),
        ("a type that is a text", vec![0x92, 0xa4, b'p', b'i', b'n', b'g', 0x01]),
        ("half a claim", whole[..whole.len() / 2].to_vec()),
        ("bytes after the message", [&ping[..], &[0x00]].concat()),
        ("two messages in one", [&ping[..], &ping[..]].concat()),
        ("an array that is too short", vec![0x91, 0x04]),
        ("a claim for another player", claim_with_one_more(&[0x02])),
        ("a float NaN", claim_with_x(&[0xca, 0x7f, 0xc0, 0x00, 0x00])),
        ("a float that is whole", claim_with_x(&[0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0])),
        ("a text for a number", claim_with_x(&[0xa1, b'1'])),
        ("nil for a number", claim_with_x(&[0xc0])),
        ("a number beyond 32 bits", claim_with_x(&[0xcf, 0, 0, 0, 1, 0, 0, 0, 0])),
        ("binary for a number", claim_with_x(&[0xc4, 0x01, 0x01])),
        ("an extension for a number", claim_with_x(&[0xd4, 0x01, 0x01])),
        ("the byte that is never used", claim_with_x(&[0xc1])),
        ("an array of four billion", vec![0xdd, 0xff, 0xff, 0xff, 0xff]),
        ("a text of four gigabytes", vec![0x92, 0x04, 0xdb, 0xff, 0xff, 0xff, 0xff]),
        ("deep nesting", vec![0x91; 4_000]),
        ("deep nesting in a claim", claim_with_x(&vec![0x91; 3_000])),
        ("an inputSeq of 0", bad(|claim| claim.input_seq = 0)),
        ("a pitch beyond the vertical", bad(|claim| claim.pose.pitch = i16::MAX)),
        ("a place outside the world", bad(|claim| claim.pose.at[0] = i32::MIN)),
        ("a bend outside the world", bad(|claim| claim.bends.push([0, 1_000_001, 0]))),
    ]
}

fn json_cases() -> Vec<(&'static str, Vec<u8>)> {
    let claim =
        String::from_utf8(encoded(&ClientMessage::Claim(claim()), Encoding::Json)).expect("JSON is UTF-8");
    let with_x = |x: &str| claim.replace("\"x\":0", &format!("\"x\":{x}")).into_bytes();
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("nothing", text("")),
        ("no JSON", text("hello")),
        ("half a message", text("{\"type\":\"ping\",\"nonce\":")),
        ("an array", text("[6,1]")),
        ("an unknown type", text("{\"type\":\"pong\",\"nonce\":1}")),
        ("no type", text("{\"nonce\":1}")),
        ("a missing field", text("{\"type\":\"ping\"}")),
        ("a repeated field", text("{\"type\":\"ping\",\"nonce\":1,\"nonce\":1}")),
        ("an unknown field", text("{\"type\":\"ping\",\"nonce\":1,\"more\":1}")),
        ("text after the message", text("{\"type\":\"ping\",\"nonce\":1}{}")),
        ("a claim for another player", claim.replacen('{', "{\"simId\":2,", 1).into_bytes()),
        ("NaN", with_x("NaN")),
        ("Infinity", with_x("-Infinity")),
        ("a fraction", with_x("0.5")),
        ("a float that is not whole", with_x("1.5")),
        ("a fraction by its exponent", with_x("1e-3")),
        ("a text for a number", with_x("\"1\"")),
        ("null for a number", with_x("null")),
        ("a number beyond 64 bits", with_x("99999999999999999999")),
        ("a number beyond 32 bits", with_x("4294967296")),
        ("deep nesting", text(&"[".repeat(4_000))),
        ("deep nesting in a field", with_x(&format!("{}1{}", "[".repeat(1_500), "]".repeat(1_500)))),
        (
            "five bends",
            claim.replace("\"bends\":[]", "\"bends\":[[0,0,0],[0,0,0],[0,0,0],[0,0,0],[0,0,0]]").into_bytes(),
        ),
    ]
}

/// Who does not believe corrections is told so, and gets no further by it.
#[tokio::test]
async fn who_is_refused_too_often_is_closed_for_policy_with_the_reason() {
    let game = Match::begin().await;
    let mut eve = game.eve(Encoding::MessagePack).await;
    let closed = loop {
        let mut pose = eve.pose();
        pose.at.x += 20_000;
        // Too soon for another claim: this turn only listens.
        let _ = eve.claim_pose(pose, true).await;
        if let Err(closed) = eve.turn().await {
            break closed;
        }
        assert!(eve.claims_sent < 2_000, "the budget is 32, and one a second");
    };
    assert_eq!(closed.code, CloseCode::Policy as u16, "{closed:?}");
    assert!(closed.reason == "policy: too_fast" || closed.reason == "policy: out_of_bounds", "{closed:?}");
    let rest = game.server.anonymous();
    assert_eq!(rest.metric("combat_errors_total", "policy").await, 1.0);
    let refused = rest.metric("combat_claims_refused_total", "").await;
    assert!((33.0..=f64::from(eve.claims_sent)).contains(&refused), "{refused}, of {}", eve.claims_sent);
    let told =
        async || game.server.logged("a player is turned away: too many refused claims").first().cloned();
    let line = wait::until("the line that tells of it", told).await;
    assert_eq!(line["session"], game.session, "{line}");
    assert_eq!(line["reason"], closed.reason["policy: ".len()..], "{line}");
    assert!(line["who"].as_str().is_some_and(|who| who.starts_with("player ")), "{line}");
    assert!(!line.to_string().contains("\"eve\""), "a log names no person: {line}");
    game.ends_unharmed().await;
}

#[tokio::test]
async fn whatever_is_malformed_closes_with_a_reason_and_harms_nobody_else() {
    let game = Match::begin().await;
    for (encoding, cases) in [(Encoding::MessagePack, messagepack_cases()), (Encoding::Json, json_cases())] {
        let mut eve = game.eve(encoding).await;
        for (name, bytes) in cases {
            eve.say(&bytes).await;
            let closed = eve.play_until_closed().await;
            assert_eq!(closed.code, CloseCode::ProtocolError as u16, "{encoding:?}, {name}: {closed:?}");
            assert!(
                closed.reason.starts_with("protocol_error: "),
                "{encoding:?}, {name}: {closed:?} gives no reason"
            );
            eve.resume().await.unwrap();
        }
    }
    assert!(game.server.anonymous().metric("combat_errors_total", "protocol_error").await >= 50.0);
    game.ends_unharmed().await;
}

#[tokio::test]
async fn oversized_wrong_and_broken_frames_close_with_the_documented_code() {
    let game = Match::begin().await;
    let data = |bytes: Vec<u8>, opcode: OpCode, is_final: bool| {
        Message::Frame(Frame::message(bytes, opcode, is_final))
    };
    let cases: Vec<(&str, Encoding, Message)> = vec![
        ("one byte too much", Encoding::MessagePack, Message::binary(vec![0xc0; 4_097])),
        ("a megabyte", Encoding::MessagePack, Message::binary(vec![0xc0; 1 << 20])),
        ("a megabyte of JSON", Encoding::Json, Message::text(" ".repeat(1 << 20))),
        ("text for MessagePack", Encoding::MessagePack, Message::text("{\"type\":\"ping\",\"nonce\":1}")),
        ("binary for JSON", Encoding::Json, Message::binary(vec![0x92, 0x04, 0x01])),
        ("text that is no UTF-8", Encoding::Json, data(vec![0xff, 0xfe], OpCode::Data(Data::Text), true)),
        (
            "a continuation of nothing",
            Encoding::MessagePack,
            data(vec![1], OpCode::Data(Data::Continue), true),
        ),
        (
            "a reserved kind of frame",
            Encoding::MessagePack,
            data(vec![1], OpCode::Data(Data::Reserved(5)), true),
        ),
    ];
    for (name, encoding, message) in cases {
        let mut eve = game.eve(encoding).await;
        // The server may close while a megabyte is still being sent.
        let _ = eve.socket().send_raw(message).await;
        let closed = eve.play_until_closed().await;
        assert_eq!(closed.code, CloseCode::ProtocolError as u16, "{name}: {closed:?}");
        assert!(closed.reason.starts_with("protocol_error: "), "{name}: {closed:?} gives no reason");
    }
    game.ends_unharmed().await;
}

#[tokio::test]
async fn a_message_in_pieces_is_bounded_as_a_whole() {
    let game = Match::begin().await;
    let mut eve = game.eve(Encoding::MessagePack).await;
    let piece = |opcode| Message::Frame(Frame::message(vec![0xc0; 1_024], OpCode::Data(opcode), false));
    let mut sent = eve.socket().send_raw(piece(Data::Binary)).await;
    for _ in 0..16 {
        // The server closes in the middle; then nothing more can be sent.
        if sent.is_ok() {
            sent = eve.socket().send_raw(piece(Data::Continue)).await;
        }
    }
    eve.play_until_closed().await.expect(CloseCode::ProtocolError);
    game.ends_unharmed().await;
}

#[tokio::test]
async fn a_flood_is_closed_as_rate_limited_and_a_burst_is_not() {
    let game = Match::begin().await;
    let mut eve = game.eve(Encoding::MessagePack).await;
    let ping = encoded(&ClientMessage::Ping { nonce: 1 }, Encoding::MessagePack);
    for _ in 0..300 {
        eve.say(&ping).await;
    }
    eve.manner = Manner::Stand;
    eve.play_ticks(128).await;
    let flood = async {
        let began = std::time::Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "the flood goes on unpunished");
            for _ in 0..50 {
                eve.say(&ping).await;
            }
            while let Some(incoming) = eve.socket().receive_within(Duration::from_millis(1)).await {
                if let Err(closed) = eve.hear(incoming) {
                    return closed;
                }
            }
        }
    };
    flood.await.expect(CloseCode::RateLimited);
    game.ends_unharmed().await;
}

#[tokio::test]
async fn nobody_can_claim_or_act_for_another() {
    let game = Match::begin().await;
    let mut eve = game.eve(Encoding::MessagePack).await;
    eve.manner = Manner::Stand;
    eve.play_ticks(64).await;
    let (id, stands) = (eve.sim_id(), eve.pose().at);
    let others = |eve: &Player| {
        let view = eve.client.view().expect("a view");
        view.players.iter().filter(|row| row.sim_id != id).map(|row| row.sim_id).collect::<Vec<_>>()
    };
    assert_eq!(others(&eve).len(), 2);
    // What eve says moves eve alone: a claim has no field for anybody else.
    let far = combat_components::quantity::Pose {
        at: combat_components::quantity::Vec3Mm { x: -stands.x, ..stands },
        ..eve.pose()
    };
    while eve.claim_pose(far, true).await.is_err() {
        eve.turn().await.unwrap();
    }
    eve.play_until("the correction", |eve| eve.client.counters().corrections >= 1).await;
    assert_eq!(others(&eve).len(), 2);
    game.ends_unharmed().await;
}

#[tokio::test]
async fn thousands_of_random_frames_end_in_a_documented_code_or_nothing() {
    let game = Match::begin().await;
    let seed = 20_260_503;
    eprintln!("random frames with seed {seed}");
    let mut stream = Stream::of(seed, 3);
    let mut attackers = Vec::new();
    for at in 0..ATTACKERS {
        let encoding = if at % 2 == 0 { Encoding::MessagePack } else { Encoding::Json };
        let frames = (0..RANDOM_FRAMES / ATTACKERS).map(|_| random_frame(&mut stream, encoding)).collect();
        attackers.push(attack(&game, format!("eve-{at}"), encoding, frames));
    }
    let closings: u32 = futures_util::future::join_all(attackers).await.into_iter().sum();
    eprintln!("{closings} closings");
    assert!(closings > RANDOM_FRAMES / 10);
    game.ends_unharmed().await;
}

/// Sends frames one by one, coming back after each that closes; returns how many did.
async fn attack(game: &Match, id: String, encoding: Encoding, frames: Vec<Vec<u8>>) -> u32 {
    let join = async || {
        let eve = Player::join_in(&game.server, &game.session, &id, encoding).await;
        eve.with_manner(Manner::Silent)
    };
    let (mut eve, mut closings) = (join().await, 0);
    for frame in frames {
        eve.say(&frame).await;
        // Whether it is closed for this frame shows itself at the answer to a ping.
        let Some(closed) = ends_after_ping(&mut eve).await else { continue };
        closings += 1;
        match CloseCode::from_number(closed.code) {
            Some(CloseCode::Left) => eve = join().await,
            Some(CloseCode::ProtocolError) => eve.resume().await.unwrap(),
            _ => panic!("{frame:?} was answered with {closed:?}"),
        }
    }
    closings
}

/// Bytes of any kind, or a good message with some of its bytes changed, cut off or added.
fn random_frame(stream: &mut Stream, encoding: Encoding) -> Vec<u8> {
    let mut bytes = match stream.below(4) {
        0 => (0..stream.below(80)).map(|_| stream.below(256) as u8).collect(),
        1 => encoded(&ClientMessage::Claim(claim()), encoding),
        2 => {
            let attack = ActMessage { input_seq: 9, ..ActMessage::default() };
            encoded(&ClientMessage::Act(attack), encoding)
        }
        _ => encoded(&ClientMessage::Seen { epoch: 1, tick: 7 }, encoding),
    };
    for _ in 0..=stream.below(3) {
        if bytes.is_empty() {
            break;
        }
        let at = stream.below(bytes.len() as u32) as usize;
        match stream.below(4) {
            0 => bytes.truncate(at),
            1 => bytes.push(stream.below(256) as u8),
            _ => bytes[at] = stream.below(256) as u8,
        }
    }
    match encoding {
        Encoding::MessagePack => bytes,
        Encoding::Json => String::from_utf8_lossy(&bytes).into_owned().into_bytes(),
    }
}

/// Sends a ping and listens until its pong or the end.
async fn ends_after_ping(eve: &mut Player) -> Option<crate::harness::socket::Closed> {
    let mut out = Vec::new();
    eve.client.ping(crate::harness::player::now_ms(), &mut out);
    eve.say(&out).await;
    loop {
        let incoming = eve.socket().receive_within(PATIENCE).await.expect("the server answers or closes");
        let is_pong = matches!(&incoming, crate::harness::socket::Incoming::Message(bytes) if is_pong(bytes));
        if let Err(closed) = eve.hear(incoming) {
            return Some(closed);
        }
        if is_pong {
            return None;
        }
    }
}

fn is_pong(bytes: &[u8]) -> bool {
    bytes.starts_with(&[0x96, 0x15]) || bytes.windows(13).any(|part| part == b"\"type\":\"pong\"")
}

#[tokio::test]
async fn a_slow_request_head_and_garbage_before_http_are_cut_off() {
    let server = Server::start().await;
    let mut slow = TcpStream::connect(server.address()).await.unwrap();
    slow.write_all(format!("GET {API}/sessions HTTP/1.1\r\nHost: x\r\n").as_bytes()).await.unwrap();
    let mut garbage = TcpStream::connect(server.address()).await.unwrap();
    garbage.write_all(b"\x16\x03\x01 this is no HTTP\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    wait::in_time("the end of the garbage", garbage.read_to_end(&mut said)).await.unwrap();
    assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&said));
    let mut said = Vec::new();
    // The head never ends; the server waits for 5 s.
    let _ = wait::in_time("the end of the slow one", slow.read_to_end(&mut said)).await;
    server.anonymous().get("/health").await.expect(200);
}

#[tokio::test]
async fn connections_over_the_cap_are_told_so_and_let_in_when_there_is_room() {
    let server = Server::start_with(Options::default().with("MAX_CONNECTIONS", 4)).await;
    let session = server.service().create(&arena()).await;
    let mut ann = Player::join(&server, &session, "ann").await;
    let mut idle = Vec::new();
    let refused = loop {
        assert!(idle.len() < 8, "the cap holds nobody off");
        let mut another = TcpStream::connect(server.address()).await.unwrap();
        // A connection that is let in waits for a request; one that is not is told why and closed.
        let mut said = String::new();
        match tokio::time::timeout(Duration::from_millis(500), another.read_to_string(&mut said)).await {
            Ok(told) => break told.map(|_| said).unwrap(),
            Err(_) => idle.push(another),
        }
    };
    let (head, body) = refused.split_once("\r\n\r\n").expect("an HTTP answer");
    assert!(head.starts_with("HTTP/1.1 503 ") && head.contains("application/problem+json"), "{head}");
    assert_eq!(serde_json::from_str::<serde_json::Value>(body).unwrap()["code"], "overloaded");
    ann.play_ticks(64).await;
    drop(idle);
    let room = async || {
        let another = TcpStream::connect(server.address()).await.unwrap();
        let mut byte = [0];
        tokio::time::timeout(Duration::from_millis(500), another.peek(&mut byte)).await.is_err().then_some(())
    };
    wait::until("room for another", room).await;
    assert!(server.anonymous().metric("combat_connection_refusals_total", "all").await >= 1.0);
}
