//! A legal way that never ends: a circle walked from where a body stands, one point per tick.
//!
//! A thousand bots that plan would measure the planning; these cost an index per claim, and the server cannot tell.

use std::collections::BTreeMap;
use std::f64::consts::TAU;
use std::rc::Rc;
use std::sync::Arc;

use combat_components::quantity::Vec3Mm;
use combat_components::rules::MovementRules;
use combat_components::tick::TickRate;
use combat_systems::spatial::Level;

/// Circles tried, widest first, in millimetres.
const RADII_MM: [f64; 6] = [2_500.0, 1_800.0, 1_200.0, 800.0, 500.0, 300.0];

/// Headings tried for the centre of each.
const HEADINGS: u32 = 12;

/// Share of the ruleset's full speed and of its acceleration.
const SPEED_SHARE: f64 = 0.7;
const ACCELERATION_SHARE: f64 = 0.4;

/// A claim may skip this many points at once: one claim interval, or all that is in a bank at 128 Hz.
const STRIDES: [usize; 3] = [1, 5, 37];

/// Strolls remembered per generator: every spawn of a large map, and where bodies came to stand besides.
const REMEMBERED_MAX: usize = 1_024;

/// One way round.
#[derive(Debug, PartialEq, Eq)]
pub struct Stroll {
    points: Vec<Vec3Mm>,
}

impl Stroll {
    /// The widest circle through `at` that nothing stands in the way of; standing still when there is none.
    pub fn around(level: &Level, rules: &MovementRules, rate: TickRate, at: Vec3Mm) -> Self {
        for radius_mm in RADII_MM {
            for heading in 0..HEADINGS {
                let points =
                    circle(rules, rate, at, (radius_mm, f64::from(heading) * TAU / f64::from(HEADINGS)));
                if is_free(level, &points) {
                    return Self { points };
                }
            }
        }
        Self { points: vec![at] }
    }

    /// The point after `ticks`; the way round begins anew at its end.
    pub fn at(&self, ticks: u64) -> Vec3Mm {
        self.points[(ticks % self.points.len() as u64) as usize]
    }

    /// After how many ticks a point comes, if it does.
    pub fn place_of(&self, at: Vec3Mm) -> Option<u64> {
        self.points.iter().position(|point| *point == at).map(|ticks| ticks as u64)
    }
}

/// How fast a stroll is walked by now: a body begins at rest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace(u64);

impl Pace {
    /// Claims in which a body at rest comes up to the pace of its stroll.
    const FULL: u64 = 4;

    pub const fn full() -> Self {
        Self(Self::FULL)
    }

    /// Ticks of the stroll that are walked in so many of the clock.
    pub fn advance(&mut self, ticks: u32) -> u64 {
        if ticks > 0 {
            self.0 = Self::FULL.min(self.0 + 1);
        }
        u64::from(ticks) * self.0 / Self::FULL
    }
}

fn circle(
    rules: &MovementRules,
    rate: TickRate,
    at: Vec3Mm,
    (radius_mm, towards): (f64, f64),
) -> Vec<Vec3Mm> {
    let fastest = f64::from(rules.speed_mm_per_s) * SPEED_SHARE;
    let tightest = (f64::from(rules.acceleration_mm_per_s2) * ACCELERATION_SHARE * radius_mm).sqrt();
    let ticks = (TAU * radius_mm / fastest.min(tightest) * f64::from(rate.hz())).ceil();
    let (centre_x, centre_z) = (radius_mm * towards.cos(), radius_mm * towards.sin());
    let point = |tick: u32| {
        let turned = towards + f64::from(tick) * TAU / ticks;
        let (x, z) = (centre_x - radius_mm * turned.cos(), centre_z - radius_mm * turned.sin());
        Vec3Mm { x: at.x + x.round() as i32, z: at.z + z.round() as i32, ..at }
    };
    (0..ticks as u32).map(point).collect()
}

