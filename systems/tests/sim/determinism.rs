//! The same inputs give the same hashes: run twice, restored at every tick, in another order of colliders.

use std::sync::Arc;

use combat_components::body::Motion;
use combat_components::canon::{Canon, Reader};
use combat_components::command::{Command, LeaveCause, TickInput};
use combat_components::event::Event;
use combat_components::ids::{Slot, Team};
use combat_components::map::Map;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::streams::Stream;
use combat_systems::output::TickOutput;
use combat_systems::sim::{Sim, SimParts};
use combat_systems::spatial::Level;
use combat_systems::state::StateKind;

use crate::arena::{Arena, Plan, join};
use crate::crowd::Crowd;
use crate::maps;

/// Unoptimised, a tick of 64 players costs some milliseconds.
const TICKS: usize = if cfg!(debug_assertions) { 400 } else { 3_600 };
const SHUFFLES: u64 = if cfg!(debug_assertions) { 4 } else { 40 };

fn busy_plan(map: Map, seed: u64) -> Plan {
    let mut plan = Plan::on(map).seeded(seed);
    plan.ruleset.matches.respawn_ms = 300;
    plan.ruleset.weapons[0].own.set("damage_points", 40);
    plan
}

/// A match of 64 with players leaving, joining and losing their link: its inputs, tick by tick.
fn played(parts: &SimParts, seed: u64) -> (Vec<TickInput>, Vec<TickOutput>) {
    let mut sim = Sim::new(parts).expect("the plan is valid");
    let mut crowd = Crowd::new(64, seed);
    let mut stream = Stream::of(seed, 5);
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    for tick in 0..TICKS {
        let mut input: TickInput = Vec::new();
        if tick == 0 {
            input.extend((0..64).map(|slot| join(slot, Team(slot % 3))));
        }
        if tick % 40 == 20 {
            let slot = stream.below(64) as u8;
            input.push(Command::Leave { slot: Slot(slot), cause: LeaveCause::Left, request: None });
            input.push(join(slot, Team::NONE));
            crowd.forget(slot);
            input.push(Command::Disconnected { slot: Slot(stream.below(64) as u8) });
            input.push(Command::Connected { slot: Slot(stream.below(64) as u8) });
            input.push(Command::LinkSampled { slot: Slot(stream.below(64) as u8), rtt_ms: tick as u16 });
        }
        if tick % 150 == 149 {
            input.push(Command::ScheduleMoved { ticks: 9 });
        }
        crowd.think(&mut sim, &mut input);
        outputs.push(sim.step(&mut input).clone());
        inputs.push(input);
    }
    (inputs, outputs)
}

fn assert_varied(outputs: &[TickOutput]) {
    let count = |wanted: fn(&Event) -> bool| {
        outputs.iter().flat_map(|output| &output.events).filter(|event| wanted(event)).count()
    };
    let counts = [
        count(|event| matches!(event, Event::Shot { .. })),
        count(|event| matches!(event, Event::Died { .. })),
        count(|event| matches!(event, Event::AbilityUsed { .. })),
        count(|event| matches!(event, Event::Left { .. })),
    ];
    assert!(counts.iter().all(|count| *count >= 5), "shots, deaths, dashes, leaves: {counts:?}");
}

fn assert_same(tick: usize, expected: &TickOutput, found: &TickOutput) {
    assert_eq!(expected.sub_hashes, found.sub_hashes, "tick {tick}");
    assert_eq!(expected, found, "tick {tick}");
}

