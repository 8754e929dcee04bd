//! The way a claim says its body has gone, and whether it can have gone it.

use std::cell::OnceCell;
use std::ops::RangeInclusive;

use arrayvec::ArrayVec;
use combat_components::body::Motion;
use combat_components::command::Claim;
use combat_components::quantity::{Pitch, Vec3Mm, Velocity, Yaw};
use combat_components::reason::Reason;

use crate::formulas::aim;
use crate::formulas::bodies::heading;
use crate::formulas::movement::{Deflection, MovementLimits, Segment, WayPoint};
use crate::formulas::shot::along;
use crate::spatial::{Level, PATH_POINTS_MAX};

/// Points no further apart than a body's radius; one claim never reaches further than [`PATH_POINTS_MAX`] radii, and
/// what is too long ends early.
type WayPoints = ArrayVec<WayPoint, { PATH_POINTS_MAX as usize }>;

/// A wall this far beyond where a body would have come may have stopped it: bodies keep a gap, and steps are rounded.
const AHEAD_MM: i32 = 100;

/// No claim is looked further ahead for than this: a body at full speed comes 1.9 m in all that its bank can hold.
const AHEAD_MM_MAX: i64 = 2_000;

/// How finely the way ahead is looked along.
const LOOK_MM: i32 = 25;

/// A body that is no further from a wall than this can have met it already.
const TOUCH_MM: i32 = 5;

/// Where a wall leads is found by looking this far from where the body meets it, in steps of 11.25° up to a quarter turn.
const PROBE_MM: i32 = 60;
const PROBE_TURN: u16 = 2_048;
const QUARTER_TURNS: u16 = 8;

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
    points: WayPoints,
    beside_wall: OnceCell<bool>,
}

impl<'a> ClaimedWay<'a> {
    /// The way that `claim` says, so long as [`length_um`] tells.
    pub(crate) fn of(level: &'a Level, (from, length_um): (Vec3Mm, i64), claim: &'a Claim) -> Self {
        Self {
            level,
            from,
            claim,
            length_um,
            points: way_points(level, from, claim),
            beside_wall: OnceCell::new(),
        }
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
        for ticks in span.ticks {
            match self.judge_in(motion, ticks, limits) {
                Ok(end) if !span.rested || ticks == 0 => return Ok((ticks, end)),
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
            Err(Reason::TooMuchAcceleration) => match self.deflection(motion, ticks, limits) {
                None => steered,
                deflection => limits.judge_across(motion, &Segment { deflection, ..segment }),
            },
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
    fn deflection(&self, motion: &Motion, ticks: u32, limits: &MovementLimits) -> Option<Deflection> {
        if !self.passes_a_wall() {
            return None;
        }
        let Velocity { x, z, .. } = limits.velocity_of(motion);
        let ahead = heading(Vec3Mm::default(), Vec3Mm::new(x, 0, z))?;
        let far_mm = (limits.reach_um(ticks) / 1_000).min(AHEAD_MM_MAX) as i32 + AHEAD_MM;
        let free_mm = self.free_mm(self.from, ahead, far_mm)?;
        let contact = self.ahead_of(self.from, ahead, free_mm);
        let turned = |turn: u16| [ahead.0.wrapping_add(turn), ahead.0.wrapping_sub(turn)].map(Yaw);
        let is_open = |yaw: &Yaw| !self.level.overlaps(self.ahead_of(contact, *yaw, PROBE_MM));
        let open = (1..=QUARTER_TURNS).map(|step| turned(step * PROBE_TURN)).find_map(|sides| {
            match sides.map(|yaw| is_open(&yaw)) {
                [false, false] => None,
                [true, true] => Some(None),
                [left, _] => Some(Some(sides[usize::from(!left)])),
            }
        });
        let slides = open.flatten().filter(|yaw| self.free_mm(contact, *yaw, far_mm - free_mm).is_none());
        let thousandths = |yaw: Yaw| {
            let [x, _, z] = aim::direction(yaw, Pitch::default());
            (libm::roundf(x * 1_000.0) as i64, libm::roundf(z * 1_000.0) as i64)
        };
        Some(Deflection {
            along: thousandths(slides.unwrap_or(ahead)),
            stops: slides.is_none(),
            was_met: free_mm <= TOUCH_MM,
        })
    }

    /// How far a body comes in a straight line before it meets something; `None` when nothing is within `far_mm`.
    ///
    /// A corner that is just clipped lies between the points of a path check, so this looks more finely.
    fn free_mm(&self, at: Vec3Mm, direction: Yaw, far_mm: i32) -> Option<i32> {
        let is_blocked = |mm: i32| self.level.overlaps(self.ahead_of(at, direction, mm));
        let looks = far_mm / LOOK_MM + 1;
        let mut blocked_mm = (1..=looks).map(|look| look * LOOK_MM).find(|mm| is_blocked(*mm))?;
        let mut free_mm = blocked_mm - LOOK_MM;
        while blocked_mm - free_mm > 1 {
            let middle_mm = free_mm + (blocked_mm - free_mm) / 2;
            if is_blocked(middle_mm) { blocked_mm = middle_mm } else { free_mm = middle_mm }
        }
        Some(free_mm)
    }

    fn ahead_of(&self, at: Vec3Mm, direction: Yaw, mm: i32) -> Vec3Mm {
        along(at, aim::direction(direction, Pitch::default()), mm)
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
