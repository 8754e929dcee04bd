//! The same short match on every run, for `cargo xtask bench-check`, which counts the instructions of its parts.
//!
//! A part is a function that stays one (`inline(never)`), whose name begins with `measured_`; hashing is `hash_state` of
//! `systems/src/snapshot.rs`, inside the tick. Nothing here reads a clock.

use std::hint::black_box;

use combat_client::Client;
use combat_components::command::TickInput;
use combat_components::ids::{Epoch, Slot};
use combat_components::tick::Tick;
use combat_protocol::codec::{Encoding, decode_client, encode_own};
use combat_protocol::frame::FrameEncoder;
use combat_protocol::server::Own;
use combat_systems::sim::Sim;
use combat_systems::views::Eye;
use realtime_combat_service::replication::own::fill_own;
use realtime_combat_service::replication::players::Standing;
use realtime_combat_service::replication::view::ViewBuilder;
use realtime_combat_service::session::convert::meaning;
use realtime_combat_service::session::people::People;

mod rehearsal;

const PLAYERS: u8 = 10;
/// Past the warm-up and well into the fight, and a minute under callgrind.
const MATCH_S: u32 = 20;
const FRAME_TICKS: u32 = 4;
const STANDING: Standing = Standing { epoch: Epoch(1), epoch_began_at: Tick(0), durable_tick: Tick(0) };

fn main() {
    let mut rehearsed = rehearsal::rehearse(PLAYERS, MATCH_S);
    assert!(
        rehearsed.shots > 50,
        "a match in which nobody fights measures nothing: {} shots",
        rehearsed.shots
    );
    let mut sim = Sim::new(&rehearsed.parts).expect("the setup is sound");
    let mut frames = Frames::default();
    for input in &mut rehearsed.inputs {
        measured_step(&mut sim, input);
        frames.note(&sim);
        if sim.tick().0.is_multiple_of(FRAME_TICKS) {
            measured_encode(&mut sim, &mut frames);
        }
    }
    let mut client = Client::new(Encoding::MessagePack);
    for (now_ms, bytes) in &rehearsed.heard {
        measured_read_frame(&mut client, bytes, *now_ms);
    }
    for (slot, bytes) in &rehearsed.said {
        measured_read_claim(bytes, *slot);
    }
    println!(
        "{} ticks, {} messages heard, {} said",
        rehearsed.inputs.len(),
        rehearsed.heard.len(),
        rehearsed.said.len()
    );
}

#[inline(never)]
fn measured_step(sim: &mut Sim, input: &mut TickInput) {
    black_box(sim.step(input));
}

/// What frames are made with and into, used again and again.
struct Frames {
    builder: ViewBuilder,
    encoder: FrameEncoder,
    own: Own,
    bytes: Vec<u8>,
}

impl Default for Frames {
    fn default() -> Self {
        let (builder, encoder, own) = (ViewBuilder::default(), FrameEncoder::new(), Own::default());
        Self { builder, encoder, own, bytes: Vec::with_capacity(64 << 10) }
    }
}

impl Frames {
    fn note(&mut self, sim: &Sim) {
        sim.output().events.iter().for_each(|event| self.builder.note_event(event));
        if sim.tick() == Tick(1) {
            self.builder.rebuild_roster(sim, |identity| People::default().name_of(identity));
        }
    }
}

/// The view, the public delta and every player's own part.
#[inline(never)]
fn measured_encode(sim: &mut Sim, frames: &mut Frames) {
    let Frames { builder, encoder, own, bytes } = frames;
    let (view, shots) = builder.players_frame(sim, Eye::All, STANDING.epoch);
    encoder.advance(view, shots);
    bytes.clear();
    encoder.write_delta(Encoding::MessagePack, bytes);
    for slot in (0..PLAYERS).map(Slot) {
        let Some(body) = sim.own_view(slot) else { continue };
        fill_own(own, &body, None, 1, (sim.tick(), STANDING));
        encode_own(own, Encoding::MessagePack, bytes);
    }
    black_box(&bytes);
    builder.spectators_have_shots();
}

/// What a client does with a message of the server.
#[inline(never)]
fn measured_read_frame(client: &mut Client, bytes: &[u8], now_ms: u64) {
    black_box(client.receive(bytes, now_ms).expect("the server says what fits"));
}

/// What the server does with a message of a client, up to the command that it means.
#[inline(never)]
fn measured_read_claim(bytes: &[u8], slot: Slot) {
    let message = decode_client(bytes, Encoding::MessagePack).expect("a message of the protocol");
    black_box(meaning(&message, slot).expect("a message that means something"));
}
