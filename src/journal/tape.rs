//! A session's tape: what its shard thread appends to without ever waiting, until the writer has committed it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicUsize, Ordering};

use combat_components::ids::SessionId;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

/// Bytes of uncommitted records one session may hold: 60 s of 64 players at 128 Hz, keyframes included, take
/// about 4 MB; twice that leaves room for a backlog's keyframes.
pub const TAPE_BYTES_MAX: usize = 8 << 20;
/// Bytes of uncommitted records of all sessions: 60 s of what a machine at its best writes (about 2 MB/s), twice.
pub const TAPES_BYTES_MAX: usize = 256 << 20;
/// What a tape's buffers hold before they first grow: about three commits of ten players.
const TAPE_BYTES_START: usize = 16 << 10;
/// Batches between two commits, one per keyframe beside the first; a keyframe comes every few seconds.
const MARKS_START: usize = 8;
/// A fill of one whole, in the units of [`Tape::fill_permille`].
pub const FILL_WHOLE_PERMILLE: u32 = 1000;

const _: () = assert!(TAPE_BYTES_START < TAPE_BYTES_MAX && TAPE_BYTES_MAX < TAPES_BYTES_MAX);

/// What became of an offered batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// The tape holds it; the staging buffer is empty again.
    Taken,
    /// The writer is collecting this very moment; offer the same bytes again next tick.
    Busy,
    /// No room (or the tape is closed): nothing was taken and the session must not play on.
    Full,
}

/// Whether a tape takes records, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum TapeState {
    Open,
    /// Full, because the disk is; opens again by itself.
    SuspendedFull,
    /// Full, because the disk fails or lags; opens again by itself.
    SuspendedFailing,
    /// The session is finished in the store.
    Closed,
    /// Another process owns the store: this one must stop simulating the session at once.
    LostOwnership,
}

impl TapeState {
    /// As a word for metrics, logs and clients.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::SuspendedFull => "journal_full",
            Self::SuspendedFailing => "journal_failing",
            Self::Closed => "closed",
            Self::LostOwnership => "ownership_lost",
        }
    }
}

/// Why a wait for durability ended without it.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("the session's tape is {}", .0.name())]
pub struct NotDurable(pub TapeState);

/// Uncommitted bytes of all tapes, and why they may not drain.
#[derive(Debug, Default)]
pub(super) struct Pressure {
    pub bytes: AtomicUsize,
    pub disk_full: std::sync::atomic::AtomicBool,
}

/// A stretch of a tape's bytes that a chunk never splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub start: usize,
    pub first_tick: u32,
    pub last_tick: u32,
    pub keyframe: bool,
}

#[derive(Debug)]
struct Queued {
    bytes: Vec<u8>,
    marks: Vec<Mark>,
    /// The last tick ever taken.
    last_tick: u32,
}

/// How much a tape may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct TapeLimits {
    pub bytes: usize,
    pub all_bytes: usize,
    pub ticks: u32,
}

/// A session's records on their way to the disk.
#[derive(Debug)]
pub struct Tape {
    session: SessionId,
    epoch: u32,
    limits: TapeLimits,
    queued: Mutex<Queued>,
    /// The buffers the writer hands back at the next collection.
    spare: Mutex<(Vec<u8>, Vec<Mark>)>,
    /// Of every byte the writer has collected; `None` before the first.
    digest: Mutex<Option<Sha256>>,
    uncommitted_bytes: AtomicUsize,
    last_tick: AtomicU32,
    durable_tick: AtomicU32,
    state: AtomicU8,
    news: watch::Sender<u32>,
    pressure: Arc<Pressure>,
}

impl Tape {
    pub(super) fn new(
        session: SessionId,
        epoch: u32,
        base_tick: u32,
        limits: TapeLimits,
        pressure: Arc<Pressure>,
    ) -> Self {
        let buffers = || (Vec::with_capacity(TAPE_BYTES_START), Vec::with_capacity(MARKS_START));
        let (bytes, marks) = buffers();
        Self {
            session,
            epoch,
            limits,
            queued: Mutex::new(Queued { bytes, marks, last_tick: base_tick }),
            spare: Mutex::new(buffers()),
            digest: Mutex::new(None),
            uncommitted_bytes: AtomicUsize::new(0),
            last_tick: AtomicU32::new(base_tick),
            durable_tick: AtomicU32::new(base_tick),
            state: AtomicU8::new(TapeState::Open as u8),
            news: watch::Sender::new(base_tick),
            pressure,
        }
    }

    pub fn session(&self) -> SessionId {
        self.session
    }

