//! Servers that die in mid-fight, at their start and while draining: what was final stays, and play goes on.

use std::time::{Duration, Instant};

use combat_protocol::close::CloseCode;
use combat_protocol::numbers::ServerState;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::harness::player::{Manner, Player};
use crate::harness::record::Record;
use crate::harness::rest::{Rest, arena, duel_box, with};
use crate::harness::server::{Options, Server};
use crate::harness::{wait, walk};
use crate::judge::Truth;

const KILLS: u32 = 10;

/// So much play lies between two kills: long enough for claims, shots and hits in every epoch.
const PLAY_TICKS: u64 = 150;

/// Players in the background, of one session.
struct Fight {
    session: String,
    stop: CancellationToken,
    players: Vec<JoinHandle<Player>>,
}

/// Rules by which a match begins at once and the dead stand up soon, so that no restart falls into a pause.
fn restless_rules() -> tempfile::TempDir {
    let mut rules = walk::catalogue().ruleset("default").expect("it ships").text.to_string();
    for (shipped, restless) in
        [("warmup_ms = 5_000", "warmup_ms = 100"), ("respawn_ms = 3_000", "respawn_ms = 300")]
    {
        assert!(rules.contains(shipped), "the default rules have another {shipped} now");
        rules = rules.replace(shipped, restless);
    }
    let directory = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(directory.path().join("default.toml"), rules).expect("it can be written");
    directory
}

/// A match without limits.
fn endless(body: Value) -> Value {
    with(body, "options", json!({"timeLimitS": 3_600, "scoreLimit": 1_000}))
}

impl Fight {
    async fn begin(server: &Server, body: Value, names: &[&str]) -> Self {
        let session = server.service().create(&endless(body)).await;
        let stop = CancellationToken::new();
        let mut players = Vec::new();
        for name in names {
            let player = Player::join(server, &session, name).await.with_manner(Manner::Fight);
            players.push(player.spawn(stop.clone()));
        }
        Self { session, stop, players }
    }

    async fn stop(self) -> Vec<Player> {
        self.stop.cancel();
        let mut players = Vec::new();
        for player in self.players {
            players.push(player.await.expect("the player saw nothing wrong"));
        }
        players
    }

    /// Waits until the match has been active for some ticks, counted from `since`.
    async fn plays_on(&self, rest: &Rest, ticks: u64) -> Value {
        let mut active_at = None;
        wait::until("a match in full swing", async || {
            let shown = rest.session(&self.session).await;
            let tick = shown["tick"].as_u64().expect("a tick");
            let began = match shown["status"].as_str() {
                Some("active") => *active_at.get_or_insert(tick),
                _ => tick,
            };
            (tick >= began + ticks).then_some(shown)
        })
        .await
    }
}

fn records(players: &[Player]) -> Vec<&Record> {
    players.iter().map(|player| &player.record).collect()
}

/// Every client has seen each epoch begin as the log has it, in its own place.
fn resumed_as_logged(truth: &Truth, player: &Player) {
    let record = &player.record;
    let slots: Vec<_> = record.welcomes.iter().map(|welcome| welcome.slot).collect();
    assert!(slots.iter().all(|slot| *slot == slots[0]), "{} changed places: {slots:?}", player.id);
    for pair in record.welcomes.windows(2) {
        let [before, after] = pair else { unreachable!("windows of two") };
        assert!(after.epoch >= before.epoch, "{}: epochs never fall", player.id);
        let newest = record.views.keys().filter(|(epoch, _)| *epoch <= before.epoch).max();
        let Some(resumed) = after.resumed else {
            assert_eq!(after.epoch, before.epoch, "{}: a new epoch was not told as resumed", player.id);
            continue;
        };
        assert_eq!(resumed.epoch, after.epoch);
        let told = (resumed.rolled_back_from_epoch, resumed.rolled_back_from_tick);
        assert_eq!(Some(&told), newest, "{}: what it had seen is echoed", player.id);
        // An epoch that died before its first tick was durable left nothing, and its number is not used again.
        if let Some(began_at) = truth.epochs.get(&after.epoch) {
            assert_eq!(resumed.tick + 1, *began_at, "{}: where epoch {} began", player.id, after.epoch);
        }
    }
}

