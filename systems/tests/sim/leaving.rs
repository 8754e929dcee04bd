//! Leaving: it denies no kill, forgets no score and heals nobody.

use combat_components::command::{Command, Deed, LeaveCause};
use combat_components::event::Event;
use combat_components::ids::{Epoch, Pseudonym, SimId, Slot, Team};
use combat_components::phase::{EndReason, Phase, Winner};
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::score::Score;
use combat_components::setup::SimLimits;
use combat_components::tick::{Tick, TickRate};
use combat_systems::sim::Sim;

use crate::arena::{Arena, Plan, join};
use crate::maps;

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
    assert_eq!(SimLimits::at(TickRate::DEFAULT).leaving_is_death_ms_max, 5_000);
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

#[test]
fn a_death_by_leaving_can_decide_the_match() {
    let mut arena = Arena::fighting(&Plan { score_limit: 1, ..plan("deathmatch") }, 2);
    shoot(&mut arena, 0, 1);
    leave(&mut arena, 1, LeaveCause::Left);
    let winner = Winner::Player { id: SimId(1) };
    assert!(arena.output.events.contains(&Event::Ended { reason: EndReason::ScoreLimit, winner }));
}

#[test]
fn a_death_by_leaving_ends_the_round_of_a_duel_and_the_next_one_begins_whole_for_both() {
    let mut arena = Arena::fighting(&plan("duel"), 2);
    shoot(&mut arena, 0, 1);
    shoot(&mut arena, 1, 0);
    leave(&mut arena, 1, LeaveCause::Left);
    let ended_at = arena.tick();
    assert_eq!(deaths(&arena), [(2, 1)], "he has died, by his last attacker");
    arena.step_by(40);
    arena.join(1, Team::NONE);
    arena.step();
    arena.until("the next round begins", |arena| {
        let begins = arena.public(1).alive;
        let health = health(arena, 0);
        assert!(begins || health == 90, "the round is over, and nobody is healed before the next");
        begins
    });
    assert_eq!(arena.tick() - ended_at, RESPAWN_TICKS, "it waits for nobody who comes late");
    assert_eq!([health(&mut arena, 0), health(&mut arena, 1)], [100, 100], "the next begins whole for both");
    assert_eq!([arena.public(0).kills, arena.public(1).deaths], [1, 1], "both scores tell of it");
}

/// The first kill is slot 0's, and the victim stands again.
fn led_by_slot_0(mode: &'static str) -> Arena {
    let mut arena = Arena::fighting(&Plan { score_limit: 10, ..plan(mode) }, 2);
    kill(&mut arena, 0, 1);
    arena.step_by(RESPAWN_TICKS + 5);
    arena
}

fn ends_at(arena: &Arena) -> Tick {
    arena.sim.match_state().phase_ends_at.expect("the match has a time limit")
}

fn outcome(arena: &Arena) -> (Option<EndReason>, Option<SimId>) {
    let state = arena.sim.match_state();
    (state.end, state.winner.player())
}

#[test]
fn whoever_leads_and_stays_away_has_not_won_but_lost_after_a_minute_in_sum() {
    for mode in ["duel", "deathmatch"] {
        let mut arena = led_by_slot_0(mode);
        let before = ends_at(&arena);
        leave(&mut arena, 0, LeaveCause::Left);
        arena.step_by(999);
        arena.join(0, Team::NONE);
        arena.step();
        assert_eq!(ends_at(&arena).since(before), 1_000, "{mode}: the clock stands");
        arena.step_by(100);
        assert_eq!(ends_at(&arena).since(before), 1_000, "{mode}: it goes on for two");
        leave(&mut arena, 0, LeaveCause::Left);
        assert_eq!(kept(&arena, 0).score.away_ticks, 1_001, "{mode}: with the tick in which he goes");
        arena.step_by(60 * 128 - 1_002);
        assert_eq!(outcome(&arena), (None, None), "{mode}: the last tick of his minute");
        arena.step();
        assert_eq!(outcome(&arena), (Some(EndReason::TooFewPlayers), Some(SimId(2))), "{mode}");
    }
}

