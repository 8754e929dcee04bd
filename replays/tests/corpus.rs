//! The golden corpus: recorded sessions whose hashes may only move together with the simulation version.
//!
//! `make bless REASON="..."` records it anew; what its ledger says of the past is checked by `cargo xtask ledger`.

#![allow(clippy::disallowed_methods, reason = "the golden logs are files")]

#[allow(dead_code, reason = "only xtask appends to the ledger")]
#[path = "../../xtask/src/ledger/chain.rs"]
mod chain;
mod script;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;

use combat_components::event::Event;
use combat_components::phase::EndReason;
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_replays::file;
use combat_replays::log::Log;
use combat_replays::player::{Played, Player};
use combat_replays::verifier::{Outcome, VerifyOptions, verify};
use combat_systems::SIMULATION_VERSION;
use combat_systems::kinds::Kinds;

use chain::{Ledger, Recorded};
use script::scenarios::SCENARIOS;
use script::{LOG_BYTES_MAX, hash_of_roots};

const HOW: &str = "raise the version with make bless REASON=\"why the hashes moved\"";

fn directory() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn bytes_of(name: &str) -> Vec<u8> {
    let path = directory().join(format!("{name}.combatlog"));
    std::fs::read(path).unwrap_or_else(|error| panic!("{name}: {error}: {HOW}"))
}

fn ledger() -> Ledger {
    let text = std::fs::read_to_string(directory().join("VERSIONS")).expect("the corpus has a ledger");
    Ledger::read(&text).unwrap_or_else(|fault| panic!("replays/corpus/VERSIONS, {fault}"))
}

/// What the ledger says of a log, and under which version.
fn in_force(ledger: &Ledger, name: &str) -> (u32, Recorded) {
    let newest = ledger.in_force();
    let entry = newest.get(format!("{name}.combatlog").as_str()).copied();
    let entry = entry.unwrap_or_else(|| panic!("{name} has no line in VERSIONS: {HOW}"));
    (entry.version, entry.recorded.clone().expect("what is in force has been recorded"))
}

fn corpus() -> &'static [(&'static str, Log)] {
    static CORPUS: OnceLock<Vec<(&'static str, Log)>> = OnceLock::new();
    CORPUS.get_or_init(|| {
        let log_of =
            |name| file::read(&bytes_of(name)).unwrap_or_else(|error| panic!("{name}: {error}: {HOW}"));
        SCENARIOS.iter().map(|(name, _)| (*name, log_of(name))).collect()
    })
}

/// The first tick whose root is not the recorded one, with both; and all roots up to there.
fn roots_of(log: &Log) -> (Vec<u64>, Option<(Tick, u64, u64)>) {
    let (mut player, mut roots) = (from_start(log), Vec::new());
    while let Some(played) = player.advance().expect("the log is sound") {
        if let Played::Ticked(record) = played {
            let found = player.sim().output().root;
            roots.push(found);
            if found != record.root {
                return (roots, Some((record.tick, record.root, found)));
            }
        }
    }
    (roots, None)
}

#[test]
fn the_roots_of_every_golden_log_are_those_its_ledger_binds() {
    let ledger = ledger();
    assert_eq!(
        ledger.newest_version(),
        Some(SIMULATION_VERSION),
        "VERSIONS is of another version than SIMULATION_VERSION of systems/src/version.rs: {HOW}"
    );
    for (name, _) in SCENARIOS {
        let (version, recorded) = in_force(&ledger, name);
        assert_eq!(version, SIMULATION_VERSION, "{name} is of another version: {HOW}");
        assert_eq!(
            chain::sha256(&bytes_of(name)),
            recorded.bytes,
            "{name} is not the file that VERSIONS binds"
        );
    }
    for (name, log) in corpus() {
        let (roots, moved) = roots_of(log);
        if let Some((tick, expected, found)) = moved {
            panic!(
                "{name}: the root of tick {} moved from {expected:016x} to {found:016x}, and the simulation version is still {SIMULATION_VERSION}: {HOW}",
                tick.0
            );
        }
        let (_, recorded) = in_force(&ledger, name);
        assert_eq!(
            hash_of_roots(&roots),
            recorded.roots,
            "{name}: the roots of its {} ticks are not those that VERSIONS binds",
            roots.len()
        );
    }
}

#[test]
fn every_golden_log_verifies() {
    for (name, log) in corpus() {
        let report = verify(log, VerifyOptions::of(Kinds::SHIPPED), &mut |_| {});
        assert_eq!(report.outcome, Outcome::Verified, "{name}: {HOW}");
    }
}

#[test]
fn every_script_still_plays_what_its_golden_log_holds() {
    let ledger = ledger();
    for (name, play) in SCENARIOS {
        let (_, recorded) = in_force(&ledger, name);
        let roots = hash_of_roots(&play().ended().roots);
        assert_eq!(roots, recorded.roots, "{name}: its script, or a rule, plays something else now: {HOW}");
    }
}

#[test]
fn the_ledger_names_the_logs_of_the_scripts_and_no_other() {
    let ledger = ledger();
    let named: BTreeSet<String> = ledger.in_force().into_keys().map(str::to_owned).collect();
    let scripted: BTreeSet<String> = SCENARIOS.iter().map(|(name, _)| format!("{name}.combatlog")).collect();
    assert_eq!(named, scripted, "{HOW}");
}

fn from_start(log: &Log) -> Player<'_> {
    let parts = log.parts(&Kinds::SHIPPED).expect("this build has recorded the log");
    Player::from_start(parts, &log.records).expect("the log has its beginning")
}

#[test]
fn the_corpus_logs_are_small() {
    for (name, _) in SCENARIOS {
        let bytes = bytes_of(name).len();
        assert!(bytes <= LOG_BYTES_MAX, "{name}: {bytes} bytes");
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
        "Switched",
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
    let ends = EndReason::ALL;
    let expected = events.into_iter().map(str::to_owned).chain(ends.map(|reason| format!("{reason:?}")));
    let missing: Vec<_> = expected.filter(|name| !seen.events.contains(name)).collect();
    assert!(missing.is_empty(), "no log shows {missing:?}");
    // From 64 on they are the server's around the simulation, which never gives them.
    let of_the_simulation = Reason::ALL.into_iter().filter(|reason| reason.number() < 64);
    let missing: Vec<_> = of_the_simulation.filter(|reason| !seen.reasons.contains(reason)).collect();
    assert!(missing.is_empty(), "no log shows {missing:?}");
    assert!(seen.epochs >= 3, "no log goes on after two restarts");
}
