//! When each virtual player does what: fixed rates, random phases, never waiting for an answer.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use combat_components::streams::Stream;

/// Slots lie on a grid this fine, so that one wake-up serves the players of a grid point.
const GRID_US: u64 = 250;

/// Pings and words of the silent: often enough for four words a second.
pub const UPKEEP_EVERY_US: u64 = 200_000;

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Deed {
    Claim,
    Attack,
    Upkeep,
}

/// A slot of the schedule. Times are microseconds since the start of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    pub at_us: u64,
    pub player: u32,
    pub deed: Deed,
}

/// The slots to come, soonest first.
#[derive(Debug)]
pub struct Schedule {
    due: BinaryHeap<Reverse<Due>>,
    every_us: [f64; 3],
    /// The first slot and the number of the next one, by player and deed.
    begun: Vec<[(u64, u64); 3]>,
    stream: Stream,
}

impl Schedule {
    /// Rates of 0 mean never.
    pub fn new(claims_hz: f64, attacks_hz: f64, seed: u64) -> Self {
        let every_us = [1e6 / claims_hz, 1e6 / attacks_hz, UPKEEP_EVERY_US as f64];
        Self { due: BinaryHeap::new(), every_us, begun: Vec::new(), stream: Stream::of(seed, 0) }
    }

    /// The next player's slots, from `now_us` on, each deed at a random phase.
    pub fn begin(&mut self, now_us: u64) {
        let player = self.begun.len() as u32;
        let mut begun = [(0, 0); 3];
        for deed in [Deed::Claim, Deed::Attack, Deed::Upkeep] {
            let every_us = self.every_us[deed as usize];
            if every_us.is_finite() {
                let phase_us = self.stream.below(every_us.min(f64::from(u32::MAX)) as u32);
                begun[deed as usize] = (now_us + u64::from(phase_us), 0);
                let at_us = grid(now_us + u64::from(phase_us));
                self.due.push(Reverse(Due { at_us, player, deed }));
            }
        }
        self.begun.push(begun);
    }

    /// Takes the soonest slot if it has come, and puts the one after it in its place.
    pub fn next(&mut self, now_us: u64) -> Option<Due> {
        let mut soonest = self.due.peek_mut().filter(|due| due.0.at_us <= now_us)?;
        let due = soonest.0;
        let (first_us, number) = &mut self.begun[due.player as usize][due.deed as usize];
        *number += 1;
        soonest.0.at_us = grid(*first_us + (*number as f64 * self.every_us[due.deed as usize]) as u64);
        Some(due)
    }

    pub fn soonest_us(&self) -> Option<u64> {
        self.due.peek().map(|due| due.0.at_us)
    }
}

fn grid(at_us: u64) -> u64 {
    at_us.div_ceil(GRID_US) * GRID_US
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_slot_of_a_late_generator_still_comes_in_order_and_none_is_skipped() {
        let mut schedule = Schedule::new(30.0, 2.0, 3);
        (0..50).for_each(|_| schedule.begin(1_000_000));
        let (mut claims, mut attacks, mut last_us) = (0, 0, 0);
        while let Some(due) = schedule.next(11_000_000) {
            assert!(due.at_us >= last_us && due.at_us.is_multiple_of(GRID_US), "{due:?}");
            last_us = due.at_us;
            claims += u32::from(due.deed == Deed::Claim);
            attacks += u32::from(due.deed == Deed::Attack);
        }
        assert!(
            (14_950..=15_050).contains(&claims) && (950..=1_050).contains(&attacks),
            "{claims} {attacks}"
        );
        assert!(schedule.soonest_us() > Some(11_000_000));
    }

    #[test]
    fn phases_are_spread_over_the_interval() {
        let mut schedule = Schedule::new(30.0, 0.0, 4);
        (0..300).for_each(|_| schedule.begin(0));
        let mut in_tenths = [0; 10];
        while let Some(due) = schedule.next(33_300) {
            if due.deed == Deed::Claim && due.at_us < 33_300 {
                in_tenths[(due.at_us / 3_334) as usize] += 1;
            }
        }
        assert!(in_tenths.iter().all(|count| (10..60).contains(count)), "{in_tenths:?}");
    }
}
