//! Leaving denies no kill: who dies by it, and who gets the kill.

use combat_components::command::{Command, LeaveCause};
use combat_components::event::Event;
use combat_components::ids::{Epoch, Pseudonym, SimId, Slot, Team};
use combat_components::phase::{EndReason, Phase, Winner};
use combat_components::setup::SimLimits;
use combat_components::tick::TickRate;

use crate::arena::{Arena, Plan};
use crate::maps;

mod absence;
mod keeping;
mod rounds;

/// Four apart on a plain, a straight weapon that takes ten points, and no armour.
fn plan(mode: &'static str) -> Plan {
    let corners = [[-5_000, 0, -5_000], [5_000, 0, -5_000], [-5_000, 0, 5_000], [5_000, 0, 5_000]];
    let mut plan = Plan { mode, ..Plan::on(maps::plain(&corners)) };
    plan.ruleset.weapons[0].own.set("spread_turn", 0);
    plan.ruleset.weapons[0].own.set("damage_points", 10);
    plan.ruleset.body.armour_points = 0;
    plan.ruleset.matches.respawn_ms = 1_000;
    plan
}

const RESPAWN_TICKS: u32 = 128;
const WINDOW_TICKS: u32 = 640;

/// A deathmatch in a warm-up of so long.
fn warming_up(warmup_ms: u32, players: u8) -> Arena {
    let mut plan = plan("deathmatch");
    plan.ruleset.matches.warmup_ms = warmup_ms;
    let mut arena = Arena::new(&plan);
    (0..players).for_each(|slot| arena.join(slot, Team::NONE));
    arena.step_by(5);
    arena
}

fn leave(arena: &mut Arena, slot: u8, cause: LeaveCause) {
    arena.input.push(Command::Leave { slot: Slot(slot), cause, request: None });
    arena.step();
}

fn shoot(arena: &mut Arena, slot: u8, target: u8) {
    let seq = arena.attack(slot, target);
    arena.step();
    let hit = arena.verdict(slot, seq).and_then(|verdict| verdict.hit);
    assert!(hit.is_some(), "{slot} hits {target}: {:?}", arena.verdict(slot, seq));
}

fn kill(arena: &mut Arena, slot: u8, target: u8) {
    arena.attack(slot, target);
    arena.until("somebody dies", |arena| {
        let died = !deaths(arena).is_empty();
        if !died {
            arena.attack(slot, target);
        }
        died
    });
}

fn deaths(arena: &Arena) -> Vec<(u32, u32)> {
    let died = |event: &Event| match event {
        Event::Died { victim, by: Some(by), .. } => Some((victim.0, by.0)),
        _ => None,
    };
    arena.output.events.iter().filter_map(died).collect()
}

fn kept(arena: &Arena, slot: u8) -> combat_components::departed::Departed {
    let his = Pseudonym(1_000 + u64::from(slot));
    let mut departed = arena.sim.departed().0.iter();
    *departed.find(|departed| departed.pseudonym == his).expect("what he had is kept")
}

fn health(arena: &mut Arena, slot: u8) -> i32 {
    arena.public(slot).health_points
}

#[test]
fn leaving_within_five_seconds_of_damage_is_a_death_whatever_the_cause() {
    assert_eq!(SimLimits::at(TickRate::DEFAULT).blow_counts_ms_max, 5_000);
    for cause in [LeaveCause::Left, LeaveCause::WindowExpired, LeaveCause::Kicked] {
        for (wait_ticks, dies) in [(0, true), (WINDOW_TICKS - 1, true), (WINDOW_TICKS, false)] {
            let mut arena = Arena::fighting(&plan("deathmatch"), 3);
            shoot(&mut arena, 2, 1);
            arena.step_by(20);
            shoot(&mut arena, 0, 1);
            arena.step_by(wait_ticks);
            leave(&mut arena, 1, cause);
            let expected = if dies { vec![(2, 1)] } else { Vec::new() };
            assert_eq!(deaths(&arena), expected, "{cause:?} after {wait_ticks} ticks");
            let count = u16::from(dies);
            assert_eq!([arena.public(0).kills, arena.public(2).kills], [count, 0]);
            assert_eq!(kept(&arena, 1).score.deaths, count);
        }
    }
}

