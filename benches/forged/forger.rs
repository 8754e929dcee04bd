//! Players whose claims are refused over and over, and what each refusal takes.

use std::time::{Duration, Instant};

use combat_components::command::{Claim, Command, TickInput};
use combat_components::ids::{Epoch, Pseudonym, Slot, Team};
use combat_components::quantity::{Pose, Vec3Mm};
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_replays::recorder::Recorder;
use combat_systems::sim::{Sim, SimParts};

/// Any clock that is not at its beginning.
const CLOCK: u32 = 10_000;

/// What refused claims cost, each.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    pub took: Duration,
    pub log_bytes: f64,
    /// How many were refused in all, the last of them for this.
    pub refused: u32,
    pub reason: Reason,
}

impl Cost {
    /// For a log of so many bytes.
    pub fn seconds(&self, bytes: f64) -> f64 {
        bytes / self.log_bytes * self.took.as_secs_f64()
    }
}

/// Everybody in a session; all say the same, each from where he stands.
pub struct Forger {
    pub sim: Sim,
    clock: u32,
    players: u8,
}

impl Forger {
    /// All of the session's players, connected.
    pub fn joined(parts: &SimParts) -> Self {
        let players = parts.setup.max_players;
        let mut sim = Sim::new(parts).expect("the setup is sound");
        let join = |slot: u8| {
            let (slot, pseudonym) = (Slot(slot), Pseudonym(slot.into()));
            [
                Command::Join { slot, pseudonym, team: Team::NONE, bot: false, request: None },
                Command::Connected { slot },
            ]
        };
        sim.step(&mut (0..players).flat_map(join).collect());
        Self { sim, clock: CLOCK, players }
    }

    /// Everybody on his way, given by its points as seen from where he stands, on a clock that is `after` later.
    fn claims(&mut self, after: u32, way: &[Vec3Mm]) -> TickInput {
        let mut claim = |slot: Slot| {
            let own = self.sim.own_view(slot)?;
            let at = own.pose.at;
            let mut points = way.iter().map(|by| Vec3Mm::new(at.x + by.x, at.y + by.y, at.z + by.z));
            let pose = Pose { at: points.next_back()?, ..Pose::default() };
            let claim = Claim {
                slot,
                input_seq: own.input_seq + 1,
                client_tick: self.clock + after,
                pose,
                bends: points.collect(),
                view_tick: Tick(0),
                pose_epoch: own.pose_epoch,
            };
            Some(Command::Claim { claim })
        };
        (0..self.players).filter_map(|slot| claim(Slot(slot))).collect()
    }

    /// Everybody there, `after` later.
    pub fn go(&mut self, after: u32, to: Vec3Mm) {
        let mut input = self.claims(after, &[to]);
        self.clock += after;
        self.sim.step(&mut input);
    }

    /// Everybody so much beyond his bank that his next claim sets his clock.
    pub fn overdraw(&mut self) {
        let mut input = self.claims(CLOCK, &[Vec3Mm::default()]);
        self.sim.step(&mut input);
    }

    pub fn wait(&mut self, ticks: u32) {
        for _ in 0..ticks {
            self.sim.step(&mut TickInput::new());
        }
    }

    /// What it costs to refuse everybody this way in each of so many ticks; `None` when nobody is refused.
    pub fn refused(&mut self, (after, way): (u32, &[Vec3Mm]), ticks: u32) -> Option<Cost> {
        let (mut recorder, mut records) = (Recorder::new(), Vec::new());
        let (mut took, mut refused, mut last) = (Duration::ZERO, 0, None);
        for _ in 0..ticks {
            let mut input = self.claims(after, way);
            let began = Instant::now();
            self.sim.step(&mut input);
            took += began.elapsed();
            refused += self.sim.output().verdicts.len() as u32;
            last = self.sim.output().verdicts.last().and_then(|verdict| verdict.reason).or(last);
            recorder.record_tick(Epoch(1), &input, self.sim.output(), &mut records);
        }
        let (reason, each) = (last?, f64::from(refused));
        Some(Cost { took: took.div_f64(each), log_bytes: records.len() as f64 / each, refused, reason })
    }
}