#[test]
fn a_minute_of_absence_is_everybodys_own() {
    let mut arena = led_by_slot_0("duel");
    leave(&mut arena, 1, LeaveCause::Left);
    arena.step_by(59 * 128);
    arena.join(1, Team::NONE);
    arena.step_by(10 * 128);
    leave(&mut arena, 0, LeaveCause::Left);
    arena.step_by(59 * 128);
    assert_eq!(outcome(&arena), (None, None), "the loser's absence was not the leader's");
    arena.join(0, Team::NONE);
    arena.step_by(10 * 128);
    leave(&mut arena, 1, LeaveCause::Left);
    arena.step_by(2 * 128);
    assert_eq!(outcome(&arena).0, Some(EndReason::TooFewPlayers), "his own minute is over");
    assert_eq!(arena.sim.match_state().winner.player(), arena.sim.members().next().map(|(id, ..)| id));
}

#[test]
fn somebody_long_gone_is_not_waited_for_and_takes_nobodys_minute() {
    let mut arena = Arena::fighting(&plan("deathmatch"), 3);
    leave(&mut arena, 2, LeaveCause::Left);
    leave(&mut arena, 1, LeaveCause::Left);
    arena.step_by(59 * 128);
    arena.join(1, Team::NONE);
    arena.step_by(128);
    leave(&mut arena, 0, LeaveCause::Left);
    arena.step_by(59 * 128);
    assert_eq!(outcome(&arena), (None, None), "slot 0 may come back");
    arena.step_by(2 * 128);
    assert_eq!(outcome(&arena).0, Some(EndReason::TooFewPlayers));
}

#[test]
fn strangers_who_come_and_go_stretch_no_match() {
    for mode in ["duel", "deathmatch"] {
        let mut arena = led_by_slot_0(mode);
        leave(&mut arena, 1, LeaveCause::Left);
        let mut ticks = 0;
        while outcome(&arena).0.is_none() && ticks < 5 * 60 * 128 {
            if ticks % (59 * 128) == 0 {
                let stranger = 20 + (ticks / (59 * 128)) as u8;
                arena.join(stranger, Team::NONE);
                arena.step();
                leave(&mut arena, stranger, LeaveCause::Left);
            }
            arena.step();
            ticks += 1;
        }
        assert_eq!(
            outcome(&arena),
            (Some(EndReason::TooFewPlayers), Some(SimId(1))),
            "{mode}: {ticks} ticks"
        );
        assert!(ticks <= 60 * 128, "{mode}: the loser's own minute, {ticks} ticks");
    }
}

#[test]
fn strangers_make_nobody_forgotten_who_was_there_when_the_match_began() {
    for (mode, stays_ticks) in [("duel", 0), ("deathmatch", 0), ("deathmatch", 5)] {
        let mut arena = Arena::fighting(&plan(mode), 2);
        shoot(&mut arena, 1, 0);
        arena.step_by(WINDOW_TICKS);
        leave(&mut arena, 0, LeaveCause::Left);
        for stranger in 0..128 {
            let pseudonym = Pseudonym(90_000 + stranger);
            arena.input.push(Command::Join {
                slot: Slot(7),
                pseudonym,
                team: Team::NONE,
                bot: false,
                request: None,
            });
            arena.step_by(stays_ticks);
            leave(&mut arena, 7, LeaveCause::Left);
        }
        arena.step();
        assert_eq!(outcome(&arena), (None, None), "{mode}: he has been away for some seconds");
        arena.join(0, Team::NONE);
        until_slot_0_stands(&mut arena);
        assert_eq!(health(&mut arena, 0), 90, "{mode}: it heals nobody");
    }
}

