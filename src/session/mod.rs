//! Live sessions: registry, handles, shard threads and the host of each simulation.
//!
//! Knows nothing of HTTP and SQL.

pub mod ask;
pub mod catalogue;
pub mod convert;
mod create;
pub mod entry;
pub mod erasures;
pub mod finish;
pub mod handle;
mod host;
pub mod inbox;
mod known;
pub mod live;
pub mod outbox;
pub mod pacer;
pub mod people;
pub mod registry;
pub mod resume;
pub mod schedule;
pub mod shard;
pub mod shelf;
pub mod stored;
pub mod summary;
#[cfg(test)]
mod tests;
