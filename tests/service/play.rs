//! Over the socket: the welcome, claims and their acknowledgements, attacks and their verdicts, in both encodings.

use std::collections::BTreeSet;

use combat_components::quantity::{Pose, Vec3Mm};
use combat_components::reason::Reason;
use combat_components::verdict::Outcome;
use combat_protocol::client::{ActMessage, ClientMessage};
use combat_protocol::codec::{Encoding, encode_client};
use combat_protocol::draft::DRAFT;
use combat_protocol::numbers::{ActKind, FrameStatus};
use combat_protocol::server::{Happening, InputVerdict};
use serde_json::{Value, json};

use crate::harness::player::{Manner, Player};
use crate::harness::rest::{API, duel_box, with};
use crate::harness::server::{Options, Server};
use crate::harness::socket::Socket;
use crate::harness::walk;

/// At 128 ticks and 32 frames a second.
const FRAME_TICKS: u32 = 4;

#[tokio::test]
async fn the_welcome_says_everything_a_client_needs_to_begin() {
    let server = Server::start().await;
    let session = server.service().create(&with(duel_box(), "tickRateHz", json!(64))).await;
    let map = server.anonymous().get(&format!("{API}/maps/duel-box")).await.text("hash");
    let rules = server.anonymous().get(&format!("{API}/rulesets/default")).await.text("hash");
    for (id, encoding, slot) in [("ann", Encoding::MessagePack, 0), ("bob", Encoding::Json, 1)] {
        let player = Player::join_in(&server, &session, id, encoding).await;
        let welcome = player.client.welcome().expect("welcomed");
        assert_eq!(welcome.session_id, session);
        assert_eq!(
            (welcome.slot, welcome.tick_rate_hz, welcome.frame_hz, welcome.epoch),
            (Some(slot), 64, 32, 1)
        );
        assert_eq!((welcome.durability.as_str(), welcome.delay_ms), ("journal", 0));
        assert_eq!((&welcome.map_hash, &welcome.ruleset_hash), (&map, &rules));
        assert_eq!((welcome.map_id.as_str(), welcome.ruleset_name.as_str()), ("duel-box", "default"));
        assert_eq!((welcome.weapons.join(" "), welcome.abilities.join(" ")), ("rifle".into(), "dash".into()));
        assert_eq!((welcome.last_input_seq, welcome.resumed), (0, None));
        assert!(
            welcome.durable_tick <= welcome.tick,
            "{} is durable at {}",
            welcome.durable_tick,
            welcome.tick
        );
        let own = welcome.own.as_ref().expect("a player's own part");
        assert_eq!((own.rounds, own.respawn_at_tick), (30, None));
        let (_, placed) = player.record.corrections[0];
        let at = placed.pose.nearest().at;
        assert!(
            walk::level("duel-box").grounded(at) && !walk::level("duel-box").overlaps(at),
            "{id} begins in {at:?}"
        );
    }
}

#[tokio::test]
async fn the_first_json_message_is_a_welcome_with_every_field_by_name() {
    let server = Server::start().await;
    let session = server.service().create(&duel_box()).await;
    let place = server.player("ann").join(&session, &json!({})).await.expect(200);
    let protocols = format!("combat.v1.json, ticket.{}", place.text("ticket"));
    let mut socket = Socket::open(server.address(), &place.text("wsUrl"), Encoding::Json, &protocols).await;
    let welcome = match socket.receive().await {
        crate::harness::socket::Incoming::Message(bytes) => {
            serde_json::from_slice::<Value>(&bytes).expect("JSON")
        }
        other => panic!("expected a welcome, found {other:?}"),
    };
    let fields = "abilities delayMs durability durableTick epoch frameHz lastInputSeq mapHash mapId own protocolDraft \
                  resumed role rulesetHash rulesetName sessionId simId slot snapshot tick tickRateHz type weapons";
    let mut found: Vec<_> = welcome.as_object().expect("an object").keys().map(String::as_str).collect();
    found.sort_unstable();
    assert_eq!(found.join(" "), fields);
    assert_eq!((&welcome["type"], &welcome["role"]), (&json!("welcome"), &json!("player")));
    assert_eq!(welcome["protocolDraft"], DRAFT);
    for part in ["snapshot", "own"] {
        assert!(
            welcome[part].is_object() && welcome[part].get("type").is_none(),
            "{part}: {}",
            welcome[part]
        );
    }
}

