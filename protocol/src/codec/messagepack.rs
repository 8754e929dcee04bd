//! MessagePack: arrays of fixed arity, smallest integers on write, any integer form on read, no maps.

use rmp::Marker;

use super::error::DecodeError;
use super::message::{Kind, Kinds};
use super::sink::Sink;
use super::source::Source;

/// Writes into a buffer that always has room.
pub(super) struct MessagePackSink<'a> {
    out: &'a mut Vec<u8>,
}

const ROOM: &str = "a Vec takes every write";

impl<'a> MessagePackSink<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out }
    }

    fn array(&mut self, items: u32) {
        rmp::encode::write_array_len(self.out, items).expect(ROOM);
    }
}

impl Sink for MessagePackSink<'_> {
    fn open_message(&mut self, kind: Kind) {
        self.array(kind.fields as u32 + 1);
        self.integer("type", kind.number.into());
    }

    fn open_part(&mut self, _what: &'static str, fields: usize) {
        self.array(fields as u32);
    }

    fn open_list(&mut self, _what: &'static str, items: usize) {
        self.array(items as u32);
    }

    fn close(&mut self) {}

    fn integer(&mut self, _what: &'static str, value: i64) {
        rmp::encode::write_sint(self.out, value).expect(ROOM);
    }

    fn text(&mut self, _what: &'static str, value: &str) {
        rmp::encode::write_str(self.out, value).expect(ROOM);
    }

    fn boolean(&mut self, _what: &'static str, value: bool) {
        rmp::encode::write_bool(self.out, value).expect(ROOM);
    }

    fn nil(&mut self, _what: &'static str) {
        rmp::encode::write_nil(self.out).expect(ROOM);
    }
}

/// Reads from the front of a slice, by the expected shape only: what nests deeper is of the wrong type.
pub(super) struct MessagePackSource<'a> {
    rest: &'a [u8],
}

impl<'a> MessagePackSource<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn marker(&mut self, what: &'static str, expected: &'static str) -> Result<Marker, DecodeError> {
        let [byte] = self.bytes::<1>(what, expected)?;
        Ok(Marker::from_u8(byte))
    }

    fn bytes<const N: usize>(
        &mut self,
        what: &'static str,
        expected: &'static str,
    ) -> Result<[u8; N], DecodeError> {
        let (head, rest) = self.rest.split_first_chunk().ok_or(DecodeError::Truncated { what, expected })?;
        self.rest = rest;
        Ok(*head)
    }

    fn array(&mut self, what: &'static str) -> Result<usize, DecodeError> {
        let expected = "an array";
        match self.marker(what, expected)? {
            Marker::FixArray(length) => Ok(length.into()),
            Marker::Array16 => Ok(u16::from_be_bytes(self.bytes(what, expected)?).into()),
            Marker::Array32 => Ok(u32::from_be_bytes(self.bytes(what, expected)?) as usize),
            marker => Err(DecodeError::WrongType { what, found: name(marker), expected }),
        }
    }

    fn any_integer(&mut self, what: &'static str) -> Result<i128, DecodeError> {
        let expected = "an integer";
        Ok(match self.marker(what, expected)? {
            Marker::FixPos(value) => value.into(),
            Marker::FixNeg(value) => value.into(),
            Marker::U8 => u8::from_be_bytes(self.bytes(what, expected)?).into(),
            Marker::U16 => u16::from_be_bytes(self.bytes(what, expected)?).into(),
            Marker::U32 => u32::from_be_bytes(self.bytes(what, expected)?).into(),
            Marker::U64 => u64::from_be_bytes(self.bytes(what, expected)?).into(),
            Marker::I8 => i8::from_be_bytes(self.bytes(what, expected)?).into(),
            Marker::I16 => i16::from_be_bytes(self.bytes(what, expected)?).into(),
            Marker::I32 => i32::from_be_bytes(self.bytes(what, expected)?).into(),
            Marker::I64 => i64::from_be_bytes(self.bytes(what, expected)?).into(),
            marker => {
                return Err(DecodeError::WrongType { what, found: name(marker), expected });
            }
        })
    }
}

