//! Solids that come and go: the studio's pillar stands in the way of shots, claims and bodies, and then no longer.

use combat_components::command::Deed;
use combat_components::ids::Team;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_systems::sim::Sim;

use crate::arena::Arena;
use crate::kinds::plan;
use crate::liar::Liar;

const PILLAR: Deed = Deed::Ability { index: 2 };
/// Two seconds, from the tick after.
const LASTS_TICKS: u32 = 256;
/// Towards +x.
const EAST: Yaw = Yaw(49_152);

/// Two who face each other along x, 3 m apart, the first of whom raises a pillar between them.
fn parted() -> Arena {
    let mut arena = Arena::fighting(&plan("deathmatch", &[[0, 0, 0], [3_000, 0, 0]]), 2);
    let west = if arena.at(0).x < arena.at(1).x { 0 } else { 1 };
    let seq = arena.act(west, PILLAR, EAST, Pitch::default());
    arena.step();
    assert_eq!(arena.refusal(west, seq), None);
    arena
}

fn hits(arena: &mut Arena, by: u8) -> bool {
    let seq = arena.attack(by, 1 - by);
    arena.step();
    arena.verdict(by, seq).is_some_and(|verdict| verdict.hit.is_some())
}

#[test]
fn a_pillar_stops_shots_from_the_tick_after_and_until_it_is_gone() {
    let mut arena = parted();
    for by in [0, 1] {
        assert!(!hits(&mut arena, by), "player {by} shoots through it");
    }
    arena.step_by(LASTS_TICKS - 3);
    assert!(!hits(&mut arena, 0), "it still stands");
    assert!(hits(&mut arena, 1), "it is gone");
}

#[test]
fn nobody_walks_through_a_pillar_and_everybody_round_it() {
    let mut liar = Liar::of(Arena::new(&plan("deathmatch", &[[0, 0, 0], [9_000, 0, 0]])));
    liar.set_clock();
    let from = liar.arena.at(0);
    liar.arena.act(0, PILLAR, EAST, Pitch::default());
    liar.arena.step_by(40);
    let clock = liar.clock + 36;
    let aside = |x: i32, z: i32| Vec3Mm { x: from.x + x, z: from.z + z, ..from };
    assert!(!liar.is_legal(clock, aside(1_000, 0)), "into it");
    assert!(liar.is_legal(clock, aside(800, 0)), "up to it");
    assert!(liar.is_legal(clock, aside(700, 700)), "past it");
    liar.arena.step_by(LASTS_TICKS);
    assert!(liar.is_legal(clock, aside(1_000, 0)), "where it stood");
}

#[test]
fn what_stands_is_there_again_after_a_keyframe_and_every_root_stays() {
    let mut arena = parted();
    arena.step_by(20);
    let mut keyframe = Vec::new();
    arena.sim.write_keyframe(&mut keyframe);
    let mut restored = Sim::restore(&arena.parts, &keyframe).expect("it was just written");
    let mut returned = Sim::new(&arena.parts).expect("the setup is sound");
    returned.return_to(&keyframe).expect("it was just written");
    let seq = arena.attack(0, 1);
    for tick in 0..LASTS_TICKS + 20 {
        let mut input = std::mem::take(&mut arena.input);
        let roots = [&mut restored, &mut returned].map(|sim| sim.step(&mut input.clone()).root);
        arena.input = std::mem::take(&mut input);
        arena.step();
        assert_eq!(roots, [arena.output.root; 2], "tick {tick}");
        if tick == 0 {
            assert!(arena.verdict(0, seq).is_some_and(|verdict| verdict.hit.is_none()), "through it");
        }
    }
}

#[test]
fn no_pillar_is_raised_on_somebody() {
    let mut arena = Arena::fighting(&plan("deathmatch", &[[0, 0, 0], [1_500, 0, 0]]), 2);
    let west = if arena.at(0).x < arena.at(1).x { 0 } else { 1 };
    let seq = arena.act(west, PILLAR, EAST, Pitch::default());
    arena.step();
    assert_eq!(arena.refusal(west, seq), Some(Reason::NoRoom));
}

#[test]
fn what_is_cleared_with_its_round_stands_no_tick_longer_in_a_live_world_than_in_a_restored_one() {
    let mut plan = plan("deathmatch", &[[0, 0, 0], [3_000, 0, 0]]);
    plan.ruleset.matches.warmup_ms = 1_000;
    let mut arena = Arena::new(&plan);
    (0..2).for_each(|slot| arena.join(slot, Team::NONE));
    arena.step_by(40);
    let west = if arena.at(0).x < arena.at(1).x { 0 } else { 1 };
    let seq = arena.act(west, PILLAR, EAST, Pitch::default());
    arena.step();
    assert_eq!(arena.refusal(west, seq), None, "it stands in the warm-up");
    let (mut keyframe, mut began) = (Vec::new(), false);
    let mut restored = Sim::new(&arena.parts).expect("the setup is sound");
    for tick in 0..160 {
        keyframe.clear();
        arena.sim.write_keyframe(&mut keyframe);
        restored.return_to(&keyframe).expect("it was just written");
        // In the tick after it was cleared with the warm-up, and in any other.
        (0..2).for_each(|slot| {
            arena.attack(slot, 1 - slot);
        });
        let root = restored.step(&mut arena.input.clone()).root;
        let before = arena.sim.match_state().phase;
        arena.step();
        assert_eq!(root, arena.output.root, "tick {tick} in {before:?}");
        began |= before != arena.sim.match_state().phase;
    }
    assert!(began, "the match has begun");
}
