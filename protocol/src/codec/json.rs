//! JSON: an object of a message's fields by name, rows as arrays, integers only, null for what is absent.

use std::io::Write;

use arrayvec::ArrayVec;

use super::error::{DecodeError, excerpt};
pub(super) use super::json_node::JsonNode;
use super::message::{Kind, Kinds};
use super::sink::Sink;
use super::source::Source;
use crate::limits::NESTING_MAX;

/// Writes into a buffer that always has room.
pub(super) struct JsonSink<'a> {
    out: &'a mut Vec<u8>,
    /// What is open, outermost first: whether it has names, and whether it has a first value yet.
    open: ArrayVec<(bool, bool), NESTING_MAX>,
}

const ROOM: &str = "a Vec takes every write";

impl<'a> JsonSink<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, open: ArrayVec::new() }
    }

    fn begin(&mut self, what: &'static str) {
        let Some((named, started)) = self.open.last_mut() else {
            return;
        };
        if std::mem::replace(started, true) {
            self.out.push(b',');
        }
        if *named {
            write!(self.out, "\"{what}\":").expect(ROOM);
        }
    }

    fn open(&mut self, what: &'static str, named: bool) {
        self.begin(what);
        self.out.push(if named { b'{' } else { b'[' });
        self.open.push((named, false));
    }
}

impl Sink for JsonSink<'_> {
    fn open_message(&mut self, kind: Kind) {
        self.open("", true);
        self.text("type", kind.name);
    }

    fn open_part(&mut self, what: &'static str, _fields: usize) {
        self.open(what, true);
    }

    fn open_list(&mut self, what: &'static str, _items: usize) {
        self.open(what, false);
    }

    fn close(&mut self) {
        let (named, _) = self.open.pop().expect("what is closed was opened");
        self.out.push(if named { b'}' } else { b']' });
    }

    fn integer(&mut self, what: &'static str, value: i64) {
        self.begin(what);
        write!(self.out, "{value}").expect(ROOM);
    }

    fn text(&mut self, what: &'static str, value: &str) {
        self.begin(what);
        serde_json::to_writer(&mut *self.out, value).expect(ROOM);
    }

    fn boolean(&mut self, what: &'static str, value: bool) {
        self.begin(what);
        self.out.extend_from_slice(if value { b"true" } else { b"false" });
    }

    fn nil(&mut self, what: &'static str) {
        self.begin(what);
        self.out.extend_from_slice(b"null");
    }
}

/// What is being read: an object whose fields are ticked off, or an array from its front.
enum Open<'a> {
    Object { name: &'static str, fields: &'a [(String, JsonNode)], taken: u64 },
    Array { what: &'static str, items: &'a [JsonNode], at: usize },
}

/// Reads a parsed message.
pub(super) struct JsonSource<'a> {
    root: &'a JsonNode,
    open: ArrayVec<Open<'a>, NESTING_MAX>,
}

impl<'a> JsonSource<'a> {
    pub(super) fn new(root: &'a JsonNode) -> Self {
        Self { root, open: ArrayVec::new() }
    }

    /// Where the value called `what` stands, without taking it.
    fn find(&self, what: &'static str) -> Result<(usize, &'a JsonNode), DecodeError> {
        match self.open.last() {
            None => Ok((0, self.root)),
            Some(Open::Object { fields, .. }) => {
                let at = fields.iter().position(|field| field.0 == what);
                at.map(|at| (at, &fields[at].1)).ok_or(DecodeError::MissingField { what })
            }
            Some(Open::Array { items, at, .. }) => {
                let node = items.get(*at).ok_or(DecodeError::Truncated { what, expected: "a value" })?;
                Ok((*at, node))
            }
        }
    }

