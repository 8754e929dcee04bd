//! Speed hacks: over every window of time nobody gets further than full speed over the window and the bank.

use arrayvec::ArrayVec;
use combat_components::command::{Claim, Command};
use combat_components::ids::Slot;
use combat_components::quantity::{Pose, Vec3Mm};
use combat_components::streams::Stream;
use combat_components::tick::Tick;

use crate::arena::{Arena, Plan};
use crate::maps;

/// Millimetres that whole-millimetre poses may add to any distance.
const ROUNDING_MM: i64 = 3;

/// A cheat on a plain, who knows at once what the server did and follows its corrections.
struct Cheat {
    arena: Arena,
    client_tick: u32,
    /// Where it was after every tick.
    track: Vec<Vec3Mm>,
    direction: [f64; 2],
    owed_mm: f64,
}

impl Cheat {
    fn new(direction_deg: u32) -> Self {
        let mut arena =
            Arena::fighting(&Plan::on(maps::plain(&[[-150_000, 0, -150_000], [150_000, 0, 150_000]])), 2);
        let inward = if arena.at(0).x < 0 { 1.0 } else { -1.0 };
        let turn = f64::from(direction_deg).to_radians();
        let direction = [inward * libm::cos(turn), inward * libm::sin(turn)];
        let track = vec![arena.at(0)];
        Self { arena, client_tick: 10_000, track, direction, owed_mm: 0.0 }
    }

    /// `mm` further on; what whole millimetres leave is carried over.
    fn ahead(&mut self, at: Vec3Mm, mm: f64) -> Vec3Mm {
        self.owed_mm += mm;
        let [x, z] = self.direction.map(|part| libm::round(part * self.owed_mm) as i32);
        let gone = libm::sqrt(f64::from(x) * f64::from(x) + f64::from(z) * f64::from(z));
        self.owed_mm -= gone;
        Vec3Mm { x: at.x + x, z: at.z + z, ..at }
    }

    fn claim(&mut self, ticks: u32, mm: f64) {
        let at = self.arena.at(0);
        self.client_tick = self.client_tick.saturating_add(ticks);
        let to = self.ahead(at, mm);
        self.arena.claim(0, self.client_tick, to);
    }

    fn step(&mut self) {
        self.arena.step();
        let at = self.arena.at(0);
        self.track.push(at);
    }

    fn rest(&mut self, ticks: u32) {
        (0..ticks).for_each(|_| self.step());
    }

    /// Checks every window, and returns how far it got in all.
    fn assert_nothing_gained(&self, what: &str) -> i64 {
        let rules = self.arena.sim.rules();
        let mut furthest_mm = vec![0_i64; self.track.len()];
        for (from, a) in self.track.iter().enumerate() {
            for (ticks, b) in self.track[from..].iter().enumerate() {
                let moved_squared = a.horizontal_distance_squared(*b);
                furthest_mm[ticks] = furthest_mm[ticks].max(moved_squared);
            }
        }
        for (ticks, moved_squared) in furthest_mm.into_iter().enumerate() {
            let legal_mm = rules.movement.reach_um(ticks as u32 + rules.bank_ticks_max) / 1_000 + ROUNDING_MM;
            let moved_mm = moved_squared.isqrt();
            assert!(moved_mm <= legal_mm, "{what}: {moved_mm} mm in {ticks} ticks, legal are {legal_mm}");
        }
        let (first, last) = (self.track[0], self.track[self.track.len() - 1]);
        first.horizontal_distance_squared(last).isqrt()
    }
}

fn full_speed_mm(ticks: u32) -> f64 {
    6_500.0 * f64::from(ticks) / 128.0
}

#[test]
fn full_speed_is_reached_and_kept_without_a_correction_at_any_rate_of_claims() {
    for claim_ticks in [1, 2, 3, 4, 5, 8, 16, 30] {
        for direction in [0, 30, 45, 77] {
            let mut honest = Cheat::new(direction);
            honest.rest(40);
            let began = honest.track.len();
            for tick in 1..=1_200 {
                if tick % claim_ticks == 0 {
                    honest.claim(claim_ticks, full_speed_mm(claim_ticks));
                }
                honest.step();
                assert_eq!(
                    honest.arena.displaced(0),
                    [],
                    "a claim every {claim_ticks} ticks, {direction} degrees"
                );
            }
            let gone_mm =
                honest.track[began].horizontal_distance_squared(honest.track[began + 1_199]).isqrt();
            assert!(gone_mm >= full_speed_mm(1_200 - claim_ticks) as i64 - 3, "{gone_mm} mm");
        }
    }
}

