//! What lying gains: refused claims, silence, reconnecting and moved schedules stop, turn and drop nobody.

use combat_components::canon::{Canon, Reader};
use combat_components::claims::ClaimState;
use combat_components::event::Event;
use combat_components::map::Map;
use combat_components::quantity::Vec3Mm;
use combat_systems::state::StateKind;

use crate::liar::{LIES, Liar, Lie};
use crate::maps;

/// Metres covered to and fro in two seconds, turning by so many degrees every eight ticks.
fn covered_mm(lie: Lie, turn_deg: u32) -> i64 {
    covered_on(maps::plain(&[[0, 0, 0], [90_000, 0, 0]]), lie, turn_deg)
}

fn covered_on(map: Map, lie: Lie, turn_deg: u32) -> i64 {
    let mut liar = Liar::on(map);
    let mut covered = 0;
    liar.set_clock();
    for leg in 0..32 {
        let turned = f64::from(leg * turn_deg).to_radians();
        let direction = [libm::cos(turned), libm::sin(turned)];
        let before = liar.arena.at(0);
        liar.go_furthest(direction, 8);
        covered += before.horizontal_distance_squared(liar.arena.at(0)).isqrt();
        liar.lie(lie);
        liar.arena.step_by(7);
    }
    covered
}

#[test]
fn no_lie_covers_more_ground_than_honest_claims_whichever_way_one_turns() {
    for turn_deg in [180, 135, 90, 45] {
        let honest = covered_mm(Lie::Nothing, turn_deg);
        for lie in LIES {
            let covered = covered_mm(lie, turn_deg);
            assert!(
                covered <= honest + honest / 20 + 100,
                "{lie:?}, {turn_deg}: {covered} mm, honestly {honest}"
            );
        }
    }
}

#[test]
fn a_wall_beside_the_way_stops_and_turns_nobody() {
    let honest = covered_mm(Lie::Nothing, 180);
    for gap_mm in [3, 50, 150] {
        let mut map = maps::plain(&[[0, 0, 0], [90_000, 0, 0]]);
        map.solids.push(maps::cuboid([0, 1_500, -850 - gap_mm], [300_000, 3_000, 1_000]));
        let covered = covered_on(map, Lie::Nothing, 180);
        assert!(
            covered <= honest + honest / 20 + 100,
            "{gap_mm} mm away: {covered} mm, in the open {honest}"
        );
    }
}

#[test]
fn nodding_into_a_wall_at_every_bend_stops_and_turns_nobody() {
    let covered = |gap_mm: i32, into_mm: i32| {
        let mut map = maps::plain(&[[0, 0, 0], [90_000, 0, 0]]);
        map.solids.push(maps::cuboid([0, 1_500, -850 - gap_mm], [300_000, 3_000, 1_000]));
        let mut liar = Liar::on(map);
        liar.set_clock();
        let mut covered = 0;
        for leg in 0..32 {
            let before = liar.arena.at(0);
            let nod = Vec3Mm { z: (before.z - into_mm).max(-gap_mm), ..before };
            liar.go_furthest_over(&[nod], [if leg % 2 == 0 { 1.0 } else { -1.0 }, 0.0], 8);
            covered += before.horizontal_distance_squared(liar.arena.at(0)).isqrt();
            liar.arena.step_by(7);
        }
        covered
    };
    for gap_mm in [3, 40, 300] {
        let honest = covered(gap_mm, 0);
        for into_mm in [1, 51, 100] {
            let nodding = covered(gap_mm, into_mm);
            assert!(
                nodding <= honest + honest / 20 + 100,
                "{gap_mm} mm away, {into_mm} in: {nodding}, honestly {honest}"
            );
        }
    }
}

/// Off a tower of 7 m, with a lie in the air every few ticks: how long until it stands below.
fn flight_ticks(lie: Lie, every: u32, claims: bool) -> u32 {
    let mut map = maps::plain(&[[0, 7_000, 0], [90_000, 7_000, 0]]);
    map.solids.push(maps::cuboid([0, 3_500, 0], [2_000, 7_000, 2_000]));
    map.solids.push(maps::cuboid([90_000, 3_500, 0], [2_000, 7_000, 2_000]));
    let mut liar = Liar::on(map);
    let tower_x = liar.arena.at(0).x;
    liar.set_clock();
    while liar.arena.at(0).x < tower_x + 1_360 {
        liar.arena.step_by(3);
        liar.go_furthest([1.0, 0.0], 4);
    }
    let left_at = liar.arena.tick();
    while liar.arena.at(0).y > 2 {
        assert!(liar.arena.tick() - left_at < 1_000, "{lie:?}: it never lands");
        if (liar.arena.tick() - left_at).is_multiple_of(every) {
            liar.lie(lie);
        } else if claims && (liar.arena.tick() - left_at).is_multiple_of(4) {
            fall_as_fast_as_possible(&mut liar);
        }
        liar.arena.step();
    }
    liar.arena.tick() - left_at
}

/// By as much of the bank as leads lowest: what has been saved may be spent by anybody.
fn fall_as_fast_as_possible(liar: &mut Liar) {
    let at = liar.arena.at(0);
    let lowest = |liar: &mut Liar, ticks: u32| {
        let lower = |mm: i32| Vec3Mm { x: at.x + 190, y: (at.y - mm).max(0), ..at };
        let (mut low, mut high) = (0, 7_100);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if liar.is_legal(liar.clock + ticks, lower(middle)) { low = middle } else { high = middle }
        }
        liar.is_legal(liar.clock + ticks, lower(low)).then(|| (lower(low), ticks))
    };
    let found = [4, 8, 16, 32, 34, 35, 36, 37].map(|ticks| lowest(liar, ticks));
    if let Some((to, ticks)) = found.into_iter().flatten().min_by_key(|(to, ticks)| (to.y, *ticks)) {
        liar.clock += ticks;
        let claim = liar.claim_to(liar.clock, to);
        liar.send(claim);
    }
}

