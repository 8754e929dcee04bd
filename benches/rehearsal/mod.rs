//! A match of bots without clock, socket or disk: what benches and the allocation test measure, and tests of bots play.

#![allow(dead_code, reason = "benches and tests use different parts of a rehearsal")]

mod player;

use std::sync::Arc;

use combat_components::command::{Command, TickInput};
use combat_components::event::Event;
use combat_components::ids::{Epoch, SessionId, Slot};
use combat_components::phase::EndReason;
use combat_components::setup::{Seed, SessionSetup, SimLimits};
use combat_components::tick::{Tick, TickRate};
use combat_protocol::draft::DRAFT;
use combat_protocol::server::Welcome;
use combat_replays::header::Header;
use combat_replays::log::Log;
use combat_replays::promises::is_anchor_due;
use combat_replays::recorder::Recorder;
use combat_systems::SIMULATION_VERSION;
use combat_systems::kinds::Kinds;
use combat_systems::sim::{Sim, SimParts};
use realtime_combat_service::bots::brain::Field;
use realtime_combat_service::bots::messages::Messages;
use realtime_combat_service::replication::fold::fold;
use realtime_combat_service::replication::players::{PlayersAudience, Standing, WelcomeTemplate};
use realtime_combat_service::replication::view::ViewBuilder;
use realtime_combat_service::session::catalogue::Catalogue;
use realtime_combat_service::session::outbox::{Outbox, Outgoing};
use realtime_combat_service::session::people::People;

pub use self::player::{Player, is_awake};

pub const RATE: TickRate = TickRate::DEFAULT;
const SEED: u64 = 7;
const CREATED_UNIX_MS: u64 = 1_760_000_000_000;
pub const STANDING: Standing = Standing { epoch: Epoch(1), epoch_began_at: Tick(0), durable_tick: Tick(0) };

/// What a rehearsed match leaves: its inputs tick by tick, and its log.
pub struct Rehearsed {
    pub parts: SimParts,
    pub inputs: Vec<TickInput>,
    /// Complete: keyframes, anchors and an end included.
    pub log: Log,
    /// Bytes of records that are no keyframes.
    pub tick_bytes: usize,
    pub kills: usize,
    pub shots: usize,
    /// Bytes of public deltas and of own parts that one player was sent.
    pub public_bytes: usize,
    pub own_bytes: usize,
    pub frames: usize,
    /// What the players said, each message with the slot it speaks for.
    pub said: Vec<(Slot, Vec<u8>)>,
    /// What one player heard, each message with the milliseconds since the start.
    pub heard: Vec<(u64, Vec<u8>)>,
}

/// What a rehearsal is made of: what ships.
pub struct Stage {
    pub parts: SimParts,
    pub map_text: Arc<str>,
    pub ruleset_text: Arc<str>,
}

impl Stage {
    /// A match of so many places and without an end worth naming.
    pub fn of(map_id: &str, mode: &str, players: u8, seed: u64) -> Self {
        let catalogue = Catalogue::load(Kinds::SHIPPED, None, None).expect("the shipped assets are sound");
        let map = catalogue.map(map_id).expect("the map ships");
        let ruleset = catalogue.ruleset("default").expect("the ruleset ships");
        let setup = SessionSetup {
            session: SessionId([1; 16]),
            tick_rate: RATE,
            seed: Seed(seed),
            mode: mode.to_owned(),
            max_players: players,
            friendly_fire: false,
            time_limit: Tick(3_600 * RATE.hz()),
            score_limit: 0,
            map_hash: map.hash,
            ruleset_hash: ruleset.hash,
            limits: SimLimits::at(RATE),
        };
        let parts = catalogue.parts(map, ruleset, setup);
        Self { parts, map_text: map.text.clone(), ruleset_text: ruleset.text.clone() }
    }
}

