//! A connection, as an audience sends to it: what is known of it, and how it takes what is sent. Nobody ever waits for a
//! slow reader.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, Ordering};

use bytes::Bytes;
use combat_components::ids::Epoch;
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_protocol::close::CloseCode;

/// Frames that may wait for a socket before it is skipped: one being written, one to follow.
pub const FRAMES_PENDING_MAX: usize = 2;

/// Until the first measurement, a connection is taken to be this far away.
const RTT_UNKNOWN_MS: u32 = 250;

/// An outbox: where what is sent to one connection goes. Dropped, it ends the connection once what waits is written.
pub trait Connection {
    fn facts(&self) -> &LinkFacts;

    /// Whether the connection has gone.
    fn is_closed(&self) -> bool;

    /// The public part shared by a lane, the part of its owner, or both, in one write. `false` when the reader is gone or
    /// hopelessly behind: the connection is then to be dropped.
    #[must_use]
    fn send_frame(&self, public: Option<Bytes>, own: Option<Bytes>) -> bool;

    /// What is neither skipped nor replaced; `false` as above.
    #[must_use]
    fn send_reliable(&self, message: Bytes) -> bool;

    /// Closes the connection once what waits is written.
    fn close(self, code: CloseCode)
    where
        Self: Sized,
    {
        self.facts().set_close_code(code);
    }

    /// Closes the connection for what the player did, once what waits is written.
    fn close_because(self, code: CloseCode, reason: Reason)
    where
        Self: Sized,
    {
        self.facts().set_close_reason(reason);
        self.close(code);
    }
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

    /// A frame waits for the socket.
    pub fn note_frame_queued(&self) {
        self.frames_pending.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether a frame sent now would be written soon.
    pub fn has_room_for_frame(&self) -> bool {
        self.frames_pending.load(Ordering::Acquire) < FRAMES_PENDING_MAX as u32
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

    pub fn set_close_code(&self, code: CloseCode) {
        self.close.store(code as u16, Ordering::Release);
    }

    pub fn set_close_reason(&self, reason: Reason) {
        self.close_reason.store(reason.number(), Ordering::Release);
    }

    /// What of the simulation's reasons goes with the code.
    pub fn close_reason(&self) -> Option<Reason> {
        Reason::from_number(self.close_reason.load(Ordering::Acquire))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_older_word_takes_no_newer_one_back_but_counts_as_a_word() {
        let facts = LinkFacts::new();
        let heard = [(1, 90), (2, 5), (1, 99), (2, 4)].map(|(epoch, tick)| {
            facts.note_seen(Epoch(epoch), Tick(tick));
            (facts.seen(), facts.words())
        });
        let newest = (Epoch(2), Tick(5));
        let expected = [((Epoch(1), Tick(90)), 1), (newest, 2), (newest, 3), (newest, 4)];
        assert_eq!(heard, expected, "a newer epoch is newer whatever its ticks");
    }

    #[test]
    fn until_it_is_measured_a_connection_is_taken_to_be_far_away() {
        let facts = LinkFacts::new();
        assert_eq!((facts.rtt_ms(), u32::from(facts.rtt_least_ms())), (RTT_UNKNOWN_MS, RTT_UNKNOWN_MS));
    }

    #[test]
    fn there_is_room_for_a_frame_until_one_is_written_and_one_waits() {
        let facts = LinkFacts::new();
        let room = [(); FRAMES_PENDING_MAX + 1].map(|()| {
            let has_room = facts.has_room_for_frame();
            facts.note_frame_queued();
            has_room
        });
        assert_eq!(room, [true, true, false]);
        (0..FRAMES_PENDING_MAX).for_each(|_| facts.note_frame_written());
        assert!(facts.has_room_for_frame(), "one of three is still written");
    }
}
