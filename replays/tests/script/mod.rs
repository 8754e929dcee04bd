//! Scripted sessions: a stage that records what it plays, and bots that make legal claims.

#![allow(dead_code, reason = "every test binary uses a part of it")]

pub mod bot;
pub mod fast_falls;
pub mod forge;
pub mod hiker;
pub mod in_the_air;
pub mod in_the_way;
pub mod scenarios;
pub mod scene;

use combat_components::command::{Command, LeaveCause, TickInput};
use combat_components::event::Event;
use combat_components::ids::{Epoch, Pseudonym, Slot, Team};
use combat_components::origin::{Request, RequestKey};
use combat_components::phase::{EndReason, Phase};
use combat_components::quantity::Velocity;
use combat_components::setup::ContentHash;
use combat_components::tick::Tick;
use combat_components::verdict::Verdict;
use combat_replays::header::Header;
use combat_replays::log::Log;
use combat_replays::promises::is_anchor_due;
use combat_replays::recorder::Recorder;
use combat_systems::sim::{Sim, SimParts};

use self::bot::Bot;
use self::scene::Scene;

/// A golden log is looked at by people, kept for ever and simulated by every test run.
pub const LOG_BYTES_MAX: usize = 100 << 10;

/// What the ledger binds of a log: SHA-256 over the root of every tick in order, little-endian.
pub fn hash_of_roots(roots: &[u64]) -> String {
    let bytes: Vec<u8> = roots.iter().flat_map(|root| root.to_le_bytes()).collect();
    ContentHash::of(&bytes).to_hex()
}

/// One session as the server would host it: simulated, recorded, with keyframes and anchors.
pub struct Stage {
    pub sim: Sim,
    pub parts: SimParts,
    pub scene: Scene,
    pub events: Vec<(Tick, Event)>,
    pub verdicts: Vec<(Tick, Verdict)>,
    pub roots: Vec<u64>,
    pub records: Vec<u8>,
    recorder: Recorder,
    epoch: Epoch,
    /// Requests of this epoch.
    requests: u32,
    first_tick: Tick,
    keyframe_at: Tick,
    input: TickInput,
    state: Vec<u8>,
    perturb: Option<u64>,
}

impl Stage {
    pub fn new(scene: Scene) -> Self {
        let parts = scene.parts();
        let mut stage = Self {
            sim: Sim::new(&parts).expect("the scene names a mode and abilities that exist"),
            parts,
            scene,
            events: Vec::new(),
            verdicts: Vec::new(),
            roots: Vec::new(),
            records: Vec::new(),
            recorder: Recorder::new(),
            epoch: Epoch(1),
            requests: 0,
            first_tick: Tick(1),
            keyframe_at: Tick(0),
            input: TickInput::new(),
            state: Vec::new(),
            perturb: None,
        };
        stage.record_keyframe();
        stage
    }

    pub fn tick(&self) -> Tick {
        self.sim.tick()
    }

    /// How fast the body in `slot` was last told to go on, and by which clock of its client.
    pub fn displacement_of(&self, slot: Slot) -> Option<(Velocity, Option<u32>)> {
        self.events.iter().rev().find_map(|(_, event)| match event {
            Event::Displaced { slot: of, velocity, client_tick, .. } if *of == slot => {
                Some((*velocity, *client_tick))
            }
            _ => None,
        })
    }

    pub fn push(&mut self, command: Command) {
        self.input.push(command);
    }

    /// The command pushed last, to be changed.
    pub fn last_command(&mut self) -> Option<&mut Command> {
        self.input.last_mut()
    }

    /// As a host: once the match has ended, nothing is simulated any more.
    pub fn step(&mut self) {
        if self.has_ended() {
            return;
        }
        self.sim.step(&mut self.input);
        if let Some(choice) = self.perturb.take() {
            self.sim.perturb(choice);
        }
        let output = self.sim.output();
        self.recorder.record_tick(self.epoch, &self.input, output, &mut self.records);
        let tick = output.tick;
        self.events.extend(output.events.iter().map(|event| (tick, *event)));
        self.verdicts.extend(output.verdicts.iter().map(|verdict| (tick, *verdict)));
        self.roots.push(output.root);
        self.input.clear();
        if is_anchor_due(tick, self.first_tick, self.parts.setup.tick_rate) {
            let unix_us =
                1_760_000_000_000_000 + u64::from(tick.0) * 1_000_000 / u64::from(self.scene.rate_hz);
            self.recorder.record_anchor(tick, unix_us, &mut self.records);
        }
        if tick.since(self.keyframe_at) >= self.scene.keyframe_ticks && !self.has_ended() {
            self.record_keyframe();
        }
    }