#[test]
fn no_lie_lands_sooner_than_the_fastest_honest_fall_nor_stays_up_longer_than_the_bank() {
    let honest = flight_ticks(Lie::Nothing, 1_000_000, true);
    let bank_ticks = 37;
    // What the bank held was run ahead; by the law of falling 7 m take 107 ticks, from the speed that an edge gives 91.
    assert!((88..=112).contains(&(honest + bank_ticks)), "a fall of 7 m takes {honest} ticks and the bank");
    for lie in LIES {
        for (every, claims) in [(1, false), (3, false), (8, true), (30, true), (8, false)] {
            let flight = flight_ticks(lie, every, claims);
            assert!(flight + 2 >= honest, "{lie:?} every {every}: {flight} ticks, honestly {honest}");
            // Who jumps off the edge is up for 157 ticks, and nothing says that this one did not.
            assert!(flight <= 157 + bank_ticks + 8, "{lie:?} every {every}: {flight} ticks aloft");
        }
    }
}

#[test]
fn a_correction_tells_pose_velocity_and_clock_and_a_body_that_goes_on_from_there_is_never_refused() {
    let mut liar = Liar::on(maps::plain(&[[0, 0, 0], [90_000, 0, 0]]));
    liar.set_clock();
    for _ in 0..8 {
        liar.arena.step_by(3);
        liar.go_furthest([1.0, 0.0], 4);
    }
    let at = liar.arena.at(0);
    liar.lie(Lie::TooFar);
    liar.arena.step();
    let told = liar.arena.output.events.iter().find_map(|event| match event {
        Event::Displaced { pose, velocity, client_tick, .. } => Some((pose.at, *velocity, *client_tick)),
        _ => None,
    });
    let (pose_at, velocity, client_tick) = told.expect("it is corrected");
    assert_eq!((pose_at, client_tick), (at, Some(liar.clock)));
    assert!((6_000..=6_500).contains(&velocity.x) && velocity.y == 0, "{velocity:?}");
    for step in 1..20 {
        liar.arena.step_by(3);
        let to = Vec3Mm { x: at.x + velocity.x * step * 4 / 128, ..at };
        let claim = liar.claim_to(liar.clock + step as u32 * 4, to);
        liar.send(claim);
        liar.arena.step();
        assert_eq!((liar.arena.displaced(0), liar.arena.at(0)), (vec![], to), "step {step}");
    }
}

#[test]
fn refusals_have_a_budget_that_fills_again_and_what_is_nobodys_fault_never_counts() {
    let standing = |liar: &mut Liar| {
        let bytes = &liar.arena.sim.canonical(StateKind::Claims)[0].1;
        ClaimState::take(&mut Reader::new(bytes))
            .expect("canonical bytes are read as they were written")
            .refusals
    };
    let told_to_go = |liar: &Liar| {
        liar.arena.output.events.iter().any(|event| matches!(event, Event::TooManyRefusals { .. }))
    };
    for lie in LIES {
        let mut liar = Liar::on(maps::plain(&[[0, 0, 0], [90_000, 0, 0]]));
        liar.set_clock();
        let (mut lies, mut was_told) = (0, false);
        while lies < 40 && !was_told {
            liar.lie(lie);
            liar.arena.step();
            (lies, was_told) = (lies + 1, told_to_go(&liar));
        }
        let counts = matches!(lie, Lie::TooFar | Lie::IntoTheGround | Lie::OutOfBounds | Lie::ClockBack);
        assert_eq!(was_told, counts, "{lie:?} after {lies}");
        if counts {
            assert_eq!((lies, standing(&mut liar)), (33, 32), "{lie:?}");
            liar.arena.step_by(10 * 128);
            liar.lie(lie);
            liar.arena.step();
            assert_eq!(
                (standing(&mut liar), told_to_go(&liar)),
                (23, false),
                "{lie:?}: one a second is forgiven"
            );
        } else {
            assert_eq!(standing(&mut liar), 0, "{lie:?}");
        }
    }
}

/// How many claims that are refused so often a player is told to go after, of a thousand.
fn refusals_until_told_to_go(every_ticks: u32) -> Option<u32> {
    let mut liar = Liar::on(maps::plain(&[[0, 0, 0], [90_000, 0, 0]]));
    liar.set_clock();
    (1..=1_000).find(|_| {
        liar.lie(Lie::TooFar);
        liar.arena.step();
        let mut events = liar.arena.output.events.iter();
        let told = events.any(|event| matches!(event, Event::TooManyRefusals { .. }));
        liar.arena.step_by(every_ticks - 1);
        told
    })
}

#[test]
fn one_refusal_a_second_is_forgiven_whatever_the_rhythm_they_come_in() {
    // After n of them n - floor((n - 1) * every / 128) stand, until 33 do.
    for (every_ticks, expected) in [(64, Some(64)), (100, Some(143)), (120, Some(498))] {
        assert_eq!(refusals_until_told_to_go(every_ticks), expected, "every {every_ticks} ticks");
    }
    for every_ticks in [127, 128, 129, 191, 255] {
        assert_eq!(refusals_until_told_to_go(every_ticks), None, "every {every_ticks} ticks");
    }
}
