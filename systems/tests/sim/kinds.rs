//! Kinds from outside: what `examples/studio` adds, which no line of the simulation knows, played by the tests' harness.

use combat_components::cause::Cause;
use combat_components::command::{Command, Deed, LeaveCause};
use combat_components::event::Event;
use combat_components::ids::{Epoch, SimId, Slot, Team};
use combat_components::limits::THINGS_MAX;
use combat_components::own_numbers;
use combat_components::phase::{EndReason, Phase, Winner};
use combat_components::quantity::{MilliPoints, Pitch, Vec3Mm, Velocity, Yaw};
use combat_components::reason::Reason;
use combat_components::rules::kinds::KindKeys;
use combat_components::verdict::Zone;
use combat_systems::abilities::AbilityKind;
use combat_systems::consequences::Does;
use combat_systems::kinds::Kinds;
use combat_systems::modes::deathmatch::Deathmatch;
use combat_systems::modes::{Contender, Course, Mode, Round, Stander, StandsUp};
use combat_systems::output::NOT_KEPT;
use combat_systems::sim::{Sim, SimParts};
use combat_systems::state::StateKind;

use crate::arena::{Arena, Plan};
use crate::maps;

#[path = "../../../examples/studio/kinds/mod.rs"]
pub mod studio;

/// With kinds that only a test has a use for.
pub const KINDS: Kinds = Kinds {
    abilities: &[&studio::blast::BLAST, &studio::well::WELL, &studio::pillar::PILLAR, &PYRE, &SNAIL],
    ..studio::KINDS
};

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

/// What burns and is hurt by it: by whom, by what, and how much.
fn burnt(arena: &Arena) -> Vec<(Option<SimId>, Cause, SimId, i32)> {
    let hurt = |event: &Event| match event {
        Event::Damaged { by, cause, victim, amount, .. } => Some((*by, *cause, *victim, amount.0)),
        _ => None,
    };
    arena.output.events.iter().filter_map(hurt).collect()
}

fn take_the_bazooka(arena: &mut Arena, slot: u8) {
    arena.act(slot, Deed::Switch { index: 1 }, Yaw(0), Pitch::default());
    arena.step();
}

fn things(arena: &mut Arena) -> String {
    arena.sim.describe(StateKind::Things, None)
}

#[test]
fn a_rocket_flies_and_bursts_and_whoever_it_reaches_burns_for_a_second() {
    let mut arena = two();
    take_the_bazooka(&mut arena, 0);
    arena.attack(0, 1);
    arena.step();
    assert!(things(&mut arena).contains("number: 1"), "{}", things(&mut arena));
    let mut times = Vec::new();
    for _ in 0..300 {
        arena.step();
        let burnt = burnt(&arena);
        assert!(
            burnt.iter().all(|hurt| *hurt == (Some(SimId(1)), Cause::Effect(0), SimId(2), 10_000)),
            "{burnt:?}"
        );
        times.extend(burnt.iter().map(|_| arena.tick()));
    }
    let gaps: Vec<u32> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(gaps, [32; 3], "four times within a second: {times:?}");
    assert!(!things(&mut arena).contains("number"), "{}", things(&mut arena));
}

#[test]
fn fire_kills_for_whoever_lit_it_and_death_puts_it_out() {
    let mut arena = two();
    take_the_bazooka(&mut arena, 0);
    let mut died = None;
    for _ in 0..3_000 {
        if arena.own(0).rounds > 0 {
            arena.attack(0, 1);
        }
        arena.step();
        died = arena.output.events.iter().find_map(|event| match event {
            Event::Died { victim, by, cause, .. } => Some((*victim, *by, *cause)),
            _ => None,
        });
        if died.is_some() {
            break;
        }
    }
    assert_eq!(died, Some((SimId(2), Some(SimId(1)), Cause::Effect(0))));
    assert_eq!(arena.public(0).kills, 1);
    let on_him = arena.sim.describe(StateKind::Effects, Some(SimId(2)));
    assert!(!on_him.contains("Lasting"), "{on_him}");
}

#[test]
fn a_zone_does_its_work_for_its_time_and_for_its_own_alone() {
    let mut arena = two();
    for _ in 0..3 {
        arena.attack(0, 1);
        arena.attack(1, 0);
        arena.step_by(64);
    }
    let [own, other] = [0, 1].map(|slot| arena.public(slot).health_points);
    arena.act(0, Deed::Ability { index: 1 }, Yaw(0), Pitch::default());
    arena.step_by(200);
    assert_eq!(arena.public(0).health_points, (own + 13).min(100), "a tenth of a point a tick, 128 times");
    assert_eq!(arena.public(1).health_points, other);
    assert!(!things(&mut arena).contains("number"));
}

