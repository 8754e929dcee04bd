//! What walls gain a liar: no search through claims turns a body between them sooner than in the open.

use combat_components::map::{Map, Solid};
use combat_components::quantity::{Vec3Mm, Yaw};
use combat_components::streams::Stream;

use crate::liar::Liar;
use crate::maps;

/// With debug assertions only so many goals and searches are tried.
const TRIES: u64 = if cfg!(debug_assertions) { 4 } else { 12 };

/// Walls on both sides of a body, as far from it.
type Gaps = &'static [i32];

const CORRIDORS: [Gaps; 5] = [&[-3], &[-3, 3], &[-20, 20], &[-100, 100], &[-3, 100]];

/// A body wants to be as far as possible towards one end of a corridor, and then the other, in turns of so many ticks.
#[derive(Clone, Copy, Debug)]
struct Goal {
    hz: u32,
    turn_ticks: u32,
    turns: u32,
    /// Which way the corridor leads, in degrees from the axis x.
    leads_deg: u32,
}

impl Goal {
    fn yaw(&self) -> Yaw {
        Yaw((self.leads_deg * 65_536 / 360) as u16)
    }

    /// So far along the corridor from `at`, and so far across it.
    fn point(&self, at: Vec3Mm, along: i32, across: i32) -> Vec3Mm {
        let (sin, cos) = libm::sincos(f64::from(self.leads_deg).to_radians());
        let (along, across) = (f64::from(along), f64::from(across));
        let [x, z] =
            [along * cos + across * sin, across * cos - along * sin].map(|mm| libm::round(mm) as i32);
        Vec3Mm { x: at.x + x, z: at.z + z, ..at }
    }

    /// How far `at` is along the corridor and across it.
    fn place(&self, at: Vec3Mm) -> (i32, i32) {
        let (sin, cos) = libm::sincos(f64::from(self.leads_deg).to_radians());
        let (x, z) = (f64::from(at.x), f64::from(at.z));
        (libm::round(x * cos - z * sin) as i32, libm::round(x * sin + z * cos) as i32)
    }

    fn map(&self, gaps: &[i32]) -> Map {
        let far = self.point(Vec3Mm::default(), 9_000, 0);
        let mut map = maps::plain(&[[0, 0, 0], [far.x, far.y, far.z]]);
        for gap in gaps {
            let center = self.point(Vec3Mm { y: 1_500, ..Vec3Mm::default() }, 0, gap + gap.signum() * 850);
            let size = Vec3Mm::new(50_000, 3_000, 1_000);
            map.solids.push(Solid::Cuboid { center, size, yaw: self.yaw() });
        }
        map
    }
}

/// How far a body came the way it wanted to, by claims that end at either wall or anywhere between.
fn covered(goal: Goal, (gaps, are_there): (Gaps, bool), seed: u64) -> i32 {
    let mut stream = Stream::of(seed, 9);
    let mut liar = Liar::at(goal.hz, goal.map(if are_there { gaps } else { &[] }));
    liar.set_clock();
    let ticks = (goal.turn_ticks >> (seed % 4)).max(1);
    let waits = stream.below(2) == 0;
    let (mut covered, mut tick) = (0, 0);
    while tick < goal.turns * goal.turn_ticks {
        let at = liar.arena.at(0);
        let sign = if (tick / goal.turn_ticks).is_multiple_of(2) { 1 } else { -1 };
        let (from, across) = goal.place(at);
        let aside = match stream.below(5) {
            0 | 1 => gaps[stream.below(gaps.len() as u32) as usize] - across,
            2 => stream.below(201) as i32 - 100,
            _ => stream.below(41) as i32 - 20,
        };
        let to = |along: i32, across: i32| goal.point(at, sign * along, across);
        let found = [0, aside].map(|across| Some((liar.furthest(ticks, |along| to(along, across))?, across)));
        match found.into_iter().flatten().max().filter(|_| !waits || stream.below(4) > 0) {
            Some((along, across)) => liar.go(to(along, across), ticks),
            None => liar.wait(ticks),
        }
        covered += sign * (goal.place(liar.arena.at(0)).0 - from);
        tick += ticks;
    }
    covered
}

#[test]
fn walls_turn_nobody_sooner_than_the_open() {
    let goal = Goal { hz: 128, turn_ticks: 8, turns: 8, leads_deg: 0 };
    let goals = [goal, Goal { leads_deg: 30, ..goal }, Goal { hz: 16, turn_ticks: 2, ..goal }];
    for goal in goals {
        for gaps in CORRIDORS {
            let most = |are_there| (0..TRIES).map(|seed| covered(goal, (gaps, are_there), 500 + seed)).max();
            let [between, open] = [true, false].map(|are_there| most(are_there).expect("it was tried"));
            println!("{goal:?} {gaps:?}: {between} mm, in the open {open}");
            assert!(between <= open + open / 20 + 20, "{goal:?} {gaps:?}: {between} mm, in the open {open}");
        }
    }
}

