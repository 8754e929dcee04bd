//! What leaving and coming back do to the rounds of a duel: nobody is healed by it, and nobody kept dead.

use combat_components::command::LeaveCause;
use combat_components::ids::Team;

use super::{RESPAWN_TICKS, WINDOW_TICKS, deaths, health, kill, leave, plan, shoot, until_slot_0_stands};
use crate::arena::{Arena, join};

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
