//! The audit: forges a log field by field, with every checksum made to fit, and tells what catches each forgery.

mod forge;
mod header;
mod trial;
mod whole;

use combat_components::tick::Tick;
use combat_systems::kinds::Kinds;
use thiserror::Error;

use self::forge::Index;
use self::trial::Course;
use crate::log::Log;
use crate::player::Player;
use crate::verifier::{Outcome, VerifyOptions, verify};

/// How much is forged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// The first, the middle and the last record of every kind; the first and the last command of every shape.
    Representative,
    /// Every record and every command.
    All,
}

/// What catches a forgery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caught {
    /// Reading the records and simulating them again; how.
    Simulation(String),
    /// The header against itself, the map and the ruleset; how.
    Blobs(String),
    /// Nothing but the digest that was stored when the match ended.
    Digest,
    /// Nothing, because nothing rests on it.
    FreeText,
    /// Nothing, although something may rest on it.
    Unseen,
}

impl Caught {
    /// `simulation`, `blobs`, `digest`, `free text` or `UNSEEN`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Simulation(_) => "simulation",
            Self::Blobs(_) => "blobs",
            Self::Digest => "digest",
            Self::FreeText => "free text",
            Self::Unseen => "UNSEEN",
        }
    }

    /// `simulation`, `blobs`, `digest`, `free_text` or `unseen`: what machines read.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::FreeText => "free_text",
            Self::Unseen => "unseen",
            Self::Simulation(_) | Self::Blobs(_) | Self::Digest => self.word(),
        }
    }

    /// How it was caught, where there is more to say.
    pub fn how(&self) -> Option<&str> {
        match self {
            Self::Simulation(how) | Self::Blobs(how) => Some(how),
            _ => None,
        }
    }
}

/// One forgery and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `header`, `map`, `ruleset`, `log`, or a kind of record.
    pub part: &'static str,
    /// Of the record.
    pub tick: Option<Tick>,
    /// Dotted; empty for the part as a whole.
    pub field: String,
    pub change: &'static str,
    pub caught: Caught,
}

/// Where an audit stands, and how the log looks that a finding is about.
pub struct Stand<'a> {
    /// Bytes of records gone through, and how many there are.
    pub done: usize,
    pub of: usize,
    forged: &'a dyn Fn() -> Option<Log>,
}

impl Stand<'_> {
    /// The whole forged log; `None` where its header cannot even be read.
    pub fn forged_log(&self) -> Option<Log> {
        (self.forged)()
    }
}

/// Told of every finding.
pub type Tell<'a> = dyn FnMut(Finding, Stand<'_>) + 'a;

/// As [`Tell`], of forgeries that lie before all records.
type Note<'a> = dyn FnMut(Finding, &dyn Fn() -> Option<Log>) + 'a;

/// Why a log is not audited.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("only a log that holds can be audited, this one is {}", told(.0))]
pub struct NotAudited(pub Outcome);

/// In one line, with what is wrong where that is one thing.
fn told(outcome: &Outcome) -> String {
    let code = outcome.code();
    match outcome {
        Outcome::Verified | Outcome::Incomplete | Outcome::OtherDigest { .. } => code.to_owned(),
        Outcome::Diverged(divergence) => format!("{code} at tick {}", divergence.tick.0),
        Outcome::Broken(broken) => format!("{code}: {broken}"),
        Outcome::Refused(refusal) => format!("{code}: {refusal}"),
        Outcome::Damaged(damage) => format!("{code}: {damage}"),
    }
}

/// Forges the log in every way that `places` asks for.
///
/// # Errors
/// When the log does not hold as it is.
pub fn audit(log: &Log, kinds: &Kinds, places: Places, tell: &mut Tell<'_>) -> Result<(), NotAudited> {
    let options = VerifyOptions::of(*kinds);
    let outcome = verify(log, options, &mut |_| {}).outcome;
    if !matches!(outcome, Outcome::Verified | Outcome::Incomplete) {
        return Err(NotAudited(outcome));
    }
    let is_over = outcome == Outcome::Verified;
    let parts = log.parts(kinds).map_err(|refusal| NotAudited(Outcome::Refused(refusal)))?;
    let bytes = log.records.len();
    let mut note =
        |finding, forged: &dyn Fn() -> Option<Log>| tell(finding, Stand { done: 0, of: bytes, forged });
    header::forge_header(log, &parts, &mut note);
    header::forge_content(log, &mut note);
    whole::forge_whole(log, options, is_over, &mut note);
    let index = Index::of(&log.records);
    let targets = index.targets(&log.records, places);
    let player =
        Player::from_start(parts, &log.records).map_err(|damage| NotAudited(Outcome::Damaged(damage)))?;
    let mut course = Course::new(log, player, &index, is_over);
    for target in targets {
        course.go_to(target.record);
        let offset = index.records[target.record].range.start;
        for forgery in forge::forgeries(&log.records, &index, target) {
            let caught = course.try_out(&forgery);
            let forged = || Some(with_records(log, forgery.applied_to(&log.records)));
            let record = &index.records[target.record];
            let (part, tick) = (record.kind.name(), Some(record.tick));
            let finding =
                Finding { part, tick, field: forgery.field.clone(), change: forgery.change, caught };
            tell(finding, Stand { done: offset, of: bytes, forged: &forged });
        }
    }
    Ok(())
}

/// The log with other records.
fn with_records(log: &Log, records: Vec<u8>) -> Log {
    let (header, map, ruleset) = (log.header.clone(), log.map.clone(), log.ruleset.clone());
    Log { header, map, ruleset, records, lost: None }
}
