//! The writer's thread: one commit for all sessions, then everyone is told; after an error, patience.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use combat_components::ids::SessionId;
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval};

use super::batch::{self, Pending, ROW_BYTES_MAX};
use super::commands::{Command, JournalError, Request};
use super::health::{CommitObserver, JournalHealth, JournalStats};
use super::housekeeper::Housekeeper;
use super::resume::Resumed;
use super::tape::TapeState;
use super::{COMMANDS_MAX, JournalConfig, Shared};
use crate::store::{JournalRow, Store, StoreError};

/// The waits between two attempts on a failing disk: doubled from the first to the last.
const BACKOFF_FIRST: Duration = Duration::from_millis(50);
const BACKOFF_LAST: Duration = Duration::from_secs(2);
/// A commit that takes longer is reported as failing while it lasts.
const COMMIT_STALL: Duration = Duration::from_secs(2);
/// How long a shutdown waits for a failing disk: well within the 5 s a drain may take.
pub const SHUTDOWN_PATIENCE: Duration = Duration::from_secs(3);

/// A failing disk and when it is tried again.
struct Trouble {
    next_attempt: Instant,
    wait: Duration,
}

pub(super) struct Writer {
    store: Arc<dyn Store>,
    shared: Arc<Shared>,
    commit_every: Duration,
    observer: Option<CommitObserver>,
    commands: mpsc::Receiver<Command>,
    waiting: VecDeque<Command>,
    pending: Option<Pending>,
    trouble: Option<Trouble>,
    /// Sessions whose creation failed in the middle and must not come back at the next start.
    undo: Vec<SessionId>,
    owner_epoch: u32,
    next_row_no: u64,
    end_offset: u64,
    /// With which tape the next collection begins, so that none starves in a backlog.
    turn: usize,
    stopping: Option<Instant>,
}

/// Starts the thread with a runtime of its own; the housekeeper shares it.
pub(super) fn spawn(writer: Writer, keeper: Housekeeper) -> io::Result<std::thread::JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    std::thread::Builder::new().name("journal".into()).spawn(move || {
        runtime.block_on(async move {
            let keeper = tokio::spawn(keeper.run());
            writer.run(keeper).await;
        });
    })
}

impl Writer {
    pub fn new(
        store: Arc<dyn Store>,
        shared: Arc<Shared>,
        config: &JournalConfig,
        commands: mpsc::Receiver<Command>,
        resumed: &Resumed,
    ) -> Self {
        Self {
            store,
            shared,
            commit_every: config.commit_every,
            observer: config.observer.clone(),
            commands,
            waiting: VecDeque::with_capacity(COMMANDS_MAX),
            pending: None,
            trouble: None,
            undo: Vec::new(),
            owner_epoch: resumed.report.owner_epoch,
            next_row_no: resumed.next_row_no,
            end_offset: resumed.end_offset,
            turn: 0,
            stopping: None,
        }
    }

    async fn run(mut self, keeper: tokio::task::JoinHandle<()>) {
        let mut beat = interval(self.commit_every);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.stopping.is_none() {
            self.wait(&mut beat).await;
            self.attempt().await;
        }
        self.wind_up(&mut beat).await;
        // Its deletions and chunks are statements of their own: it may be stopped between any two.
        keeper.abort();
        let _ = keeper.await;
        self.close().await;
    }

    /// Waits for the next beat, or for the next request when there is nothing to commit.
    async fn wait(&mut self, beat: &mut Interval) {
        let idle = self.pending.is_none() && self.waiting.is_empty() && self.shared.tapes.read().is_empty();
        if idle && self.trouble.is_none() {
            let command = self.commands.recv().await;
            self.take(command);
        } else {
            beat.tick().await;
        }
        while self.waiting.len() < COMMANDS_MAX {
            match self.commands.try_recv() {
                Ok(command) => self.take(Some(command)),
                Err(mpsc::error::TryRecvError::Empty) => break,
                Err(mpsc::error::TryRecvError::Disconnected) => return self.take(None),
            }
        }
    }

