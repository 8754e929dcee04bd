//! Whether a claimed segment can have been moved, by reachable intervals.
//!
//! From the velocities a body can have had, bounds follow of how far it can have come and how fast it can be now. In the
//! open nothing legal is refused, whatever the rate of claims, and more than that is allowed, as decision 0022 tells. A
//! whole-millimetre pose costs ±1 mm, once and not per claim: what rounding gave is remembered as a debt.

use combat_components::body::Motion;
use combat_components::quantity::{Vec3Mm, Velocity};
use combat_components::reason::Reason;
use combat_components::rules::MovementRules;
use combat_components::tick::TickRate;

mod height;

/// What rounding both ends of a segment to whole millimetres can add to it along an axis, in micrometres.
const ROUNDING_UM: i64 = 1_000;

/// What rounding both ends can add along any direction: the diagonal, and room for turns.
const PATH_DEBT_UM_MAX: i64 = 2_000;

/// What a body keeps of its debt whose client begins anew, at a whole millimetre: as much as that forgives is left.
pub const PATH_DEBT_UM_ANEW: i32 = PATH_DEBT_UM_MAX as i32 / 2;

/// Rounding a point sideways by 1 mm lengthens a segment by this over its length, both in micrometres.
const SIDEWAYS_UM2: i64 = ROUNDING_UM * ROUNDING_UM / 2;

/// Movement rules in micrometres and seconds; time is a number of ticks at `hz`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MovementLimits {
    hz: i64,
    speed: i64,
    acceleration: i64,
    jump_speed: i64,
    gravity: i64,
    terminal_speed: i64,
    step_um: i64,
    /// What a body gains between two claims of the rate that clients are asked for.
    gained_between_claims: i64,
}

/// A claimed path from one accepted pose to the next, in micrometres, seen from above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub dx_um: i64,
    pub dz_um: i64,
    /// Length along all bends, and how many bends there are.
    pub length_um: i64,
    pub bends: i64,
    pub ticks: u32,
    /// Set where a wall in the way may have turned or stopped the body.
    pub deflection: Option<Deflection>,
}

/// What a wall leaves of a velocity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deflection {
    /// Where the body slides on, as a unit vector in thousandths.
    pub along: (i64, i64),
    /// Nothing need be left of it: it ran straight into the wall, or into a corner.
    pub stops: bool,
    /// Whether it can have met the wall before the segment, since when it has been going back.
    pub was_met: bool,
}

/// What thousandths of a direction can be wrong by, of a velocity in micrometres per second.
const ROUNDED: i64 = 10_000;

/// What a body loses of its speed along walls that lead it to and fro a little, or that poses of whole millimetres show so.
const LOST_PERCENT: i64 = 2;

/// A point of a claimed path, as far along it and as high above its start as this, in micrometres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WayPoint {
    pub at: Vec3Mm,
    pub length_um: i64,
    pub rise_um: i64,
    pub grounded: bool,
}

impl MovementLimits {
    pub fn new(rules: &MovementRules, rate: TickRate, claim_hz: u32) -> Self {
        let um = |mm: i32| i64::from(mm) * 1_000;
        Self {
            hz: i64::from(rate.hz()),
            speed: um(rules.speed_mm_per_s),
            acceleration: um(rules.acceleration_mm_per_s2),
            jump_speed: um(rules.jump_speed_mm_per_s),
            gravity: um(rules.gravity_mm_per_s2),
            terminal_speed: um(rules.terminal_speed_mm_per_s),
            step_um: um(rules.step_height_mm),
            gained_between_claims: um(rules.acceleration_mm_per_s2) / i64::from(claim_hz),
        }
    }

    /// The motion of a body that the server has just placed and that moved as `before`: it goes on as fast as it was,
    /// but never upward.
    pub fn placed(&self, grounded: bool, before: &Motion) -> Motion {
        let motion = Motion { grounded, ..*before };
        match grounded {
            true => Motion { rise_max: self.jump_speed as i32, fall_max: 0, rise_debt: 0, ..motion },
            false if before.grounded => Motion { rise_max: 0, fall_max: 0, rise_debt: 0, ..motion },
            false => Motion { rise_max: before.rise_max.min(0), ..motion },
        }
    }

