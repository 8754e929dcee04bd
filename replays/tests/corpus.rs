//! The golden corpus: recorded sessions whose hashes may only move together with the simulation version.
//!
//! `make bless REASON="..."` records anew what does not verify any more, and appends to `corpus/VERSIONS`.

#![allow(
    clippy::disallowed_methods,
    reason = "the golden logs are files, and blessing is asked for in the environment"
)]

mod script;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::OnceLock;

use combat_components::event::Event;
use combat_components::phase::EndReason;
use combat_components::reason::Reason;
use combat_replays::file;
use combat_replays::log::Log;
use combat_replays::player::{Played, Player};
use combat_replays::verifier::{Outcome, VerifyOptions, verify};
use combat_systems::SIMULATION_VERSION;

use script::scenarios::SCENARIOS;

/// A golden log is looked at by people, kept for ever and simulated by every test run.
const LOG_BYTES_MAX: usize = 100 << 10;

const HOW: &str =
    "raise SIMULATION_VERSION in systems/src/lib.rs and run: make bless REASON=\"why the hashes moved\"";

/// One line of `VERSIONS`: `file simulation_version final_root reason`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    file: String,
    version: u32,
    root: u64,
    reason: String,
}

impl Line {
    fn parse(line: &str) -> Self {
        let mut words = line.splitn(4, ' ');
        let mut word = || words.next().unwrap_or_else(|| panic!("VERSIONS: {line:?} ends early"));
        Self {
            file: word().to_owned(),
            version: word().parse().expect("VERSIONS: a version is a number"),
            root: u64::from_str_radix(word(), 16).expect("VERSIONS: a root is 16 digits"),
            reason: word().to_owned(),
        }
    }
}

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn path_of(name: &str) -> PathBuf {
    directory().join(format!("{name}.combatlog"))
}

fn versions() -> Vec<Line> {
    let text = std::fs::read_to_string(directory().join("VERSIONS")).unwrap_or_default();
    text.lines().map(Line::parse).collect()
}

fn stored(name: &str) -> Option<Log> {
    let bytes = std::fs::read(path_of(name)).ok()?;
    Some(file::read(&bytes).unwrap_or_else(|error| panic!("{name}: {error}")))
}

/// The logs, after they have been blessed where that was asked for.
fn corpus() -> &'static [(&'static str, Log)] {
    static CORPUS: OnceLock<Vec<(&'static str, Log)>> = OnceLock::new();
    CORPUS.get_or_init(|| {
        if std::env::var("BLESS").is_ok_and(|asked| asked == "1") {
            bless(&std::env::var("REASON").unwrap_or_default());
        }
        let log_of = |name| stored(name).unwrap_or_else(|| panic!("{name} is not recorded: {HOW}"));
        SCENARIOS.iter().map(|(name, _)| (*name, log_of(*name))).collect()
    })
}

fn bless(reason: &str) {
    assert!(!reason.trim().is_empty() && !reason.contains('\n'), "REASON: expected one line that says why");
    let lines = versions();
    let mut appended = String::new();
    for (name, record) in SCENARIOS {
        if stored(name).is_some_and(|log| {
            verify(&log, VerifyOptions::default(), &mut |_| {}).outcome == Outcome::Verified
        }) {
            continue;
        }
        let file = format!("{name}.combatlog");
        let known = lines.iter().rfind(|line| line.file == file);
        assert!(
            known.is_none_or(|line| line.version < SIMULATION_VERSION),
            "{file} does not verify any more, but the simulation version is still {SIMULATION_VERSION}: {HOW}"
        );
        let stage = record().ended();
        let bytes = file::write(&stage.log());
        assert!(
            bytes.len() <= LOG_BYTES_MAX,
            "{file}: {} bytes, expected at most {LOG_BYTES_MAX}",
            bytes.len()
        );
        std::fs::create_dir_all(directory()).expect("the corpus can be made");
        std::fs::write(path_of(name), bytes).expect("the corpus can be written");
        appended += &format!("{file} {SIMULATION_VERSION} {:016x} {}\n", stage.last_root(), reason.trim());
    }
    let text = std::fs::read_to_string(directory().join("VERSIONS")).unwrap_or_default();
    std::fs::write(directory().join("VERSIONS"), text + &appended).expect("the corpus can be written");
}

#[test]
fn the_corpus_verifies_and_ends_with_the_roots_in_versions() {
    let corpus = corpus();
    let lines = versions();
    for (name, log) in corpus {
        let report = verify(log, VerifyOptions::default(), &mut |_| {});
        assert_eq!(report.outcome, Outcome::Verified, "{name}: {HOW}");
        let file = format!("{name}.combatlog");
        let line = lines
            .iter()
            .rfind(|line| line.file == file)
            .unwrap_or_else(|| panic!("{file} is not in VERSIONS"));
        assert_eq!(line.version, SIMULATION_VERSION, "{file}: {HOW}");
        assert_eq!(line.root, final_root(log), "{file} is not the log that VERSIONS names");
    }
}

fn from_start(log: &Log) -> Player<'_> {
    let parts = log.parts().expect("this build has recorded the log");
    Player::from_start(parts, &log.records).expect("the log has its beginning")
}

