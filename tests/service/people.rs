//! Who is behind the pseudonyms: names outlive a kill, no log holds them, and a person can be removed from everything.

use std::path::Path;
use std::process::Command;

use combat_protocol::close::CloseCode;
use combat_protocol::codec::Encoding;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::harness::player::{Manner, Player};
use crate::harness::rest::{API, arena, duel_box, with};
use crate::harness::server::{Options, Server};
use crate::harness::watcher::Watcher;

const ID: &str = "a-person-of-long-standing";
const NAME: &str = "Wilhelmina Murray";
const OTHER_ID: &str = "another-person-altogether";
const OTHER_NAME: &str = "Jonathan Harker";

async fn join(server: &Server, session: &str, id: &str, name: &str) -> Player {
    let place = server.player(id).join(session, &json!({"displayName": name})).await.expect(200);
    Player::connect(server.address(), &place, Encoding::MessagePack).await.with_manner(Manner::Walk)
}

/// Plays for a while with both, and ends.
async fn played(server: &Server) -> String {
    let rest = server.service();
    let session = rest.create(&with(arena(), "options", json!({"bots": 2}))).await;
    let mut one = join(server, &session, ID, NAME).await;
    let mut other = join(server, &session, OTHER_ID, OTHER_NAME).await;
    one.play_until("everybody in", |one| roster(one).len() == 4).await;
    tokio::join!(one.play_ticks(64), other.play_ticks(64));
    rest.end(&session).await.expect(200);
    session
}

/// What he is shown of everybody: names, and whether the server plays them.
fn roster(player: &Player) -> Vec<(String, bool)> {
    let view = player.client.view().expect("welcomed");
    let entries = view.roster.iter();
    entries.map(|entry| (entry.display_name.to_string(), entry.bot)).collect()
}