#[test]
fn nobody_dies_by_leaving_who_is_unhurt_dead_already_or_whose_match_is_not_on() {
    let mut arena = Arena::fighting(&plan("deathmatch"), 3);
    leave(&mut arena, 0, LeaveCause::Left);
    assert_eq!(deaths(&arena), [], "unhurt");
    for _ in 0..10 {
        shoot(&mut arena, 2, 1);
        arena.step_by(13);
    }
    assert!(!arena.public(1).alive);
    leave(&mut arena, 1, LeaveCause::Left);
    assert_eq!((deaths(&arena), kept(&arena, 1).score.deaths), (Vec::new(), 1), "no second death");

    let mut arena = warming_up(60_000, 2);
    shoot(&mut arena, 0, 1);
    leave(&mut arena, 1, LeaveCause::Left);
    assert_eq!((deaths(&arena), arena.public(0).kills), (Vec::new(), 0), "in warm-up");

    let mut arena = Arena::fighting(&plan("deathmatch"), 2);
    shoot(&mut arena, 0, 1);
    arena.input.push(Command::End { reason: EndReason::Requested, request: None });
    leave(&mut arena, 1, LeaveCause::Left);
    assert_eq!((deaths(&arena), arena.public(0).kills), (Vec::new(), 0), "after the end in the same tick");
}

#[test]
fn whoever_stood_up_again_is_not_held_to_the_blows_of_his_last_life() {
    let mut arena = Arena::fighting(&plan("deathmatch"), 2);
    for _ in 0..10 {
        shoot(&mut arena, 0, 1);
        arena.step_by(13);
    }
    arena.step_by(RESPAWN_TICKS);
    assert!(arena.public(1).alive);
    leave(&mut arena, 1, LeaveCause::Left);
    assert_eq!((deaths(&arena), arena.public(0).kills), (Vec::new(), 1));
}

#[test]
fn a_blow_and_a_leave_in_one_tick_are_no_death_but_the_blow_before_it_counts() {
    let mut arena = Arena::fighting(&plan("deathmatch"), 2);
    arena.attack(0, 1);
    leave(&mut arena, 1, LeaveCause::Left);
    assert_eq!(deaths(&arena), [], "he was gone when the shot was fired");
    let mut arena = Arena::fighting(&plan("deathmatch"), 2);
    shoot(&mut arena, 0, 1);
    leave(&mut arena, 1, LeaveCause::Left);
    assert_eq!(deaths(&arena), [(2, 1)]);
}

#[test]
fn an_attacker_who_has_left_or_come_back_gets_his_kill_all_the_same() {
    for comes_back in [false, true] {
        let mut arena = Arena::fighting(&plan("deathmatch"), 3);
        shoot(&mut arena, 0, 1);
        leave(&mut arena, 0, LeaveCause::Left);
        if comes_back {
            arena.join(0, Team::NONE);
            arena.step();
        }
        leave(&mut arena, 1, LeaveCause::Left);
        let killer = if comes_back { 4 } else { 1 };
        assert_eq!(deaths(&arena), [(2, killer)], "comes back: {comes_back}");
        let kills = if comes_back { arena.public(0).kills } else { kept(&arena, 0).score.kills };
        assert_eq!(kills, 1, "comes back: {comes_back}");
    }
}

#[test]
fn a_death_by_leaving_can_decide_the_match() {
    let mut arena = Arena::fighting(&Plan { score_limit: 1, ..plan("deathmatch") }, 2);
    shoot(&mut arena, 0, 1);
    leave(&mut arena, 1, LeaveCause::Left);
    let winner = Winner::Player { id: SimId(1) };
    assert!(arena.output.events.contains(&Event::Ended { reason: EndReason::ScoreLimit, winner }));
}

