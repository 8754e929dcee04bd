//! Where fields are read from: one implementation per encoding.

use super::error::{DecodeError, excerpt};
use super::kinds::Kind;
use crate::numbers::Numbered;

/// Gives the fields of a message in order. `what` names a field, in errors and where the encoding has names.
pub(super) trait Source<'a> {
    fn open_message(&mut self, kinds: &'static [Kind]) -> Result<Kind, DecodeError>;
    /// A message inside a message with exactly `fields` fields.
    fn open_part(&mut self, what: &'static str, fields: u32) -> Result<(), DecodeError>;
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
    fn open_row(&mut self, what: &'static str, items: usize) -> Result<(), DecodeError> {
        match self.open_list(what, usize::MAX)? {
            found if found == items => Ok(()),
            found => Err(DecodeError::WrongArity { what, found, expected: items }),
        }
    }

    fn u32(&mut self, what: &'static str) -> Result<u32, DecodeError> {
        Ok(self.integer(what, 0, u32::MAX.into())? as u32)
    }

    fn u16(&mut self, what: &'static str) -> Result<u16, DecodeError> {
        Ok(self.integer(what, 0, u16::MAX.into())? as u16)
    }

    fn u8(&mut self, what: &'static str) -> Result<u8, DecodeError> {
        Ok(self.integer(what, 0, u8::MAX.into())? as u8)
    }

    fn i32(&mut self, what: &'static str) -> Result<i32, DecodeError> {
        Ok(self.integer(what, i32::MIN.into(), i32::MAX.into())? as i32)
    }

    fn i16(&mut self, what: &'static str) -> Result<i16, DecodeError> {
        Ok(self.integer(what, i16::MIN.into(), i16::MAX.into())? as i16)
    }

    fn optional<T>(
        &mut self,
        what: &'static str,
        read: impl FnOnce(&mut Self, &'static str) -> Result<T, DecodeError>,
    ) -> Result<Option<T>, DecodeError> {
        if self.nil(what)? { Ok(None) } else { read(self, what).map(Some) }
    }

    fn optional_u32(&mut self, what: &'static str) -> Result<Option<u32>, DecodeError> {
        self.optional(what, Self::u32)
    }

    fn numbered<T: Numbered>(&mut self, what: &'static str) -> Result<T, DecodeError> {
        let number = self.u8(what)?;
        T::from_number(number).ok_or_else(|| {
            let max = T::TABLE.last().map_or(0, |row| row.0);
            DecodeError::OutOfRange { what, found: number.into(), min: 0, max: max.into() }
        })
    }

    /// A text that stands for one of a few values.
    fn word<T: Numbered>(&mut self, what: &'static str, expected: &'static str) -> Result<T, DecodeError> {
        let word = self.text(what, crate::limits::TEXT_BYTES_MAX)?;
        T::from_word(word).ok_or_else(|| DecodeError::UnknownWord { what, found: excerpt(word), expected })
    }

    fn list<T>(
        &mut self,
        what: &'static str,
        max: usize,
        mut each: impl FnMut(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let count = self.open_list(what, max)?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(each(self)?);
        }
        self.close()?;
        Ok(items)
    }

    fn point(&mut self, what: &'static str) -> Result<[i32; 3], DecodeError> {
        Ok([self.i32(what)?, self.i32(what)?, self.i32(what)?])
    }
}