/// Plays `seconds` with so many bots.
pub fn rehearse(bots: u8, seconds: u32) -> Rehearsed {
    let Stage { parts, map_text, ruleset_text } = Stage::of("arena", "deathmatch", bots, SEED);
    let field = Field::of(&parts);
    let template = WelcomeTemplate(Welcome {
        tick_rate_hz: RATE.hz(),
        frame_hz: 32,
        protocol_draft: DRAFT,
        ..Welcome::default()
    });
    let mut audience = PlayersAudience::new(&parts.setup, template);
    let mut sim = Sim::new(&parts).expect("the setup is sound");
    let (mut builder, mut recorder, mut records) = (ViewBuilder::default(), Recorder::new(), Vec::new());
    let (mut input, mut inputs, mut said) = (TickInput::new(), Vec::new(), Vec::new());
    let mut players: Vec<Player> =
        (0..bots).map(|number| Player::join(number, &parts, &mut audience, &mut input)).collect();
    let mut messages = Messages::default();
    let mut keyframe_bytes = 0;
    let (mut kills, mut shots) = (0, 0);
    let mut sent = Sent::default();
    for tick in 0..seconds * RATE.hz() {
        for (at, player) in players.iter_mut().enumerate() {
            if is_awake(at, tick) {
                player.wake(&field, millis(tick), &mut messages, &mut input);
                said.extend(messages.iter().map(|bytes| (player.slot, bytes.to_vec())));
            }
        }
        audience.log_link_facts(&mut input);
        keyframe_bytes += record_keyframe_if_due(&mut sim, &mut recorder, &mut records);
        record_tick(&mut sim, &mut recorder, &mut input, &mut records);
        inputs.push(std::mem::take(&mut input));
        let events = &sim.output().events;
        kills += events.iter().filter(|event| matches!(event, Event::Died { .. })).count();
        shots += events.iter().filter(|event| matches!(event, Event::Shot { .. })).count();
        show(&mut sim, &mut builder, &mut audience);
        for (at, player) in players.iter_mut().enumerate() {
            let now_ms = millis(sim.tick().0);
            player.hear(now_ms, |outgoing| {
                if at == 0 {
                    sent.note(outgoing, now_ms);
                }
            });
        }
    }
    let tick_bytes = records.len() - keyframe_bytes;
    record_keyframe_if_due(&mut sim, &mut recorder, &mut records);
    input.push(Command::End { reason: EndReason::Requested, request: None });
    record_tick(&mut sim, &mut recorder, &mut input, &mut records);
    let [map, ruleset] = [map_text, ruleset_text].map(|text| text.as_bytes().to_vec());
    let log = Log { header: header(&parts), map, ruleset, records, lost: None };
    let Sent { public_bytes, own_bytes, frames, heard } = sent;
    Rehearsed { parts, inputs, log, tick_bytes, kills, shots, public_bytes, own_bytes, frames, said, heard }
}

/// Answers with the bytes that it took.
fn record_keyframe_if_due(sim: &mut Sim, recorder: &mut Recorder, records: &mut Vec<u8>) -> usize {
    let (tick, before) = (sim.tick(), records.len());
    if tick.0.is_multiple_of(sim.rules().setup.limits.keyframe_ticks) {
        let mut keyframe = Vec::new();
        sim.write_keyframe(&mut keyframe);
        recorder.record_keyframe(Epoch(1), tick, &keyframe, records);
    }
    records.len() - before
}

/// As a host: an anchor goes with every tick that it is due after.
fn record_tick(sim: &mut Sim, recorder: &mut Recorder, input: &mut TickInput, records: &mut Vec<u8>) {
    sim.step(input);
    recorder.record_tick(Epoch(1), input, sim.output(), records);
    let tick = sim.tick();
    if is_anchor_due(tick, Tick(1), RATE) {
        recorder.record_anchor(tick, CREATED_UNIX_MS * 1_000 + millis(tick.0) * 1_000, records);
    }
}

#[derive(Default)]
struct Sent {
    public_bytes: usize,
    own_bytes: usize,
    frames: usize,
    heard: Vec<(u64, Vec<u8>)>,
}

impl Sent {
    fn note(&mut self, outgoing: &Outgoing, now_ms: u64) {
        let (public, own) = match outgoing {
            Outgoing::Reliable(bytes) => (Some(bytes), None),
            Outgoing::Frame { public, own } => {
                self.frames += usize::from(public.is_some());
                self.public_bytes += public.as_ref().map_or(0, |bytes| bytes.len());
                self.own_bytes += own.as_ref().map_or(0, |bytes| bytes.len());
                (public.as_ref(), own.as_ref())
            }
        };
        self.heard.extend(public.into_iter().chain(own).map(|bytes| (now_ms, bytes.to_vec())));
    }
}

pub fn millis(tick: u32) -> u64 {
    u64::from(tick) * 1_000 / u64::from(RATE.hz())
}

fn header(parts: &SimParts) -> Header {
    Header {
        simulation_version: SIMULATION_VERSION,
        setup: parts.setup.clone(),
        name: "rehearsal".to_owned(),
        kind: "training".to_owned(),
        map_id: "arena".to_owned(),
        ruleset_name: "default".to_owned(),
        ruleset_version: 1,
        build: "bench".to_owned(),
        created_unix_ms: CREATED_UNIX_MS,
        service: String::new(),
    }
}

fn show(sim: &mut Sim, builder: &mut ViewBuilder, audience: &mut PlayersAudience<Outbox>) {
    let people = People::default();
    fold(sim, STANDING.epoch, builder, audience, |identity| people.name_of(identity), &mut ());
    let frame_due = sim.tick().0.is_multiple_of(audience.frame_ticks());
    audience.after_step(sim, builder, frame_due, STANDING);
    if frame_due {
        builder.spectators_have_shots();
    }
}
