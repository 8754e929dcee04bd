//! A parsed JSON value without fractions, repeated names or deep nesting.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::error::{DecodeError, excerpt};
use crate::limits::NESTING_MAX;

/// Fields an object may have; the longest message has 22, and 64 fit one word of marks.
const OBJECT_FIELDS_MAX: usize = 64;

/// Up to here every integer is a float of 64 bits; an engine that knows no other numbers writes 7 as 7.0.
const EXACT_MAX: f64 = 9_007_199_254_740_992.0;

/// A JSON value as the protocol allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum JsonNode {
    Nil,
    Boolean(bool),
    Integer(i128),
    /// A number that is no integer, or too large to be one for sure; no message holds one.
    Float,
    Text(String),
    Array(Vec<JsonNode>),
    Object(Vec<(String, JsonNode)>),
}

impl JsonNode {
    /// # Errors
    /// `NotJson` when the bytes are anything but one JSON value, repeat a name or nest too deep.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let parsed = Nested { depth_left: NESTING_MAX }.deserialize(&mut reader);
        parsed.and_then(|node| reader.end().map(|()| node)).map_err(|error| DecodeError::NotJson {
            column: error.column(),
            problem: problem(&error.to_string()),
        })
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Nil => "null",
            Self::Boolean(_) => "a boolean",
            Self::Integer(_) => "an integer",
            Self::Float => "a float",
            Self::Text(_) => "a string",
            Self::Array(_) => "an array",
            Self::Object(_) => "an object",
        }
    }
}

/// The longest that the parser says are 65 letters.
const PARSER_WORDS_MAX: usize = 72;

/// The parser's words without its position, which the error names itself.
fn problem(text: &str) -> String {
    text.split(" at line ").next().unwrap_or_default().chars().take(PARSER_WORDS_MAX).collect()
}

/// Reads one value whose parts may nest this much deeper.
struct Nested {
    depth_left: usize,
}

impl Nested {
    fn inner<E: Error>(&self) -> Result<Self, E> {
        match self.depth_left.checked_sub(1) {
            Some(depth_left) => Ok(Self { depth_left }),
            None => Err(E::custom("nested too deep")),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Nested {
    type Value = JsonNode;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<JsonNode, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Nested {
    type Value = JsonNode;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<JsonNode, E> {
        Ok(JsonNode::Nil)
    }

    fn visit_bool<E>(self, value: bool) -> Result<JsonNode, E> {
        Ok(JsonNode::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<JsonNode, E> {
        Ok(JsonNode::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<JsonNode, E> {
        Ok(JsonNode::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<JsonNode, E> {
        let is_whole = value % 1.0 == 0.0 && value.abs() <= EXACT_MAX;
        Ok(if is_whole { JsonNode::Integer(value as i128) } else { JsonNode::Float })
    }

    fn visit_str<E>(self, value: &str) -> Result<JsonNode, E> {
        Ok(JsonNode::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<JsonNode, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element_seed(self.inner::<A::Error>()?)? {
            items.push(item);
        }
        Ok(JsonNode::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<JsonNode, A::Error> {
        let mut fields: Vec<(String, JsonNode)> = Vec::new();
        while let Some(name) = access.next_key::<String>()? {
            if fields.iter().any(|field| field.0 == name) {
                return Err(A::Error::custom(format_args!("field {:?} repeated", excerpt(&name))));
            }
            if fields.len() == OBJECT_FIELDS_MAX {
                return Err(A::Error::custom("too many fields"));
            }
            let value = access.next_value_seed(self.inner::<A::Error>()?)?;
            fields.push((name, value));
        }
        Ok(JsonNode::Object(fields))
    }
}
