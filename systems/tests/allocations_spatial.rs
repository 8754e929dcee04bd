//! The questions the rules ask of a level on every tick allocate nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use combat_components::map::Map;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_systems::formulas::aim;
use combat_systems::kinds::Kinds;
use combat_systems::spatial::Level;

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

fn allocations_in(mut work: impl FnMut()) -> u64 {
    let before = ALLOCATIONS.with(Cell::get);
    work();
    ALLOCATIONS.with(Cell::get) - before
}

fn arena() -> Level {
    let rules = Kinds::SHIPPED
        .ruleset("default.toml", include_str!("../../assets/rulesets/default.toml"))
        .expect("the rules load");
    let map = Map::parse("arena.toml", include_str!("../../assets/maps/two-level-arena.toml"))
        .expect("the map loads");
    Level::build(&map, &rules.body).expect("the level builds")
}

/// Points all over the arena, some of them in solid, some in the air.
fn points() -> impl Iterator<Item = Vec3Mm> {
    let axis = |from: i32, to: i32| (from..to).step_by(1_733);
    axis(-24_900, 24_900).flat_map(move |x| {
        axis(-18_900, 18_900).flat_map(move |z| axis(-500, 6_000).map(move |y| Vec3Mm::new(x, y, z)))
    })
}

#[test]
fn the_counter_counts() {
    assert_eq!(allocations_in(|| drop(std::hint::black_box(Box::new(1)))), 1);
}

#[test]
fn no_question_asked_of_a_level_allocates() {
    let level = arena();
    let mut answers = 0;
    let count = allocations_in(|| {
        for (index, at) in points().enumerate() {
            let yaw = Yaw((index * 7_919) as u16);
            let to = Vec3Mm::new(at.x + 900, at.y - 200, at.z - 700);
            let aim = aim::direction(yaw, Pitch::default());
            answers += usize::from(level.overlaps(at));
            answers += usize::from(level.grounded(at));
            answers += usize::from(level.path_is_free(at, to));
            answers += usize::from(level.ground_below(at).is_some());
            answers += usize::from(level.ray_distance_mm(at, aim, 120_000).is_some());
            answers += usize::from(level.slide_until_blocked(at, yaw, 5_000, 350) != at);
        }
    });
    assert!(answers > 1_000, "the questions were asked in earnest: {answers}");
    assert_eq!(count, 0);
}
