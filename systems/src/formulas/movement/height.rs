//! The heights of a claimed way: jumps, falls, and ground that carries.

use combat_components::body::Motion;
use combat_components::quantity::Vec3Mm;
use combat_components::reason::Reason;

use super::{DivCeil, MovementLimits, ROUNDING_UM, WayPoint};

/// What rounding both ends to whole millimetres, and a flight's every tick to whole micrometres, can add to its height.
const RISE_DEBT_UM_MAX: i64 = ROUNDING_UM + 250;

/// Where a body last stood, and from which length on it has certainly been in the air.
#[derive(Clone, Copy, Debug, Default)]
struct Footing {
    at: WayPoint,
    left_at_um: Option<i64>,
}

/// No ground that carries a body leads further up or down along a way than this many times its length.
const STEEPEST: i64 = 2;

impl MovementLimits {
    /// Judges how far a way that is so long seen from above, and bends so often, leads up and down in all: more mildly
    /// than [`Self::judge_height`], but without its points, of which there are many on a way up and down.
    ///
    /// # Errors
    /// `TooHigh` or `FallsTooFast`.
    pub fn judge_climb(
        &self,
        ticks: u32,
        (length_um, bends): (i64, i64),
        (risen_um, sunk_um): (i64, i64),
    ) -> Result<(), Reason> {
        let by_ground_um = STEEPEST * length_um + (bends + 2) * (self.step_um + ROUNDING_UM);
        let in_reach_um = |speed: i64| (speed * i64::from(ticks)).div_ceil_of(self.hz) + by_ground_um;
        match () {
            () if risen_um > in_reach_um(self.jump_speed) => Err(Reason::TooHigh),
            () if sunk_um > in_reach_um(self.terminal_speed) => Err(Reason::FallsTooFast),
            () => Ok(()),
        }
    }

    /// Judges the heights along a way that begins with `motion` and takes `ticks`, of as many as its claim can cover at
    /// most, and returns the motion it ends with. `way` are the points of the way in order, its end last; never empty. What has a ceiling right above it, which
    /// `is_under` tells, may have been pressed down by it: the height there is the ceiling's,
    /// and no ceiling that comes down by more than 45° is one.
    ///
    /// # Errors
    /// `TooHigh` or `FallsTooFast`.
    pub fn judge_height(
        &self,
        motion: &Motion,
        (ticks, ticks_max): (u32, u32),
        way: &[WayPoint],
        is_under: impl Fn(Vec3Mm) -> bool,
    ) -> Result<Motion, Reason> {
        let end = way.last().copied().unwrap_or_default();
        let (ticks, ticks_max) = (i64::from(ticks), i64::from(ticks_max));
        let footing = self.last_footing(motion, ticks, way)?;
        // Only who has stood can have walked down from there; where he lands he came by falling.
        let stood_at_um = if motion.grounded {
            Some(0)
        } else {
            way.iter().find(|point| point.grounded).map(|point| point.length_um)
        };
        let walked_um = |point: &WayPoint| match stood_at_um {
            Some(from_um) if motion.grounded || point.length_um > from_um => {
                self.step_um + point.length_um - from_um
            }
            _ => 0,
        };
        let stood_again = footing.as_ref().is_some_and(|footing| footing.at.grounded);
        let falling = match (motion.grounded, stood_again) {
            (true, true) => self.edge_fall(),
            (true, false) => self.edge_fall().max(motion.fall_max.into()),
            (false, _) => motion.fall_max.into(),
        };
        let fallen_um = self.furthest(falling, ticks, self.gravity, self.terminal_speed);
        let lowest_um = |point: &WayPoint| -(fallen_um + walked_um(point) + ROUNDING_UM);
        let mut deeper = way.iter().filter(|point| point.rise_um < lowest_um(point)).peekable();
        // By its ceiling alone: what gravity gives as well would be loaded claim by claim.
        let is_pressed =
            |point: &WayPoint| point.rise_um >= -(point.length_um + ROUNDING_UM) && is_under(point.at);
        let falling = match deeper.peek().is_some() {
            false => falling,
            true if deeper.all(is_pressed) => falling.max(self.mean_fall(&end, ticks).min(self.speed)),
            true => return Err(Reason::FallsTooFast),
        };
        let fall_max = |falling: i64| {
            (falling + (self.gravity * ticks).div_ceil_of(self.hz)).min(self.terminal_speed) as i32
        };
        if end.grounded {
            // Who passes close above an edge is not stopped by it, and falls on no faster than he came: at some moment
            // of the way his speed was its mean.
            let mean = self.mean_fall(&end, ticks);
            return Ok(Motion {
                rise_max: self.jump_speed as i32,
                fall_max: if motion.grounded { 0 } else { fall_max(falling.min(mean)) },
                rise_debt: 0,
                grounded: true,
                ..*motion
            });
        }
        let (rise_max, rise_debt) = match &footing {
            Some(footing) => self.leave_ground(footing, ticks, &end)?,
            None => self.fly_on(motion, ticks, &end)?,
        };
        let falling = match &footing {
            // Whoever rises falls from where he is highest.
            Some(footing) if end.rise_um > footing.at.rise_um + ROUNDING_UM => 0,
            Some(_) if !motion.grounded => falling.min(self.mean_fall(&end, ticks_max)).max(self.edge_fall()),
            Some(_) => falling.max(self.edge_fall()),
            // And whoever rose, or fell slower than he could, falls no faster than his mean and what he gained since.
            None if ticks > 0 => falling.min(self.mean_fall(&end, ticks_max) + self.speed / 2),
            None => falling,
        };
        Ok(Motion { rise_max, fall_max: fall_max(falling), rise_debt, grounded: false, ..*motion })
    }

