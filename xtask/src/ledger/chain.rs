//! The ledger of golden logs as a value: lines that each bind the one before. `replays/tests/corpus.rs` reads it too.

use std::collections::BTreeMap;
use std::fmt;

use sha2::{Digest, Sha256};

/// The first line of a ledger; what does not begin with it is from before there was a chain.
pub const FORMAT: &str = "# combat ledger of golden logs, format 1";

/// What every ledger begins with; the first line's digest covers it.
pub const HEADER: &str = "\
# combat ledger of golden logs, format 1
#
# `make bless REASON=\"...\"` appends to it, nothing else does; `make test` compares it with every commit that touched it.
# The newest line of a log is in force. A line is: FILE VERSION ROOTS BYTES DIGEST REASON
#   FILE     the log, beside this file
#   VERSION  the simulation version that recorded it
#   ROOTS    SHA-256 over the root of every tick in order, each as 8 bytes, little-endian; - when the log has left the corpus
#   BYTES    SHA-256 of the file; - likewise
#   DIGEST   SHA-256 over \"BEFORE FILE VERSION ROOTS BYTES REASON\", where BEFORE is the digest of the line before, and
#            for the first line SHA-256 of this head; so no line is edited, dropped, moved or put in between unseen
";

/// In place of both hashes of a log that has left the corpus.
const LEFT: &str = "-";

/// What was recorded under one name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// SHA-256 over all roots.
    pub roots: String,
    /// SHA-256 of the file.
    pub bytes: String,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub file: String,
    pub version: u32,
    /// `None` when the log has left the corpus.
    pub recorded: Option<Recorded>,
    pub reason: String,
}

/// What is wrong, and in which line, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub line: usize,
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.text)
    }
}

/// A ledger whose chain holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    pub entries: Vec<Entry>,
    /// Of the newest line.
    digest: String,
}

/// As 64 hex digits.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl Ledger {
    /// A ledger without a line.
    pub fn begun() -> Self {
        Self { entries: Vec::new(), digest: sha256(HEADER.as_bytes()) }
    }

    /// Reads a ledger and checks all that it says of itself.
    ///
    /// # Errors
    /// The first line that does not follow from those before it.
    pub fn read(text: &str) -> Result<Self, Fault> {
        if text.lines().next() != Some(FORMAT) {
            return Err(Fault { line: 1, text: format!("expected a ledger to begin with {FORMAT:?}") });
        }
        let head_lines = text.lines().take_while(|line| line.starts_with('#')).count();
        let head: String = text.split_inclusive('\n').take(head_lines).collect();
        let mut ledger = Self { entries: Vec::new(), digest: sha256(head.as_bytes()) };
        for (at, line) in text.split_inclusive('\n').enumerate().skip(head_lines) {
            let fault = |text| Fault { line: at + 1, text };
            let whole = line.strip_suffix('\n').ok_or_else(|| fault("expected an end of line".to_owned()))?;
            let (entry, digest) = parse(whole).map_err(fault)?;
            ledger.follow(&entry).map_err(fault)?;
            let expected = digest_of(&ledger.digest, &entry);
            if digest != expected {
                let text = format!(
                    "its digest is {digest}, expected {expected}: this line or one before it was edited, dropped or moved"
                );
                return Err(fault(text));
            }
            ledger.entries.push(entry);
            ledger.digest = expected;
        }
        Ok(ledger)
    }

    /// Takes one more line, and gives it as text.
    ///
    /// # Errors
    /// When it does not follow from those before it.
    pub fn append(&mut self, entry: Entry) -> Result<String, String> {
        self.follow(&entry)?;
        self.digest = digest_of(&self.digest, &entry);
        let Entry { file, version, reason, .. } = &entry;
        let (roots, bytes) = hashes_of(&entry);
        let line = format!("{file} {version} {roots} {bytes} {} {reason}\n", self.digest);
        self.entries.push(entry);
        Ok(line)
    }

    /// The newest simulation version that recorded anything.
    pub fn newest_version(&self) -> Option<u32> {
        self.entries.last().map(|entry| entry.version)
    }

    /// The newest line of every log that is in the corpus, by file.
    pub fn in_force(&self) -> BTreeMap<&str, &Entry> {
        let newest: BTreeMap<&str, &Entry> =
            self.entries.iter().map(|entry| (entry.file.as_str(), entry)).collect();
        newest.into_iter().filter(|(_, entry)| entry.recorded.is_some()).collect()
    }

    /// The newest line that says what a log of this name held, also one that has left since.
    pub fn last_recorded(&self, file: &str) -> Option<(&Entry, &Recorded)> {
        let of_file = self.entries.iter().rev().filter(|entry| entry.file == file);
        of_file.filter_map(|entry| Some((entry, entry.recorded.as_ref()?))).next()
    }

    /// The law of versions: they never fall, and new roots under a known name take a new one.
    fn follow(&self, entry: &Entry) -> Result<(), String> {
        let Entry { file, version, .. } = entry;
        if let Some(newest) = self.newest_version().filter(|newest| version < newest) {
            return Err(format!(
                "{file} is of version {version} after version {newest}, expected none lower"
            ));
        }
        let is_there = self.in_force().contains_key(file.as_str());
        let Some(recorded) = &entry.recorded else {
            let text = format!("{file} leaves the corpus, expected one that is in it");
            return if is_there { Ok(()) } else { Err(text) };
        };
        match self.last_recorded(file) {
            Some((before, known)) if known.roots != recorded.roots && *version == before.version => {
                Err(format!(
                    "{file} has other roots than before under the same version {version}, expected a higher one"
                ))
            }
            Some((before, known)) if is_there && known == recorded && *version == before.version => {
                Err(format!("{file} is as it was, expected a line only for what has changed"))
            }
            _ => Ok(()),
        }
    }
}

fn hashes_of(entry: &Entry) -> (&str, &str) {
    entry.recorded.as_ref().map_or((LEFT, LEFT), |recorded| (&recorded.roots, &recorded.bytes))
}

fn digest_of(before: &str, entry: &Entry) -> String {
    let Entry { file, version, reason, .. } = entry;
    let (roots, bytes) = hashes_of(entry);
    sha256(format!("{before} {file} {version} {roots} {bytes} {reason}").as_bytes())
}

/// A line's words, and the digest it claims.
fn parse(line: &str) -> Result<(Entry, String), String> {
    let words: Vec<&str> = line.splitn(6, ' ').collect();
    let [file, version, roots, bytes, digest, reason] = words[..] else {
        return Err(format!("found {} words, expected FILE VERSION ROOTS BYTES DIGEST REASON", words.len()));
    };
    let name = file.strip_suffix(".combatlog").unwrap_or_default();
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(format!("{file:?} is not a golden log's name, expected letters-and-digits.combatlog"));
    }
    let is_hash = |word: &str| {
        word.len() == 64 && word.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let recorded = match (roots, bytes) {
        (LEFT, LEFT) => None,
        _ if is_hash(roots) && is_hash(bytes) => {
            Some(Recorded { roots: roots.to_owned(), bytes: bytes.to_owned() })
        }
        _ => return Err("expected two hashes of 64 hex digits, or - twice".to_owned()),
    };
    let parsed = version.parse().ok().filter(|number: &u32| number.to_string() == version);
    let version = parsed.ok_or_else(|| format!("{version:?} is not a version, expected a whole number"))?;
    if reason.trim() != reason || reason.is_empty() {
        return Err("expected a reason, without space around it".to_owned());
    }
    let entry = Entry { file: file.to_owned(), version, recorded, reason: reason.to_owned() };
    Ok((entry, digest.to_owned()))
}
