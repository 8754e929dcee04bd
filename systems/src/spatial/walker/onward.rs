//! Where one tick of a walker can lead: straight on, down, up a step, along a wall.

use combat_components::quantity::Vec3Mm;
use rapier3d::control::{CharacterLength, KinematicCharacterController};
use rapier3d::geometry::Capsule;
use rapier3d::math::{Pose, Vector};

use super::super::{Level, SKIN_MM, raised};
use super::{Attempt, Walked, Walker, millimetres, minus, plus};

/// Ground within this distance below a walking body makes the controller unnecessary.
const CONTACT_MM: i32 = 4;

/// A walking body keeps this much more than the skin from walls, so that rounding to a millimetre never touches one.
const WALL_GAP_MM: i32 = 1;

/// Where walls are further away than this, the skin included, a straight step needs no controller.
const STRAIGHT_GAP_MM: i32 = WALL_GAP_MM + SKIN_MM + 1;

/// Cosine and sine of 1°, 4°, 15°, 30°, 45° and 60°.
const ASIDE: [(f64, f64); 6] =
    [(1.0, 0.017), (0.998, 0.07), (0.966, 0.259), (0.866, 0.5), (0.707, 0.707), (0.5, 0.866)];

/// A level, and how wide a body must fit into it where it can.
struct Room<'a> {
    level: &'a Level,
    gap: Option<Capsule>,
}

impl Walker {
    /// Keeping its gap from walls wherever it can, so that the controller is not caught by one that is touched.
    pub(super) fn attempt(&self, level: &Level, want: [i64; 3]) -> Attempt {
        let falls = self.rise.is_some() && want[1] < 0;
        let (roomy, tight) =
            (Room { level, gap: Some(shape(level, WALL_GAP_MM)) }, Room { level, gap: None });
        self.onward(&roomy, want)
            .or_else(|| self.onward(&tight, want))
            .or_else(|| self.beside_what_stops_it(&tight, want))
            .or_else(|| if falls { self.slipped(&tight, want) } else { None })
            .unwrap_or(Attempt { to_um: self.exact_um, walked: Walked { at: self.at, via: None } })
    }

    fn onward(&self, room: &Room<'_>, want: [i64; 3]) -> Option<Attempt> {
        let falls = self.rise.is_some() && want[1] < 0;
        let straight = if self.controller_only { None } else { self.straight(room, want) };
        straight
            .or_else(|| if falls { self.landed(room, want) } else { None })
            .or_else(|| self.furthest_round(room, want))
    }

    /// On along one axis, or only up or down, where a wall is so near that the controller is caught by it.
    fn beside_what_stops_it(&self, room: &Room<'_>, want: [i64; 3]) -> Option<Attempt> {
        [[want[0], 0], [0, want[2]], [0, 0]].into_iter().find_map(|[x, z]| {
            let want = [x, want[1], z];
            let falls = self.rise.is_some() && want[1] < 0;
            let landed = if falls { self.landed(room, want) } else { None };
            landed.or_else(|| self.end(room, plus(self.exact_um, want)))
        })
    }

    /// Down to the ground in full stride; the controller would lose it where the floor is level.
    fn landed(&self, room: &Room<'_>, want: [i64; 3]) -> Option<Attempt> {
        let over = millimetres(plus(self.exact_um, [want[0], 0, want[2]]));
        let rest = if room.level.path_is_free(self.at, over) {
            room.level.ground_below(over)?
        } else {
            return None;
        };
        let to_um = [self.exact_um[0] + want[0], i64::from(rest.y) * 1_000, self.exact_um[2] + want[2]];
        let in_reach = (self.exact_um[1] + want[1]..=self.exact_um[1] + 500).contains(&to_um[1]);
        if in_reach && room.level.grounded(rest) { self.end(room, to_um) } else { None }
    }

