//! A steady tick allocates nothing, from the decoded commands to the output: counted in a binary of its own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use combat_components::command::TickInput;
use combat_components::event::Event;
use combat_components::ids::{Slot, Team};
use combat_systems::sim::Sim;
use combat_systems::views::{Eye, PublicBody};

#[allow(dead_code, reason = "each test binary uses a part of the harness")]
#[path = "sim/arena.rs"]
mod arena;
#[allow(dead_code, reason = "each test binary uses a part of the harness")]
#[path = "sim/crowd.rs"]
mod crowd;
#[allow(dead_code, reason = "each test binary uses a part of the harness")]
#[path = "sim/maps.rs"]
mod maps;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations_in(work: impl FnOnce()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

/// What has to happen while allocations are counted, or the count means nothing.
#[derive(Debug, Default)]
struct Happened {
    shots: u32,
    deaths: u32,
    respawns: u32,
    reloads: u32,
    dashes: u32,
    claims: u32,
    corrections: u32,
}

impl Happened {
    fn note(&mut self, event: &Event) {
        use combat_components::reason::Reason;
        match event {
            Event::Shot { .. } => self.shots += 1,
            Event::Died { .. } => self.deaths += 1,
            Event::Displaced { reason: Reason::Spawned, .. } => self.respawns += 1,
            Event::Displaced { reason: Reason::Displaced, .. } => self.dashes += 1,
            Event::Displaced { .. } => {
                println!("{event:?}");
                self.corrections += 1
            }
            Event::Reloaded { .. } => self.reloads += 1,
            _ => {}
        }
    }
}

/// One tick as the host of a session runs it: the step, then what every audience is made from.
fn tick(sim: &mut Sim, input: &mut TickInput, view: &mut Vec<PublicBody>, players: u8) {
    sim.step(input);
    sim.view(Eye::All, view);
    for slot in 0..players {
        assert!(sim.own_view(Slot(slot)).is_some());
    }
}

fn assert_nothing_is_allocated(map: combat_components::map::Map, players: u8, ticks: u32) {
    let mut plan = arena::Plan::on(map).seeded(3);
    plan.ruleset.matches.respawn_ms = 300;
    plan.ruleset.weapons[0].own.set("damage_points", 40);
    plan.ruleset.weapons[0].magazine_rounds = 3;
    plan.ruleset.weapons[0].reload_ms = 100;
    let mut sim = Sim::new(&plan.parts()).expect("the plan is valid");
    let mut crowd = crowd::Crowd::new(players, 3);
    let mut input: TickInput = (0..players).map(|slot| arena::join(slot, Team::NONE)).collect();
    let mut view = Vec::with_capacity(64);
    tick(&mut sim, &mut input, &mut view, players);
    input.clear();
    let mut happened = Happened::default();
    for _ in 0..64 {
        input.clear();
        crowd.think(&mut sim, &mut input);
        tick(&mut sim, &mut input, &mut view, players);
    }
    for _ in 0..ticks {
        input.clear();
        crowd.think(&mut sim, &mut input);
        happened.claims += input.len() as u32;
        let count = allocations_in(|| tick(&mut sim, &mut input, &mut view, players));
        assert_eq!(count, 0, "tick {:?} allocated {count} times", sim.tick());
        sim.output().events.iter().for_each(|event| happened.note(event));
    }
    let Happened { shots, deaths, respawns, reloads, dashes, claims, corrections } = happened;
    assert!(
        shots > 500 && deaths > 50 && respawns > 50 && reloads > 20 && dashes > 20 && claims > 4_000,
        "all of it happened: {happened:?}"
    );
    println!("{players} players, {ticks} ticks: {happened:?}, {corrections} corrections");
}

#[test]
fn ten_who_move_fire_die_respawn_reload_and_dash_allocate_nothing() {
    assert_nothing_is_allocated(maps::field(4_000), 10, 5_000);
}

#[test]
fn sixty_four_among_blocks_allocate_nothing_corrections_included() {
    assert_nothing_is_allocated(maps::blocks(), 64, 1_000);
}
