//! Real servers, real sockets, real clients, and bounded waits on conditions.

pub mod player;
pub mod proxy;
pub mod record;
pub mod rest;
pub mod server;
pub mod socket;
pub mod tokens;
pub mod wait;
pub mod walk;
pub mod watcher;
