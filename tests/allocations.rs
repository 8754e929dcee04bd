//! No heap allocation per steady tick, from decoded input to encoded frame: fights, deaths and respawns included.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use combat_components::event::Event;
use combat_components::ids::{Epoch, Slot};
use combat_components::limits::KEYFRAME_MS;
use combat_components::tick::Tick;
use combat_components::verdict::Verdict;
use combat_protocol::codec::{Encoding, encode_own};
use combat_protocol::frame::FrameEncoder;
use combat_protocol::server::Own;
use combat_replays::recorder::Recorder;
use combat_systems::sim::Sim;
use combat_systems::views::Eye;
use realtime_combat_service::replication::fold::{Listener, fold};
use realtime_combat_service::replication::happenings::Told;
use realtime_combat_service::replication::own::fill_own;
use realtime_combat_service::replication::players::{PlayersAudience, Standing, WelcomeTemplate};
use realtime_combat_service::replication::view::ViewBuilder;
use realtime_combat_service::session::outbox::Outbox;
use realtime_combat_service::session::people::People;
use realtime_combat_service::telemetry::{Metrics, TickMetrics};

#[path = "../benches/rehearsal/mod.rs"]
mod rehearsal;

struct Counting;

thread_local! {
    static COUNT: Cell<Option<u64>> = const { Cell::new(None) };
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.with(|count| count.set(count.get().map(|so_far| so_far + 1)));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn counted(work: impl FnOnce()) -> u64 {
    COUNT.with(|count| count.set(Some(0)));
    work();
    COUNT.with(|count| count.take()).unwrap_or_default()
}

/// What a tick's output is counted by.
struct Counters(TickMetrics);

impl Listener for Counters {
    fn event(&mut self, _: &Event, _: Option<&Told>) {}

    fn verdict(&mut self, verdict: &Verdict) {
        self.0.claims_refused.note(verdict);
    }
}

/// Joining, warming up and the first fights, after which every buffer has its size.
const WARM_UP_S: u32 = 20;

#[test]
fn a_steady_tick_allocates_nothing_from_decoded_input_to_encoded_frame() {
    let rehearsed = rehearsal::rehearse(10, 90);
    println!("{} kills, {} shots in 90 s", rehearsed.kills, rehearsed.shots);
    assert!(rehearsed.kills > 10, "the match must hold deaths and respawns");
    let mut sim = Sim::new(&rehearsed.parts).expect("the setup is sound");
    let (mut recorder, mut records) = (Recorder::new(), Vec::with_capacity(1 << 20));
    let (mut builder, mut frames, mut own) = (ViewBuilder::default(), FrameEncoder::new(), Own::default());
    let mut bytes = Vec::with_capacity(64 << 10);
    let mut inputs = rehearsed.inputs;
    let rate = rehearsal::RATE;
    let mut listener = Counters(Metrics::default().shard(0).ticks);
    let mut players: PlayersAudience<Outbox> =
        PlayersAudience::new(&rehearsed.parts.setup, WelcomeTemplate::default());
    for (tick, input) in inputs.iter_mut().enumerate() {
        let allocations = counted(|| {
            sim.step(input);
            records.clear();
            recorder.record_tick(Epoch(1), input, sim.output(), &mut records);
            fold(
                &sim,
                Epoch(1),
                &mut builder,
                &mut players,
                |of| People::default().name_of(of),
                &mut listener,
            );
            if tick % 4 == 3 {
                let (view, shots) = builder.players_frame(&mut sim, Eye::All, Epoch(1));
                frames.advance(view, shots);
                builder.spectators_have_shots();
                bytes.clear();
                frames.write_delta(Encoding::MessagePack, &mut bytes);
                frames.write_delta(Encoding::Json, &mut bytes);
            }
            for slot in 0..10 {
                let Some(body) = sim.own_view(Slot(slot)) else { continue };
                let standing = Standing { epoch: Epoch(1), epoch_began_at: Tick(0), durable_tick: Tick(0) };
                fill_own(&mut own, &body, None, 1, (sim.tick(), standing));
                bytes.clear();
                encode_own(&own, Encoding::MessagePack, &mut bytes);
            }
        });
        let is_steady = tick as u32 > WARM_UP_S * rate.hz();
        assert!(!is_steady || allocations == 0, "tick {tick} allocated {allocations} times");
    }
    assert!(inputs.len() as u32 > rate.ticks_in_ms(KEYFRAME_MS));
}
