//! Solids that come and go: the studio's pillar stands in the way of shots, claims and bodies, and then no longer.

use combat_components::command::Deed;
use combat_components::event::Event;
use combat_components::ids::Team;
use combat_components::map::Solid;
use combat_components::own_numbers;
use combat_components::quantity::{Pitch, Vec3Mm, Velocity, Yaw};
use combat_components::reason::Reason;
use combat_components::rules::kinds::KindKeys;
use combat_systems::abilities::AbilityKind;
use combat_systems::consequences::Does;
use combat_systems::formulas::{aim, shot};
use combat_systems::kinds::Kinds;
use combat_systems::sim::Sim;
use combat_systems::spatial::{EXTRA_SOLIDS_MAX, SKIN_MM};
use combat_systems::things::Block;

use crate::arena::{Arena, Plan};
use crate::kinds::{KINDS, RULES, plan, studio};
use crate::liar::Liar;
use crate::maps;

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

own_numbers! {
    /// Raised so far ahead of its user, at his height, without asking who is there.
    struct Tower {
        ahead_mm in 0..=5_000,
        width_mm in 100..=3_000,
        height_mm in 100..=5_000,
        lasts_ms in 1..=60_000,
    }
}

static TOWER: AbilityKind = AbilityKind::new(KindKeys::new("tower", Tower::KEYS), |using| {
    let Tower { ahead_mm, lasts_ms, .. } = Tower::of(using.own);
    let at = shot::along(using.from.at, aim::direction(using.yaw, Pitch::default()), ahead_mm);
    let ticks = using.rate.ticks_in_ms(lasts_ms as u32);
    using.does(using.user, Does::Place { at, velocity: Velocity::default(), ticks });
    Ok(())
})
.placing_solid(
    |_| {},
    |own, thing| {
        let Tower { width_mm, height_mm, .. } = Tower::of(own);
        let center = Vec3Mm { y: thing.at.y + height_mm / 2, ..thing.at };
        Block { center, size: Vec3Mm::new(width_mm, height_mm, width_mm), yaw: Yaw(0) }
    },
);

/// A tower may be raised again in the next tick, a pillar not for a while.
const TIMES: &str = "lasts_ms = 2_000\ncooldown_ms = 4_000\n";

fn towers(ahead_mm: i32, height_mm: i32, places: &[[i32; 3]]) -> Plan {
    const TOWERS: Kinds = Kinds { abilities: &[&studio::blast::BLAST, &studio::well::WELL, &TOWER], ..KINDS };
    let tower =
        format!("kind = \"tower\"\nahead_mm = {ahead_mm}\nwidth_mm = 600\nheight_mm = {height_mm}\n{TIMES}");
    let pillar = format!("kind = \"pillar\"\nahead_mm = 1_500\nwidth_mm = 600\nheight_mm = 2_200\n{TIMES}");
    assert!(RULES.contains(&pillar));
    let mut plan = Plan { kinds: TOWERS, ..plan("deathmatch", places) };
    plan.ruleset = TOWERS
        .ruleset("mine.toml", &RULES.replace(&pillar, &tower.replace("4_000", "0")))
        .expect("the rules are sound");
    plan.ruleset.matches.warmup_ms = 0;
    plan
}

/// How far from the middle of a tower, along x, a body is out of it: half its width and the body's radius, less the skin.
const CLEAR_MM: i32 = 300 + 350 - SKIN_MM;

/// Claims are tried on a copy that was restored from a keyframe, so it waits there alike.
#[test]
fn a_solid_raised_on_somebody_waits_until_he_is_out_of_it_and_nobody_is_caught() {
    let mut liar = Liar::of(Arena::new(&towers(0, 2_200, &[[0, 0, 0], [9_000, 0, 0]])));
    liar.set_clock();
    let from = liar.arena.at(0);
    let seq = liar.arena.act(0, PILLAR, EAST, Pitch::default());
    liar.arena.step();
    assert_eq!(liar.arena.refusal(0, seq), None);
    let east_of = |mm: i32| Vec3Mm { x: from.x + mm, ..from };
    for out_mm in (40..=960).step_by(40) {
        let clock = liar.clock + 20;
        let is_inside = out_mm - 40 < CLEAR_MM;
        assert_eq!(liar.is_legal(clock, from), is_inside, "back into it from {} mm", out_mm - 40);
        liar.go(east_of(out_mm), 4);
        assert_eq!(liar.arena.at(0), east_of(out_mm), "on the way out");
    }
}

