//! Spawns keep apart, whatever the map and however many there are.

use combat_components::event::Event;
use combat_components::ids::Team;
use combat_components::map::Map;
use combat_components::quantity::Vec3Mm;
use combat_components::reason::Reason;
use combat_components::streams::Stream;
use combat_systems::formulas::bodies::apart;
use combat_systems::sim::Sim;
use combat_systems::views::Eye;

use crate::arena::{Arena, Plan};
use crate::crowd::Crowd;
use crate::maps;

const SEEDS: u64 = if cfg!(debug_assertions) { 4 } else { 40 };

fn shipped() -> [Map; 2] {
    [maps::duel_box(), maps::two_levels()]
}

fn living(arena: &mut Arena) -> Vec<(u8, Vec3Mm)> {
    let mut view = Vec::new();
    arena.sim.view(Eye::All, &mut view);
    view.iter().filter(|body| body.alive).map(|body| (body.slot.0, body.pose.at)).collect()
}

/// Of two living bodies that overlap, none has just appeared.
fn assert_nobody_appeared_inside_another(arena: &mut Arena) -> usize {
    let appeared: Vec<u8> =
        (0..64).filter(|slot| arena.displaced(*slot).contains(&Reason::Spawned)).collect();
    let living = living(arena);
    let body = arena.parts.ruleset.body;
    for (slot, at) in &living {
        let mut others = living.iter().filter(|(other, _)| other != slot);
        let inside = others.find(|(_, other)| appeared.contains(slot) && !apart(&body, *at, *other));
        assert_eq!(inside, None, "slot {slot} appeared at {at:?}, tick {}", arena.tick());
    }
    appeared.len()
}

#[test]
fn at_the_start_of_a_match_64_stand_apart_on_every_map() {
    for map in shipped().into_iter().chain([maps::plain(&[[0, 0, 0], [300, 0, 0]])]) {
        for (seed, players) in (0..SEEDS).zip([64, 40, 17, 5].into_iter().cycle()) {
            println!("map {}, seed {seed}, {players} players", map.id);
            let mut arena = Arena::fighting(&Plan::on(map.clone()).seeded(seed), players);
            assert_eq!(assert_nobody_appeared_inside_another(&mut arena), usize::from(players));
        }
    }
}

#[test]
fn who_joins_a_warmup_stands_apart_from_those_who_are_there() {
    for map in shipped() {
        let mut plan = Plan::on(map);
        plan.ruleset.matches.warmup_ms = 60_000;
        let mut arena = Arena::new(&plan);
        for slot in 0..64 {
            arena.join(slot, Team::NONE);
            arena.step();
            let living = living(&mut arena);
            let (_, newcomer) = living[usize::from(slot)];
            let body = arena.parts.ruleset.body;
            let mut others = living.iter().filter(|(other, _)| *other != slot);
            assert!(others.all(|(_, other)| apart(&body, newcomer, *other)), "slot {slot}");
        }
    }
}

#[test]
fn in_a_fight_nobody_stands_up_inside_another() {
    for map in shipped() {
        let seed = 9;
        println!("map {}, seed {seed}", map.id);
        let mut plan = Plan::on(map).seeded(seed);
        plan.ruleset.matches.respawn_ms = 300;
        plan.ruleset.weapons[0].own.set("damage_points", 60);
        let mut arena = Arena::fighting(&plan, 64);
        let mut crowd = Crowd::new(64, seed);
        let mut respawned = 0;
        for _ in 0..1_000 {
            crowd.think(&mut arena.sim, &mut arena.input);
            arena.step();
            respawned += assert_nobody_appeared_inside_another(&mut arena);
        }
        assert!(respawned > 50, "{respawned} stood up again");
    }
}

