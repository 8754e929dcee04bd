//! Why bytes are not a message: what was wrong and what was expected.

use thiserror::Error;

/// Why bytes are not a message.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DecodeError {
    #[error("message of {found} bytes, expected at most {max}")]
    TooLong { found: usize, max: usize },
    #[error("{what} ended early, expected {expected}")]
    Truncated { what: &'static str, expected: &'static str },
    #[error("{what} is {found}, expected {expected}")]
    WrongType { what: &'static str, found: &'static str, expected: &'static str },
    #[error("{what} is {found}, expected {min} to {max}")]
    OutOfRange { what: &'static str, found: i128, min: i64, max: i64 },
    #[error("{what} has {found} items, expected {expected}")]
    WrongArity { what: &'static str, found: usize, expected: usize },
    #[error("{what} has {found} items or bytes, expected at most {max}")]
    TooMany { what: &'static str, found: usize, max: usize },
    #[error("{what} is not UTF-8, expected UTF-8")]
    NotUtf8 { what: &'static str },
    #[error("{what} is {found:?}, expected {expected}")]
    UnknownWord { what: &'static str, found: String, expected: &'static str },
    #[error("message type {found}, expected one of {least} to {greatest}")]
    UnknownType { found: i128, least: u8, greatest: u8 },
    #[error("type {found:?}, expected one of {expected}")]
    UnknownTypeName { found: String, expected: &'static str },
    #[error("{count} bytes after the message, expected none")]
    Trailing { count: usize },
    #[error("{what} is missing, expected it by this name")]
    MissingField { what: &'static str },
    #[error("field {field:?}, expected only the fields of {message}")]
    UnknownField { message: &'static str, field: String },
    #[error("malformed JSON at column {column}: {problem}")]
    NotJson { column: usize, problem: String },
    #[error("{what} contradicts its neighbours, expected {expected}")]
    Contradiction { what: &'static str, expected: &'static str },
}

/// Of a foreign text as an error shows it, escaped: with every list of what was expected it fits a close frame.
const EXCERPT_BYTES_MAX: usize = 24;

/// What of a foreign text an error repeats: its start, so that an error stays small.
pub(super) fn excerpt(text: &str) -> String {
    let mut room = EXCERPT_BYTES_MAX;
    let fits = |char: &char| {
        let shown_bytes = char.escape_debug().map(char::len_utf8).sum();
        let left = room.checked_sub(shown_bytes);
        room = left.unwrap_or(0);
        left.is_some()
    };
    text.chars().take_while(fits).collect()
}
