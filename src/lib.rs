//! The server: from sockets and REST through live sessions to the journal.

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
pub mod replication;
pub mod session;
pub mod store;
pub mod telemetry;
pub mod version;
pub mod ws;
