//! Bots that walk, look at their enemies and shoot: legal claims, made of integers.

use arrayvec::ArrayVec;
use combat_components::command::{Action, Claim, Command, Deed};
use combat_components::ids::Slot;
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use combat_components::streams::Stream;
use combat_systems::views::{Eye, OwnBody, PublicBody};

use super::Stage;

/// Four fifths of full speed, in micrometres per second.
const SPEED_UM_PER_S: i64 = 5_120_000;
/// Three quarters of the acceleration allowed, in micrometres per square second.
const ACCELERATION_UM_PER_S2: i64 = 60_000_000;
/// A bot looks ahead for an eighth of a second: further than it takes to stop.
const LOOK_AHEAD_PER_S: i64 = 8;
/// Claims per second, or one a tick at lower rates.
pub const CLAIM_HZ: u32 = 32;

#[derive(Clone, Debug)]
pub struct Bot {
    pub slot: Slot,
    pub input_seq: u32,
    pub pose_epoch: u32,
    pub walks: bool,
    pub shoots: bool,
    pub at: Vec3Mm,
    /// Ticks that its clock was set back by corrections.
    pub behind: u32,
    /// What whole millimetres leave of the position, in micrometres.
    rest_um: [i64; 2],
    velocity_um: [i64; 2],
    goal: [i64; 2],
    stream: Stream,
}

impl Bot {
    pub fn new(slot: u8) -> Self {
        Self {
            slot: Slot(slot),
            input_seq: 0,
            pose_epoch: 0,
            walks: true,
            shoots: true,
            at: Vec3Mm::default(),
            behind: 0,
            rest_um: [0; 2],
            velocity_um: [0; 2],
            goal: [0; 2],
            stream: Stream::of(u64::from(slot) + 1, 99),
        }
    }

    /// What the bot says before the next tick.
    pub fn act(&mut self, stage: &mut Stage) {
        let Some(own) = stage.sim.own_view(self.slot) else {
            return;
        };
        if own.respawn_at.is_some() {
            return;
        }
        if own.pose_epoch != self.pose_epoch {
            (self.pose_epoch, self.at) = (own.pose_epoch, own.pose.at);
            self.rest_um = [0; 2];
            self.velocity_um = self.go_on(stage);
            self.choose_goal();
        }
        if self.walks {
            self.walk(stage);
        }
        let next = stage.tick().0 + 1;
        let claim_every_ticks = (stage.scene.rate_hz / CLAIM_HZ).max(1);
        if next % claim_every_ticks != u32::from(self.slot.0) % claim_every_ticks {
            return;
        }
        let enemy = self.nearest_enemy(stage);
        let (yaw, pitch) = enemy.map_or((own.pose.yaw, Pitch::default()), |enemy| self.aim(&enemy));
        let pose = Pose { at: self.at, yaw, pitch };
        let claim = self.claim(stage, pose);
        stage.push(Command::Claim { claim });
        if let (true, Some(enemy)) = (self.shoots, enemy) {
            self.shoot(stage, &own, &enemy, (yaw, pitch));
        }
    }

    pub fn next_seq(&mut self) -> u32 {
        self.input_seq += 1;
        self.input_seq
    }

    pub fn claim(&mut self, stage: &Stage, pose: Pose) -> Claim {
        Claim {
            slot: self.slot,
            input_seq: self.next_seq(),
            client_tick: stage.tick().0 + 1 - self.behind,
            pose,
            bends: ArrayVec::new(),
            view_tick: stage.tick(),
            pose_epoch: self.pose_epoch,
        }
    }

    pub fn deed(&mut self, stage: &mut Stage, deed: Deed, (yaw, pitch): (Yaw, Pitch)) {
        let action = Action {
            slot: self.slot,
            input_seq: self.next_seq(),
            follows: 0,
            yaw,
            pitch,
            view_tick: stage.tick(),
            view_fraction: 0,
            deed,
            target: None,
        };
        stage.push(Command::Action { action });
    }

    pub fn nearest_enemy(&self, stage: &mut Stage) -> Option<PublicBody> {
        let mut bodies = Vec::new();
        stage.sim.view(Eye::All, &mut bodies);
        let enemies = bodies.into_iter().filter(|body| body.alive && body.slot != self.slot);
        enemies.min_by_key(|body| (self.at.distance_squared(body.pose.at), body.slot))
    }