    pub fn has_ended(&self) -> bool {
        self.sim.match_state().phase == Phase::Ended
    }

    /// Ends the match as `DELETE` does, where nothing has ended it yet: only then is its log complete.
    pub fn end(&mut self) {
        if !self.has_ended() {
            let request = self.asked(true);
            self.push(Command::End { reason: EndReason::Requested, request });
            self.step();
        }
    }

    /// [`Self::end`], for scripts that are one expression.
    pub fn ended(mut self) -> Self {
        self.end();
        self
    }

    pub fn steps(&mut self, ticks: u32) {
        (0..ticks).for_each(|_| self.step());
    }

    fn record_keyframe(&mut self) {
        self.state.clear();
        self.sim.write_keyframe(&mut self.state);
        self.recorder.record_keyframe(self.epoch, self.sim.tick(), &self.state, &mut self.records);
        self.keyframe_at = self.sim.tick();
    }

    /// The server is killed and takes the session up again from its newest state.
    pub fn restart(&mut self) {
        self.state.clear();
        self.sim.write_keyframe(&mut self.state);
        self.sim = Sim::restore(&self.parts, &self.state).expect("a keyframe restores");
        self.epoch = Epoch(self.epoch.0 + 1);
        self.requests = 0;
        self.recorder = Recorder::new();
        self.first_tick = self.sim.tick().plus(1);
        self.record_keyframe();
        self.push(Command::Resumed { epoch: self.epoch });
    }

    /// The next request, with a key or without.
    pub fn asked(&mut self, with_key: bool) -> Option<Request> {
        self.requests += 1;
        let number = self.requests;
        let key = RequestKey { digest: [u64::from(number), 0x5EED], fingerprint: 0xF1 };
        Some(Request { number, key: with_key.then_some(key) })
    }

    pub fn join(&mut self, slot: u8, team: Team) {
        let pseudonym = Pseudonym(1_000 + u64::from(slot));
        let request = self.asked(false);
        self.push(Command::Join { slot: Slot(slot), pseudonym, team, bot: false, request });
        self.push(Command::Connected { slot: Slot(slot) });
        self.push(Command::LinkSampled { slot: Slot(slot), rtt_ms: 20 + u16::from(slot) });
    }

    pub fn leave(&mut self, slot: u8, cause: LeaveCause) {
        // The service itself lets those go whose window has expired.
        let request = if cause == LeaveCause::WindowExpired { None } else { self.asked(false) };
        self.push(Command::Leave { slot: Slot(slot), cause, request });
    }

    /// The recording simulation differs from this build's after its next tick.
    pub fn perturb_next_tick(&mut self, choice: u64) {
        self.perturb = Some(choice);
    }

    /// A tick in which the server's simulation panicked.
    pub fn fail(&mut self) {
        let tick = self.sim.tick().plus(1);
        self.recorder.record_failed_tick(self.epoch, tick, &self.input, &mut self.records);
    }

    pub fn log(&self) -> Log {
        Log {
            header: Header {
                simulation_version: combat_systems::SIMULATION_VERSION,
                setup: self.parts.setup.clone(),
                name: self.scene.name.to_owned(),
                kind: "training".to_owned(),
                map_id: self.parts.map.id.clone(),
                ruleset_name: self.parts.ruleset.name.clone(),
                ruleset_version: self.parts.ruleset.version,
                build: "scripted".to_owned(),
                created_unix_ms: 1_760_000_000_000,
                service: String::new(),
            },
            map: self.scene.map.as_bytes().to_vec(),
            ruleset: self.scene.ruleset.as_bytes().to_vec(),
            records: self.records.clone(),
            lost: None,
        }
    }

    pub fn last_root(&self) -> u64 {
        self.roots.last().copied().unwrap_or_default()
    }
}

/// Bots against each other, from joining on.
pub fn fight(scene: Scene, players: u8, ticks: u32) -> Stage {
    let mut stage = Stage::new(scene);
    let mut bots: Vec<Bot> = (0..players).map(Bot::new).collect();
    bots.iter().for_each(|bot| stage.join(bot.slot.0, Team::NONE));
    stage.step();
    play(&mut stage, &mut bots, ticks);
    stage
}

/// Plays on with these bots.
pub fn play(stage: &mut Stage, bots: &mut [Bot], ticks: u32) {
    for _ in 0..ticks {
        bots.iter_mut().for_each(|bot| bot.act(stage));
        stage.step();
    }
}
