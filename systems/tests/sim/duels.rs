//! Two who shoot each other in one tick: fair to both, whoever joined first.

use std::sync::Arc;

use combat_components::canon::{Canon, Reader};
use combat_components::map::{Map, Solid};
use combat_components::quantity::{Pose, Vec3Mm, Yaw};
use combat_systems::spatial::Level;
use combat_systems::state::StateKind;

use crate::arena::{Arena, Plan};
use crate::maps;

const DUELS: u64 = 500;

/// The duel box without what stands in the middle, and with two spawn points: each end is the other, turned.
fn mirrored_box() -> Map {
    let mut map = maps::duel_box();
    let in_the_middle =
        |solid: &Solid| matches!(solid, Solid::Cuboid { center, .. } if (center.x, center.z) == (0, 0));
    let floor = map.solids.remove(0);
    map.solids.retain(|solid| !in_the_middle(solid));
    map.solids.push(floor);
    map.spawns.truncate(2);
    map
}

fn deadly(seed: u64, map: Map) -> Plan {
    let mut plan = Plan::on(map).seeded(seed);
    plan.mode = "duel";
    plan.ruleset.weapons[0].own.set("damage_points", 1_000);
    plan.ruleset.matches.respawn_ms = 200;
    plan
}

fn level() -> Arc<Level> {
    deadly(0, mirrored_box()).parts().level
}

fn turned(at: Vec3Mm) -> Vec3Mm {
    Vec3Mm::new(-at.x, at.y, -at.z)
}

/// Both step aside, each to its own left, then shoot each other in one tick.
fn fight(seed: u64, map: Map, level: &Arc<Level>) -> Arena {
    let mut arena = Arena::of(deadly(seed, map).parts_in(level.clone()));
    arena.begin(2);
    arena.step_by(4);
    let starts = [arena.at(0), arena.at(1)];
    let path = |start: Vec3Mm, step: i32| Vec3Mm { z: start.z + start.x.signum() * step * 200, ..start };
    for step in 1..=5 {
        for slot in 0..2_u8 {
            arena.claim(slot, 1_000 + step as u32 * 4, path(starts[usize::from(slot)], step));
        }
        arena.step_by(4);
    }
    assert_eq!(arena.at(0), turned(arena.at(1)), "seed {seed}: the claims were accepted");
    let shots = [arena.attack(0, 1), arena.attack(1, 0)];
    arena.step();
    for slot in 0..2_u8 {
        assert_eq!(arena.refusal(slot, shots[usize::from(slot)]), None, "seed {seed}");
    }
    arena
}

#[test]
fn five_hundred_mirrored_duels_with_both_shots_in_one_tick_are_mutual_kills() {
    let level = level();
    for seed in 0..DUELS {
        let mut arena = fight(seed, mirrored_box(), &level);
        for slot in 0..2 {
            let body = arena.public(slot);
            assert_eq!((body.alive, body.kills, body.deaths), (false, 1, 1), "seed {seed}, slot {slot}");
        }
    }
}

const COMPARED: [StateKind; 8] = [
    StateKind::Body,
    StateKind::Vitals,
    StateKind::Arms,
    StateKind::Cooldowns,
    StateKind::Score,
    StateKind::Match,
    StateKind::Streams,
    StateKind::Ids,
];

/// The canonical state of a duel, poses changed by `seen`.
fn state(arena: &mut Arena, seen: impl Fn(Pose) -> Pose) -> Vec<(StateKind, Vec<u8>)> {
    let mut all = Vec::new();
    for kind in COMPARED {
        for (_, mut bytes) in arena.sim.canonical(kind) {
            if kind == StateKind::Body {
                let pose = Pose::take(&mut Reader::new(&bytes)).expect("a body is a pose");
                bytes.clear();
                seen(pose).put(&mut bytes);
            }
            all.push((kind, bytes));
        }
    }
    all
}

fn turned_pose(pose: Pose) -> Pose {
    Pose { at: turned(pose.at), yaw: Yaw(pose.yaw.0.wrapping_add(32_768)), ..pose }
}

#[test]
fn swapping_who_joined_first_gives_the_mirrored_state() {
    let level = level();
    let mut sides_seen = [0; 2];
    for seed in 0..DUELS {
        let mut swapped_map = mirrored_box();
        swapped_map.spawns.reverse();
        let (mut one, mut other) = (fight(seed, mirrored_box(), &level), fight(seed, swapped_map, &level));
        sides_seen[usize::from(one.at(0).x > 0)] += 1;
        assert_eq!(one.at(0), turned(other.at(0)), "seed {seed}: the first one stands on the other side");
        for _ in 0..40 {
            one.step();
            other.step();
        }
        assert_eq!(state(&mut one, |pose| pose), state(&mut other, turned_pose), "seed {seed}");
    }
    assert!(sides_seen.iter().all(|seen| *seen > 200), "{sides_seen:?}");
}
