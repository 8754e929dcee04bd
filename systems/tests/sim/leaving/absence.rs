//! How long a match waits for those who have left, and who has won it then.

use combat_components::command::{Command, LeaveCause};
use combat_components::event::Event;
use combat_components::ids::{Pseudonym, SimId, Slot, Team};
use combat_components::phase::{EndReason, Phase};
use combat_components::tick::Tick;

use super::{
    RESPAWN_TICKS, WINDOW_TICKS, health, kept, kill, leave, plan, shoot, until_slot_0_stands, warming_up,
};
use crate::arena::{Arena, Plan};

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
