//! The whole server: real processes, real sockets, real kills.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail wherever it does not hold")]

mod death;
mod auth;
mod harness;
mod places;
mod sessions;
mod judge;
mod smoke;
