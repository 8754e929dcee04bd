//! Whether arithmetic that overflows panics instead of going on with a wrong number: the profile of a build's root manifest
//! decides it for each crate, and nothing tells a crate which one it was built with, so an overflow is tried.

use std::hint::black_box;
use std::panic::{UnwindSafe, catch_unwind};

use combat_components::quantity::Vec3Mm;

/// Of this crate and those it stands on, each that goes on with a wrong number. The panic hook hears of the others.
pub fn unchecked_crates() -> impl Iterator<Item = &'static str> {
    let own = goes_on(|| black_box(u32::MAX) + black_box(1)).then_some("combat-systems");
    let [west, east] = [i32::MIN, i32::MAX].map(|x| black_box(Vec3Mm { x, ..Vec3Mm::default() }));
    let below = goes_on(move || west.horizontal_distance_squared(east)).then_some("combat-components");
    below.into_iter().chain(own)
}

/// Whether arithmetic that cannot give its number gives one.
pub fn goes_on<T>(overflow: impl FnOnce() -> T + UnwindSafe) -> bool {
    catch_unwind(|| drop(black_box(overflow()))).is_ok()
}