#[tokio::test]
async fn legal_walks_are_accepted_acknowledged_cumulatively_seen_by_others_and_become_durable() {
    let server = Server::start().await;
    let session = server.service().create(&duel_box()).await;
    let ann = Player::join(&server, &session, "ann").await.seeded(41).with_manner(Manner::Walk);
    let bob =
        Player::join_in(&server, &session, "bob", Encoding::Json).await.seeded(42).with_manner(Manner::Walk);
    let (mut ann, mut bob) = (ann, bob);
    tokio::join!(ann.play_ticks(4 * 128), bob.play_ticks(4 * 128));
    ann.manner = Manner::Stand;
    let (last, at) = (ann.record.owns.last().expect("own parts").tick, ann.pose().at);
    let ann_id = ann.sim_id();
    let sees_ann_there = |bob: &Player| {
        let row = bob.client.view().and_then(|view| view.player(ann_id));
        row.is_some_and(|row| row.pose().nearest().at == at)
    };
    let is_final = |player: &Player| player.client.durable_tick() >= last;
    tokio::join!(
        bob.play_until("ann where she claims to be", |bob| sees_ann_there(bob) && is_final(bob)),
        ann.play_until("durability", is_final)
    );
    for player in [&ann, &bob] {
        let owns = &player.record.owns;
        assert_eq!(player.client.counters().corrections, 0, "{:?}", player.record.corrections);
        assert!(
            owns.is_sorted_by_key(|own| own.last_input_seq) && owns.is_sorted_by_key(|own| own.durable_tick)
        );
        assert!(
            owns.iter().all(|own| own.durable_tick <= own.tick),
            "nothing is durable before it is simulated"
        );
        assert!(
            owns.last().expect("own parts").last_input_seq + 12 >= player.claims_sent,
            "claims are acknowledged"
        );
        let frames = &player.record.frames;
        assert!(frames.iter().all(|frame| frame.tick.is_multiple_of(FRAME_TICKS)));
        assert!(player.client.counters().view_hashes >= 8, "view hashes are sent and agree");
        let spread: BTreeSet<_> = player
            .record
            .views
            .values()
            .filter_map(|view| view.player(ann_id))
            .map(|row| (row.x, row.z))
            .collect();
        assert!(spread.len() > 20, "ann has moved");
    }
}

#[tokio::test]
async fn an_acknowledgement_that_is_asked_for_comes_at_once_and_others_wait_for_the_frame() {
    let server = Server::start().await;
    let session = server.service().create(&duel_box()).await;
    let mut ann = Player::join(&server, &session, "ann").await.with_manner(Manner::Walk);
    let mut bob = Player::join(&server, &session, "bob").await.with_manner(Manner::Walk);
    // What was placed at the start is told at once; it is over before the counting begins.
    tokio::join!(ann.play_ticks(32), bob.play_ticks(32));
    (ann.asks_acks, ann.record.owns, bob.record.owns) = (true, Vec::new(), Vec::new());
    let claims = ann.claims_sent;
    tokio::join!(ann.play_ticks(256), bob.play_ticks(256));
    let between_frames = |player: &Player| {
        let owns = player.record.owns.iter();
        owns.filter(|own| !own.is_urgent && !own.tick.is_multiple_of(FRAME_TICKS)).count() as u32
    };
    assert_eq!(between_frames(&bob), 0, "nobody asked");
    let (at_once, asked) = (between_frames(&ann), ann.claims_sent - claims);
    assert!(
        at_once > asked / 3 && at_once <= asked,
        "{at_once} acknowledgements came at once, of {asked} asked for"
    );
}

