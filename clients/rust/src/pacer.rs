//! How much time the next claim may cover: its own clock, held back while the bank is low.

use arrayvec::ArrayVec;
use combat_components::limits::{BANK_MS, CLAIM_HZ};

/// Claims on their way at 30 Hz over a round trip of two seconds.
const IN_FLIGHT_MAX: usize = 64;

/// Counts out `clientTick`.
#[derive(Clone, Debug)]
pub struct ClaimPacer {
    depth_ticks: u32,
    client_tick: u32,
    /// Own time of the last claim, in ticks.
    claimed_at: Option<u64>,
    /// `inputSeq` and `clientTick` of claims of the present pose epoch that are not acknowledged yet.
    in_flight: ArrayVec<(u32, u32), IN_FLIGHT_MAX>,
    /// What was in the bank at a server tick, after all claims up to a `clientTick`.
    bank_ticks: u32,
    bank_at_tick: u32,
    bank_after_client_tick: u32,
    is_anchored: bool,
    is_saving: bool,
    claim_ticks: u32,
    /// Claims nothing that moves until a third of the bank is there: a body cannot stand still at once.
    is_waiting: bool,
}

impl ClaimPacer {
    pub fn new(rate_hz: u32) -> Self {
        let depth_ticks =
            (u64::from(BANK_MS) * u64::from(rate_hz)).div_ceil(1_000) as u32 + rate_hz.div_ceil(CLAIM_HZ);
        Self {
            depth_ticks,
            client_tick: 0,
            claimed_at: None,
            in_flight: ArrayVec::new(),
            bank_ticks: 0,
            bank_at_tick: 0,
            bank_after_client_tick: 0,
            is_anchored: false,
            is_saving: false,
            claim_ticks: rate_hz.div_ceil(CLAIM_HZ),
            is_waiting: false,
        }
    }

    /// Starts with a `clientTick` above `client_tick`, so that it goes on rising over a new connection.
    pub fn starting_after(client_tick: u32, rate_hz: u32) -> Self {
        Self { client_tick, bank_after_client_tick: client_tick, ..Self::new(rate_hz) }
    }

    /// The most the bank holds: 250 ms and one claim interval.
    pub fn depth_ticks(&self) -> u32 {
        self.depth_ticks
    }

    pub fn client_tick(&self) -> u32 {
        self.client_tick
    }

    /// The server did not take a claim and corrected nothing: the next one covers its time and is drawn for it.
    pub fn held(&mut self, input_seq: u32) {
        self.in_flight.retain(|(in_flight, _)| *in_flight != input_seq);
    }

    /// The server says what was in the bank at `server_tick`, with every input up to `last_input_seq` taken.
    pub fn bank_reported(&mut self, bank_ticks: u32, server_tick: u32, last_input_seq: u32) {
        while let Some(&(input_seq, client_tick)) = self.in_flight.first() {
            if input_seq > last_input_seq {
                break;
            }
            self.bank_after_client_tick = client_tick;
            self.in_flight.remove(0);
        }
        (self.bank_ticks, self.bank_at_tick) = (bank_ticks, server_tick);
    }

    /// The server moved the body: the next claim sets its clock anew, and those on their way cost nothing.
    pub fn displaced(&mut self, bank_ticks: u32, server_tick: u32, is_overdrawn: bool) {
        self.in_flight.clear();
        self.is_anchored = false;
        self.is_waiting |= is_overdrawn;
        self.bank_after_client_tick = self.client_tick;
        (self.bank_ticks, self.bank_at_tick) = (bank_ticks, server_tick);
    }

    /// The server refused a claim: the body goes on from where it was at `client_tick`, now.
    pub fn set_back(&mut self, client_tick: u32, own_ticks: u64, (bank_ticks, server_tick): (u32, u32)) {
        self.in_flight.clear();
        (self.client_tick, self.bank_after_client_tick) = (client_tick, client_tick);
        (self.is_anchored, self.claimed_at) = (true, Some(own_ticks));
        (self.bank_ticks, self.bank_at_tick) = (bank_ticks, server_tick);
    }

