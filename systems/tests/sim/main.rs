//! The simulation as a whole, through one harness.

mod arena;
mod attacks;
mod bodies;
mod claims;
mod client;
mod crowd;
mod determinism;
mod duels;
mod duplicates;
mod maps;
mod noise;
#[allow(dead_code, reason = "the tests of space use the rest")]
#[path = "../spatial/reference.rs"]
mod reference;
mod schedule;
mod spawns;
mod speed;
mod vertical;
mod walks;
