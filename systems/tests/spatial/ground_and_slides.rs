//! Standing, falling and sliding.

use combat_components::quantity::{Vec3Mm, Yaw};
use combat_components::rules::BodyRules;
use combat_systems::spatial::Level;

use crate::fixture::{Random, floor_and, level, maps, rules};

const FORWARD: Yaw = Yaw(0);
const LEFT: Yaw = Yaw(16_384);
const RIGHT: Yaw = Yaw(49_152);

/// A wedge that rises from x = 0 to `rise_mm` at x = `run_mm`, then a plateau of 2 m.
fn ramp(run_mm: i32, rise_mm: i32) -> String {
    let end = run_mm + 2_000;
    format!(
        "[[hull]]\npoints_mm = [[0, 0, -3_000], [0, 0, 3_000], [{run_mm}, {rise_mm}, -3_000], \
         [{run_mm}, {rise_mm}, 3_000], [{end}, {rise_mm}, -3_000], [{end}, {rise_mm}, 3_000], \
         [{end}, 0, -3_000], [{end}, 0, 3_000]]"
    )
}

fn stairs(count: i32, rise_mm: i32) -> String {
    (1..=count)
        .map(|step| {
            let (x, top) = (400 * step + 200, rise_mm * step);
            format!("[[cuboid]]\ncenter_mm = [{x}, {}, 0]\nsize_mm = [400, {top}, 6_000]\n", top / 2)
        })
        .collect()
}

#[test]
fn a_body_falls_to_the_floor_and_stands_on_it() {
    let level = level(&floor_and(""));
    for height in [0, 1, 7, 349, 351, 12_345] {
        let rest = level.ground_below(Vec3Mm::new(0, height, 0)).unwrap();
        assert_eq!(rest, Vec3Mm::new(0, 0, 0), "from {height}");
        assert!(level.grounded(rest));
    }
    assert!(level.grounded(Vec3Mm::new(0, 25, 0)) && !level.grounded(Vec3Mm::new(0, 27, 0)));
}

#[test]
fn a_body_off_the_floor_falls_out_of_the_bounds() {
    let level = level(&floor_and(""));
    assert_eq!(level.ground_below(Vec3Mm::new(25_000, 1_000, 0)), None);
    assert_eq!(level.ground_below(Vec3Mm::new(0, -300, 0)), None, "it overlaps already");
}

#[test]
fn a_body_at_rest_anywhere_is_free_and_stands_unless_it_hangs_on_an_edge() {
    let mut random = Random::new(61);
    for map in maps() {
        let level = level(&map);
        let (mut rests, mut hanging) = (0, 0);
        for _ in 0..10_000 {
            let from = random.within(&map);
            let Some(rest) = level.ground_below(from) else {
                continue;
            };
            assert!(!level.overlaps(rest) && rest.y <= from.y, "{from:?} fell to {rest:?}");
            assert!(
                level.overlaps(Vec3Mm { y: rest.y - 4, ..rest }) || !level.grounded(rest),
                "{rest:?} is ground"
            );
            rests += 1;
            hanging += usize::from(!level.grounded(rest));
        }
        assert!(rests > 2_000 && hanging * 50 < rests, "{}: {hanging} of {rests} hang on an edge", map.id);
    }
}

#[test]
fn a_body_rests_on_a_ramp_of_45_degrees_and_stands() {
    let level = level(&floor_and(&ramp(4_000, 4_000)));
    for x in (300..3_500).step_by(37) {
        let rest = level.ground_below(Vec3Mm::new(x, 6_000, 0)).unwrap();
        assert!(level.grounded(rest), "{rest:?}");
        assert!((x..x + 200).contains(&rest.y), "{rest:?} lies on the ramp");
    }
}

#[test]
fn a_body_in_the_air_against_a_wall_does_not_stand() {
    let wall = "[[cuboid]]\ncenter_mm = [0, 2_000, -1_000]\nsize_mm = [6_000, 4_000, 1_000]\nyaw_deg = 17";
    let leaning = "[[hull]]\npoints_mm = [[0, 0, 5_000], [4_000, 0, 5_000], [0, 0, 6_000], [4_000, 0, 6_000], \
                   [0, 4_000, 5_069], [4_000, 4_000, 5_069], [0, 4_000, 6_000], [4_000, 4_000, 6_000]]";
    let level = level(&floor_and(&format!("{wall}\n{leaning}")));
    let pressed = level.slide_until_blocked(Vec3Mm::new(0, 1_000, 3_000), FORWARD, 6_000, 350);
    assert!(pressed.z < 500 && !level.grounded(pressed), "{pressed:?}");
    let pressed = level.slide_until_blocked(Vec3Mm::new(2_000, 1_000, 3_000), Yaw(32_768), 6_000, 350);
    assert!(pressed.z > 4_600 && !level.grounded(pressed), "{pressed:?}");
}

#[test]
fn a_slide_goes_its_reach_over_a_free_floor() {
    let level = level(&floor_and(""));
    let end = level.slide_until_blocked(Vec3Mm::new(0, 0, 0), LEFT, 5_000, 350);
    assert_eq!(end, Vec3Mm::new(-5_000, 0, 0));
}

