//! Limits of a setup: each is taken at both edges of its range and refused by its name beyond them.

use combat_components::event::Event;
use combat_components::setup::SimLimits;
use combat_systems::formulas::movement::MovementLimits;
use combat_systems::sim::Sim;
use combat_systems::tick_rules::{SetupError, TickRules};

use crate::arena::{Arena, Plan};
use crate::liar::{Liar, Lie};
use crate::maps;

const DAY_MS: u32 = 24 * 60 * 60 * 1_000;

type Set = fn(&mut SimLimits, u32);

/// The name of each limit, how it is set, and the least and the most it may be; `refusals_max` may be anything.
const RANGES: [(&str, Set, u32, u32); 10] = [
    ("bank_ms", |limits, to| limits.bank_ms = to, 0, 250),
    ("claim_hz", |limits, to| limits.claim_hz = to, 30, 128),
    ("follows_ms_max", |limits, to| limits.follows_ms_max = to, 0, 250),
    ("resuming_ms_max", |limits, to| limits.resuming_ms_max = to, 0, DAY_MS),
    ("empty_ms_max", |limits, to| limits.empty_ms_max = to, 0, DAY_MS),
    ("blow_counts_ms_max", |limits, to| limits.blow_counts_ms_max = to, 0, DAY_MS),
    ("inputs_per_player_and_tick_max", |limits, to| limits.inputs_per_player_and_tick_max = to as u8, 1, 32),
    ("refusal_forgiven_ms", |limits, to| limits.refusal_forgiven_ms = to, 1, DAY_MS),
    ("inside_ms_max", |limits, to| limits.inside_ms_max = to, 100, DAY_MS),
    ("keyframe_ticks", |limits, to| limits.keyframe_ticks = to, 1, 60 * 128),
];

/// What comes of a session at `rate_hz` with one of its limits set.
fn refusal(rate_hz: u32, set: Set, to: u32) -> Option<SetupError> {
    let mut parts = Plan { rate_hz, ..Plan::on(maps::duel_box()) }.parts();
    set(&mut parts.setup.limits, to);
    TickRules::new(&parts.kinds, parts.setup, parts.ruleset, parts.map).err()
}

fn check(rate_hz: u32, (limit, set, least, most): (&'static str, Set, u32, u32)) {
    for edge in [least, most] {
        assert_eq!(refusal(rate_hz, set, edge), None, "{limit} = {edge} at {rate_hz} Hz");
    }
    for beyond in [least.checked_sub(1), most.checked_add(1)].into_iter().flatten() {
        let refused = Some(SetupError::Limit { limit });
        assert_eq!(refusal(rate_hz, set, beyond), refused, "{limit} = {beyond} at {rate_hz} Hz");
    }
}

#[test]
fn every_limit_is_taken_at_the_edges_of_its_range_and_refused_by_name_beyond_them() {
    RANGES.into_iter().for_each(|range| check(128, range));
    for (rate_hz, most) in [(16, 1), (32, 2), (64, 4), (128, 8)] {
        check(rate_hz, ("frame_ticks", |limits, to| limits.frame_ticks = to, 1, most));
    }
}

#[test]
fn a_session_with_a_limit_out_of_range_is_not_begun() {
    let mut parts = Plan::on(maps::duel_box()).parts();
    parts.setup.limits.inside_ms_max = 0;
    assert_eq!(Sim::new(&parts).err(), Some(SetupError::Limit { limit: "inside_ms_max" }));
}

/// A limit, what it is set to, and which number of ticks follows from it.
type Case = (Set, u32, fn(&TickRules) -> u32, u32);

#[test]
fn the_setups_limits_are_those_that_hold() {
    let ticks = |set: Set, to: u32, of: fn(&TickRules) -> u32| {
        let mut parts = Plan { rate_hz: 128, ..Plan::on(maps::duel_box()) }.parts();
        set(&mut parts.setup.limits, to);
        of(&TickRules::new(&parts.kinds, parts.setup, parts.ruleset, parts.map).expect("they are in range"))
    };
    let cases: [Case; 8] = [
        (|limits, to| limits.bank_ms = to, 125, |rules| rules.bank_ticks_max, 16 + 5),
        (|limits, to| limits.claim_hz = to, 64, |rules| rules.bank_ticks_max, 32 + 2),
        (|limits, to| limits.follows_ms_max = to, 125, |rules| rules.attack_follows_ticks_max, 16),
        (|limits, to| limits.refusal_forgiven_ms = to, 2_000, |rules| rules.refusal_forgiven_ticks, 256),
        (|limits, to| limits.resuming_ms_max = to, 1_000, |rules| rules.resuming_ticks_max, 128),
        (|limits, to| limits.empty_ms_max = to, 1_000, |rules| rules.empty_ticks_max, 128),
        (|limits, to| limits.blow_counts_ms_max = to, 1_000, |rules| rules.blow_counts_ticks_max, 128),
        (|limits, to| limits.inside_ms_max = to, 1_000, |rules| rules.inside_ticks_max, 128),
    ];
    for (at, (set, to, of, expected)) in cases.into_iter().enumerate() {
        assert_eq!(ticks(set, to, of), expected, "case {at}");
    }
}

#[test]
fn movement_is_judged_by_the_rate_of_claims_that_the_setup_says() {
    let mut parts = Plan::on(maps::duel_box()).parts();
    let (rate, movement) = (parts.setup.tick_rate, parts.ruleset.movement);
    parts.setup.limits.claim_hz = 64;
    let rules = TickRules::new(&parts.kinds, parts.setup, parts.ruleset, parts.map).expect("it is in range");
    assert_eq!(rules.movement, MovementLimits::new(&movement, rate, 64));
    assert_ne!(rules.movement, MovementLimits::new(&movement, rate, 30));
}

#[test]
fn so_many_refusals_may_stand_as_the_setup_says() {
    for refusals_max in [0, 1, 5, 32, 100] {
        let mut parts = Plan::on(maps::plain(&[[0, 0, 0], [90_000, 0, 0]])).parts();
        parts.setup.limits.refusals_max = refusals_max;
        let mut liar = Liar::of(Arena::of(parts));
        liar.set_clock();
        let told_after = (1..=200).find(|_| {
            liar.lie(Lie::TooFar);
            liar.arena.step();
            liar.arena.output.events.iter().any(|event| matches!(event, Event::TooManyRefusals { .. }))
        });
        assert_eq!(told_after, Some(u32::from(refusals_max) + 1));
    }
}