    /// The epoch its records are committed under.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Offers the records of every tick after the last batch taken, up to and including `up_to_tick`, in which
    /// `keyframe` says whether a keyframe is among them. Never waits. The buffer is emptied only when taken.
    ///
    /// # Panics
    /// When `up_to_tick` is not above the last batch's: the recorder has lost count.
    pub fn offer(&self, staging: &mut Vec<u8>, up_to_tick: u32, keyframe: bool) -> Offer {
        let Some(mut queued) = self.queued.try_lock() else {
            return Offer::Busy;
        };
        if self.is_over() {
            return Offer::Full;
        }
        assert!(up_to_tick > queued.last_tick, "tick {up_to_tick} offered after tick {}", queued.last_tick);
        if !self.has_room(staging.len(), up_to_tick) {
            self.suspend();
            return Offer::Full;
        }
        let extends = !keyframe && !queued.marks.is_empty();
        if extends {
            let mark = queued.marks.last_mut().expect("checked to be there in the line above");
            mark.last_tick = up_to_tick;
        } else {
            let (start, first_tick) = (queued.bytes.len(), queued.last_tick + 1);
            queued.marks.push(Mark { start, first_tick, last_tick: up_to_tick, keyframe });
        }
        queued.bytes.extend_from_slice(staging);
        queued.last_tick = up_to_tick;
        self.last_tick.store(up_to_tick, Ordering::Release);
        self.uncommitted_bytes.fetch_add(staging.len(), Ordering::AcqRel);
        self.pressure.bytes.fetch_add(staging.len(), Ordering::AcqRel);
        staging.clear();
        self.state.store(TapeState::Open as u8, Ordering::Release);
        Offer::Taken
    }

    fn is_over(&self) -> bool {
        matches!(self.state(), TapeState::Closed | TapeState::LostOwnership)
    }

    fn has_room(&self, more: usize, up_to_tick: u32) -> bool {
        let bytes = self.uncommitted_bytes.load(Ordering::Acquire) + more;
        let all_bytes = self.pressure.bytes.load(Ordering::Acquire) + more;
        let ticks = up_to_tick.saturating_sub(self.durable_tick());
        bytes <= self.limits.bytes && all_bytes <= self.limits.all_bytes && ticks <= self.limits.ticks
    }

    fn suspend(&self) {
        let full = self.pressure.disk_full.load(Ordering::Acquire);
        let state = if full { TapeState::SuspendedFull } else { TapeState::SuspendedFailing };
        self.state.store(state as u8, Ordering::Release);
    }

    /// The newest tick that is committed: what was created or resumed at, before the first commit.
    pub fn durable_tick(&self) -> u32 {
        self.durable_tick.load(Ordering::Acquire)
    }

    /// The newest tick taken.
    pub fn last_tick(&self) -> u32 {
        self.last_tick.load(Ordering::Acquire)
    }

    pub fn state(&self) -> TapeState {
        match self.state.load(Ordering::Acquire) {
            state if state == TapeState::Open as u8 => TapeState::Open,
            state if state == TapeState::SuspendedFull as u8 => TapeState::SuspendedFull,
            state if state == TapeState::SuspendedFailing as u8 => TapeState::SuspendedFailing,
            state if state == TapeState::Closed as u8 => TapeState::Closed,
            _ => TapeState::LostOwnership,
        }
    }

    /// How full the tape is, 1000 being [`Offer::Full`].
    pub fn fill_permille(&self) -> u32 {
        let bytes = self.uncommitted_bytes.load(Ordering::Acquire) * FILL_WHOLE_PERMILLE as usize;
        let ticks = u64::from(self.lag_ticks()) * u64::from(FILL_WHOLE_PERMILLE);
        let by_bytes = bytes / self.limits.bytes.max(1);
        let by_ticks = ticks / u64::from(self.limits.ticks.max(1));
        (by_bytes as u64).max(by_ticks).min(u64::from(FILL_WHOLE_PERMILLE)) as u32
    }

    /// Ticks taken but not committed.
    pub fn lag_ticks(&self) -> u32 {
        self.last_tick().saturating_sub(self.durable_tick())
    }

    /// Follows the durable tick; closed when the tape is dropped.
    pub fn subscribe(&self) -> watch::Receiver<u32> {
        self.news.subscribe()
    }

    /// Waits until `tick` is durable.
    ///
    /// # Errors
    /// When the tape was closed or ownership was lost before that.
    pub async fn wait_durable(&self, tick: u32) -> Result<(), NotDurable> {
        let mut news = self.news.subscribe();
        loop {
            if *news.borrow_and_update() >= tick {
                return Ok(());
            }
            if self.is_over() || news.changed().await.is_err() {
                return Err(NotDurable(self.state()));
            }
        }
    }

    /// Takes everything queued, giving the caller's closure the bytes and their marks.
    pub(super) fn collect(&self, visit: impl FnOnce(&[u8], &[Mark])) {
        let mut spare = self.spare.lock();
        {
            let mut queued = self.queued.lock();
            if queued.marks.is_empty() {
                return;
            }
            std::mem::swap(&mut queued.bytes, &mut spare.0);
            std::mem::swap(&mut queued.marks, &mut spare.1);
        }
        let (bytes, marks) = &mut *spare;
        visit(bytes, marks);
        self.digest.lock().get_or_insert_default().update(&*bytes);
        bytes.clear();
        marks.clear();
        // What a backlog has swollen is given back; the steady size stays.
        bytes.shrink_to(TAPE_BYTES_START * 16);
    }

