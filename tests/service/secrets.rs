//! Nobody is sent what he may not see: every byte of a live match, searched.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use combat_protocol::client::{ActMessage, ClientMessage};
use combat_protocol::codec::{Encoding, decode_server, encode_client, encode_server};
use combat_protocol::numbers::ActKind;
use combat_protocol::server::{Own, ServerMessage};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::harness::player::{Manner, Player};
use crate::harness::rest::{API, Rest, duel_box};
use crate::harness::server::{Options, Server};
use crate::harness::watcher::Watcher;

const RATE_HZ: u32 = 128;

/// The names under which JSON carries what belongs to its owner alone.
const OWNERS_FIELDS: [&str; 7] = [
    "\"rounds\"",
    "\"readyAtTick\"",
    "\"reloadedAtTick\"",
    "\"abilityReadyAtTicks\"",
    "\"weaponInHand\"",
    "\"respawnAtTick\"",
    "\"verdicts\"",
];

/// Every way in which a seed might be written.
fn forms(seed: u64) -> Vec<Vec<u8>> {
    let (little, big) = (seed.to_le_bytes(), seed.to_be_bytes());
    let texts = [
        format!("{seed}"),
        format!("{}", seed as i64),
        format!("{seed:016x}"),
        format!("{seed:x}"),
        format!("{seed:016X}"),
        format!("{seed:X}"),
        STANDARD.encode(little).trim_end_matches('=').to_owned(),
        STANDARD.encode(big).trim_end_matches('=').to_owned(),
        URL_SAFE_NO_PAD.encode(little),
        URL_SAFE_NO_PAD.encode(big),
        little.iter().map(|byte| format!("{byte:02x}")).collect(),
    ];
    let texts = texts.into_iter().map(String::into_bytes);
    texts.chain([little.to_vec(), big.to_vec()]).collect()
}

