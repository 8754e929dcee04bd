//! The one walker: a body that moves by rapier's character controller and keeps every rule of movement.
//!
//! The source of legal walks for bots, load and tests. Allocates; the simulation never calls it.

use combat_components::quantity::{Pitch, Vec3Mm, Velocity, Yaw};
use combat_components::rules::MovementRules;
use combat_components::tick::TickRate;

use super::Level;
use crate::formulas::aim;

mod onward;

/// What f32 metres add to a displacement.
const CONTROLLER_NOISE_UM: i64 = 150;

/// What a body wants to do in one tick.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wish {
    pub direction: Yaw,
    /// 0 stands still; never faster than the rules allow.
    pub speed_mm_per_s: i32,
    /// Heard only while standing.
    pub jump: bool,
}

/// Where one tick led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walked {
    pub at: Vec3Mm,
    /// The corner of a step up or down, when the straight way from the last point is not free.
    pub via: Option<Vec3Mm>,
}

/// A body on its way. Its path never overlaps solid, never rises above a jump's parabola and never exceeds the
/// rules' speed and acceleration; only walls may stop it at once.
#[derive(Clone, Debug)]
pub struct Walker {
    rules: MovementRules,
    hz: i64,
    controller_only: bool,
    at: Vec3Mm,
    exact_um: [i64; 3],
    /// x and z, in micrometres per second.
    velocity: [i64; 2],
    /// Upward, in micrometres per second; `None` while standing.
    rise: Option<i64>,
}

/// One way a tick could end.
struct Attempt {
    to_um: [i64; 3],
    walked: Walked,
}

impl Walker {
    /// A body that stands still at `at`.
    pub fn new(rules: MovementRules, rate: TickRate, at: Vec3Mm) -> Self {
        let hz = i64::from(rate.hz());
        let (exact_um, velocity) = (micrometres(at), [0, 0]);
        Self { rules, hz, controller_only: false, at, exact_um, velocity, rise: None }
    }

    /// Asks the controller even where a straight step is evidently free.
    pub fn with_controller_only(self) -> Self {
        Self { controller_only: true, ..self }
    }

    pub fn at(&self) -> Vec3Mm {
        self.at
    }

    pub fn stands(&self) -> bool {
        self.rise.is_none()
    }

    /// Puts the body somewhere else, at rest, as a correction or a spawn does.
    pub fn place(&mut self, level: &Level, at: Vec3Mm) {
        (self.at, self.exact_um, self.velocity) = (at, micrometres(at), [0, 0]);
        self.rise = (!level.grounded(at)).then_some(0);
    }

    /// Puts the body where the server says it is, as fast as the server says it goes on, in millimetres per second.
    pub fn place_moving(&mut self, level: &Level, at: Vec3Mm, velocity: Velocity) {
        self.place(level, at);
        self.velocity = [velocity.x, velocity.z].map(|part| i64::from(part) * 1_000);
        self.rise = self.rise.map(|_| i64::from(velocity.y) * 1_000);
    }

    /// Moves the body by one tick.
    pub fn step(&mut self, level: &Level, wish: &Wish) -> Walked {
        if self.rise.is_none() && wish.jump {
            self.rise = Some(i64::from(self.rules.jump_speed_mm_per_s) * 1_000);
        }
        let velocity = self.accelerated(wish);
        let next_rise = self.rise.map(|rise| self.fallen(rise));
        let want = [
            (self.velocity[0] + velocity[0]) / (2 * self.hz),
            self.rise.zip(next_rise).map_or(0, |(now, next)| (now + next).div_euclid(2 * self.hz)),
            (self.velocity[1] + velocity[1]) / (2 * self.hz),
        ];
        let attempt = self.attempt(level, want);
        let moved = minus(attempt.to_um, self.exact_um);
        self.velocity = self.kept(velocity, want, moved);
        self.rise = self.next_rise(level, &attempt, next_rise, want[1], moved);
        (self.at, self.exact_um) = (attempt.walked.at, attempt.to_um);
        attempt.walked
    }

    /// The velocity after one tick towards the wish, by at most the rules' acceleration.
    fn accelerated(&self, wish: &Wish) -> [i64; 2] {
        let speed_um = f64::from(wish.speed_mm_per_s.clamp(0, self.rules.speed_mm_per_s)) * 1_000.0;
        let [x, _, z] = aim::direction(wish.direction, Pitch::default());
        let wanted = [x, z].map(|part| f64::from(part) * speed_um);
        let change = [0, 1].map(|axis| wanted[axis] - self.velocity[axis] as f64);
        let most = f64::from(self.rules.acceleration_mm_per_s2) * 1_000.0 / self.hz as f64;
        let size = (change[0] * change[0] + change[1] * change[1]).sqrt();
        let share = if size > most { most / size } else { 1.0 };
        [0, 1].map(|axis| self.velocity[axis] + (change[axis] * share) as i64)
    }

    fn fallen(&self, rise: i64) -> i64 {
        let gravity = i64::from(self.rules.gravity_mm_per_s2) * 1_000;
        (rise - gravity / self.hz).max(self.terminal())
    }

    fn terminal(&self) -> i64 {
        i64::from(self.rules.terminal_speed_mm_per_s) * -1_000
    }

    /// What is left of a velocity, or what a wall turned it into, after one tick that `moved` the body.
    fn kept(&self, velocity: [i64; 2], want: [i64; 3], moved: [i64; 3]) -> [i64; 2] {
        let kept = [0, 1].map(|axis| {
            let (old, mean) = (self.velocity[axis], moved[axis * 2] * self.hz);
            let gains = mean.abs() > old.abs() && mean.signum() * old.signum() >= 0;
            match (want[axis * 2] - moved[axis * 2]).abs() {
                ..=CONTROLLER_NOISE_UM => velocity[axis],
                _ if gains => 2 * mean - old,
                _ => mean,
            }
        });
        let most = f64::from(self.rules.speed_mm_per_s) * 1_000.0;
        let speed = ((kept[0] * kept[0] + kept[1] * kept[1]) as f64).sqrt();
        if speed > most { kept.map(|part| (part as f64 * most / speed) as i64) } else { kept }
    }

    fn next_rise(
        &self,
        level: &Level,
        attempt: &Attempt,
        next_rise: Option<i64>,
        want_y: i64,
        moved: [i64; 3],
    ) -> Option<i64> {
        let stands = level.grounded(attempt.walked.at);
        let Some(next_rise) = next_rise else {
            return (!stands).then_some(0);
        };
        let stopped = (moved[1] - want_y).abs() > 1_000;
        match (stopped, stands) {
            (false, _) => Some(next_rise),
            (true, true) if want_y <= 0 || moved[1] > want_y => None,
            _ if want_y < 0 && moved == [0; 3] => None,
            _ => Some((moved[1] * self.hz).clamp(self.terminal(), next_rise.clamp(self.terminal(), 0))),
        }
    }
}

fn micrometres(at: Vec3Mm) -> [i64; 3] {
    [at.x, at.y, at.z].map(|mm| i64::from(mm) * 1_000)
}

/// To the nearest millimetre.
fn millimetres(at_um: [i64; 3]) -> Vec3Mm {
    let [x, y, z] = at_um.map(|um| (um + 500).div_euclid(1_000) as i32);
    Vec3Mm::new(x, y, z)
}

fn plus(a: [i64; 3], b: [i64; 3]) -> [i64; 3] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn minus(a: [i64; 3], b: [i64; 3]) -> [i64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}