#[test]
fn a_world_restored_at_every_tick_goes_the_way_of_the_uninterrupted_one() {
    let seed = 11;
    println!("seed {seed}");
    let parts = busy_plan(maps::blocks(), seed).parts();
    let (inputs, outputs) = played(&parts, seed);
    assert_varied(&outputs);
    let [mut sim, mut stray] = [(); 2].map(|()| Sim::new(&parts).expect("the plan is valid"));
    let mut keyframe = Vec::new();
    for (tick, (mut input, expected)) in inputs.into_iter().zip(&outputs).enumerate() {
        keyframe.clear();
        sim.write_keyframe(&mut keyframe);
        stray.return_to(&keyframe).expect("a keyframe of the same parts");
        assert_same(tick, expected, stray.step(&mut input.clone()));
        let leave = Command::Leave { slot: Slot(tick as u8 % 8), cause: LeaveCause::Left, request: None };
        stray.step(&mut vec![leave]);
        sim = Sim::restore(&parts, &keyframe).expect("a keyframe just written can be read");
        let mut again = Vec::new();
        sim.write_keyframe(&mut again);
        assert_eq!(keyframe, again, "tick {tick}: a restored world writes the same keyframe");
        assert_same(tick, expected, sim.step(&mut input));
    }
}

#[test]
fn two_runs_of_the_same_inputs_agree_at_every_tick() {
    let seed = 12;
    println!("seed {seed}");
    let parts = busy_plan(maps::two_levels(), seed).parts();
    let (inputs, outputs) = played(&parts, seed);
    let mut sim = Sim::new(&parts).expect("the plan is valid");
    for (tick, (mut input, expected)) in inputs.into_iter().zip(&outputs).enumerate() {
        assert_same(tick, expected, sim.step(&mut input));
    }
}

#[test]
fn another_seed_gives_other_hashes() {
    let parts = |seed| busy_plan(maps::blocks(), seed).parts();
    let (inputs, outputs) = played(&parts(1), 1);
    let mut sim = Sim::new(&parts(2)).expect("the plan is valid");
    let differing = inputs
        .into_iter()
        .zip(&outputs)
        .filter_map(|(mut input, expected)| (sim.step(&mut input).root != expected.root).then_some(()));
    assert!(differing.count() > TICKS / 2);
}

fn shuffled(map: &Map, seed: u64) -> Map {
    let mut map = map.clone();
    let mut stream = Stream::of(seed, 17);
    for last in (1..map.solids.len()).rev() {
        map.solids.swap(last, stream.below(last as u32 + 1) as usize);
    }
    map
}

#[test]
fn the_order_in_which_solids_were_inserted_changes_nothing() {
    for map in [maps::blocks(), maps::two_levels()] {
        let plan = busy_plan(map.clone(), 13);
        let (inputs, outputs) = played(&plan.parts(), 13);
        assert_varied(&outputs);
        for seed in 0..SHUFFLES {
            println!("map {}, seed {seed}", map.id);
            let level = Level::build(&shuffled(&map, seed), &plan.ruleset.body).expect("the same solids");
            let mut sim = Sim::new(&plan.parts_in(Arc::new(level))).expect("the plan is valid");
            for (tick, (input, expected)) in inputs.iter().zip(&outputs).enumerate().take(TICKS / 4) {
                assert_same(tick, expected, sim.step(&mut input.clone()));
            }
        }
    }
}

#[test]
fn a_shot_at_bodies_on_the_same_spot_strikes_the_same_one_in_a_restored_world() {
    let mut plan = Plan::on(maps::plain(&[[-2_000, 0, 0], [0, 0, 0], [2_000, 0, 0], [0, 0, 9_000]]));
    plan.ruleset.weapons[0].own.set("spread_turn", 0);
    plan.ruleset.matches.respawn_ms = 100;
    for leaver in 0..3_u8 {
        let mut parts = plan.parts();
        parts.setup.limits.inside_ms_max = 600_000;
        let mut arena = Arena::of(parts);
        arena.begin(4);
        arena.input.push(Command::Leave { slot: Slot(leaver), cause: LeaveCause::Left, request: None });
        arena.join(leaver, Team::NONE);
        arena.step_by(40);
        let spot = Vec3Mm::new(0, 0, 0);
        let shooter = 3;
        for round in 1..200_u32 {
            for slot in 0..3 {
                let at = arena.at(slot);
                let step = |from: i32, to: i32| from + (to - from).clamp(-100, 100);
                arena.claim(slot, round * 4, Vec3Mm { x: step(at.x, spot.x), z: step(at.z, spot.z), ..at });
            }
            arena.step_by(4);
        }
        assert!((0..3).all(|slot| arena.at(slot) == spot), "all stand on one spot");
        let mut keyframe = Vec::new();
        arena.sim.write_keyframe(&mut keyframe);
        let (yaw, pitch) = arena.aim(shooter, 0, 900);
        arena.act(shooter, combat_components::command::Deed::Attack, yaw, pitch);
        let mut same_input = arena.input.clone();
        arena.step();
        let struck = arena.output.events.iter().find_map(|event| match event {
            Event::Shot { struck, .. } => Some(*struck),
            _ => None,
        });
        assert!(struck.flatten().is_some(), "slot {leaver} had left");
        let mut restored = Sim::restore(&arena.parts, &keyframe).expect("the keyframe is whole");
        assert_eq!(restored.step(&mut same_input), &arena.output);
    }
}

