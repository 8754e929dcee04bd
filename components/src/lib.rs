//! What exists in a combat session: components, quantities, ids, limits, commands, events and rules as typed data.
//!
//! Nothing here behaves. No clock, no OS randomness, no hash maps, no I/O.

pub mod ability;
pub mod body;
pub mod canon;
pub mod cause;
pub mod claims;
pub mod command;
pub mod departed;
pub mod digest;
pub mod effects;
pub mod event;
pub mod event_table;
pub mod fixed;
pub mod history;
pub mod identity;
pub mod ids;
pub mod limits;
pub mod link;
pub mod map;
pub mod mode_state;
pub mod origin;
pub mod phase;
pub mod places;
pub mod quantity;
pub mod reason;
pub mod rules;
pub mod score;
pub mod setup;
pub mod streams;
pub mod things;
pub mod tick;
pub mod tick_bounds;
pub mod toml_error;
mod toml_reader;
pub mod verdict;
pub mod vitals;
pub mod weapon;
