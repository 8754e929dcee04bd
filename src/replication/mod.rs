//! From views to frames: the public delta, each player's own part, and what spectators see later.
//!
//! Knows nothing of HTTP, storage or how a socket is written.

mod encoded;
pub mod happenings;
pub mod own;
mod pace;
mod player_socket;
pub mod players;
pub mod relay;
pub mod view;