#[test]
fn a_slide_stops_at_the_last_free_millimetre_before_a_wall() {
    let level =
        level(&floor_and("[[cuboid]]\ncenter_mm = [3_500, 1_000, 0]\nsize_mm = [1_000, 2_000, 6_000]"));
    let end = level.slide_until_blocked(Vec3Mm::new(0, 0, 0), RIGHT, 5_000, 350);
    assert_eq!(end, Vec3Mm::new(2_651, 0, 0));
    assert!(level.overlaps(Vec3Mm::new(2_652, 0, 0)));
}

#[test]
fn a_slide_follows_ramps_and_steps_up_and_down() {
    for (name, solids, top) in [
        ("ramp", ramp(2_000, 2_000), 2_000),
        ("gentle", ramp(3_000, 900), 900),
        ("stairs", stairs(6, 300), 1_800),
    ] {
        let level = level(&floor_and(&solids));
        let end = level.slide_until_blocked(Vec3Mm::new(-600, 0, 0), RIGHT, 3_500, 350);
        assert!(end.x >= 2_890, "{name}: {end:?}");
        assert!((end.y - top).abs() <= 200, "{name}: {end:?}");
        let back = level.slide_until_blocked(end, LEFT, 3_500, 350);
        assert!(back.x <= -590 && back.y.abs() <= 2, "{name}: {end:?} back to {back:?}");
    }
}

#[test]
fn a_slide_stops_at_a_step_that_is_too_high() {
    let level = level(&floor_and(&stairs(1, 680)));
    let end = level.slide_until_blocked(Vec3Mm::new(-600, 0, 0), RIGHT, 3_500, 350);
    assert!(end.x < 100 && end.y == 0, "{end:?}");
}

#[test]
fn a_slide_in_the_air_keeps_its_height_and_climbs_nothing() {
    let level = level(&floor_and(&stairs(3, 300)));
    let end = level.slide_until_blocked(Vec3Mm::new(-2_000, 100, 0), RIGHT, 5_000, 350);
    assert!(end.y == 100 && end.x < 400, "{end:?}");
    let over = level.slide_until_blocked(Vec3Mm::new(-2_000, 1_000, 0), RIGHT, 5_000, 350);
    assert_eq!(over, Vec3Mm::new(3_000, 1_000, 0));
}

#[test]
fn no_slide_ends_inside_solid_out_of_bounds_or_beyond_its_reach() {
    let mut random = Random::new(62);
    for map in maps() {
        let level = level(&map);
        let mut moved = 0;
        for _ in 0..5_000 {
            let from = random.within(&map);
            let Some(from) = level.ground_below(from) else {
                continue;
            };
            let end = level.slide_until_blocked(from, Yaw(random.next() as u16), 5_000, 350);
            assert!(!level.overlaps(end) && level.contains(end), "{from:?} to {end:?}");
            assert!(from.horizontal_distance_squared(end) <= 5_001 * 5_001, "{from:?} to {end:?}");
            moved += usize::from(end != from);
        }
        assert!(moved > 1_000, "{}: {moved} moved", map.id);
    }
}

#[test]
fn an_edge_too_low_to_step_on_without_stopping_is_a_wall_and_a_slope_of_45_degrees_is_none() {
    let edge = |height_mm: i32| {
        let level = level(&floor_and(&format!(
            "[[cuboid]]\ncenter_mm = [0, {}, -5_000]\nsize_mm = [9_000, {height_mm}, 10_000]",
            height_mm / 2
        )));
        let mut at = Vec3Mm::new(0, 0, 2_000);
        while !level.overlaps(Vec3Mm { z: at.z - 1, ..at }) {
            at.z -= 1;
        }
        level.beside_wall(at)
    };
    assert!(!edge(60) && !edge(100), "a round bottom rolls over it at less than 45°");
    assert!(edge(145) && edge(170) && edge(300), "the controller stops at it");
    let slope = level(&floor_and(&ramp(6_000, 6_000)));
    for x in (500..5_500).step_by(500) {
        let at = slope.ground_below(Vec3Mm::new(x, 7_000, 0)).expect("there is a ramp");
        assert!(!slope.beside_wall(at), "{at:?}");
    }
}

#[test]
fn a_slide_ends_where_it_has_asked_about_too_many_solids() {
    let from = Vec3Mm::new(-1_000, 0, 0);
    let slide = |ramps: usize| {
        let map = floor_and(&(ramp(8_000, 3_000) + "\n").repeat(ramps));
        let thin = BodyRules { radius_mm: 100, ..rules().body };
        let level = Level::build(&map, &thin).expect("the loader takes as many");
        let end = level.slide_until_blocked(from, RIGHT, 10_000, 100);
        assert!(!level.overlaps(end), "{ramps} in one place: {end:?}");
        end.x
    };
    assert_eq!(slide(1), 9_000);
    assert!((0..8_000).contains(&slide(20)), "{}", slide(20));
}
