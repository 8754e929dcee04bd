//! What is kept of whoever leaves: score, wounds, rounds, cooldowns and refusals, and from when on nothing.

use combat_components::command::{Command, Deed, LeaveCause};
use combat_components::event::Event;
use combat_components::ids::Team;
use combat_components::phase::{EndReason, Phase};
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::score::Score;
use combat_systems::sim::Sim;

use super::{RESPAWN_TICKS, WINDOW_TICKS, health, kept, leave, plan, shoot, warming_up};
use crate::arena::Arena;

#[test]
fn whoever_joins_again_has_his_score_and_the_health_he_left_with_after_the_delay_of_the_dead() {
    for mode in ["deathmatch", "duel"] {
        let mut arena = Arena::fighting(&plan(mode), 2);
        shoot(&mut arena, 0, 1);
        shoot(&mut arena, 1, 0);
        arena.step_by(WINDOW_TICKS);
        leave(&mut arena, 1, LeaveCause::Left);
        let before = kept(&arena, 1).score;
        assert_eq!((before.shots, before.hits, before.damage_dealt), (1, 1, 10_000), "{mode}");
        arena.join(1, Team::NONE);
        arena.step();
        let joined_at = arena.tick();
        let mut keyframe = Vec::new();
        arena.sim.write_keyframe(&mut keyframe);
        let mut restored = Sim::restore(&arena.parts, &keyframe).expect("the keyframe is whole");
        arena.until("slot 1 stands up", |arena| {
            assert_eq!(restored.step(&mut Vec::new()).root, arena.output.root);
            assert_eq!(health(arena, 0), 90, "{mode}: the other one is not healed");
            arena.public(1).alive
        });
        assert_eq!(arena.tick() - joined_at, RESPAWN_TICKS, "{mode}");
        assert_eq!([health(&mut arena, 0), health(&mut arena, 1)], [90, 90], "{mode}: nobody is healed");
        leave(&mut arena, 1, LeaveCause::Left);
        let away_ticks = before.away_ticks + 1;
        assert_eq!(kept(&arena, 1).score, Score { away_ticks, ..before }, "{mode}");
    }
}

#[test]
fn a_new_match_forgets_who_has_left_before_it() {
    let mut arena = warming_up(2_000, 3);
    shoot(&mut arena, 0, 1);
    leave(&mut arena, 0, LeaveCause::Left);
    arena.step_by(4);
    assert_eq!(kept(&arena, 0).score.hits, 1, "gone once a frame has shown his shot");
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    assert!(arena.sim.departed().0.is_empty());
}

/// A long cooldown and a short magazine, and two who have used both up somewhat.
fn spent(mode: &'static str) -> Arena {
    let mut plan = plan(mode);
    plan.ruleset.abilities[0].cooldown_ms = 10_000;
    let mut arena = Arena::fighting(&plan, 2);
    for slot in 0..2 {
        shoot(&mut arena, slot, 1 - slot);
    }
    // A shot holds its shooter for a while.
    arena.step_by(20);
    let dashes = [0, 1].map(|slot| arena.act(slot, Deed::Ability { index: 0 }, Yaw(0), Pitch::default()));
    arena.step();
    assert_eq!([0, 1].map(|slot| arena.refusal(slot, dashes[usize::from(slot)])), [None, None]);
    arena
}

