//! What ramps gain a liar: what carries a body stops none, beside a wall or not.

use combat_components::map::{Map, Solid};
use combat_components::quantity::Vec3Mm;

use crate::liar::Liar;
use crate::maps;

const CLAIM_TICKS: u32 = 4;

/// A ramp along x that rises by so many thousandths from x = 0, and a wall so far beside a body on its middle.
fn ramp(rise_permille: i32, gap_mm: Option<i32>) -> Map {
    let mut map = maps::plain(&[[-3_000, 0, 0], [-9_000, 0, 9_000]]);
    let (length, top) = (20_000, rise_permille * 20);
    let across = [-5_000, 5_000];
    let corners = across.into_iter().flat_map(|z| {
        [[0, 0, z], [length, top, z], [length, -10, z], [0, -10, z]].map(|[x, y, z]| Vec3Mm::new(x, y, z))
    });
    if rise_permille > 0 {
        map.solids.push(Solid::Hull { points: corners.collect() });
    }
    let wall = gap_mm.map(|gap| maps::cuboid([10_000, 15_000, -850 - gap], [30_000, 30_000, 1_000]));
    map.solids.extend(wall);
    map
}

struct Runner(Liar);

impl Runner {
    fn on(map: Map) -> Self {
        let mut liar = Liar::on(map);
        liar.set_clock();
        Self(liar)
    }

    /// As far along x as is accepted, on the ground; how far that was.
    fn go(&mut self, sign: i32) -> i32 {
        let at = self.0.arena.at(0);
        let level = self.0.arena.parts.level.clone();
        let to = |mm: i32| {
            let above = Vec3Mm::new(at.x + sign * mm, 25_000, at.z);
            level.ground_below(above).expect("the floor and the ramp carry everybody")
        };
        match self.0.furthest(CLAIM_TICKS, to) {
            Some(mm) => {
                self.0.go(to(mm), CLAIM_TICKS);
                mm
            }
            None => {
                self.0.wait(CLAIM_TICKS);
                0
            }
        }
    }
}

/// Up the ramp at full speed, then down and up in turn: how far that leads in all.
fn covered(rise_permille: i32, gap_mm: Option<i32>, first: i32) -> i32 {
    let mut runner = Runner::on(ramp(rise_permille, gap_mm));
    while runner.0.arena.at(0).x < 4_000 {
        assert!(runner.go(1) > 0, "{rise_permille} {gap_mm:?}");
    }
    if first > 0 {
        while runner.0.arena.at(0).x > 3_000 {
            assert!(runner.go(-1) > -200, "{rise_permille} {gap_mm:?}");
        }
    }
    [first, -first].into_iter().cycle().take(8).map(|sign| runner.go(sign)).sum()
}

#[test]
fn on_a_ramp_nobody_turns_sooner_beside_a_wall_than_on_the_floor_of_the_open() {
    for first in [-1, 1] {
        let open = covered(0, None, first);
        for (rise_permille, gap_mm) in [0, 100, 190, 300, 577, 900]
            .into_iter()
            .flat_map(|rise| [None, Some(3), Some(100), Some(160)].map(|gap| (rise, gap)))
        {
            let found = covered(rise_permille, gap_mm, first);
            println!(
                "{rise_permille} permille, wall {gap_mm:?}, first {first}: {found} mm, in the open {open}"
            );
            assert!(found <= open + open / 20 + 20, "{rise_permille} {gap_mm:?} {first}: {found}, {open}");
        }
    }
}
