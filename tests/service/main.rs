//! The whole server: real processes, real sockets, real kills.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail wherever it does not hold")]

mod auth;
mod bot_example;
mod death;
mod doors;
mod failing;
mod harness;
mod hostile;
mod idempotency;
mod journal;
mod judge;
mod link;
mod load;
mod names;
mod pages;
mod people;
mod places;
mod play;
mod replay_tool;
mod running;
mod secrets;
mod sessions;
mod spectators;
mod stall;
mod standard_output;
mod studio;
mod tool;
