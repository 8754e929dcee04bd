//! Recording the golden logs anew: the corpus tests of `combat-replays` do it, this hands them the reason.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// Records the corpus with `BLESS=1` and `REASON`, then verifies it without. True when both passed.
pub fn run(root: &Path, reason: &str) -> Result<bool> {
    if !corpus_tests(root).env("BLESS", "1").env("REASON", reason).status().context(NOT_STARTED)?.success() {
        return Ok(false);
    }
    println!("bless: recorded, now verifying what was recorded");
    Ok(corpus_tests(root).status().context(NOT_STARTED)?.success())
}

const NOT_STARTED: &str = "cargo test could not be started";

fn corpus_tests(root: &Path) -> Command {
    let mut command = Command::new("cargo");
    command.args(["test", "-p", "combat-replays", "corpus"]).current_dir(root);
    command.env_remove("BLESS").env_remove("REASON");
    command
}
