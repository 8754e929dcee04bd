//! What a generator counts and measures. Times are microseconds.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;

/// What one microsecond to one minute is measured with.
const SIGNIFICANT_DIGITS: u8 = 3;
const LEAST_US: u64 = 1;
const MOST_US: u64 = 60_000_000;

/// A reply that has not come after this long is lost, and counts as this much.
pub const REPLY_TIMEOUT_US: u64 = 5_000_000;

pub fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(LEAST_US, MOST_US, SIGNIFICANT_DIGITS).expect("the bounds are sound")
}

/// Adds a time, held to what the histogram can tell apart.
pub fn record(into: &mut Histogram<u64>, us: u64) {
    into.saturating_record(us.clamp(LEAST_US, MOST_US));
}

/// Everything one generator has found out.
#[derive(Clone, Debug)]
pub struct Figures {
    /// From the intended time of a claim that asks for it to its acknowledgement.
    pub claim_ack: Histogram<u64>,
    /// From the intended time of an attack to its verdict.
    pub attack_verdict: Histogram<u64>,
    /// From the intended to the actual time of each slot of the schedule.
    pub lateness: Histogram<u64>,
    /// Replies that a living connection never brought.
    pub lost: u64,
    /// Replies outstanding when a connection broke, and not covered by the next welcome.
    pub interrupted: u64,
    pub claims: u64,
    pub attacks: u64,
    /// Slots in which the protocol told the client to hold its tongue: dead, frozen, bank empty.
    pub held: u64,
    /// Slots in which there was no connection.
    pub offline: u64,
    pub snapshots: u64,
    pub deltas: u64,
    /// Own parts that did not come with a frame of the same tick.
    pub own_alone: u64,
    /// Events, pongs and status messages.
    pub others: u64,
    pub bytes_down: u64,
    pub reconnects: u64,
    pub corrections: u64,
    pub view_hashes: u64,
    pub view_hash_mismatches: u64,
    /// Frames that did not fit the view held.
    pub frames_refused: u64,
    /// Refused attacks by reason, for reading the figures: a refusal is an answer.
    pub refusals: BTreeMap<&'static str, u64>,
    /// Players that were closed for good, by close code.
    pub closed: BTreeMap<u16, u64>,
    /// Of the generators' threads, from the start to the end of the measurement.
    pub cpu_us: u64,
}

impl Default for Figures {
    fn default() -> Self {
        Self {
            claim_ack: histogram(),
            attack_verdict: histogram(),
            lateness: histogram(),
            lost: 0,
            interrupted: 0,
            claims: 0,
            attacks: 0,
            held: 0,
            offline: 0,
            snapshots: 0,
            deltas: 0,
            own_alone: 0,
            others: 0,
            bytes_down: 0,
            reconnects: 0,
            corrections: 0,
            view_hashes: 0,
            view_hash_mismatches: 0,
            frames_refused: 0,
            refusals: BTreeMap::new(),
            closed: BTreeMap::new(),
            cpu_us: 0,
        }
    }
}

impl Figures {
    /// Adds another generator's figures.
    pub fn add(&mut self, other: &Self) {
        let bounds = "all histograms have the same bounds";
        self.claim_ack.add(&other.claim_ack).expect(bounds);
        self.attack_verdict.add(&other.attack_verdict).expect(bounds);
        self.lateness.add(&other.lateness).expect(bounds);
        let sums = [
            (&mut self.lost, other.lost),
            (&mut self.interrupted, other.interrupted),
            (&mut self.claims, other.claims),
            (&mut self.attacks, other.attacks),
            (&mut self.held, other.held),
            (&mut self.offline, other.offline),
            (&mut self.snapshots, other.snapshots),
            (&mut self.deltas, other.deltas),
            (&mut self.own_alone, other.own_alone),
            (&mut self.others, other.others),
            (&mut self.bytes_down, other.bytes_down),
            (&mut self.reconnects, other.reconnects),
            (&mut self.corrections, other.corrections),
            (&mut self.view_hashes, other.view_hashes),
            (&mut self.view_hash_mismatches, other.view_hash_mismatches),
            (&mut self.frames_refused, other.frames_refused),
            (&mut self.cpu_us, other.cpu_us),
        ];
        sums.into_iter().for_each(|(sum, more)| *sum += more);
        other.refusals.iter().for_each(|(reason, count)| *self.refusals.entry(reason).or_default() += count);
        other.closed.iter().for_each(|(code, count)| *self.closed.entry(*code).or_default() += count);
    }
}