#[tokio::test]
async fn shots_get_verdicts_and_a_kill_is_told_to_everybody_and_then_called_final() {
    let server = Server::start_with(Options::brisk()).await;
    let session = server.service().create(&duel_box()).await;
    let mut ann = Player::join(&server, &session, "ann").await.seeded(7).with_manner(Manner::Fight);
    let mut bob =
        Player::join_in(&server, &session, "bob", Encoding::Json).await.seeded(8).with_manner(Manner::Stand);
    let kill = |player: &Player| {
        let events = player.record.events.iter();
        events.rev().find(|event| matches!(event.happening, Happening::Killed { .. })).copied()
    };
    let is_final = |player: &Player| {
        kill(player).is_some_and(|kill| {
            let finals = player.record.events.iter();
            finals
                .into_iter()
                .any(|event| matches!(event.happening, Happening::Durable { tick, .. } if tick >= kill.tick))
        })
    };
    let victim_is_back = |player: &Player| {
        let died_at = kill(player).map_or(u32::MAX, |kill| kill.tick);
        let mut placed = player.record.corrections.iter();
        is_final(player) && placed.any(|(tick, placed)| *tick > died_at && placed.reason == Reason::Spawned)
    };
    tokio::join!(ann.play_until("a final kill", is_final), bob.play_until("a respawn", victim_is_back));
    let told = [kill(&ann).expect("killed"), kill(&bob).expect("killed")];
    assert_eq!(told[0], told[1]);
    let hits: Vec<&InputVerdict> =
        ann.record.verdicts.iter().filter(|verdict| verdict.hit.is_some()).collect();
    let last =
        hits.iter().rev().find(|verdict| verdict.hit.is_some_and(|hit| hit.killed)).expect("the deadly shot");
    let Happening::Killed { victim, killer, .. } = told[0].happening else { panic!("{told:?}") };
    assert_eq!((victim, killer), (bob.sim_id(), Some(ann.sim_id())));
    let hit = last.hit.expect("a hit");
    assert_eq!((hit.victim, hit.remaining_health_milli), (bob.sim_id(), 0));
    assert_eq!((last.outcome, last.applied_tick), (Outcome::Applied, told[0].tick));
    for verdict in hits {
        let hit = verdict.hit.expect("filtered");
        assert!(hit.amount_milli > 0 && hit.victim == bob.sim_id(), "{verdict:?}");
    }
    assert_eq!(
        ann.record.verdicts.iter().map(|verdict| verdict.input_seq).collect::<BTreeSet<_>>().len(),
        ann.record.verdicts.len()
    );
    assert!(server.anonymous().metric("combat_damage_events_total", "").await > 0.0);
    let row = bob.client.view().and_then(|view| view.player(ann.sim_id())).copied().expect("ann is there");
    assert!(row.kills >= 1, "{row:?}");
}

#[tokio::test]
async fn what_the_rules_refuse_is_refused_with_its_reason() {
    let server = Server::start_with(Options::brisk()).await;
    let session = server.service().create(&duel_box()).await;
    let mut ann = Player::join(&server, &session, "ann").await;
    ann.play_ticks(32).await;
    let early = say_and_hear(&mut ann, &|input_seq| {
        ClientMessage::Act(ActMessage { input_seq, kind: ActKind::Reload, ..ActMessage::default() })
    })
    .await;
    assert_eq!(early, (Outcome::Refused, Some(Reason::WrongPhase)));
    let bob = Player::join(&server, &session, "bob").await;
    ann.play_until("the start", |ann| {
        ann.client.view().is_some_and(|view| view.status == FrameStatus::Active)
    })
    .await;
    let full = say_and_hear(&mut ann, &|input_seq| {
        ClientMessage::Act(ActMessage { input_seq, kind: ActKind::Reload, ..ActMessage::default() })
    })
    .await;
    assert_eq!(full, (Outcome::Refused, Some(Reason::MagazineFull)));
    let ability = |input_seq, index| {
        ClientMessage::Act(ActMessage { input_seq, kind: ActKind::Ability, index, ..ActMessage::default() })
    };
    let unknown = say_and_hear(&mut ann, &|input_seq| ability(input_seq, 3)).await;
    assert_eq!(unknown, (Outcome::Refused, Some(Reason::UnknownAbility)));
    let attack = |input_seq| ActMessage { input_seq, follows: input_seq - 1, ..ActMessage::default() };
    let stale = say_and_hear(&mut ann, &|input_seq| ClientMessage::Act(attack(input_seq))).await;
    assert_eq!(stale, (Outcome::Refused, Some(Reason::StaleInput)));
    let dash = |input_seq| ability(input_seq, 0);
    assert_eq!(say_and_hear(&mut ann, &dash).await, (Outcome::Applied, None));
    assert_eq!(say_and_hear(&mut ann, &dash).await, (Outcome::Refused, Some(Reason::OnCooldown)));
    drop(bob);
}

