//! Recording and re-simulating a steady tick allocates nothing.

mod script;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use combat_components::ids::Epoch;
use combat_components::tick::Tick;
use combat_replays::player::{Played, Player};
use combat_replays::reader::Reader;
use combat_replays::record::Record;
use combat_replays::recorder::Recorder;
use combat_systems::kinds::Kinds;
use combat_systems::sim::Sim;

use script::fight;
use script::scene::Scene;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's layout is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from the system's allocator with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

#[test]
fn recording_a_tick_allocates_nothing() {
    let stage = fight(Scene::deathmatch("recorded"), 10, 640);
    let mut sim = Sim::new(&stage.parts).unwrap();
    let mut recorder = Recorder::new();
    let mut out = Vec::with_capacity(1 << 20);
    let mut input = Vec::with_capacity(64);
    for record in Reader::new(&stage.records) {
        let Ok(Record::Tick(record)) = record else {
            continue;
        };
        record.commands.read_into(&mut input).unwrap();
        let output = sim.step(&mut input);
        let before = allocations();
        recorder.record_tick(Epoch(1), &input, output, &mut out);
        recorder.record_anchor(output.tick, 1, &mut out);
        assert_eq!(allocations() - before, 0, "tick {}", record.tick.0);
    }
}

/// Joining, warming up, the first death and the first respawn, after which every buffer has its size.
const WARM_UP: Tick = Tick(384);

#[test]
fn playing_a_steady_tick_again_allocates_nothing() {
    let log = fight(Scene::deathmatch("played"), 10, 1_600).log();
    let mut player = Player::from_start(log.parts(&Kinds::SHIPPED).unwrap(), &log.records).unwrap();
    player.play_to(WARM_UP).unwrap();
    let mut compared = 0;
    loop {
        let before = allocations();
        let Some(played) = player.advance().unwrap() else {
            break;
        };
        if let Played::Ticked(record) = played {
            assert_eq!(allocations() - before, 0, "tick {}", record.tick.0);
            compared += 1;
        }
    }
    assert!(compared > 1_000);
}