    /// Where the body last stood before the end of the way; `None` when it was in the air all along.
    fn last_footing(&self, motion: &Motion, ticks: i64, way: &[WayPoint]) -> Result<Option<Footing>, Reason> {
        let mut footing = motion.grounded.then(Footing::default);
        let mut before = WayPoint { grounded: motion.grounded, ..WayPoint::default() };
        let mut falls_from_um = i64::MAX;
        for point in way {
            // Through the air too: a way over a wall, or beneath one, is no other for ending on the ground.
            let highest_um = self.highest(motion, ticks, footing.as_ref(), (&before, point));
            if point.rise_um > highest_um.min(falls_from_um) {
                return Err(Reason::TooHigh);
            }
            match (&mut footing, point.grounded) {
                (_, true) => footing = Some(Footing { at: *point, left_at_um: None }),
                (Some(footing), false) => {
                    footing.left_at_um.get_or_insert(point.length_um);
                }
                (None, false) => {}
            }
            if point.grounded {
                falls_from_um = i64::MAX;
            } else if point.rise_um < before.rise_um - ROUNDING_UM {
                // Whoever falls has no more than a step, or what landing lifts him by, to rise again.
                falls_from_um = point.rise_um + self.step_um.max(self.reach_um(1)) + ROUNDING_UM;
            }
            before = *point;
        }
        Ok(footing)
    }

    /// How high above the start a body can next be: by a jump, or by a step or a slope of at most 45°.
    fn highest(
        &self,
        motion: &Motion,
        ticks: i64,
        footing: Option<&Footing>,
        (before, point): (&WayPoint, &WayPoint),
    ) -> i64 {
        let highest = match footing {
            Some(footing) => {
                let sloped_um = if before.grounded { point.length_um - before.length_um } else { 0 };
                footing.at.rise_um + self.apex(self.jump_speed, ticks).max(self.step_um + sloped_um)
            }
            // Landing on an edge or a slope may lift a body for the one tick until it stands.
            None => {
                self.apex(i64::from(motion.rise_max), ticks) + self.reach_um(1) - i64::from(motion.rise_debt)
            }
        };
        highest + if point.grounded { ROUNDING_UM } else { RISE_DEBT_UM_MAX }
    }