/// The default rules with a warm-up of 100 ms and a second weapon.
fn rules_with_a_sidearm() -> tempfile::TempDir {
    let shipped = &walk::catalogue().ruleset("default").expect("it ships").text;
    let rifle =
        &shipped[shipped.find("[[weapon]]").expect("a weapon")..shipped.find("# Up to").expect("abilities")];
    let sidearm =
        rifle.replace("\"rifle\"", "\"sidearm\"").replace("magazine_rounds = 30", "magazine_rounds = 7");
    let rules = format!("{}\n{sidearm}", shipped.replace("warmup_ms = 5_000", "warmup_ms = 100"));
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join("default.toml"), rules).expect("it can be written");
    directory
}

#[tokio::test]
async fn another_weapon_is_taken_in_hand_with_its_own_rounds_and_time() {
    let rules = rules_with_a_sidearm();
    let server = Server::start_with(Options::default().with("RULES_DIR", rules.path().display())).await;
    let session = server.service().create(&duel_box()).await;
    let mut ann = Player::join(&server, &session, "ann").await;
    let bob = Player::join(&server, &session, "bob").await;
    assert_eq!(ann.client.welcome().expect("welcomed").weapons, ["rifle", "sidearm"]);
    ann.play_until("the start", |ann| {
        ann.client.view().is_some_and(|view| view.status == FrameStatus::Active)
    })
    .await;
    let switch = |index| {
        move |input_seq| {
            ClientMessage::Act(ActMessage {
                input_seq,
                kind: ActKind::Switch,
                index,
                ..ActMessage::default()
            })
        }
    };
    assert_eq!(say_and_hear(&mut ann, &switch(0)).await, (Outcome::Refused, Some(Reason::AlreadyInHand)));
    assert_eq!(say_and_hear(&mut ann, &switch(2)).await, (Outcome::Refused, Some(Reason::UnknownAbility)));
    assert_eq!(say_and_hear(&mut ann, &switch(1)).await, (Outcome::Applied, None));
    ann.play_until("the own part", |ann| ann.client.own().weapon_in_hand == 1).await;
    assert_eq!(ann.client.own().rounds, 7);
    drop(bob);
}

/// Says something with a number far above the client's own, and returns the verdict on it.
async fn say_and_hear(player: &mut Player, make: &dyn Fn(u32) -> ClientMessage) -> (Outcome, Option<Reason>) {
    let input_seq = player.client.own().last_input_seq + 1_000;
    let mut bytes = Vec::new();
    encode_client(&make(input_seq), Encoding::MessagePack, &mut bytes);
    player.say(&bytes).await;
    player.play_until("the verdict", |player| player.record.verdict(input_seq).is_some()).await;
    let verdict = *player.record.verdict(input_seq).expect("it came");
    // The numbers have jumped; the next connection goes on above them.
    player.resume().await.unwrap();
    (verdict.outcome, verdict.reason)
}

#[tokio::test]
async fn a_teleport_is_corrected_once_and_play_goes_on_from_where_the_body_is() {
    let server = Server::start().await;
    let session = server.service().create(&duel_box()).await;
    for encoding in [Encoding::MessagePack, Encoding::Json] {
        let mut ann = Player::join_in(&server, &session, "ann", encoding).await.with_manner(Manner::Walk);
        ann.play_ticks(128).await;
        let before = ann.pose();
        let far = Pose { at: Vec3Mm { x: -before.at.x, ..before.at }, ..before };
        let sent = loop {
            match ann.claim_pose(far, true).await {
                Ok(sent) => break sent,
                Err(_) => ann.turn().await.unwrap(),
            }
        };
        ann.play_until("the correction", |ann| ann.client.counters().corrections > 0).await;
        let verdict = *ann.record.verdict(sent).expect("a verdict comes with the correction");
        assert_eq!(verdict.outcome, Outcome::Corrected);
        ann.play_ticks(256).await;
        assert_eq!(ann.client.counters().corrections, 1, "{:?}", ann.record.corrections);
        let (_, correction) = *ann
            .record
            .corrections
            .iter()
            .find(|(_, placed)| placed.input_seq == sent)
            .expect("it names the claim");
        let back = correction.pose.nearest().at;
        assert!(back.distance_squared(before.at) < 1_000 * 1_000, "{back:?} is not near {before:?}");
        assert_eq!(Some(correction.reason), verdict.reason);
        ann.leave().await;
        ann.play_until_closed().await;
    }
}
