//! How the journal is doing: one word for clients and operators, figures for metrics.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use thiserror::Error;

use super::tape::TapeState;
use crate::store::StoreError;

/// Whether commits succeed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JournalHealth {
    Healthy,
    /// No room is left on the disk. Sessions play on until their tapes are full.
    Full {
        detail: Arc<str>,
    },
    /// Commits fail or hang. Sessions play on until their tapes are full.
    Failing {
        detail: Arc<str>,
    },
    /// Another process owns the store; this one writes no more.
    LostOwnership {
        detail: Arc<str>,
    },
}

impl JournalHealth {
    pub(super) fn of(error: &StoreError) -> Self {
        let detail = error.to_string().into();
        match error {
            StoreError::Full(_) => Self::Full { detail },
            StoreError::LostOwnership { .. } | StoreError::RowOrder { .. } => Self::LostOwnership { detail },
            _ => Self::Failing { detail },
        }
    }

    pub fn is_healthy(&self) -> bool {
        *self == Self::Healthy
    }

    pub fn is_lost(&self) -> bool {
        matches!(self, Self::LostOwnership { .. })
    }

    /// As a word for metrics, logs and health reports.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Full { .. } => "full",
            Self::Failing { .. } => "failing",
            Self::LostOwnership { .. } => TapeState::LostOwnership.name(),
        }
    }
}

/// Why no new session is taken in.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum NotAdmitted {
    #[error("the journal is {0}")]
    Unhealthy(&'static str),
    #[error("the journal lags: more than half of what may wait for the disk is waiting")]
    TapesHalfFull,
    #[error("the journal holds more than {} % of what it may", super::CAP_PRUNE_PERCENT)]
    StoreNearlyFull,
}

/// Figures for metrics; counters only grow.
#[derive(Debug, Default)]
pub struct JournalStats {
    /// Rows committed.
    pub commits: AtomicU64,
    /// Bytes of their bodies.
    pub bytes: AtomicU64,
    /// Records' parts in them, one per session and keyframe.
    pub parts: AtomicU64,
    /// Writes that failed, each retry counted.
    pub errors: AtomicU64,
    /// Sum of the time commits took, microseconds.
    pub commit_us: AtomicU64,
    /// The slowest commit since the start, microseconds.
    pub commit_us_max: AtomicU64,
    /// Chunks written by compaction, and rows deleted after it.
    pub chunks: AtomicU64,
    pub rows_deleted: AtomicU64,
    /// Parts whose records were found damaged while this process ran.
    pub damaged_parts: AtomicU64,
    /// Housekeeping that failed (compaction, pruning, checkpoints).
    pub housekeeping_errors: AtomicU64,
    /// Checkpoints, and how many found something in their way.
    pub checkpoints: AtomicU64,
    pub checkpoints_busy: AtomicU64,
    /// Sessions pruned for age or for room.
    pub pruned_sessions: AtomicU64,
    /// Bytes the store uses and its log takes, as last measured.
    pub used_bytes: AtomicU64,
    pub wal_bytes: AtomicU64,
    /// When everything offered had last been committed, milliseconds since `started`.
    caught_up_ms: AtomicU64,
    started: Started,
}

#[derive(Debug)]
struct Started(Instant);

impl Default for Started {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl JournalStats {
    pub(super) fn add(counter: &AtomicU64, more: u64) {
        counter.fetch_add(more, Ordering::Relaxed);
    }

    pub(super) fn committed(&self, bytes: u64, parts: u64, took: Duration) {
        let took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        Self::add(&self.commits, 1);
        Self::add(&self.bytes, bytes);
        Self::add(&self.parts, parts);
        Self::add(&self.commit_us, took_us);
        self.commit_us_max.fetch_max(took_us, Ordering::Relaxed);
    }

    pub(super) fn caught_up(&self) {
        self.caught_up_ms.store(self.elapsed_ms(), Ordering::Relaxed);
    }

    /// Milliseconds since everything offered had last been committed.
    pub(super) fn since_caught_up_ms(&self) -> u64 {
        self.elapsed_ms().saturating_sub(self.caught_up_ms.load(Ordering::Relaxed))
    }

    fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.started.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

/// Told how long each commit took, for a histogram; called on the writer's thread, so it must be quick.
#[derive(Clone)]
pub struct CommitObserver(pub Arc<dyn Fn(Duration) + Send + Sync>);

impl std::fmt::Debug for CommitObserver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CommitObserver")
    }
}

/// What is waiting for the disk at this moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JournalLag {
    /// Milliseconds since everything offered had last been committed; 0 when nothing waits.
    pub lag_ms: u64,
    /// The session furthest behind: ticks taken but not committed.
    pub lag_ticks: u32,
    /// The fullest tape, or all of them together, in thousandths of what it may hold.
    pub fill_permille: u32,
    /// Bytes of all tapes.
    pub uncommitted_bytes: u64,
}