fn holds(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

async fn look_around(rest: &Rest, session: &str) {
    for path in [
        "/sessions?status=all",
        &format!("/sessions/{session}"),
        "/maps",
        "/maps/duel-box",
        "/rulesets/default",
    ] {
        rest.get(&format!("{API}{path}")).await.expect(200);
    }
    for path in ["/", "/health", "/ready", "/metrics"] {
        rest.get(path).await.expect(200);
    }
    for path in ["/replay", "/state", "/seed", "/stats", "/hits", "/keyframe"] {
        rest.get(&format!("{API}/sessions/{session}{path}")).await.expect(404);
    }
    rest.spectate(session, &json!({})).await.expect(200);
}

/// Everything that the sockets and callers of one live match were sent, and the seed it was played with.
struct Capture {
    seed: u64,
    ann: Player,
    bob: Player,
    watchers: Vec<Watcher>,
    rest: Vec<u8>,
}

impl Capture {
    async fn of_a_match() -> Self {
        let server = Server::start_with(Options::brisk()).await;
        let service = server.service().recording();
        let session = service.create(&duel_box()).await;
        let anonymous = server.anonymous().recording();
        let ann = Player::join(&server, &session, "ann").await.keeping_raw().seeded(3);
        let bob = Player::join_in(&server, &session, "bob", Encoding::Json).await.keeping_raw();
        let (mut ann, mut bob) = (ann.with_manner(Manner::Fight), bob.with_manner(Manner::Stand));
        let (stop, mut watchers) = (CancellationToken::new(), Vec::new());
        for encoding in [Encoding::MessagePack, Encoding::Json] {
            let ticket = anonymous.spectate(&session, &json!({})).await.expect(200);
            let watcher = Watcher::connect(server.address(), &ticket, encoding).await.keeping_raw();
            watchers.push(watcher.spawn(stop.clone()));
        }
        for _ in 0..2 {
            // Each half ends with a dash, so that cooldowns move as well.
            tokio::join!(
                ann.play_ticks(3 * RATE_HZ),
                bob.play_ticks(3 * RATE_HZ),
                look_around(&anonymous, &session)
            );
            dash(&mut ann).await;
        }
        tokio::join!(ann.play_ticks(RATE_HZ), bob.play_ticks(RATE_HZ));
        stop.cancel();
        let watchers =
            futures_util::future::join_all(watchers).await.into_iter().map(Result::unwrap).collect();
        look_around(&server.player("cid").recording(), &session).await;
        let rest = [anonymous.heard(), service.heard()].concat();
        service.end(&session).await.expect(200);
        let seed = seed_of(&server, &session);
        for form in forms(seed) {
            let said = server.output().join("\n");
            assert!(!holds(said.as_bytes(), &form), "the seed is in the log");
        }
        Self { seed, ann, bob, watchers, rest }
    }
}

async fn dash(player: &mut Player) {
    let input_seq = player.client.own().last_input_seq + 1_000;
    let mut bytes = Vec::new();
    let dash = ClientMessage::Act(ActMessage { input_seq, kind: ActKind::Ability, ..ActMessage::default() });
    encode_client(&dash, player.client.encoding(), &mut bytes);
    player.say(&bytes).await;
    player.play_until("the verdict", |player| player.record.verdict(input_seq).is_some()).await;
    player.resume().await.unwrap();
}

/// From the recorded match, which is open to all once it has ended.
fn seed_of(server: &Server, session: &str) -> u64 {
    let file = server.data_dir().join("exported.combatlog");
    let exported = server.combat(&["replay", "export", session, "-o", file.to_str().expect("UTF-8")]);
    assert!(exported.status.success(), "{}", String::from_utf8_lossy(&exported.stderr));
    let bytes = std::fs::read(file).unwrap();
    let seed = combat_replays::file::read(&bytes).expect("it reads back").header.setup.seed.0;
    assert!(forms(seed).iter().any(|form| holds(&bytes, form)), "the search finds the seed where it is");
    seed
}

fn raw(messages: &Option<Vec<Vec<u8>>>) -> &[Vec<u8>] {
    messages.as_deref().expect("raw messages are kept")
}

fn own_of(message: &ServerMessage) -> Option<&Own> {
    match message {
        ServerMessage::Own(own) => Some(own),
        ServerMessage::Welcome(welcome) => welcome.own.as_ref(),
        _ => None,
    }
}

fn owns(messages: &[Vec<u8>], encoding: Encoding) -> Vec<Own> {
    let decoded =
        messages.iter().map(|bytes| decode_server(bytes, encoding).expect("a message of the server"));
    decoded.filter_map(|message| own_of(&message).cloned()).collect()
}

#[tokio::test]
async fn seed_ammunition_and_cooldowns_of_others_are_in_no_byte_of_a_live_match() {
    let capture = Capture::of_a_match().await;
    let Capture { seed, ann, bob, watchers, rest } = &capture;
    let sockets = [
        ("ann", raw(&ann.record.raw), Encoding::MessagePack),
        ("bob", raw(&bob.record.raw), Encoding::Json),
        ("a spectator", raw(&watchers[0].record.raw), Encoding::MessagePack),
        ("a JSON spectator", raw(&watchers[1].record.raw), Encoding::Json),
    ];
    let total: usize = sockets.iter().flat_map(|(_, messages, _)| messages.iter()).map(Vec::len).sum();
    eprintln!("{total} bytes of sockets and {} of REST are searched", rest.len());
    for form in forms(*seed) {
        assert!(!holds(rest, &form), "REST tells the seed as {form:?}");
        for (name, messages, _) in sockets {
            assert!(
                !messages.iter().any(|bytes| holds(bytes, &form)),
                "{name} was sent the seed as {form:?}"
            );
        }
    }
    for (name, messages, encoding) in sockets {
        for bytes in messages {
            let message = decode_server(bytes, encoding).expect("a message of the server");
            let mut again = Vec::new();
            encode_server(&message, encoding, &mut again);
            assert_eq!(&again, bytes, "{name}: a message holds nothing beside its fields");
        }
    }
    own_parts_reach_their_owner_only(&capture);
}

/// Ann fires, reloads and dashes; bob never does anything, so that whatever of hers reached him would show.
fn own_parts_reach_their_owner_only(capture: &Capture) {
    let Capture { ann, bob, watchers, rest, .. } = capture;
    let anns = owns(raw(&ann.record.raw), Encoding::MessagePack);
    let rounds: BTreeSet<_> = anns.iter().map(|own| own.rounds).collect();
    let cooldowns: BTreeSet<_> =
        anns.iter().map(|own| (own.ready_at_tick, own.ability_ready_at_ticks.clone())).collect();
    assert!(rounds.len() >= 8 && cooldowns.len() >= 8, "ann's own values move: {rounds:?}");
    let bobs = owns(raw(&bob.record.raw), Encoding::Json);
    assert!(bobs.len() > 100);
    for own in &bobs {
        assert_eq!((own.rounds, own.reloaded_at_tick, own.verdicts.len()), (30, None, 0), "{own:?}");
        // He waits for nothing, as somebody does who has just fired or dashed.
        let waits_until = own.ability_ready_at_ticks.iter().chain([&own.ready_at_tick]).max().copied();
        assert!(waits_until <= Some(own.tick + 1), "{own:?}");
    }
    for watcher in watchers {
        assert!(watcher.record.frames.len() > 50, "the spectators watched");
        let encoding = watcher.client.encoding();
        assert_eq!(owns(raw(&watcher.record.raw), encoding), [], "spectators have no own part");
    }
    let texts = raw(&bob.record.raw).iter().chain(raw(&watchers[1].record.raw));
    for bytes in texts {
        let kind: Value = serde_json::from_slice(bytes).expect("JSON");
        let is_own = kind["type"] == "own" || kind["type"] == "welcome" && kind["own"].is_object();
        let found = OWNERS_FIELDS.iter().find(|field| holds(bytes, field.as_bytes()));
        assert_eq!(found.is_some(), is_own, "{} {found:?}", String::from_utf8_lossy(bytes));
    }
    for field in OWNERS_FIELDS.iter().chain(&["\"seed\""]) {
        assert!(!holds(rest, field.as_bytes()), "REST names {field}");
    }
}