#[test]
fn the_dead_are_in_nobodys_way() {
    let mut plan = Plan::on(maps::plain(&[[0, 0, 0], [0, 0, 9_000]]));
    plan.ruleset.weapons[0].own.set("damage_points", 1_000);
    plan.ruleset.weapons[0].own.set("spread_turn", 0);
    plan.ruleset.matches.respawn_ms = 100;
    let mut arena = Arena::fighting(&plan, 2);
    let died_at = arena.at(1);
    arena.attack(0, 1);
    arena.step();
    assert!(arena.output.events.iter().any(|event| matches!(event, Event::Died { .. })));
    arena.step_by(20);
    assert_eq!((arena.public(1).alive, arena.at(1)), (true, died_at));
}

/// A floor of 2.2 × 2.2 m between walls holds nine bodies.
fn closet() -> Map {
    let mut map = maps::plain(&[[-300, 0, 0], [300, 0, 0]]);
    for (x, z) in [(-1_600, 0), (1_600, 0), (0, -1_600), (0, 1_600)] {
        let size = [if x == 0 { 4_200 } else { 1_000 }, 3_000, if z == 0 { 4_200 } else { 1_000 }];
        map.solids.push(maps::cuboid([x, 1_500, z], size));
    }
    map
}

#[test]
fn what_64_who_appear_at_once_may_cost_a_tick_is_bounded_where_there_is_no_room_and_enough_where_there_is() {
    for (map, is_spent) in [(closet(), true), (maps::duel_box(), false), (maps::two_levels(), false)] {
        let mut arena = Arena::new(&Plan::on(map));
        arena.step();
        let all = arena.sim.places_left();
        (0..64).for_each(|slot| arena.join(slot, Team::NONE));
        arena.step();
        assert_spent(&arena, all, is_spent, "joining");
        arena.until("slot 0 appears", |arena| arena.displaced(0) == [Reason::Spawned]);
        assert_spent(&arena, all, is_spent, "at the start");
    }
}

fn assert_spent(arena: &Arena, all: u32, is_spent: bool, when: &str) {
    let left = arena.sim.places_left();
    println!("{when} on {}: {} of {all} places asked for", arena.parts.map.id, all - left);
    assert_eq!(left == 0, is_spent, "{when} on {}", arena.parts.map.id);
    assert!(is_spent || left >= all / 3, "{when} on {}: {left} of {all} left", arena.parts.map.id);
}

#[test]
fn a_way_that_is_looked_along_costs_more_than_a_place_that_is_asked_for() {
    let mut arena = Arena::new(&Plan::on(maps::plain(&[[0, 0, 0], [9_000, 0, 0]])));
    let mut spent = Vec::new();
    arena.step();
    let all = arena.sim.places_left();
    for slot in 0..3 {
        arena.join(slot, Team::NONE);
        arena.step();
        spent.push(all - arena.sim.places_left());
    }
    assert_eq!(spent[..2], [0, 0], "two points are free");
    assert!(spent[2] > 64, "{spent:?}: a place beside a point, and the way there");
}

#[test]
fn where_there_is_no_room_at_all_they_still_appear_and_nobody_stands_in_solid() {
    let mut arena = Arena::fighting(&Plan::on(closet()), 30);
    let mut stream = Stream::of(3, 3);
    for _ in 0..600 {
        let slot = stream.below(30) as u8;
        let at = arena.at(slot);
        let tick = arena.tick();
        arena.claim(slot, tick, at);
        arena.step();
    }
    assert_eq!(living(&mut arena).len(), 30);
}

#[test]
fn at_the_start_of_a_match_64_bodies_of_any_size_stand_apart() {
    for radius_mm in [100, 350, 700, 1_000] {
        let mut plan = Plan::on(maps::plain(&[[0, 0, 0], [300, 0, 0]]));
        let body = &mut plan.ruleset.body;
        (body.radius_mm, body.height_mm) = (radius_mm, body.height_mm.max(2 * radius_mm + 100));
        for seed in 0..SEEDS.min(6) {
            let mut arena = Arena::new(&plan.clone().seeded(seed));
            arena.step();
            (0..64).for_each(|slot| arena.join(slot, Team::NONE));
            arena.until("slot 0 appears", |arena| arena.displaced(0) == [Reason::Spawned]);
            let left = arena.sim.places_left();
            println!("radius {radius_mm}, seed {seed}: {left} places left");
            assert_nobody_appeared_inside_another(&mut arena);
        }
    }
}