    /// The motion of a body whose client begins anew at a whole millimetre: what its next pose rounds is half of one.
    pub fn begun_anew(&self, motion: &Motion) -> Motion {
        Motion { rise_debt: motion.rise_debt.min(ROUNDING_UM as i32 / 2), ..*motion }
    }

    /// The motion of a body that was made so much faster along the ground, in millimetres per second: its likeliest
    /// velocity becomes no faster than it can run, by which its claims are judged, and every other moves with it.
    pub fn pushed(&self, motion: &Motion, (x, z): (i32, i32)) -> Motion {
        let (wanted_x, wanted_z) =
            (i64::from(motion.x) + i64::from(x) * 1_000, i64::from(motion.z) + i64::from(z) * 1_000);
        let size =
            wanted_x.saturating_mul(wanted_x).saturating_add(wanted_z.saturating_mul(wanted_z)).isqrt();
        let kept = |part: i64| if size > self.speed { part * self.speed / size } else { part };
        let bound = |part: i64| part.clamp(-self.speed, self.speed) as i32;
        let (gained_x, gained_z) =
            (kept(wanted_x) - i64::from(motion.x), kept(wanted_z) - i64::from(motion.z));
        Motion {
            x_low: bound(i64::from(motion.x_low) + gained_x),
            x_high: bound(i64::from(motion.x_high) + gained_x),
            z_low: bound(i64::from(motion.z_low) + gained_z),
            z_high: bound(i64::from(motion.z_high) + gained_z),
            x: bound(i64::from(motion.x) + gained_x),
            z: bound(i64::from(motion.z) + gained_z),
            ..*motion
        }
    }

    /// The velocity a body that may move as `motion` is told to go on with: the likeliest of those that are possible.
    pub fn velocity_of(&self, motion: &Motion) -> Velocity {
        let x = i64::from(motion.x.clamp(motion.x_low, motion.x_high));
        let z = i64::from(motion.z.clamp(motion.z_low, motion.z_high));
        let size = (x * x + z * z).isqrt().max(1);
        let kept = |part: i64| if size > self.speed { part * self.speed / size } else { part };
        let y = if motion.grounded { 0 } else { i64::from(motion.rise_max) };
        let [x, y, z] = [kept(x) / 1_000, y.div_euclid(1_000), kept(z) / 1_000].map(|mm| mm as i32);
        Velocity { x, y, z }
    }

    /// How far a body has fallen `ticks` after it fell at `speed`, in micrometres.
    pub fn fallen_um(&self, speed: i32, ticks: u32) -> i64 {
        self.furthest(i64::from(speed), i64::from(ticks), self.gravity, self.terminal_speed)
    }

    /// How fast it falls then, in micrometres per second.
    pub fn falling_speed(&self, speed: i32, ticks: u32) -> i32 {
        let gained = (self.gravity * i64::from(ticks)).div_ceil_of(self.hz);
        (i64::from(speed) + gained).min(self.terminal_speed) as i32
    }

    /// The furthest a body comes in `ticks` at full speed, in micrometres.
    pub fn reach_um(&self, ticks: u32) -> i64 {
        (self.speed * i64::from(ticks)).div_ceil_of(self.hz)
    }

    /// The longest way seen from above that a claim with so many bends may cover in `ticks`, in micrometres.
    pub fn longest_um(&self, ticks: u32, bends: i64) -> i64 {
        self.reach_um(ticks) + tolerance_um(bends)
    }

    /// The debt of a body that had `debt_um` and moved straight from one pose to the next.
    ///
    /// # Errors
    /// `TooFast` when that is more than rounding explains.
    pub fn path_debt(&self, debt_um: i32, segment: &Segment) -> Result<i32, Reason> {
        let straight_um = (segment.dx_um * segment.dx_um + segment.dz_um * segment.dz_um).isqrt();
        let sideways_um = SIDEWAYS_UM2.checked_div(straight_um).unwrap_or(0).min(straight_um);
        let debt_um = i64::from(debt_um) + straight_um - sideways_um - self.reach_um(segment.ticks);
        match debt_um.max(0) {
            debt_um if debt_um <= PATH_DEBT_UM_MAX => Ok(debt_um as i32),
            _ => Err(Reason::TooFast),
        }
    }