#[test]
fn a_world_full_of_things_takes_no_more_and_is_restored_with_all_of_them() {
    let mut arena = two();
    take_the_bazooka(&mut arena, 0);
    let up = Pitch::new(Pitch::LIMIT).expect("the limit is allowed");
    for _ in 0..THINGS_MAX + 20 {
        arena.act(0, Deed::Attack, Yaw(0), up);
        arena.step_by(2);
    }
    let told = things(&mut arena);
    assert_eq!(told.matches("number").count(), THINGS_MAX);
    assert!(!told.contains("number: 1,"), "the oldest made room");
    let mut keyframe = Vec::new();
    arena.sim.write_keyframe(&mut keyframe);
    let mut again = Sim::restore(&arena.parts, &keyframe).expect("a keyframe of this session");
    for _ in 0..500 {
        let root = again.step(&mut Vec::new()).root;
        arena.step();
        assert_eq!(root, arena.output.root, "tick {}", arena.tick());
    }
    let refused =
        Sim::restore(&with_shipped_rules(&arena.parts), &keyframe).expect_err("its rules place nothing");
    assert!(refused.to_string().contains("keyframe"), "{refused}");
}

/// Three in the open, two of them of one team; the bazooka is in the hands of slot 0.
fn team_with_a_bazooka() -> Arena {
    let places = [[0, 0, 0], [3_000, 0, 0], [-6_000, 0, 0]];
    let mut arena = Arena::new(&plan("deathmatch", &places));
    [1, 2, 1].into_iter().zip(0..).for_each(|(team, slot)| arena.join(slot, Team(team)));
    (0..3).for_each(|slot| arena.input.push(Command::Connected { slot: Slot(slot) }));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    arena.step();
    take_the_bazooka(&mut arena, 0);
    arena
}

fn leave(arena: &mut Arena, slot: u8) {
    arena.input.push(Command::Leave { slot: Slot(slot), cause: LeaveCause::Left, request: None });
}

#[test]
fn what_somebody_left_burning_spares_his_team_and_is_his_deed_when_he_has_left() {
    for (target, burns) in [(1, true), (2, false)] {
        let mut arena = team_with_a_bazooka();
        arena.attack(0, target);
        arena.step_by(4);
        leave(&mut arena, 0);
        let mut hurts = Vec::new();
        for _ in 0..400 {
            arena.step();
            hurts.extend(burnt(&arena));
        }
        assert_eq!(hurts.len(), if burns { 4 } else { 0 }, "slot {target}: {hurts:?}");
        assert!(hurts.iter().all(|hurt| hurt.0 == Some(SimId(1))), "{hurts:?}");
        let dealt = arena.sim.departed().0[0].score.damage_dealt;
        assert_eq!(dealt, if burns { 40_000 } else { 0 }, "slot {target}");
    }
}

#[test]
fn whoever_kills_himself_has_no_kill_for_it() {
    let mut plan = plan("deathmatch", &[[0, 0, 0], [9_000, 0, 0]]);
    let text = format!(
        "{}\n[[ability]]\nname = \"pyre\"\nkind = \"pyre\"\npoints = 1_000\ncooldown_ms = 0\n",
        rules_without_the_well()
    );
    plan.ruleset = plan.kinds.ruleset("mine.toml", &text).expect("the rules are sound");
    plan.ruleset.matches.warmup_ms = 0;
    let mut arena = Arena::fighting(&plan, 2);
    arena.act(0, Deed::Ability { index: 1 }, Yaw(0), Pitch::default());
    arena.step();
    let body = arena.public(0);
    assert_eq!((body.alive, body.kills, body.deaths), (false, 0, 1));
}

own_numbers! {
    /// Kills whoever uses it.
    struct Pyre {
        points in 1..=1_000,
    }
}

pub static PYRE: AbilityKind = AbilityKind::new(KindKeys::new("pyre", Pyre::KEYS), |using| {
    let amount = MilliPoints::from_points(Pyre::of(using.own).points);
    using.does(using.user, Does::Hurt { zone: Zone::Body, amount });
    Ok(())
});