fn as_json(server: &Server, arguments: &[&str], code: i32) -> Value {
    let output = server.combat(arguments);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Which files of the directory hold the text. Another process reads them, as the server's are SQLite's.
fn files_with(directory: &Path, text: &str) -> Vec<String> {
    let output = Command::new("grep").args(["-rlaF", text]).arg(directory).output().expect("grep can be run");
    String::from_utf8(output.stdout).expect("paths are text").lines().map(str::to_owned).collect()
}

/// What verifying says, apart from how long it took.
fn verified(server: &Server, session: &str) -> Value {
    let mut report = as_json(server, &["replay", "verify", session, "--json"], 0);
    report.as_object_mut().expect("an object").remove("speed");
    report
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_outlive_a_kill_and_whoever_comes_back_is_the_same() {
    let mut server = Server::start_with(Options::brisk()).await;
    let session = server.service().create(&with(arena(), "options", json!({"bots": 2}))).await;
    let mut one = join(&server, &session, ID, NAME).await;
    let other = join(&server, &session, OTHER_ID, OTHER_NAME).await;
    one.play_until("everybody in", |one| roster(one).len() == 4).await;
    let seen_at = one.tick();
    one.play_until("it is final", |one| one.record.durable.get(&1).is_some_and(|tick| *tick >= seen_at))
        .await;
    let (before, sim_id) = (roster(&one), one.sim_id());
    for name in [NAME, OTHER_NAME] {
        assert!(before.contains(&(name.to_owned(), false)), "{before:?}");
    }
    assert_eq!(before.iter().filter(|(_, bot)| *bot).count(), 2, "{before:?}");
    server.kill().await;
    server.restart().await;
    one.resume().await.expect("his place is there");
    assert_eq!((roster(&one), one.sim_id()), (before, sim_id));
    let place = server.player(OTHER_ID).join(&session, &json!({})).await.expect(200);
    assert_eq!(place.number("slot"), u64::from(other.client.welcome().unwrap().slot.unwrap()));
    server.service().leave(&session, &json!({"playerId": OTHER_ID})).await.expect(200);
    server.player(OTHER_ID).join(&session, &json!({})).await.expect(200);
    let shown = as_json(&server, &["replay", "inspect", &session, "--json"], 0);
    let of = |id: &str| {
        let players = shown["players"].as_array().expect("a list").iter();
        players
            .filter(|player| player["playerId"] == id)
            .map(|player| &player["pseudonym"])
            .collect::<Vec<_>>()
    };
    let his = of(OTHER_ID);
    assert!(his.len() == 2 && his[0] == his[1], "one pseudonym over leaving and a restart: {shown}");
    assert_ne!(of(ID)[0], his[0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_accounts_id_is_told_to_its_owner_and_to_services_and_to_nobody_else() {
    let server = Server::start_with(Options::brisk()).await;
    let service = server.service();
    let wish = with(with(arena(), "options", json!({"bots": 2})), "spectatorDelayMs", json!(0));
    let session = service.create(&wish).await;
    let (visitor, rival) = (server.anonymous().recording(), server.player("a-rival-of-both").recording());
    let mut one = join(&server, &session, ID, NAME).await.keeping_raw();
    let stop = CancellationToken::new();
    let ticket = visitor.spectate(&session, &json!({})).await.expect(200);
    let watcher = Watcher::connect(server.address(), &ticket, Encoding::Json).await.keeping_raw();
    let watcher = watcher.spawn(stop.clone());
    let place = server.player(OTHER_ID).join(&session, &json!({"displayName": OTHER_NAME})).await.expect(200);
    assert_eq!(place.text("playerId"), OTHER_ID, "its owner is told");
    let mut other = Player::connect(server.address(), &place, Encoding::Json).await.keeping_raw();
    one.play_until("everybody in", |one| roster(one).len() == 4).await;
    tokio::join!(one.play_ticks(128), other.play_ticks(128));
    for rest in [&visitor, &rival] {
        for path in ["/sessions?status=all", &format!("/sessions/{session}")] {
            rest.get(&format!("{API}{path}")).await.expect(200);
        }
    }
    rival.join(&session, &json!({})).await.expect(200);
    let left = service.leave(&session, &json!({"playerId": OTHER_ID})).await.expect(200);
    assert_eq!(left.text("playerId"), OTHER_ID, "a service is told");
    one.play_until("the other gone", |one| !roster(one).contains(&(OTHER_NAME.to_owned(), false))).await;
    stop.cancel();
    let watcher = watcher.await.expect("it watched");
    let raw = [&one.record.raw, &other.record.raw, &watcher.record.raw];
    let frames = raw.map(|raw| raw.as_ref().expect("raw messages are kept").concat());
    let [his, _, watched] = &frames;
    assert!(holds(his, OTHER_NAME) && holds(watched, OTHER_NAME), "the search finds what is there");
    for heard in frames.iter().chain(&[visitor.heard(), rival.heard()]) {
        for id in [ID, OTHER_ID, "bot:", "unknown:"] {
            assert!(!holds(heard, id), "{id} was sent to somebody else");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_holds_no_names_and_an_export_only_those_that_were_asked_for() {
    let server = Server::start_with(Options::brisk()).await;
    let session = played(&server).await;
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = |name: &str| directory.path().join(name).display().to_string();
    let (bare, named, again) = (path("bare.combatlog"), path("named.combatlog"), path("again.combatlog"));
    let export = |arguments: &[&str]| {
        let output = server.combat(&[&["replay", "export"], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    };
    export(&[&session, "-o", &bare]);
    export(&[&session, "--with-names", "-o", &named]);
    let (bytes, with_names) = (std::fs::read(&bare).unwrap(), std::fs::read(&named).unwrap());
    for text in [ID, NAME, OTHER_ID, OTHER_NAME, "bot:", "Vega"] {
        assert!(!holds(&bytes, text), "{text} is in header or records");
        assert!(holds(&with_names, text), "{text} was asked for");
    }
    assert!(with_names.starts_with(&bytes), "names follow the log, which stays as it is");
    let whole = verified(&server, &bare);
    assert_eq!(verified(&server, &named), whole);
    let magic_bytes = 8;
    for at in bytes.len() + magic_bytes..with_names.len() {
        let mut altered = with_names.clone();
        altered[at] ^= 1;
        std::fs::write(path("altered.combatlog"), altered).unwrap();
        if at % 16 == 0 || at < bytes.len() + 24 {
            assert_eq!(verified(&server, &path("altered.combatlog")), whole, "byte {at}");
        }
    }
    std::fs::write(path("cut.combatlog"), &with_names[..with_names.len() - 5]).unwrap();
    assert_eq!(verified(&server, &path("cut.combatlog")), whole);
    export(&[&named, "-o", &again]);
    assert_eq!(std::fs::read(&again).unwrap(), bytes, "names are not carried on unless asked for");
    export(&[&named, "--with-names", "-o", &again, "--force"]);
    assert_eq!(std::fs::read(&again).unwrap(), with_names);
    let onto_itself = server.combat(&["replay", "export", &again, "-o", &again, "--force"]);
    assert_eq!(onto_itself.status.code(), Some(2), "{onto_itself:?}");
    let refusal = String::from_utf8_lossy(&onto_itself.stderr);
    assert!(refusal.contains("the names in it would be lost"), "{refusal}");
    assert_eq!(std::fs::read(&again).unwrap(), with_names, "the only copy is as it was");
    export(&[&again, "--with-names", "-o", &again, "--force"]);
    export(&[&bare, "-o", &bare, "--force"]);
    assert_eq!(std::fs::read(&again).unwrap(), with_names);
    let told = |source: &str| {
        let output = server.combat(&["replay", "inspect", source]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(told(&named).contains(&format!("{NAME} joined")), "{}", told(&named));
    assert_eq!(told(&named), told(&session), "the store knows the same names");
    assert!(told(&bare).contains("player ") && !told(&bare).contains(NAME));
    assert!(!told(&path("cut.combatlog")).contains(NAME));
    let players = as_json(&server, &["replay", "inspect", &bare, "--json"], 0)["players"].clone();
    let first = &players[0];
    let short = format!("player {}", &first["pseudonym"].as_str().expect("a text")[8..]);
    assert_eq!((&first["name"], &first["playerId"]), (&json!(short), &Value::Null), "{players}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erased_person_is_in_no_file_any_more_and_every_log_verifies_as_before() {
    let mut server = Server::start_with(Options::brisk()).await;
    let ended = [played(&server).await, played(&server).await];
    let live = server.service().create(&duel_box()).await;
    let mut one = join(&server, &live, ID, NAME).await;
    let mut other = join(&server, &live, OTHER_ID, OTHER_NAME).await;
    tokio::join!(one.play_ticks(64), other.play_ticks(64));
    let before = ended.each_ref().map(|session| verified(&server, session));
    assert!(!files_with(server.data_dir(), ID).is_empty(), "there is something to erase");

    let erased = as_json(&server, &["player", "erase", ID, "--json"], 0);
    let sessions = json!([ended[0], ended[1], live]);
    let expected = json!({
        "playerId": ID, "rows": 3, "sessions": sessions, "liveSessions": [live], "wiped": true,
    });
    assert_eq!(erased, expected);
    one.play_until_closed().await.expect(CloseCode::Kicked);
    other.play_until("the erased player gone", |other| roster(other).len() == 1).await;
    one.resume().await.expect_err("his tokens open nothing").expect(CloseCode::Left);
    let mut stranger = join(&server, &live, ID, NAME).await;
    one.resume().await.expect_err("nor the place of the stranger he is now").expect(CloseCode::Left);
    stranger.play_ticks(16).await;
    let erased = as_json(&server, &["player", "erase", ID, "--json"], 0);
    assert_eq!(erased["sessions"], json!([live]));
    stranger.play_until_closed().await.expect(CloseCode::Kicked);
    assert_eq!(ended.each_ref().map(|session| verified(&server, session)), before);
    let nobody = server.combat(&["player", "erase", ID]);
    assert_eq!(nobody.status.code(), Some(1), "{nobody:?}");
    assert!(
        String::from_utf8_lossy(&nobody.stdout).starts_with("nothing is known of a-person"),
        "{nobody:?}"
    );
    server.service().leave(&live, &json!({"playerId": OTHER_ID})).await.expect(200);
    server.service().end(&live).await.expect(200);
    let before = verified(&server, &live);
    server.terminate().await;
    assert!(!server.logged("joined").is_empty() && !server.logged("left").is_empty());
    let printed = server.output().join("\n");
    for text in [ID, NAME, OTHER_ID, OTHER_NAME] {
        assert!(!printed.contains(text), "{text} is in what the server printed: {printed}");
    }
    for text in [ID, NAME] {
        assert_eq!(files_with(server.data_dir(), text), Vec::<String>::new(), "{text}");
    }
    let told = server.combat(&["player", "erase", OTHER_ID]);
    assert_eq!(told.status.code(), Some(0), "{told:?}");
    let text = String::from_utf8_lossy(&told.stdout);
    assert_eq!(text.trim(), format!("erased {OTHER_ID}: 3 rows, one for each of 3 sessions"));
    for text in [OTHER_ID, OTHER_NAME] {
        assert_eq!(files_with(server.data_dir(), text), Vec::<String>::new(), "{text}");
    }
    assert_eq!(verified(&server, &live), before);
    server.restart().await;
    assert_eq!(server.service().session(&live).await["status"], "ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_erased_while_no_server_runs_is_a_stranger_to_the_session_that_goes_on() {
    let mut server = Server::start_with(Options::brisk()).await;
    let session = server.service().create(&arena()).await;
    let mut one = join(&server, &session, ID, NAME).await;
    let mut other = join(&server, &session, OTHER_ID, OTHER_NAME).await;
    tokio::join!(one.play_ticks(64), other.play_ticks(64));
    server.kill().await;
    let erased = as_json(&server, &["player", "erase", ID, "--json"], 0);
    assert_eq!((&erased["rows"], &erased["liveSessions"]), (&json!(1), &json!([session])));
    for text in [ID, NAME] {
        assert_eq!(files_with(server.data_dir(), text), Vec::<String>::new(), "{text}");
    }
    server.restart().await;
    one.resume().await.expect_err("his place is nobody's").expect(CloseCode::Left);
    let mut stranger = join(&server, &session, ID, NAME).await;
    one.resume().await.expect_err("nor is the stranger's place his").expect(CloseCode::Left);
    stranger.play_ticks(16).await;
    other.resume().await.expect("his place is there");
    let shown = roster(&other);
    let unknown = shown.iter().find(|(name, _)| name.starts_with("player ")).expect("a body without a name");
    let bare = format!("unknown:{}", unknown.0.trim_start_matches("player "));
    let stranger = server.service().join(&session, &json!({"playerId": bare})).await;
    assert_eq!(stranger.expect_problem(400, "invalid_field").pointers(), ["/playerId"]);
    server.service().end(&session).await.expect(200);
    assert_eq!(verified(&server, &session)["result"], "verified");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_is_taken_for_a_bot_by_his_name_nor_for_somebody_else_by_a_bots_id() {
    let server = Server::start().await;
    let session = server.service().create(&with(arena(), "options", json!({"bots": 2}))).await;
    let rest = server.service();
    crate::harness::wait::until("two bots in", async || {
        (rest.session(&session).await["playerCount"] == 2).then_some(())
    })
    .await;
    for kept in ["bot:vega", "system"] {
        server.player(kept).join(&session, &json!({})).await.expect_problem(401, "token_invalid");
        for refused in [
            rest.join(&session, &json!({"playerId": kept})).await,
            rest.leave(&session, &json!({"playerId": kept})).await,
            rest.spectate(&session, &json!({"playerId": kept})).await,
        ] {
            assert_eq!(refused.expect_problem(400, "invalid_field").pointers(), ["/playerId"]);
        }
    }
    let vega = join(&server, &session, "bot-vega", "Vega").await;
    let shown = roster(&vega);
    assert!(shown.contains(&("Vega".to_owned(), false)), "{shown:?}");
    assert!(shown.contains(&("Vega".to_owned(), true)), "{shown:?}");
    assert_eq!(shown.len(), 3, "he has a place of his own");
    let refused = server.combat(&["token", "--role", "player", "--sub", "bot:vega"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let refused = server.combat(&["player", "erase", "bot:vega"]);
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
}
