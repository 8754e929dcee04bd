//! The simulation as a whole, through one harness.

mod arena;
mod attacks;
mod authors;
mod awaited;
mod bodies;
mod claims;
mod client;
mod corridors;
mod crowd;
mod determinism;
mod duels;
mod duplicates;
mod falling;
mod hashes;
mod invariants;
mod kinds;
mod landing;
mod leaving;
mod liar;
mod limits;
mod lying;
mod maps;
mod noise;
mod peeking;
mod probes;
mod ramps;
#[allow(dead_code, reason = "the tests of space use the rest")]
#[path = "../spatial/reference.rs"]
mod reference;
mod requests;
mod rulesets;
mod schedule;
mod solids;
mod spawns;
mod speed;
mod teams;
mod vertical;
mod walks;
mod warmup;
mod weapons;