#[test]
fn while_players_are_awaited_after_a_restart_no_fire_burns_and_none_goes_out() {
    let burns = |restarted: bool| {
        let mut arena = Arena::new(&plan("deathmatch", &[[0, 0, 0], [2_000, 0, 0]]));
        (0..2).for_each(|slot| arena.join_by_socket(slot));
        arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
        arena.step();
        take_the_bazooka(&mut arena, 0);
        arena.attack(0, 1);
        arena.step_by(40);
        let mut times = burnt(&arena).len();
        if restarted {
            arena.input.push(Command::Resumed { epoch: Epoch(2) });
            for _ in 0..300 {
                arena.step();
                assert!(burnt(&arena).is_empty(), "tick {}", arena.tick());
            }
            (0..2).for_each(|slot| arena.input.push(Command::Connected { slot: Slot(slot) }));
        }
        for _ in 0..400 {
            arena.step();
            times += burnt(&arena).len();
        }
        times
    };
    assert_eq!(burns(true), burns(false));
}

#[test]
fn a_thing_however_slow_comes_as_far_as_its_velocity_says_at_any_rate() {
    for rate_hz in [16, 64, 128] {
        let mut plan = plan("deathmatch", &[[0, 0, 0], [9_000, 0, 0]]);
        plan.rate_hz = rate_hz;
        let text = format!(
            "{}\n[[ability]]\nname = \"snail\"\nkind = \"snail\"\nmm_per_s = -120\ncooldown_ms = 0\n",
            rules_without_the_well()
        );
        plan.ruleset = plan.kinds.ruleset("mine.toml", &text).expect("the rules are sound");
        plan.ruleset.matches.warmup_ms = 0;
        let mut arena = Arena::fighting(&plan, 2);
        let from = arena.at(0).x;
        arena.act(0, Deed::Ability { index: 1 }, Yaw(0), Pitch::default());
        arena.step_by(1 + rate_hz * 5 / 2);
        let told = things(&mut arena);
        assert!(told.contains(&format!("x: {}", from - 300)), "{rate_hz} Hz: {told}");
    }
}

own_numbers! {
    /// Sets out something that creeps along x.
    struct Snail {
        mm_per_s in -1_000..=1_000,
    }
}

static SNAIL: AbilityKind = AbilityKind::new(KindKeys::new("snail", Snail::KEYS), |using| {
    let velocity = Velocity { x: Snail::of(using.own).mm_per_s, ..Velocity::default() };
    using.does(using.user, Does::Place { at: using.from.at, velocity, ticks: 10_000 });
    Ok(())
})
.placing(|snail| snail.goes_on());

