//! Claims of position: epochs, corrections, the bank, silence and falls.

use combat_components::canon::{Canon, Reader};
use combat_components::claims::ClaimState;
use combat_components::command::{Command, Deed};
use combat_components::event::Event;
use combat_components::ids::{Epoch, Slot};
use combat_components::phase::Phase;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_components::streams::Stream;
use combat_components::verdict::Outcome;
use combat_systems::spatial::Wish;
use combat_systems::state::StateKind;

use crate::arena::{Arena, Plan};
use crate::client::{self, Client};
use crate::maps;

const RUN: Wish = Wish { direction: Yaw(0), speed_mm_per_s: 6_500, jump: false };

fn plain() -> Plan {
    Plan::on(maps::plain(&[[0, 0, 0], [60_000, 0, 0]]))
}

fn moved(at: Vec3Mm, x: i32, y: i32, z: i32) -> Vec3Mm {
    Vec3Mm::new(at.x + x, at.y + y, at.z + z)
}

fn refusals(arena: &mut Arena, slot: usize) -> u32 {
    let claims = &arena.sim.canonical(StateKind::Claims)[slot].1;
    let state =
        ClaimState::take(&mut Reader::new(claims)).expect("canonical bytes are read as they were written");
    u32::from(state.refusals)
}

/// Corrections in this tick's verdicts.
fn corrections(arena: &Arena) -> usize {
    arena.output.verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Corrected).count()
}

