//! Bounds of everything the wire carries, each with the reason for its size.

use combat_components::limits::{INPUTS_PER_PLAYER_AND_TICK_MAX, PLAYERS_MAX};

/// A claim with four bends takes 90 bytes as MessagePack and 400 as JSON; nothing a client says is longer.
pub const CLIENT_MESSAGE_BYTES_MAX: usize = 4_096;

/// What a client must be ready to receive: a delta of 64 players with [`FRAME_SHOTS_MAX`] shots, as JSON.
pub const SERVER_MESSAGE_BYTES_MAX: usize = 262_144;

/// Shots one delta shows, the newest first to be kept: 64 players each firing on 16 ticks of one frame.
pub const FRAME_SHOTS_MAX: usize = 1_024;

/// Verdicts one own part carries: every input that eight ticks of one player can take.
pub const OWN_VERDICTS_MAX: usize = 8 * INPUTS_PER_PLAYER_AND_TICK_MAX;

/// Names of sessions, maps, rulesets, weapons, abilities and hashes.
pub const TEXT_BYTES_MAX: usize = 128;

/// Why a session is suspended, in words.
pub const STATUS_REASON_BYTES_MAX: usize = 256;

/// Of the text of a close frame: a control frame holds 125 bytes, two of them the code.
pub const CLOSE_REASON_BYTES_MAX: usize = 123;

/// What is told of bytes that are no message: it follows `protocol_error: ` in a close frame.
pub const DECODE_ERROR_BYTES_MAX: usize = CLOSE_REASON_BYTES_MAX - "protocol_error: ".len();

/// Numbers and texts of one event; the longest kind has four.
pub const EVENT_ITEMS_MAX: usize = 16;

/// A message never nests deeper than a number in a row in a list in a part of a message.
pub(crate) const NESTING_MAX: usize = 8;

/// Every delta whose tick lies in another run of this many ticks than its base carries the view's hash.
pub const VIEW_HASH_TICKS: u32 = 32;

const _: () = assert!(FRAME_SHOTS_MAX * 90 + PLAYERS_MAX * 448 < SERVER_MESSAGE_BYTES_MAX);