    /// Where to look to see the middle of a body, or its head now and then.
    pub fn aim(&mut self, enemy: &PublicBody) -> (Yaw, Pitch) {
        let aim_mm = if self.stream.below(4) == 0 { 1_660 } else { 1_000 };
        let [dx, dy, dz] = [
            f64::from(enemy.pose.at.x - self.at.x),
            f64::from(enemy.pose.at.y + aim_mm - self.at.y - 1_620),
            f64::from(enemy.pose.at.z - self.at.z),
        ];
        let turn = 65_536.0 / std::f64::consts::TAU;
        let yaw = libm::atan2(-dx, -dz) * turn;
        let pitch = libm::atan2(dy, libm::sqrt(dx * dx + dz * dz)) * turn;
        let pitch = (pitch as i16).clamp(-Pitch::LIMIT, Pitch::LIMIT);
        (Yaw(yaw as i32 as u16), Pitch::new(pitch).expect("clamped to the limit"))
    }

    fn shoot(&mut self, stage: &mut Stage, own: &OwnBody, enemy: &PublicBody, look: (Yaw, Pitch)) {
        if own.reloaded_at.is_some() || stage.tick().plus(1) < own.ready_at {
            return;
        }
        if own.rounds == 0 {
            return self.deed(stage, Deed::Reload, look);
        }
        let eye = Vec3Mm { y: self.at.y + 1_620, ..self.at };
        let direction = combat_systems::formulas::aim::direction(look.0, look.1);
        let wall_mm = stage.parts.level.ray_distance_mm(eye, direction, 60_000).unwrap_or(60_000);
        let distance_mm = self.at.distance_squared(enemy.pose.at).isqrt();
        if distance_mm < i64::from(wall_mm) {
            let follows = self.input_seq;
            self.deed(stage, Deed::Attack, look);
            let Some(Command::Action { action }) = stage.input.last_mut() else {
                return;
            };
            action.follows = follows;
        }
    }

    fn choose_goal(&mut self) {
        let mut away = || i64::from(self.stream.below(12_000)) - 6_000;
        let (dx, dz) = (away(), away());
        self.goal = [i64::from(self.at.x) + dx, i64::from(self.at.z) + dz];
    }

    /// Sets the clock to what the last correction said, and answers with its velocity, in micrometres per tick.
    fn go_on(&mut self, stage: &Stage) -> [i64; 2] {
        let (velocity, client_tick) = stage.displacement_of(self.slot).unwrap_or_default();
        self.set_clock(stage, client_tick);
        let hz = i64::from(stage.scene.rate_hz);
        [velocity.x, velocity.z].map(|mm_per_s| i64::from(mm_per_s) * 1_000 / hz)
    }

    pub fn set_clock(&mut self, stage: &Stage, client_tick: Option<u32>) {
        if let Some(client_tick) = client_tick {
            self.behind = stage.tick().0 - client_tick;
        }
    }

    fn walk(&mut self, stage: &Stage) {
        let hz = i64::from(stage.scene.rate_hz);
        let (speed_um, gain_um) = (SPEED_UM_PER_S / hz, ACCELERATION_UM_PER_S2 / (hz * hz));
        let to_goal = [self.goal[0] - i64::from(self.at.x), self.goal[1] - i64::from(self.at.z)];
        let distance = (to_goal[0] * to_goal[0] + to_goal[1] * to_goal[1]).isqrt();
        let wanted = match distance > 800 && self.is_clear_ahead(stage) {
            true => to_goal.map(|part| part * speed_um / distance),
            false => [0, 0],
        };
        for (velocity, wanted) in self.velocity_um.iter_mut().zip(wanted) {
            *velocity += (wanted - *velocity).clamp(-gain_um, gain_um);
        }
        if self.velocity_um == [0, 0] && wanted == [0, 0] {
            self.choose_goal();
        }
        for axis in 0..2 {
            let um = self.rest_um[axis] + self.velocity_um[axis];
            self.rest_um[axis] = um.rem_euclid(1_000);
            let moved_mm = um.div_euclid(1_000) as i32;
            if axis == 0 { self.at.x += moved_mm } else { self.at.z += moved_mm }
        }
    }

    fn is_clear_ahead(&self, stage: &Stage) -> bool {
        let to_goal = [self.goal[0] - i64::from(self.at.x), self.goal[1] - i64::from(self.at.z)];
        let distance = (to_goal[0] * to_goal[0] + to_goal[1] * to_goal[1]).isqrt().max(1);
        let hz = i64::from(stage.scene.rate_hz);
        let ahead_mm = |um_per_tick: i64| (um_per_tick * hz / LOOK_AHEAD_PER_S / 1_000) as i32;
        let clear = |velocity: [i64; 2]| {
            let (dx, dz) = (ahead_mm(velocity[0]), ahead_mm(velocity[1]));
            let ahead = Vec3Mm { x: self.at.x + dx, z: self.at.z + dz, ..self.at };
            stage.parts.level.path_is_free(self.at, ahead) && stage.parts.level.grounded(ahead)
        };
        clear(self.velocity_um) && clear(to_goal.map(|part| part * SPEED_UM_PER_S / hz / distance))
    }
}
