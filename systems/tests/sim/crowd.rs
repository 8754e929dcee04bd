//! A crowd that plays by itself: everybody runs in circles, shoots his neighbour, reloads and dashes.
//!
//! Allocates nothing once its buffers have grown, so that benches and the counting allocator can use it.

use arrayvec::ArrayVec;
use combat_components::command::{Claim, Command, Deed, TickInput};
use combat_components::ids::Slot;
use combat_components::quantity::{Pose, Vec3Mm};
use combat_components::streams::Stream;
use combat_components::tick::Tick;
use combat_systems::sim::Sim;
use combat_systems::views::{Eye, PublicBody};

use crate::arena::{action, look};

/// Ticks between two claims: 30 Hz at 128 Hz, nearly.
const CLAIM_TICKS: u32 = 4;
const ATTACK_TICKS: u32 = 7;
const DASH_TICKS: u32 = 190;
const RADIUS_MM: f64 = 1_200.0;
/// Millimetres in one tick: 6 m/s at 128 Hz.
const SPEED_MM_PER_TICK: f64 = 46.9;

#[derive(Clone)]
struct Runner {
    seq: u32,
    pose_epoch: u32,
    began_at: u32,
    start: Vec3Mm,
    /// The unit vector from the start to the middle of the circle.
    inward: [f64; 2],
}

#[derive(Clone)]
pub struct Crowd {
    runners: Vec<Runner>,
    stream: Stream,
    view: Vec<PublicBody>,
    /// Whether anybody shoots.
    pub shoots: bool,
}

impl Crowd {
    pub fn new(players: u8, seed: u64) -> Self {
        let runner =
            Runner { seq: 0, pose_epoch: 0, began_at: 0, start: Vec3Mm::default(), inward: [1.0, 0.0] };
        Self {
            runners: vec![runner; usize::from(players)],
            stream: Stream::of(seed, 99),
            view: Vec::with_capacity(64),
            shoots: true,
        }
    }

    /// The player of `slot` has left and joined again.
    pub fn forget(&mut self, slot: u8) {
        let runner = &mut self.runners[usize::from(slot)];
        (runner.seq, runner.pose_epoch) = (0, 0);
    }

    /// Appends the commands of everybody for the tick after the present one.
    pub fn think(&mut self, sim: &mut Sim, input: &mut TickInput) {
        let tick = sim.tick().0;
        sim.view(Eye::All, &mut self.view);
        for slot in 0..self.runners.len() as u8 {
            let Some(own) = sim.own_view(Slot(slot)) else {
                continue;
            };
            let runner = &mut self.runners[usize::from(slot)];
            if own.pose_epoch != runner.pose_epoch {
                let turn = f64::from(self.stream.below(360)).to_radians();
                let inward = [libm::cos(turn), libm::sin(turn)];
                *runner = Runner {
                    pose_epoch: own.pose_epoch,
                    began_at: tick,
                    start: own.pose.at,
                    inward,
                    ..*runner
                };
            }
            if own.respawn_at.is_some() {
                continue;
            }
            let phase = tick + u32::from(slot);
            if phase.is_multiple_of(CLAIM_TICKS) && tick > runner.began_at {
                input.push(runner.claim(slot, tick));
            }
            if !self.shoots {
                continue;
            }
            let deed = match () {
                () if phase.is_multiple_of(DASH_TICKS) => Deed::Ability { index: 0 },
                () if own.rounds == 0 && own.reloaded_at.is_none() => Deed::Reload,
                () if phase.is_multiple_of(ATTACK_TICKS) => Deed::Attack,
                () => continue,
            };
            let target = self.view[(usize::from(slot) + 1) % self.view.len()].pose.at;
            runner.seq += 1;
            let aim = look(Vec3Mm { y: own.pose.at.y + 700, ..own.pose.at }, target);
            input.push(Command::Action { action: action(slot, runner.seq, 0, deed, aim) });
        }
    }
}

impl Runner {
    fn claim(&mut self, slot: u8, tick: u32) -> Command {
        self.seq += 1;
        let ticks = tick - self.began_at;
        let mut bends = ArrayVec::new();
        bends.push(self.place(f64::from(ticks) - 2.0));
        let pose = Pose { at: self.place(f64::from(ticks)), ..Pose::default() };
        Command::Claim {
            claim: Claim {
                slot: Slot(slot),
                input_seq: self.seq,
                client_tick: 1_000 + ticks,
                pose,
                bends,
                view_tick: Tick(tick),
                pose_epoch: self.pose_epoch,
            },
        }
    }

    /// Where a runner is on the circle that touches its starting point.
    fn place(&self, ticks: f64) -> Vec3Mm {
        let turned = (ticks * SPEED_MM_PER_TICK / RADIUS_MM).max(0.0);
        let (away, aside) = (RADIUS_MM * (1.0 - libm::cos(turned)), RADIUS_MM * libm::sin(turned));
        let [x, z] = self.inward;
        let along = |mm: f64| libm::round(mm) as i32;
        Vec3Mm {
            x: self.start.x + along(x * away - z * aside),
            z: self.start.z + along(z * away + x * aside),
            ..self.start
        }
    }
}