fn final_root(log: &Log) -> u64 {
    let mut player = from_start(log);
    while player.advance().expect("the log is sound").is_some() {}
    player.sim().output().root
}

#[test]
fn the_corpus_versions_name_a_new_simulation_version_for_every_new_root() {
    let files = corpus().iter().map(|(name, _)| format!("{name}.combatlog"));
    let mut newest: BTreeMap<String, u32> = files.map(|file| (file, 0)).collect();
    for line in versions() {
        let before = newest
            .get_mut(&line.file)
            .unwrap_or_else(|| panic!("VERSIONS: no scenario is called {}", line.file));
        assert!(
            *before < line.version,
            "VERSIONS: {} has two roots for simulation version {}",
            line.file,
            line.version
        );
        *before = line.version;
        assert!(line.version <= SIMULATION_VERSION, "the simulation version may not fall: {line:?}");
        assert!(!line.reason.is_empty(), "{line:?}");
    }
}

#[test]
fn the_corpus_logs_are_small() {
    for (name, _) in corpus() {
        let bytes = std::fs::metadata(path_of(name)).unwrap().len();
        assert!(bytes <= LOG_BYTES_MAX as u64, "{name}: {bytes} bytes");
    }
}

/// What happened in any of the logs, by name.
#[derive(Default)]
struct Seen {
    events: BTreeSet<String>,
    reasons: BTreeSet<Reason>,
    epochs: u32,
}

fn seen() -> Seen {
    let mut seen = Seen::default();
    for (_, log) in corpus() {
        let mut player = from_start(log);
        while let Some(played) = player.advance().expect("the log is sound") {
            match played {
                Played::EpochStart { epoch, .. } => seen.epochs = seen.epochs.max(epoch.0),
                Played::Ticked(_) => {
                    let output = player.sim().output();
                    output.events.iter().for_each(|event| note(event, &mut seen));
                    seen.reasons.extend(output.verdicts.iter().filter_map(|verdict| verdict.reason));
                }
                _ => {}
            }
        }
    }
    seen
}

fn note(event: &Event, seen: &mut Seen) {
    let name = format!("{event:?}");
    seen.events.insert(name.split(' ').next().unwrap_or_default().to_owned());
    match event {
        Event::Displaced { reason, .. } => drop(seen.reasons.insert(*reason)),
        Event::Damaged { zone, .. } => drop(seen.events.insert(format!("{zone:?}"))),
        Event::Left { cause, .. } => drop(seen.events.insert(format!("{cause:?}"))),
        Event::PhaseChanged { phase } => drop(seen.events.insert(format!("{phase:?}"))),
        Event::Ended { reason, .. } => drop(seen.events.insert(format!("{reason:?}"))),
        _ => {}
    }
}

#[test]
fn the_corpus_shows_every_rule_at_work() {
    let seen = seen();
    let events = [
        "Joined",
        "Left",
        "Connected",
        "Disconnected",
        "Displaced",
        "Shot",
        "Damaged",
        "Died",
        "AbilityUsed",
        "Reloaded",
        "PhaseChanged",
        "Resumed",
        "PlayGoesOn",
        "Ended",
        "Body",
        "Head",
        "Kicked",
        "WindowExpired",
        "Waiting",
        "Warmup",
        "Active",
    ];
    let ends = [EndReason::TimeLimit, EndReason::ScoreLimit, EndReason::Empty, EndReason::Requested];
    let expected = events.into_iter().map(str::to_owned).chain(ends.map(|reason| format!("{reason:?}")));
    let missing: Vec<_> = expected.filter(|name| !seen.events.contains(name)).collect();
    assert!(missing.is_empty(), "no log shows {missing:?}");
    // From 64 on they are the server's around the simulation, which never gives them.
    let of_the_simulation = Reason::ALL.into_iter().filter(|reason| reason.number() < 64);
    let missing: Vec<_> = of_the_simulation.filter(|reason| !seen.reasons.contains(reason)).collect();
    assert!(missing.is_empty(), "no log shows {missing:?}");
    assert!(seen.epochs >= 3, "no log goes on after two restarts");
}
