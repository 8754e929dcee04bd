//! A studio's own binary, `examples/studio`: what it adds is served, played and verified by all of its verbs, and refused
//! by the binary that ships.

use std::process::{Command, Output};

use combat_protocol::client::ActMessage;
use combat_protocol::numbers::ActKind;
use combat_protocol::server::Happening;
use serde_json::{Value, json};

use crate::harness::player::{Manner, Player};
use crate::harness::rest::{duel_box, with};
use crate::harness::server::{Options, Server};
use crate::harness::wait;

const STUDIO: &str = env!("CARGO_BIN_EXE_studio");
const SHIPPED: &str = env!("CARGO_BIN_EXE_combat");
const RULES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/studio/rules");

/// A tick of the match in which it is the turn of what the mode keeps, of 19 kinds and two bodies.
const PERTURBS_THE_MODE: &str = "414";

const PUMP: u8 = 0;
const SESSION_ENDED: u16 = 4004;

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

/// Who is killed by what, as it is told to this player: a weapon by its index.
fn kills_by(player: &Player, with: u8) -> usize {
    let happenings = player.record.events.iter().map(|event| &event.happening);
    happenings
        .filter(|happening| matches!(happening, Happening::Killed { cause, .. } if *cause == with))
        .count()
}

/// Which player and which team has won, each time that this player is told of an end.
fn ends(player: &Player) -> Vec<(Option<u32>, Option<u8>)> {
    let happenings = player.record.events.iter().map(|event| &event.happening);
    let end = |happening: &Happening| match happening {
        Happening::Ended { winner, winning_team, .. } => Some((*winner, *winning_team)),
        _ => None,
    };
    happenings.filter_map(end).collect()
}

/// Both play on until so many have died of `cause`.
async fn until_killed_by(cause: u8, ann: &mut Player, bob: &mut Player) {
    let what = format!("a kill by {cause}");
    let is_so = |player: &Player| kills_by(player, cause) > 0;
    tokio::join!(ann.play_until(&what, is_so), bob.play_until(&what, is_so));
}

/// Plays a match of the studio's mode, with its weapons and its ability, over real sockets; answers with the id of the
/// ended session.
async fn a_match(server: &Server) -> String {
    let session = server.service().create(&with(duel_box(), "gameMode", json!("best-of-three"))).await;
    let mut ann = Player::join(server, &session, "ann").await.seeded(5).with_manner(Manner::Fight);
    let mut bob = Player::join(server, &session, "bob").await.seeded(6);
    let welcome = ann.client.welcome().expect("welcomed");
    let named = (welcome.weapons.join(" "), welcome.abilities.join(" "));
    assert_eq!(named, ("pump bazooka".into(), "boom spring cover".into()));
    let mut out = Vec::new();
    let boom = ActMessage { kind: ActKind::Ability, index: 0, ..ActMessage::default() };
    let boom = ann.client.act(boom, &mut out).expect("she is alive");
    ann.say(&out).await;
    ann.play_until("what became of the boom", |ann| ann.record.verdict(boom).is_some()).await;
    until_killed_by(PUMP, &mut ann, &mut bob).await;
    // Not one more kill by the pump: the second ends the match.
    ann.manner = Manner::Stand;
    let placed = ann.client.pose_epoch();
    let next_round = |ann: &Player| ann.client.pose_epoch() != placed;
    tokio::join!(ann.play_until("the next round", next_round), bob.play_ticks(1));
    out.clear();
    ann.client.switch(1, &mut out).expect("she is alive");
    ann.say(&out).await;
    let in_hand = |ann: &Player| ann.client.own().weapon_in_hand == 1;
    tokio::join!(ann.play_until("the bazooka in hand", in_hand), bob.play_ticks(1));
    ann.manner = Manner::Fight;
    let closed = tokio::join!(ann.play_until_closed(), bob.play_until_closed());
    assert_eq!(
        (closed.0.code, closed.1.code),
        (SESSION_ENDED, SESSION_ENDED),
        "two rounds won are the match"
    );
    let told = [&ann, &bob].map(ends);
    let won = told[0].first().expect("its end is told");
    assert!(matches!(won, (None, Some(1 | 2))), "a team has won, and no player: {told:?}");
    assert_eq!(told, [(); 2].map(|()| vec![*won]), "once to each, and alike");
    session
}