fn until_slot_0_stands(arena: &mut Arena) {
    arena.until("slot 0 stands up", |arena| arena.public(0).alive);
}

#[test]
fn a_blow_by_an_ally_hides_no_enemy_and_gives_no_kill() {
    for (by_enemy, by_ally, expected) in [(true, true, (3, 1)), (false, true, (1, 0)), (true, false, (3, 1))]
    {
        let mut arena = Arena::new(&Plan { friendly_fire: true, ..plan("deathmatch") });
        let wishes = [(0, 1), (2, 2), (1, 1), (3, 2)];
        wishes.iter().for_each(|(slot, team)| arena.join(*slot, Team(*team)));
        arena.step_by(5);
        assert_eq!(arena.sim.match_state().phase, Phase::Active);
        if by_enemy {
            shoot(&mut arena, 1, 2);
            arena.step_by(20);
        }
        if by_ally {
            shoot(&mut arena, 3, 2);
        }
        leave(&mut arena, 2, LeaveCause::Left);
        let (killer, kills) = if by_enemy { expected } else { (4, 0) };
        assert_eq!(deaths(&arena), [(2, killer)]);
        assert_eq!([arena.public(1).kills, arena.public(3).kills], [kills, 0]);
        assert_eq!(kept(&arena, 2).score.deaths, 1);
    }
}

#[test]
fn whoever_is_there_has_one_body_however_often_he_joins() {
    let mut arena = Arena::fighting(&plan("deathmatch"), 3);
    shoot(&mut arena, 0, 1);
    let (before, epoch) = (arena.public(1), arena.own(1).pose_epoch);
    let again = |slot| Command::Join {
        slot: Slot(slot),
        pseudonym: Pseudonym(1_001),
        team: Team(1),
        bot: false,
        request: None,
    };
    arena.input.extend([again(1), again(5)]);
    arena.step();
    assert_eq!((arena.sim.player_count(), arena.public(1)), (3, before));
    assert_eq!(arena.own(1).pose_epoch, epoch, "nobody has moved it");
    leave(&mut arena, 1, LeaveCause::Left);
    arena.input.extend([again(5), again(6), again(1)]);
    arena.step();
    let slots: Vec<_> = arena.sim.members().map(|(_, identity, _)| identity.slot.0).collect();
    assert_eq!(slots, [0, 2, 5], "the first join of a tick counts");
}

#[test]
fn the_wait_for_players_after_a_restart_does_not_let_a_blow_be_forgotten() {
    const LEFT_TICKS: u32 = 400;
    for (back_first, wait_ticks, dies) in
        [(false, 0, true), (true, 0, true), (true, LEFT_TICKS - 2, true), (true, LEFT_TICKS + 2, false)]
    {
        let mut arena = Arena::new(&plan("deathmatch"));
        for slot in (0..2).map(Slot) {
            let pseudonym = Pseudonym(1_000 + u64::from(slot.0));
            arena.input.push(Command::Join { slot, pseudonym, team: Team::NONE, bot: false, request: None });
            arena.input.push(Command::Connected { slot });
        }
        arena.step_by(5);
        assert_eq!(arena.sim.match_state().phase, Phase::Active);
        shoot(&mut arena, 0, 1);
        arena.step_by(WINDOW_TICKS - LEFT_TICKS);
        arena.input.push(Command::Resumed { epoch: Epoch(2) });
        arena.step_by(WINDOW_TICKS - 10);
        assert!(arena.sim.match_state().is_resuming());
        if back_first {
            (0..2).for_each(|slot| arena.input.push(Command::Connected { slot: Slot(slot) }));
            arena.step();
            assert!(!arena.sim.match_state().is_resuming());
        }
        arena.step_by(wait_ticks);
        leave(&mut arena, 1, LeaveCause::Left);
        let expected = if dies { vec![(2, 1)] } else { Vec::new() };
        assert_eq!(deaths(&arena), expected, "back first: {back_first}, after {wait_ticks} ticks");
    }
}
