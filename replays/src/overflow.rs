//! Of the crates that a log is played by, those whose arithmetic goes on with a wrong number when it overflows.

use std::hint::black_box;

use combat_systems::overflow;

/// Asked once, where a program begins: no log is kept or verified by a build that has such a crate.
pub fn unchecked_crates() -> Vec<&'static str> {
    let own = overflow::goes_on(|| black_box(u32::MAX) + black_box(1)).then_some("combat-replays");
    overflow::unchecked_crates().chain(own).collect()
}
