//! The version of what the simulation does: a file of its own, so that `make bless` rewrites nothing else.

/// Raised with every change that moves a state hash; see `replays/corpus/VERSIONS`.
pub const SIMULATION_VERSION: u32 = 8;
