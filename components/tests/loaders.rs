//! Maps and rulesets from TOML: the shipped ones load, and every fault is named with its line, key and what was expected.

use combat_components::map::{Map, Solid};
use combat_components::quantity::{Vec3Mm, Yaw};
use combat_components::rules::Ruleset;

const DUEL_BOX: &str = include_str!("../../assets/maps/duel-box.toml");
const ARENA: &str = include_str!("../../assets/maps/two-level-arena.toml");
const RULES: &str = include_str!("../../assets/rulesets/default.toml");

fn map_error(text: &str) -> String {
    Map::parse("m.toml", text).expect_err("the map has a fault").to_string()
}

fn rules_error(text: &str) -> String {
    Ruleset::parse("r.toml", text).expect_err("the ruleset has a fault").to_string()
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
fn check_rules(from: &str, to: &str, key: &str, message: &str) {
    let (text, line) = changed(RULES, from, to);
    assert_eq!(rules_error(&text), format!("r.toml:{line}: {key}: {message}"));
}

#[track_caller]
fn check_map(from: &str, to: &str, key: &str, message: &str) {
    let (text, line) = changed(ARENA, from, to);
    assert_eq!(map_error(&text), format!("m.toml:{line}: {key}: {message}"));
}

#[test]
fn the_shipped_files_load() {
    let duel = Map::parse("duel-box.toml", DUEL_BOX).unwrap();
    assert_eq!((duel.id.as_str(), duel.max_players), ("duel-box", 2));
    let arena = Map::parse("two-level-arena.toml", ARENA).unwrap();
    assert_eq!((arena.id.as_str(), arena.max_players, arena.spawns.len()), ("arena", 16, 16));
    assert!(arena.solids.iter().any(|solid| matches!(solid, Solid::Hull { .. })));
    let rules = Ruleset::parse("default.toml", RULES).unwrap();
    assert_eq!((rules.name.as_str(), rules.version), ("default", 1));
    assert_eq!((rules.weapons[0].magazine_rounds, rules.abilities[0].kind.as_str()), (30, "dash"));
    assert_eq!((rules.body.radius_mm, rules.movement.step_height_mm), (350, 350));
    assert_eq!((rules.matches.score_limit, rules.matches.friendly_fire), (30, false));
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
    check_rules("reload_ms", "relaod_ms", "weapon[0].relaod_ms", "unknown key, did you mean `reload_ms`?");
    check_rules("[movement]", "[movment]", "movment", "unknown key, did you mean `movement`?");
    check_map("center_mm", "centre_mm", "cuboid[0].centre_mm", "unknown key, did you mean `center_mm`?");
}

#[test]
fn a_key_like_no_other_is_answered_with_the_list() {
    let expected =
        "unknown key, expected one of warmup_ms, time_limit_ms, score_limit, respawn_ms, friendly_fire";
    check_rules("respawn_ms", "quake_mode", "match.quake_mode", expected);
}

#[test]
fn a_wrong_type_is_named_with_both() {
    let speed = "expected an integer from 100 to 50000, found a number with a fraction";
    check_rules("speed_mm_per_s = 6_500", "speed_mm_per_s = 6.5", "movement.speed_mm_per_s", speed);
    let fire = "expected true or false, found a string";
    check_rules("friendly_fire = false", "friendly_fire = \"no\"", "match.friendly_fire", fire);
    check_map(
        "size_mm = [50_000, 1_000, 38_000]",
        "size_mm = 50_000",
        "cuboid[0].size_mm",
        "expected three integers [x, y, z], found an integer",
    );
}

#[test]
fn a_value_out_of_range_is_named_with_the_range() {
    let magazine = "expected an integer from 1 to 1000, found 0";
    check_rules("magazine_rounds = 30", "magazine_rounds = 0", "weapon[0].magazine_rounds", magazine);
    let draw = "expected an integer from 0 to 60000, found 60001";
    check_rules("draw_ms = 400", "draw_ms = 60_001", "weapon[0].draw_ms", draw);
    let huge = "expected an integer from 1 to 100000, found 99999999999999999999";
    check_rules("health_points = 100", "health_points = 99999999999999999999", "body.health_points", huge);
    let far = "expected an integer from -1000000 to 1000000, found 1000001";
    check_map("[-25_000, -2_000, -19_000]", "[-25_000, 1_000_001, 0]", "bounds.min_mm[1]", far);
}

#[test]
fn limits_that_depend_on_each_other_are_checked() {
    let step = "expected at most body.radius_mm = 350";
    check_rules("step_height_mm = 350", "step_height_mm = 351", "movement.step_height_mm", step);
    let falloff = "expected more than falloff_from_mm = 25000, found 25000";
    check_rules("falloff_to_mm = 60_000", "falloff_to_mm = 25_000", "weapon[0].falloff_to_mm", falloff);
    let height = "expected an integer from 701 to 4000, found 700";
    check_rules("height_mm = 1_800", "height_mm = 700", "body.height_mm", height);
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
fn a_missing_key_is_named_at_its_table() {
    let text = RULES.replacen("reload_ms = 1_800\n", "", 1);
    let line = line_of(&text, "[[weapon]]");
    assert_eq!(rules_error(&text), format!("r.toml:{line}: weapon[0].reload_ms: missing"));
    let text = RULES.replacen("draw_ms", "# draw_ms", 1);
    assert_eq!(rules_error(&text), format!("r.toml:{line}: weapon[0].draw_ms: missing"));
    assert_eq!(rules_error("name = \"x\""), "r.toml:1: body: missing");
}

#[test]
fn a_repeated_name_is_refused() {
    let (start, rest) = RULES.split_at(RULES.find("[[weapon]]").unwrap());
    let weapon = &rest[..rest.find("# Up to").unwrap()];
    let text = format!("{start}{weapon}{rest}");
    let line = text.lines().enumerate().filter(|(_, line)| *line == "name = \"rifle\"").nth(1).unwrap().0 + 1;
    let expected = format!("r.toml:{line}: weapon[1].name: `rifle` is taken, expected a name of its own");
    assert_eq!(rules_error(&text), expected);
}

#[test]
fn what_is_not_toml_is_named_with_its_line() {
    let text = "name = \"x\"\nversion = = 1\n";
    let error = Ruleset::parse("r.toml", text).unwrap_err();
    assert_eq!((error.line, error.key.as_str()), (2, ""));
    let twice = Ruleset::parse("r.toml", "name = \"x\"\nname = \"y\"\n").unwrap_err();
    assert_eq!(twice.line, 2);
    assert!(twice.message.contains("duplicate"), "{twice}");
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
fn a_spawn_outside_the_bounds_is_refused() {
    check_map(
        "at_mm = [-18_000, 0, -15_000]",
        "at_mm = [-18_000, 0, -19_001]",
        "spawn[0].at_mm",
        "lies outside the bounds",
    );
}

#[test]
fn nothing_that_is_cut_off_or_damaged_makes_the_loaders_panic() {
    for text in [ARENA, RULES] {
        for end in (0..text.len()).filter(|&end| text.is_char_boundary(end)).step_by(7) {
            let _ = Map::parse("m.toml", &text[..end]);
            let _ = Ruleset::parse("r.toml", &text[..end]);
        }
        for at in (0..text.len() - 1)
            .filter(|&at| text.is_char_boundary(at) && text.is_char_boundary(at + 1))
            .step_by(5)
        {
            let damaged = format!("{}[{}", &text[..at], &text[at + 1..]);
            let _ = Map::parse("m.toml", &damaged);
            let _ = Ruleset::parse("r.toml", &damaged);
        }
    }
}
