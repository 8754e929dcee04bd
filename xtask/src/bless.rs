//! Recording the golden logs anew: an example of `combat-replays` plays the scripts, this keeps the ledger of versions.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::ledger::chain::{Entry, HEADER, Ledger, Recorded};
use crate::ledger::{self, CORPUS, PATH};

/// A log as it was recorded just now.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Recording {
    file: String,
    recorded: Recorded,
}

/// Records every script, appends a line for whatever has changed, and raises the simulation version when roots have.
/// True when what is in the corpus then verifies.
pub fn run(root: &Path, reason: &str) -> Result<bool> {
    if reason.contains(['\n', '\r']) {
        bail!("REASON: expected one line that says why");
    }
    let mut ledger = clean_ledger(root)?;
    let fresh = root.join("target/bless");
    let version_before = ledger::version_in_code(root)?;
    let mut recordings = record(root, &fresh)?;
    let (moved, version) = version_after(&ledger, &recordings, version_before)?;
    if version != version_before {
        println!(
            "bless: the roots of {} moved, simulation version {version_before} becomes {version}",
            moved.join(", ")
        );
        ledger::set_version_in_code(root, version)?;
        recordings = record(root, &fresh)
            .and_then(|again| same_roots(&recordings, again))
            .inspect_err(|_| drop(ledger::set_version_in_code(root, version_before)))?;
    }
    let changes = changes(&ledger, &recordings, version, reason);
    let mut text = fs::read_to_string(root.join(PATH)).unwrap_or_else(|_| HEADER.to_owned());
    for entry in &changes {
        println!("bless: {} {}", entry.file, if entry.recorded.is_some() { "recorded" } else { "has left" });
        text += &ledger.append(entry.clone()).map_err(anyhow::Error::msg)?;
    }
    put_in_place(root, &fresh, &recordings, &changes)?;
    if changes.is_empty() {
        println!("bless: nothing has moved, the ledger stays as it is");
    } else {
        fs::write(root.join(PATH), text).with_context(|| format!("{PATH} cannot be written"))?;
    }
    println!("bless: now verifying what is there");
    Ok(ledger::run(root)? && corpus_verifies(root)?)
}

/// The ledger as it stands, if there is nothing to say against it.
fn clean_ledger(root: &Path) -> Result<Ledger> {
    let past = ledger::past(root)?;
    if let Some(finding) = past.findings.first() {
        bail!("the ledger was changed other than by appending, nothing was recorded: {finding}");
    }
    if !root.join(PATH).exists() {
        return Ok(Ledger::begun());
    }
    ledger::read(root)?.map_err(|fault| {
        anyhow::anyhow!(
            "the ledger does not hold, nothing was recorded: {PATH}:{}: {}",
            fault.line,
            fault.text
        )
    })
}

/// Whose roots moved, and the version that everything is to be of.
fn version_after(ledger: &Ledger, recordings: &[Recording], in_code: u32) -> Result<(Vec<String>, u32)> {
    let moved = recordings.iter().filter(|recording| {
        let known = ledger.last_recorded(&recording.file);
        known.is_some_and(|(_, known)| known.roots != recording.recorded.roots)
    });
    let moved: Vec<String> = moved.map(|recording| recording.file.clone()).collect();
    let newest = ledger.newest_version().unwrap_or(in_code);
    match in_code.checked_sub(newest) {
        // Raised by hand: for a change that no golden log shows.
        Some(1) => Ok((moved, in_code)),
        Some(0) => Ok((moved.clone(), newest + u32::from(!moved.is_empty()))),
        _ => bail!("SIMULATION_VERSION is {in_code}, expected {newest} as in the ledger, or one more"),
    }
}

fn same_roots(before: &[Recording], again: Vec<Recording>) -> Result<Vec<Recording>> {
    let roots = |recordings: &[Recording]| -> Vec<String> {
        recordings.iter().map(|recording| recording.recorded.roots.clone()).collect()
    };
    if roots(before) != roots(&again) {
        bail!(
            "recording twice gave two different roots: the scripts or the simulation are not deterministic"
        );
    }
    Ok(again)
}

/// One line for every log that is new, has changed or has left, and for all of them under a new version.
fn changes(ledger: &Ledger, recordings: &[Recording], version: u32, reason: &str) -> Vec<Entry> {
    let in_force = ledger.in_force();
    let entry =
        |file: &str, recorded| Entry { file: file.to_owned(), version, recorded, reason: reason.to_owned() };
    let unchanged = |recording: &Recording| {
        in_force.get(recording.file.as_str()).is_some_and(|known| {
            known.version == version && known.recorded.as_ref() == Some(&recording.recorded)
        })
    };
    let changed = recordings.iter().filter(|recording| !unchanged(recording));
    let changed = changed.map(|recording| entry(&recording.file, Some(recording.recorded.clone())));
    let is_recorded = |file: &str| recordings.iter().any(|recording| recording.file == file);
    let left = in_force.keys().filter(|file| !is_recorded(file)).map(|file| entry(file, None));
    changed.chain(left).collect()
}