#[test]
fn a_solid_that_waits_stops_no_shot() {
    let mut arena = Arena::fighting(&towers(0, 2_200, &[[0, 0, 0], [3_000, 0, 0]]), 2);
    let seq = arena.act(0, PILLAR, EAST, Pitch::default());
    arena.step();
    assert_eq!(arena.refusal(0, seq), None);
    for by in [0, 1] {
        assert!(hits(&mut arena, by), "player {by} shoots at or out of where it waits");
    }
}

#[test]
fn who_stood_on_what_goes_falls() {
    let mut liar = Liar::of(Arena::new(&towers(1_500, 300, &[[0, 0, 0], [9_000, 0, 0]])));
    liar.set_clock();
    let from = liar.arena.at(0);
    liar.arena.act(0, PILLAR, EAST, Pitch::default());
    liar.arena.step();
    let up = |x: i32, y: i32| Vec3Mm { x: from.x + x, y: from.y + y, ..from };
    for to in [up(400, 0), up(800, 0)] {
        liar.go(to, 24);
    }
    for ticks in (8..=80).step_by(8) {
        // A jump of 6.5 m/s under 20 m/s2, which comes down on the tower.
        let rise = (6_500 * ticks / 128 - 10_000 * ticks * ticks / (128 * 128)).max(300);
        let to = up(800 + ticks * 9, rise);
        liar.go(to, 8);
        assert_eq!(liar.arena.at(0), to);
    }
    liar.arena.step_by(LASTS_TICKS);
    assert_eq!(liar.arena.at(0), up(1_520, 0), "he is down");
}

#[test]
fn who_falls_lands_on_what_was_raised_beneath_him() {
    let mut liar = Liar::of(Arena::new(&towers(3_000, 100, &[[0, 0, 0], [3_000, 0, 0]])));
    liar.set_clock();
    let from = liar.arena.at(0);
    let mut height_mm = 0;
    for _ in 0..24 {
        let rise = liar.furthest(2, |mm| Vec3Mm { y: from.y + height_mm + mm, ..from });
        height_mm += rise.expect("one may stay or fall").max(0);
        liar.go(Vec3Mm { y: from.y + height_mm, ..from }, 2);
    }
    assert!(height_mm > 700, "he jumped {height_mm} mm");
    let facing = if liar.arena.at(1).x < from.x { EAST } else { Yaw(16_384) };
    liar.arena.until("he falls", |arena| arena.at(0).y < from.y + height_mm);
    let seq = liar.arena.act(1, PILLAR, facing, Pitch::default());
    liar.arena.step();
    assert_eq!(liar.arena.refusal(1, seq), None);
    liar.arena.step_by(100);
    assert_eq!(liar.arena.at(0).y, from.y + 100, "on the tower");
    liar.arena.step_by(LASTS_TICKS);
    assert_eq!(liar.arena.at(0), from, "and down with it");
}

#[test]
fn who_is_silent_on_what_goes_is_down_no_sooner_than_by_falling() {
    let mut plan = towers(1_500, 5_000, &[[0, 5_000, 0], [3_000, 0, 0]]);
    plan.map.solids.push(maps::cuboid([0, 2_500, 0], [2_000, 5_000, 2_000]));
    let on_the_ledge = |seed| {
        let mut liar = Liar::of(Arena::new(&plan.clone().seeded(seed)));
        (liar.arena.at(0).y == 5_000).then_some(liar)
    };
    let mut liar = (1..50).find_map(on_the_ledge).expect("one of two places");
    liar.set_clock();
    liar.arena.act(1, PILLAR, Yaw(16_384), Pitch::default());
    for x in (100..=1_400).step_by(100) {
        liar.go(Vec3Mm::new(x, 5_000, 0), 8);
    }
    assert_eq!(liar.arena.at(0), Vec3Mm::new(1_400, 5_000, 0));
    liar.arena.until("he is told to fall", |arena| arena.displaced(0) == [Reason::Displaced]);
    let began = liar.arena.tick();
    let mut told = Vec::new();
    liar.arena.until("he is down", |arena| {
        told.extend(arena.displaced(0).into_iter().map(|reason| (reason, arena.tick() - began)));
        arena.at(0).y == 0
    });
    let bank_ticks = liar.arena.sim.rules().bank_ticks_max;
    assert_eq!(
        told.first(),
        Some(&(Reason::Silent, bank_ticks)),
        "till then his claims could have it: {told:?}"
    );
    let honest_ticks = (2.0 * 5.0 / 20.0_f64).sqrt() * 128.0;
    let ticks = liar.arena.tick() - began;
    assert!(f64::from(ticks) >= honest_ticks.floor(), "{ticks} ticks, {honest_ticks} by falling");
}

