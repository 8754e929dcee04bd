//! One who says whatever pays, and tries it on a copy of the world first.

use combat_components::command::{Claim, Command};
use combat_components::ids::Slot;
use combat_components::map::Map;
use combat_components::quantity::{Pose, Vec3Mm};
use combat_components::tick::Tick;
use combat_systems::sim::Sim;

use crate::arena::{Arena, Plan};

/// What is done in the hope that the server forgets how the body moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    Nothing,
    TooFar,
    IntoTheGround,
    OutOfBounds,
    ClockBack,
    Overdrawn,
    Reconnect,
    MovedSchedule,
    Restart,
    OverdrawnThenStood,
    ReconnectThenStood,
}

pub const LIES: [Lie; 11] = [
    Lie::Nothing,
    Lie::TooFar,
    Lie::IntoTheGround,
    Lie::OutOfBounds,
    Lie::ClockBack,
    Lie::Overdrawn,
    Lie::Reconnect,
    Lie::MovedSchedule,
    Lie::Restart,
    Lie::OverdrawnThenStood,
    Lie::ReconnectThenStood,
];

pub struct Liar {
    pub arena: Arena,
    pub clock: u32,
    hz: u32,
    /// Where claims are tried.
    copy: Sim,
}

impl Liar {
    pub fn on(map: Map) -> Self {
        Self::at(128, map)
    }

    pub fn at(rate_hz: u32, map: Map) -> Self {
        Self::of(Arena::new(&Plan { rate_hz, ..Plan::on(map) }))
    }

    /// In an arena that nobody has joined yet.
    pub fn of(mut arena: Arena) -> Self {
        let hz = arena.parts.setup.tick_rate.hz();
        arena.begin(2);
        arena.step_by(hz / 2);
        let copy = Sim::new(&arena.parts).expect("as the arena's own");
        Self { arena, clock: 1_000, hz, copy }
    }

    pub fn claim_to(&mut self, clock: u32, at: Vec3Mm) -> Claim {
        let own = self.arena.own(0);
        Claim {
            slot: Slot(0),
            input_seq: own.input_seq + 1,
            client_tick: clock,
            pose: Pose { at, ..Pose::default() },
            bends: Default::default(),
            view_tick: Tick(0),
            pose_epoch: own.pose_epoch,
        }
    }

    /// The first claim says where the body stands.
    pub fn set_clock(&mut self) {
        let at = self.arena.at(0);
        let claim = self.claim_to(self.clock, at);
        self.send(claim);
        self.arena.step();
    }

    pub fn send(&mut self, claim: Claim) {
        self.arena.next_seq(0);
        self.arena.input.push(Command::Claim { claim });
    }

    /// Tries it on a copy of the world.
    pub fn is_legal(&mut self, clock: u32, at: Vec3Mm) -> bool {
        let claim = self.claim_to(clock, at);
        self.is_taken(claim)
    }

    pub fn is_taken(&mut self, claim: Claim) -> bool {
        let mut keyframe = Vec::new();
        self.arena.sim.write_keyframe(&mut keyframe);
        self.is_taken_after(&keyframe, claim)
    }

    fn is_taken_after(&mut self, keyframe: &[u8], claim: Claim) -> bool {
        self.copy.return_to(keyframe).expect("the keyframe is whole");
        self.copy.step(&mut vec![Command::Claim { claim }]).verdicts.is_empty()
    }

    pub fn lie(&mut self, lie: Lie) {
        let at = self.arena.at(0);
        let by = |x: i32, y: i32| Vec3Mm { x: at.x + x, y: at.y + y, ..at };
        let claim = match lie {
            Lie::Nothing => return,
            Lie::TooFar => self.claim_to(self.clock + 1, by(5_000, 0)),
            Lie::IntoTheGround => self.claim_to(self.clock + 1, by(0, -60)),
            Lie::OutOfBounds => self.claim_to(self.clock + 1, by(900_000, 0)),
            Lie::ClockBack => self.claim_to(1, at),
            Lie::OverdrawnThenStood => return self.lie_and_stand(Lie::Overdrawn),
            Lie::ReconnectThenStood => return self.lie_and_stand(Lie::Reconnect),
            Lie::Overdrawn => {
                self.clock += 5_000;
                self.claim_to(self.clock, at)
            }
            Lie::Reconnect => return self.arena.input.push(Command::Connected { slot: Slot(0) }),
            Lie::MovedSchedule => return self.arena.input.push(Command::ScheduleMoved { ticks: 1 }),
            Lie::Restart => {
                let epoch = combat_components::ids::Epoch(2);
                self.arena.input.push(Command::Resumed { epoch });
                return self.arena.input.push(Command::Connected { slot: Slot(0) });
            }
        };
        self.send(claim);
    }

    /// Whoever is told to begin anew says first that he stands, as an honest client does.
    pub fn lie_and_stand(&mut self, lie: Lie) {
        self.lie(lie);
        self.arena.step();
        self.set_clock();
    }

    /// As far towards `direction` as is accepted for `ticks` of its clock, found by halving; then so many server ticks.
    pub fn go_furthest(&mut self, direction: [f64; 2], ticks: u32) {
        self.go_furthest_over(&[], direction, ticks);
    }

    pub fn go_furthest_over(&mut self, bends: &[Vec3Mm], direction: [f64; 2], ticks: u32) {
        let (at, clock) = (self.arena.at(0), self.clock + ticks);
        let claim_of = |liar: &mut Self, mm: i32| {
            let [x, z] = direction.map(|part| libm::round(part * f64::from(mm)) as i32);
            let to = Vec3Mm { x: at.x + x, z: at.z + z, ..at };
            Claim { bends: bends.iter().copied().collect(), ..liar.claim_to(clock, to) }
        };
        let (mut low, mut high) = (-500, 2_000);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            let claim = claim_of(self, middle);
            if middle < 0 || self.is_taken(claim) {
                low = middle;
            } else {
                high = middle;
            }
        }
        let claim = claim_of(self, low);
        if self.is_taken(claim.clone()) {
            self.clock = clock;
            self.send(claim);
        }
        self.arena.step();
    }

    /// How far it may be in `ticks` of its clock, where `to` tells the point that is so many millimetres away.
    pub fn furthest(&mut self, ticks: u32, to: impl Fn(i32) -> Vec3Mm) -> Option<i32> {
        let mut keyframe = Vec::new();
        self.arena.sim.write_keyframe(&mut keyframe);
        let (most, clock) = ((6_500 * ticks / self.hz) as i32 + 10, self.clock + ticks);
        let mut is_taken = |mm: i32| {
            let claim = self.claim_to(clock, to(mm));
            self.is_taken_after(&keyframe, claim)
        };
        let step = most / 10 + 1;
        let mut low = (0..=20).map(|look| most - look * step).find(|mm| is_taken(*mm))?;
        let mut high = low + step;
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if is_taken(middle) { low = middle } else { high = middle }
        }
        Some(low)
    }

    pub fn wait(&mut self, ticks: u32) {
        self.clock += ticks;
        self.arena.step_by(ticks);
    }

    /// Claims to be there after `ticks` of its clock, and lets them pass.
    pub fn go(&mut self, to: Vec3Mm, ticks: u32) {
        self.clock += ticks;
        let claim = self.claim_to(self.clock, to);
        self.send(claim);
        self.arena.step_by(ticks);
    }
}
