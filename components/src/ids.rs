//! Ids. None of them depends on where or when something is stored.

use std::fmt;
use std::str::FromStr;

use arrayvec::ArrayString;
use bevy_ecs::component::Component;
use thiserror::Error;

use crate::canon::{Canon, CanonError, Reader};
use crate::canon_fixed_newtype;
use crate::limits::{DISPLAY_NAME_BYTES_MAX, PLAYER_ID_BYTES_MAX};

/// Orders, hashes and names everything in a session; never reused within it.
#[derive(Component, Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct SimId(pub u32);

/// A player's place in a session, 0 … `maxPlayers` − 1; reused after its player has left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot(pub u8);

impl Slot {
    /// What a player is called who has no name of his own: by his place, counted from 0 as everywhere.
    pub fn player_name(self) -> DisplayName {
        DisplayName::new(&format!("Player {}", self.0)).expect("a word and a number are a name")
    }
}

/// How many times a session has been taken up again; starts at 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Epoch(pub u32);

/// Who plays, as a session's log knows him: drawn at random when he first joins it, so that nothing but the side
/// table of persons leads from a log to a person.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pseudonym(pub u64);

impl Pseudonym {
    /// What somebody is called whom nobody knows any more, by the last half of the pseudonym: those that are counted
    /// up, as golden logs' are, differ only there.
    pub fn nameless(self) -> String {
        format!("player {:08x}", self.0 as u32)
    }
}

impl fmt::Debug for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pseudonym({self})")
    }
}

impl fmt::Display for Pseudonym {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// 0 stands alone against all; equal teams above 0 fight together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Team(pub u8);

impl Team {
    pub const NONE: Self = Self(0);

    pub fn is_ally_of(self, other: Self) -> bool {
        self != Self::NONE && self == other
    }
}
canon_fixed_newtype!(SimId, Slot, Epoch, Pseudonym, Team);

/// A session's UUID (version 7), big-endian as written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionId(pub [u8; 16]);

impl Canon for SessionId {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        let bytes = reader.bytes(16)?;
        Ok(Self(bytes.try_into().expect("the reader returned 16 bytes")))
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum IdError {
    #[error("expected a UUID such as 0199d2f0-5c00-7000-8000-000000000000")]
    NotUuid,
    #[error("expected 1 to {PLAYER_ID_BYTES_MAX} characters of A-Z a-z 0-9 _ . : -")]
    NotPlayerId,
    #[error("the server keeps this id for itself, expected none of system, bot:... and unknown:...")]
    Reserved,
    #[error("expected 1 to {DISPLAY_NAME_BYTES_MAX} bytes without control or invisible characters")]
    NotDisplayName,
}

impl FromStr for SessionId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let text = text.as_bytes();
        let dashes_in_place = text.len() == 36
            && text.iter().enumerate().all(|(at, byte)| (*byte == b'-') == matches!(at, 8 | 13 | 18 | 23));
        if !dashes_in_place {
            return Err(IdError::NotUuid);
        }
        let mut digits = text.iter().filter(|byte| **byte != b'-').map(|byte| (*byte as char).to_digit(16));
        let mut id = [0_u8; 16];
        for byte in &mut id {
            let high = digits.next().flatten().ok_or(IdError::NotUuid)?;
            let low = digits.next().flatten().ok_or(IdError::NotUuid)?;
            *byte = (high * 16 + low) as u8;
        }
        Ok(Self(id))
    }
}

macro_rules! bounded_text {
    ($name:ident, $max:ident, $error:ident, $valid:expr) => {
        impl $name {
            /// # Errors
            /// When the text is empty, too long or holds a character outside the allowed set.
            pub fn new(text: &str) -> Result<Self, IdError> {
                let valid: fn(char) -> bool = $valid;
                match ArrayString::from(text) {
                    Ok(text) if !text.is_empty() && text.chars().all(valid) => Ok(Self(text)),
                    _ => Err(IdError::$error),
                }
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl Canon for $name {
            fn put(&self, out: &mut Vec<u8>) {
                out.push(self.0.len() as u8);
                out.extend_from_slice(self.0.as_bytes());
            }

            fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
                let length = usize::from(u8::take(reader)?);
                let text = str::from_utf8(reader.bytes(length)?);
                text.ok()
                    .and_then(|text| Self::new(text).ok())
                    .ok_or(CanonError::OutOfRange { what: stringify!($name) })
            }
        }
    };
}

/// Who plays: the token's `sub`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlayerId(ArrayString<PLAYER_ID_BYTES_MAX>);
bounded_text!(PlayerId, PLAYER_ID_BYTES_MAX, NotPlayerId, |c| c.is_ascii_alphanumeric()
    || matches!(c, '_' | '.' | ':' | '-'));

impl PlayerId {
    /// What the ids of the server's own bots begin with.
    pub const BOT_PREFIX: &str = "bot:";
    /// What stands for the id of somebody whom nobody knows any more, before his pseudonym.
    pub const UNKNOWN_PREFIX: &str = "unknown:";
    /// What the server calls itself.
    const SYSTEM: &str = "system";

    pub fn is_bot(&self) -> bool {
        self.as_str().starts_with(Self::BOT_PREFIX)
    }

    /// An id that no person can have: no token carries it, and nobody may name it.
    pub fn is_reserved(&self) -> bool {
        self.is_bot() || self.as_str().starts_with(Self::UNKNOWN_PREFIX) || self.as_str() == Self::SYSTEM
    }

    /// The id of a person, as tokens carry it and services name it.
    ///
    /// # Errors
    /// When the text is no id, or one that the server keeps for itself.
    pub fn of_person(text: &str) -> Result<Self, IdError> {
        let id = Self::new(text)?;
        if id.is_reserved() { Err(IdError::Reserved) } else { Ok(id) }
    }
}

/// What a player is called on other players' screens. This is the bound that wire, store and files share, and it names no
/// version of Unicode; what a person may call himself is decided where he says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisplayName(ArrayString<DISPLAY_NAME_BYTES_MAX>);
bounded_text!(DisplayName, DISPLAY_NAME_BYTES_MAX, NotDisplayName, |c| !c.is_control() && !is_invisible(c));

/// Characters that change how others are shown and show nothing themselves: Unicode's format characters, without those
/// that names of Indic and Persian scripts (U+200C, U+200D) and flags among the emoji (tags) are written with.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e001f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_bounded_and_acts_on_nothing_around_it() {
        for name in
            ["x", &"x".repeat(96), &"\u{d55c}".repeat(32), "\u{6cc}\u{200c}\u{631}", "\u{1f3f4}\u{e007f}"]
        {
            assert_eq!(DisplayName::new(name).map(|name| name.to_string()), Ok(name.to_owned()));
        }
        let acting = "\0\n\u{7f}\u{9b}\u{ad}\u{61c}\u{180e}\u{200b}\u{200e}\u{200f}\u{2028}\u{202e}\u{2066}\u{206f}\
                      \u{feff}\u{fff9}\u{e0001}";
        let acting = acting.chars().map(|character| format!("a{character}b"));
        for name in acting.chain([String::new(), "x".repeat(97), "\u{d55c}".repeat(33)]) {
            assert_eq!(DisplayName::new(&name), Err(IdError::NotDisplayName), "{}", name.escape_unicode());
        }
    }

    #[test]
    fn whoever_has_no_name_is_called_by_his_place() {
        assert_eq!(Slot(0).player_name().as_str(), "Player 0");
        assert!((0..=u8::MAX).all(|slot| Slot(slot).player_name().as_str().ends_with(&format!(" {slot}"))));
    }
}
