//! What runs beside the writer on its own schedule: compaction, checkpoints, pruning.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use super::health::JournalStats;
use super::{CAP_PRUNE_PERCENT, JournalConfig, Shared, compaction};
use crate::store::{SessionQuery, SessionRow, Store, StoreError, StoredStatus};

/// How often it looks: often enough that the log stays small, rarely enough to cost nothing.
pub(super) const HOUSE_EVERY: Duration = Duration::from_secs(1);
/// Rounds between two measurements of the store's size.
const ROUNDS_PER_MEASUREMENT: u64 = 5;
/// A checkpoint is due after so many bytes of commits, so that rows which are compacted soon are not all written
/// twice, or after so many rounds with any commit.
const CHECKPOINT_BYTES: u64 = 4 << 20;
const ROUNDS_PER_CHECKPOINT: u64 = 30;
/// Above this many pages (16 MiB) the writer lets the log start over: it alone can, since the log starts over
/// only when nothing was added while it was moved.
const WAL_RESTART_PAGES: u64 = 4096;
/// Chunks deleted by one statement.
const CHUNKS_DELETED_AT_ONCE: u32 = 16;
/// Sessions pruned for room between two measurements.
const PRUNED_AT_ONCE_MAX: usize = 16;

/// A request for a round at once, answered after it.
pub(super) type RoundRequest = oneshot::Sender<Result<(), StoreError>>;

pub(super) struct Housekeeper {
    store: Arc<dyn Store>,
    shared: Arc<Shared>,
    config: JournalConfig,
    requests: mpsc::Receiver<RoundRequest>,
    rounds: u64,
    /// Bytes that had been committed at the last checkpoint.
    checkpointed_bytes: u64,
}

impl Housekeeper {
    pub fn new(
        store: Arc<dyn Store>,
        shared: Arc<Shared>,
        config: JournalConfig,
        requests: mpsc::Receiver<RoundRequest>,
    ) -> Self {
        Self { store, shared, config, requests, rounds: 0, checkpointed_bytes: 0 }
    }

    /// Runs until the journal is gone.
    pub async fn run(mut self) {
        let mut failing = false;
        let mut beat = tokio::time::interval(self.config.house_every);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let request = tokio::select! {
                request = self.requests.recv() => match request {
                    Some(request) => Some(request),
                    None => return,
                },
                _ = beat.tick() => None,
            };
            if request.is_none() && !self.shared.health.borrow().is_healthy() {
                continue;
            }
            let done = self.round(request.is_some()).await;
            self.rounds += 1;
            if let Err(error) = &done {
                JournalStats::add(&self.shared.stats.housekeeping_errors, 1);
                if !failing {
                    tracing::warn!(%error, "journal housekeeping fails");
                }
            }
            failing = done.is_err();
            if let Some(request) = request {
                // Whoever asked may have stopped waiting.
                let _ = request.send(done);
            }
        }
    }

    async fn round(&mut self, everything: bool) -> Result<(), StoreError> {
        if self.rounds == 0 {
            for id in self.store.orphans().await? {
                self.store.delete_people(id).await?;
                self.delete_chunks(id).await?;
            }
        }
        while compaction::pass(&*self.store, &self.shared.index, &self.shared.stats).await? {}
        let written = self.shared.stats.bytes.load(Ordering::Relaxed) - self.checkpointed_bytes;
        let in_time = written > 0 && self.rounds.is_multiple_of(ROUNDS_PER_CHECKPOINT);
        if everything || in_time || written > CHECKPOINT_BYTES {
            self.checkpoint().await?;
        }
        if everything || self.rounds.is_multiple_of(ROUNDS_PER_MEASUREMENT) {
            self.prune().await
        } else {
            Ok(())
        }
    }

    async fn checkpoint(&mut self) -> Result<(), StoreError> {
        let written = self.shared.stats.bytes.load(Ordering::Relaxed);
        let done = self.store.checkpoint().await?;
        self.checkpointed_bytes = written;
        let stats = &self.shared.stats;
        JournalStats::add(&stats.checkpoints, 1);
        JournalStats::add(&stats.checkpoints_busy, u64::from(done.busy));
        if done.wal_pages > WAL_RESTART_PAGES {
            self.shared.restart_log.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Deletes finished sessions that are too old, and the oldest ones when room is short.
    async fn prune(&self) -> Result<(), StoreError> {
        let high = self.config.cap_bytes / 100 * CAP_PRUNE_PERCENT;
        let mut used = self.measure().await?;
        let now_unix_us = (self.config.now_unix_us)();
        let kept_us = u64::try_from(self.config.keep_ended.as_micros()).unwrap_or(u64::MAX);
        let mut finished = self.finished().await?;
        finished.sort_by_key(|session| session.ended_unix_us);
        for (at, session) in finished.iter().enumerate() {
            let ended_unix_us = session.ended_unix_us.unwrap_or(session.created_unix_us);
            let too_old = now_unix_us.saturating_sub(ended_unix_us) > kept_us;
            if !too_old && (used <= high || at >= PRUNED_AT_ONCE_MAX) {
                break;
            }
            self.store.delete_session(session.id).await?;
            self.store.delete_people(session.id).await?;
            self.delete_chunks(session.id).await?;
            JournalStats::add(&self.shared.stats.pruned_sessions, 1);
            tracing::info!(session = %session.id, too_old, "finished session pruned from the journal");
            used = self.measure().await?;
        }
        self.shared.over_cap.store(used > high, Ordering::Release);
        Ok(())
    }

    async fn finished(&self) -> Result<Vec<SessionRow>, StoreError> {
        let mut finished = self.store.sessions(SessionQuery::all(Some(StoredStatus::Ended))).await?;
        finished.extend(self.store.sessions(SessionQuery::all(Some(StoredStatus::Failed))).await?);
        Ok(finished)
    }

    async fn measure(&self) -> Result<u64, StoreError> {
        let usage = self.store.usage().await?;
        let stats = &self.shared.stats;
        stats.used_bytes.store(usage.used_bytes, Ordering::Relaxed);
        stats.wal_bytes.store(usage.wal_bytes, Ordering::Relaxed);
        Ok(usage.used_bytes + usage.wal_bytes)
    }

    async fn delete_chunks(&self, id: combat_components::ids::SessionId) -> Result<(), StoreError> {
        let at_once = CHUNKS_DELETED_AT_ONCE;
        while self.store.delete_chunks(id, at_once).await? >= u64::from(at_once) {}
        Ok(())
    }
}