/// Every wall, body and distance is there twice, and every shot runs exactly along an axis or a diagonal.
#[test]
fn a_scene_full_of_ties_comes_out_the_same_in_every_order_of_solids() {
    let mut map = maps::blocks();
    let twice: Vec<_> = map.solids.iter().skip(1).cloned().collect();
    map.solids.extend(twice);
    let mut plan = busy_plan(map.clone(), 14);
    plan.ruleset.weapons[0].own.set("spread_turn", 0);
    let run = |level: Arc<Level>, restores: bool| {
        let parts = plan.parts_in(level);
        let mut sim = Sim::new(&parts).expect("the plan is valid");
        let mut roots = Vec::new();
        for tick in 0..TICKS / 2 {
            let mut input: TickInput = Vec::new();
            if tick == 0 {
                input.extend((0..64).map(|slot| join(slot, Team::NONE)));
            }
            for slot in 0..64 {
                let seq = tick as u32 + 1;
                let aim = (Yaw(((tick + usize::from(slot)) % 8 * 8_192) as u16), Pitch::default());
                let deed = combat_components::command::Deed::Attack;
                input.push(Command::Action { action: crate::arena::action(slot, seq, 0, deed, aim) });
            }
            roots.push(sim.step(&mut input).root);
            if restores {
                let mut keyframe = Vec::new();
                sim.write_keyframe(&mut keyframe);
                sim = Sim::restore(&parts, &keyframe).expect("the keyframe is whole");
            }
        }
        roots
    };
    let level = |map: &Map| Arc::new(Level::build(map, &plan.ruleset.body).expect("the map has room"));
    let expected = run(level(&map), false);
    assert_eq!(run(level(&map), true), expected, "restored at every tick");
    for seed in 0..SHUFFLES {
        println!("seed {seed}");
        assert_eq!(run(level(&shuffled(&map, seed)), false), expected, "seed {seed}");
    }
}

#[test]
fn a_keyframe_with_a_motion_that_no_body_can_have_is_refused() {
    let mut arena = Arena::new(&Plan::on(maps::plain(&[[0, 0, 0], [9_000, 0, 0]])));
    arena.join(0, Team::NONE);
    arena.step_by(3);
    let mut keyframe = Vec::new();
    arena.sim.write_keyframe(&mut keyframe);
    let motion = arena.sim.canonical(StateKind::Motion)[0].1.clone();
    let places: Vec<_> = keyframe.windows(motion.len()).enumerate().filter(|(_, at)| *at == motion).collect();
    let &[(at, _)] = &places[..] else { panic!("{} places", places.len()) };
    let sound = Motion::take(&mut Reader::new(&motion)).expect("it is read as it was written");
    let crossed = Motion { x_low: 1, x_high: 0, ..sound };
    let crossed_in_z = Motion { z_low: 1, z_high: 0, ..sound };
    let extreme = Motion { z_low: i32::MIN, ..sound };
    for (motion, is_read) in [(sound, true), (crossed, false), (crossed_in_z, false), (extreme, false)] {
        let mut bytes = Vec::new();
        motion.put(&mut bytes);
        keyframe.splice(at..at + bytes.len(), bytes);
        assert_eq!(Sim::restore(&arena.parts, &keyframe).is_ok(), is_read, "{motion:?}");
    }
}