fn put_in_place(root: &Path, fresh: &Path, recordings: &[Recording], changes: &[Entry]) -> Result<()> {
    let corpus = root.join(CORPUS);
    for Recording { file, .. } in recordings {
        fs::copy(fresh.join(file), corpus.join(file))
            .with_context(|| format!("{file} cannot be put in place"))?;
    }
    for entry in changes.iter().filter(|entry| entry.recorded.is_none()) {
        match fs::remove_file(corpus.join(&entry.file)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// Plays every script into `fresh`.
fn record(root: &Path, fresh: &PathBuf) -> Result<Vec<Recording>> {
    fs::create_dir_all(fresh).context("no room for the recordings")?;
    let mut command = cargo(root, "run --quiet -p combat-replays --example record_corpus --");
    let output = command.arg(fresh).stderr(Stdio::inherit()).output().context(NOT_STARTED)?;
    if !output.status.success() {
        bail!("the golden logs could not be recorded");
    }
    let text = String::from_utf8(output.stdout).context("expected names and hashes of what was recorded")?;
    text.lines().map(recording_of).collect()
}

/// `FILE ROOTS BYTES`
fn recording_of(line: &str) -> Result<Recording> {
    let words: Vec<&str> = line.split(' ').collect();
    let [file, roots, bytes] = words[..] else {
        bail!("expected FILE ROOTS BYTES of a recording, found {line:?}");
    };
    let recorded = Recorded { roots: roots.to_owned(), bytes: bytes.to_owned() };
    Ok(Recording { file: file.to_owned(), recorded })
}

fn corpus_verifies(root: &Path) -> Result<bool> {
    Ok(cargo(root, "test --quiet -p combat-replays --test corpus").status().context(NOT_STARTED)?.success())
}

const NOT_STARTED: &str = "cargo could not be started";

fn cargo(root: &Path, line: &str) -> Command {
    let mut command = Command::new("cargo");
    command.args(line.split(' ')).current_dir(root);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(file: &str, roots: &str, bytes: &str) -> Recording {
        let word = |letter: &str| letter.repeat(64);
        let recorded = Recorded { roots: word(roots), bytes: word(bytes) };
        Recording { file: format!("{file}.combatlog"), recorded }
    }

    /// A ledger of version 3 that holds these.
    fn holding(recordings: &[Recording]) -> Ledger {
        let mut ledger = Ledger::begun();
        for entry in changes(&Ledger::begun(), recordings, 3, "first recording") {
            ledger.append(entry).unwrap();
        }
        ledger
    }

    fn files(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.file.as_str()).collect()
    }

    #[test]
    fn where_nothing_moved_there_is_nothing_to_append_and_no_new_version() {
        let recorded = [recording("dash", "a", "b"), recording("duel", "c", "d")];
        let ledger = holding(&recorded);
        assert_eq!(version_after(&ledger, &recorded, 3).unwrap(), (Vec::new(), 3));
        assert_eq!(changes(&ledger, &recorded, 3, "again"), []);
    }

    #[test]
    fn moved_roots_raise_the_version_by_one_and_every_log_gets_a_line_of_it() {
        let ledger = holding(&[recording("dash", "a", "b"), recording("duel", "c", "d")]);
        let recorded = [recording("dash", "e", "f"), recording("duel", "c", "d")];
        let (moved, version) = version_after(&ledger, &recorded, 3).unwrap();
        assert_eq!((moved.as_slice(), version), (&["dash.combatlog".to_owned()][..], 4));
        let appended = changes(&ledger, &recorded, version, "the dash is longer");
        assert_eq!(files(&appended), ["dash.combatlog", "duel.combatlog"]);
        let mut ledger = ledger;
        appended.into_iter().for_each(|entry| drop(ledger.append(entry).unwrap()));
        assert_eq!(version_after(&ledger, &recorded, 4).unwrap(), (Vec::new(), 4));
    }

    #[test]
    fn a_new_log_and_a_file_whose_roots_stayed_take_no_new_version() {
        let ledger = holding(&[recording("dash", "a", "b")]);
        let recorded = [recording("dash", "a", "e"), recording("duel", "c", "d")];
        assert_eq!(version_after(&ledger, &recorded, 3).unwrap(), (Vec::new(), 3));
        assert_eq!(
            files(&changes(&ledger, &recorded, 3, "the header is longer")),
            ["dash.combatlog", "duel.combatlog"]
        );
    }

    #[test]
    fn a_log_without_a_script_leaves_and_does_not_come_back_with_other_roots_of_the_same_version() {
        let mut ledger = holding(&[recording("dash", "a", "b"), recording("duel", "c", "d")]);
        let appended = changes(&ledger, &[recording("duel", "c", "d")], 3, "no dash any more");
        assert_eq!(files(&appended), ["dash.combatlog"]);
        appended.into_iter().for_each(|entry| drop(ledger.append(entry).unwrap()));
        assert!(!ledger.in_force().contains_key("dash.combatlog"));
        let back = [recording("dash", "e", "f"), recording("duel", "c", "d")];
        assert_eq!(version_after(&ledger, &back, 3).unwrap().1, 4);
    }

    #[test]
    fn a_version_raised_by_hand_is_taken_and_one_that_skips_or_falls_is_refused() {
        let recorded = [recording("dash", "a", "b")];
        let ledger = holding(&recorded);
        assert_eq!(version_after(&ledger, &recorded, 4).unwrap(), (Vec::new(), 4));
        assert_eq!(changes(&ledger, &recorded, 4, "no log shows it").len(), 1);
        assert!(version_after(&ledger, &recorded, 5).is_err());
        assert!(version_after(&ledger, &recorded, 2).is_err());
    }
}
