//! Maps from TOML: the shipped ones load, and every fault is named with its line, key and what was expected.

use combat_components::map::{Map, Solid};
use combat_components::quantity::{Vec3Mm, Yaw};

const DUEL_BOX: &str = include_str!("../../assets/maps/duel-box.toml");
const ARENA: &str = include_str!("../../assets/maps/two-level-arena.toml");

fn map_error(text: &str) -> String {
    Map::parse("m.toml", text).expect_err("the map has a fault").to_string()
}

/// The line, from 1, of the first occurrence of `part`.
fn line_of(text: &str, part: &str) -> usize {
    text.lines().position(|line| line.contains(part)).expect("the text has the part") + 1
}

/// Replaces one occurrence of `from`, which must be there, and returns the line it was in.
fn changed(text: &str, from: &str, to: &str) -> (String, usize) {
    (text.replacen(from, to, 1), line_of(text, from))
}

#[track_caller]
fn check_map(from: &str, to: &str, key: &str, message: &str) {
    let (text, line) = changed(ARENA, from, to);
    assert_eq!(map_error(&text), format!("m.toml:{line}: {key}: {message}"));
}

#[test]
fn the_shipped_maps_load() {
    let duel = Map::parse("duel-box.toml", DUEL_BOX).unwrap();
    assert_eq!((duel.id.as_str(), duel.max_players), ("duel-box", 2));
    let arena = Map::parse("two-level-arena.toml", ARENA).unwrap();
    assert_eq!((arena.id.as_str(), arena.max_players, arena.spawns.len()), ("arena", 16, 16));
    assert!(arena.solids.iter().any(|solid| matches!(solid, Solid::Hull { .. })));
}

#[test]
fn values_arrive_where_they_belong() {
    let duel = Map::parse("duel-box.toml", DUEL_BOX).unwrap();
    let floor = Solid::Cuboid {
        center: Vec3Mm::new(0, -500, 0),
        size: Vec3Mm::new(26_000, 1_000, 18_000),
        yaw: Yaw(0),
    };
    assert_eq!(duel.solids[0], floor);
    assert_eq!((duel.spawns[0].at, duel.spawns[0].yaw), (Vec3Mm::new(-10_500, 0, 0), Yaw(49_152)));
    assert_eq!(duel.bounds.min, Vec3Mm::new(-13_000, -2_000, -9_000));
}

#[test]
fn a_misspelt_key_is_named_with_the_likely_one() {
    check_map("center_mm", "centre_mm", "cuboid[0].centre_mm", "unknown key, did you mean `center_mm`?");
}

#[test]
fn a_repeated_key_is_named() {
    let (text, line) = changed(ARENA, "max_players", "max_players = 8\nmax_players");
    assert_eq!(map_error(&text), format!("m.toml:{}: max_players: duplicate key", line + 1));
}

#[test]
fn a_wrong_type_is_named_with_both() {
    check_map(
        "size_mm = [50_000, 1_000, 38_000]",
        "size_mm = 50_000",
        "cuboid[0].size_mm",
        "expected three integers [x, y, z], found an integer",
    );
}

#[test]
fn a_value_out_of_range_is_named_with_the_range() {
    let far = "expected an integer from -1000000 to 1000000, found 1000001";
    check_map("[-25_000, -2_000, -19_000]", "[-25_000, 1_000_001, 0]", "bounds.min_mm[1]", far);
}

#[test]
fn limits_that_depend_on_each_other_are_checked() {
    check_map(
        "max_mm = [25_000, 14_000, 19_000]",
        "max_mm = [25_000, -2_000, 19_000]",
        "bounds.max_mm",
        "expected more than min_mm on every axis",
    );
    let players = "expected at most as many as there are spawns, 16";
    check_map("max_players = 16", "max_players = 17", "max_players", players);
}

#[test]
fn a_face_too_steep_to_walk_is_refused() {
    let steep = "[8_000, 3_000, -5_500],";
    let error = map_error(&changed(ARENA, steep, "[8_000, 7_000, -5_500],").0);
    assert!(error.contains("hull[0].points_mm: face too steep to walk and not a wall"), "{error}");
}

#[test]
fn hulls_without_volume_or_with_repeated_corners_are_refused() {
    let hull = |points: &str| format!("{ARENA}\n[[hull]]\npoints_mm = [{points}]\n");
    let flat = map_error(&hull("[0, 0, 0], [1_000, 0, 0], [0, 0, 1_000], [1_000, 0, 1_000]"));
    assert!(flat.contains("expected points that span a volume"), "{flat}");
    let thin = map_error(&hull("[0, 0, 0], [1_000, 0, 0], [0, 0, 1_000], [300, 9, 300]"));
    assert!(thin.contains("at least 10 mm thick"), "{thin}");
    let repeated = map_error(&hull("[0, 0, 0], [1_000, 0, 0], [0, 0, 1_000], [0, 0, 0]"));
    assert!(repeated.contains("point 3 repeats an earlier one"), "{repeated}");
    let few = map_error(&hull("[0, 0, 0]"));
    assert!(few.contains("expected 4 to 64 points, found 1"), "{few}");
}

