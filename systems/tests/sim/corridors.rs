//! What walls gain a liar: no search through claims turns a body between them sooner than in the open.

use combat_components::map::{Map, Solid};
use combat_components::quantity::{Vec3Mm, Yaw};
use combat_components::streams::Stream;

use crate::liar::Liar;
use crate::maps;

/// Unoptimised, only so many goals and searches are tried.
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
