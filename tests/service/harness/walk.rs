//! Legal walks by the one walker, over the levels that ship with the binary.

use std::sync::{Arc, OnceLock};

use combat_components::quantity::{Pitch, Vec3Mm, Velocity, Yaw};
use combat_components::rules::Ruleset;
use combat_components::streams::Stream;
use combat_components::tick::TickRate;
use combat_systems::kinds::Kinds;
use combat_systems::spatial::{Level, Trail, Walker, Wish};
use realtime_combat_service::session::catalogue::Catalogue;

/// A walker turns every so many ticks, one in this many.
const TURN_EVERY_TICKS: u32 = 96;

const MM_BELOW_WHICH_IT_IS_STUCK: i64 = 4;

pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    CATALOGUE.get_or_init(|| Catalogue::load(Kinds::SHIPPED, None, None).expect("what ships is sound"))
}

pub fn ruleset() -> Arc<Ruleset> {
    catalogue().ruleset("default").expect("it ships").ruleset.clone()
}

pub fn level(map_id: &str) -> Arc<Level> {
    let map = catalogue().map(map_id).expect("the map ships");
    catalogue().level(map, catalogue().ruleset("default").expect("it ships"))
}

/// A body that walks about.
#[derive(Debug)]
pub struct Body {
    level: Arc<Level>,
    walker: Walker,
    trail: Trail,
    stream: Stream,
    wish: Wish,
}

impl Body {
    pub fn new(map_id: &str, tick_rate_hz: u32, seed: u64) -> Self {
        let rate = TickRate::new(tick_rate_hz).expect("the server speaks of valid rates");
        let at = Vec3Mm::default();
        let wish = Wish { direction: Yaw::default(), speed_mm_per_s: i32::MAX, jump: false };
        let walker = Walker::new(ruleset().movement, rate, at);
        Self { level: level(map_id), walker, trail: Trail::starting(at), stream: Stream::of(seed, 7), wish }
    }

    /// Takes note of where the server has put the body.
    pub fn place(&mut self, at: Vec3Mm, velocity: Velocity) {
        self.walker.place_moving(&self.level, at, velocity);
        self.trail = Trail::starting(at);
    }

    /// Walks for so many ticks, fewer when the way bends too often. Claim the result before the next walk.
    pub fn walk(&mut self, ticks: u32) -> (Vec3Mm, Vec<Vec3Mm>) {
        self.trail.claimed();
        for _ in 0..ticks {
            let before = self.walker.clone();
            if self.stream.below(TURN_EVERY_TICKS) == 0 {
                self.turn();
            }
            let walked = self.walker.step(&self.level, &self.wish);
            if !self.trail.add(&self.level, &walked) {
                self.walker = before;
                break;
            }
            if before.at().distance_squared(walked.at)
                < MM_BELOW_WHICH_IT_IS_STUCK * MM_BELOW_WHICH_IT_IS_STUCK
            {
                self.turn();
            }
        }
        (self.trail.at(), self.trail.bends().to_vec())
    }

    fn turn(&mut self) {
        self.wish.direction = Yaw(self.stream.below(1 << 16) as u16);
    }
}

/// Where to look from the eyes at `from` to see the middle of a body at `to`.
pub fn aim(from: Vec3Mm, to: Vec3Mm) -> (Yaw, Pitch) {
    let body = ruleset().body;
    let [dx, dy, dz] = [
        f64::from(to.x - from.x),
        f64::from(to.y + body.height_mm / 2 - from.y - body.eye_height_mm),
        f64::from(to.z - from.z),
    ];
    let turn = 65_536.0 / std::f64::consts::TAU;
    let yaw = f64::atan2(-dx, -dz) * turn;
    let pitch = (f64::atan2(dy, f64::hypot(dx, dz)) * turn) as i16;
    let pitch = Pitch::new(pitch.clamp(-Pitch::LIMIT, Pitch::LIMIT)).expect("clamped to the limit");
    (Yaw(yaw.round() as i32 as u16), pitch)
}