#[test]
fn a_tenth_faster_twice_as_fast_and_ten_times_as_fast_gain_nothing() {
    for factor in [1.02, 1.1, 2.0, 10.0] {
        for claim_ticks in [1, 4, 20] {
            let mut cheat = Cheat::new(20);
            for tick in 1..=800 {
                if tick % claim_ticks == 0 {
                    cheat.claim(claim_ticks, full_speed_mm(claim_ticks) * factor);
                }
                cheat.step();
            }
            cheat.assert_nothing_gained(&format!("{factor} times, a claim every {claim_ticks} ticks"));
        }
    }
}

#[test]
fn a_clock_that_runs_fast_gains_no_more_than_the_bank() {
    for factor in [1.1, 2.0, 10.0] {
        let mut cheat = Cheat::new(10);
        let mut clock = 0.0;
        for tick in 1..=800_u32 {
            clock += factor;
            if tick.is_multiple_of(4) {
                let ticks = clock as u32;
                clock -= f64::from(ticks);
                cheat.claim(ticks, full_speed_mm(ticks));
            }
            cheat.step();
        }
        cheat.assert_nothing_gained(&format!("a clock {factor} times as fast"));
    }
}

#[test]
fn time_banked_and_spent_in_a_burst_is_the_bank_and_no_more() {
    for rest_ticks in [10, 37, 60, 300] {
        for burst_ticks in [1, 4, 37] {
            let mut cheat = Cheat::new(45);
            for _ in 0..4 {
                cheat.rest(rest_ticks);
                for _ in 0..40 / burst_ticks {
                    cheat.claim_after_those_in_the_inbox(burst_ticks);
                }
                cheat.step();
            }
            cheat.assert_nothing_gained(&format!("bursts of {burst_ticks} after {rest_ticks} ticks of rest"));
        }
    }
}

impl Cheat {
    /// Builds on the claims that already wait for this tick.
    fn claim_after_those_in_the_inbox(&mut self, ticks: u32) {
        let last = self.arena.input.iter().rev().find_map(|command| match command {
            Command::Claim { claim } => Some(claim.pose.at),
            _ => None,
        });
        let from = last.unwrap_or_else(|| self.arena.at(0));
        self.client_tick += ticks;
        let to = self.ahead(from, full_speed_mm(ticks));
        self.arena.claim(0, self.client_tick, to);
    }
}

#[test]
fn a_clock_that_stops_goes_back_or_leaps_gains_nothing() {
    let seed = 41;
    println!("seed {seed}");
    let mut stream = Stream::of(seed, 1);
    let mut cheat = Cheat::new(30);
    for _ in 0..1_500 {
        let ticks = match stream.below(8) {
            0 => 0,
            1 => u32::MAX - stream.below(2_000_000_000),
            2 => 37 + stream.below(3),
            _ => stream.below(12),
        };
        cheat.client_tick = cheat.client_tick.wrapping_add(ticks) % 1_000_000_000;
        cheat.claim(0, full_speed_mm(stream.below(45)));
        cheat.step();
    }
    cheat.assert_nothing_gained("a bent clock");
}

/// 100 parts in a million over the time in which they would use up the bank, and as much again.
#[test]
fn a_clock_a_little_too_fast_is_corrected_once_the_bank_is_used_up() {
    let (ppm, ticks) = if cfg!(debug_assertions) { (10_000, 10_000) } else { (1_000, 100_000) };
    let mut cheat = Cheat::new(30);
    cheat.rest(60);
    cheat.arena.claim(0, 0, cheat.track[0]);
    cheat.step();
    let began = cheat.arena.tick();
    let (mut sent, mut corrected_at, mut corrections) = (0, None, 0);
    let (mut client_tick, mut along) = (0_u64, 0);
    for tick in 1..=ticks {
        let clock = tick * (1_000_000 + ppm) / 1_000_000;
        if clock >= sent + 4 {
            client_tick += clock - sent;
            sent = clock;
            along = 30 - along;
            let at = Vec3Mm { x: cheat.track[0].x + along, ..cheat.track[0] };
            cheat.arena.claim(0, client_tick as u32, at);
        }
        cheat.arena.step();
        if !cheat.arena.displaced(0).is_empty() {
            corrections += 1;
            corrected_at.get_or_insert(cheat.arena.tick() - began);
        }
    }
    let spent_after = 32 * 1_000_000 / ppm as u32;
    let corrected_at = corrected_at.expect("a fast clock is corrected in the end");
    assert!(
        corrected_at.abs_diff(spent_after) < spent_after / 4,
        "{corrected_at} of about {spent_after} ticks"
    );
    assert!(corrections <= ticks * ppm / 1_000_000, "{corrections} corrections");
}