    fn take(&mut self, what: &'static str) -> Result<&'a JsonNode, DecodeError> {
        let (position, node) = self.find(what)?;
        match self.open.last_mut() {
            Some(Open::Object { taken, .. }) => *taken |= 1 << position,
            Some(Open::Array { at, .. }) => *at += 1,
            None => {}
        }
        Ok(node)
    }

    fn open_object(&mut self, what: &'static str) -> Result<&'a [(String, JsonNode)], DecodeError> {
        match self.take(what)? {
            JsonNode::Object(fields) => {
                self.open.push(Open::Object { name: what, fields, taken: 0 });
                Ok(fields)
            }
            node => Err(DecodeError::WrongType { what, found: node.name(), expected: "an object" }),
        }
    }
}

impl<'a> Source<'a> for JsonSource<'a> {
    fn open_message(&mut self, kinds: &'static Kinds) -> Result<Kind, DecodeError> {
        self.open_object("message")?;
        let name = self.text("type", crate::limits::TEXT_BYTES_MAX)?;
        let kind = kinds.list.iter().find(|kind| kind.name == name).copied();
        let unknown = || DecodeError::UnknownTypeName { found: excerpt(name), expected: kinds.names };
        let kind = kind.ok_or_else(unknown)?;
        if let Some(Open::Object { name, .. }) = self.open.last_mut() {
            *name = kind.name;
        }
        Ok(kind)
    }

    fn open_part(&mut self, what: &'static str, _fields: usize) -> Result<(), DecodeError> {
        self.open_object(what).map(|_| ())
    }

    fn open_list(&mut self, what: &'static str, max: usize) -> Result<usize, DecodeError> {
        match self.take(what)? {
            JsonNode::Array(items) if items.len() > max => {
                Err(DecodeError::TooMany { what, found: items.len(), max })
            }
            JsonNode::Array(items) => {
                self.open.push(Open::Array { what, items, at: 0 });
                Ok(items.len())
            }
            node => Err(DecodeError::WrongType { what, found: node.name(), expected: "an array" }),
        }
    }

    fn close(&mut self) -> Result<(), DecodeError> {
        match self.open.pop().expect("what is closed was opened") {
            Open::Object { name, fields, taken } => {
                match fields.iter().enumerate().find(|(at, _)| taken & (1 << at) == 0) {
                    Some((_, (field, _))) => {
                        Err(DecodeError::UnknownField { message: name, field: excerpt(field) })
                    }
                    None => Ok(()),
                }
            }
            Open::Array { what, items, at } if at != items.len() => {
                Err(DecodeError::WrongArity { what, found: items.len(), expected: at })
            }
            Open::Array { .. } => Ok(()),
        }
    }

    fn integer(&mut self, what: &'static str, min: i64, max: i64) -> Result<i64, DecodeError> {
        match self.take(what)? {
            JsonNode::Integer(found) if *found < min.into() || *found > max.into() => {
                Err(DecodeError::OutOfRange { what, found: *found, min, max })
            }
            JsonNode::Integer(found) => Ok(*found as i64),
            node => Err(DecodeError::WrongType { what, found: node.name(), expected: "an integer" }),
        }
    }

    fn text(&mut self, what: &'static str, bytes_max: usize) -> Result<&'a str, DecodeError> {
        match self.take(what)? {
            JsonNode::Text(text) if text.len() > bytes_max => {
                Err(DecodeError::TooMany { what, found: text.len(), max: bytes_max })
            }
            JsonNode::Text(text) => Ok(text),
            node => Err(DecodeError::WrongType { what, found: node.name(), expected: "a string" }),
        }
    }

    fn boolean(&mut self, what: &'static str) -> Result<bool, DecodeError> {
        match self.take(what)? {
            JsonNode::Boolean(value) => Ok(*value),
            node => Err(DecodeError::WrongType { what, found: node.name(), expected: "a boolean" }),
        }
    }

    fn nil(&mut self, what: &'static str) -> Result<bool, DecodeError> {
        let is_nil = matches!(self.find(what)?.1, JsonNode::Nil);
        if is_nil {
            self.take(what)?;
        }
        Ok(is_nil)
    }

    fn finish(self) -> Result<(), DecodeError> {
        Ok(())
    }
}
