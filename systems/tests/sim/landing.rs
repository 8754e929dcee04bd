//! How soon a body can be down again: in the open, running or not, and along walls that lean over it.

use combat_components::command::Claim;
use combat_components::map::{Map, Solid};
use combat_components::quantity::Vec3Mm;

use crate::liar::Liar;
use crate::maps;

const GRAVITY: f64 = 20_000.0;

/// What may press a body down where nobody sees it, an edge at its head, gives it half of its speed at most.
const PRESSED: f64 = 6_500.0 / 2.0;

/// How long who is so high is on the way down who claims every so many seconds: pressed once, by the formula of a fall.
fn fastest_ms(mm: i32, claim_s: f64) -> f64 {
    let speed = PRESSED + GRAVITY * claim_s;
    (libm::sqrt(speed * speed + 2.0 * GRAVITY * f64::from(mm)) - speed) / GRAVITY * 1_000.0
}

/// As deep as is accepted, so far ahead.
fn fall_on(liar: &mut Liar, ahead_mm: i32, claim_ticks: u32) {
    let (at, clock) = (liar.arena.at(0), liar.clock + claim_ticks);
    let to = |y: i32| Vec3Mm { x: at.x + ahead_mm, y, ..at };
    let (mut low, mut high) = (-1, at.y);
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if liar.is_legal(clock, to(middle)) { high = middle } else { low = middle }
    }
    liar.go(to(high), claim_ticks);
}

/// A jump on a plain, up for so many ticks as the formula says, then down as fast as is accepted, running or not: how
/// high it was, and the milliseconds from there to the ground.
fn cut_short((hz, claim_ticks): (u32, u32), up_ticks: u32, runs: bool) -> (i32, f64) {
    let mut liar = Liar::at(hz, maps::plain(&[[0, 0, 0], [90_000, 0, 0]]));
    liar.set_clock();
    let along = |liar: &mut Liar| {
        let at = liar.arena.at(0);
        let to = |mm: i32| Vec3Mm { x: at.x + mm, ..at };
        if runs { liar.furthest(1, to).unwrap_or_default() } else { 0 }
    };
    for _ in 0..hz / 8 {
        let (mm, at) = (along(&mut liar), liar.arena.at(0));
        liar.go(Vec3Mm { x: at.x + mm, ..at }, 1);
    }
    let run_mm = if runs { (6_500 * claim_ticks / hz) as i32 - 3 } else { 0 };
    let height = |tick: u32| {
        let seconds = f64::from(tick) / f64::from(hz);
        (6_500.0 * seconds - GRAVITY / 2.0 * seconds * seconds) as i32
    };
    for tick in (claim_ticks..=up_ticks).step_by(claim_ticks as usize) {
        let at = liar.arena.at(0);
        liar.go(Vec3Mm { x: at.x + run_mm, y: height(tick), ..at }, claim_ticks);
        assert_eq!(liar.arena.at(0).y, height(tick), "{hz} Hz: the way up is legal");
    }
    let (top, mut ticks) = (liar.arena.at(0).y, 0);
    while liar.arena.at(0).y > 0 {
        assert!(ticks < 2 * hz, "{hz} Hz: it never comes down");
        fall_on(&mut liar, run_mm, claim_ticks);
        ticks += claim_ticks;
    }
    (top, f64::from(ticks) / f64::from(hz) * 1_000.0)
}

#[test]
fn no_claims_cut_a_jump_shorter_than_a_fall_that_begins_at_half_the_speed() {
    for (rate, ups) in [((128, 4), [8, 20, 40]), ((32, 1), [3, 6, 10]), ((16, 1), [2, 3, 5])] {
        let claim_s = f64::from(rate.1) / f64::from(rate.0);
        for (up_ticks, runs) in ups.into_iter().flat_map(|up| [(up, false), (up, true)]) {
            let (top, ms) = cut_short(rate, up_ticks, runs);
            let least = fastest_ms(top, claim_s);
            println!("{rate:?}, runs {runs}: from {top} mm in {ms:.0} ms, by the formula {least:.0}");
            assert!(ms + 1.0 >= least, "{rate:?}, runs {runs}: from {top} mm in {ms:.0} ms, not {least:.0}");
        }
    }
}

const TOP_MM: i32 = 20_000;

/// A ledge 20 m up, along x, beside a wall that leans over it by so many thousandths.
fn leaning(lean: i32, is_there: bool) -> Map {
    let z = |y: i32| y * lean / 1_000;
    let ledge = 700 + z(TOP_MM + 1_800);
    let mut map = maps::plain(&[[0, TOP_MM, ledge], [-2_000, TOP_MM, ledge]]);
    map.solids.push(maps::cuboid([0, TOP_MM - 100, ledge], [6_000, 200, 2_000]));
    if is_there {
        let high = TOP_MM + 4_000;
        let section = [[0, 0], [high, z(high)], [high, -3_000], [0, -3_000]];
        let points = [-15_000, 16_000].into_iter().flat_map(|x| section.map(|[y, z]| Vec3Mm::new(x, y, z)));
        map.solids.push(Solid::Hull { points: points.collect() });
    }
    map
}