#[test]
fn visits_within_a_tick_keep_no_empty_session() {
    for (warmup_ms, end) in [(0, Phase::Active), (600_000, Phase::Waiting)] {
        let mut arena = warming_up(warmup_ms, 2);
        leave(&mut arena, 0, LeaveCause::Left);
        leave(&mut arena, 1, LeaveCause::Left);
        for _ in 1..60 * 128 {
            assert_eq!(arena.sim.match_state().phase, end);
            arena.join(7, Team::NONE);
            leave(&mut arena, 7, LeaveCause::Left);
        }
        assert_eq!(outcome(&arena).0, None, "the last tick of a minute without anybody");
        arena.step();
        assert_eq!(outcome(&arena).0, Some(EndReason::Empty));
    }
}

#[test]
fn the_clock_stands_too_while_nobody_is_there() {
    let mut arena = led_by_slot_0("deathmatch");
    let before = ends_at(&arena);
    leave(&mut arena, 1, LeaveCause::Left);
    leave(&mut arena, 0, LeaveCause::Left);
    arena.step_by(50 * 128);
    assert_eq!(ends_at(&arena).since(before), 50 * 128 + 2);
    arena.step_by(10 * 128);
    assert_eq!(outcome(&arena).0, Some(EndReason::Empty));
}

#[test]
fn a_kill_wins_a_match_that_is_on_when_it_is_ended_and_none_that_is_still_warming_up() {
    for (warmup_ms, phase, winner) in [(0, Phase::Active, Some(SimId(1))), (60_000, Phase::Warmup, None)] {
        let mut arena = warming_up(warmup_ms, 2);
        assert_eq!(arena.sim.match_state().phase, phase);
        kill(&mut arena, 0, 1);
        arena.input.push(Command::End { reason: EndReason::Requested, request: None });
        arena.step();
        assert_eq!(arena.public(0).kills, 1, "{phase:?}");
        assert_eq!(outcome(&arena), (Some(EndReason::Requested), winner), "{phase:?}");
        let winner = arena.sim.match_state().winner;
        assert!(arena.output.events.contains(&Event::Ended { reason: EndReason::Requested, winner }));
    }
}

#[test]
fn a_lobby_waits_for_ever_and_a_body_without_a_socket_is_there() {
    let mut alone = Arena::new(&plan("duel"));
    alone.join(0, Team::NONE);
    alone.step_by(120 * 128);
    assert_eq!(alone.sim.match_state().phase, Phase::Waiting);
    let mut lacking = warming_up(2_000, 2);
    leave(&mut lacking, 1, LeaveCause::Left);
    lacking.step_by(120 * 128);
    assert_eq!(lacking.sim.match_state().phase, Phase::Warmup);
    let mut arena = led_by_slot_0("duel");
    let before = ends_at(&arena);
    arena.input.push(Command::Disconnected { slot: Slot(1) });
    arena.step_by(128);
    assert_eq!(ends_at(&arena), before);
}

/// Slot 0 has been hurt and has won the round; then it leaves.
fn winner_leaves_hurt() -> Arena {
    let mut arena = Arena::fighting(&plan("duel"), 2);
    shoot(&mut arena, 1, 0);
    arena.step_by(WINDOW_TICKS + 10);
    kill(&mut arena, 0, 1);
    arena.step_by(8);
    leave(&mut arena, 0, LeaveCause::Left);
    arena
}

fn until_slot_0_stands(arena: &mut Arena) {
    arena.until("slot 0 stands up", |arena| arena.public(0).alive);
}

#[test]
fn a_round_that_a_death_has_ended_is_forgotten_by_all_whether_they_come_back_before_or_after() {
    for waits in [5, RESPAWN_TICKS + 5] {
        let mut arena = winner_leaves_hurt();
        arena.step_by(waits);
        arena.join(0, Team::NONE);
        until_slot_0_stands(&mut arena);
        assert_eq!(health(&mut arena, 0), 100, "back after {waits} ticks");
    }
}