/// Posts every 300 mm that a body at full speed passes by a millimetre, on one side or on both.
fn posts(sides: &[i32]) -> Vec<Solid> {
    let at = |x: i32, side: i32| Solid::Cuboid {
        center: Vec3Mm::new(x * 300, 1_500, side * 400),
        size: Vec3Mm::new(40, 3_000, 100),
        yaw: Yaw(8_192),
    };
    (-20..60).flat_map(|x| sides.iter().map(move |side| at(x, *side))).collect()
}

/// From full speed: how far on a body is after so many ticks, the least of a search through claims.
fn reversed(hz: u32, solids: &[Solid], (total_ticks, claim_ticks_max): (u32, u32), seed: u64) -> i32 {
    let mut stream = Stream::of(seed, 10);
    let mut map = maps::plain(&[[0, 0, 0], [9_000, 0, 0]]);
    map.solids.extend(solids.iter().cloned());
    let mut liar = Liar::at(hz, map);
    liar.set_clock();
    for _ in 0..hz / 8 {
        let at = liar.arena.at(0);
        let along = liar.furthest(1, |along| Vec3Mm { x: at.x + along, ..at });
        liar.go(Vec3Mm { x: at.x + along.unwrap_or(0), ..at }, 1);
    }
    let (from, mut left) = (liar.arena.at(0).x, total_ticks);
    while left > 0 {
        let ticks = (1 + stream.below(claim_ticks_max)).min(left);
        let at = liar.arena.at(0);
        let asides =
            [0, stream.below(9) as i32 - 4, stream.below(121) as i32 - 60, stream.below(41) as i32 - 20];
        let found = asides.map(|aside| {
            let to = |back: i32| Vec3Mm { x: at.x - back, z: at.z + aside, ..at };
            Some((liar.furthest(ticks, to)?, aside))
        });
        match found.into_iter().flatten().max() {
            Some((back, aside)) => liar.go(Vec3Mm { x: at.x - back, z: at.z + aside, ..at }, ticks),
            None => liar.wait(ticks),
        }
        left -= ticks;
    }
    liar.arena.at(0).x - from
}

/// What a claim tells of a velocity is within all that the acceleration gives in its time of the mean; so that much, and
/// not what a body could physically do, bounds how soon claims can turn it.
#[test]
fn a_runner_turns_no_sooner_than_the_slack_of_its_claims_allows_and_beside_posts_than_twice_that() {
    for (hz, ticks, claim_ticks_max) in [(128, 12, 4), (32, 4, 1)] {
        let seconds = |ticks: u32| f64::from(ticks) / f64::from(hz);
        let by_brakes = 6_500.0 * seconds(ticks) - 40_000.0 * seconds(ticks) * seconds(ticks);
        let slack = 80_000.0 * seconds(claim_ticks_max) * seconds(ticks);
        for (sides, times) in [(&[][..], 1.1), (&[1], 2.2), (&[1, -1], 2.2)] {
            let least =
                (0..TRIES / 3).map(|seed| reversed(hz, &posts(sides), (ticks, claim_ticks_max), seed)).min();
            let least = f64::from(least.expect("it was tried"));
            println!(
                "{hz} Hz, posts at {sides:?}: {least} mm after {ticks} ticks; by brakes alone {by_brakes:.0}"
            );
            assert!(least <= by_brakes + 5.0, "{hz} Hz, {sides:?}: {least} mm, the search found no brakes");
            assert!(least >= by_brakes - times * slack, "{hz} Hz, {sides:?}: {least} mm, slack {slack:.0}");
        }
    }
}

