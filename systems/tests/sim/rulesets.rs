//! Rulesets from TOML: the shipped one loads, and every fault is named with its line, key and what was expected.

use combat_components::rules::kinds::OwnNumbers;
use combat_systems::kinds::Kinds;

const RULES: &str = include_str!("../../../assets/rulesets/default.toml");

fn fault(text: &str) -> String {
    Kinds::SHIPPED.ruleset("r.toml", text).expect_err("the ruleset has a fault").to_string()
}

/// The line, from 1, of the first occurrence of `part`.
fn line_of(text: &str, part: &str) -> usize {
    text.lines().position(|line| line.contains(part)).expect("the text has the part") + 1
}

#[track_caller]
fn check(from: &str, to: &str, key: &str, message: &str) {
    let (text, line) = (RULES.replacen(from, to, 1), line_of(RULES, from));
    assert_eq!(fault(&text), format!("r.toml:{line}: {key}: {message}"));
}

#[test]
fn the_shipped_rules_load_and_a_weapon_that_names_no_kind_is_of_the_first() {
    let rules = Kinds::SHIPPED.ruleset("default.toml", RULES).unwrap();
    assert_eq!((rules.name.as_str(), rules.version), ("default", 1));
    let (rifle, dash) = (&rules.weapons[0], &rules.abilities[0]);
    assert_eq!((rifle.kind, rifle.magazine_rounds, dash.kind), ("hitscan", 30, "dash"));
    let own = |own: &OwnNumbers| own.named().collect::<Vec<_>>();
    assert_eq!(own(&rifle.own)[..2], [("damage_points", 18), ("head_percent", 200)]);
    assert_eq!(own(&dash.own), [("reach_mm", 5_000)]);
    assert_eq!((rules.body.radius_mm, rules.movement.step_height_mm), (350, 350));
    assert_eq!((rules.matches.score_limit, rules.matches.friendly_fire), (30, false));
    let named = RULES.replacen("[[weapon]]\n", "[[weapon]]\nkind = \"hitscan\"\n", 1);
    assert_eq!(Kinds::SHIPPED.ruleset("default.toml", &named).unwrap(), rules);
}

#[test]
fn a_kind_that_nobody_handed_in_is_named_with_those_that_were() {
    check(
        "kind = \"dash\"",
        "kind = \"blink\"",
        "ability[0].kind",
        "unknown kind `blink`, expected one of dash",
    );
    let unnamed = RULES.replacen("kind = \"dash\"\n", "", 1);
    let line = line_of(&unnamed, "[[ability]]");
    assert_eq!(fault(&unnamed), format!("r.toml:{line}: ability[0].kind: missing"));
}

#[test]
fn a_key_of_another_kind_is_unknown() {
    let expected = "unknown key, expected one of name, kind, cooldown_ms, reach_mm";
    check("reach_mm = 5_000", "spread_turn = 1", "ability[0].spread_turn", expected);
}

#[test]
fn a_key_like_no_other_is_answered_with_the_list() {
    let expected =
        "unknown key, expected one of warmup_ms, time_limit_ms, score_limit, respawn_ms, friendly_fire";
    check("respawn_ms", "quake_mode", "match.quake_mode", expected);
}

#[test]
fn a_missing_key_is_named_at_its_table() {
    let text = RULES.replacen("reload_ms = 1_800\n", "", 1);
    let line = line_of(&text, "[[weapon]]");
    assert_eq!(fault(&text), format!("r.toml:{line}: weapon[0].reload_ms: missing"));
    let text = RULES.replacen("draw_ms", "# draw_ms", 1);
    assert_eq!(fault(&text), format!("r.toml:{line}: weapon[0].draw_ms: missing"));
    assert_eq!(fault("name = \"x\""), "r.toml:1: body: missing");
}

#[test]
fn a_repeated_name_is_refused() {
    let (start, rest) = RULES.split_at(RULES.find("[[weapon]]").unwrap());
    let weapon = &rest[..rest.find("# Up to").unwrap()];
    let text = format!("{start}{weapon}{rest}");
    let line = text.lines().enumerate().filter(|(_, line)| *line == "name = \"rifle\"").nth(1).unwrap().0 + 1;
    let expected = format!("r.toml:{line}: weapon[1].name: `rifle` is taken, expected a name of its own");
    assert_eq!(fault(&text), expected);
}

