//! Where fields are read from: one implementation per encoding.

use super::error::DecodeError;
use super::message::{Kind, Kinds};

/// Gives the fields of a message in order. `what` names a field, in errors and where the encoding has names.
pub(crate) trait Source<'a> {
    fn open_message(&mut self, kinds: &'static Kinds) -> Result<Kind, DecodeError>;
    /// A message inside a message with exactly `fields` fields.
    fn open_part(&mut self, what: &'static str, fields: usize) -> Result<(), DecodeError>;
    /// A list of at most `max` items; its length.
    fn open_list(&mut self, what: &'static str, max: usize) -> Result<usize, DecodeError>;
    /// Ends what was opened last; an error when something in it was not read.
    fn close(&mut self) -> Result<(), DecodeError>;
    fn integer(&mut self, what: &'static str, min: i64, max: i64) -> Result<i64, DecodeError>;
    fn text(&mut self, what: &'static str, bytes_max: usize) -> Result<&'a str, DecodeError>;
    fn boolean(&mut self, what: &'static str) -> Result<bool, DecodeError>;
    /// Takes the next value if it is nil.
    fn nil(&mut self, what: &'static str) -> Result<bool, DecodeError>;
    fn finish(self) -> Result<(), DecodeError>;

    /// A list of exactly `items` values.
    #[inline]
    fn open_row(&mut self, what: &'static str, items: usize) -> Result<(), DecodeError> {
        match self.open_list(what, usize::MAX)? {
            found if found == items => Ok(()),
            found => Err(DecodeError::WrongArity { what, found, expected: items }),
        }
    }
}
