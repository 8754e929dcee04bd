//! The wire as a whole: golden vectors, round trips, hostile bytes, frames and the page that describes them.

#![allow(clippy::unwrap_used, reason = "a test may fail wherever it does not hold")]
#![allow(clippy::too_many_lines, reason = "tables of cases are long")]

mod docs;
mod events;
mod frames;
mod golden;
mod hostile;
mod names;
mod round_trips;
mod samples;
mod strategies;
mod tables;