#[test]
fn what_is_not_toml_is_named_with_its_line() {
    let text = "name = \"x\"\nversion = = 1\n";
    let error = Kinds::SHIPPED.ruleset("r.toml", text).unwrap_err();
    assert_eq!((error.line, error.key.as_str()), (2, ""));
    let twice = Kinds::SHIPPED.ruleset("r.toml", "name = \"x\"\nname = \"y\"\n").unwrap_err();
    assert_eq!(twice.line, 2);
    assert!(twice.message.contains("duplicate"), "{twice}");
}

#[test]
fn a_misspelt_key_is_named_with_the_likely_one() {
    check("reload_ms", "relaod_ms", "weapon[0].relaod_ms", "unknown key, did you mean `reload_ms`?");
    check("[movement]", "[movment]", "movment", "unknown key, did you mean `movement`?");
}

#[test]
fn a_wrong_type_is_named_with_both() {
    let speed = "expected an integer from 100 to 50000, found a number with a fraction";
    check("speed_mm_per_s = 6_500", "speed_mm_per_s = 6.5", "movement.speed_mm_per_s", speed);
    let fire = "expected true or false, found a string";
    check("friendly_fire = false", "friendly_fire = \"no\"", "match.friendly_fire", fire);
}

#[test]
fn a_value_out_of_range_is_named_with_the_range() {
    let magazine = "expected an integer from 1 to 1000, found 0";
    check("magazine_rounds = 30", "magazine_rounds = 0", "weapon[0].magazine_rounds", magazine);
    let draw = "expected an integer from 0 to 60000, found 60001";
    check("draw_ms = 400", "draw_ms = 60_001", "weapon[0].draw_ms", draw);
    let huge = "expected an integer from 1 to 100000, found 99999999999999999999";
    check("health_points = 100", "health_points = 99999999999999999999", "body.health_points", huge);
}

#[test]
fn limits_that_depend_on_each_other_are_checked() {
    let step = "expected at most body.radius_mm = 350";
    check("step_height_mm = 350", "step_height_mm = 351", "movement.step_height_mm", step);
    let radii = "expected a body that runs at speed_mm_per_s and falls at terminal_speed_mm_per_s to come at most 400 times its \
                 body.radius_mm in a second, 40000 mm, found 40524";
    let thin = RULES.replacen("radius_mm = 350", "radius_mm = 100", 1).replacen(
        "step_height_mm = 350",
        "step_height_mm = 100",
        1,
    );
    let thin = thin.replacen("head_radius_mm = 140", "head_radius_mm = 90", 1);
    let at = |speed: &str| thin.replacen("terminal_speed_mm_per_s = 40_000", speed, 1);
    let line = line_of(&thin, "speed_mm_per_s = 6_500");
    assert_eq!(fault(&thin), format!("r.toml:{line}: movement.speed_mm_per_s: {radii}"));
    let slower = Kinds::SHIPPED.ruleset("r.toml", &at("terminal_speed_mm_per_s = 39_000"));
    assert!(slower.is_ok(), "{slower:?}");
    let falloff = "expected more than falloff_from_mm = 25000, found 25000";
    check("falloff_to_mm = 60_000", "falloff_to_mm = 25_000", "weapon[0].falloff_to_mm", falloff);
    let height = "expected an integer from 701 to 4000, found 700";
    check("height_mm = 1_800", "height_mm = 700", "body.height_mm", height);
}

#[test]
fn nothing_that_is_cut_off_or_damaged_makes_the_loader_panic() {
    let is_edge = |at: &usize| RULES.is_char_boundary(*at) && RULES.is_char_boundary(at + 1);
    for at in (0..RULES.len() - 1).filter(is_edge).step_by(5) {
        let damaged = format!("{}[{}", &RULES[..at], &RULES[at + 1..]);
        let _ = Kinds::SHIPPED.ruleset("r.toml", &RULES[..at]);
        let _ = Kinds::SHIPPED.ruleset("r.toml", &damaged);
    }
}