    /// Judges a segment seen from above that begins with `motion`, and returns the motion it ends with.
    ///
    /// # Errors
    /// `TooFast` or `TooMuchAcceleration`.
    pub fn judge_across(&self, motion: &Motion, segment: &Segment) -> Result<Motion, Reason> {
        let tolerance = tolerance_um(segment.bends);
        if segment.length_um > self.longest_um(segment.ticks, segment.bends) {
            return Err(Reason::TooFast);
        }
        if segment.ticks == 0 {
            return Ok(*motion);
        }
        if let Some(deflection) = &segment.deflection {
            return self.deflected(motion, segment, tolerance, deflection);
        }
        let axis = |low: i32, high: i32, moved_um| {
            let (low, high) =
                self.axis((i64::from(low), i64::from(high)), moved_um, segment.ticks, ROUNDING_UM)?;
            Ok((low as i32, high as i32))
        };
        let (x_low, x_high) = axis(motion.x_low, motion.x_high, segment.dx_um)?;
        let (z_low, z_high) = axis(motion.z_low, motion.z_high, segment.dz_um)?;
        let (x, z) = self.mean(segment);
        Ok(Motion { x_low, x_high, z_low, z_high, x, z, ..*motion })
    }

    /// The mean velocity over a segment, in micrometres per second.
    fn mean(&self, segment: &Segment) -> (i32, i32) {
        let ticks = i64::from(segment.ticks).max(1);
        let mean = |moved_um: i64| (moved_um * self.hz / ticks).clamp(-self.speed, self.speed) as i32;
        (mean(segment.dx_um), mean(segment.dz_um))
    }

    /// Walls stop and turn a body, but none makes it faster, and along a wall it moves as in the open.
    fn deflected(
        &self,
        motion: &Motion,
        segment: &Segment,
        tolerance: i64,
        deflection: &Deflection,
    ) -> Result<Motion, Reason> {
        let fastest = |low: i32, high: i32| i64::from(high.max(-low).max(0));
        let (x, z) = (fastest(motion.x_low, motion.x_high), fastest(motion.z_low, motion.z_high));
        let before = ((x * x + z * z).isqrt() + 1).min(self.speed);
        if segment.length_um > self.run(before, segment.ticks) + tolerance {
            return Err(Reason::TooMuchAcceleration);
        }
        let (along, across) = (deflection.along, (-deflection.along.1, deflection.along.0));
        let (low, high) = parts_of(motion, along);
        let (gone, ticks) = (part((segment.dx_um, segment.dz_um), along), segment.ticks);
        let gained = (self.acceleration * i64::from(ticks)).div_ceil_of(self.hz);
        let ends_along = if deflection.stops {
            // As fast as it can be going back when it met the wall in the claim before.
            let back = if deflection.was_met { self.gained_between_claims } else { 0 };
            let low = low.min(0) - back;
            if gone < -(self.run(-low, ticks) + tolerance) {
                return Err(Reason::TooMuchAcceleration);
            }
            (low - gained, high.max(0) + gained)
        } else {
            let lost = before * LOST_PERCENT / 100;
            let kept = (low - lost.min(low.max(0)), high + lost.min(-high.min(0)));
            let (low, high) = self.axis(kept, gone, ticks, ROUNDING_UM * 3 / 2)?;
            (low - lost, high + lost)
        };
        let (low, high) = parts_of(motion, across);
        let ends_across = (low.min(0) - gained, high.max(0) + gained);
        let after = (before + gained).min(self.speed);
        let (x_low, x_high) = least_and_most([(ends_along, along.0), (ends_across, across.0)], after);
        let (z_low, z_high) = least_and_most([(ends_along, along.1), (ends_across, across.1)], after);
        let (x, z) = self.mean(segment);
        Ok(Motion { x_low, x_high, z_low, z_high, x, z, ..*motion })
    }