/// Whether every claim along these points finds ground under it and nothing in its way.
fn is_free(level: &Level, points: &[Vec3Mm]) -> bool {
    points.iter().enumerate().all(|(index, from)| {
        let leads = |stride: &usize| level.path_is_free(*from, points[(index + stride) % points.len()]);
        level.grounded(*from) && STRIDES.iter().all(leads)
    })
}

/// The strolls of one level, found when first wanted.
#[derive(Clone, Debug)]
pub struct Strolls {
    level: Arc<Level>,
    rules: MovementRules,
    rate: TickRate,
    known: BTreeMap<(i32, i32, i32), Rc<Stroll>>,
}

impl Strolls {
    pub fn new(level: Arc<Level>, rules: MovementRules, rate: TickRate) -> Self {
        Self { level, rules, rate, known: BTreeMap::new() }
    }

    pub fn from(&mut self, at: Vec3Mm) -> Rc<Stroll> {
        if self.known.len() >= REMEMBERED_MAX {
            self.known.clear();
        }
        let found = || Rc::new(Stroll::around(&self.level, &self.rules, self.rate, at));
        self.known.entry((at.x, at.y, at.z)).or_insert_with(found).clone()
    }
}

#[cfg(test)]
mod tests {
    use combat_components::command::{Claim, Command, TickInput};
    use combat_components::ids::{Pseudonym, Slot, Team};
    use combat_components::quantity::Pose;
    use combat_components::streams::Stream;
    use combat_systems::sim::Sim;

    use super::*;
    use crate::bots::tests::parts;

    #[test]
    fn a_stroll_starts_at_every_spawn_of_the_shipped_maps() {
        for (map, players) in [("arena", 10), ("duel-box", 2)] {
            let parts = parts(map, players);
            let mut strolls = Strolls::new(parts.level.clone(), parts.ruleset.movement, TickRate::DEFAULT);
            for spawn in &parts.map.spawns {
                let stroll = strolls.from(spawn.at);
                assert_ne!(stroll.at(9), spawn.at, "{map}: it goes somewhere");
                assert_eq!(stroll.place_of(spawn.at), Some(0), "{map}: {:?}", spawn.at);
            }
        }
    }

    #[test]
    fn no_claim_along_a_stroll_is_ever_refused_however_unevenly_it_is_sampled() {
        let parts = parts("arena", 10);
        let mut sim = Sim::new(&parts).expect("the setup is sound");
        let mut strolls = Strolls::new(parts.level.clone(), parts.ruleset.movement, TickRate::DEFAULT);
        let slot = Slot(0);
        let mut input = TickInput::from_iter([
            Command::Join { slot, pseudonym: Pseudonym(1), team: Team::NONE, bot: false, request: None },
            Command::Connected { slot },
        ]);
        sim.step(&mut input);
        let own = sim.own_view(slot).expect("he has joined");
        let stroll = strolls.from(own.pose.at);
        let (mut stream, mut walked, mut clock, mut pace) = (Stream::of(11, 0), 0, 0, Pace::default());
        for input_seq in 1..=2_000 {
            let longest = if stream.below(20) == 0 { 30 } else { 6 };
            let gap = 1 + stream.below(longest);
            if input_seq > 1 {
                clock += gap;
                walked += pace.advance(gap);
            }
            (1..gap).for_each(|_| {
                sim.step(&mut TickInput::new());
            });
            let pose = Pose { at: stroll.at(walked), ..own.pose };
            let claim = Claim {
                slot,
                input_seq,
                client_tick: 1 + clock,
                pose,
                bends: Default::default(),
                view_tick: sim.tick(),
                pose_epoch: own.pose_epoch,
            };
            sim.step(&mut TickInput::from_iter([Command::Claim { claim }]));
            let verdicts = &sim.output().verdicts;
            assert!(verdicts.is_empty(), "seed 11, claim {input_seq} after {gap} ticks: {verdicts:?}");
        }
    }
}