/// Whole millimetres round every claim; a thousand claims must not round a thousand times in a cheat's favour.
#[test]
fn a_millimetre_more_with_every_claim_is_paid_back() {
    for (direction, extra_mm) in [(0, 0.22), (45, 0.9), (45, 1.54)] {
        let mut cheat = Cheat::new(direction);
        for _ in 0..2_500 {
            cheat.claim(1, full_speed_mm(1) + extra_mm);
            cheat.step();
        }
        cheat.assert_nothing_gained(&format!("{extra_mm} mm more with every claim"));
    }
}

/// Every bend has its own rounding, and a zigzag has room for many.
#[test]
fn bends_hide_no_distance() {
    let mut cheat = Cheat::new(0);
    for tick in 1..=800_u32 {
        let at = cheat.arena.at(0);
        cheat.client_tick += 1;
        let to = cheat.ahead(at, full_speed_mm(1) + if tick.is_multiple_of(2) { 5.0 } else { 0.9 });
        let mut bends = ArrayVec::new();
        for part in 1..=4 {
            let x = at.x + (to.x - at.x) * part / 5;
            bends.push(Vec3Mm { x, z: at.z + (to.z - at.z) * part / 5 + part % 2, ..at });
        }
        let (input_seq, pose_epoch) = (cheat.arena.next_seq(0), cheat.arena.own(0).pose_epoch);
        let pose = Pose { at: to, ..Pose::default() };
        let (slot, client_tick, view_tick) = (Slot(0), cheat.client_tick, Tick(0));
        let claim = Claim { slot, input_seq, client_tick, pose, bends, view_tick, pose_epoch };
        cheat.arena.input.push(Command::Claim { claim });
        cheat.step();
    }
    cheat.assert_nothing_gained("four bends a claim");
}

/// A correction sets the clock anew: a cheat who foresees the epochs can be corrected many times in one tick.
#[test]
fn corrections_provoked_on_purpose_give_no_distance() {
    for step_mm in [1, 2, 3, 5, 50, 200] {
        let mut cheat = Cheat::new(0);
        cheat.rest(50);
        for _ in 0..300 {
            let (mut at, mut pose_epoch) = (cheat.arena.at(0), cheat.arena.own(0).pose_epoch);
            for again in 0..15 {
                let mm = if again == 0 { 51 } else { step_mm };
                at.x += mm * if cheat.direction[0] > 0.0 { 1 } else { -1 };
                cheat.client_tick += 1;
                cheat.arena.claim_of(0, cheat.client_tick, at, pose_epoch);
                let outside = Vec3Mm { y: at.y + 30_000, ..at };
                cheat.arena.claim_of(0, cheat.client_tick + 1, outside, pose_epoch);
                pose_epoch += 1;
            }
            cheat.step();
        }
        cheat.assert_nothing_gained(&format!("{step_mm} mm and a correction, fifteen times a tick"));
    }
}

#[test]
fn no_random_mixture_of_claims_gains_anything() {
    for seed in 0..if cfg!(debug_assertions) { 6 } else { 60 } {
        println!("seed {seed}");
        let mut stream = Stream::of(seed, 3);
        let mut cheat = Cheat::new(stream.below(90));
        for _ in 0..600 {
            let count = stream.below(10).saturating_sub(7);
            let mut pose_epoch = cheat.arena.own(0).pose_epoch;
            let mut from = cheat.arena.at(0);
            for _ in 0..count {
                let ticks = [0, 1, 1, 2, 4, 4, 9, 37][stream.below(8) as usize];
                let speed = [0.5, 1.0, 1.0, 1.0, 1.01, 1.1, 3.0][stream.below(7) as usize];
                let to = cheat.ahead(from, full_speed_mm(ticks) * speed + f64::from(stream.below(3)));
                cheat.owed_mm = 0.0;
                cheat.client_tick += ticks;
                cheat.arena.claim_of(0, cheat.client_tick, to, pose_epoch);
                if stream.below(4) == 0 {
                    cheat.arena.claim_of(0, cheat.client_tick, Vec3Mm { y: 40_000, ..to }, pose_epoch);
                    pose_epoch += 1;
                }
                from = to;
            }
            cheat.step();
        }
        cheat.assert_nothing_gained("a random mixture");
    }
}
