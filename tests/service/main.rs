//! The whole server: real processes, real sockets, real kills.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail wherever it does not hold")]

mod death;
mod harness;
mod judge;
mod smoke;