#[test]
fn nobody_who_joins_where_there_is_no_room_takes_more_than_an_eighth_of_what_all_have() {
    let mut plan = Plan::on(closet());
    plan.ruleset.matches.warmup_ms = 600_000;
    let mut arena = Arena::new(&plan);
    arena.step();
    let all = arena.sim.places_left();
    for slot in 0..20 {
        arena.step();
        let before = arena.sim.places_left();
        arena.join(slot, Team::NONE);
        arena.step();
        assert!(before - arena.sim.places_left().min(before) <= all / 8, "slot {slot}: of one rank");
    }
}

#[test]
fn who_leaves_and_joins_over_and_over_uses_up_what_comes_back_little_by_little() {
    let mut plan = Plan::on(closet());
    plan.ruleset.matches.warmup_ms = 600_000;
    let mut arena = Arena::new(&plan);
    arena.step();
    let all = arena.sim.places_left();
    (0..30).for_each(|slot| arena.join(slot, Team::NONE));
    arena.step();
    for _ in 0..100 {
        arena.leave(0);
        arena.join(0, Team::NONE);
        arena.step();
    }
    assert_eq!(arena.sim.places_left(), 0, "there is no room, and it was looked for");
    (0..30).for_each(|slot| arena.leave(slot));
    arena.step();
    let missing = all - arena.sim.places_left();
    let back_after = (1..).find(|_| {
        arena.step();
        arena.sim.places_left() == all
    });
    assert_eq!(back_after, Some(missing.div_ceil(64)));
}

/// Without bodies they are the last thing in it.
#[test]
fn a_keyframe_with_more_places_than_can_be_saved_is_refused() {
    let plan = Plan::on(closet());
    let mut keyframe = Vec::new();
    let mut sim = Sim::new(&plan.parts()).expect("the setup is sound");
    sim.write_keyframe(&mut keyframe);
    let at = keyframe.len() - 4;
    for (places, is_taken) in [(32_768_u32, true), (32_769, false), (u32::MAX, false)] {
        keyframe[at..].copy_from_slice(&places.to_le_bytes());
        assert_eq!(Sim::restore(&plan.parts(), &keyframe).is_ok(), is_taken, "{places}");
    }
}

/// Two closets and an open place, each with somebody on it.
#[test]
fn a_closet_does_not_use_up_what_is_needed_to_find_the_room_there_is() {
    for seed in 0..40 {
        let spawns = [[0, 0, 0], [30_000, 0, 0], [60_000, 0, 0]];
        let mut map = maps::plain(&spawns);
        for [x, _, z] in spawns.into_iter().take(2) {
            for (dx, dz) in [(700, 0), (-700, 0), (0, 700), (0, -700)] {
                let size = if dx == 0 { [1_500, 3_000, 100] } else { [100, 3_000, 1_500] };
                map.solids.push(maps::cuboid([x + dx, 1_500, z + dz], size));
            }
        }
        let mut plan = Plan::on(map).seeded(seed);
        plan.ruleset.matches.warmup_ms = 600_000;
        let mut arena = Arena::new(&plan);
        for slot in 0..6 {
            arena.join(slot, Team::NONE);
            arena.step();
        }
        let (living, body) = (living(&mut arena), arena.parts.ruleset.body);
        for (slot, at) in &living {
            let mut others = living.iter().filter(|(other, _)| other != slot);
            assert!(others.all(|(_, other)| apart(&body, *at, *other)), "seed {seed}, slot {slot}");
        }
    }
}