/// `combat replay verify` and `list` agree that the session holds.
fn verifies(server: &Server, session: &str, epochs: u32) -> Value {
    let verified = server.combat(&["replay", "verify", session, "--json"]);
    let report: Value = serde_json::from_slice(&verified.stdout).expect("one JSON object");
    assert_eq!(report["result"], "verified", "{report}");
    assert_eq!(verified.status.code(), Some(0));
    let list = server.combat(&["replay", "list", "--json"]);
    assert_eq!(list.status.code(), Some(0));
    let list: Value = serde_json::from_slice(&list.stdout).expect("one JSON object");
    let listed = list["sessions"].as_array().expect("a list").iter().find(|listed| listed["id"] == session);
    let listed = listed.expect("the session is listed").clone();
    assert_eq!(listed["epochs"], epochs, "{listed}");
    listed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_matches_ride_out_ten_kills_in_mid_fight_and_nothing_final_is_undone() {
    let rules = restless_rules();
    let options = Options::default().with("RULES_DIR", rules.path().display());
    let mut server = Server::start_with(options).await;
    let duel = Fight::begin(&server, duel_box(), &["ann", "bob"]).await;
    let brawl = Fight::begin(&server, arena(), &["cyd", "dan", "eve", "fay"]).await;
    let rest = server.service();
    let mut resume_ms = Vec::new();
    for kill in 1..=KILLS {
        let shown = tokio::join!(duel.plays_on(&rest, PLAY_TICKS), brawl.plays_on(&rest, PLAY_TICKS)).0;
        assert_eq!(shown["epoch"], kill, "each restart raises the epoch by one");
        server.kill().await;
        let began = Instant::now();
        server.restart().await;
        wait::until("everybody back", async || {
            let shown = (rest.session(&duel.session).await, rest.session(&brawl.session).await);
            (shown.0["status"] != "resuming" && shown.1["status"] != "resuming").then_some(())
        })
        .await;
        resume_ms.push(began.elapsed().as_millis());
    }
    eprintln!("from the restart until play went on, in ms: {resume_ms:?}");
    tokio::join!(duel.plays_on(&rest, PLAY_TICKS), brawl.plays_on(&rest, PLAY_TICKS));
    for fight in [duel, brawl] {
        let session = fight.session.clone();
        let players = fight.stop().await;
        rest.end(&session).await.expect(200);
        wait::until("the verification", async || rest.session(&session).await["verify"].as_object().cloned())
            .await;
        let truth = Truth::of(server.data_dir(), &session, &records(&players)).await;
        let epochs: Vec<u32> = truth.epochs.keys().copied().collect();
        assert_eq!(epochs, (1..=KILLS + 1).collect::<Vec<_>>());
        let frames = truth.agrees_with(&records(&players));
        let inputs: usize = players.iter().map(|player| truth.holds_inputs_of(&player.record)).sum();
        eprintln!("{session}: {frames} final frames, {inputs} final inputs, {} shots", truth.shots.len());
        assert!(
            frames > 100 * players.len() && inputs > 100 * players.len(),
            "there was something to compare"
        );
        for epoch in epochs {
            let played = truth.inputs.iter().any(|input| input.epoch == epoch);
            assert!(played, "nobody moved or fought in epoch {epoch}");
        }
        assert!(!truth.shots.is_empty(), "shots were fired");
        players.iter().for_each(|player| resumed_as_logged(&truth, player));
        assert_eq!(verifies(&server, &session, KILLS + 1)["verified"], true);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_at_its_start_and_while_resuming_loses_nothing() {
    let mut server = Server::start_with(Options::brisk()).await;
    let fight = Fight::begin(&server, duel_box(), &["ann", "bob"]).await;
    let rest = server.service();
    fight.plays_on(&rest, PLAY_TICKS).await;
    server.kill().await;
    // From before its first write to after its first frames; where exactly each one falls is left to the machine.
    for ms in [0, 10, 20, 40, 60, 80, 120, 160, 240, 400, 800] {
        server.launch();
        tokio::time::sleep(Duration::from_millis(ms)).await;
        server.kill().await;
    }
    server.restart().await;
    let shown = fight.plays_on(&rest, PLAY_TICKS).await;
    let session = fight.session.clone();
    let players = fight.stop().await;
    rest.end(&session).await.expect(200);
    let truth = Truth::of(server.data_dir(), &session, &records(&players)).await;
    truth.agrees_with(&records(&players));
    for player in &players {
        truth.holds_inputs_of(&player.record);
    }
    players.iter().for_each(|player| resumed_as_logged(&truth, player));
    let epoch = shown["epoch"].as_u64().expect("an epoch") as u32;
    eprintln!("resumed in epoch {epoch}, with records of {:?}", truth.epochs);
    assert_eq!(truth.epochs.last_key_value().map(|(epoch, _)| *epoch), Some(epoch));
    verifies(&server, &session, epoch);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_while_it_drains_loses_nothing_final() {
    let mut server = Server::start_with(Options::brisk()).await;
    let fight = Fight::begin(&server, duel_box(), &["ann", "bob"]).await;
    let rest = server.service();
    for ms in [0, 2, 5, 10, 20, 50] {
        fight.plays_on(&rest, PLAY_TICKS).await;
        server.signal(rustix::process::Signal::TERM);
        tokio::time::sleep(Duration::from_millis(ms)).await;
        server.kill().await;
        server.restart().await;
    }
    fight.plays_on(&rest, PLAY_TICKS).await;
    let session = fight.session.clone();
    let players = fight.stop().await;
    rest.end(&session).await.expect(200);
    let truth = Truth::of(server.data_dir(), &session, &records(&players)).await;
    assert!(truth.agrees_with(&records(&players)) > 0);
    for player in &players {
        truth.holds_inputs_of(&player.record);
    }
    players.iter().for_each(|player| resumed_as_logged(&truth, player));
    verifies(&server, &session, 7);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_tells_everybody_and_every_tick_shown_is_there_after_the_restart() {
    let mut server = Server::start_with(Options::brisk()).await;
    let rest = server.service();
    let session = rest.create(&endless(duel_box())).await;
    let mut ann = Player::join(&server, &session, "ann").await.with_manner(Manner::Fight);
    let mut bob = Player::join(&server, &session, "bob").await.with_manner(Manner::Fight);
    let mut watcher = watching(&server, &session).await;
    let has_played = |player: &Player| player.tick() > 400;
    tokio::join!(ann.play_until("tick 400", has_played), bob.play_until("tick 400", has_played));
    watcher.watch_until("a frame", |watcher| watcher.tick() > 0).await;
    let began = Instant::now();
    let drained = tokio::join!(
        server.terminate(),
        ann.play_until_closed(),
        bob.play_until_closed(),
        watcher.watch_until_closed()
    );
    let took = began.elapsed();
    eprintln!("drained in {} ms", took.as_millis());
    assert_eq!(drained.0.code(), Some(0), "{:#?}", server.output());
    assert!(took < Duration::from_secs(5), "a drain takes at most 5 s, not {took:?}");
    let warned = server.output().into_iter().find(|line| line.contains("WARN") || line.contains("ERROR"));
    assert_eq!(warned, None, "it ended because everything was done, not because time was up");
    eprintln!("ann {:?}, bob {:?}, watcher {:?}", drained.1, drained.2, drained.3);
    for closed in [drained.1, drained.2, drained.3] {
        closed.expect(CloseCode::Draining);
    }
    for player in [&ann, &bob] {
        let told = player.record.statuses.last().expect("a status before the close");
        assert_eq!((told.state, told.reason.as_str()), (ServerState::Draining, "server_stopping"));
    }
    server.restart().await;
    for player in [&mut ann, &mut bob] {
        let seen = player.client.resume_point().expect("frames were seen");
        player.resume().await.expect("the place is still there");
        let resumed = player.record.welcomes.last().and_then(|welcome| welcome.resumed).expect("a new epoch");
        assert_eq!((resumed.rolled_back_from_epoch, resumed.rolled_back_from_tick), (seen.epoch, seen.tick));
        assert!(resumed.tick >= seen.tick, "a tick that was shown is gone: {resumed:?}");
    }
    tokio::join!(ann.play_ticks(100), bob.play_ticks(100));
    let truth = Truth::of(server.data_dir(), &session, &[&ann.record, &bob.record, &watcher.record]).await;
    let frames = truth.agrees_with(&[&ann.record, &bob.record, &watcher.record]);
    assert!(frames > 150, "only {frames} frames were final");
    let shown = ann.record.views.keys().filter(|(epoch, _)| *epoch == 1).map(|(_, tick)| *tick).max();
    assert!(shown <= Some(truth.last_tick_of(1)), "every tick shown is in the log");
    a_lie_is_noticed(&truth, &ann.record);
}

/// What the comparison would say of a server that shows another frame than it records, or calls too much durable.
fn a_lie_is_noticed(truth: &Truth, honest: &Record) {
    let (key, view) = honest.views.first_key_value().expect("frames were shown");
    let (mut other_frame, mut too_durable) = (Record::default(), Record::default());
    let mut view = view.clone();
    view.players[0].health -= 1;
    other_frame.views.insert(*key, view);
    too_durable.durable.insert(1, truth.last_tick_of(1) + 1);
    for lie in [other_frame, too_durable] {
        let judged = std::panic::catch_unwind(|| truth.agrees_with(&[&lie]));
        assert!(judged.is_err(), "a lie passes: {lie:?}");
    }
}

async fn watching(server: &Server, session: &str) -> crate::harness::watcher::Watcher {
    let ticket = server.anonymous().spectate(session, &json!({})).await.expect(200);
    let encoding = combat_protocol::codec::Encoding::MessagePack;
    crate::harness::watcher::Watcher::connect(server.address(), &ticket, encoding).await
}