    fn take(&mut self, command: Option<Command>) {
        match command {
            Some(command) => {
                if matches!(command.request, Request::Shutdown) {
                    self.stopping = Some(Instant::now());
                }
                self.waiting.push_back(command);
            }
            None => self.stopping = Some(Instant::now()),
        }
    }

    async fn attempt(&mut self) {
        if self.trouble.as_ref().is_some_and(|trouble| Instant::now() < trouble.next_attempt) {
            self.refuse_creations();
            return;
        }
        match self.work().await {
            Ok(()) => self.recovered(),
            Err(error) => self.failed(&error),
        }
    }

    /// Commits everything collected, then carries out what was asked, in order.
    async fn work(&mut self) -> Result<(), StoreError> {
        if self.shared.health.borrow().is_lost() {
            self.answer_all(&JournalError::Stopped);
            return Ok(());
        }
        if self.trouble.is_some() {
            self.store.recover().await?;
            if self.shared.pressure.disk_full.load(Ordering::Acquire) {
                // Emptying the log into pages the database has already may be all the room that is needed.
                let _ = self.store.checkpoint().await;
            }
        }
        while let Some(id) = self.undo.last() {
            self.store.delete_session(*id).await?;
            self.undo.pop();
        }
        while self.commit().await? {}
        self.shared.stats.caught_up();
        while let Some(command) = self.waiting.pop_front() {
            match self.carry_out(&command.request).await {
                Err(error) if error.is_transient() || matches!(error, StoreError::LostOwnership { .. }) => {
                    // The store may hold it in spite of the error: it is taken back once that works.
                    self.undo.extend(command.created());
                    self.waiting.push_front(command);
                    return Err(error);
                }
                answer => command.answer(answer.map_err(JournalError::from)),
            }
        }
        if self.shared.restart_log.swap(false, Ordering::AcqRel) {
            // Between two commits nothing is added, so the whole log moves and the next commit starts it over.
            let done = self.store.checkpoint().await;
            JournalStats::add(
                &self.shared.stats.checkpoints_busy,
                u64::from(done.is_ok_and(|done| done.busy)),
            );
        }
        Ok(())
    }

    /// Commits one row; answers whether more may be waiting.
    async fn commit(&mut self) -> Result<bool, StoreError> {
        if self.pending.is_none() {
            self.pending = batch::collect(&self.shared.tapes.read(), self.turn)
                .map(|batch| batch.lay_out(self.next_row_no, self.owner_epoch, self.end_offset));
            self.turn = self.turn.wrapping_add(1);
        }
        let Some(pending) = &self.pending else {
            return Ok(false);
        };
        let begun = Instant::now();
        append(&*self.store, &pending.row, &self.shared).await?;
        let took = begun.elapsed();
        let Some(pending) = self.pending.take() else {
            return Ok(false);
        };
        let bytes = pending.row.body.len();
        self.shared.stats.committed(bytes as u64, pending.parts.len() as u64, took);
        if let Some(observer) = &self.observer {
            (observer.0)(took);
        }
        self.shared.index.lock().add_row(pending.row.row_no, pending.parts.iter());
        self.next_row_no = pending.row.row_no + 1;
        self.end_offset = pending.row.end_offset;
        pending.publish();
        Ok(bytes >= ROW_BYTES_MAX)
    }

    async fn carry_out(&self, request: &Request) -> Result<(), StoreError> {
        match request {
            Request::Create(session, tape) => {
                self.store.create_session(session).await?;
                self.shared.tapes.write().push(Arc::clone(tape));
            }
            Request::Resume(tape) => {
                self.store.set_epoch(tape.session(), tape.epoch()).await?;
                self.shared.tapes.write().push(Arc::clone(tape));
            }
            Request::Finish(finish) => {
                self.store.finish_session(finish).await?;
                self.shared.index.lock().finish(finish.id);
                self.shared.tapes.write().retain(|tape| {
                    if tape.session() == finish.id {
                        tape.end(TapeState::Closed);
                    }
                    tape.session() != finish.id
                });
            }
            Request::Verify(id, result) => self.store.set_verify(*id, result).await?,
            Request::Blob(blob) => self.store.put_blob(blob).await?,
            Request::Flush | Request::Shutdown => {}
        }
        Ok(())
    }

