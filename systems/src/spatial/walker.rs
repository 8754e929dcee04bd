//! The one walker: a body that moves by rapier's character controller and keeps every rule of movement.
//!
//! The source of legal walks for bots, load and tests. Allocates; the simulation never calls it.

use combat_components::quantity::{Pitch, Vec3Mm, Velocity, Yaw};
use combat_components::rules::MovementRules;
use combat_components::tick::TickRate;
use rapier3d::control::{CharacterLength, KinematicCharacterController};
use rapier3d::geometry::Capsule;
use rapier3d::math::{Pose, Vector};

use super::{Level, SKIN_MM, raised};
use crate::formulas::aim;

/// Ground within this distance below a walking body makes the controller unnecessary.
const CONTACT_MM: i32 = 4;

/// A walking body keeps this much more than the skin from walls, so that rounding to a millimetre never touches one.
const WALL_GAP_MM: i32 = 1;

/// Where walls are further away than this, the skin included, a straight step needs no controller.
const STRAIGHT_GAP_MM: i32 = WALL_GAP_MM + SKIN_MM + 1;

/// What f32 metres add to a displacement.
const CONTROLLER_NOISE_UM: i64 = 150;

/// Cosine and sine of 15°, 30°, 45° and 60°.
const ASIDE: [(f64, f64); 4] = [(0.966, 0.259), (0.866, 0.5), (0.707, 0.707), (0.5, 0.866)];

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

    fn attempt(&self, level: &Level, want: [i64; 3]) -> Attempt {
        let straight = || self.straight(level, want);
        let found = if self.controller_only { None } else { straight() };
        let falls = self.rise.is_some() && want[1] < 0;
        found
            .or_else(|| if falls { self.landed(level, want) } else { None })
            .or_else(|| {
                self.stepped_or_controlled(level, want).filter(|end| !falls || !self.hangs(level, end, want))
            })
            .or_else(|| if falls { self.slipped(level, want) } else { None })
            .or_else(|| self.end(level, plus(self.exact_um, [0, want[1], 0])))
            .unwrap_or(Attempt { to_um: self.exact_um, walked: Walked { at: self.at, via: None } })
    }

    /// Down to the ground in full stride; the controller would lose it where the floor is level.
    fn landed(&self, level: &Level, want: [i64; 3]) -> Option<Attempt> {
        let over = millimetres(plus(self.exact_um, [want[0], 0, want[2]]));
        let rest = if level.path_is_free(self.at, over) { level.ground_below(over)? } else { return None };
        let to_um = [self.exact_um[0] + want[0], i64::from(rest.y) * 1_000, self.exact_um[2] + want[2]];
        let in_reach = (self.exact_um[1] + want[1]..=self.exact_um[1] + 500).contains(&to_um[1]);
        if in_reach && level.grounded(rest) { self.end(level, to_um) } else { None }
    }

    /// Whether a falling body was stopped by an edge too far out to stand on.
    fn hangs(&self, level: &Level, end: &Attempt, want: [i64; 3]) -> bool {
        end.to_um[1] > self.exact_um[1] + want[1] + 1_000 && !level.grounded(end.walked.at)
    }

    /// Off an edge, to whichever side lets the body fall furthest.
    fn slipped(&self, level: &Level, want: [i64; 3]) -> Option<Attempt> {
        let gained = i64::from(self.rules.acceleration_mm_per_s2) * 1_000 / (2 * self.hz * self.hz);
        let sides = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)];
        [1, 2, 4, 16].into_iter().find_map(|share| {
            sides.into_iter().find_map(|(x, z)| {
                self.end(level, plus(self.exact_um, [gained * x, want[1] / share, gained * z]))
            })
        })
    }

    /// Straight on: through free air, or over ground that is level, away from walls.
    fn straight(&self, level: &Level, want: [i64; 3]) -> Option<Attempt> {
        let to_um = plus(self.exact_um, want);
        let at = millimetres(to_um);
        let carried = self.rise.is_some() || level.overlaps(raised(at, -CONTACT_MM));
        let clear = !level.touches(&shape(level, STRAIGHT_GAP_MM), at);
        (carried && clear && level.path_is_free(self.at, at))
            .then_some(Attempt { to_um, walked: Walked { at, via: None } })
    }

    fn stepped_or_controlled(&self, level: &Level, want: [i64; 3]) -> Option<Attempt> {
        let controlled = self.controlled(level, want);
        let progress = |attempt: &Attempt| {
            let moved = minus(attempt.to_um, self.exact_um);
            moved[0] * want[0] + moved[2] * want[2]
        };
        let reached = controlled.as_ref().map_or(0, progress);
        let blocked = reached * 10 < (want[0] * want[0] + want[2] * want[2]) * 9;
        let stepped = if self.rise.is_none() && blocked { self.stepped(level, want) } else { None };
        let further = |attempt: &Attempt| progress(attempt) > reached;
        stepped
            .filter(further)
            .or_else(|| self.aside(level, want).filter(|_| blocked).filter(further))
            .or(controlled)
    }

    /// Along what is in the way, where the controller is caught by a corner: what runs past it is not stopped.
    fn aside(&self, level: &Level, want: [i64; 3]) -> Option<Attempt> {
        let [x, z] = [want[0] as f64, want[2] as f64];
        ASIDE.into_iter().find_map(|(cos, sin)| {
            [sin, -sin].into_iter().find_map(|sin| {
                let way = [(x * cos - z * sin) * cos, (x * sin + z * cos) * cos];
                let allowed = [0, 1].map(|axis| self.share_allowed(axis, way[axis] as i64));
                let way = way.map(|part| (part * allowed[0].min(allowed[1])) as i64);
                self.end(level, plus(self.exact_um, [way[0], want[1], way[1]]))
            })
        })
    }

    /// Up a step, standing on it at once.
    fn stepped(&self, level: &Level, want: [i64; 3]) -> Option<Attempt> {
        let ahead_um = plus(self.exact_um, want);
        let at = level.step_up(self.at, millimetres(ahead_um), self.rules.step_height_mm)?;
        self.end(level, [ahead_um[0], i64::from(at.y) * 1_000, ahead_um[2]])
    }

    /// By rapier's controller, held to the rules where it slides along a wall.
    fn controlled(&self, level: &Level, want: [i64; 3]) -> Option<Attempt> {
        let mut moved = self.slid(level, want);
        // Each axis by itself: being pushed out of a wall must not brake a body that runs along it.
        let allowed = [0, 1].map(|axis| self.share_allowed(axis, moved[axis * 2]));
        for (axis, allowed) in allowed.into_iter().enumerate() {
            moved[axis * 2] = (moved[axis * 2] as f64 * allowed) as i64;
        }
        if self.rise.is_none() {
            moved[1] = (moved[1] as f64 * allowed[0].min(allowed[1])) as i64;
        }
        let [length, most] = [moved, want].map(|way| (way[0] * way[0] + way[2] * way[2]) as f64);
        let share = if length > most { (most / length).sqrt() } else { 1.0 };
        for (axis, part) in moved.iter_mut().enumerate() {
            if axis != 1 || self.rise.is_none() {
                *part = (*part as f64 * share) as i64;
            }
        }
        let attempt = self.end(level, plus(self.exact_um, moved))?;
        let rises = moved[1] > want[1] + 500 && self.rise.is_some();
        (!rises || level.grounded(attempt.walked.at)).then_some(attempt)
    }

    fn slid(&self, level: &Level, want: [i64; 3]) -> [i64; 3] {
        let stands = self.rise.is_none();
        let step_m = self.rules.step_height_mm.max(1) as f32 / 1_000.0;
        let controller = KinematicCharacterController {
            offset: CharacterLength::Absolute(SKIN_MM as f32 / 1_000.0),
            max_slope_climb_angle: 46.0 / 180.0 * std::f32::consts::PI,
            min_slope_slide_angle: 46.0 / 180.0 * std::f32::consts::PI,
            snap_to_ground: stands.then_some(CharacterLength::Absolute(step_m)),
            autostep: None,
            ..KinematicCharacterController::default()
        };
        let (queries, shape) = (level.queries(), shape(level, WALL_GAP_MM));
        let middle = to_vector(self.exact_um) + Vector::new(0.0, level.height_mm as f32 / 2_000.0, 0.0);
        let moved = |from: Vector, way: Vector| {
            let pose = Pose::from_translation(from);
            controller.move_shape(1.0 / self.hz as f32, &queries, &shape, &pose, way, |_| {}).translation
        };
        // The controller is stuck where it overlaps, as after a dash into a wall; without a wish it backs off.
        let overlaps = queries.intersect_shape(Pose::from_translation(middle), &shape).next().is_some();
        let backed = if overlaps { moved(middle, Vector::ZERO) } else { Vector::ZERO };
        let found = backed + moved(middle + backed, to_vector(want));
        found.to_array().map(|metres| libm::round(f64::from(metres) * 1e6) as i64)
    }

    /// How much of a displacement along one axis keeps to the acceleration; braking is free.
    fn share_allowed(&self, axis: usize, moved: i64) -> f64 {
        let gained = i64::from(self.rules.acceleration_mm_per_s2) * 1_000 / (2 * self.hz * self.hz);
        let towards = if moved < 0 { -self.velocity[axis] } else { self.velocity[axis] };
        let most = towards.max(0) / self.hz + gained;
        if moved.abs() > most { most as f64 / moved.abs() as f64 } else { 1.0 }
    }

    /// A step to `to_um`, when its whole millimetre can be reached straight or round the corner of a step.
    fn end(&self, level: &Level, to_um: [i64; 3]) -> Option<Attempt> {
        let near = millimetres(to_um);
        let eased = if self.rise.is_none() { 1 } else { 0 };
        (0..=eased).map(|up_mm| raised(near, up_mm)).find_map(|at| {
            let via = way(level, self.at, at)?;
            Some(Attempt { to_um, walked: Walked { at, via } })
        })
    }
}

