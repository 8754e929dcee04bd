//! Why bytes were not taken, and why there is nothing to send.

use combat_components::limits::SUB_POSES_MAX;
use combat_protocol::client_view::ViewError;
use combat_protocol::codec::DecodeError;
use combat_protocol::draft::DRAFT;
use thiserror::Error;

/// Why bytes from the server could not be taken.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ClientError {
    #[error("not a message of the server: {0}")]
    Decode(#[from] DecodeError),
    #[error("a frame that does not fit: {0}")]
    View(#[from] ViewError),
    #[error("a message before the welcome, expected the welcome first")]
    BeforeWelcome,
    #[error("the server speaks draft {found} of the protocol, expected draft {DRAFT}")]
    OtherDraft { found: u32 },
}

/// Why there is nothing to send now.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Hold {
    #[error("not welcomed yet")]
    NotWelcomed,
    #[error("a spectator has no body")]
    Spectator,
    #[error("where the body stands is not known yet")]
    NotPlaced,
    #[error("the body is dead")]
    Dead,
    #[error("the match does not take claims now")]
    Frozen,
    #[error("no time has passed since the last claim, or the bank is empty")]
    TooSoon,
    #[error("{count} bends, expected at most {SUB_POSES_MAX}")]
    TooManyBends { count: usize },
}
