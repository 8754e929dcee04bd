//! The way a claim says its body has gone, and whether it can have gone it.

use std::cell::OnceCell;
use std::ops::RangeInclusive;

use arrayvec::ArrayVec;
use combat_components::body::Motion;
use combat_components::command::Claim;
use combat_components::quantity::Vec3Mm;
use combat_components::reason::Reason;

use crate::formulas::movement::{MovementLimits, Segment, WayPoint};
use crate::spatial::{Level, PATH_POINTS_MAX};

/// Points no further apart than a body's radius; one claim never reaches further than [`PATH_POINTS_MAX`] radii, and
/// what is too long ends early.
type WayPoints = ArrayVec<WayPoint, { PATH_POINTS_MAX as usize }>;

/// A part of a way shorter than this shows no direction: rounding turns it by several degrees.
const LEG_UM_MIN: i64 = 50_000;

/// A wall this far beyond where a body would have come may have stopped it: bodies keep a gap, and steps are rounded.
const AHEAD_MM: i64 = 100;

/// How finely the way ahead is looked along.
const LOOK_MM: i64 = 25;

/// A claim's way through a level.
pub(crate) struct ClaimedWay<'a> {
    level: &'a Level,
    from: Vec3Mm,
    claim: &'a Claim,
    points: WayPoints,
    beside_wall: OnceCell<bool>,
}

impl<'a> ClaimedWay<'a> {
    pub(crate) fn of(level: &'a Level, from: Vec3Mm, claim: &'a Claim) -> Self {
        Self { level, from, claim, points: way_points(level, from, claim), beside_wall: OnceCell::new() }
    }

    /// The least number of ticks of `span` in which a body that begins with `motion` can have gone this way, and how it
    /// may move then: where the claim sets the clock, as after any legal number of them.
    ///
    /// # Errors
    /// Why the whole span is too short for it.
    pub(crate) fn judge(
        &self,
        motion: &Motion,
        span: RangeInclusive<u32>,
        limits: &MovementLimits,
    ) -> Result<(u32, Motion), Reason> {
        let mut legal: Option<(u32, Motion)> = None;
        let mut refusal = Reason::TooFast;
        for ticks in span {
            match self.judge_in(motion, ticks, limits) {
                Ok(end) => legal = Some(legal.map_or((ticks, end), |(least, any)| (least, any.or(&end)))),
                Err(reason) => refusal = reason,
            }
        }
        legal.ok_or(refusal)
    }

    fn judge_in(&self, motion: &Motion, ticks: u32, limits: &MovementLimits) -> Result<Motion, Reason> {
        let segment = self.segment(ticks);
        let steered = limits.judge_across(motion, &segment);
        // Where a wall is in the way, what cannot have been steered may have been deflected.
        let across = match steered {
            Err(Reason::TooMuchAcceleration) if self.meets_a_wall(motion, ticks, limits) => {
                limits.judge_across(motion, &Segment { deflected: true, ..segment })
            }
            steered => steered,
        }?;
        limits.judge_height(&across, ticks, &self.points)
    }

    pub(crate) fn segment(&self, ticks: u32) -> Segment {
        let (from, to) = (self.from, self.claim.pose.at);
        let um = |from: i32, to: i32| (i64::from(to) - i64::from(from)) * 1_000;
        Segment {
            dx_um: um(from.x, to.x),
            dz_um: um(from.z, to.z),
            length_um: self.parts().map(|(a, b)| horizontal_um(a, b)).sum(),
            bends: self.claim.bends.len() as i64,
            ticks,
            deflected: false,
        }
    }

    pub(crate) fn touches_ground(&self) -> bool {
        self.points.iter().any(|point| point.grounded)
    }

    /// Whether nothing solid lies on it.
    pub(crate) fn is_free(&self) -> bool {
        self.parts().all(|(a, b)| self.level.path_is_free(a, b))
    }

    /// Whether a body that went on as it was, or as one of the parts of its way led it, would run into something.
    fn meets_a_wall(&self, motion: &Motion, ticks: u32, limits: &MovementLimits) -> bool {
        if !self.passes_a_wall() {
            return false;
        }
        let velocity = limits.velocity_of(motion);
        let legs = self.parts().filter(|(a, b)| horizontal_um(*a, *b) >= LEG_UM_MIN);
        let legs = legs.map(|(a, b)| (b, (i64::from(b.x) - i64::from(a.x), i64::from(b.z) - i64::from(a.z))));
        let straight_on = [(self.from, (i64::from(velocity.x), i64::from(velocity.z)))];
        let ahead_mm = limits.reach_um(ticks) / 1_000 + AHEAD_MM;
        straight_on.into_iter().chain(legs).any(|(at, (x, z))| {
            let size = (x * x + z * z).isqrt().max(1);
            let part = |direction: i64, far_mm: i64| (direction * far_mm / size) as i32;
            // A corner that is just clipped lies between the points of a path check.
            (1..=ahead_mm / LOOK_MM + 1).map(|look| look * LOOK_MM).any(|far_mm| {
                let ahead = Vec3Mm { x: at.x + part(x, far_mm), z: at.z + part(z, far_mm), ..at };
                self.level.overlaps(ahead)
            })
        })
    }

    fn passes_a_wall(&self) -> bool {
        *self.beside_wall.get_or_init(|| {
            let level = self.level;
            let beside = |(a, b)| level.points_between(a, b).any(|at| level.beside_wall(at));
            level.beside_wall(self.from) || self.parts().any(beside)
        })
    }

    fn parts(&self) -> impl Iterator<Item = (Vec3Mm, Vec3Mm)> + 'a {
        parts_of(self.from, self.claim)
    }
}

/// The bends of a claim and its end.
pub(crate) fn points_of(claim: &Claim) -> impl Iterator<Item = Vec3Mm> + '_ {
    claim.bends.iter().copied().chain([claim.pose.at])
}

/// Every straight part of a claimed way, as (from, to).
fn parts_of(from: Vec3Mm, claim: &Claim) -> impl Iterator<Item = (Vec3Mm, Vec3Mm)> + '_ {
    points_of(claim).scan(from, |at, next| Some((std::mem::replace(at, next), next)))
}

fn horizontal_um(from: Vec3Mm, to: Vec3Mm) -> i64 {
    (from.horizontal_distance_squared(to) * 1_000_000).isqrt()
}

fn way_points(level: &Level, from: Vec3Mm, claim: &Claim) -> WayPoints {
    let mut way = WayPoints::new();
    let mut length_um = 0;
    for (a, b) in parts_of(from, claim) {
        for at in level.points_between(a, b) {
            let point = WayPoint {
                length_um: length_um + horizontal_um(a, at),
                rise_um: (i64::from(at.y) - i64::from(from.y)) * 1_000,
                grounded: level.grounded(at),
            };
            if way.try_push(point).is_err() {
                return way;
            }
        }
        length_um += horizontal_um(a, b);
    }
    way
}
