//! The same log gives the same hashes, whatever the order in which memory was filled.

mod script;

use combat_components::command::{Command, TickInput};
use combat_components::ids::{Slot, Team};
use combat_components::map::Map;
use combat_components::streams::Stream;
use combat_replays::reader::Reader;
use combat_replays::record::Record;
use combat_systems::sim::{Sim, SimParts};
use combat_systems::views::Eye;

use script::bot::Bot;
use script::scene::Scene;
use script::{Stage, fight};

/// Shuffled levels tried for one fight.
const SHUFFLES: u64 = 200;

/// The commands of every tick of a stage's log.
fn inputs(stage: &Stage) -> Vec<TickInput> {
    let mut inputs = Vec::new();
    for record in Reader::new(&stage.records) {
        if let Record::Tick(record) = record.expect("the log is sound") {
            let mut input = TickInput::new();
            record.commands.read_into(&mut input).expect("the log is sound");
            inputs.push(input);
        }
    }
    inputs
}

fn roots(parts: &SimParts, inputs: &[TickInput]) -> Vec<u64> {
    let mut sim = Sim::new(parts).expect("the scene has been simulated before");
    inputs.iter().map(|input| sim.step(&mut input.clone()).root).collect()
}

fn shuffle<T>(items: &mut [T], stream: &mut Stream) {
    for last in (1..items.len()).rev() {
        items.swap(last, stream.below(last as u32 + 1) as usize);
    }
}

#[test]
fn two_runs_of_one_script_write_the_same_log() {
    let run = || fight(Scene::deathmatch("two runs"), 6, 640).records;
    assert!(run() == run());
}

#[test]
fn the_order_in_which_a_level_was_filled_changes_nothing() {
    let stage = fight(Scene::deathmatch("shuffled solids"), 6, 256);
    let inputs = inputs(&stage);
    for seed in 0..SHUFFLES {
        println!("seed {seed}");
        let shuffled =
            stage.scene.parts_with(|map: &mut Map| shuffle(&mut map.solids, &mut Stream::of(seed, 1)));
        assert!(roots(&shuffled, &inputs) == stage.roots, "seed {seed}");
    }
}

#[test]
fn the_order_in_which_players_arrive_within_a_tick_changes_nothing() {
    let stage = fight(Scene::deathmatch("shuffled arrivals"), 8, 384);
    let inputs = inputs(&stage);
    for seed in 0..32 {
        println!("seed {seed}");
        let mut stream = Stream::of(seed, 2);
        let shuffled: Vec<TickInput> = inputs.iter().map(|input| by_player(input, &mut stream)).collect();
        assert!(roots(&stage.parts, &shuffled) == stage.roots, "seed {seed}");
    }
}

/// Players in a random order, each one's own inputs in theirs; commands of the session stay in front.
fn by_player(input: &TickInput, stream: &mut Stream) -> TickInput {
    let slot_of = |command: &Command| match command {
        Command::Claim { claim } => Some(claim.slot),
        Command::Action { action } => Some(action.slot),
        _ => None,
    };
    let mut slots: Vec<Option<Slot>> = (0..64).map(|slot| Some(Slot(slot))).collect();
    shuffle(&mut slots, stream);
    slots.insert(0, None);
    slots.iter().flat_map(|slot| input.iter().filter(|command| slot_of(command) == *slot).cloned()).collect()
}

/// Everybody stands in one of two spots and shoots along exact axes: many hits tie.
#[test]
fn ties_are_broken_the_same_way_in_every_world() {
    let mut stage = Stage::new(Scene::deathmatch("ties").with_rule("spread_turn = 60", "spread_turn = 0"));
    let mut bots: Vec<Bot> = (0..32).map(Bot::new).collect();
    bots.iter().for_each(|bot| stage.join(bot.slot.0, Team::NONE));
    stage.steps(80);
    for _ in 0..256 {
        for bot in &mut bots {
            bot.walks = false;
            bot.act(&mut stage);
        }
        stage.step();
    }
    let inputs = inputs(&stage);
    let mut bodies = Vec::new();
    stage.sim.view(Eye::All, &mut bodies);
    let mut places: Vec<_> =
        bodies.iter().map(|body| (body.pose.at.x, body.pose.at.y, body.pose.at.z)).collect();
    places.sort_unstable();
    places.dedup();
    assert!(places.len() < bodies.len(), "no two bodies share a place, so nothing ties");
    for seed in 0..16 {
        println!("seed {seed}");
        let shuffled = stage.scene.parts_with(|map| shuffle(&mut map.solids, &mut Stream::of(seed, 3)));
        assert!(roots(&shuffled, &inputs) == stage.roots, "seed {seed}");
    }
    restored_every_tick(&stage.parts, &inputs);
}

/// Heavy mode: after every tick the state goes into a fresh world, and both worlds play the next.
fn restored_every_tick(parts: &SimParts, inputs: &[TickInput]) {
    let mut uninterrupted = Sim::new(parts).expect("the scene has been simulated before");
    let (mut state, mut restored_state) = (Vec::new(), Vec::new());
    for (tick, input) in inputs.iter().enumerate() {
        state.clear();
        uninterrupted.write_keyframe(&mut state);
        let mut restored = Sim::restore(parts, &state).expect("a keyframe restores");
        restored_state.clear();
        restored.write_keyframe(&mut restored_state);
        assert!(state == restored_state, "the keyframe after {tick} ticks");
        let expected = uninterrupted.step(&mut input.clone());
        assert_eq!(restored.step(&mut input.clone()), expected, "{} ticks", tick + 1);
    }
}

#[test]
fn a_world_restored_every_tick_is_the_uninterrupted_one() {
    let stage = fight(Scene::deathmatch("heavy"), 64, if cfg!(debug_assertions) { 600 } else { 3_600 });
    restored_every_tick(&stage.parts, &inputs(&stage));
}

#[test]
fn a_world_restored_every_tick_is_the_uninterrupted_one_in_a_duel() {
    let stage = fight(Scene::duel("heavy duel"), 2, 1_280);
    restored_every_tick(&stage.parts, &inputs(&stage));
}

#[test]
fn a_tick_has_one_order_only() {
    let stage = Stage::new(Scene::duel("order"));
    assert_eq!(stage.sim.ambiguity_count(), 0);
    assert!(stage.sim.system_count() >= 7);
    assert_eq!(stage.sim.open_order_count(), 0, "shuffling unordered systems would find some");
}
