//! The life of one socket: welcomed, read, written, closed politely. Hides the WebSocket library.
//!
//! Knows nothing of storage.

mod faults;
mod flow;
mod round_trip;
mod socket;

pub use flow::serve;
pub use socket::accept_key;
