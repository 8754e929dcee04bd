//! Overlap and free ways.

use combat_components::map::Solid;
use combat_components::quantity::{Vec3Mm, Yaw};
use combat_components::rules::BodyRules;
use combat_systems::spatial::{Level, LevelError, SKIN_MM};

use crate::fixture::{Random, arena, floor_and, level, maps, rules};
use crate::reference::Reference;

/// What f32 metres may err by.
const ROUNDING_MM: f64 = 0.05;

/// rapier's search takes what is this close to touching for overlap; the skin is wider, so no legal pose is lost.
const CAUTION_MM: f64 = 1.0;

const _: () = assert!(CAUTION_MM < SKIN_MM as f64);

#[test]
fn overlap_agrees_with_the_reference_everywhere() {
    let (mut random, body) = (Random::new(31), rules().body);
    for map in maps() {
        let (level, reference) = (level(&map), Reference::new(&map, &body));
        let (mut free, mut solid) = (0, 0);
        for _ in 0..20_000 {
            let at = random.within(&map);
            let clearance = reference.clearance_mm(at);
            if (-ROUNDING_MM..=CAUTION_MM).contains(&(clearance + f64::from(SKIN_MM))) {
                continue;
            }
            let expected = clearance < -f64::from(SKIN_MM);
            assert_eq!(level.overlaps(at), expected, "{} at {at:?}, clearance {clearance} mm", map.id);
            if expected { solid += 1 } else { free += 1 }
        }
        assert!(free > 2_000 && solid > 2_000, "{}: both were tried, {free} free and {solid} solid", map.id);
    }
}

/// The hard cases: bodies within a few millimetres of contact.
#[test]
fn near_contact_overlap_is_never_missed_and_rarely_feared() {
    let (mut random, body) = (Random::new(32), rules().body);
    for map in maps() {
        let (level, reference) = (level(&map), Reference::new(&map, &body));
        let mut tried = 0;
        while tried < 5_000 {
            let Some(rest) = level.ground_below(random.within(&map)) else {
                continue;
            };
            let nudge = |random: &mut Random| random.between(-6, 6);
            let at = Vec3Mm::new(
                rest.x + nudge(&mut random),
                rest.y + nudge(&mut random),
                rest.z + nudge(&mut random),
            );
            let clearance = reference.clearance_mm(at);
            tried += 1;
            let excess = clearance + f64::from(SKIN_MM);
            if excess < -ROUNDING_MM {
                assert!(level.overlaps(at), "{at:?} is {excess} mm inside");
            } else if excess > CAUTION_MM {
                assert!(!level.overlaps(at), "{at:?} is {excess} mm outside");
            }
        }
    }
}

#[test]
fn no_way_called_free_leads_its_axis_through_solid_or_ends_inside_it() {
    let (mut random, body) = (Random::new(33), rules().body);
    for map in maps() {
        let (level, reference) = (level(&map), Reference::new(&map, &body));
        let mut free = 0;
        for _ in 0..20_000 {
            let from = random.within(&map);
            if level.overlaps(from) {
                continue;
            }
            let reach = |random: &mut Random| random.between(-1_500, 1_500);
            let to = Vec3Mm::new(
                from.x + reach(&mut random),
                from.y + reach(&mut random) / 4,
                from.z + reach(&mut random),
            );
            if level.path_is_free(from, to) {
                free += 1;
                assert!(!reference.axis_meets_solid(from, to), "{from:?} to {to:?}");
                let clearance = reference.clearance_mm(to);
                assert!(clearance >= -f64::from(SKIN_MM) - ROUNDING_MM, "{to:?}, clearance {clearance} mm");
            }
        }
        assert!(free > 2_000, "{}: {free} ways were free", map.id);
    }
}

#[test]
fn the_thinnest_wall_stops_a_way_across_it() {
    let level = level(&floor_and(
        "[[cuboid]]\ncenter_mm = [0, 1_000, 0]\nsize_mm = [10, 2_000, 10_000]\nyaw_deg = 30",
    ));
    let mut random = Random::new(34);
    for _ in 0..2_000 {
        let (x, z) = (random.between(800, 2_500), random.between(-2_000, 2_000));
        let (from, to) = (Vec3Mm::new(-x, 0, -z), Vec3Mm::new(x, 0, z));
        assert!(!level.path_is_free(from, to), "{from:?} to {to:?}");
    }
}

#[test]
fn a_way_out_of_bounds_or_without_end_is_not_free() {
    let level = level(&floor_and(""));
    let (low, high) = (Vec3Mm::new(-15_000, 5_000, 0), Vec3Mm::new(15_000, 5_000, 0));
    assert!(level.path_is_free(low, high));
    assert!(!level.path_is_free(low, Vec3Mm::new(-30_001, 5_000, 0)));
    let far = Vec3Mm::new(i32::MAX, 5_000, i32::MIN);
    assert!(!level.path_is_free(low, far));
    let corners = [Vec3Mm::new(-30_000, 3_000, -30_000), Vec3Mm::new(30_000, 19_000, 30_000)];
    assert!(level.path_is_free(corners[0], corners[1]), "87 m are 248 points");
    let thin = BodyRules { radius_mm: 100, ..rules().body };
    let level = Level::build(&floor_and(""), &thin).unwrap();
    assert!(!level.path_is_free(corners[0], corners[1]), "87 m are 867 points");
}

#[test]
fn a_positive_yaw_turns_a_cuboid_to_the_left_seen_from_above() {
    let beam = "[[cuboid]]\ncenter_mm = [0, 900, 0]\nsize_mm = [400, 1_800, 12_000]\nyaw_deg = 45";
    let map = floor_and(beam);
    assert!(matches!(map.solids[1], Solid::Cuboid { yaw: Yaw(8_192), .. }));
    let level = level(&map);
    assert!(level.overlaps(Vec3Mm::new(-3_000, 0, -3_000)));
    assert!(!level.overlaps(Vec3Mm::new(3_000, 0, -3_000)));
}

#[test]
fn spawns_in_solid_in_the_air_or_out_of_bounds_are_named() {
    let body = rules().body;
    let check = |at: Vec3Mm, expected: LevelError| {
        let mut map = arena();
        map.spawns[3].at = at;
        assert_eq!(Level::build(&map, &body).unwrap_err(), expected);
    };
    check(Vec3Mm::new(0, -10, 0), LevelError::SpawnInSolid { spawn: 3 });
    check(Vec3Mm::new(0, 5_000, 5_000), LevelError::SpawnInAir { spawn: 3 });
    check(Vec3Mm::new(0, 50_000, 0), LevelError::SpawnOutOfBounds { spawn: 3 });
}

#[test]
fn what_is_not_crowded_for_a_usual_body_can_be_for_a_larger_one() {
    let posts: String = (0..25)
        .map(|post| (post % 5 * 500, post / 5 * 500))
        .map(|(x, z)| format!("[[cuboid]]\ncenter_mm = [{x}, 1_000, {z}]\nsize_mm = [100, 2_000, 100]\n"))
        .collect();
    let map = floor_and(&posts);
    let built =
        |radius_mm, height_mm| Level::build(&map, &BodyRules { radius_mm, height_mm, ..rules().body });
    assert!(
        built(350, 1_800).is_ok() && built(700, 1_800).is_ok(),
        "beside the floor and nine to sixteen posts"
    );
    let error = built(1_000, 4_000).expect_err("25 posts are 2.1 m wide").to_string();
    let expected = "for a body of the ruleset expected solids with at most 192 corners (8 of a cuboid, ";
    assert!(error.starts_with(expected), "{error}");
}
