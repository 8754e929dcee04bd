//! What is declared, as tables: for the page that describes the protocol, and for other languages.

use super::message::Kind;
use crate::numbers::Numbered;

/// One message.
#[derive(Clone, Debug)]
pub struct MessageTable {
    pub kind: Kind,
    pub fields: Vec<FieldRow>,
}

/// One field of a message or a row.
#[derive(Clone, Debug)]
pub struct FieldRow {
    pub name: &'static str,
    pub shape: Shape,
    pub meaning: &'static str,
}

/// One kind of event: the names of its numbers and texts.
#[derive(Clone, Debug)]
pub struct EventTable {
    pub number: u8,
    pub name: &'static str,
    pub ints: Vec<FieldRow>,
    pub texts: Vec<FieldRow>,
    pub meaning: &'static str,
}

/// What stands on the wire.
#[derive(Clone, Debug)]
pub enum Shape {
    Integer {
        min: i64,
        max: i64,
    },
    Boolean,
    Text {
        bytes_max: usize,
    },
    /// A number that stands for a word.
    Number(Enumeration),
    /// One of a few words.
    Word(Enumeration),
    /// Nil, or this.
    Optional(Box<Self>),
    List {
        of: Box<Self>,
        max: usize,
    },
    /// An array of exactly these fields.
    Row(RowTable),
    /// The fields of the message with this name.
    Part(&'static str),
    /// An id, a mask, and those fields of this row that the mask names.
    Changed(RowTable),
}

/// A row by its name.
#[derive(Clone, Debug)]
pub struct RowTable {
    pub name: &'static str,
    pub fields: Vec<FieldRow>,
}

/// The words that numbers stand for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enumeration {
    pub name: &'static str,
    pub words: Vec<(u8, &'static str)>,
}

impl Enumeration {
    pub fn of<T: Numbered>() -> Self {
        Self { name: T::NAME, words: T::TABLE.iter().map(|row| (row.0, row.2)).collect() }
    }
}
