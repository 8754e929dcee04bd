//! A combat client as a state machine without transport: used by bots, the load tool and tests.
//!
//! Feed [`Client::receive`] what arrives, send what the other methods write, and hand in the time: it has no
//! clock, no socket and no thread of its own, and stores nothing that grows.

pub mod client;
pub mod clock;
pub mod error;
pub mod pacer;
pub mod received;
mod receiving;
pub mod resume;
mod sending;

pub use client::{Client, Counters};
pub use error::{ClientError, Hold};
pub use received::Received;
pub use resume::{ResumePoint, resume_subprotocols, ticket_subprotocols};
pub use sending::{Sight, Step};