/// As high as the level's own capsule and wider by the gap.
fn shape(level: &Level, gap_mm: i32) -> Capsule {
    let radius_mm = level.radius_mm - SKIN_MM + gap_mm;
    let half_segment_mm = (level.height_mm / 2 - SKIN_MM - radius_mm).max(0);
    Capsule::new_y(half_segment_mm as f32 / 1_000.0, radius_mm as f32 / 1_000.0)
}

/// `None` when there is no free way; otherwise the corner it needs.
fn way(level: &Level, from: Vec3Mm, to: Vec3Mm) -> Option<Option<Vec3Mm>> {
    if level.overlaps(to) {
        return None;
    }
    if level.path_is_free(from, to) {
        return Some(None);
    }
    let y = from.y.max(to.y);
    [Vec3Mm { y, ..from }, Vec3Mm { y, ..to }]
        .into_iter()
        .find(|&corner| level.path_is_free(from, corner) && level.path_is_free(corner, to))
        .map(Some)
}

fn micrometres(at: Vec3Mm) -> [i64; 3] {
    [at.x, at.y, at.z].map(|mm| i64::from(mm) * 1_000)
}

/// To the nearest millimetre.
fn millimetres(at_um: [i64; 3]) -> Vec3Mm {
    let [x, y, z] = at_um.map(|um| (um + 500).div_euclid(1_000) as i32);
    Vec3Mm::new(x, y, z)
}

fn to_vector(um: [i64; 3]) -> Vector {
    Vector::from_array(um.map(|um| (um as f64 / 1e6) as f32))
}

fn plus(a: [i64; 3], b: [i64; 3]) -> [i64; 3] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn minus(a: [i64; 3], b: [i64; 3]) -> [i64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}
