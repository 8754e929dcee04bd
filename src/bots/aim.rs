//! Turning and aiming like a hand does: at a limited rate, with an error that drifts and settles.

use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::streams::Stream;

/// How long an error lasts before it has drifted elsewhere, in milliseconds.
const DRIFT_MS: f64 = 220.0;

const TURN: f64 = 65_536.0;
const HALF_TURN: f64 = TURN / 2.0;

/// Where somebody at `from` looks to see `to`, in 1/65,536 turn: yaw and pitch.
pub fn bearing(from: Vec3Mm, to: Vec3Mm) -> (f64, f64) {
    let along = |from: i32, to: i32| f64::from(to) - f64::from(from);
    let (dx, dy, dz) = (along(from.x, to.x), along(from.y, to.y), along(from.z, to.z));
    let turns = TURN / std::f64::consts::TAU;
    ((-dx).atan2(-dz) * turns, dy.atan2(dx.hypot(dz)) * turns)
}

/// The heading from one point to another.
pub fn heading(from: Vec3Mm, to: Vec3Mm) -> Yaw {
    yaw_of(bearing(from, to).0)
}

/// A heading turned by `degrees`, positive to the left.
pub fn turned(yaw: Yaw, degrees: f64) -> Yaw {
    yaw_of(f64::from(yaw.0) + degrees / 360.0 * TURN)
}

fn yaw_of(turn: f64) -> Yaw {
    Yaw(turn.round() as i64 as u16)
}

/// Where a bot looks.
#[derive(Clone, Debug, Default)]
pub struct Sights {
    yaw: f64,
    pitch: f64,
    /// The present error, in 1/65,536 turn.
    error: [f64; 2],
}

impl Sights {
    /// Looks where the server says that the body looks.
    pub fn set(&mut self, yaw: Yaw, pitch: Pitch) {
        (self.yaw, self.pitch) = (f64::from(yaw.0), f64::from(pitch.turn()));
    }

    pub fn yaw(&self) -> Yaw {
        yaw_of(self.yaw)
    }

    pub fn pitch(&self) -> Pitch {
        let limit = f64::from(Pitch::LIMIT);
        Pitch::new(self.pitch.round().clamp(-limit, limit) as i16).expect("clamped to the limit")
    }

    /// Turns towards a bearing by at most `turn_max`; answers how far off it still is, in 1/65,536 turn.
    pub fn turn(&mut self, (yaw, pitch): (f64, f64), turn_max: f64) -> f64 {
        let yaw_off = (yaw - self.yaw + HALF_TURN).rem_euclid(TURN) - HALF_TURN;
        let pitch_off = pitch - self.pitch;
        self.yaw = (self.yaw + yaw_off.clamp(-turn_max, turn_max)).rem_euclid(TURN);
        self.pitch += pitch_off.clamp(-turn_max, turn_max);
        (yaw_off.abs() - turn_max).max(pitch_off.abs() - turn_max).max(0.0)
    }

    /// Lets the error drift for `elapsed_ms` around none, about `spread` wide.
    pub fn drift(&mut self, spread: u16, elapsed_ms: u64, stream: &mut Stream) -> [f64; 2] {
        let kept = (-(elapsed_ms as f64) / DRIFT_MS).exp();
        let fresh = (1.0 - kept * kept).sqrt();
        for error in &mut self.error {
            *error = *error * kept + f64::from(stream.triangular(spread)) * fresh;
        }
        self.error
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bearings_follow_the_conventions_of_the_protocol() {
        let at = Vec3Mm::default();
        assert_eq!(heading(at, Vec3Mm::new(0, 0, -1_000)), Yaw(0));
        assert_eq!(heading(at, Vec3Mm::new(-1_000, 0, 0)), Yaw(16_384), "a quarter turn to the left");
        assert_eq!(turned(Yaw(0), -90.0), heading(at, Vec3Mm::new(1_000, 0, 0)));
        assert!((bearing(at, Vec3Mm::new(0, 1_000, -1_000)).1 - 8_192.0).abs() < 1e-6);
    }

    #[test]
    fn a_turn_goes_the_short_way_round_and_no_faster_than_it_may() {
        let mut sights = Sights::default();
        sights.set(Yaw(65_000), Pitch::default());
        assert_eq!(sights.turn((1_000.0, 0.0), 600.0), 936.0);
        assert_eq!(sights.yaw(), Yaw(64));
        assert_eq!(sights.turn((1_000.0, 0.0), 5_000.0), 0.0);
        assert_eq!(sights.yaw(), Yaw(1_000));
    }

    #[test]
    fn the_error_stays_about_as_wide_as_the_skill_says() {
        let (mut sights, mut stream) = (Sights::default(), Stream::of(5, 0));
        let mut squares = 0.0;
        for _ in 0..10_000 {
            squares += sights.drift(600, 33, &mut stream)[0].powi(2);
        }
        let deviation = (squares / 10_000.0_f64).sqrt();
        assert!((200.0..290.0).contains(&deviation), "seed 5: {deviation}");
    }
}