#[test]
fn neither_a_cooldown_nor_a_magazine_is_renewed_by_leaving() {
    for mode in ["deathmatch", "duel"] {
        let mut arena = spent(mode);
        let dashed_at = arena.tick();
        arena.step_by(WINDOW_TICKS);
        let rounds = arena.own(1).rounds;
        assert!(rounds < arena.sim.rules().weapons[0].rules.magazine_rounds, "{mode}");
        for _ in 0..2 {
            leave(&mut arena, 1, LeaveCause::Left);
            arena.join(1, Team::NONE);
            arena.step_by(2);
        }
        let mut keyframe = Vec::new();
        arena.sim.write_keyframe(&mut keyframe);
        let mut restored = Sim::restore(&arena.parts, &keyframe).expect("the keyframe is whole");
        arena.until("slot 1 stands up", |arena| {
            assert_eq!(restored.step(&mut Vec::new()).root, arena.output.root);
            arena.public(1).alive
        });
        assert_eq!(arena.own(1).rounds, rounds, "{mode}: nothing is loaded");
        let mut dash = arena.act(1, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
        arena.until("a dash is done", |arena| {
            let is_done = arena.refusal(1, dash).is_none();
            if !is_done {
                dash = arena.act(1, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
            }
            is_done
        });
        assert_eq!(arena.tick() - dashed_at, arena.sim.rules().abilities[0].cooldown_ticks, "{mode}");
    }
}

#[test]
fn a_reload_is_broken_off_by_leaving() {
    let mut arena = spent("deathmatch");
    arena.step_by(WINDOW_TICKS);
    let rounds = arena.own(1).rounds;
    let reload = arena.act(1, Deed::Reload, Yaw(0), Pitch::default());
    arena.step();
    assert_eq!(arena.refusal(1, reload), None);
    leave(&mut arena, 1, LeaveCause::Left);
    arena.join(1, Team::NONE);
    arena.step_by(WINDOW_TICKS);
    assert!(arena.public(1).alive);
    assert_eq!(arena.own(1).rounds, rounds);
}

#[test]
fn a_new_round_loads_and_readies_whoever_was_away_when_it_began() {
    let mut arena = spent("duel");
    leave(&mut arena, 1, LeaveCause::Left);
    arena.step_by(40);
    arena.join(1, Team::NONE);
    arena.step_by(RESPAWN_TICKS + 1);
    assert!(arena.public(1).alive);
    for slot in 0..2 {
        let magazine = arena.sim.rules().weapons[0].rules.magazine_rounds;
        assert_eq!(arena.own(slot).rounds, magazine, "{slot}");
        let dash = arena.act(slot, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
        arena.step();
        assert_eq!(arena.refusal(slot, dash), None, "{slot}");
    }
}

/// Claims to be far away, in every tick, until he is told to go or there are so many.
fn refuse(arena: &mut Arena, slot: u8, most: u32) -> (u32, bool) {
    for count in 1..=most {
        let at = arena.at(slot);
        arena.claim(slot, 100, Vec3Mm { x: at.x + 5_000, ..at });
        arena.step();
        if arena.output.events.iter().any(|event| matches!(event, Event::TooManyRefusals { .. })) {
            return (count, true);
        }
    }
    (most, false)
}

/// What it is called, the match in which it happens, and how somebody leaves and comes back.
type Way<'a> = (&'a str, &'a dyn Fn() -> Arena, &'a dyn Fn(&mut Arena));

#[test]
fn leaving_forgives_no_refusals() {
    let respawned = |arena: &mut Arena| arena.until("slot 1 stands up", |arena| arena.public(1).alive);
    let leave_and_return = |arena: &mut Arena| {
        leave(arena, 1, LeaveCause::Left);
        arena.join(1, Team::NONE);
        arena.step();
        respawned(arena);
    };
    let died = |arena: &mut Arena| {
        shoot(arena, 0, 1);
        leave_and_return(arena);
    };
    let ways: [Way<'_>; 5] = [
        ("in the match", &|| Arena::fighting(&plan("deathmatch"), 3), &leave_and_return),
        ("by death", &|| Arena::fighting(&plan("deathmatch"), 3), &died),
        ("in warm-up", &|| warming_up(60_000, 3), &leave_and_return),
        ("for ten seconds", &|| warming_up(60_000, 3), &|arena| {
            leave(arena, 1, LeaveCause::Left);
            arena.step_by(10 * 128);
            arena.join(1, Team::NONE);
            arena.step();
        }),
        ("from warm-up into the match", &|| warming_up(1_000, 3), &|arena| {
            leave(arena, 1, LeaveCause::Left);
            arena.until("it begins", |arena| arena.sim.match_state().phase == Phase::Active);
            arena.join(1, Team::NONE);
            arena.step();
            respawned(arena);
        }),
    ];
    for (way, begin, go_away) in ways {
        let mut arena = begin();
        assert_eq!(refuse(&mut arena, 1, 30), (30, false), "{way}");
        let refused_until = arena.tick();
        go_away(&mut arena);
        let (more, told) = refuse(&mut arena, 1, 40);
        let forgiven = (arena.tick() - refused_until) / 128;
        let expected = 3 + forgiven;
        assert!(told && (expected..=expected + 1).contains(&more), "{way}: {more}, {forgiven} forgiven");
    }
}

#[test]
fn who_left_in_warm_up_with_refusals_is_a_stranger_to_the_match_but_for_them() {
    let mut arena = warming_up(1_000, 3);
    refuse(&mut arena, 1, 30);
    leave(&mut arena, 1, LeaveCause::Left);
    leave(&mut arena, 2, LeaveCause::Left);
    arena.join(3, Team::NONE);
    arena.until("it begins", |arena| arena.sim.match_state().phase == Phase::Active);
    let all = &arena.sim.departed().0;
    assert_eq!(all.len(), 1, "who has none standing is forgotten: {all:?}");
    let gone = kept(&arena, 1);
    assert_eq!((gone.team, gone.kept, gone.refusals), (None, None, 30));
    assert_eq!(gone.score.away_ticks, arena.sim.rules().empty_ticks_max, "nobody waits for him");
}

#[test]
fn who_died_by_leaving_comes_back_whole_as_the_dead_do() {
    let mut arena = Arena::fighting(&plan("deathmatch"), 3);
    shoot(&mut arena, 0, 1);
    leave(&mut arena, 1, LeaveCause::Left);
    assert_eq!(kept(&arena, 1).kept, None, "the dead keep nothing");
    arena.join(1, Team::NONE);
    arena.until("slot 1 stands up", |arena| arena.public(1).alive);
    assert_eq!(health(&mut arena, 1), 100);
}

#[test]
fn outside_a_match_that_is_on_leaving_keeps_neither_wounds_nor_rounds() {
    let mut arena = warming_up(60_000, 3);
    shoot(&mut arena, 0, 1);
    leave(&mut arena, 1, LeaveCause::Left);
    assert_eq!(kept(&arena, 1).kept, None, "in warm-up");
    arena.join(1, Team::NONE);
    arena.step();
    assert_eq!((arena.public(1).alive, health(&mut arena, 1)), (true, 100));

    let mut arena = Arena::fighting(&plan("deathmatch"), 3);
    shoot(&mut arena, 0, 1);
    arena.input.push(Command::End { reason: EndReason::Requested, request: None });
    arena.step();
    leave(&mut arena, 1, LeaveCause::Left);
    assert_eq!(kept(&arena, 1).kept, None, "after the end");
}
