//! A new draft of the protocol: tests of `combat-protocol` own its golden bytes and their ledger, this tells them to record.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Records the golden bytes, appends to their ledger if they have changed, and rewrites what tells the draft's number.
/// True when all of it then agrees.
pub fn run(root: &Path, reason: &str) -> Result<bool> {
    if reason.contains(['\n', '\r']) {
        bail!("REASON: expected one line that says why");
    }
    Ok(tests(root, &["the_bytes_of_every_message"], ("BLESS_DRAFT", reason))?
        && tests(root, &["golden", "docs_"], ("BLESS_DOCS", "1"))?)
}

fn tests(root: &Path, names: &[&str], bless: (&str, &str)) -> Result<bool> {
    let mut command = Command::new("cargo");
    command.args(["test", "-p", "combat-protocol", "--test", "wire", "--"]).args(names).current_dir(root);
    command.env_remove("BLESS_DRAFT").env_remove("BLESS_DOCS").env(bless.0, bless.1);
    Ok(command.status().context("cargo test could not be started")?.success())
}
