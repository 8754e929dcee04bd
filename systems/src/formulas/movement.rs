//! Whether a claimed segment can have been moved, by reachable intervals.
//!
//! Exact: from the velocities a body can have had, the bounds follow of how far it can have come and how fast
//! it can be now. Nothing legal is refused, whatever the rate of claims; a whole-millimetre pose costs ±1 mm.

use combat_components::body::Motion;
use combat_components::reason::Reason;
use combat_components::rules::MovementRules;
use combat_components::tick::TickRate;

/// What rounding both ends of a segment to whole millimetres can add to it, in micrometres.
const ROUNDING_UM: i64 = 1_000;

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

/// A claimed path from one accepted pose to the next, in micrometres.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub dx_um: i64,
    pub dz_um: i64,
    /// Horizontal length along all bends, and how many bends there are.
    pub length_um: i64,
    pub bends: i64,
    pub rise_um: i64,
    pub ends_grounded: bool,
    pub ticks: u32,
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

    /// The motion of a body that the server has just placed: any legal velocity, standing or not.
    pub fn placed(&self, grounded: bool, rise_max: i32) -> Motion {
        let speed = self.speed as i32;
        Motion {
            x_low: -speed,
            x_high: speed,
            z_low: -speed,
            z_high: speed,
            rise_max: if grounded { self.jump_speed as i32 } else { rise_max.min(0) },
            grounded,
        }
    }

    /// The furthest a body comes in `ticks` at full speed, in micrometres.
    pub fn reach_um(&self, ticks: u32) -> i64 {
        (self.speed * i64::from(ticks)).div_ceil_of(self.hz)
    }

    /// The least number of ticks in which a horizontal path of this length can be moved.
    pub fn ticks_needed(&self, length_um: i64) -> u32 {
        ((length_um - ROUNDING_UM).max(0) * self.hz).div_ceil_of(self.speed) as u32
    }

    /// Judges a segment that begins with `motion`, and returns the motion it ends with.
    ///
    /// # Errors
    /// The first rule that the segment breaks.
    pub fn judge(&self, motion: &Motion, segment: &Segment) -> Result<Motion, Reason> {
        let tolerance = ROUNDING_UM * (1 + segment.bends);
        if segment.length_um > self.reach_um(segment.ticks) + tolerance {
            return Err(Reason::TooFast);
        }
        let (x_low, x_high) = self.axis((motion.x_low, motion.x_high), segment.dx_um, segment.ticks)?;
        let (z_low, z_high) = self.axis((motion.z_low, motion.z_high), segment.dz_um, segment.ticks)?;
        let rise_max = self.vertical(motion, segment)?;
        Ok(Motion { x_low, x_high, z_low, z_high, rise_max, grounded: segment.ends_grounded })
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

    fn vertical(&self, motion: &Motion, segment: &Segment) -> Result<i32, Reason> {
        let rise = segment.rise_um;
        let ticks = i64::from(segment.ticks);
        if rise < -((self.terminal_speed * ticks).div_ceil_of(self.hz) + ROUNDING_UM + self.step_um) {
            return Err(Reason::FallsTooFast);
        }
        let start = if motion.grounded { self.jump_speed } else { i64::from(motion.rise_max) };
        let flown = self.highest(start, ticks, motion.grounded);
        // A step or a slope of at most 45° is climbed only by a body that stands at its end.
        let climbed = self.step_um + if motion.grounded { segment.length_um } else { 0 };
        let highest = if segment.ends_grounded { flown.max(climbed) } else { flown };
        if rise > highest + ROUNDING_UM {
            return Err(Reason::TooHigh);
        }
        if segment.ends_grounded {
            return Ok(self.jump_speed as i32);
        }
        Ok(self.rise_after(motion.grounded, start, rise, segment.length_um, ticks) as i32)
    }

    /// The highest point reachable after `ticks` of free flight that begins at `start`, relative to it.
    ///
    /// A body on the ground may leave it at any moment, so its highest point is that of the best moment.
    fn highest(&self, start: i64, ticks: i64, grounded: bool) -> i64 {
        let to_apex = (start.max(0) * self.hz).div_ceil_of(self.gravity);
        let flight = if grounded { ticks.min(to_apex) } else { ticks };
        let dropped = self.gravity * flight * flight / (2 * self.hz * self.hz);
        ((start * flight).div_ceil_of(self.hz) - dropped).max(if grounded { 0 } else { i64::MIN })
    }

    /// The fastest a body can still be rising after a segment that ends in the air.
    fn rise_after(&self, from_ground: bool, start: i64, rise: i64, length_um: i64, ticks: i64) -> i64 {
        let slowed = start - self.gravity * ticks / self.hz;
        if !from_ground {
            return slowed.max(-self.terminal_speed);
        }
        if rise + ROUNDING_UM < -(length_um + self.step_um) {
            return 0;
        }
        // Energy: what has been risen is paid for in speed (v² = u² − 2gh).
        let paid = 2 * self.gravity * (rise - ROUNDING_UM).max(0);
        (start * start - paid).max(0).isqrt()
    }
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
