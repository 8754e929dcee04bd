//! The journal: every session's records on the disk before anyone is told that they are durable.
//!
//! It carries opaque bytes per session and tick and knows nothing of the simulation; SQL is the store's.

mod batch;
mod commands;
mod compaction;
mod health;
mod housekeeper;
mod index;
mod log_reader;
mod resume;
pub mod row;
mod scan;
mod tape;
#[cfg(test)]
mod tests;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use combat_components::ids::SessionId;
use parking_lot::{Mutex, RwLock};
use tokio::sync::{mpsc, oneshot, watch};

pub use self::commands::JournalError;
use self::commands::{Command, Request};
pub use self::health::{CommitObserver, JournalHealth, JournalLag, JournalStats, NotAdmitted};
use self::index::RowIndex;
pub use self::log_reader::{ListedSession, SessionLog, list};
pub use self::resume::{EarlierPieces, LiveSession, LostTail, OpenReport};
pub use self::scan::{BASE_TICK, Damage, DamageCause, LogPiece};
use self::tape::{FILL_WHOLE_PERMILLE, Pressure, TAPE_BYTES_MAX, TAPES_BYTES_MAX, TapeLimits};
pub use self::tape::{NotDurable, Offer, Tape, TapeState};
pub use self::writer::SHUTDOWN_PATIENCE;
use crate::store::Store;
pub use crate::store::{
    Blob, Finish, NewSession, PeopleRead, PeopleStore, PersonRow, SessionQuery, SessionRow, StoreError,
    StoreRead, StoredStatus,
};

/// Requests that may wait for the writer: one per session at the default limit, and some.
const COMMANDS_MAX: usize = 256;
/// Above this share of its cap the store prunes finished sessions and takes no new ones in.
pub const CAP_PRUNE_PERCENT: u64 = 80;
/// Above this fill of any tape, or of all of them, no new session is taken in.
const ADMISSION_FILL_PERMILLE: u32 = FILL_WHOLE_PERMILLE / 2;
/// Requests for a housekeeping round that may wait: tests and the drain ask one at a time.
const ROUND_REQUESTS_MAX: usize = 4;

/// How a journal is run.
#[derive(Clone, Debug)]
pub struct JournalConfig {
    /// Who claims the store, for whoever looks into it.
    pub owner: String,
    /// The longest time between two commits.
    pub commit_every: Duration,
    /// How much play a session may hold uncommitted before it is suspended.
    pub ring_span: Duration,
    /// How often compaction and pruning look for work by themselves.
    pub house_every: Duration,
    /// What the store may take on the disk.
    pub cap_bytes: u64,
    /// How long finished sessions are kept.
    pub keep_ended: Duration,
    /// The wall clock: microseconds since 1970.
    pub now_unix_us: fn() -> u64,
    /// Told how long each commit took.
    pub observer: Option<CommitObserver>,
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self {
            owner: format!("process {}", std::process::id()),
            commit_every: Duration::from_millis(20),
            ring_span: Duration::from_secs(60),
            house_every: housekeeper::HOUSE_EVERY,
            cap_bytes: 8 << 30,
            keep_ended: Duration::from_secs(24 * 60 * 60),
            now_unix_us: unix_us,
            observer: None,
        }
    }
}

fn unix_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// What the writer, the housekeeper and everyone asking share.
#[derive(Debug)]
struct Shared {
    tapes: RwLock<Vec<Arc<Tape>>>,
    pressure: Arc<Pressure>,
    index: Mutex<RowIndex>,
    health: watch::Sender<JournalHealth>,
    stats: JournalStats,
    over_cap: AtomicBool,
    restart_log: AtomicBool,
}

/// The journal of one process. Dropping it commits what is left, as far as the disk lets it.
pub struct Journal {
    store: Arc<dyn Store>,
    shared: Arc<Shared>,
    config: JournalConfig,
    commands: mpsc::Sender<Command>,
    rounds: mpsc::Sender<housekeeper::RoundRequest>,
    thread: Mutex<Option<std::thread::JoinHandle<()>>>,
}