/// West's shot after he has raised so many aside and one more between the two.
fn shot_past(towers_aside: u16) -> bool {
    let mut arena = Arena::fighting(&towers(1_500, 2_200, &[[0, 0, 0], [6_000, 0, 0]]), 2);
    let west = if arena.at(0).x < arena.at(1).x { 0 } else { 1 };
    for yaw in (0..towers_aside).map(|turn| Yaw(turn * 16)).chain([EAST]) {
        arena.act(west, PILLAR, yaw, Pitch::default());
        arena.step();
    }
    hits(&mut arena, west)
}

#[test]
fn as_many_solids_stand_as_are_promised() {
    assert!(!shot_past(EXTRA_SOLIDS_MAX as u16 - 1), "the last that may stand");
    assert!(shot_past(EXTRA_SOLIDS_MAX as u16), "one more");
}

#[test]
fn the_dead_keep_no_solid_from_standing() {
    let through = |raises: bool| {
        let mut arena = Arena::fighting(&towers(0, 2_200, &[[0, 0, 0], [3_000, 0, 0], [6_000, 0, 0]]), 3);
        let mut by_x = [0, 1, 2];
        by_x.sort_by_key(|slot| arena.at(*slot).x);
        let [west, middle, east] = by_x;
        if raises {
            arena.act(middle, PILLAR, EAST, Pitch::default());
            arena.step();
        }
        arena.until("he is dead", |arena| {
            arena.attack(west, middle);
            arena.step();
            !arena.public(middle).alive
        });
        let seq = arena.attack(east, west);
        arena.step();
        arena.verdict(east, seq).is_some_and(|verdict| verdict.hit.is_some())
    };
    assert!(through(false), "nothing is in the way");
    assert!(!through(true), "what waited for him stands");
}

#[test]
fn nobody_takes_all_the_room_for_solids() {
    let mut arena = Arena::fighting(&towers(1_500, 2_200, &[[0, 0, 0], [6_000, 0, 0]]), 2);
    let west = if arena.at(0).x < arena.at(1).x { 0 } else { 1 };
    for turn in 0..40 {
        arena.act(west, PILLAR, Yaw(turn * 16), Pitch::default());
        arena.step();
    }
    assert!(hits(&mut arena, west), "his are aside");
    arena.act(1 - west, PILLAR, Yaw(16_384), Pitch::default());
    arena.step();
    assert!(!hits(&mut arena, west), "the other's first stands, whatever he has raised before");
}

#[test]
fn who_lies_at_the_bottom_of_a_void_is_told_nothing_of_a_tower_far_away() {
    let mut plan = towers(1_500, 2_200, &[[0, 0, 0], [49_500, 0, 0]]);
    plan.map.solids[0] = maps::cuboid([-50_000, -500, 0], [200_000, 1_000, 400_000]);
    let at_the_edge = |seed| {
        let mut liar = Liar::of(Arena::new(&plan.clone().seeded(seed)));
        (liar.arena.at(0).x == 49_500).then_some(liar)
    };
    let mut liar = (1..50).find_map(at_the_edge).expect("one of two places");
    liar.set_clock();
    for x in (49_600..=50_200).step_by(100).chain([50_340, 50_450]) {
        liar.go(Vec3Mm::new(x, 0, 0), 8);
    }
    liar.arena.step_by(1_000);
    assert_eq!(liar.arena.at(0).y, plan.map.bounds.min.y, "he lies there");
    let mut told = Vec::new();
    for _ in 0..3 {
        liar.arena.act(1, PILLAR, EAST, Pitch::default());
        for _ in 0..LASTS_TICKS + 10 {
            liar.arena.step();
            told.extend(liar.arena.displaced(0));
        }
    }
    assert_eq!(told, [], "nothing has happened to him");
}