    /// What will be left in the bank when a claim sent now arrives.
    pub fn bank_at(&self, server_tick: u32) -> u32 {
        let filled = self.bank_ticks.saturating_add(server_tick.saturating_sub(self.bank_at_tick));
        filled.min(self.depth_ticks).saturating_sub(self.client_tick - self.bank_after_client_tick)
    }

    /// How many ticks the next claim covers; `None` when it would come too soon or the bank is empty.
    ///
    /// 0 after a displacement: the next claim says where the body stands and moves nothing.
    pub fn ticks_due(&self, own_ticks: u64, server_tick: u32) -> Option<u32> {
        if !self.is_anchored {
            return Some(0);
        }
        if self.is_waiting && self.bank_at(server_tick) < self.depth_ticks / 3 {
            return None;
        }
        let elapsed = own_ticks.saturating_sub(self.claimed_at.unwrap_or(own_ticks));
        let elapsed = elapsed.min(self.depth_ticks.into()) as u32;
        let allowed = match (self.is_waiting, self.is_saving) {
            (true, _) => self.claim_ticks,
            (false, true) => (elapsed - elapsed / 4).min(elapsed.saturating_sub(1).max(1)),
            (false, false) => elapsed,
        };
        let ticks = elapsed.min(allowed).min(self.bank_at(server_tick));
        (ticks > 0).then_some(ticks)
    }

    /// Notes a claim that covers `ticks`, and returns its `clientTick`.
    pub fn claimed(&mut self, input_seq: u32, ticks: u32, own_ticks: u64, server_tick: u32) -> u32 {
        self.client_tick = self.client_tick.saturating_add(ticks.max(1));
        if !self.is_anchored {
            self.bank_after_client_tick = self.client_tick;
        }
        if self.in_flight.is_full() {
            self.in_flight.remove(0);
        }
        self.in_flight.push((input_seq, self.client_tick));
        self.claimed_at = Some(own_ticks);
        self.is_anchored = true;
        self.is_waiting &= ticks == 0;
        self.watch_bank(self.bank_at(server_tick));
        self.client_tick
    }

