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

/// What a claim says of its way, before the level is asked about it: one walk from bend to bend.
pub(crate) struct Course<'a> {
    from: Vec3Mm,
    claim: &'a Claim,
    /// Seen from above, in micrometres.
    pub length_um: i64,
    /// How far it leads up in all, and how far down, in micrometres.
    pub climb_um: (i64, i64),
    /// How many points of it the level is asked about.
    points: i64,
}

impl<'a> Course<'a> {
    /// # Errors
    /// `OutOfBounds` when a bend or its end is.
    pub(crate) fn of(level: &Level, from: Vec3Mm, claim: &'a Claim) -> Result<Self, Reason> {
        let mut course = Self { from, claim, length_um: 0, climb_um: (0, 0), points: 0 };
        for (from, to) in parts_of(from, claim) {
            if !level.contains(to) {
                return Err(Reason::OutOfBounds);
            }
            let rise_um = (i64::from(to.y) - i64::from(from.y)) * 1_000;
            course.length_um += horizontal_um(from, to);
            course.climb_um.0 += rise_um.max(0);
            course.climb_um.1 += (-rise_um).max(0);
            course.points += level.point_count_between(from, to);
        }
        Ok(course)
    }

    pub(crate) fn bends(&self) -> i64 {
        self.claim.bends.len() as i64
    }
}

/// A claim's way through a level: its points, walked along once.
pub(crate) struct ClaimedWay<'a> {
    level: &'a Level,
    course: &'a Course<'a>,
    points: &'a [WayPoint],
}

impl<'a> ClaimedWay<'a> {
    /// The points of `course` are kept in `points`, too large to be moved.
    ///
    /// # Errors
    /// `TooFast` when it is longer, up and down, than anybody can come: no point of a way goes unjudged.
    pub(crate) fn along(
        level: &'a Level,
        course: &'a Course<'a>,
        points: &'a mut WayPoints,
    ) -> Result<Self, Reason> {
        if course.points > PATH_POINTS_MAX {
            return Err(Reason::TooFast);
        }
        let mut length_um = 0;
        for (from, to) in parts_of(course.from, course.claim) {
            points.extend(level.points_between(from, to).map(|at| WayPoint {
                at,
                length_um: length_um + horizontal_um(from, at),
                rise_um: (i64::from(at.y) - i64::from(course.from.y)) * 1_000,
                grounded: level.grounded(at),
            }));
            length_um += horizontal_um(from, to);
        }
        Ok(Self { level, course, points })
    }

    /// The least number of ticks of `span` in which a body that begins with `motion` can have gone this way, and how it
    /// may move then; after a rest, as after any legal number of them.
    ///
    /// # Errors
    /// Why the whole span is too short for it.
    pub(crate) fn judge(
        &self,
        motion: &Motion,
        span: &Span,
        limits: &MovementLimits,
    ) -> Result<(u32, Motion), Reason> {
        let judging = Judging {
            way: self,
            motion,
            limits,
            ticks_max: *span.ticks.end(),
            beside_wall: OnceCell::new(),
            ways: OnceCell::new(),
        };
        let mut legal: Option<(u32, Motion)> = None;
        let mut refusal = Reason::TooFast;
        for ticks in span.ticks.clone() {
            match judging.in_ticks(ticks) {
                Ok(end) if !span.rested || ticks == 0 => return Ok((ticks, end)),
                Ok(end) => legal = Some(legal.map_or((ticks, end), |(least, any)| (least, any.or(&end)))),
                Err(reason) => refusal = reason,
            }
        }
        legal.ok_or(refusal)
    }

    pub(crate) fn segment(&self, ticks: u32) -> Segment {
        let (from, to) = (self.course.from, self.course.claim.pose.at);
        let um = |from: i32, to: i32| (i64::from(to) - i64::from(from)) * 1_000;
        Segment {
            dx_um: um(from.x, to.x),
            dz_um: um(from.z, to.z),
            length_um: self.course.length_um,
            bends: self.course.bends(),
            ticks,
            deflection: None,
        }
    }

    pub(crate) fn touches_ground(&self) -> bool {
        self.points.iter().any(|point| point.grounded)
    }

    /// Whether nothing solid lies on it.
    pub(crate) fn is_free(&self) -> bool {
        !self.points.iter().any(|point| self.level.overlaps(point.at))
    }
}

/// One body on one way, in every number of ticks that it may have taken. What the level answers is remembered here: it
/// depends on how the body moves and on how far it can come.
struct Judging<'a> {
    way: &'a ClaimedWay<'a>,
    motion: &'a Motion,
    limits: &'a MovementLimits,
    /// The most that the span covers.
    ticks_max: u32,
    beside_wall: OnceCell<bool>,
    /// Where walls lead the body when it goes on as it was, for as long as the span covers.
    ways: OnceCell<Ways>,
}

impl Judging<'_> {
    fn in_ticks(&self, ticks: u32) -> Result<Motion, Reason> {
        let Self { way, motion, limits, ticks_max, .. } = *self;
        let segment = way.segment(ticks);
        let steered = limits.judge_across(motion, &segment);
        // Where a wall is in the way, what cannot have been steered may have been deflected.
        let across = match steered {
            Err(Reason::TooMuchAcceleration) => match self.deflection(ticks) {
                None => steered,
                deflection => limits.judge_across(motion, &Segment { deflection, ..segment }),
            },
            steered => steered,
        }?;
        limits.judge_height(&across, (ticks, ticks_max), way.points, |at| way.level.under_ceiling(at))
    }

    /// What a wall leaves of the velocity of a body that goes on as it was; `None` when it runs into none.
    fn deflection(&self, ticks: u32) -> Option<Deflection> {
        if !self.passes_a_wall() {
            return None;
        }
        let Velocity { x, z, .. } = self.limits.velocity_of(self.motion);
        let ahead = heading(Vec3Mm::default(), Vec3Mm::new(x, 0, z))?;
        let far_mm = |ticks| (self.limits.reach_um(ticks) / 1_000).min(AHEAD_MM_MAX) as i32 + AHEAD_MM;
        let ClaimedWay { level, course, .. } = self.way;
        let ways = self.ways.get_or_init(|| level.led(course.from, ahead, far_mm(self.ticks_max)));
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
            let ClaimedWay { level, course, points } = self.way;
            level.beside_wall(course.from) || points.iter().any(|point| level.beside_wall(point.at))
        })
    }
}

/// Every straight part of a claimed way, as (from, to).
fn parts_of(from: Vec3Mm, claim: &Claim) -> impl Iterator<Item = (Vec3Mm, Vec3Mm)> + '_ {
    let to = claim.bends.iter().copied().chain([claim.pose.at]);
    to.scan(from, |at, next| Some((std::mem::replace(at, next), next)))
}

fn horizontal_um(from: Vec3Mm, to: Vec3Mm) -> i64 {
    (from.horizontal_distance_squared(to) * 1_000_000).isqrt()
}
