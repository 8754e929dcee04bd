//! Falls that the server sees through: as fast as they were, deaf to claims, and into nothing solid.

use std::sync::Arc;

use combat_components::body::Motion;
use combat_components::canon::{Canon, Reader};
use combat_components::command::{Command, Deed};
use combat_components::map::{Map, Solid};
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_systems::sim::Sim;
use combat_systems::spatial::Level;
use combat_systems::state::StateKind;

use crate::liar::Liar;
use crate::maps;

const TOWER_MM: i32 = 40_000;

fn towers() -> Map {
    let mut map = maps::plain(&[[0, TOWER_MM, 0], [90_000, TOWER_MM, 0]]);
    for x in [0, 90_000] {
        map.solids.push(maps::cuboid([x, TOWER_MM / 2, 0], [2_000, TOWER_MM, 2_000]));
    }
    map
}

/// Millimetres fallen from rest after so many ticks.
fn fallen_mm(ticks: i32) -> i32 {
    20_000 * ticks * ticks / (2 * 128 * 128)
}

/// Off a tower, falling honestly for so long.
fn falling_for(ticks: i32) -> Liar {
    falling_on(towers(), ticks)
}

fn falling_on(map: Map, ticks: i32) -> Liar {
    let mut liar = Liar::on(map);
    let tower_x = liar.arena.at(0).x;
    liar.set_clock();
    while liar.arena.at(0).x < tower_x + 1_360 {
        liar.arena.step_by(3);
        liar.go_furthest([1.0, 0.0], 4);
    }
    for fallen_ticks in (0..ticks).step_by(4) {
        liar.arena.step_by(3);
        let at = liar.arena.at(0);
        let by_mm = fallen_mm(fallen_ticks + 4) - fallen_mm(fallen_ticks);
        liar.clock += 4;
        let claim = liar.claim_to(liar.clock, Vec3Mm { x: at.x + 190, y: at.y - by_mm, ..at });
        liar.send(claim);
        liar.arena.step();
        assert_eq!(liar.arena.displaced(0), [], "an honest fall, after {fallen_ticks} ticks");
    }
    liar
}

fn is_taken_over(liar: &mut Liar) {
    liar.arena.until("the server takes it over", |arena| arena.displaced(0) == [Reason::Silent]);
}

#[test]
fn who_goes_silent_in_a_fast_fall_lands_no_later_and_no_sooner_than_as_fast_as_he_fell() {
    let mut liar = falling_for(140);
    let (from, claimed_at) = (liar.arena.at(0), liar.arena.tick());
    is_taken_over(&mut liar);
    // 21.9 m/s after 140 ticks of gravity, 6.5 less should he have jumped off, 3.7 more should he have rolled over the edge.
    let after_mm = |liar: &Liar, speed: i32| {
        let ticks = liar.arena.tick() - claimed_at;
        let limits = &liar.arena.sim.rules().movement;
        (limits.fallen_um(speed, ticks) / 1_000) as i32
    };
    let mut ticks = 0;
    while liar.arena.at(0).y > 2 {
        let y = liar.arena.at(0).y;
        let (slowly, fast) = (from.y - after_mm(&liar, 15_300_000), from.y - after_mm(&liar, 25_700_000));
        assert!((fast..=slowly).contains(&y), "{y} mm, {fast} to {slowly}");
        liar.arena.step();
        ticks += 1;
    }
    assert!((40..130).contains(&ticks), "{ticks} ticks of the fall were seen");
    assert!(after_mm(&liar, 25_700_000) >= from.y - 2, "no sooner");
}

#[test]
fn a_dash_in_a_fast_fall_forgets_nothing_of_its_speed() {
    let mut liar = falling_for(140);
    let before = liar.arena.at(0);
    let dash = liar.arena.act(0, Deed::Ability { index: 0 }, Yaw(49_152), Pitch::default());
    liar.arena.step();
    assert_eq!(liar.arena.refusal(0, dash), None);
    let there = liar.arena.at(0);
    assert!(there.x > before.x + 1_000 && there.y == before.y, "{before:?} {there:?}");
    liar.set_clock();
    for _ in 0..3 {
        liar.arena.step_by(7);
        let at = liar.arena.at(0);
        let least = (0..3_000).step_by(10).find(|mm| liar.is_legal(liar.clock + 8, lower(at, *mm)));
        liar.clock += 8;
        let claim = liar.claim_to(liar.clock, lower(at, least.expect("it can fall on")));
        liar.send(claim);
        liar.arena.step();
    }
    let sunk_mm = there.y - liar.arena.at(0).y;
    assert!(sunk_mm >= 15_300 * 24 / 128, "{sunk_mm} mm in 24 ticks that began at 15.3 m/s at least");
}

