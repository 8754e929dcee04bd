//! The simulation as a whole, through one harness.

mod arena;
mod attacks;
mod claims;
mod client;
mod crowd;
mod determinism;
mod duels;
mod duplicates;
mod maps;
mod schedule;
