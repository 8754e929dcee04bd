//! Whether a claimed segment can have been moved, by reachable intervals.
//!
//! Exact: from the velocities a body can have had, the bounds follow of how far it can have come and how fast
//! it can be now. Nothing legal is refused, whatever the rate of claims; a whole-millimetre pose costs ±1 mm,
//! once and not per claim: what rounding gave is remembered as a debt.

use combat_components::body::Motion;
use combat_components::reason::Reason;
use combat_components::rules::MovementRules;
use combat_components::tick::TickRate;

/// What rounding both ends of a segment to whole millimetres can add to it along an axis, in micrometres.
const ROUNDING_UM: i64 = 1_000;

/// What rounding both ends can add along any direction: the diagonal, and room for turns.
const PATH_DEBT_UM_MAX: i64 = 2_000;

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
    /// Whether a wall beside the way may have turned or stopped the body.
    pub deflected: bool,
}

/// A point of a claimed path, as far along it and as high above its start as this, in micrometres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WayPoint {
    pub length_um: i64,
    pub rise_um: i64,
    pub grounded: bool,
}

impl MovementLimits {
    pub fn new(rules: &MovementRules, rate: TickRate) -> Self {
        let um = |mm: i32| i64::from(mm) * 1_000;
        Self {
            hz: i64::from(rate.hz()),
            speed: um(rules.speed_mm_per_s),
            acceleration: um(rules.acceleration_mm_per_s2),
            jump_speed: um(rules.jump_speed_mm_per_s),
            gravity: um(rules.gravity_mm_per_s2),
            terminal_speed: um(rules.terminal_speed_mm_per_s),
            step_um: um(rules.step_height_mm),
        }
    }

    /// The motion of a body that the server has just placed, after `before`: any legal velocity, standing or not.
    pub fn placed(&self, grounded: bool, before: &Motion) -> Motion {
        let motion = Motion { grounded, ..*before };
        self.unsettled(&match grounded {
            true => Motion { rise_max: self.jump_speed as i32, fall_max: 0, rise_debt: 0, ..motion },
            false => Motion { rise_max: before.rise_max.min(0), fall_max: self.terminal_speed as i32, ..motion },
        })
    }

    /// `motion` with any legal horizontal velocity.
    pub fn unsettled(&self, motion: &Motion) -> Motion {
        let speed = self.speed as i32;
        Motion { x_low: -speed, x_high: speed, z_low: -speed, z_high: speed, ..*motion }
    }

    /// The furthest a body comes in `ticks` at full speed, in micrometres.
    pub fn reach_um(&self, ticks: u32) -> i64 {
        (self.speed * i64::from(ticks)).div_ceil_of(self.hz)
    }

    /// The least number of ticks in which a horizontal path of this length can be moved.
    pub fn ticks_needed(&self, length_um: i64) -> u32 {
        ((length_um - ROUNDING_UM).max(0) * self.hz).div_ceil_of(self.speed) as u32
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
        let tolerance = ROUNDING_UM * (2 + segment.bends);
        if segment.length_um > self.reach_um(segment.ticks) + tolerance {
            return Err(Reason::TooFast);
        }
        if segment.deflected {
            return self.deflected(motion, segment, tolerance);
        }
        let (x_low, x_high) = self.axis((motion.x_low, motion.x_high), segment.dx_um, segment.ticks)?;
        let (z_low, z_high) = self.axis((motion.z_low, motion.z_high), segment.dz_um, segment.ticks)?;
        Ok(Motion { x_low, x_high, z_low, z_high, ..*motion })
    }

    /// Walls stop and turn a body, but none makes it faster.
    fn deflected(&self, motion: &Motion, segment: &Segment, tolerance: i64) -> Result<Motion, Reason> {
        let fastest = |low: i32, high: i32| i64::from(high.max(-low).max(0));
        let (x, z) = (fastest(motion.x_low, motion.x_high), fastest(motion.z_low, motion.z_high));
        let before = ((x * x + z * z).isqrt() + 1).min(self.speed);
        if segment.length_um > self.furthest(before, segment.ticks) + tolerance {
            return Err(Reason::TooMuchAcceleration);
        }
        let gained = (self.acceleration * i64::from(segment.ticks)).div_ceil_of(self.hz);
        let after = (before + gained).min(self.speed) as i32;
        Ok(Motion { x_low: -after, x_high: after, z_low: -after, z_high: after, ..*motion })
    }

    /// Whether one axis' displacement is reachable, and the velocities it can end with.
    ///
    /// By the mean value theorem the body had its mean velocity at some moment of the segment, so at its end it
    /// differs from it by at most what the acceleration allows.
    fn axis(&self, (low, high): (i32, i32), moved_um: i64, ticks: u32) -> Result<(i32, i32), Reason> {
        let (low, high) = (i64::from(low), i64::from(high));
        let furthest = self.furthest(high, ticks) + ROUNDING_UM;
        let nearest = -(self.furthest(-low, ticks) + ROUNDING_UM);
        if moved_um > furthest || moved_um < nearest {
            return Err(Reason::TooMuchAcceleration);
        }
        let ticks = i64::from(ticks).max(1);
        let gained = (self.acceleration * ticks).div_ceil_of(self.hz);
        let fastest_mean = ((moved_um + ROUNDING_UM) * self.hz).div_ceil_of(ticks);
        let slowest_mean = -((-moved_um + ROUNDING_UM) * self.hz).div_ceil_of(ticks);
        let end_low = (low - gained).max(slowest_mean - gained).clamp(-self.speed, self.speed);
        let end_high = (high + gained).min(fastest_mean + gained).clamp(-self.speed, self.speed);
        Ok((end_low as i32, end_high as i32))
    }

