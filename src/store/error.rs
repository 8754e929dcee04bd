//! What a store can answer instead of having done what it was asked.

use std::path::PathBuf;

use combat_components::ids::SessionId;
use thiserror::Error;

/// Why a store did not do what it was asked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StoreError {
    /// No room is left; the same write may succeed once there is.
    #[error("no space left for the journal: {0}")]
    Full(String),
    /// The medium or the lock refuses; the same write may succeed later.
    #[error("the journal cannot be written or read: {0}")]
    Failing(String),
    /// What is stored there cannot be read back as it was written.
    #[error("the journal's database is damaged: {0}")]
    Damaged(String),
    /// Another process has claimed the store: never retried.
    #[error("ownership lost: this process holds owner epoch {mine}, the store says {found}")]
    LostOwnership { mine: u32, found: u32 },
    /// A row out of order: rows are numbered without gaps.
    #[error("journal row {offered} offered where row {expected} was expected")]
    RowOrder { offered: u64, expected: u64 },
    #[error("session {0} is not in the store")]
    UnknownSession(SessionId),
    #[error("session {0} is in the store already with another header")]
    SessionExists(SessionId),
    /// Somebody else of the session has this pseudonym.
    #[error("the pseudonym is taken in session {0}")]
    PseudonymTaken(SessionId),
    #[error("session {0} is not live")]
    NotLive(SessionId),
    /// Another process holds the lock beside the database.
    #[error("data directory {} is in use by {holder}", directory.display())]
    InUse { directory: PathBuf, holder: String },
    #[error("the journal in {} has schema version {found}, expected {expected}: {}", directory.display(), advice(*found, *expected))]
    Schema { directory: PathBuf, found: i64, expected: i64 },
    #[error("no journal in {}: name its directory with --data-dir or DATA_DIR", .0.display())]
    Missing(PathBuf),
}

impl StoreError {
    /// Whether the same call is worth repeating: it may succeed once the disk is better.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Full(_) | Self::Failing(_) | Self::Damaged(_))
    }
}

/// What to do about a database of another schema.
fn advice(found: i64, expected: i64) -> &'static str {
    match found {
        0 => "no server has begun it; start one, or name another directory with --data-dir or DATA_DIR",
        older if older < expected => "start a server of this version once, which brings it up to date",
        _ => "it was written by another version of combat, which can read it",
    }
}