    fn recovered(&mut self) {
        if self.trouble.take().is_some() {
            tracing::info!("journal commits again");
        }
        if self.shared.health.borrow().is_lost() {
            return;
        }
        self.shared.pressure.disk_full.store(false, Ordering::Release);
        set_health(&self.shared, JournalHealth::Healthy);
    }

    fn failed(&mut self, error: &StoreError) {
        JournalStats::add(&self.shared.stats.errors, 1);
        if self.trouble.is_none() {
            tracing::error!(%error, "journal cannot commit");
        }
        let wait =
            self.trouble.as_ref().map_or(BACKOFF_FIRST, |trouble| (trouble.wait * 2).min(BACKOFF_LAST));
        self.trouble = Some(Trouble { next_attempt: Instant::now() + wait, wait });
        self.shared.pressure.disk_full.store(matches!(error, StoreError::Full(_)), Ordering::Release);
        let health = JournalHealth::of(error);
        if health.is_lost() {
            self.trouble = None;
            self.pending = None;
            self.shared.tapes.write().drain(..).for_each(|tape| tape.end(TapeState::LostOwnership));
            self.answer_all(&error.clone().into());
        }
        set_health(&self.shared, health);
        self.refuse_creations();
    }

    /// A session is not created on a failing disk: whoever asks is told at once.
    fn refuse_creations(&mut self) {
        let reason = self.shared.health.borrow().name();
        for command in std::mem::take(&mut self.waiting) {
            if command.created().is_some() {
                command.answer(Err(super::NotAdmitted::Unhealthy(reason).into()));
            } else {
                self.waiting.push_back(command);
            }
        }
    }

    fn answer_all(&mut self, error: &JournalError) {
        self.waiting.drain(..).for_each(|command| command.answer(Err(error.clone())));
    }

    /// Gives a failing disk the rest of its time to take what is left.
    async fn wind_up(&mut self, beat: &mut Interval) {
        let deadline = self.stopping.unwrap_or_else(Instant::now) + SHUTDOWN_PATIENCE;
        while self.trouble.is_some() && Instant::now() < deadline {
            beat.tick().await;
            self.attempt().await;
        }
        let lost = self.trouble.is_some();
        if lost {
            tracing::error!("journal shut down with records it could not commit");
        }
        self.answer_all(&JournalError::Stopped);
    }

    async fn close(&mut self) {
        self.commands.close();
        self.shared.tapes.write().drain(..).for_each(|tape| tape.end(TapeState::Closed));
        while let Some(command) = self.commands.recv().await {
            command.answer(Err(JournalError::Stopped));
        }
        if let Err(error) = self.store.close().await {
            tracing::warn!(%error, "journal store not closed cleanly");
        }
    }
}

/// Appends, and says so while it hangs.
async fn append(store: &dyn Store, row: &JournalRow, shared: &Shared) -> Result<(), StoreError> {
    let mut done = store.append(row);
    match tokio::time::timeout(COMMIT_STALL, &mut done).await {
        Ok(done) => done,
        Err(_) => {
            tracing::error!(stall = ?COMMIT_STALL, "journal commit hangs");
            let detail = format!("a commit has been taking more than {COMMIT_STALL:?}").into();
            set_health(shared, JournalHealth::Failing { detail });
            done.await
        }
    }
}

fn set_health(shared: &Shared, health: JournalHealth) {
    shared.health.send_if_modified(|present| {
        let changed = *present != health;
        *present = health;
        changed
    });
}
