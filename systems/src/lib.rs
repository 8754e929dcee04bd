//! What happens in a combat session: one bevy_ecs `World` and `Schedule`, stepped tick by tick.
//!
//! The simulation is a value: the same setup and inputs give the same state hash at every tick, on any machine.
//! It knows no clock, socket, thread, file or log.

pub mod abilities;
pub mod action;
mod alone;
mod arms;
mod claimed_way;
pub mod consequences;
pub mod cooldown;
pub mod crowding;
pub mod damage;
pub mod departures;
pub mod effects;
pub mod falling;
pub mod field;
pub mod fighter;
pub mod formulas;
pub mod ground;
pub mod history;
pub mod hold;
mod holds;
pub mod inbox;
pub mod input;
mod instruments;
pub mod keyframe;
pub mod kinds;
pub mod match_flow;
pub mod membership;
pub mod modes;
pub mod movement;
pub mod output;
pub mod overflow;
pub mod phases;
pub mod roster;
pub mod sim;
pub mod snapshot;
mod solids;
pub mod spatial;
pub mod spawns;
pub mod state;
pub mod things;
pub mod tick_rules;
mod version;
pub mod views;
pub mod weapons;

pub use version::SIMULATION_VERSION;