#[test]
fn who_runs_into_a_solid_that_no_frame_tells_of_is_corrected_and_it_does_not_count_against_him() {
    const PLACES: [[i32; 3]; 2] = [[0, 0, 0], [9_000, 0, 0]];
    let turned_away = |walls: &[Solid]| {
        let mut plan = plan("deathmatch", &PLACES);
        plan.map.solids.extend_from_slice(walls);
        let mut liar = Liar::of(Arena::new(&plan));
        liar.set_clock();
        let from = liar.arena.at(0);
        if walls.is_empty() {
            liar.arena.act(0, PILLAR, EAST, Pitch::default());
        }
        liar.arena.step();
        for mm in [400, 800] {
            liar.go(Vec3Mm { x: from.x + mm, ..from }, 16);
        }
        (0..36).any(|_| {
            let at = liar.arena.at(0);
            liar.clock += 6;
            let claim = liar.claim_to(liar.clock, Vec3Mm { x: at.x + 80, ..at });
            liar.send(claim);
            liar.arena.step();
            let told =
                liar.arena.output.events.iter().any(|event| matches!(event, Event::TooManyRefusals { .. }));
            let reasons = liar.arena.displaced(0);
            assert!(matches!(reasons[..], [Reason::Blocked | Reason::BankOverdrawn]), "{reasons:?}");
            assert_eq!(liar.arena.at(0), at, "it is in the way");
            liar.arena.step_by(5);
            told
        })
    };
    assert!(!turned_away(&[]), "he could not know of it");
    let walls = PLACES.map(|[x, ..]| maps::cuboid([x + 1_500, 1_100, 0], [600, 2_200, 600]));
    assert!(turned_away(&walls), "of the map he does");
}

/// How high a jump beside one's own pillar goes, and how many claims into it were said on the way.
fn highest_beside_a_pillar(lies: bool) -> (i32, u32) {
    let mut liar = Liar::of(Arena::new(&plan("deathmatch", &[[0, 0, 0], [9_000, 0, 0]])));
    liar.set_clock();
    let from = liar.arena.at(0);
    liar.arena.act(0, PILLAR, EAST, Pitch::default());
    liar.arena.step();
    for mm in [200, 400, 600, 800, 845] {
        liar.go(Vec3Mm { x: from.x + mm, ..from }, 16);
    }
    liar.arena.step_by(20);
    let (mut top, mut told) = (0, 0);
    for _ in 0..100 {
        let at = liar.arena.at(0);
        let up = (-400..=60).rev().find(|mm| liar.is_legal(liar.clock + 1, Vec3Mm { y: at.y + mm, ..at }));
        let Some(up) = up else { break };
        let to = Vec3Mm { y: at.y + up, ..at };
        liar.clock += 1;
        let first = liar.claim_to(liar.clock, to);
        let mut into_it = liar.claim_to(liar.clock + 8, Vec3Mm { x: to.x + 20, ..to });
        into_it.input_seq += 1;
        liar.send(first);
        if lies {
            liar.send(into_it.clone());
        }
        liar.arena.step();
        let refused = liar.arena.verdict(0, into_it.input_seq).and_then(|verdict| verdict.reason);
        told += u32::from(refused == Some(Reason::Blocked));
        top = top.max(to.y - from.y);
    }
    (top, told)
}

#[test]
fn what_does_not_count_against_a_body_forgives_it_nothing() {
    let (honest, _) = highest_beside_a_pillar(false);
    let (lying, told) = highest_beside_a_pillar(true);
    println!("{honest} mm, with {told} claims into the pillar {lying} mm");
    assert!(honest > 1_000 && told > 30, "{honest} mm, {told} claims");
    assert!(lying <= honest + 1, "{lying} mm with {told} claims into the pillar, {honest} mm without");
}

#[test]
fn a_way_that_the_map_does_not_let_through_counts_whatever_else_stands_beside_it() {
    let mut plan = plan("deathmatch", &[[0, 0, 0], [9_000, 0, 0]]);
    for x in [0, 9_000] {
        plan.map.solids.push(maps::cuboid([x + 500, 1_100, 0], [50, 2_200, 600]));
    }
    let mut liar = Liar::of(Arena::new(&plan));
    liar.set_clock();
    let from = liar.arena.at(0);
    liar.arena.act(0, PILLAR, EAST, Pitch::default());
    liar.arena.step();
    liar.go(Vec3Mm { x: from.x + 100, ..from }, 16);
    let told = (0..40).any(|_| {
        liar.clock += 30;
        let behind = Vec3Mm { x: from.x + 1_150, ..from };
        let claim = liar.claim_to(liar.clock, behind);
        liar.send(claim);
        liar.arena.step();
        let events = &liar.arena.output.events;
        let told = events.iter().any(|event| matches!(event, Event::TooManyRefusals { .. }));
        liar.arena.step_by(5);
        told
    });
    assert!(told, "through a wall, up to a pillar");
}
