//! What a session sends to one connection, and what it knows of it. Nobody ever waits for a slow reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

use bytes::Bytes;
use combat_components::ids::Epoch;
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_protocol::close::CloseCode;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

/// Messages that may wait for a socket: a reader this far behind on reliable events is closed as too slow.
pub const OUTBOX_CAPACITY: usize = 256;

/// Frames that may wait for a socket before it is skipped: one being written, one to follow.
pub const FRAMES_PENDING_MAX: usize = 2;

/// Until the first measurement, a connection is taken to be this far away.
const RTT_UNKNOWN_MS: u32 = 250;

const _: () = assert!(FRAMES_PENDING_MAX < OUTBOX_CAPACITY);

/// One write to a socket.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// The public part shared by its view, the part of its owner, or both.
    Frame {
        public: Option<Bytes>,
        own: Option<Bytes>,
    },
    Reliable(Bytes),
}

/// What a connection's task and its session tell each other without messages.
#[derive(Debug)]
pub struct LinkFacts {
    seen: AtomicU64,
    words: AtomicU32,
    rtt_ms: AtomicU32,
    rtt_least_ms: AtomicU32,
    frames_pending: AtomicU32,
    frames_skipped: AtomicU64,
    close: AtomicU16,
    /// Number of the reason beside the code; 0 for none.
    close_reason: AtomicU8,
    bank_ticks: AtomicU32,
    shown_tick: AtomicU32,
}

impl LinkFacts {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            seen: AtomicU64::new(0),
            words: AtomicU32::new(0),
            rtt_ms: AtomicU32::new(RTT_UNKNOWN_MS),
            rtt_least_ms: AtomicU32::new(RTT_UNKNOWN_MS),
            frames_pending: AtomicU32::new(0),
            frames_skipped: AtomicU64::new(0),
            close: AtomicU16::new(0),
            close_reason: AtomicU8::new(0),
            bank_ticks: AtomicU32::new(0),
            shown_tick: AtomicU32::new(0),
        })
    }

    /// The client's word: the newest frame it has processed. An older word never takes a newer one back.
    pub fn note_seen(&self, epoch: Epoch, tick: Tick) {
        self.seen.fetch_max(u64::from(epoch.0) << 32 | u64::from(tick.0), Ordering::Relaxed);
        self.words.fetch_add(1, Ordering::Release);
    }

    pub fn seen(&self) -> (Epoch, Tick) {
        let seen = self.seen.load(Ordering::Relaxed);
        (Epoch((seen >> 32) as u32), Tick(seen as u32))
    }

    /// How many words have come; a change means that the client is reading again.
    pub fn words(&self) -> u32 {
        self.words.load(Ordering::Acquire)
    }

    pub fn note_rtt(&self, rtt_ms: u32, least_ms: u32) {
        self.rtt_ms.store(rtt_ms, Ordering::Relaxed);
        self.rtt_least_ms.store(least_ms, Ordering::Relaxed);
    }

    pub fn rtt_ms(&self) -> u32 {
        self.rtt_ms.load(Ordering::Relaxed)
    }

    /// Least of the last 2 s, quantised as it is logged.
    pub fn rtt_least_ms(&self) -> u16 {
        self.rtt_least_ms.load(Ordering::Relaxed).min(u32::from(u16::MAX)) as u16
    }

    pub fn note_frame_written(&self) {
        self.frames_pending.fetch_sub(1, Ordering::AcqRel);
    }

    pub fn frames_skipped(&self) -> u64 {
        self.frames_skipped.load(Ordering::Relaxed)
    }

    pub fn note_frame_skipped(&self) {
        self.frames_skipped.fetch_add(1, Ordering::Relaxed);
    }

    /// What is left in the player's bank, as of the last frame.
    pub fn bank_ticks(&self) -> u32 {
        self.bank_ticks.load(Ordering::Relaxed)
    }

    pub fn note_bank(&self, bank_ticks: u32) {
        self.bank_ticks.store(bank_ticks, Ordering::Relaxed);
    }

    /// The newest tick that has been sent.
    pub fn shown_tick(&self) -> Tick {
        Tick(self.shown_tick.load(Ordering::Relaxed))
    }

    pub fn note_shown(&self, tick: Tick) {
        self.shown_tick.store(tick.0, Ordering::Relaxed);
    }

    /// Why the session closed the outbox.
    pub fn close_code(&self) -> CloseCode {
        CloseCode::from_number(self.close.load(Ordering::Acquire)).unwrap_or(CloseCode::GoingAway)
    }

    /// What of the simulation's reasons goes with the code.
    pub fn close_reason(&self) -> Option<Reason> {
        Reason::from_number(self.close_reason.load(Ordering::Acquire))
    }
}

/// The session's end of a connection. Dropped, it closes the connection once what waits is written.
#[derive(Debug)]
pub struct Outbox {
    sender: mpsc::Sender<Outgoing>,
    facts: Arc<LinkFacts>,
}

/// The connection's end.
pub type OutboxReader = mpsc::Receiver<Outgoing>;

impl Outbox {
    pub fn new() -> (Self, OutboxReader, Arc<LinkFacts>) {
        let (sender, reader) = mpsc::channel(OUTBOX_CAPACITY);
        let facts = LinkFacts::new();
        (Self { sender, facts: facts.clone() }, reader, facts)
    }

    pub fn facts(&self) -> &LinkFacts {
        &self.facts
    }

    /// Whether the connection has gone.
    pub fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Whether a frame sent now would be written soon.
    pub fn has_room_for_frame(&self) -> bool {
        self.facts.frames_pending.load(Ordering::Acquire) < FRAMES_PENDING_MAX as u32
    }

    /// `false` when the reader is gone or hopelessly behind: the connection is then to be dropped.
    #[must_use]
    pub fn send_frame(&self, public: Option<Bytes>, own: Option<Bytes>) -> bool {
        self.facts.frames_pending.fetch_add(1, Ordering::AcqRel);
        self.send(Outgoing::Frame { public, own })
    }

    /// `false` when the reader is gone or hopelessly behind: the connection is then to be dropped.
    #[must_use]
    pub fn send_reliable(&self, message: Bytes) -> bool {
        self.send(Outgoing::Reliable(message))
    }

    fn send(&self, message: Outgoing) -> bool {
        let sent = self.sender.try_send(message);
        if matches!(sent, Err(TrySendError::Full(_))) {
            self.facts.close.store(CloseCode::TooSlow as u16, Ordering::Release);
        }
        sent.is_ok()
    }

    /// Closes the connection for what the player did, once what waits is written.
    pub fn close_because(self, code: CloseCode, reason: Reason) {
        self.facts.close_reason.store(reason.number(), Ordering::Release);
        self.close(code);
    }

    /// Closes the connection once what waits is written.
    pub fn close(self, code: CloseCode) {
        self.facts.close.store(code as u16, Ordering::Release);
    }
}