    /// Off an edge, to whichever side lets the body fall furthest.
    fn slipped(&self, room: &Room<'_>, want: [i64; 3]) -> Option<Attempt> {
        let gained = i64::from(self.rules.acceleration_mm_per_s2) * 1_000 / (2 * self.hz * self.hz);
        let sides = [(1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (1, -1), (-1, 1), (-1, -1)];
        [1, 2, 4, 16].into_iter().find_map(|share| {
            sides.into_iter().find_map(|(x, z)| {
                self.end(room, plus(self.exact_um, [gained * x, want[1] / share, gained * z]))
            })
        })
    }

    /// Straight on: through free air, or over ground that is level, away from walls.
    fn straight(&self, room: &Room<'_>, want: [i64; 3]) -> Option<Attempt> {
        let to_um = plus(self.exact_um, want);
        let at = millimetres(to_um);
        let carried = self.rise.is_some() || room.level.overlaps(raised(at, -CONTACT_MM));
        let clear = !room.level.touches(&shape(room.level, STRAIGHT_GAP_MM), at);
        (carried && clear && room.level.path_is_free(self.at, at))
            .then_some(Attempt { to_um, walked: Walked { at, via: None } })
    }

    fn furthest_round(&self, room: &Room<'_>, want: [i64; 3]) -> Option<Attempt> {
        let controlled = self.controlled(room, want);
        let progress = |attempt: &Attempt| {
            let moved = minus(attempt.to_um, self.exact_um);
            moved[0] * want[0] + moved[2] * want[2]
        };
        let reached = controlled.as_ref().map_or(0, progress);
        let blocked = reached * 10 < (want[0] * want[0] + want[2] * want[2]) * 9;
        if !blocked {
            return controlled;
        }
        let further = |attempt: &Attempt| progress(attempt) > reached;
        let landed =
            || self.landed(room, [want[0], want[1], 0]).or_else(|| self.landed(room, [0, want[1], want[2]]));
        self.stepped(room, want)
            .filter(further)
            .or_else(|| landed().filter(|_| self.rise.is_some()).filter(further))
            .or_else(|| self.aside(room, want).filter(further))
            .or(controlled)
    }

    /// Along what is in the way, where the controller is caught by a corner: what runs past it is not stopped.
    fn aside(&self, room: &Room<'_>, want: [i64; 3]) -> Option<Attempt> {
        let [x, z] = [want[0] as f64, want[2] as f64];
        ASIDE.into_iter().find_map(|(cos, sin)| {
            [sin, -sin].into_iter().find_map(|sin| {
                let way = [(x * cos - z * sin) * cos, (x * sin + z * cos) * cos];
                let allowed = [0, 1].map(|axis| self.share_allowed(axis, way[axis] as i64));
                let both = allowed[0].min(allowed[1]);
                // Each axis by itself first: to keep off a wall must not brake a body that runs along it.
                [allowed, [both, both]].into_iter().find_map(|share| {
                    let [x, z] = [0, 1].map(|axis| (way[axis] * share[axis]) as i64);
                    self.end(room, plus(self.exact_um, [x, want[1], z]))
                })
            })
        })
    }

    /// Up a step, standing on it at once. A body that comes down is lifted by no more than it covers in a tick.
    fn stepped(&self, room: &Room<'_>, want: [i64; 3]) -> Option<Attempt> {
        let step_mm = match self.rise {
            None => self.rules.step_height_mm,
            Some(_) if want[1] < 0 => {
                self.rules.step_height_mm.min(self.rules.speed_mm_per_s / self.hz as i32)
            }
            Some(_) => return None,
        };
        let ahead_um =
            [self.exact_um[0] + want[0], self.exact_um[1] + want[1].max(0), self.exact_um[2] + want[2]];
        let at = room.level.step_up(self.at, millimetres(ahead_um), step_mm)?;
        self.end(room, [ahead_um[0], i64::from(at.y) * 1_000, ahead_um[2]])
    }

    /// By rapier's controller, held to the rules where it slides along a wall.
    fn controlled(&self, room: &Room<'_>, want: [i64; 3]) -> Option<Attempt> {
        let mut moved = self.slid(room, want);
        if self.rise.is_some() && (want[1]..want[1] + 1_000).contains(&moved[1]) {
            moved[1] = want[1];
        }
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
        let attempt = self.end(room, plus(self.exact_um, moved))?;
        let rises = moved[1] > want[1] + 500 && self.rise.is_some();
        (!rises || room.level.grounded(attempt.walked.at)).then_some(attempt)
    }

    fn slid(&self, room: &Room<'_>, want: [i64; 3]) -> [i64; 3] {
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
        let (queries, shape) = (room.level.queries(), shape(room.level, WALL_GAP_MM));
        let middle = to_vector(self.exact_um) + Vector::new(0.0, room.level.height_mm as f32 / 2_000.0, 0.0);
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
    fn end(&self, room: &Room<'_>, to_um: [i64; 3]) -> Option<Attempt> {
        let near = millimetres(to_um);
        let eased = if self.rise.is_none() { 1 } else { 0 };
        (0..=eased).map(|up_mm| raised(near, up_mm)).find_map(|at| {
            if room.gap.is_some_and(|gap| room.level.touches(&gap, at)) {
                return None;
            }
            let via = way(room.level, self.at, at)?;
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

fn to_vector(um: [i64; 3]) -> Vector {
    Vector::from_array(um.map(|um| (um as f64 / 1e6) as f32))
}
