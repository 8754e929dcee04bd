//! The law of versions: the ledger of golden logs holds by itself, agrees with the tree, and only ever grew.

pub mod chain;
mod history;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use chain::Ledger;

/// Where golden logs and their ledger lie.
pub const CORPUS: &str = "replays/corpus";
/// Of the workspace.
pub const PATH: &str = "replays/corpus/VERSIONS";
/// The ledger of drafts of the protocol; `protocol/tests/wire/golden.rs` checks all but its past.
const DRAFTS_PATH: &str = "protocol/golden/VERSIONS";
const DRAFTS_FORMAT: &str = "# combat ledger of drafts of the protocol, format 1";
const VERSION_PATH: &str = "systems/src/version.rs";
const VERSION_START: &str = "pub const SIMULATION_VERSION: u32 = ";

/// What a check has come to.
#[derive(Debug, Default)]
pub struct Report {
    /// Each with path, line, what was found and what was expected.
    pub findings: Vec<String>,
    /// What was compared, and what could not be.
    pub notes: Vec<String>,
}

/// Prints every finding and what was compared. True when there is none.
pub fn run(root: &Path) -> Result<bool> {
    let report = check(root)?;
    report.findings.iter().for_each(|finding| println!("{finding}"));
    report.notes.iter().for_each(|note| println!("ledger: {note}"));
    println!("ledger: {} findings", report.findings.len());
    Ok(report.findings.is_empty())
}

/// The chain, the corpus it speaks of, the simulation's version, and the past; of the ledger of drafts only the past.
pub fn check(root: &Path) -> Result<Report> {
    let mut report = past(root)?;
    match read(root)? {
        Ok(ledger) => {
            report.notes.push(format!("{} lines follow from one another", ledger.entries.len()));
            report.findings.extend(against_tree(root, &ledger)?);
        }
        Err(fault) => report.findings.insert(0, format!("{PATH}:{}: {}", fault.line, fault.text)),
    }
    let drafts = history::check(root, DRAFTS_PATH, DRAFTS_FORMAT)?;
    report.findings.extend(drafts.findings);
    report.notes.extend(drafts.notes.iter().map(|note| format!("{DRAFTS_PATH}: {note}")));
    Ok(report)
}

/// The ledger of the tree; `Err` inside when its chain does not hold.
pub fn read(root: &Path) -> Result<std::result::Result<Ledger, chain::Fault>> {
    let text = fs::read_to_string(root.join(PATH)).with_context(|| format!("{PATH} cannot be read"))?;
    Ok(Ledger::read(&text))
}

/// Whether everything that touched the ledger only appended to it.
pub fn past(root: &Path) -> Result<Report> {
    history::check(root, PATH, chain::FORMAT)
}

/// `SIMULATION_VERSION`, as the sources say.
pub fn version_in_code(root: &Path) -> Result<u32> {
    let text = fs::read_to_string(root.join(VERSION_PATH))
        .with_context(|| format!("{VERSION_PATH} cannot be read"))?;
    let number =
        text.lines().find_map(|line| line.strip_prefix(VERSION_START)?.strip_suffix(';')?.parse().ok());
    number.with_context(|| format!("{VERSION_PATH}: expected a line \"{VERSION_START}N;\""))
}

/// Writes another `SIMULATION_VERSION` into the sources.
pub fn set_version_in_code(root: &Path, version: u32) -> Result<()> {
    let before = version_in_code(root)?;
    let path = root.join(VERSION_PATH);
    let text = fs::read_to_string(&path)?;
    let changed = text.replace(&format!("{VERSION_START}{before};"), &format!("{VERSION_START}{version};"));
    fs::write(&path, changed).with_context(|| format!("{VERSION_PATH} cannot be written"))
}

fn against_tree(root: &Path, ledger: &Ledger) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    let (newest, in_code) = (ledger.newest_version().unwrap_or_default(), version_in_code(root)?);
    let last_line = chain::HEADER.lines().count() + ledger.entries.len();
    if newest != in_code {
        findings.push(format!(
            "{PATH}:{last_line}: the newest version is {newest}, expected SIMULATION_VERSION of {VERSION_PATH}, {in_code}: make bless REASON=\"...\""
        ));
    }
    let in_force = ledger.in_force();
    for (file, entry) in &in_force {
        let path = format!("{CORPUS}/{file}");
        let expected = entry.recorded.as_ref().map_or("", |recorded| &recorded.bytes);
        match fs::read(root.join(&path)) {
            Ok(bytes) if chain::sha256(&bytes) == expected => {}
            Ok(bytes) => findings.push(format!(
                "{path}:1: its SHA-256 is {}, expected {expected} as its newest line in {PATH} says",
                chain::sha256(&bytes)
            )),
            Err(error) => findings.push(format!("{path}:1: {error}, expected the log that {PATH} names")),
        }
        if entry.version != newest {
            findings.push(format!(
                "{PATH}:{last_line}: {file} is of version {}, expected every log of version {newest}",
                entry.version
            ));
        }
    }
    for file in fs::read_dir(root.join(CORPUS)).with_context(|| format!("{CORPUS} cannot be listed"))? {
        let name = file?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".combatlog") && !in_force.contains_key(name.as_str()) {
            findings.push(format!("{CORPUS}/{name}:1: has no line in {PATH}, expected one by make bless"));
        }
    }
    Ok(findings)
}