/// From full speed, aslant towards a wall along x that is `gap_mm` ahead: how far along it a body is after so many ticks
/// of trying to come back, the least of a search through claims.
fn glanced(
    hz: u32,
    (towards_deg, gap_mm): (u32, Option<i32>),
    (total_ticks, claim_ticks): (u32, u32),
    place: i32,
) -> i32 {
    // Away from 0 the level answers in coarser steps of `f32`.
    let [x, z] = [place * 1_211 - 4_000, place * 211 - 1_000];
    let mut map = maps::plain(&[[x, 0, z], [90_000, 0, 90_000]]);
    let mut stream = Stream::of(place as u64, 11);
    let (sin, cos) = libm::sincos(f64::from(towards_deg).to_radians());
    let run_up = |mm: i32| [cos, sin].map(|part| libm::round(part * f64::from(mm)) as i32);
    let (run_up_mm, step_mm) = (650, 6_500 / hz as i32);
    if let Some(gap_mm) = gap_mm {
        let face = z - run_up(run_up_mm + step_mm)[1] - 350 - gap_mm;
        map.solids.push(maps::cuboid([0, 1_500, face - 500], [50_000, 3_000, 1_000]));
    }
    let mut liar = Liar::at(hz, map);
    liar.set_clock();
    let mut run = 0;
    while run < run_up_mm {
        let at = liar.arena.at(0);
        let to = |mm: i32| {
            let [x, z] = run_up(mm);
            Vec3Mm { x: at.x + x, z: at.z - z, ..at }
        };
        let mm = liar.furthest(1, to).expect("nothing is in its way yet");
        liar.go(to(mm), 1);
        run += mm;
    }
    let from = liar.arena.at(0).x;
    for _ in 0..total_ticks / claim_ticks {
        let at = liar.arena.at(0);
        let asides = [0, -4, 4, -(stream.below(121) as i32), stream.below(121) as i32 - 60];
        let to = |back: i32, aside: i32| Vec3Mm { x: at.x - back, z: at.z + aside, ..at };
        let found = asides.map(|aside| Some((liar.furthest(claim_ticks, |back| to(back, aside))?, aside)));
        match found.into_iter().flatten().max() {
            Some((back, aside)) => liar.go(to(back, aside), claim_ticks),
            None => liar.wait(claim_ticks),
        }
    }
    liar.arena.at(0).x - from
}

/// Along a wall that it runs into a body keeps what it had along it: whatever is ahead, it comes back along it no sooner.
#[test]
fn a_wall_that_is_run_into_aslant_turns_nobody_along_it_sooner_than_the_open() {
    for (hz, ticks) in [(128, (16, 4)), (128, (16, 8)), (32, (4, 1))] {
        for towards_deg in [5, 10, 20, 40] {
            let least = |gap_mm| {
                (0..TRIES as i32 / 4).map(|place| glanced(hz, (towards_deg, gap_mm), ticks, place)).min()
            };
            let open = least(None).expect("it was tried");
            for gap_mm in [0, 30] {
                let found = least(Some(gap_mm)).expect("it was tried");
                println!(
                    "{hz} Hz, {ticks:?} ticks, {towards_deg} degrees, {gap_mm} mm: {found}, in the open {open}"
                );
                assert!(
                    found >= open - 30,
                    "{hz} Hz, {towards_deg} degrees, {gap_mm} mm: {found}, in the open {open}"
                );
            }
        }
    }
}

/// From full speed towards `goal`, then straight back: how far on a body is after so many ticks, by claims of so many.
fn turned(goal: Goal, (total_ticks, claim_ticks): (u32, u32)) -> i32 {
    let mut liar = Liar::at(goal.hz, goal.map(&[]));
    liar.set_clock();
    let go = |liar: &mut Liar, sign: i32, ticks: u32| {
        let at = liar.arena.at(0);
        let to = |along: i32| goal.point(at, sign * along, 0);
        match liar.furthest(ticks, to) {
            Some(along) => liar.go(to(along), ticks),
            None => liar.wait(ticks),
        }
    };
    (0..goal.hz / 8).for_each(|_| go(&mut liar, 1, 1));
    let (from, _) = goal.place(liar.arena.at(0));
    (0..total_ticks / claim_ticks).for_each(|_| go(&mut liar, -1, claim_ticks));
    goal.place(liar.arena.at(0)).0 - from
}

/// Along each axis of the map a body has all of its acceleration, so that aslant it has up to 1.41 times as much: of an
/// honest client as of a liar.
#[test]
fn whichever_way_a_runner_turns_it_does_so_no_sooner_than_the_acceleration_along_both_axes_allows() {
    for (hz, total_ticks, claim_ticks) in [(128, 12, 4), (32, 4, 1)] {
        let seconds = |ticks: u32| f64::from(ticks) / f64::from(hz);
        for leads_deg in [0, 15, 30, 45] {
            let turn = f64::from(leads_deg).to_radians();
            let acceleration = 80_000.0 / libm::cos(turn);
            let by_brakes = 6_500.0 * seconds(total_ticks)
                - acceleration / 2.0 * seconds(total_ticks) * seconds(total_ticks);
            let slack = acceleration * seconds(claim_ticks) * seconds(total_ticks);
            let goal = Goal { hz, turn_ticks: 0, turns: 0, leads_deg };
            let found = f64::from(turned(goal, (total_ticks, claim_ticks)));
            println!("{hz} Hz, {leads_deg} degrees: {found} mm; by brakes {by_brakes:.0}, slack {slack:.0}");
            assert!(found >= by_brakes - 1.1 * slack - 5.0, "{hz} Hz, {leads_deg} degrees: {found} mm");
        }
    }
}