    /// The fastest a body can be rising that stood at `footing` and is in the air at `end`; and its debt.
    fn leave_ground(&self, footing: &Footing, ticks: i64, end: &WayPoint) -> Result<(i32, i32), Reason> {
        let risen = end.rise_um - footing.at.rise_um;
        let debt = risen - self.apex(self.jump_speed, ticks);
        if debt > RISE_DEBT_UM_MAX {
            return Err(Reason::TooHigh);
        }
        // Energy: what has been risen is paid for in speed, what has been fallen is gained (v² = u² − 2gh).
        let sunk = -(risen + self.step_um + end.length_um - footing.at.length_um + ROUNDING_UM);
        let by_height = if sunk > 0 {
            -(2 * self.gravity * sunk).isqrt()
        } else {
            let paid = 2 * self.gravity * (risen - ROUNDING_UM).max(0);
            (self.jump_speed * self.jump_speed - paid).max(0).isqrt() + 1
        };
        let flown_um = end.length_um - footing.left_at_um.unwrap_or(end.length_um);
        let flown_um = (flown_um - 2 * ROUNDING_UM).max(0);
        let by_time = self.jump_speed - self.gravity * flown_um / self.speed;
        Ok((by_height.min(by_time).max(-self.terminal_speed) as i32, debt.max(0) as i32))
    }

    /// The fastest a body can be rising after `ticks` of free flight; and its debt.
    fn fly_on(&self, motion: &Motion, ticks: i64, end: &WayPoint) -> Result<(i32, i32), Reason> {
        let start = i64::from(motion.rise_max);
        let sinking = self.terminal_speed + start;
        let flown = if sinking * self.hz <= self.gravity * ticks {
            (sinking * sinking).div_ceil_of(2 * self.gravity) - self.terminal_speed * ticks / self.hz
        } else {
            (start * ticks).div_ceil_of(self.hz) - self.gravity * ticks * ticks / (2 * self.hz * self.hz)
        };
        let debt = i64::from(motion.rise_debt) + end.rise_um - flown;
        if debt > RISE_DEBT_UM_MAX {
            return Err(Reason::TooHigh);
        }
        let slowed = (start - self.gravity * ticks / self.hz).max(-self.terminal_speed);
        Ok((slowed as i32, debt.max(0) as i32))
    }

    /// How fast a body has fallen along a way at some moment of it, by the mean value theorem.
    fn mean_fall(&self, end: &WayPoint, ticks: i64) -> i64 {
        ((ROUNDING_UM - end.rise_um) * self.hz).div_ceil_of(ticks.max(1)).max(0)
    }

    /// How fast a body can be falling that slides over an edge and still counts as standing on it.
    fn edge_fall(&self) -> i64 {
        (2 * self.gravity * self.step_um).isqrt()
    }

