//! The log of a session: format, recorder, player, verifier and first-divergence finder.
//!
//! `docs/replay-format.md` describes every byte. No file is opened here and no clock read: bytes in, answers out.

pub mod audit;
mod checker;
pub mod digest;
pub mod divergence;
pub mod file;
pub mod header;
pub mod log;
pub mod names;
pub mod overflow;
pub mod player;
pub mod promises;
pub mod reader;
pub mod record;
pub mod recorder;
pub mod verifier;