fn name(marker: Marker) -> &'static str {
    match marker {
        Marker::FixPos(_)
        | Marker::FixNeg(_)
        | Marker::U8
        | Marker::U16
        | Marker::U32
        | Marker::U64
        | Marker::I8
        | Marker::I16
        | Marker::I32
        | Marker::I64 => "an integer",
        Marker::F32 | Marker::F64 => "a float",
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => "a string",
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => "binary",
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => "an array",
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => "a map",
        Marker::Null => "nil",
        Marker::True | Marker::False => "a boolean",
        Marker::Reserved => "a reserved byte",
        _ => "an extension",
    }
}

impl<'a> Source<'a> for MessagePackSource<'a> {
    fn open_message(&mut self, kinds: &'static Kinds) -> Result<Kind, DecodeError> {
        let found = self.array("message")?;
        if found == 0 {
            return Err(DecodeError::Truncated { what: "message", expected: "its type" });
        }
        let number = self.any_integer("type")?;
        let kind = kinds.list.iter().find(|kind| i128::from(kind.number) == number).copied();
        let kind = kind.ok_or_else(|| kinds.unknown(number))?;
        match kind.fields + 1 {
            expected if expected == found => Ok(kind),
            expected => Err(DecodeError::WrongArity { what: kind.name, found, expected }),
        }
    }

    fn open_part(&mut self, what: &'static str, fields: usize) -> Result<(), DecodeError> {
        self.open_row(what, fields)
    }

    fn open_list(&mut self, what: &'static str, max: usize) -> Result<usize, DecodeError> {
        match self.array(what)? {
            found if found > max => Err(DecodeError::TooMany { what, found, max }),
            found => Ok(found),
        }
    }

    fn close(&mut self) -> Result<(), DecodeError> {
        Ok(())
    }

    #[inline]
    fn integer(&mut self, what: &'static str, min: i64, max: i64) -> Result<i64, DecodeError> {
        let found = self.any_integer(what)?;
        if found < min.into() || found > max.into() {
            return Err(DecodeError::OutOfRange { what, found, min, max });
        }
        Ok(found as i64)
    }

    fn text(&mut self, what: &'static str, bytes_max: usize) -> Result<&'a str, DecodeError> {
        let expected = "a string";
        let length = match self.marker(what, expected)? {
            Marker::FixStr(length) => length.into(),
            Marker::Str8 => u8::from_be_bytes(self.bytes(what, expected)?).into(),
            Marker::Str16 => u16::from_be_bytes(self.bytes(what, expected)?).into(),
            Marker::Str32 => u32::from_be_bytes(self.bytes(what, expected)?) as usize,
            marker => {
                return Err(DecodeError::WrongType { what, found: name(marker), expected });
            }
        };
        if length > bytes_max {
            return Err(DecodeError::TooMany { what, found: length, max: bytes_max });
        }
        let (text, rest) =
            self.rest.split_at_checked(length).ok_or(DecodeError::Truncated { what, expected })?;
        self.rest = rest;
        str::from_utf8(text).map_err(|_| DecodeError::NotUtf8 { what })
    }

    fn boolean(&mut self, what: &'static str) -> Result<bool, DecodeError> {
        let expected = "a boolean";
        match self.marker(what, expected)? {
            Marker::True => Ok(true),
            Marker::False => Ok(false),
            marker => Err(DecodeError::WrongType { what, found: name(marker), expected }),
        }
    }

    fn nil(&mut self, what: &'static str) -> Result<bool, DecodeError> {
        match self.rest.split_first() {
            None => Err(DecodeError::Truncated { what, expected: "a value or nil" }),
            Some((byte, rest)) if Marker::from_u8(*byte) == Marker::Null => {
                self.rest = rest;
                Ok(true)
            }
            Some(_) => Ok(false),
        }
    }

    fn finish(self) -> Result<(), DecodeError> {
        match self.rest.len() {
            0 => Ok(()),
            count => Err(DecodeError::Trailing { count }),
        }
    }
}