#[tokio::test]
async fn kinds_of_ones_own_are_served_by_ones_own_binary_and_refused_by_name_by_the_one_that_ships() {
    let options = Options { binary: Some(STUDIO), ..Options::default() };
    let server = Server::start_with(options.with("RULES_DIR", RULES)).await;
    let session = a_match(&server).await;
    let rest = server.service();
    let verify = wait::until("the server's own verification", async || {
        rest.session(&session).await["verify"].as_object().cloned()
    });
    assert_eq!(verify.await["result"], "verified");
    let ended = rest.session(&session).await;
    assert_eq!(ended["endReason"], "score_limit", "two rounds won are the match: {ended}");
    let verified = server.combat(&["replay", "verify", &session]);
    assert_eq!(verified.status.code(), Some(0), "{}", text(&verified));
    let perturbed = server.combat(&["replay", "verify", &session, "--perturb", PERTURBS_THE_MODE, "--json"]);
    let perturbed: Value = serde_json::from_slice(&perturbed.stdout).expect("one JSON object");
    assert_eq!(perturbed["firstDivergence"]["component"], "ModeState", "{perturbed}");
    let file = server.data_dir().join("match.combatlog");
    let file = file.to_str().expect("a path that is text");
    let exported = server.combat(&["replay", "export", &session, "-o", file]);
    assert!(text(&exported).contains("; try: "), "the match is known to have ended: {}", text(&exported));
    for (verb, told) in
        [("verify", "verified: "), ("inspect", "best-of-three on duel-box"), ("audit", "forgeries")]
    {
        let output = server.combat(&["replay", verb, file]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        assert!(text(&output).contains(told), "{}", text(&output));
    }
    for verb in ["verify", "inspect", "audit"] {
        let output = Command::new(SHIPPED).args(["replay", verb, file]).output().expect("it can be run");
        let told = text(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(
            told.contains("refused") && told.contains("unknown kind `shotgun`, expected one of hitscan"),
            "{told}"
        );
    }
    let url = format!("http://{}", server.address());
    let load = format!(
        "load --url {url} --rules-dir {RULES} --map duel-box --mode best-of-three --players 2 --seconds 1 --warmup-s 1"
    );
    let loaded = server.combat(&load.split(' ').collect::<Vec<_>>());
    assert_ne!(loaded.status.code(), Some(2), "{}", text(&loaded));
}

#[tokio::test]
async fn a_live_match_outlives_a_start_of_the_wrong_binary_on_its_directory() {
    let options = Options { binary: Some(STUDIO), ..Options::default() };
    let mut server = Server::start_with(options.with("RULES_DIR", RULES)).await;
    let session = server.service().create(&with(duel_box(), "gameMode", json!("best-of-three"))).await;
    let ann = Player::join(&server, &session, "ann").await;
    drop(ann);
    server.kill().await;

    let data_dir = Some(server.data_dir().to_owned());
    let wrong = Server::start_with(Options { data_dir, ..Options::default() }).await;
    let logged = wrong.logged(
        "session not resumed: this build cannot simulate it; start the build that played it, or end the session",
    );
    assert_eq!(logged.len(), 1, "{:#?}", wrong.output());
    assert_eq!((&logged[0]["level"], &logged[0]["session"]), (&json!("WARN"), &json!(session)));
    let lacking = logged[0]["error"].as_str().expect("what is lacking");
    assert!(lacking.contains("unknown kind `shotgun`"), "{lacking}");
    let rest = wrong.service();
    let shown = rest.session(&session).await;
    assert_eq!((&shown["status"], &shown["epoch"]), (&json!("suspended"), &json!(1)), "{shown}");
    rest.join(&session, &json!({"playerId": "bob"})).await.expect_problem(503, "suspended");
    assert_eq!(rest.get("/ready").await.expect(200).body["sessions"], json!({"live": 1, "suspended": 1}));
    let other = rest.create(&duel_box()).await;
    assert_eq!(rest.session(&other).await["status"], "waiting", "it plays what it can");
    rest.end(&other).await.expect(200);
    drop(wrong);

    server.restart().await;
    let rest = server.service();
    let resumed = rest.session(&session).await;
    assert_eq!(resumed["epoch"], 2, "{resumed}");
    rest.join(&session, &json!({"playerId": "bob"})).await.expect(200);
}
