//! How a bot moves: by the one walker, claimed with the corners of its way.

use combat_components::quantity::{Vec3Mm, Velocity};
use combat_components::rules::MovementRules;
use combat_components::tick::TickRate;
use combat_systems::spatial::{Level, Trail, Walker, Wish};

/// A body on its way from claim to claim.
#[derive(Clone, Debug)]
pub struct Legs {
    walker: Walker,
    trail: Trail,
    pose_epoch: Option<u32>,
}

impl Legs {
    pub fn new(rules: MovementRules, rate: TickRate) -> Self {
        let at = Vec3Mm::default();
        Self { walker: Walker::new(rules, rate, at), trail: Trail::starting(at), pose_epoch: None }
    }

    /// Takes over where the server put the body. `true` when that is news.
    pub fn settle(&mut self, level: &Level, (at, velocity): (Vec3Mm, Velocity), pose_epoch: u32) -> bool {
        if self.pose_epoch == Some(pose_epoch) && self.walker.at() == at {
            return false;
        }
        self.pose_epoch = Some(pose_epoch);
        self.walker.place_moving(level, at, velocity);
        self.trail = Trail::starting(at);
        true
    }

    /// Walks on for as many ticks as the next claim covers, or until the way has bent too often for one claim.
    pub fn walk(&mut self, level: &Level, wish: Wish, ticks: u32) {
        let mut wish = wish;
        for _ in 0..ticks {
            let before = self.walker.clone();
            let walked = self.walker.step(level, &wish);
            if !self.trail.add(level, &walked) {
                self.walker = before;
                return;
            }
            wish.jump = false;
        }
    }

    pub fn at(&self) -> Vec3Mm {
        self.walker.at()
    }

    pub fn stands(&self) -> bool {
        self.walker.stands()
    }

    pub fn bends(&self) -> &[Vec3Mm] {
        self.trail.bends()
    }

    pub fn claimed(&mut self) {
        self.trail.claimed();
    }
}