    /// Whether one axis' displacement is reachable, and the velocities it can end with.
    ///
    /// By the mean value theorem the body had its mean velocity at some moment of the segment, so at its end it
    /// differs from it by at most what the acceleration allows.
    fn axis(
        &self,
        (low, high): (i64, i64),
        moved_um: i64,
        ticks: u32,
        rounding: i64,
    ) -> Result<(i64, i64), Reason> {
        let furthest = self.run(high, ticks) + rounding;
        let nearest = -(self.run(-low, ticks) + rounding);
        if moved_um > furthest || moved_um < nearest {
            return Err(Reason::TooMuchAcceleration);
        }
        let ticks = i64::from(ticks).max(1);
        let gained = (self.acceleration * ticks).div_ceil_of(self.hz);
        let fastest_mean = ((moved_um + rounding) * self.hz).div_ceil_of(ticks);
        let slowest_mean = -((-moved_um + rounding) * self.hz).div_ceil_of(ticks);
        let end_low = (low - gained).max(slowest_mean - gained).clamp(-self.speed, self.speed);
        let end_high = (high + gained).min(fastest_mean + gained).clamp(-self.speed, self.speed);
        Ok((end_low, end_high))
    }

    /// The furthest along an axis in `ticks`, starting with `velocity`.
    fn run(&self, velocity: i64, ticks: u32) -> i64 {
        self.furthest(velocity, i64::from(ticks), self.acceleration, self.speed)
    }

    /// The furthest in `ticks`, starting with `velocity` and accelerating up to `limit`.
    fn furthest(&self, velocity: i64, ticks: i64, acceleration: i64, limit: i64) -> i64 {
        let missing = limit - velocity;
        if missing * self.hz <= acceleration * ticks {
            return (limit * ticks).div_ceil_of(self.hz) - missing * missing / (2 * acceleration);
        }
        let gained = (acceleration * ticks * ticks).div_ceil_of(2 * self.hz * self.hz);
        (velocity * ticks).div_ceil_of(self.hz) + gained
    }
}

/// What rounding the ends and bends of a way adds to its length.
fn tolerance_um(bends: i64) -> i64 {
    ROUNDING_UM * (2 + bends)
}

/// The part of a vector along a direction in thousandths.
fn part(vector: (i64, i64), along: (i64, i64)) -> i64 {
    (vector.0 * along.0 + vector.1 * along.1) / 1_000
}

/// The least and the most that a body that may move as `motion` has along a direction.
fn parts_of(motion: &Motion, along: (i64, i64)) -> (i64, i64) {
    let [x_low, x_high, z_low, z_high] =
        [motion.x_low, motion.x_high, motion.z_low, motion.z_high].map(i64::from);
    let parts = [(x_low, z_low), (x_low, z_high), (x_high, z_low), (x_high, z_high)]
        .map(|corner| part(corner, along));
    parts.into_iter().fold((i64::MAX, i64::MIN), |(low, high), part| (low.min(part), high.max(part)))
}

/// What the parts of a velocity along two directions allow along an axis that is so many thousandths of each, up to
/// `after`; rounded so that no legal velocity is cut off.
fn least_and_most(parts: [((i64, i64), i64); 2], after: i64) -> (i32, i32) {
    let ends = parts.map(|((low, high), thousandths)| {
        let ends = [low * thousandths, high * thousandths];
        [ends[0].min(ends[1]), ends[0].max(ends[1])]
    });
    let [low, high] = [0, 1].map(|end| ends[0][end] + ends[1][end]);
    let (low, high) = (low.div_euclid(1_000) - ROUNDED, -(-high).div_euclid(1_000) + ROUNDED);
    (low.clamp(-after, after) as i32, high.clamp(-after, after) as i32)
}

trait DivCeil {
    fn div_ceil_of(self, divisor: Self) -> Self;
}

