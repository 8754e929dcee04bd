//! The simulation as a whole, through one harness.

mod arena;
mod attacks;
mod crowd;
mod determinism;
mod duels;
mod duplicates;
mod maps;
mod schedule;