    /// The highest point a body can be at within `ticks` of being thrown up, relative to its start; never below.
    fn apex(&self, start: i64, ticks: i64) -> i64 {
        let start = start.max(0);
        if start * self.hz <= self.gravity * ticks {
            return (start * start).div_ceil_of(2 * self.gravity);
        }
        (start * ticks).div_ceil_of(self.hz) - self.gravity * ticks * ticks / (2 * self.hz * self.hz)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: MovementLimits = MovementLimits {
        hz: 128,
        speed: 6_500_000,
        acceleration: 80_000_000,
        jump_speed: 6_500_000,
        gravity: 20_000_000,
        terminal_speed: 40_000_000,
        step_um: 350_000,
        gained_between_claims: 80_000_000 / 30,
    };

    #[test]
    fn stairs_jumps_and_falls_are_no_climb_too_far_and_ways_up_and_down_are() {
        let climb = |ticks, risen_mm: i64, sunk_mm: i64| {
            LIMITS.judge_climb(ticks, (1_800_000, 1), (risen_mm * 1_000, sunk_mm * 1_000))
        };
        assert_eq!(climb(36, 1_828 + 3_600 + 1_053, 11_250 + 3_600 + 1_053), Ok(()));
        assert_eq!(climb(36, 1_829 + 3_600 + 1_053, 0), Err(Reason::TooHigh));
        assert_eq!(climb(36, 0, 11_251 + 3_600 + 1_053), Err(Reason::FallsTooFast));
        assert_eq!(
            LIMITS.judge_climb(0, (0, 0), (350_000, 0)),
            Ok(()),
            "a step in no time is not judged here"
        );
        assert_eq!(LIMITS.judge_climb(0, (0, 4), (89_000_000, 89_000_000)), Err(Reason::TooHigh));
    }

    #[test]
    fn a_ceiling_presses_down_by_as_much_as_the_way_is_long_and_nothing_else_does() {
        let rising = Motion { rise_max: 6_000_000, fall_max: 625_000, ..Motion::default() };
        let pressed = |rises_mm: &[i64], unders: &[bool]| {
            let way: Vec<_> = (0..)
                .zip(rises_mm)
                .map(|(index, rise_mm)| WayPoint {
                    at: Vec3Mm::new(index, 0, 0),
                    length_um: i64::from(index + 1) * 100_000,
                    rise_um: rise_mm * 1_000,
                    grounded: false,
                })
                .collect();
            LIMITS
                .judge_height(&rising, (4, 4), &way, |at| unders[at.x as usize])
                .map(|motion| motion.fall_max)
        };
        // 29 mm of fall from 0.625 m/s in 4 ticks, and 1 of rounding.
        assert_eq!(pressed(&[-30], &[false]), Ok(1_250_000));
        assert_eq!(pressed(&[-60], &[false]), Err(Reason::FallsTooFast));
        // The mean of its way, and 4 ticks of gravity.
        assert_eq!(pressed(&[-60], &[true]), Ok(1_952_000 + 625_000));
        assert_eq!(pressed(&[-101], &[true]), Ok(3_264_000 + 625_000));
        assert_eq!(pressed(&[-102], &[true]), Err(Reason::FallsTooFast));
        assert_eq!(pressed(&[-60, -101], &[true, true]), Ok(3_264_000 + 625_000));
        assert_eq!(pressed(&[-60, -101], &[true, false]), Err(Reason::FallsTooFast));
        assert_eq!(pressed(&[-60, -101], &[false, true]), Err(Reason::FallsTooFast));
    }

    #[test]
    fn who_jumps_where_he_landed_has_fallen_no_faster_than_one_who_stays() {
        let standing = Motion { rise_max: 6_500_000, grounded: true, ..Motion::default() };
        let down_and_up = |down_um: i64| {
            let landed =
                WayPoint { length_um: 100_000, rise_um: -down_um, grounded: true, ..WayPoint::default() };
            let jumped = WayPoint {
                length_um: 200_000,
                rise_um: 500_000 - down_um,
                grounded: false,
                ..WayPoint::default()
            };
            LIMITS.judge_height(&standing, (36, 36), &[landed, jumped], |_| false).err()
        };
        // 1.84 m of fall in 36 ticks, a step, and the way walked.
        assert_eq!(down_and_up(2_200_000), None);
        assert_eq!(down_and_up(2_400_000), Some(Reason::FallsTooFast));
    }

    #[test]
    fn who_passes_close_above_an_edge_falls_on_no_faster_than_the_mean_of_his_way() {
        let falling = Motion { rise_max: 0, fall_max: 5_000_000, ..Motion::default() };
        let over_an_edge = |rise_um| {
            let way = [WayPoint { length_um: 100_000, rise_um, grounded: true, ..WayPoint::default() }];
            LIMITS.judge_height(&falling, (4, 4), &way, |_| false).map(|motion| motion.fall_max)
        };
        // 31 mm and one of rounding in 4 ticks are 1.024 m/s, to which 4 ticks of gravity add 0.625.
        assert_eq!(over_an_edge(-31_000), Ok(1_649_000));
        assert_eq!(over_an_edge(-150_000), Ok(4_832_000 + 625_000), "that is nearly as fast as he can fall");
        assert_eq!(over_an_edge(10_000), Ok(625_000), "whoever was lifted falls from rest");
    }
}
