//! From views to frames: what each audience is shown by its eye through its gate, and each player's own part.
//!
//! Knows nothing of sessions, logs, runtimes, metrics, or how a socket is written.

pub mod backlog;
pub mod connection;
mod encoded;
pub mod fold;
pub mod gate;
pub mod happenings;
mod lane;
pub mod own;
mod pace;
mod player_socket;
pub mod players;
#[cfg(test)]
mod tests;
pub mod view;
pub mod watchers;
