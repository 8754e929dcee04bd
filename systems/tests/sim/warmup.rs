//! Warm-up: it begins with connected players, and nobody can keep the match from beginning by coming and going.

use combat_components::command::{Command, Deed};
use combat_components::ids::{Pseudonym, Slot, Team};
use combat_components::phase::Phase;
use combat_components::quantity::{Pitch, Yaw};
use combat_systems::state::StateKind;

use crate::arena::{Arena, Plan, join};
use crate::{maps, probes};

const WARMUP_TICKS: u32 = 256;

fn arena(mode: &'static str) -> Arena {
    let mut plan = Plan { mode, ..Plan::on(maps::duel_box()) };
    plan.ruleset.matches.warmup_ms = 2_000;
    Arena::new(&plan)
}

fn join_human(arena: &mut Arena, slot: u8) {
    let pseudonym = Pseudonym(1_000 + u64::from(slot));
    arena.input.push(Command::Join {
        slot: Slot(slot),
        pseudonym,
        team: Team::NONE,
        bot: false,
        request: None,
    });
}

fn link(arena: &mut Arena, slot: u8, connected: bool) {
    let slot = Slot(slot);
    arena.input.push(if connected { Command::Connected { slot } } else { Command::Disconnected { slot } });
}

fn phase(arena: &Arena) -> Phase {
    arena.sim.match_state().phase
}

#[test]
fn warm_up_begins_with_connected_players_and_bots_are() {
    let mut arena = arena("duel");
    (0..2).for_each(|slot| join_human(&mut arena, slot));
    arena.step_by(3 * WARMUP_TICKS);
    assert_eq!(phase(&arena), Phase::Waiting, "nobody has come");
    link(&mut arena, 0, true);
    arena.step_by(3 * WARMUP_TICKS);
    assert_eq!(phase(&arena), Phase::Waiting, "one of two has come");
    arena.input.push(join(2, Team::NONE));
    arena.step();
    assert_eq!(phase(&arena), Phase::Warmup, "a bot is always there");
    arena.step_by(WARMUP_TICKS);
    assert_eq!(phase(&arena), Phase::Active);
}

#[test]
fn a_match_begins_with_enough_connected_and_at_once_when_its_warm_up_is_over() {
    let mut arena = arena("duel");
    for slot in 0..2 {
        join_human(&mut arena, slot);
        link(&mut arena, slot, true);
    }
    arena.step_by(10);
    link(&mut arena, 1, false);
    arena.step_by(2 * WARMUP_TICKS);
    assert_eq!(phase(&arena), Phase::Warmup, "one of two is gone");
    assert_eq!(arena.sim.match_state().phase_ends_at, None, "nothing is left to wait for but players");
    link(&mut arena, 1, true);
    arena.step();
    assert_eq!(phase(&arena), Phase::Active);
}

/// One who comes and goes while others wait, with every period.
fn begins_in_time(mode: &'static str, others: u8, by_link: bool, period_ticks: u32) {
    let mut arena = arena(mode);
    for slot in 0..=others {
        join_human(&mut arena, slot);
        link(&mut arena, slot, true);
    }
    arena.step();
    let (mut here, toggler) = (true, others);
    for tick in 1..3 * WARMUP_TICKS + 2 * period_ticks {
        if tick.is_multiple_of(period_ticks) {
            match (here, by_link) {
                (_, true) => link(&mut arena, toggler, !here),
                (true, false) => arena.leave(toggler),
                (false, false) => {
                    join_human(&mut arena, toggler);
                    link(&mut arena, toggler, true);
                }
            }
            here = !here;
        }
        arena.step();
        if phase(&arena) == Phase::Active {
            return;
        }
    }
    panic!("{mode}, {others} others, by link {by_link}, every {period_ticks}: {:?}", phase(&arena));
}

#[test]
fn no_coming_and_going_of_one_player_keeps_a_match_from_beginning() {
    for period_ticks in [1, 3, 100, 128, WARMUP_TICKS - 1, WARMUP_TICKS, WARMUP_TICKS + 1, 700] {
        for by_link in [false, true] {
            begins_in_time("deathmatch", 2, by_link, period_ticks);
            begins_in_time("duel", 1, by_link, period_ticks);
        }
    }
}

#[test]
fn a_warm_up_that_everybody_has_left_is_over() {
    let mut arena = arena("duel");
    for slot in 0..2 {
        join_human(&mut arena, slot);
        link(&mut arena, slot, true);
    }
    arena.step_by(10);
    arena.leave(0);
    arena.leave(1);
    arena.step();
    assert_eq!(phase(&arena), Phase::Waiting);
}

#[test]
fn what_was_placed_in_the_warm_up_is_gone_when_the_match_begins() {
    let ember = ["kind = \"ember\"\nticks = 10_000\ncooldown_ms = 0"];
    let mut plan = probes::plan("deathmatch", &[[0, 0, 0], [2_000, 0, 0]], &ember);
    plan.ruleset.matches.warmup_ms = 2_000;
    let mut arena = Arena::new(&plan);
    (0..2).for_each(|slot| arena.join(slot, Team::NONE));
    arena.step_by(5);
    arena.act(0, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
    arena.step();
    let things = |arena: &mut Arena| arena.sim.describe(StateKind::Things, None);
    arena.until("the match begins", |arena| {
        let is_there = things(arena).contains("number: 1");
        assert_eq!(is_there, phase(arena) == Phase::Warmup, "{}", things(arena));
        !is_there
    });
    assert_eq!(phase(&arena), Phase::Active);
}
