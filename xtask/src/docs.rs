//! Generated blocks in the docs: the tests named `docs_*` own them, this only chooses between comparing and rewriting.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

/// Runs every test whose name contains `docs_`; without `check` they rewrite their blocks (`BLESS_DOCS=1`).
/// True when all of them passed.
pub fn run(root: &Path, check: bool) -> Result<bool> {
    let mut command = Command::new("cargo");
    command.args(["test", "--workspace", "docs_"]).current_dir(root).env_remove("BLESS_DOCS");
    if !check {
        command.env("BLESS_DOCS", "1");
    }
    let status = command.status().context("cargo test could not be started")?;
    if check && !status.success() {
        eprintln!("docs: not shown to be current; where a generated block differs, `make docs` rewrites it");
    }
    Ok(status.success())
}
