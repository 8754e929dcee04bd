//! Messages by number and name: what an encoding writes before the fields, and finds by them when it reads.

use super::describe::{FieldRow, MessageTable};
use super::error::DecodeError;
use super::sink::Sink;
use super::source::Source;

/// A kind of message: its number in MessagePack, its name in JSON, how many fields follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub number: u8,
    pub name: &'static str,
    pub fields: usize,
}

impl Kind {
    /// The kind with this number, when messages are declared.
    pub(crate) const fn of(kinds: &[Self], number: u8) -> Self {
        let mut at = 0;
        while kinds[at].number != number {
            at += 1;
        }
        kinds[at]
    }
}

/// Every kind of message that one side may say, by rising number.
#[derive(Debug)]
pub(crate) struct Kinds {
    pub list: &'static [Kind],
    /// Their names, as errors list them.
    pub names: &'static str,
}

impl Kinds {
    pub fn unknown(&self, number: i128) -> DecodeError {
        let (least, greatest) = (self.list[0].number, self.list[self.list.len() - 1].number);
        DecodeError::UnknownType { found: number, least, greatest }
    }
}

/// Fields in a fixed order: those of a message, of a row, or of a part.
pub(crate) trait Record: Sized {
    /// How many items the fields take.
    const ARITY: usize;

    fn write_fields(&self, sink: &mut impl Sink);
    fn read_fields<'a>(source: &mut impl Source<'a>) -> Result<Self, DecodeError>;
    fn describe() -> Vec<FieldRow>;
}

/// A record that is sent as a message of its own.
pub(crate) trait Sent: Record {
    const KIND: Kind;

    #[inline]
    fn write_message(&self, sink: &mut impl Sink) {
        sink.open_message(Self::KIND);
        self.write_fields(sink);
        sink.close();
    }
}

/// Every message that one side may say.
pub(crate) trait Message: Sized {
    const KINDS: &'static Kinds;

    fn write(&self, sink: &mut impl Sink);
    fn read<'a>(source: &mut impl Source<'a>) -> Result<Self, DecodeError>;
    fn describe() -> Vec<MessageTable>;
}
