//! Inputs that come twice, late or in another order change nothing that the accepted ones do not.

use std::collections::BTreeMap;

use combat_components::command::{Command, TickInput};
use combat_components::event::Event;
use combat_components::ids::{Slot, Team};
use combat_components::streams::Stream;
use combat_systems::output::TickOutput;
use combat_systems::sim::{Sim, SimParts};

use crate::arena::{Plan, join};
use crate::crowd::Crowd;
use crate::maps;

const TICKS: usize = if cfg!(debug_assertions) { 600 } else { 4_000 };
const PLAYERS: u8 = 10;

fn parts(seed: u64) -> SimParts {
    let mut plan = Plan::on(maps::blocks()).seeded(seed);
    plan.ruleset.matches.respawn_ms = 200;
    plan.parts()
}

fn run(parts: &SimParts, inputs: &[TickInput]) -> Vec<TickOutput> {
    let mut sim = Sim::new(parts).expect("the plan is valid");
    inputs.iter().map(|input| sim.step(&mut input.clone()).clone()).collect()
}

/// What a player's inputs are worth: each newer than all before it.
fn accepted(inputs: &[TickInput]) -> Vec<TickInput> {
    let mut newest: BTreeMap<Slot, u32> = BTreeMap::new();
    let mut is_new = |command: &Command| match command.origin().player() {
        None => true,
        Some((slot, seq)) => {
            let newest = newest.entry(slot).or_default();
            let is_new = seq > *newest;
            *newest = seq.max(*newest);
            is_new
        }
    };
    let kept = |input: &TickInput| input.iter().filter(|command| is_new(command)).cloned().collect();
    inputs.iter().map(kept).collect()
}

fn clean_run(parts: &SimParts, seed: u64) -> Vec<TickInput> {
    let mut sim = Sim::new(parts).expect("the plan is valid");
    let mut crowd = Crowd::new(PLAYERS, seed);
    let mut inputs = Vec::new();
    for tick in 0..TICKS {
        let mut input = TickInput::new();
        if tick == 0 {
            input.extend((0..PLAYERS).map(|slot| join(slot, Team::NONE)));
        }
        crowd.think(&mut sim, &mut input);
        sim.step(&mut input);
        inputs.push(input);
    }
    inputs
}

/// Three inputs in ten come again: at once, some ticks later, or long after.
fn disturbed(clean: &[TickInput], stream: &mut Stream) -> Vec<TickInput> {
    let mut dirty = clean.to_vec();
    for (tick, input) in clean.iter().enumerate() {
        for command in input.iter().filter(|command| command.origin().player().is_some()) {
            if stream.below(10) >= 3 {
                continue;
            }
            let delay_ticks = [0, 1, 5, 40, 300][stream.below(5) as usize];
            if let Some(later) = dirty.get_mut(tick + delay_ticks) {
                let first = usize::from(later.iter().any(|command| matches!(command, Command::Join { .. })))
                    * later.len();
                let place = first + stream.below((later.len() - first) as u32 + 1) as usize;
                later.insert(place.max(usize::from(delay_ticks == 0) * later.len()), command.clone());
            }
        }
    }
    dirty
}

fn shots(outputs: &[TickOutput]) -> usize {
    let events = outputs.iter().flat_map(|output| &output.events);
    events.filter(|event| matches!(event, Event::Shot { .. } | Event::AbilityUsed { .. })).count()
}

fn assert_no_double_verdict(outputs: &[TickOutput]) {
    let mut seen: Vec<(Slot, u32)> = outputs
        .iter()
        .flat_map(|output| &output.verdicts)
        .filter_map(|verdict| verdict.origin.player())
        .collect();
    let count = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), count, "no input is judged twice");
}

#[test]
fn duplicated_and_replayed_inputs_give_the_roots_of_the_clean_run() {
    for seed in 0..4 {
        println!("seed {seed}");
        let parts = parts(seed);
        let clean = clean_run(&parts, seed);
        let dirty = disturbed(&clean, &mut Stream::of(seed, 23));
        let more = dirty.iter().map(Vec::len).sum::<usize>() - clean.iter().map(Vec::len).sum::<usize>();
        assert!(more > 100, "{more} inputs came again");
        assert_eq!(accepted(&dirty), clean);
        let (expected, found) = (run(&parts, &clean), run(&parts, &dirty));
        assert!(shots(&expected) > 20);
        assert!(expected == found, "roots, events and verdicts are those of the clean run");
        assert_no_double_verdict(&found);
    }
}

#[test]
fn reordered_inputs_give_the_roots_of_those_that_were_accepted() {
    for seed in 0..4 {
        println!("seed {seed}");
        let parts = parts(seed);
        let mut dirty = disturbed(&clean_run(&parts, seed), &mut Stream::of(seed, 23));
        let mut stream = Stream::of(seed, 29);
        for input in dirty.iter_mut().skip(1) {
            for last in (1..input.len()).rev() {
                input.swap(last, stream.below(last as u32 + 1) as usize);
            }
        }
        let accepted = accepted(&dirty);
        let lost = dirty.iter().map(Vec::len).sum::<usize>() - accepted.iter().map(Vec::len).sum::<usize>();
        assert!(lost > 100, "{lost} inputs came too late");
        let (expected, found) = (run(&parts, &accepted), run(&parts, &dirty));
        assert!(expected == found, "roots, events and verdicts are those of the accepted inputs");
        assert_no_double_verdict(&found);
    }
}

#[test]
fn the_order_of_players_in_the_inbox_favours_nobody_and_changes_nothing() {
    let parts = parts(7);
    let clean = clean_run(&parts, 7);
    let mut regrouped = clean.clone();
    for input in regrouped.iter_mut().skip(1) {
        input.sort_by_key(|command| command.origin().player().map(|(slot, _)| std::cmp::Reverse(slot)));
    }
    assert!(run(&parts, &clean) == run(&parts, &regrouped));
}
