//! The server: from sockets and REST through live sessions to the journal.

// What benches and tests share names the library as they do.
#[cfg(test)]
extern crate self as realtime_combat_service;

pub mod app;
pub mod auth;
pub mod bots;
pub mod cli;
pub mod config;
#[cfg(test)]
mod docs;
pub mod events;
pub mod gallery;
pub mod http;
pub mod journal;
pub mod journal_log;
pub mod load;
pub mod names;
#[cfg(test)]
#[path = "../benches/rehearsal/mod.rs"]
mod rehearsal;
pub mod replication;
pub mod session;
pub mod store;
pub mod telemetry;
pub mod version;
pub mod ws;
