//! A player who moves by the one walker: he jumps, walks off edges, falls, and says so in legal claims.

use combat_components::command::Command;
use combat_components::quantity::{Pose, Vec3Mm};
use combat_components::tick::TickRate;
use combat_systems::spatial::{Trail, Walker, Wish};

use super::Stage;
use super::bot::Bot;

/// Claims come this often, in ticks.
const CLAIM_TICKS: u32 = 4;
const SPEED_MM_PER_S: i32 = 6_000;

pub struct Hiker {
    /// Says what the walker does.
    pub bot: Bot,
    pub wish: Wish,
    walker: Walker,
    trail: Trail,
}

impl Hiker {
    /// Where his body stands.
    pub fn new(slot: u8, stage: &mut Stage) -> Self {
        let rate = TickRate::new(stage.scene.rate_hz).expect("the scene has one of the rates");
        let at = stage.sim.own_view(combat_components::ids::Slot(slot)).expect("he has joined").pose.at;
        let walker = Walker::new(stage.parts.ruleset.movement, rate, at);
        let (wish, trail) = (Wish::default(), Trail::starting(at));
        Self { bot: Bot::new(slot), wish, walker, trail }
    }

    /// What he does and says before the next tick.
    pub fn act(&mut self, stage: &mut Stage) {
        let own = stage.sim.own_view(self.bot.slot).expect("he has joined");
        let level = stage.parts.level.clone();
        if own.pose_epoch != self.bot.pose_epoch {
            self.bot.pose_epoch = own.pose_epoch;
            self.wish.direction = own.pose.yaw;
            let told = stage.displacement_of(self.bot.slot);
            let (velocity, client_tick) = told.unwrap_or_default();
            self.walker.place_moving(&level, own.pose.at, velocity);
            self.trail = Trail::starting(own.pose.at);
            self.bot.set_clock(stage, client_tick);
        }
        if own.respawn_at.is_some() {
            return;
        }
        let walked = self.walker.step(&level, &self.wish);
        let fits = self.trail.add(&level, &walked);
        if !fits || (stage.tick().0 + 1).is_multiple_of(CLAIM_TICKS) {
            self.claim(stage);
        }
        if !fits {
            assert!(self.trail.add(&level, &walked), "one step always fits an empty trail");
        }
        self.bot.at = self.walker.at();
    }

    fn claim(&mut self, stage: &mut Stage) {
        let pose = Pose { at: self.trail.at(), yaw: self.wish.direction, ..Pose::default() };
        let mut claim = self.bot.claim(stage, pose);
        claim.bends = self.trail.bends().clone();
        self.trail.claimed();
        stage.push(Command::Claim { claim });
    }

    /// Something that is not true, `by` away from where he is.
    pub fn lie(&mut self, stage: &mut Stage, by: Vec3Mm) {
        let at = self.walker.at();
        let at = Vec3Mm { x: at.x + by.x, y: at.y + by.y, z: at.z + by.z };
        let claim = self.bot.claim(stage, Pose { at, yaw: self.wish.direction, ..Pose::default() });
        stage.push(Command::Claim { claim });
    }

    /// The way his spawn point faces, at a run.
    pub fn walk_ahead(&mut self, stage: &mut Stage) {
        let own = stage.sim.own_view(self.bot.slot).expect("he has joined");
        self.wish = Wish { direction: own.pose.yaw, speed_mm_per_s: SPEED_MM_PER_S, jump: false };
    }

    pub fn stop(&mut self) {
        self.wish.speed_mm_per_s = 0;
    }
}

/// Plays on with these.
pub fn hike(stage: &mut Stage, hikers: &mut [Hiker], ticks: u32) {
    for _ in 0..ticks {
        hikers.iter_mut().for_each(|hiker| hiker.act(stage));
        stage.step();
    }
}