    /// SHA-256 of every record collected so far, in order; what is collected is committed or the tape is lost.
    /// `None` when there was none.
    pub fn digest(&self) -> Option<[u8; 32]> {
        self.digest.lock().clone().map(|running| running.finalize().into())
    }

    /// As while the writer collects: until what is given back is dropped, every offer is answered [`Offer::Busy`].
    #[cfg(test)]
    #[must_use]
    pub(crate) fn collecting(&self) -> impl Sized {
        self.queued.lock()
    }

    /// Tells everyone that the ticks up to `tick` are committed, `bytes` of them newly.
    pub(super) fn publish(&self, tick: u32, bytes: usize) {
        self.uncommitted_bytes.fetch_sub(bytes, Ordering::AcqRel);
        self.pressure.bytes.fetch_sub(bytes, Ordering::AcqRel);
        self.durable_tick.store(tick, Ordering::Release);
        self.news.send_replace(tick);
    }

    /// Takes no more; whoever waits is told.
    pub(super) fn end(&self, state: TapeState) {
        let queued = self.queued.lock();
        self.state.store(state as u8, Ordering::Release);
        drop(queued);
        self.news.send_modify(|_| ());
    }
}

impl Drop for Tape {
    fn drop(&mut self) {
        self.pressure.bytes.fetch_sub(self.uncommitted_bytes.load(Ordering::Acquire), Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tape(bytes: usize, ticks: u32) -> Tape {
        let limits = TapeLimits { bytes, all_bytes: TAPES_BYTES_MAX, ticks };
        Tape::new(SessionId([7; 16]), 1, 0, limits, Arc::default())
    }

    #[test]
    fn batches_without_a_keyframe_are_joined_and_one_with_it_starts_anew() {
        let tape = tape(1000, 1000);
        for (tick, keyframe) in [(1, false), (2, false), (4, true), (5, false)] {
            assert_eq!(tape.offer(&mut vec![tick as u8; 3], tick, keyframe), Offer::Taken);
        }
        let mut seen = Vec::new();
        tape.collect(|bytes, marks| {
            assert_eq!(bytes.len(), 12);
            seen.extend_from_slice(marks);
        });
        let expected = [
            Mark { start: 0, first_tick: 1, last_tick: 2, keyframe: false },
            Mark { start: 6, first_tick: 3, last_tick: 5, keyframe: true },
        ];
        assert_eq!(seen, expected);
        tape.collect(|_, _| panic!("nothing was queued since"));
    }

    #[test]
    fn a_full_tape_takes_nothing_and_opens_again_when_its_bytes_are_committed() {
        let tape = tape(10, 1000);
        assert_eq!(tape.offer(&mut vec![0; 8], 1, false), Offer::Taken);
        let mut staging = vec![1; 3];
        assert_eq!(tape.offer(&mut staging, 2, false), Offer::Full);
        assert_eq!((staging.len(), tape.state()), (3, TapeState::SuspendedFailing));
        assert_eq!(tape.fill_permille(), 800);
        tape.collect(|_, _| ());
        assert_eq!(tape.offer(&mut staging, 2, false), Offer::Full, "collected is not committed");
        tape.publish(1, 8);
        assert_eq!(tape.offer(&mut staging, 2, false), Offer::Taken);
        assert_eq!((staging.len(), tape.state(), tape.durable_tick()), (0, TapeState::Open, 1));
    }

    #[test]
    fn a_tape_is_full_by_time_even_when_its_records_are_small() {
        let tape = tape(1000, 4);
        for tick in 1..=4 {
            assert_eq!(tape.offer(&mut vec![0], tick, false), Offer::Taken);
        }
        assert_eq!(tape.fill_permille(), 1000);
        assert_eq!(tape.offer(&mut vec![0], 5, false), Offer::Full);
    }

    #[test]
    fn a_collecting_writer_makes_the_shard_keep_its_bytes() {
        let tape = tape(1000, 1000);
        let held = tape.queued.lock();
        let mut staging = vec![1, 2, 3];
        assert_eq!(tape.offer(&mut staging, 1, false), Offer::Busy);
        assert_eq!(staging, [1, 2, 3]);
        drop(held);
        assert_eq!(tape.offer(&mut staging, 2, false), Offer::Taken);
    }

    #[test]
    fn a_closed_tape_takes_nothing_and_ends_every_wait() {
        let tape = tape(1000, 1000);
        tape.end(TapeState::Closed);
        assert_eq!(tape.offer(&mut vec![1], 1, false), Offer::Full);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        assert_eq!(runtime.block_on(tape.wait_durable(1)), Err(NotDurable(TapeState::Closed)));
        assert_eq!(runtime.block_on(tape.wait_durable(0)), Ok(()));
    }
}