    /// The furthest along an axis in `ticks`, starting with `velocity` and accelerating up to full speed.
    fn furthest(&self, velocity: i64, ticks: u32) -> i64 {
        let ticks = i64::from(ticks);
        let missing = self.speed - velocity;
        let at_full_speed = (self.speed * ticks).div_ceil_of(self.hz);
        if missing * self.hz <= self.acceleration * ticks {
            return at_full_speed - missing * missing / (2 * self.acceleration);
        }
        let gained = (self.acceleration * ticks * ticks).div_ceil_of(2 * self.hz * self.hz);
        (velocity * ticks).div_ceil_of(self.hz) + gained
    }
@@@
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
        MovementLimits::new(&RULES, TickRate::DEFAULT)
    }

    fn flat(dx_mm: i64, ticks: u32) -> Segment {
        Segment {
            dx_um: dx_mm * 1_000,
            dz_um: 0,
            length_um: dx_mm.abs() * 1_000,
            bends: 0,
            rise_um: 0,
            ends_grounded: true,
            ticks,
        }
    }

    fn standing() -> Motion {
        Motion { rise_max: 6_500_000, grounded: true, ..Motion::default() }
    }

    #[test]
    fn full_speed_is_legal_and_a_tenth_more_is_not() {
        let limits = limits();
        let motion = limits.placed(true, 0);
        assert!(limits.judge(&motion, &flat(203, 4)).is_ok());
        assert_eq!(limits.judge(&motion, &flat(224, 4)), Err(Reason::TooFast));
    }

    #[test]
    fn a_body_at_rest_cannot_be_at_full_speed_at_once() {
        assert_eq!(limits().judge(&standing(), &flat(203, 4)), Err(Reason::TooMuchAcceleration));
        assert!(limits().judge(&standing(), &flat(39, 4)).is_ok());
    }

    #[test]
    fn speed_is_kept_from_segment_to_segment() {
        let mut motion = standing();
        for (moved, ticks) in [(39, 4), (112, 4), (170, 4), (202, 4), (203, 4)] {
            motion = limits().judge(&motion, &flat(moved, ticks)).expect("an accelerating run is legal");
        }
        assert_eq!(limits().judge(&motion, &flat(-203, 4)), Err(Reason::TooMuchAcceleration));
    }

    #[test]
    fn an_exact_jump_is_legal_at_every_claim_and_a_second_jump_in_the_air_is_not() {
        let limits = limits();
        let height_um = |tick: i64| 6_500_000 * tick / 128 - 20_000_000 * tick * tick / (2 * 128 * 128);
        let mut motion = standing();
        for step in 0..20 {
            let rise_um = height_um((step + 1) * 4) - height_um(step * 4);
            let segment = Segment { rise_um, ends_grounded: false, ..flat(0, 4) };
            motion = limits.judge(&motion, &segment).expect("a jump is legal");
            assert!(step < 2 || motion.rise_max < 6_500_000);
        }
        let again = Segment { rise_um: 180_000, ends_grounded: false, ..flat(0, 4) };
        assert_eq!(limits.judge(&motion, &again), Err(Reason::TooHigh));
    }

    #[test]
    fn hovering_is_refused_once_the_jump_is_used_up() {
        let limits = limits();
        let mut motion = standing();
        let hover = Segment { ends_grounded: false, ..flat(0, 4) };
        let refused_at = (0..60).find(|_| match limits.judge(&motion, &hover) {
            Ok(next) => {
                motion = next;
                false
            }
            Err(reason) => reason == Reason::TooHigh,
        });
        assert!(refused_at.is_some_and(|claims| claims <= 11), "{refused_at:?}");
    }

    #[test]
    fn a_step_needs_ground_at_its_end() {
        let up = Segment { rise_um: 350_000, ..flat(20, 4) };
        assert!(limits().judge(&standing(), &up).is_ok());
        let into_the_air = Segment { ends_grounded: false, ..up };
        assert_eq!(limits().judge(&standing(), &into_the_air), Err(Reason::TooHigh));
    }

    #[test]
    fn nothing_falls_faster_than_the_terminal_speed() {
        let fall = |mm: i64| Segment { rise_um: -mm * 1_000, ends_grounded: false, ..flat(0, 4) };
        let falling = Motion { grounded: false, rise_max: -40_000_000, ..Motion::default() };
        assert!(limits().judge(&falling, &fall(1_250)).is_ok());
        assert_eq!(limits().judge(&falling, &fall(1_700)), Err(Reason::FallsTooFast));
    }
}
