//! Things that kinds from outside place, and effects that last: rockets, zones, fire.

use combat_components::cause::Cause;
use combat_components::command::{Command, Deed};
use combat_components::event::Event;
use combat_components::ids::{Epoch, SimId, Slot, Team};
use combat_components::limits::THINGS_MAX;
use combat_components::phase::Phase;
use combat_components::quantity::{Pitch, Yaw};
use combat_systems::kinds::Kinds;
use combat_systems::sim::{Sim, SimParts};
use combat_systems::state::StateKind;

use super::{FAR_APART, SHIPPED, plan, two};
use crate::arena::{Arena, Plan};
use crate::probes;

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
    let places = [[0, 0, 0], [6_000, 0, 0], [3_000, 0, 5_200]];
    let mut arena = Arena::new(&plan("deathmatch", &places));
    [1, 2, 1].into_iter().zip(0..).for_each(|(team, slot)| arena.join(slot, Team(team)));
    (0..3).for_each(|slot| arena.input.push(Command::Connected { slot: Slot(slot) }));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    arena.step();
    take_the_bazooka(&mut arena, 0);
    arena
}

#[test]
fn what_somebody_left_burning_spares_his_team_and_is_his_deed_when_he_has_left() {
    for (target, burns) in [(1, true), (2, false)] {
        let mut arena = team_with_a_bazooka();
        arena.attack(0, target);
        arena.step_by(4);
        arena.leave(0);
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
        let snail = ["kind = \"snail\"\nmm_per_s = -120\ncooldown_ms = 0"];
        let plan = Plan { rate_hz, ..probes::plan("deathmatch", &FAR_APART, &snail) };
        let mut arena = Arena::fighting(&plan, 2);
        let from = arena.at(0).x;
        arena.act(0, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
        arena.step_by(1 + rate_hz * 5 / 2);
        let told = things(&mut arena);
        assert!(told.contains(&format!("x: {}", from - 300)), "{rate_hz} Hz: {told}");
    }
}

/// The same session with the rules that ship, in which no kind places anything.
fn with_shipped_rules(parts: &SimParts) -> SimParts {
    let ruleset = Kinds::SHIPPED.ruleset("default.toml", SHIPPED).expect("they ship");
    SimParts { kinds: Kinds::SHIPPED, ruleset: std::sync::Arc::new(ruleset), ..parts.clone() }
}
