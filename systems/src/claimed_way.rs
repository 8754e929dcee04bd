//! The way a claim says its body has gone, and whether it can have gone it.

use std::cell::OnceCell;
use std::ops::RangeInclusive;

use arrayvec::ArrayVec;
use combat_components::body::Motion;
use combat_components::command::Claim;
use combat_components::limits::SUB_POSES_MAX;
use combat_components::quantity::{Pitch, Vec3Mm, Velocity};
use combat_components::reason::Reason;
use combat_components::rules::load::{RADIUS_MM, SPEED_MM_PER_S, TERMINAL_SPEED_MM_PER_S};
use combat_components::setup::SimLimits;
use combat_components::tick::TickRate;

use crate::formulas::aim;
use crate::formulas::bodies::heading;
use crate::formulas::movement::{Deflection, MovementLimits, Segment, WayPoint};
use crate::spatial::{Level, PATH_POINTS_MAX, Ways};

/// Points no further apart than a body's radius; a way of more than [`PATH_POINTS_MAX`] is refused.
pub(crate) type WayPoints = ArrayVec<WayPoint, { PATH_POINTS_MAX as usize }>;

/// A wall this far beyond where a body would have come may have stopped it: bodies keep a gap, and steps are rounded.
const AHEAD_MM: i32 = 100;

/// No claim is looked further ahead for than this: a body at full speed comes 1.9 m in all that its bank can hold.
const AHEAD_MM_MAX: i64 = 2_000;

/// A body that is no further from a wall than this can have met it already.
const TOUCH_MM: i32 = 5;

/// How long one bank and one claim can be, to the tick that both are rounded up by at the lowest rate.
const CLAIMED_MS_MAX: i64 = SimLimits::at(TickRate::DEFAULT).bank_ms as i64 + 63;

/// Whoever falls and runs as fast as any ruleset allows comes no further in that than there are points, less one for
/// each bend.
const _: () = {
    let (run, fall) = (*SPEED_MM_PER_S.end() as i64, *TERMINAL_SPEED_MM_PER_S.end() as i64);
    let reach_mm = (PATH_POINTS_MAX - SUB_POSES_MAX as i64 - 1) * *RADIUS_MM.start() as i64;
    let in_ms = CLAIMED_MS_MAX * CLAIMED_MS_MAX * (run * run + fall * fall) / 1_000_000;
    assert!(in_ms <= reach_mm * reach_mm);
};

/// How much time a claim can cover.
pub(crate) struct Span {
    pub ticks: RangeInclusive<u32>,
    /// The claim sets the clock of a body that has stood for as long as the bank is deep: time to stop, or to be moving
    /// anyhow. After less, what is not charged is not given either.
    pub rested: bool,
}

/// A claim's way through a level.
pub(crate) struct ClaimedWay<'a> {
    level: &'a Level,
    from: Vec3Mm,
    claim: &'a Claim,
    length_um: i64,
    points: &'a [WayPoint],
    beside_wall: OnceCell<bool>,
    /// Where walls lead a body that goes on as it was, for as long as the span that is judged covers.
    ways: OnceCell<Ways>,
}

impl<'a> ClaimedWay<'a> {
    /// The way that `claim` says, so long as [`length_um`] tells; its points are kept in `points`, too large to be moved.
    ///
    /// # Errors
    /// `TooFast` when it is longer, up and down, than anybody can come: no point of a way goes unjudged.
    pub(crate) fn of(
        level: &'a Level,
        from: Vec3Mm,
        length_um: i64,
        claim: &'a Claim,
        points: &'a mut WayPoints,
    ) -> Result<Self, Reason> {
        way_points(level, from, claim, points)?;
        let (beside_wall, ways) = (OnceCell::new(), OnceCell::new());
        Ok(Self { level, from, claim, length_um, points, beside_wall, ways })
    }

    /// The least number of ticks of `span` in which a body that begins with `motion` can have gone this way, and how it
    /// may move then; after a rest, as after any legal number of them.
    ///
    /// # Errors
    /// Why the whole span is too short for it.
    pub(crate) fn judge(
        &self,
        motion: &Motion,
        span: Span,
        limits: &MovementLimits,
    ) -> Result<(u32, Motion), Reason> {
        let mut legal: Option<(u32, Motion)> = None;
        let mut refusal = Reason::TooFast;
        let ticks_max = *span.ticks.end();
        for ticks in span.ticks {
            match self.judge_in(motion, (ticks, ticks_max), limits) {
                Ok(end) if !span.rested || ticks == 0 => return Ok((ticks, end)),
                Ok(end) => legal = Some(legal.map_or((ticks, end), |(least, any)| (least, any.or(&end)))),
                Err(reason) => refusal = reason,
            }
        }
        legal.ok_or(refusal)
    }

