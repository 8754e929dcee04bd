//! Kinds from outside: what `examples/studio` adds, which no line of the simulation knows, played by the tests' harness.

use combat_components::cause::Cause;
use combat_components::command::Deed;
use combat_components::event::Event;
use combat_components::ids::SimId;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_systems::kinds::Kinds;
use combat_systems::sim::{Sim, SimParts};

use crate::arena::{Arena, Plan};
use crate::maps;
use crate::probes;

mod modes;
mod things;

#[path = "../../../examples/studio/kinds/mod.rs"]
pub mod studio;

pub use self::studio::KINDS;

pub const RULES: &str = include_str!("../../../examples/studio/rules/default.toml");

const SHIPPED: &str = include_str!("../../../assets/rulesets/default.toml");

/// The studio's rules, in a match that begins at once.
pub fn plan(mode: &'static str, places: &[[i32; 3]]) -> Plan {
    let mut ruleset = KINDS.ruleset("mine.toml", RULES).expect("the rules are sound");
    (ruleset.matches.warmup_ms, ruleset.matches.respawn_ms) = (0, 500);
    Plan { kinds: KINDS, ruleset, mode, ..Plan::on(maps::plain(places)) }
}

#[test]
fn rules_of_a_kind_that_was_not_handed_in_are_refused_with_those_that_were() {
    let text = SHIPPED.replacen("[[weapon]]\n", "[[weapon]]\nkind = \"shotgun\"\n", 1);
    let refused = Kinds::SHIPPED.ruleset("mine.toml", &text).expect_err("it is not known").to_string();
    assert!(refused.contains("weapon[0].kind: unknown kind `shotgun`, expected one of hitscan"), "{refused}");
    let misspelt = KINDS.ruleset("mine.toml", &text).expect_err("keys of another kind").to_string();
    assert!(misspelt.contains("weapon[0].damage_points: unknown key"), "{misspelt}");
    let parts = plan("deathmatch", &[[0, 0, 0], [2_000, 0, 0]]).parts();
    let error = Sim::new(&SimParts { kinds: Kinds::SHIPPED, ..parts }).expect_err("not given");
    assert!(error.to_string().contains("shotgun"), "{error}");
}

const FAR_APART: [[i32; 3]; 2] = [[0, 0, 0], [9_000, 0, 0]];

/// Two who face each other, along x.
fn two() -> Arena {
    Arena::fighting(&plan("deathmatch", &[[0, 0, 0], [2_000, 0, 0]]), 2)
}

#[test]
fn every_pellet_hurts_and_the_shot_is_one_hit_whose_cause_is_the_weapon() {
    let mut arena = two();
    let seq = arena.attack(0, 1);
    arena.step();
    let hurts = arena.output.events.iter().filter_map(|event| match event {
        Event::Damaged { by, cause, victim, amount, .. } => Some((*by, *cause, *victim, amount.0)),
        _ => None,
    });
    let hurts: Vec<_> = hurts.collect();
    assert_eq!(hurts, [(Some(SimId(1)), Cause::Weapon(0), SimId(2), 5_000); 8]);
    let hit = arena.verdict(0, seq).and_then(|verdict| verdict.hit).expect("it told of a hit");
    assert_eq!(
        hit.remaining_health.0 / 1_000,
        arena.public(1).health_points,
        "of several hits the last is told"
    );
    let score = arena.public(0);
    assert_eq!((arena.shots(), score.kills), (8, 0));
}

#[test]
fn a_blast_heals_hurts_and_pushes_at_the_end_of_its_tick_and_costs_nothing_where_it_finds_nobody() {
    let mut arena = two();
    arena.attack(1, 0);
    arena.step();
    let (hurt, before) = (arena.public(0).health_points, arena.public(1).health_points);
    let seq = arena.act(0, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
    arena.step();
    assert_eq!(arena.refusal(0, seq), None);
    assert_eq!(arena.public(0).health_points, (hurt + 30).min(100));
    assert!(arena.public(1).health_points < before);
    let pushed = arena.output.events.iter().find_map(|event| match event {
        Event::Displaced { id, reason, velocity, .. } if *id == SimId(2) => {
            Some((*reason, velocity.x, velocity.z))
        }
        _ => None,
    });
    let away = (arena.at(1).x - arena.at(0).x).signum() * 4_000;
    assert_eq!(pushed, Some((Reason::Displaced, away, 0)));
    let mut alone = Arena::fighting(&plan("deathmatch", &[[-8_000, 0, 0], [8_000, 0, 0]]), 2);
    let seq = alone.act(0, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
    alone.step();
    assert_eq!(alone.refusal(0, seq), Some(Reason::NoRoom));
    assert_eq!(alone.own(0).ability_ready_at[0].0, 0);
}

#[test]
fn whoever_kills_himself_has_no_kill_for_it() {
    let pyre = ["kind = \"pyre\"\npoints = 1_000\ncooldown_ms = 0"];
    let mut arena = Arena::fighting(&probes::plan("deathmatch", &FAR_APART, &pyre), 2);
    arena.act(0, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
    arena.step();
    let body = arena.public(0);
    assert_eq!((body.alive, body.kills, body.deaths), (false, 0, 1));
}

#[test]
fn a_blast_in_a_crowd_reaches_everybody_in_it_whatever_his_id() {
    let places: Vec<[i32; 3]> = (0..50).map(|place| [place % 8 * 720, 0, place / 8 * 720]).collect();
    let mut plan = plan("deathmatch", &places);
    plan.map.max_players = 50;
    let mut arena = Arena::fighting(&plan, 50);
    for id in 0..50 {
        assert!(arena.public(id).alive);
    }
    plan.ruleset.matches.warmup_ms = 0;
    let middle = (0..50).min_by_key(|slot| arena.at(*slot).distance_squared(Vec3Mm::new(2_500, 0, 2_500)));
    let user = middle.expect("there are fifty");
    arena.act(user, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
    arena.step();
    let at = arena.at(user);
    for slot in (0..50).filter(|slot| *slot != user) {
        let is_near = arena.at(slot).distance_squared(at) <= 3_000 * 3_000;
        assert_eq!(arena.public(slot).health_points < 100, is_near, "slot {slot}");
    }
    assert!((0..50).filter(|slot| arena.at(*slot).distance_squared(at) <= 3_000 * 3_000).count() > 40);
}