    /// Saves below a third of the bank, until two thirds are there.
    fn watch_bank(&mut self, bank_ticks: u32) {
        let third = self.depth_ticks / 3;
        if bank_ticks < third {
            self.is_saving = true;
        } else if bank_ticks >= 2 * third {
            self.is_saving = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The server's side of the bank, as the rules state it.
    struct Bank {
        origin: i64,
        client_tick: Option<u32>,
        depth: i64,
    }

    impl Bank {
        fn left(&self, now: u32) -> u32 {
            (i64::from(now) - self.origin).clamp(0, self.depth) as u32
        }

        fn take(&mut self, client_tick: u32, now: u32) -> bool {
            let drawn = self.client_tick.map_or(0, |last| client_tick - last);
            if drawn > self.left(now) {
                return false;
            }
            self.client_tick = Some(client_tick);
            self.origin = self.origin.max(i64::from(now) - self.depth) + i64::from(drawn);
            true
        }
    }

    fn bank(pacer: &ClaimPacer) -> Bank {
        Bank { origin: -1_000, client_tick: None, depth: pacer.depth_ticks().into() }
    }

    #[test]
    fn the_bank_is_as_deep_as_the_server_makes_it() {
        assert_eq!(ClaimPacer::new(128).depth_ticks(), 32 + 5);
        assert_eq!(ClaimPacer::new(16).depth_ticks(), 4 + 1);
    }

    #[test]
    fn a_steady_client_never_overdraws_and_covers_all_its_time() {
        let mut pacer = ClaimPacer::new(128);
        let mut bank = bank(&pacer);
        pacer.displaced(37, 0, false);
        let mut covered = 0;
        for claim in 0..300_u32 {
            let now = claim * 128 / 30;
            let ticks = pacer.ticks_due(now.into(), now).expect("a claim is due");
            covered += ticks;
            let client_tick = pacer.claimed(claim + 1, ticks, now.into(), now);
            assert!(bank.take(client_tick, now), "claim {claim}");
            pacer.bank_reported(bank.left(now), now, claim + 1);
        }
        assert_eq!(covered, 299 * 128 / 30);
    }

    #[test]
    fn a_client_that_slept_covers_no_more_than_the_bank_holds_and_recovers() {
        let mut pacer = ClaimPacer::new(128);
        let mut bank = bank(&pacer);
        let (mut now, mut seq) = (0, 0);
        for pause in [4, 4, 4, 1_000, 4, 4].into_iter().chain([4; 60]) {
            now += pause;
            seq += 1;
            let Some(ticks) = pacer.ticks_due(now.into(), now) else {
                continue;
            };
            let client_tick = pacer.claimed(seq, ticks, now.into(), now);
            assert!(bank.take(client_tick, now), "at {now}");
            pacer.bank_reported(bank.left(now), now, seq);
        }
        assert!(bank.left(now) >= pacer.depth_ticks() * 2 / 3, "{} left", bank.left(now));
    }

    #[test]
    fn after_an_overdraft_nothing_is_claimed_until_a_third_is_there_and_then_no_more_than_an_interval() {
        let mut pacer = ClaimPacer::new(128);
        let mut bank = bank(&pacer);
        bank.origin = 500;
        pacer.displaced(0, 500, true);
        assert_eq!(pacer.ticks_due(500, 500), Some(0), "the clock is set");
        assert!(bank.take(pacer.claimed(1, 0, 500, 500), 500));
        let moves = (501..600_u32).find(|now| pacer.ticks_due((*now).into(), *now).is_some());
        let now = moves.expect("the bank fills");
        assert!(bank.left(now) >= pacer.depth_ticks() / 3, "{} left", bank.left(now));
        let ticks = pacer.ticks_due(now.into(), now).expect("it is due");
        assert!((1..=5).contains(&ticks), "{ticks}");
        assert!(bank.take(pacer.claimed(2, ticks, now.into(), now), now));
        assert!(pacer.ticks_due(u64::from(now) + 4, now + 4).is_some(), "it goes on");
    }

    #[test]
    fn claims_without_an_answer_are_counted_against_the_bank() {
        let mut pacer = ClaimPacer::new(128);
        pacer.displaced(37, 0, false);
        pacer.claimed(1, 0, 0, 0);
        for claim in 1..=7_u32 {
            let now = claim * 4;
            let ticks = pacer.ticks_due(now.into(), 0).expect("something is left");
            pacer.claimed(claim + 1, ticks, now.into(), 0);
        }
        assert!(pacer.bank_at(0) <= 37 - 7 * 3, "{}", pacer.bank_at(0));
        pacer.bank_reported(37, 28, 8);
        assert_eq!(pacer.bank_at(28), 37);
    }

    #[test]
    fn the_time_of_a_held_claim_is_drawn_with_the_next_one() {
        let mut pacer = ClaimPacer::new(128);
        pacer.displaced(37, 0, false);
        pacer.claimed(1, 0, 0, 0);
        for (input_seq, own_ticks) in [(2, 10), (3, 18)] {
            pacer.claimed(input_seq, if input_seq == 2 { 10 } else { 8 }, own_ticks, 20);
        }
        pacer.held(3);
        pacer.bank_reported(10, 20, 3);
        assert_eq!(pacer.bank_at(20), 2, "of 10 in the bank, 8 belong to the held claim");
        assert_eq!(pacer.bank_at(80), 37 - 8);
        pacer.claimed(4, 29, 100, 80);
        pacer.bank_reported(0, 80, 4);
        assert_eq!(pacer.bank_at(80), 0);
    }

    #[test]
    fn what_is_remembered_of_claims_is_bounded() {
        let mut pacer = ClaimPacer::new(128);
        for claim in 0..10_000_u32 {
            pacer.claimed(claim + 1, 4, u64::from(claim) * 4, claim * 4);
        }
        assert!(pacer.in_flight.len() <= IN_FLIGHT_MAX);
    }
}