/// The studio's rules less the ability that comes second.
fn rules_without_the_well() -> String {
    let spring = RULES.find("[[ability]]\nname = \"spring\"").expect("it is there");
    let fire = RULES.find("# What a rocket sets alight.").expect("it is there");
    format!("{}{}", &RULES[..spring], &RULES[fire..])
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

/// The same session with the rules that ship, in which no kind places anything.
fn with_shipped_rules(parts: &SimParts) -> SimParts {
    let ruleset = Kinds::SHIPPED.ruleset("default.toml", SHIPPED).expect("they ship");
    SimParts { kinds: Kinds::SHIPPED, ruleset: std::sync::Arc::new(ruleset), ..parts.clone() }
}

#[test]
fn a_mode_of_teams_and_rounds_decides_teams_deaths_rounds_leaving_and_the_winner() {
    let places = [[0, 0, 0], [3_000, 0, 0], [0, 0, 3_000], [3_000, 0, 3_000]];
    let mut arena = Arena::new(&plan("elimination", &places));
    (0..3).for_each(|slot| arena.join(slot, Team::NONE));
    (0..3).for_each(|slot| arena.input.push(Command::Connected { slot: Slot(slot) }));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    let mut teams = [0; 3];
    for (_, identity, _) in arena.sim.members() {
        teams[usize::from(identity.slot.0)] = identity.team.0;
    }
    assert_eq!(teams.iter().filter(|team| **team == 1).count(), 2, "{teams:?}");
    let lonely = teams.iter().position(|team| *team == 2).expect("somebody is of the other team") as u8;
    let other = (0..3).find(|slot| *slot != lonely).expect("there are three");
    let mut fight = |by: u8, at: u8| {
        for _ in 0..2_000 {
            if !arena.public(at).alive {
                return;
            }
            arena.attack(by, at);
            arena.step();
        }
        panic!("{by} could not kill {at}");
    };
    fight(lonely, other);
    assert!(arena.sim.match_state().next_round_at.is_none(), "one of the team still stands");
    arena.step_by(200);
    assert!(!arena.public(other).alive, "who is out stays out while the round is on");
    arena.input.push(Command::End { reason: EndReason::Requested, request: None });
    arena.step();
    assert_eq!(arena.sim.match_state().winner, Winner::Team { team: Team(2) });
}

/// Eight in elimination, joined alternately for teams 1 and 2, where two spawn points lie on either side of the middle.
fn four_against_four(west_mm: i32, east_mm: i32) -> Arena {
    let places = [[west_mm, 0, -800], [west_mm, 0, 800], [east_mm, 0, -800], [east_mm, 0, 800]];
    let mut arena = Arena::new(&plan("elimination", &places));
    (0..8).for_each(|slot| arena.join(slot, Team(1 + slot % 2)));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    arena
}

/// How many of slots 0 to 7 stand in the west and of team 1, in the east and of another, and on the wrong side.
fn sides(arena: &mut Arena) -> [usize; 3] {
    let teams: Vec<Team> = arena.sim.members().map(|(_, identity, _)| identity.team).collect();
    let mut counts = [0; 3];
    for (slot, team) in (0..8).zip(teams) {
        let is_west = arena.at(slot).x < 0;
        counts[if is_west != (team == Team(1)) { 2 } else { usize::from(!is_west) }] += 1;
    }
    counts
}

#[test]
fn a_mode_puts_each_team_on_its_side_at_every_start_also_those_for_whom_no_point_is_left() {
    let mut arena = four_against_four(-30_000, 3_000);
    assert_eq!(sides(&mut arena), [4, 4, 0]);
    let joined = arena.sim.members().count();
    arena.join(8, Team::NONE);
    arena.step();
    assert_eq!(arena.sim.members().count(), joined + 1);
    let (east, team) = (arena.at(8).x > 0, arena.sim.members().last().expect("he has joined").1.team);
    assert_eq!(east, team != Team(1), "who joins later stands on the side of {team:?}");
}

#[test]
fn in_a_mode_without_a_wish_for_sides_everybody_stands_as_far_from_all_others_as_can_be() {
    let mut plan = plan("deathmatch", &[[-30_000, 0, 0], [-29_000, 0, 0], [3_000, 0, 0]]);
    plan.ruleset.matches.warmup_ms = 600_000;
    let mut arena = Arena::new(&plan);
    (0..2).for_each(|slot| arena.join(slot, Team(1)));
    arena.step();
    let apart = arena.at(0).distance_squared(arena.at(1));
    assert!(apart >= 32_000_i64.pow(2), "two of one team, {apart} mm² apart");
}

#[test]
fn who_finds_his_side_full_appears_on_the_other_rather_than_inside_somebody() {
    let mut plan = plan("elimination", &[[-30_000, 0, 0], [30_000, 0, 0]]);
    for (dx, dz) in [(700, 0), (-700, 0), (0, 700), (0, -700)] {
        let size = if dx == 0 { [1_500, 3_000, 100] } else { [100, 3_000, 1_500] };
        plan.map.solids.push(maps::cuboid([-30_000 + dx, 1_500, dz], size));
    }
    let mut arena = Arena::new(&plan);
    (0..4).for_each(|slot| arena.join(slot, Team(1 + slot % 2)));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    let west = (0..4).filter(|slot| arena.at(*slot).x < 0).count();
    assert_eq!(west, 1, "the closet in the west holds one");
}

/// Two in the studio's mode that remembers who has won its rounds, of teams 1 and 2.
fn best_of_three() -> Arena {
    let mut arena = Arena::new(&plan("best-of-three", &[[-1_000, 0, 0], [1_000, 0, 0]]));
    (0..2).for_each(|slot| arena.join(slot, Team(1 + slot)));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    arena
}

/// `by` wins the round that is on, and the next one begins unless that was the match.
fn win_the_round(arena: &mut Arena, by: u8) {
    let at = 1 - by;
    arena.until("the other dies", |arena| {
        if arena.public(by).alive && arena.public(at).alive {
            arena.attack(by, at);
        }
        !arena.public(at).alive
    });
    arena.until("the next round", |arena| {
        arena.sim.match_state().phase == Phase::Ended || arena.public(at).alive
    });
}

fn kept(arena: &mut Arena) -> String {
    arena.sim.describe(StateKind::Mode, None)
}

#[test]
fn a_mode_remembers_the_rounds_that_its_teams_have_won_and_ends_the_match_by_them() {
    let mut arena = best_of_three();
    assert_eq!(kept(&mut arena), "ModeState([0, 0])");
    for (by, expected) in [(0, "ModeState([1, 0])"), (1, "ModeState([1, 1])"), (1, "ModeState([1, 2])")] {
        assert_eq!(arena.sim.match_state().phase, Phase::Active);
        win_the_round(&mut arena, by);
        assert_eq!(kept(&mut arena), expected);
    }
    let state = arena.sim.match_state();
    assert_eq!((state.phase, state.end), (Phase::Ended, Some(EndReason::ScoreLimit)));
    assert_eq!(state.winner, Winner::Team { team: Team(2) });
}

#[test]
fn what_a_mode_keeps_is_restored_from_a_keyframe_and_is_under_every_root() {
    let mut arena = best_of_three();
    win_the_round(&mut arena, 0);
    let mut keyframe = Vec::new();
    arena.sim.write_keyframe(&mut keyframe);
    let [mut restored, mut perturbed] =
        [(); 2].map(|()| Sim::restore(&arena.parts, &keyframe).expect("a keyframe of this session"));
    assert_eq!(restored.describe(StateKind::Mode, None), "ModeState([1, 0])");
    let changed =
        (0..).map(|choice| perturbed.perturb(choice).0).take(200).find(|kind| *kind == StateKind::Mode);
    assert_eq!(changed, Some(StateKind::Mode), "it takes its turn");
    while arena.sim.match_state().phase != Phase::Ended {
        if arena.public(0).alive && arena.public(1).alive {
            arena.attack(0, 1);
        }
        let root = restored.step(&mut arena.input.clone()).root;
        arena.step();
        assert_eq!(root, arena.output.root, "tick {}", arena.tick());
    }
    assert_eq!(restored.match_state().winner, Winner::Team { team: Team(1) });
}

#[test]
fn a_mode_that_keeps_nothing_has_no_such_kind_of_state() {
    let mut arena = two();
    arena.step();
    assert!(!arena.sim.keeps(StateKind::Mode) && arena.sim.canonical(StateKind::Mode).is_empty());
    assert_eq!(arena.output.sub_hashes[StateKind::Mode as usize], NOT_KEPT);
    let mut keyframe = Vec::new();
    best_of_three().sim.write_keyframe(&mut keyframe);
    let refused = Sim::restore(&arena.parts, &keyframe).expect_err("a keyframe of another mode");
    assert!(refused.to_string().starts_with("keyframe: "), "{refused}");
}

/// Who stands on the hill alone for half a second has won: its owner and since when it is his are what it keeps.
#[derive(Debug)]
struct Hill;

impl Mode for Hill {
    fn name(&self) -> &'static str {
        "hill"
    }

    fn players(&self) -> std::ops::RangeInclusive<u8> {
        2..=8
    }

    fn team_of(&self, wish: Team, others: &[Team]) -> Team {
        Deathmatch.team_of(wish, others)
    }

    fn stands_up(&self, round: Round) -> StandsUp {
        Deathmatch.stands_up(round)
    }

    fn death_ends_round(&self, _: &[Team]) -> bool {
        false
    }

    fn keeps(&self) -> usize {
        2
    }

    fn watches(&self, kept: &mut [i32], course: &Course<'_>) {
        let is_on_it = |other: &&Stander| other.at.distance_squared(Vec3Mm::default()) < 1_000_000;
        let mut on_it = course.standing.iter().filter(is_on_it);
        let owner = on_it.next().filter(|_| on_it.next().is_none()).map_or(0, |owner| owner.id.0 as i32);
        kept[1] = if owner == kept[0] { kept[1] + 1 } else { 0 };
        kept[0] = owner;
    }

    fn is_decided(&self, _: u16, _: &[Contender<'_>], kept: &[i32]) -> bool {
        kept[0] > 0 && kept[1] >= 64
    }

    fn winner(&self, _: &[Contender<'_>], kept: &[i32]) -> Winner {
        Winner::Player { id: SimId(kept[0] as u32) }
    }
}

#[test]
fn a_mode_sees_in_every_tick_of_the_match_who_stands_where_and_remembers_it() {
    let mut plan = plan("hill", &[[0, 0, 0], [9_000, 0, 0]]);
    plan.kinds.modes = &[&Hill];
    let mut arena = Arena::fighting(&plan, 2);
    let owner = (0..2).find(|slot| arena.at(*slot).x == 0).expect("one of them appears on it");
    let began = arena.tick();
    assert_eq!(kept(&mut arena), "ModeState([0, 0])", "nothing is remembered of the warm-up");
    arena.until("it has been his for long enough", |arena| arena.sim.match_state().phase == Phase::Ended);
    assert_eq!(arena.tick() - began, 65, "half a second after the tick in which it became his");
    assert_eq!(arena.sim.match_state().winner, Winner::Player { id: SimId(1 + u32::from(owner)) });
}