impl DivCeil for i64 {
    /// Division rounded towards positive infinity, for a positive divisor.
    fn div_ceil_of(self, divisor: i64) -> i64 {
        -(-self).div_euclid(divisor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: MovementRules = MovementRules {
        speed_mm_per_s: 6_500,
        acceleration_mm_per_s2: 80_000,
        jump_speed_mm_per_s: 6_500,
        gravity_mm_per_s2: 20_000,
        terminal_speed_mm_per_s: 40_000,
        step_height_mm: 350,
    };

    fn limits() -> MovementLimits {
        MovementLimits::new(&RULES, TickRate::DEFAULT, 30)
    }

    fn flat(dx_mm: i64, ticks: u32) -> Segment {
        let dx_um = dx_mm * 1_000;
        Segment { dx_um, dz_um: 0, length_um: dx_um.abs(), bends: 0, ticks, deflection: None }
    }

    fn across(motion: &Motion, dx_mm: i64, ticks: u32) -> Result<Motion, Reason> {
        limits().judge_across(motion, &flat(dx_mm, ticks))
    }

    fn upright(motion: &Motion, rise_um: i64, grounded: bool, ticks: u32) -> Result<Motion, Reason> {
        limits().judge_height(
            motion,
            (ticks, ticks),
            &[WayPoint { rise_um, grounded, ..WayPoint::default() }],
            |_| false,
        )
    }

    fn standing() -> Motion {
        Motion { rise_max: 6_500_000, grounded: true, ..Motion::default() }
    }

    #[test]
    fn full_speed_is_legal_and_a_tenth_more_is_not() {
        let motion = Motion { x_low: 6_000_000, x_high: 6_500_000, ..standing() };
        assert!(across(&motion, 203, 4).is_ok());
        assert_eq!(across(&motion, 224, 4), Err(Reason::TooFast));
    }

    #[test]
    fn a_body_at_rest_cannot_be_at_full_speed_at_once() {
        assert_eq!(across(&standing(), 203, 4), Err(Reason::TooMuchAcceleration));
        assert!(across(&standing(), 39, 4).is_ok());
    }

    #[test]
    fn speed_is_kept_from_segment_to_segment() {
        let mut motion = standing();
        for (moved, ticks) in [(39, 4), (112, 4), (170, 4), (202, 4), (203, 4)] {
            motion = across(&motion, moved, ticks).expect("an accelerating run is legal");
        }
        assert_eq!(across(&motion, -203, 4), Err(Reason::TooMuchAcceleration));
    }

    #[test]
    fn a_wall_stops_and_turns_a_runner_and_makes_nobody_faster() {
        let running = Motion { x_low: 6_400_000, x_high: 6_500_000, ..standing() };
        assert_eq!(across(&running, 20, 4), Err(Reason::TooMuchAcceleration));
        let deflected = |motion: &Motion, dz_um| {
            let into_the_wall = Deflection { along: (1_000, 0), stops: true, was_met: false };
            let segment = Segment { dz_um, length_um: dz_um, deflection: Some(into_the_wall), ..flat(0, 4) };
            limits().judge_across(motion, &segment)
        };
        assert!(deflected(&running, 140_000).is_ok());
        assert_eq!(deflected(&standing(), 140_000), Err(Reason::TooMuchAcceleration));
    }

    #[test]
    fn who_runs_into_a_wall_aslant_slides_on_and_does_not_stop_dead() {
        let running = Motion { x_low: 6_400_000, x_high: 6_500_000, ..standing() };
        let moved = |dx_mm: i64, dz_mm: i64| {
            let aslant = Deflection { along: (866, 500), stops: false, was_met: true };
            let (dx_um, dz_um) = (dx_mm * 1_000, dz_mm * 1_000);
            let length_um = (dx_um * dx_um + dz_um * dz_um).isqrt();
            let segment = Segment { dz_um, length_um, deflection: Some(aslant), ..flat(dx_mm, 4) };
            limits().judge_across(&running, &segment)
        };
        assert!(moved(152, 88).is_ok(), "5.6 m/s of its 6.5 lead along the wall");
        assert_eq!(moved(20, 12), Err(Reason::TooMuchAcceleration));
    }

    #[test]
    fn who_met_a_wall_before_may_be_coming_back_from_it_and_nobody_else() {
        let back = |motion: &Motion, was_met| {
            let wall = Deflection { along: (1_000, 0), stops: true, was_met };
            limits().judge_across(motion, &Segment { deflection: Some(wall), ..flat(-100, 4) })
        };
        let towards = Motion { x_low: 3_500_000, x_high: 6_500_000, ..standing() };
        assert_eq!(back(&towards, false), Err(Reason::TooMuchAcceleration), "it ran into the wall just now");
        assert!(back(&towards, true).is_ok(), "80 m/s² over a claim of 1/30 s are 2.7 m/s");
        let either = Motion { x_low: -2_500_000, x_high: 4_000_000, ..standing() };
        assert!(back(&either, false).is_ok(), "it can have been going back all along");
    }

    #[test]
    fn how_fast_one_comes_back_from_a_wall_follows_from_the_rate_of_claims_of_the_session() {
        let wall = Deflection { along: (1_000, 0), stops: true, was_met: true };
        let back = |claim_hz, dx_mm| {
            let limits = MovementLimits::new(&RULES, TickRate::DEFAULT, claim_hz);
            let towards = Motion { x_low: 3_500_000, x_high: 6_500_000, ..standing() };
            limits.judge_across(&towards, &Segment { deflection: Some(wall), ..flat(dx_mm, 4) })
        };
        assert!(back(30, -120).is_ok(), "2.7 m/s and what is gained in 4 ticks");
        assert_eq!(back(60, -120), Err(Reason::TooMuchAcceleration), "1.3 m/s and the same");
        assert!(back(60, -80).is_ok());
    }

    #[test]
    fn what_is_left_of_a_debt_after_a_correction_covers_a_pose_rounded_in_any_direction() {
        for step in 0..512 {
            let (sin, cos) = libm::sincos(std::f64::consts::TAU * f64::from(step) / 512.0);
            for ticks in 1..=37_u32 {
                let far_mm = 6_500.0 * f64::from(ticks) / 128.0;
                let um = |part: f64| libm::round(part * far_mm) as i64 * 1_000;
                let segment = Segment { dx_um: um(cos), dz_um: um(sin), ..flat(0, ticks) };
                assert!(limits().path_debt(PATH_DEBT_UM_ANEW, &segment).is_ok(), "{step} {ticks}");
            }
        }
    }

    #[test]
    fn an_edge_that_is_flown_over_slows_no_fall_and_one_that_is_stood_on_does() {
        let falling = Motion { rise_max: -6_000_000, fall_max: 6_000_000, ..Motion::default() };
        let grazing = upright(&falling, -190_000, true, 4).expect("it comes down");
        let drops = |motion: &Motion| {
            let off = upright(motion, -200_000, false, 4).expect("off the edge");
            upright(&off, -220_000, false, 4)
        };
        assert!(drops(&grazing).is_ok(), "it flies on");
        let landed = upright(&grazing, 0, true, 4).expect("it stands");
        assert_eq!(drops(&landed), Err(Reason::FallsTooFast));
    }

    #[test]
    fn hopping_loads_no_fall() {
        let mut motion = standing();
        for _ in 0..100 {
            motion = upright(&motion, 25_000, false, 4).expect("a hop");
            motion = upright(&motion, -25_000, true, 4).expect("down again");
        }
        let high = upright(&motion, 120_000, false, 4).expect("a higher one");
        assert_eq!(upright(&high, -120_000, true, 4), Err(Reason::FallsTooFast), "down again in 31 ms");
        let off = upright(&motion, 0, false, 4).expect("off the edge");
        assert!(off.fall_max <= 6_000_000, "{} after a hundred hops of 25 mm", off.fall_max);
        let hopped = upright(&motion, 120_000, false, 4).expect("off the edge with a hop");
        assert_eq!(
            upright(&hopped, -150_000, false, 4),
            Err(Reason::FallsTooFast),
            "no faster than from rest"
        );
    }

    #[test]
    fn rounding_is_lent_once_and_not_with_every_claim() {
        let (mut debt, mut refused_after) = (0, None);
        for claim in 0..100 {
            match limits().path_debt(debt, &flat(51, 1)) {
                Ok(next) => debt = next,
                Err(reason) => {
                    assert_eq!(reason, Reason::TooFast);
                    refused_after = Some(claim);
                    break;
                }
            }
        }
        assert!(refused_after.is_some_and(|claims| claims < 12), "{refused_after:?}");
        assert_eq!(limits().path_debt(debt, &flat(30, 1)), Ok(0), "moving slower pays it back");
    }

    #[test]
    fn an_exact_jump_is_legal_at_every_claim_and_a_second_jump_in_the_air_is_not() {
        let height_um =
            |tick: i64| (6_500_000 * tick / 128 - 20_000_000 * tick * tick / (2 * 128 * 128)) / 1_000 * 1_000;
        for ticks in [1, 3, 4, 5] {
            let mut motion = standing();
            for step in 0..80 / ticks {
                let rise_um = height_um((step + 1) * ticks) - height_um(step * ticks);
                motion = upright(&motion, rise_um, false, ticks as u32).expect("a jump is legal");
                assert!(step < 2 || motion.rise_max < 6_500_000);
            }
            assert_eq!(upright(&motion, 180_000, false, ticks as u32), Err(Reason::TooHigh));
        }
    }

    #[test]
    fn no_sequence_of_claims_hovers_longer_or_rises_higher_than_a_jump() {
        for ticks in [1, 4, 16] {
            let (mut motion, mut height_um, mut top_um, mut airborne) = (standing(), 0, 0, 0);
            while let Some((next, rise_um)) = (-60..=60)
                .rev()
                .map(|mm| mm * 1_000 * i64::from(ticks))
                .find_map(|rise_um| upright(&motion, rise_um, false, ticks).ok().map(|next| (next, rise_um)))
            {
                (motion, height_um) = (next, height_um + rise_um);
                airborne += ticks;
                top_um = top_um.max(height_um);
                if height_um < 0 {
                    break;
                }
            }
            assert!((900_000..1_059_000).contains(&top_um), "{top_um} um at {ticks} ticks a claim");
            assert!(airborne <= 84 + ticks, "{airborne} ticks in the air at {ticks} ticks a claim");
        }
    }

    #[test]
    fn a_step_needs_ground_at_its_end() {
        assert!(upright(&standing(), 350_000, true, 4).is_ok());
        assert_eq!(upright(&standing(), 350_000, false, 4), Err(Reason::TooHigh));
    }

    #[test]
    fn a_long_claim_climbs_no_more_than_a_jump_where_there_is_no_slope_between() {
        let point = |length_mm: i64, rise_mm: i64, grounded| WayPoint {
            length_um: length_mm * 1_000,
            rise_um: rise_mm * 1_000,
            grounded,
            ..WayPoint::default()
        };
        let ledge = [point(350, 400, false), point(700, 800, false), point(1_050, 1_200, true)];
        assert_eq!(limits().judge_height(&standing(), (37, 37), &ledge, |_| false), Err(Reason::TooHigh));
        let ramp = ledge.map(|at| WayPoint { grounded: true, ..at });
        assert!(limits().judge_height(&standing(), (37, 37), &ramp, |_| false).is_ok());
    }

    #[test]
    fn who_left_the_ground_behind_him_cannot_jump_in_the_air() {
        let over_the_edge = [0, 400, 800, 1_200].map(|mm| WayPoint {
            length_um: mm * 1_000,
            grounded: mm == 0,
            ..WayPoint::default()
        });
        let motion = limits()
            .judge_height(&standing(), (37, 37), &over_the_edge, |_| false)
            .expect("a jump over the edge is legal");
        assert!(motion.rise_max < 4_100_000, "{}", motion.rise_max);
    }

    #[test]
    fn nothing_falls_faster_than_gravity_and_the_terminal_speed_allow() {
        let falling =
            Motion { grounded: false, rise_max: -40_000_000, fall_max: 40_000_000, ..Motion::default() };
        assert!(upright(&falling, -1_250_000, false, 4).is_ok());
        assert_eq!(upright(&falling, -1_700_000, false, 4), Err(Reason::FallsTooFast));
        let jumping = upright(&standing(), 150_000, false, 4).expect("a jump");
        assert!(upright(&jumping, -29_000, false, 4).is_ok());
        assert_eq!(upright(&jumping, -40_000, false, 4), Err(Reason::FallsTooFast), "it was rising just now");
        let off = upright(&standing(), 0, false, 4).expect("off an edge");
        assert!(upright(&off, -140_000, false, 4).is_ok(), "it may have rolled over it");
        assert_eq!(upright(&off, -150_000, false, 4), Err(Reason::FallsTooFast));
    }
}
