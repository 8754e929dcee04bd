//! A client on a link: it walks by the one walker, claims at 30 Hz and believes the server's displacements.

use std::collections::VecDeque;

use arrayvec::ArrayVec;
use combat_components::command::{Claim, Command};
use combat_components::event::Event;
use combat_components::ids::Slot;
use combat_components::limits::{CLAIM_HZ, SUB_POSES_MAX};
use combat_components::quantity::{Pose, Vec3Mm, Velocity};
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_systems::output::TickOutput;
use combat_systems::spatial::{Level, Trail, Walker, Wish};

use crate::arena::Arena;

/// A displacement on its way to the client.
#[derive(Clone, Copy, Debug)]
pub struct Displacement {
    pub at: Vec3Mm,
    pub velocity: Velocity,
    pub client_tick: Option<u32>,
    pub pose_epoch: u32,
    pub reason: Reason,
}

pub struct Client {
    pub slot: u8,
    pub walker: Walker,
    pub wish: Wish,
    pub client_tick: u32,
    pub seq: u32,
    pub pose_epoch: u32,
    /// One way, in ticks.
    pub delay_ticks: u32,
    /// What the next message takes longer; those after it never overtake it.
    pub jitter_ticks: u32,
    /// Arrivals are held back until this tick, then come at once, as TCP does after a loss.
    pub stalled_until: u32,
    trail: Trail,
    /// Ticks of the clock since the last claim, times 30, to claim at 30 Hz exactly.
    due: u32,
    rate_hz: u32,
    up: VecDeque<(u32, Command)>,
    down: VecDeque<(u32, Displacement)>,
    /// Displacements believed so far.
    pub believed: Vec<Displacement>,
    pub claims_sent: u32,
    claimed: VecDeque<(u32, Vec3Mm)>,
}

impl Client {
    pub fn new(arena: &mut Arena, slot: u8, delay_ticks: u32) -> Self {
        let own = arena.own(slot);
        let rate = arena.parts.setup.tick_rate;
        let mut walker = Walker::new(arena.parts.ruleset.movement, rate, own.pose.at);
        walker.place(arena.level(), own.pose.at);
        let mut client = Self {
            slot,
            walker,
            wish: Wish::default(),
            client_tick: 5_000,
            seq: own.input_seq,
            pose_epoch: own.pose_epoch,
            delay_ticks,
            jitter_ticks: 0,
            stalled_until: 0,
            trail: Trail::starting(own.pose.at),
            due: 0,
            rate_hz: rate.hz(),
            up: VecDeque::new(),
            down: VecDeque::new(),
            believed: Vec::new(),
            claims_sent: 0,
            claimed: VecDeque::new(),
        };
        // The first claim sets the clock and moves nothing, as after every displacement.
        client.claim(arena.tick());
        client
    }

    pub fn at(&self) -> Vec3Mm {
        self.walker.at()
    }

    /// One tick of the client's own clock.
    pub fn tick(&mut self, now: u32, level: &Level) {
        while self.down.front().is_some_and(|(due, _)| *due <= now) {
            let (_, displacement) = self.down.pop_front().expect("there is a front");
            self.believe(displacement, now, level);
        }
        let walked = self.walker.step(level, &self.wish);
        if !self.trail.add(level, &walked) {
            self.claim(now);
            assert!(self.trail.add(level, &walked), "one step always fits an empty trail");
        }
        self.client_tick += 1;
        self.due += CLAIM_HZ;
        if self.due >= self.rate_hz {
            self.claim(now);
        }
    }

    /// The walker was put somewhere else behind the client's back.
    pub fn restart_trail(&mut self) {
        self.trail = Trail::starting(self.walker.at());
    }

    /// Whether one of the newest claims of this pose epoch said so.
    pub fn was_claimed(&self, at: Vec3Mm) -> bool {
        self.claimed.contains(&(self.pose_epoch, at))
    }

    fn believe(&mut self, displacement: Displacement, now: u32, level: &Level) {
        self.walker.place_moving(level, displacement.at, displacement.velocity);
        self.trail = Trail::starting(displacement.at);
        self.pose_epoch = displacement.pose_epoch;
        self.believed.push(displacement);
        match displacement.client_tick {
            None => self.claim(now),
            Some(client_tick) => self.client_tick = client_tick,
        }
    }

    fn claim(&mut self, now: u32) {
        self.due = self.due.saturating_sub(self.rate_hz);
        let (at, bends) = (self.trail.at(), self.trail.bends().clone());
        self.trail.claimed();
        self.claim_that(now, at, bends);
    }

    /// Claims whatever it likes.
    pub fn claim_that(&mut self, now: u32, at: Vec3Mm, bends: ArrayVec<Vec3Mm, SUB_POSES_MAX>) {
        self.seq += 1;
        self.claims_sent += 1;
        self.claimed.push_back((self.pose_epoch, at));
        if self.claimed.len() > 64 {
            self.claimed.pop_front();
        }
        let claim = Claim {
            slot: Slot(self.slot),
            input_seq: self.seq,
            client_tick: self.client_tick,
            pose: Pose { at, ..Pose::default() },
            bends,
            view_tick: Tick(now),
            pose_epoch: self.pose_epoch,
        };
        self.send(now, Command::Claim { claim });
    }

    pub fn send(&mut self, now: u32, command: Command) {
        let after_the_last = self.up.back().map_or(0, |(due, _)| *due);
        self.up.push_back(((now + self.delay_ticks + self.jitter_ticks).max(after_the_last), command));
    }

    /// Hands over what has arrived by `now`.
    pub fn deliver(&mut self, now: u32, input: &mut Vec<Command>) {
        if now < self.stalled_until {
            return;
        }
        while self.up.front().is_some_and(|(due, _)| *due <= now) {
            input.extend(self.up.pop_front().map(|(_, command)| command));
        }
    }

    /// Puts what the server tells this client on its way.
    pub fn hear(&mut self, output: &TickOutput) {
        for event in &output.events {
            if let Event::Displaced { slot, pose, velocity, pose_epoch, client_tick, reason, .. } = event
                && slot.0 == self.slot
            {
                let displacement = Displacement {
                    at: pose.at,
                    velocity: *velocity,
                    client_tick: *client_tick,
                    pose_epoch: *pose_epoch,
                    reason: *reason,
                };
                self.down.push_back((output.tick.0 + self.delay_ticks, displacement));
            }
        }
    }
}

/// One tick of the server with its clients: theirs first, then what has arrived, then what they are told.
pub fn tick(arena: &mut Arena, clients: &mut [Client]) {
    let now = arena.tick();
    let level = arena.parts.level.clone();
    for client in clients.iter_mut() {
        client.tick(now, &level);
        client.deliver(now, &mut arena.input);
    }
    arena.step();
    clients.iter_mut().for_each(|client| client.hear(&arena.output));
}