impl Journal {
    /// Claims the store, reads what its last owner left and starts the writer's thread.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn open(
        store: Arc<dyn Store>,
        config: JournalConfig,
    ) -> Result<(Self, OpenReport), StoreError> {
        let owner_epoch = store.claim(&config.owner).await?;
        let mut resumed = resume::read(&store).await?;
        resumed.report.owner_epoch = owner_epoch;
        let shared = Arc::new(Shared {
            tapes: RwLock::default(),
            pressure: Arc::default(),
            index: Mutex::new(std::mem::take(&mut resumed.index)),
            health: watch::Sender::new(JournalHealth::Healthy),
            stats: JournalStats::default(),
            over_cap: AtomicBool::new(false),
            restart_log: AtomicBool::new(false),
        });
        let (commands, commands_in) = mpsc::channel(COMMANDS_MAX);
        let (rounds, rounds_in) = mpsc::channel(ROUND_REQUESTS_MAX);
        let writer =
            writer::Writer::new(Arc::clone(&store), Arc::clone(&shared), &config, commands_in, &resumed);
        let (kept, settings) = (Arc::clone(&store), config.clone());
        let keeper = housekeeper::Housekeeper::new(kept, Arc::clone(&shared), settings, rounds_in);
        let thread = writer::spawn(writer, keeper).map_err(|error| StoreError::Failing(error.to_string()))?;
        let thread = Mutex::new(Some(thread));
        Ok((Self { store, shared, config, commands, rounds, thread }, resumed.report))
    }

    /// Creates a session; answers after its commit with the tape its records go to, from tick 1 on.
    ///
    /// # Errors
    /// [`JournalError::NotAdmitted`], or what the store answers; a failing disk is told at once.
    pub async fn create(&self, session: NewSession, tick_rate_hz: u32) -> Result<Arc<Tape>, JournalError> {
        self.admission()?;
        let tape = self.tape(session.id, 1, BASE_TICK, tick_rate_hz);
        self.ask(Request::Create(session, Arc::clone(&tape))).await?;
        Ok(tape)
    }

    /// Takes a live session up again after `last_tick` in a higher `epoch`; answers after its commit.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn resume(
        &self,
        id: SessionId,
        epoch: u32,
        last_tick: u32,
        tick_rate_hz: u32,
    ) -> Result<Arc<Tape>, JournalError> {
        let tape = self.tape(id, epoch, last_tick, tick_rate_hz);
        self.ask(Request::Resume(Arc::clone(&tape))).await?;
        Ok(tape)
    }

    fn tape(&self, id: SessionId, epoch: u32, base_tick: u32, tick_rate_hz: u32) -> Arc<Tape> {
        let ticks = self.config.ring_span.as_millis() * u128::from(tick_rate_hz) / 1000;
        let ticks = u32::try_from(ticks).unwrap_or(u32::MAX).max(1);
        let limits = TapeLimits { bytes: TAPE_BYTES_MAX, all_bytes: TAPES_BYTES_MAX, ticks };
        Arc::new(Tape::new(id, epoch, base_tick, limits, Arc::clone(&self.shared.pressure)))
    }

    /// Commits everything the session's tape holds, marks it finished and closes the tape. Also for sessions
    /// without a tape, such as one found damaged at the start. Each session has one end, which waits its turn.
    ///
    /// # Errors
    /// What the store answers; a failing disk is waited for, and a full queue.
    pub async fn finish(&self, finish: Finish) -> Result<(), JournalError> {
        let (answer, answered) = oneshot::channel();
        let command = Command { request: Request::Finish(finish), answer };
        self.commands.send(command).await.map_err(|_| JournalError::Stopped)?;
        answered.await.unwrap_or(Err(JournalError::Stopped))
    }

    /// Keeps a verification's result with the session.
    ///
    /// # Errors
    /// What the store answers; a failing disk is waited for.
    pub async fn set_verify(&self, id: SessionId, result: Vec<u8>) -> Result<(), JournalError> {
        self.ask(Request::Verify(id, result)).await
    }

    /// Keeps a map or a ruleset under its content hash.
    ///
    /// # Errors
    /// What the store answers; a failing disk is waited for.
    pub async fn put_blob(&self, blob: Blob) -> Result<(), JournalError> {
        self.ask(Request::Blob(blob)).await
    }

    /// Answers when everything offered before is committed.
    ///
    /// # Errors
    /// What the store answers; a failing disk is waited for.
    pub async fn flush(&self) -> Result<(), JournalError> {
        self.ask(Request::Flush).await
    }

    /// Commits everything offered, ends the writer and closes the store. Later calls answer
    /// [`JournalError::Stopped`].
    ///
    /// # Errors
    /// When something could not be committed within [`SHUTDOWN_PATIENCE`].
    pub async fn shutdown(&self) -> Result<(), JournalError> {
        let answer = self.ask(Request::Shutdown).await;
        let thread = self.thread.lock().take();
        if let Some(thread) = thread {
            // It has answered and is only closing files; should it have panicked, the answer says so.
            let _ = tokio::task::spawn_blocking(move || thread.join()).await;
        }
        answer
    }

    async fn ask(&self, request: Request) -> Result<(), JournalError> {
        let (answer, answered) = oneshot::channel();
        let sent = self.commands.try_send(Command { request, answer });
        sent.map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => JournalError::Busy,
            mpsc::error::TrySendError::Closed(_) => JournalError::Stopped,
        })?;
        answered.await.unwrap_or(Err(JournalError::Stopped))
    }

    /// Runs compaction, a checkpoint and pruning at once instead of at their time.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn keep_house(&self) -> Result<(), JournalError> {
        let (answer, answered) = oneshot::channel();
        self.rounds.send(answer).await.map_err(|_| JournalError::Stopped)?;
        answered.await.unwrap_or(Err(StoreError::Failing("housekeeping ended".into()))).map_err(Into::into)
    }

    /// Whether a new session may be taken in.
    ///
    /// # Errors
    /// Why not.
    pub fn admission(&self) -> Result<(), NotAdmitted> {
        let health = self.shared.health.borrow().name();
        if health != JournalHealth::Healthy.name() {
            return Err(NotAdmitted::Unhealthy(health));
        }
        if self.lag().fill_permille > ADMISSION_FILL_PERMILLE {
            return Err(NotAdmitted::TapesHalfFull);
        }
        if self.shared.over_cap.load(Ordering::Acquire) {
            return Err(NotAdmitted::StoreNearlyFull);
        }
        Ok(())
    }

    /// Follows whether commits succeed.
    pub fn health(&self) -> watch::Receiver<JournalHealth> {
        self.shared.health.subscribe()
    }

    pub fn stats(&self) -> &JournalStats {
        &self.shared.stats
    }

    /// What waits for the disk at this moment.
    pub fn lag(&self) -> JournalLag {
        let tapes = self.shared.tapes.read();
        let bytes = self.shared.pressure.bytes.load(Ordering::Acquire);
        let all = (bytes * FILL_WHOLE_PERMILLE as usize / TAPES_BYTES_MAX) as u32;
        JournalLag {
            lag_ms: if bytes == 0 { 0 } else { self.shared.stats.since_caught_up_ms() },
            lag_ticks: tapes.iter().map(|tape| tape.lag_ticks()).max().unwrap_or(0),
            fill_permille: tapes.iter().map(|tape| tape.fill_permille()).max().unwrap_or(0).max(all),
            uncommitted_bytes: bytes as u64,
        }
    }

    /// The side table of persons: written apart from the records, and on the disk no later than what is written after.
    pub fn people(&self) -> Arc<dyn PeopleStore> {
        Arc::clone(&self.store) as Arc<dyn PeopleStore>
    }

    /// The store, for reading: [`SessionLog::open`], [`list`], sessions and blobs.
    pub fn reader(&self) -> Arc<dyn StoreRead> {
        Arc::clone(&self.store) as Arc<dyn StoreRead>
    }
}