    /// In so many ticks of a span that covers `ticks_max` at most.
    fn judge_in(
        &self,
        motion: &Motion,
        (ticks, ticks_max): (u32, u32),
        limits: &MovementLimits,
    ) -> Result<Motion, Reason> {
        let segment = self.segment(ticks);
        let steered = limits.judge_across(motion, &segment);
        // Where a wall is in the way, what cannot have been steered may have been deflected.
        let across = match steered {
            Err(Reason::TooMuchAcceleration) => match self.deflection(motion, (ticks, ticks_max), limits) {
                None => steered,
                deflection => limits.judge_across(motion, &Segment { deflection, ..segment }),
            },
            steered => steered,
        }?;
        limits.judge_height(&across, ticks, self.points)
    }

    pub(crate) fn segment(&self, ticks: u32) -> Segment {
        let (from, to) = (self.from, self.claim.pose.at);
        let um = |from: i32, to: i32| (i64::from(to) - i64::from(from)) * 1_000;
        Segment {
            dx_um: um(from.x, to.x),
            dz_um: um(from.z, to.z),
            length_um: self.length_um,
            bends: self.claim.bends.len() as i64,
            ticks,
            deflection: None,
        }
    }

    pub(crate) fn touches_ground(&self) -> bool {
        self.points.iter().any(|point| point.grounded)
    }

    /// Whether nothing solid lies on it.
    pub(crate) fn is_free(&self) -> bool {
        self.parts().all(|(a, b)| self.level.path_is_free(a, b))
    }

    /// What a wall leaves of the velocity of a body that goes on as it was; `None` when it runs into none.
    fn deflection(
        &self,
        motion: &Motion,
        (ticks, ticks_max): (u32, u32),
        limits: &MovementLimits,
    ) -> Option<Deflection> {
        if !self.passes_a_wall() {
            return None;
        }
        let Velocity { x, z, .. } = limits.velocity_of(motion);
        let ahead = heading(Vec3Mm::default(), Vec3Mm::new(x, 0, z))?;
        let far_mm = |ticks| (limits.reach_um(ticks) / 1_000).min(AHEAD_MM_MAX) as i32 + AHEAD_MM;
        let ways = self.ways.get_or_init(|| self.level.led(self.from, ahead, far_mm(ticks_max)));
        let led = ways.within(far_mm(ticks))?;
        let [x, _, z] = aim::direction(led.along.unwrap_or(ahead), Pitch::default());
        let thousandths = |part: f32| libm::roundf(part * 1_000.0) as i64;
        Some(Deflection {
            along: (thousandths(x), thousandths(z)),
            stops: led.along.is_none(),
            was_met: led.free_mm <= TOUCH_MM,
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

/// How long a claimed way is, seen from above, in micrometres.
pub(crate) fn length_um(from: Vec3Mm, claim: &Claim) -> i64 {
    parts_of(from, claim).map(|(a, b)| horizontal_um(a, b)).sum()
}

/// Every straight part of a claimed way, as (from, to).
fn parts_of(from: Vec3Mm, claim: &Claim) -> impl Iterator<Item = (Vec3Mm, Vec3Mm)> + '_ {
    points_of(claim).scan(from, |at, next| Some((std::mem::replace(at, next), next)))
}

fn horizontal_um(from: Vec3Mm, to: Vec3Mm) -> i64 {
    (from.horizontal_distance_squared(to) * 1_000_000).isqrt()
}

fn way_points(level: &Level, from: Vec3Mm, claim: &Claim, way: &mut WayPoints) -> Result<(), Reason> {
    if parts_of(from, claim).map(|(a, b)| level.point_count_between(a, b)).sum::<i64>() > PATH_POINTS_MAX {
        return Err(Reason::TooFast);
    }
    let mut length_um = 0;
    for (a, b) in parts_of(from, claim) {
        for at in level.points_between(a, b) {
            way.push(WayPoint {
                length_um: length_um + horizontal_um(a, at),
                rise_um: (i64::from(at.y) - i64::from(from.y)) * 1_000,
                grounded: level.grounded(at),
            });
        }
        length_um += horizontal_um(a, b);
    }
    Ok(())
}
