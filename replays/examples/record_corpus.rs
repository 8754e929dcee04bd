//! Plays every script of the golden corpus and writes its log: `record_corpus DIRECTORY`, prints `FILE ROOTS BYTES`.
//!
//! Called by `make bless`, which keeps the ledger; nothing is read from the corpus that is there.

#![allow(clippy::disallowed_methods, reason = "golden logs are files")]

use std::path::PathBuf;

use combat_components::setup::ContentHash;
use combat_replays::file;
use combat_replays::verifier::{Outcome, VerifyOptions, verify};
use combat_systems::kinds::Kinds;

#[path = "../tests/script/mod.rs"]
mod script;

use script::LOG_BYTES_MAX;

fn main() {
    let directory = PathBuf::from(std::env::args_os().nth(1).expect("usage: record_corpus DIRECTORY"));
    for (name, play) in script::scenarios::SCENARIOS {
        let stage = play().ended();
        let log = stage.log();
        let report = verify(&log, VerifyOptions::of(Kinds::SHIPPED), &mut |_| {});
        assert_eq!(report.outcome, Outcome::Verified, "{name}: what was just recorded does not verify");
        let bytes = file::write(&log);
        assert!(
            bytes.len() <= LOG_BYTES_MAX,
            "{name}: {} bytes, expected at most {LOG_BYTES_MAX}",
            bytes.len()
        );
        let file = format!("{name}.combatlog");
        std::fs::write(directory.join(&file), &bytes).expect("the recording can be written");
        println!("{file} {} {}", script::hash_of_roots(&stage.roots), ContentHash::of(&bytes).to_hex());
    }
}