#[test]
fn long_walls_aslant_that_would_make_every_claim_dear_are_refused_and_crates_on_a_floor_are_not() {
    let with = |solid: &dyn Fn(i32) -> String, count: i32| {
        format!("{ARENA}{}", (0..count).map(solid).collect::<String>())
    };
    let wall = |place: i32| {
        format!("[[cuboid]]\ncenter_mm = [0, 2_000, {place}]\nsize_mm = [10, 4_000, 50_000]\nyaw_deg = 45\n")
    };
    let error = map_error(&with(&wall, 400));
    assert!(
        error.contains("cuboid: expected at most 2048 pairs of solids whose boxes along the axes overlap"),
        "{error}"
    );
    let crates = |place: i32| {
        let (x, z) = (place % 30 * 1_500 - 22_000, place / 30 * 1_500 - 18_000);
        format!("[[cuboid]]\ncenter_mm = [{x}, 13_000, {z}]\nsize_mm = [700, 700, 700]\nyaw_deg = 45\n")
    };
    assert!(Map::parse("m.toml", &with(&crates, 700)).is_ok());
}

/// Cubes of a metre around these points and nothing else.
fn cubes(centers: &[[i32; 3]]) -> String {
    let head = "id = \"cubes\"\nname = \"Cubes\"\nmax_players = 2\n[bounds]\nmin_mm = [-90_000, -90_000, -90_000]\n\
                max_mm = [90_000, 90_000, 90_000]\n";
    let spawns = "[[spawn]]\nat_mm = [0, 0, 0]\nyaw_deg = 0\n".repeat(2);
    let cube = |[x, y, z]: &[i32; 3]| {
        format!("[[cuboid]]\ncenter_mm = [{x}, {y}, {z}]\nsize_mm = [1_000, 1_000, 1_000]\n")
    };
    format!("{head}{spawns}{}", centers.iter().map(cube).collect::<String>())
}

/// So many on one spot, and so many such spots apart from each other.
fn crowds(spots: i32, each: usize) -> Vec<[i32; 3]> {
    (0..spots).flat_map(|spot| vec![[0, 5_000 + 4_000 * spot, 0]; each]).collect()
}

#[test]
fn every_pair_of_solids_on_one_spot_counts_once_and_no_solid_with_itself() {
    let error = map_error(&cubes(&crowds(32, 12)));
    assert!(error.contains("found 2112:"), "32 · 12 · 11 / 2, {error}");
    assert!(Map::parse("m.toml", &cubes(&crowds(31, 12))).is_ok(), "2,046 pairs");
}

#[test]
fn solids_with_more_corners_than_may_share_one_place_are_refused_with_the_place() {
    let error = map_error(&cubes(&crowds(1, 25)));
    assert!(error.contains("at most 192 corners (8 of a cuboid"), "{error}");
    assert!(error.contains("found 200 about [-850, 3600, -850]"), "{error}");
}

#[test]
fn solids_overlap_that_touch_but_not_when_they_are_apart_along_any_one_axis() {
    // 2,046 pairs on 31 spots, and two more.
    let mut most = crowds(31, 12);
    most.extend((0..2).flat_map(|place| [[[10_000 + 1_001 * place, 0, 0]; 2]].concat()));
    let with = |other: [i32; 3]| {
        let pair = [[-20_000, 0, 0], [-20_000 + other[0], other[1], other[2]]];
        Map::parse("m.toml", &cubes(&[&most[..], &pair].concat())).map_err(|error| error.to_string())
    };
    for axis in 0..3 {
        for sign in [1, -1] {
            let apart = |mm: i32| std::array::from_fn(|part| if part == axis { sign * mm } else { 0 });
            assert_eq!(with(apart(1_001)).err(), None, "exactly as many as there may be, axis {axis}");
            let error = with(apart(1_000)).expect_err("one more touches");
            assert!(error.contains("found 2049:"), "axis {axis}: {error}");
        }
    }
}

#[test]
fn a_spawn_outside_the_bounds_is_refused() {
    check_map(
        "at_mm = [-18_000, 0, -15_000]",
        "at_mm = [-18_000, 0, -19_001]",
        "spawn[0].at_mm",
        "lies outside the bounds",
    );
}

#[test]
fn nothing_that_is_cut_off_or_damaged_makes_the_loader_panic() {
    let is_edge = |at: &usize| ARENA.is_char_boundary(*at) && ARENA.is_char_boundary(at + 1);
    for at in (0..ARENA.len() - 1).filter(is_edge).step_by(5) {
        let damaged = format!("{}[{}", &ARENA[..at], &ARENA[at + 1..]);
        let _ = Map::parse("m.toml", &ARENA[..at]);
        let _ = Map::parse("m.toml", &damaged);
    }
}