#[test]
fn a_round_that_begins_because_a_stranger_found_nobody_heals_nobody_who_left() {
    for accomplice_stays in [true, false] {
        let mut arena = Arena::fighting(&plan("duel"), 2);
        shoot(&mut arena, 1, 0);
        shoot(&mut arena, 0, 1);
        arena.step_by(20);
        shoot(&mut arena, 0, 1);
        arena.step_by(WINDOW_TICKS + 10);
        leave(&mut arena, 0, LeaveCause::Left);
        arena.join(5, Team::NONE);
        arena.step();
        arena.until("the stranger stands up", |arena| arena.public(5).alive);
        if !accomplice_stays {
            leave(&mut arena, 5, LeaveCause::Left);
        }
        arena.join(0, Team::NONE);
        until_slot_0_stands(&mut arena);
        assert_eq!(health(&mut arena, 0), 90, "accomplice stays: {accomplice_stays}");
    }
}

#[test]
fn leaving_and_joining_again_keeps_nobody_dead_in_a_duel() {
    for every in [1, 40, RESPAWN_TICKS - 1] {
        let mut arena = Arena::fighting(&plan("duel"), 2);
        kill(&mut arena, 0, 1);
        let mut dead_ticks = 0;
        for _ in 0..20 {
            leave(&mut arena, 0, LeaveCause::Left);
            arena.join(0, Team::NONE);
            for _ in 0..every {
                arena.step();
                dead_ticks += u32::from(!arena.public(1).alive);
            }
        }
        arena.step_by(RESPAWN_TICKS);
        assert!(arena.public(1).alive && dead_ticks <= RESPAWN_TICKS, "every {every}: {dead_ticks}");
    }
}

#[test]
fn a_stranger_who_takes_the_place_of_a_duellist_begins_a_new_round_after_the_delay() {
    let mut arena = Arena::fighting(&plan("duel"), 2);
    shoot(&mut arena, 0, 1);
    shoot(&mut arena, 1, 0);
    arena.step_by(WINDOW_TICKS);
    leave(&mut arena, 1, LeaveCause::Left);
    arena.step_by(300);
    assert_eq!(health(&mut arena, 0), 90, "alone nobody is healed");
    arena.input.push(join(2, Team::NONE));
    arena.step();
    for _ in 1..RESPAWN_TICKS {
        assert!(!arena.public(2).alive, "a stranger waits for the round");
        assert_eq!(health(&mut arena, 0), 90, "his coming heals nobody before it");
        arena.step();
    }
    arena.step();
    assert_eq!([health(&mut arena, 0), health(&mut arena, 2)], [100, 100], "the round begins whole for both");
}

#[test]
fn no_coming_and_going_interrupts_or_heals_a_round_that_is_on() {
    let mut arena = Arena::fighting(&plan("duel"), 2);
    shoot(&mut arena, 0, 1);
    shoot(&mut arena, 1, 0);
    arena.step_by(WINDOW_TICKS);
    let epochs = [arena.own(0).pose_epoch, arena.own(1).pose_epoch];
    for round in 0..20 {
        arena.join(2, Team::NONE);
        arena.step_by(if round % 2 == 0 { 30 } else { 2 * RESPAWN_TICKS });
        assert!(!arena.public(2).alive, "a newcomer waits for a round");
        leave(&mut arena, 2, LeaveCause::Left);
        arena.step_by(RESPAWN_TICKS);
        assert_eq!([health(&mut arena, 0), health(&mut arena, 1)], [90, 90], "visit {round} healed somebody");
    }
    assert_eq!([arena.own(0).pose_epoch, arena.own(1).pose_epoch], epochs, "somebody was placed anew");
    leave(&mut arena, 0, LeaveCause::Left);
    leave(&mut arena, 1, LeaveCause::Left);
    (0..2).for_each(|slot| arena.join(slot, Team::NONE));
    arena.step_by(RESPAWN_TICKS + 2);
    assert_eq!(
        [health(&mut arena, 0), health(&mut arena, 1)],
        [90, 90],
        "leaving and coming back healed somebody"
    );
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