/// On as fast as before, over 8 ticks.
fn lower(at: Vec3Mm, by_mm: i32) -> Vec3Mm {
    Vec3Mm { x: at.x + 370, y: at.y - by_mm, ..at }
}

#[test]
fn no_claim_is_heard_in_a_fall_that_the_server_sees_through() {
    let mut liar = falling_for(60);
    is_taken_over(&mut liar);
    let (x, mut claims) = (liar.arena.at(0).x, 0);
    assert!(liar.arena.at(0).y > 0, "it is in the air still");
    while liar.arena.at(0).y > 0 {
        let at = liar.arena.at(0);
        let seq = liar.arena.claim(0, 5_000 + liar.arena.tick(), Vec3Mm { x: at.x + 20, ..at });
        liar.arena.step();
        claims += 1;
        assert_eq!((liar.arena.verdict(0, seq), liar.arena.at(0).x), (None, x), "claim {claims}");
    }
    assert!(claims > 60, "{claims}");
    liar.arena.step_by(20);
    let landed = liar.arena.at(0);
    let seq = liar.arena.claim(0, 9_000, Vec3Mm { x: x + 20, ..landed });
    liar.arena.step();
    assert_eq!((liar.arena.verdict(0, seq), liar.arena.at(0).x), (None, x + 20), "once it has landed it is");
}

fn is_grounded(liar: &mut Liar) -> bool {
    let motion = Motion::take(&mut Reader::new(&liar.arena.sim.canonical(StateKind::Motion)[0].1));
    motion.expect("it is read as it was written").grounded
}

#[test]
fn who_has_fallen_into_a_void_stands_on_the_bottom_of_the_map_and_is_told_no_more() {
    let mut map = towers();
    map.solids.remove(0);
    let bottom_y = map.bounds.min.y;
    let mut liar = falling_on(map, 60);
    is_taken_over(&mut liar);
    is_taken_over(&mut liar);
    assert_eq!(liar.arena.at(0).y, bottom_y);
    assert!(!is_grounded(&mut liar), "there is no ground");
    for _ in 0..3 * liar.arena.sim.rules().bank_ticks_max {
        liar.arena.step();
        assert_eq!(liar.arena.displaced(0), []);
    }
    assert_eq!(liar.arena.at(0).y, bottom_y);
    assert!(is_grounded(&mut liar), "the bounds are a floor");
}

/// The world goes on in a level that has something more in it: as where one answer of the level's contradicts another.
fn among(liar: &mut Liar, solid: Solid) {
    let (mut map, mut keyframe) = ((*liar.arena.parts.map).clone(), Vec::new());
    map.solids.push(solid);
    let level = Level::build(&map, &liar.arena.parts.ruleset.body).expect("no spawn point is in it");
    liar.arena.parts.level = Arc::new(level);
    liar.arena.sim.write_keyframe(&mut keyframe);
    liar.arena.sim = Sim::restore(&liar.arena.parts, &keyframe).expect("the keyframe is whole");
}

#[test]
fn who_is_in_a_wall_already_stands_where_he_is_and_falls_through_no_floor() {
    let mut liar = falling_for(60);
    let at = liar.arena.at(0);
    among(&mut liar, maps::cuboid([at.x + 500, at.y + 900, 0], [400, 400, 400]));
    assert!(liar.arena.level().overlaps(at));
    for _ in 0..200 {
        let output = liar.arena.sim.step(&mut Vec::<Command>::new());
        assert_eq!(output.events, [], "nothing is told of it");
        assert_eq!(liar.arena.at(0), at);
    }
    assert!(is_grounded(&mut liar));
}

#[test]
fn nobody_sinks_into_what_is_in_the_way_of_his_fall() {
    let mut liar = falling_for(140);
    is_taken_over(&mut liar);
    let at = liar.arena.at(0);
    let shelf_mm = at.y - 4_000;
    among(&mut liar, maps::cuboid([at.x, shelf_mm, 0], [4_000, 1_000, 4_000]));
    let mut waited = 0;
    // The harness holds that nobody stands in solid, after every tick.
    liar.arena.until("it is down", |arena| {
        let y = arena.at(0).y;
        waited += u32::from((shelf_mm + 500..shelf_mm + 2_000).contains(&y));
        arena.displaced(0) == [Reason::Silent]
    });
    assert!(waited > 10, "{waited} ticks above the shelf");
    assert_eq!(liar.arena.at(0).y, 0);
}