#[test]
fn spawn_dash_correction_and_a_new_connection_each_raise_the_pose_epoch_by_one() {
    let mut arena = Arena::new(&plain());
    arena.join(0, combat_components::ids::Team::NONE);
    arena.step();
    assert_eq!(arena.own(0).pose_epoch, 1);
    arena.join(1, combat_components::ids::Team::NONE);
    arena.step_by(3);
    assert_eq!(arena.own(0).pose_epoch, 2, "placed anew at the start of the match");
    arena.act(0, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
    arena.step();
    assert_eq!((arena.own(0).pose_epoch, arena.displaced(0)), (3, vec![Reason::Displaced]));
    let at = arena.at(0);
    arena.claim(0, 1, moved(at, 3_000, 0, 0));
    arena.step();
    assert_eq!((arena.own(0).pose_epoch, arena.displaced(0)), (4, vec![Reason::TooFast]));
    arena.input.push(Command::Connected { slot: Slot(0) });
    arena.step();
    assert_eq!((arena.own(0).pose_epoch, arena.displaced(0)), (5, vec![Reason::Reconnected]));
    assert_eq!(arena.at(0), at, "none of the last two has moved the body");
}

#[test]
fn claims_of_an_older_pose_epoch_are_dropped_in_silence_and_never_scored() {
    let mut arena = Arena::fighting(&plain(), 2);
    arena.step_by(40);
    let (at, old) = (arena.at(0), arena.own(0).pose_epoch);
    arena.act(0, Deed::Ability { index: 0 }, Yaw(0), Pitch::default());
    arena.step();
    let dashed = arena.at(0);
    for tick in 0..5 {
        arena.claim_of(0, 100 + tick * 4, moved(at, tick as i32 * 200, 0, 0), old);
        arena.claim_of(0, 101 + tick * 4, moved(at, 90_000, 0, 0), old);
        arena.claim_of(0, 102 + tick * 4, moved(at, 0, 0, 0), old.wrapping_add(7));
        arena.step();
        assert!(arena.output.verdicts.is_empty() && arena.output.events.is_empty());
    }
    assert_eq!((arena.at(0), refusals(&mut arena, 0)), (dashed, 0));
    assert_eq!(arena.own(0).input_seq, 16, "they are taken all the same");
}

#[test]
fn a_refused_claim_gives_one_verdict_that_names_the_claim_and_the_pose_that_holds() {
    let mut arena = Arena::fighting(&plain(), 2);
    arena.step_by(40);
    let at = arena.at(0);
    let seq = arena.claim(0, 10, moved(at, 5_000, 0, 0));
    arena.step();
    let verdict = arena.verdict(0, seq).expect("a refused claim has a verdict");
    assert_eq!((verdict.outcome, verdict.reason), (Outcome::Corrected, Some(Reason::TooFast)));
    let told = arena.output.events.iter().find_map(|event| match event {
        Event::Displaced { input_seq, pose, .. } => Some((*input_seq, pose.at)),
        _ => None,
    });
    assert_eq!(told, Some((seq, at)));
    assert_eq!(refusals(&mut arena, 0), 1);
}

#[test]
fn of_one_tick_one_claim_is_refused_however_many_guess_the_pose_epoch_of_its_correction() {
    for (ahead_mm, ticks, reason) in [(5_000, 4, Reason::TooFast), (0, 9_000, Reason::BankOverdrawn)] {
        let mut arena = Arena::fighting(&plain(), 2);
        arena.step_by(40);
        let (at, other_at) = (arena.at(0), arena.at(1));
        for round in 0..6 {
            let (epoch, seq) = (arena.own(0).pose_epoch, arena.own(0).input_seq);
            let clock = 200 + 16 * round;
            arena.claim(0, clock, at);
            for guess in 0..31 {
                let to = moved(at, ahead_mm, 0, 0);
                arena.claim_of(0, clock + (guess + 1) * ticks, to, epoch + guess);
            }
            let other_to = moved(other_at, 10 * round as i32, 0, 0);
            arena.claim(1, clock, other_to);
            arena.step();
            let told: Vec<_> = arena.output.verdicts.iter().map(|verdict| verdict.reason).collect();
            assert_eq!(told, [Some(reason)], "round {round}");
            assert_eq!(arena.at(1), other_to, "everybody else is heard");
            assert_eq!((arena.own(0).pose_epoch, arena.own(0).input_seq), (epoch + 1, seq + 32));
            let counts = u32::from(reason != Reason::BankOverdrawn);
            assert_eq!(refusals(&mut arena, 0), counts * (round + 1), "overdrafts do not count");
            arena.step_by(18);
        }
        arena.claim(0, 296, moved(at, 30, 0, 0));
        arena.step();
        assert_eq!(arena.at(0), moved(at, 30, 0, 0), "an answer to a correction that was told is taken");
    }
}

#[test]
fn a_way_that_leads_too_far_up_and_down_is_refused_before_anything_is_asked_of_the_level() {
    let mut arena = Arena::fighting(&plain(), 2);
    arena.step_by(40);
    let at = arena.at(0);
    arena.claim(0, 100, at);
    arena.step_by(40);
    for (heights_mm, reason) in [
        ([0; 4], Reason::TooMuchAcceleration),
        ([80_000, 1, 80_000, 1], Reason::TooHigh),
        ([1, 80_000, 80_000, 80_000], Reason::TooHigh),
    ] {
        let seq = arena.claim(0, 104, moved(at, 200, 0, 0));
        let Some(Command::Claim { claim }) = arena.input.last_mut() else { unreachable!("a claim") };
        claim.bends = heights_mm.map(|y| moved(at, 0, y, 0)).into_iter().collect();
        arena.step();
        assert_eq!(arena.refusal(0, seq), Some(reason), "{heights_mm:?}");
    }
}

#[test]
fn one_illegal_step_behind_150_ms_of_round_trip_gives_exactly_one_correction() {
    let round_trip_ticks = 20;
    for jumps in [false, true] {
        for offset in 0..30 {
            let mut arena = Arena::fighting(&plain(), 2);
            let mut clients = [Client::new(&mut arena, 0, round_trip_ticks / 2)];
            clients[0].wish = RUN;
            for _ in 0..200 + offset {
                clients[0].wish.jump = jumps && clients[0].walker.stands();
                client::tick(&mut arena, &mut clients);
            }
            assert_eq!(clients[0].believed.len(), 0, "a legal run is not corrected");
            let cheat_sent_at = arena.tick();
            let lifted = moved(clients[0].at(), 0, 0, 2_500);
            clients[0].walker.place(&arena.parts.level, lifted);
            clients[0].restart_trail();
            clients[0].claim_that(cheat_sent_at, lifted, arrayvec::ArrayVec::new());
            let mut corrected = 0;
            let mut converged_at = None;
            for _ in 0..200 {
                clients[0].wish.jump = false;
                client::tick(&mut arena, &mut clients);
                corrected += corrections(&arena);
                let server_at = arena.at(0);
                let accepted_of_new = arena.own(0).pose_epoch == clients[0].pose_epoch
                    && corrected == 1
                    && clients[0].believed.len() == 1
                    && clients[0].was_claimed(server_at);
                if accepted_of_new && converged_at.is_none() {
                    converged_at = Some(arena.tick() - cheat_sent_at - round_trip_ticks / 2);
                }
            }
            assert_eq!(corrected, 1, "offset {offset}, jumping {jumps}: {:?}", clients[0].believed);
            assert_eq!(arena.displaced(0), []);
            let within = round_trip_ticks + 2 + 5;
            assert!(
                converged_at.is_some_and(|ticks| ticks <= within),
                "{converged_at:?} ticks, offset {offset}"
            );
        }
    }
}

/// Runs a client, holds its arrivals back for `stall_ticks`, and counts what it was told.
fn told_after_a_stall(
    stall_ticks: u32,
    offset: u32,
    delay_ticks: u32,
    wish: impl Fn(&Client) -> Wish,
) -> Vec<Reason> {
    let mut arena = Arena::fighting(&plain(), 2);
    let mut clients = [Client::new(&mut arena, 0, delay_ticks)];
    for tick in 0..600 {
        if tick == 150 + offset {
            clients[0].stalled_until = arena.tick() + stall_ticks;
        }
        clients[0].wish = wish(&clients[0]);
        client::tick(&mut arena, &mut clients);
    }
    clients[0].believed.iter().map(|displacement| displacement.reason).collect()
}

#[test]
fn arrivals_up_to_250_ms_apart_are_never_punished() {
    for delay_ticks in [0, 3, 10] {
        for offset in 0..6 {
            for gap_ticks in [8, 20, 32] {
                let told = told_after_a_stall(gap_ticks, offset, delay_ticks, |_| RUN);
                assert_eq!(told, [], "a gap of {gap_ticks} ticks, offset {offset}");
                let told = told_after_a_stall(gap_ticks, offset, delay_ticks, |client| Wish {
                    jump: client.walker.stands(),
                    ..RUN
                });
                assert_eq!(told, [], "jumping over a gap of {gap_ticks} ticks, offset {offset}");
            }
        }
    }
}

#[test]
fn a_longer_gap_between_arrivals_costs_one_correction() {
    for delay_ticks in [0, 3, 10] {
        for (gap_ticks, offset) in [(40, 0), (50, 1), (64, 2), (128, 3), (300, 4)] {
            let told = told_after_a_stall(gap_ticks, offset, delay_ticks, |_| RUN);
            assert_eq!(told, [Reason::BankOverdrawn], "a gap of {gap_ticks} ticks, delay {delay_ticks}");
        }
    }
}

#[test]
fn jitter_and_stalls_of_a_poor_link_are_never_punished() {
    let seed = 31;
    println!("seed {seed}");
    let mut stream = Stream::of(seed, 1);
    let mut arena = Arena::fighting(&plain(), 2);
    let mut clients = [Client::new(&mut arena, 0, 4)];
    let ticks = if cfg!(debug_assertions) { 4_000 } else { 40_000 };
    for tick in 0..ticks {
        let client = &mut clients[0];
        // Jitter of up to 100 ms, and one loss in twenty that is repaired after 140 ms.
        client.jitter_ticks = stream.below(14) + if stream.below(20) == 0 { 18 } else { 0 };
        client.wish = Wish { direction: Yaw((tick * 37) as u16), jump: stream.below(60) == 0, ..RUN };
        client::tick(&mut arena, &mut clients);
        assert_eq!(clients[0].believed.len(), 0, "tick {tick}: {:?}", clients[0].believed);
    }
    assert!(clients[0].claims_sent > ticks * 29 / 128);
}

#[test]
fn a_moved_schedule_drops_stale_claims_unpunished() {
    let mut arena = Arena::fighting(&plain(), 2);
    let mut clients = [Client::new(&mut arena, 0, 10)];
    clients[0].wish = RUN;
    for _ in 0..200 {
        client::tick(&mut arena, &mut clients);
    }
    let level = arena.parts.level.clone();
    for _ in 0..300 {
        let now = arena.tick();
        clients[0].tick(now, &level);
    }
    arena.input.push(Command::ScheduleMoved { ticks: 300 });
    let before = arena.at(0);
    for _ in 0..200 {
        client::tick(&mut arena, &mut clients);
    }
    let told: Vec<Reason> = clients[0].believed.iter().map(|displacement| displacement.reason).collect();
    assert_eq!(told, [Reason::ScheduleMoved]);
    assert_eq!(refusals(&mut arena, 0), 0);
    let gone_mm = arena.at(0).distance_squared(before).isqrt();
    assert!(gone_mm <= 6_500 * 201 / 128, "{gone_mm} mm");
}

#[test]
fn a_body_silent_in_mid_air_falls_once_the_bank_is_used_up() {
    let mut arena = Arena::fighting(&plain(), 2);
    let mut clients = [Client::new(&mut arena, 0, 0)];
    for _ in 0..60 {
        client::tick(&mut arena, &mut clients);
    }
    clients[0].wish.jump = true;
    client::tick(&mut arena, &mut clients);
    clients[0].wish.jump = false;
    while arena.at(0).y < 500 {
        client::tick(&mut arena, &mut clients);
    }
    let (from, silent_since) = (arena.at(0), arena.tick());
    while arena.displaced(0).is_empty() {
        assert_eq!(arena.at(0), from, "until then the server extrapolates nothing");
        arena.step();
        assert!(arena.tick() < silent_since + 100);
    }
    assert!((30..=42).contains(&(arena.tick() - silent_since)), "{} ticks", arena.tick() - silent_since);
    let mut told = arena.displaced(0);
    while arena.at(0).y > 2 {
        arena.step();
        told.extend(arena.displaced(0));
        assert!(arena.tick() < silent_since + 100);
    }
    assert!(told.iter().all(|reason| *reason == Reason::Silent) && told.len() <= 2, "{told:?}");
    let landed = arena.at(0);
    assert_eq!((landed.x, landed.z), (from.x, from.z));
    assert!(landed.y <= 2, "on the ground: {landed:?}");
    arena.step_by(100);
    assert_eq!(arena.at(0), landed);
}

#[test]
fn a_body_that_stands_may_be_silent_for_ever() {
    let mut arena = Arena::fighting(&plain(), 2);
    let at = arena.at(0);
    arena.step_by(2_000);
    assert_eq!((arena.at(0), arena.own(0).pose_epoch), (at, 2));
    arena.claim(0, 77, moved(at, 0, 0, 150));
    arena.step();
    assert_eq!(arena.at(0), moved(at, 0, 0, 150));
}

#[test]
fn client_ticks_that_stand_still_go_back_or_leap_are_refused() {
    for (client_tick, expected) in [
        (100, Reason::ClientTickNotRising),
        (99, Reason::ClientTickNotRising),
        (0, Reason::ClientTickNotRising),
        (138, Reason::BankOverdrawn),
        (u32::MAX, Reason::BankOverdrawn),
    ] {
        let mut arena = Arena::fighting(&plain(), 2);
        arena.step_by(60);
        let at = arena.at(0);
        arena.claim(0, 100, at);
        arena.step();
        let seq = arena.claim(0, client_tick, moved(at, 1, 0, 0));
        arena.step();
        assert_eq!(arena.refusal(0, seq), Some(expected), "clientTick {client_tick}");
    }
}

#[test]
fn claims_out_of_bounds_through_walls_or_into_the_ground_are_refused() {
    let mut map = maps::plain(&[[0, 0, 0], [60_000, 0, 0]]);
    map.solids.push(maps::cuboid([0, 1_500, -1_000], [4_000, 3_000, 100]));
    for ((x, y, z), expected) in [
        ((0, 0, -1_500), Reason::Blocked),
        ((0, 0, -700), Reason::Blocked),
        ((0, -40, 0), Reason::Blocked),
        ((0, 0, 1_000_000), Reason::OutOfBounds),
        ((i32::MAX / 2, 0, 0), Reason::OutOfBounds),
        ((0, i32::MAX / 2, 0), Reason::OutOfBounds),
    ] {
        let mut arena = Arena::fighting(&Plan::on(map.clone()), 2);
        arena.step_by(60);
        let slot = if arena.at(0) == Vec3Mm::new(0, 0, 0) { 0 } else { 1 };
        let at = arena.at(slot);
        let seq = arena.claim(slot, 100, moved(at, x, y, z));
        arena.step();
        assert_eq!(arena.refusal(slot, seq), Some(expected), "{x} {y} {z}");
        assert_eq!(arena.at(slot), at);
    }
}

#[test]
fn the_first_claim_after_a_long_rest_leaves_the_bank_full_enough_to_go_on() {
    for jump in [false, true] {
        let mut arena = Arena::fighting(&plain(), 2);
        arena.step_by(500);
        let mut clients = [Client::new(&mut arena, 0, 0)];
        clients[0].wish = Wish { jump, ..RUN };
        for _ in 0..300 {
            clients[0].stalled_until = arena.tick().next_multiple_of(24);
            client::tick(&mut arena, &mut clients);
        }
        assert_eq!(clients[0].believed.len(), 0, "{:?}", clients[0].believed);
    }
}

#[test]
fn overdrafts_give_no_ground_out_of_no_time() {
    let mut arena = Arena::fighting(&plain(), 2);
    arena.step_by(60);
    let began = arena.at(0);
    arena.claim(0, 1_000, began);
    arena.step();
    for _ in 0..128 {
        let own = arena.own(0);
        for pair in 0..8 {
            let at = moved(own.pose.at, pair, 0, 0);
            arena.claim_of(0, 60_000, at, own.pose_epoch + pair as u32);
            arena.claim_of(0, 1_000, moved(at, 1, 0, 0), own.pose_epoch + pair as u32 + 1);
        }
        arena.step();
    }
    let gone_mm = arena.at(0).x - began.x;
    assert!(gone_mm.abs() <= 4, "{gone_mm} mm without a tick of the bank");
}

#[test]
fn while_play_waits_after_a_restart_nobody_is_heard() {
    let mut arena = Arena::new(&plain());
    (0..2).for_each(|slot| arena.join_by_socket(slot));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    arena.step_by(60);
    arena.input.push(Command::Resumed { epoch: Epoch(2) });
    arena.input.push(Command::Connected { slot: Slot(0) });
    arena.step();
    assert!(arena.sim.match_state().is_resuming());
    let at = arena.at(0);
    for step in 1..=20 {
        let legal = arena.claim(0, 1_000 + 4 * step, moved(at, 20, 0, 0));
        let illegal = arena.claim(0, 1_001 + 4 * step, moved(at, 9_000, 0, 0));
        arena.step();
        assert_eq!([legal, illegal].map(|seq| arena.verdict(0, seq)), [None, None], "step {step}");
        assert_eq!((arena.at(0), arena.displaced(0)), (at, vec![]), "step {step}");
    }
    arena.input.push(Command::Connected { slot: Slot(1) });
    arena.step();
    arena.claim(0, 2_000, moved(at, 20, 0, 0));
    arena.step();
    assert_eq!(arena.at(0), moved(at, 20, 0, 0), "when everybody is back he is");
}

#[test]
fn a_bend_out_of_bounds_is_out_of_bounds_wherever_the_way_ends() {
    let mut arena = Arena::fighting(&plain(), 2);
    arena.step_by(60);
    let at = arena.at(0);
    arena.claim(0, 1_000, at);
    arena.step_by(60);
    let seq = arena.claim(0, 1_030, at);
    let Some(Command::Claim { claim }) = arena.input.last_mut() else { unreachable!("it was pushed") };
    claim.bends.push(moved(at, 900_000, 0, 0));
    arena.step();
    assert_eq!(arena.refusal(0, seq), Some(Reason::OutOfBounds));
}

/// From rest to full speed in claims of 4 ticks, by a formula for what is covered in a step from one speed to the next:
/// the corrections that came of 40 of them, and how far that has led. Whoever is corrected begins with what he is told.
fn sets_off(step_ticks: u32, mean: fn(f64, f64) -> f64) -> (usize, i32) {
    let mut arena = Arena::fighting(&plain(), 2);
    arena.step_by(60);
    let from = arena.at(0);
    arena.claim(0, 1_000, from);
    arena.step();
    let (mut x, mut speed, mut client_tick, mut refused) = (f64::from(from.x), 0.0, 1_000, 0);
    let dt = f64::from(step_ticks) / 128.0;
    for _ in 0..40 {
        arena.step_by(3);
        for _ in 0..4 / step_ticks {
            let faster = f64::min(speed + 80_000.0 * dt, 6_500.0);
            (x, speed) = (x + mean(speed, faster) * dt, faster);
        }
        client_tick += 4;
        arena.claim(0, client_tick, Vec3Mm { x: libm::floor(x) as i32, ..from });
        arena.step();
        let told = arena.output.events.iter().find_map(|event| match event {
            Event::Displaced { slot: Slot(0), pose, velocity, client_tick, .. } => {
                Some((pose.at.x, velocity.x, client_tick.expect("a refused claim leaves the clock")))
            }
            _ => None,
        });
        if let Some((at_x, velocity_x, clock)) = told {
            refused += corrections(&arena);
            (x, speed, client_tick) = (f64::from(at_x), f64::from(velocity_x), clock);
        }
    }
    (refused, arena.at(0).x - from.x)
}

#[test]
fn who_advances_by_the_mean_of_old_and_new_speed_sets_off_and_by_the_new_speed_never() {
    for step_ticks in [1, 4] {
        let (refused, came_mm) = sets_off(step_ticks, |old, new| (old + new) / 2.0);
        assert_eq!(refused, 0, "steps of {step_ticks}");
        assert!(came_mm > 7_000, "{came_mm} mm in 160 ticks");
        assert_eq!(sets_off(step_ticks, |old, _| old).0, 0, "the old speed is not too fast either");
        let (refused, came_mm) = sets_off(step_ticks, |_, new| new);
        assert!(refused > 32 && came_mm < 1_000, "steps of {step_ticks}: {refused} refused, {came_mm} mm");
    }
}