/// Runs off the ledge and falls as fast as is accepted, touching the wall all the way where there is one: the ticks it takes.
fn fallen(hz: u32, lean: i32, is_there: bool) -> u32 {
    let mut liar = Liar::at(hz, leaning(lean, is_there));
    liar.set_clock();
    let wall_z = |liar: &Liar, x: i32, y: i32, z: i32| {
        let level = liar.arena.level();
        // All that is behind the wall's face is wall, and nothing in front of it.
        let (mut inside, mut free) = (z - 600, z + 600);
        while is_there && free - inside > 1 {
            let middle = inside + (free - inside) / 2;
            let edge = if level.overlaps(Vec3Mm::new(x, y, middle)) { &mut inside } else { &mut free };
            *edge = middle;
        }
        if is_there { free } else { z }
    };
    let reach = (6_500 / hz) as i32 - 1;
    loop {
        let at = liar.arena.at(0);
        if !liar.arena.level().grounded(at) {
            break;
        }
        let to = |mm: i32| Vec3Mm {
            x: at.x + mm,
            z: wall_z(&liar, at.x + mm, at.y, at.z).clamp(at.z - mm / 2, at.z + mm / 2),
            ..at
        };
        let ways: Vec<_> = (1..=reach).rev().map(to).collect();
        let clock = liar.clock + 1;
        let found = ways.into_iter().find(|to| liar.is_legal(clock, *to)).expect("it runs on");
        liar.go(found, 1);
    }
    let mut ticks = 0;
    while liar.arena.at(0).y > 50 && ticks < 3 * hz {
        let (at, clock) = (liar.arena.at(0), liar.clock + 1);
        let deepest = (0..70_000 / hz as i32).rev().step_by(20).find_map(|down| {
            let y = (at.y - down).max(0);
            let aside = (wall_z(&liar, at.x + reach, y, at.z) - at.z).clamp(-reach, reach);
            let ahead = f64::from(reach * reach - aside * aside).sqrt() as i32;
            let to = Vec3Mm { x: at.x + ahead, y, z: at.z + aside };
            liar.is_legal(clock, to).then_some(to)
        });
        match deepest {
            Some(to) => liar.go(to, 1),
            None => liar.wait(1),
        }
        ticks += 1;
    }
    ticks
}

/// Only a ceiling, of 45° at most, presses down: as fast as one runs beneath it, and gravity adds to that.
#[test]
fn a_wall_that_leans_over_a_body_lets_it_fall_no_faster_and_a_ceiling_only_from_the_speed_it_runs_at() {
    let (hz, speed) = (32, 6_500.0);
    let pressed_s = (libm::sqrt(speed * speed + 2.0 * GRAVITY * f64::from(TOP_MM)) - speed) / GRAVITY;
    for (lean, is_ceiling) in [(105, false), (176, false), (577, false), (1_000, true)] {
        let [open, beside] = [false, true].map(|is_there| fallen(hz, lean, is_there));
        let least = if is_ceiling { (pressed_s * f64::from(hz)) as u32 } else { open };
        println!("leaning by {lean}: {beside} ticks, in the open {open}");
        assert!(beside >= least, "leaning by {lean}: {beside} ticks, not {least}; in the open {open}");
    }
}

/// On a ledge 20 m up, claims that touch it and end a millimetre higher than ground is found, so many times; then how
/// many milliseconds the fall off it takes.
fn dropped((hz, claim_ticks): (u32, u32), loads: u32) -> u32 {
    let mut map = maps::plain(&[[0, TOP_MM, 0], [0, TOP_MM, 1_000]]);
    map.solids.push(maps::cuboid([0, TOP_MM - 100, 0], [3_000, 200, 3_000]));
    let mut liar = Liar::at(hz, map);
    liar.set_clock();
    let (from, level) = (liar.arena.at(0), liar.arena.parts.level.clone());
    // A bend that touches it half of the way, where there is something to touch, and an end a millimetre higher.
    let touching = |liar: &mut Liar, mm: i32| {
        let at = liar.arena.at(0);
        let over = |up: i32| Vec3Mm { x: at.x + mm / 2, y: from.y + up, ..at };
        let bend = over((10..60).rev().find(|up| level.grounded(over(*up)))?);
        let end = Vec3Mm { x: at.x + mm, y: bend.y + 1, ..at };
        let claim =
            Claim { bends: [bend].into_iter().collect(), ..liar.claim_to(liar.clock + claim_ticks, end) };
        liar.is_taken(claim.clone()).then_some(claim)
    };
    let say = |liar: &mut Liar, claim: Claim| {
        liar.clock += claim_ticks;
        liar.send(claim);
        liar.arena.step_by(claim_ticks);
    };
    for _ in 0..loads {
        let claim = touching(&mut liar, 0).expect("who stands may rise by a millimetre");
        say(&mut liar, claim);
    }
    // Off the ledge as fast as one may run, touching it as long as it is there.
    let most = (6_500 * claim_ticks / hz) as i32;
    while let Some(claim) = (1..=most).rev().find_map(|mm| touching(&mut liar, mm)) {
        say(&mut liar, claim);
    }
    let mut ticks = 0;
    while liar.arena.at(0).y > 5 {
        fall_on(&mut liar, most - 4, claim_ticks);
        ticks += claim_ticks;
    }
    ticks * 1_000 / hz
}

#[test]
fn standing_loads_no_fall_whatever_is_claimed_of_it() {
    for rate in [(128, 4), (32, 1)] {
        let [none, some, many] = [0, 20, 60].map(|loads| dropped(rate, loads));
        println!("{rate:?}: {none} ms, after 20 claims {some}, after 60 {many}");
        assert!(some + 32 >= none && many + 32 >= none, "{rate:?}: {none} ms, loaded {some} and {many}");
    }
}
