//! Reads a TOML document key by key, so that every fault names its file, line, dotted key and what was expected.

use std::fmt::Display;
use std::ops::RangeInclusive;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::limits::DOCUMENT_BYTES_MAX;
use crate::quantity::Vec3Mm;
use crate::toml_error::TomlError;

/// A key this many edits from a known one is taken for a misspelling of it.
const MISSPELLING_EDITS_MAX: usize = 3;

/// What the parser says of the one fault whose span is a key.
const DUPLICATE_KEY: &str = "duplicate key";

/// The text that line numbers are counted in.
#[derive(Clone, Copy)]
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn error(&self, offset: usize, key: &str, message: impl Display) -> TomlError {
        let before = &self.text.as_bytes()[..offset.min(self.text.len())];
        TomlError {
            file: self.file.to_owned(),
            line: 1 + before.iter().filter(|&&byte| byte == b'\n').count(),
            key: key.to_owned(),
            message: message.to_string(),
        }
    }
}

/// Parses `text` and hands its top table to `read`, which must know it as one with `keys` only.
pub(crate) fn read_document<T>(
    file: &str,
    text: &str,
    keys: &[&'static str],
    read: impl FnOnce(&Table<'_>) -> Result<T, TomlError>,
) -> Result<T, TomlError> {
    let source = Source { file, text };
    if text.len() > DOCUMENT_BYTES_MAX {
        let message = format!("{} bytes long, expected at most {DOCUMENT_BYTES_MAX}", text.len());
        return Err(source.error(0, "", message));
    }
    let document = DeTable::parse(text).map_err(|error| {
        let span = error.span().unwrap_or_default();
        let repeated =
            text.get(span.clone()).filter(|_| error.message() == DUPLICATE_KEY).unwrap_or_default();
        source.error(span.start, repeated, error.message().replace('\n', ", "))
    })?;
    let root =
        Table { source, path: String::new(), offset: document.span().start, entries: document.get_ref() };
    root.only(keys)?;
    read(&root)
}

/// A table of a document.
pub(crate) struct Table<'a> {
    source: Source<'a>,
    path: String,
    offset: usize,
    entries: &'a DeTable<'a>,
}

impl<'a> Table<'a> {
    /// Refuses every key but `keys`.
    pub(crate) fn only(&self, keys: &[&'static str]) -> Result<(), TomlError> {
        let unknown = self.entries.iter().find(|(key, _)| !keys.contains(&key.get_ref().as_ref()));
        let Some((key, _)) = unknown else { return Ok(()) };
        let name = key.get_ref().as_ref();
        let message = match nearest(name, keys) {
            Some(likely) => format!("unknown key, did you mean `{likely}`?"),
            None => format!("unknown key, expected one of {}", keys.join(", ")),
        };
        Err(self.source.error(key.span().start, &self.dotted(name), message))
    }

    /// A fault of the value at `key`, or of the whole table when `key` is not there.
    pub(crate) fn error(&self, key: &str, message: impl Display) -> TomlError {
        let offset = self.entry(key).map_or(self.offset, |value| value.span().start);
        self.source.error(offset, &self.dotted(key), message)
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    pub(crate) fn integer<T: TryFrom<i64> + Display + Copy>(
        &self,
        key: &'static str,
        range: RangeInclusive<T>,
    ) -> Result<T, TomlError>
    where
        i64: From<T>,
    {
        self.integer_in(self.required(key)?, &self.dotted(key), range)
    }

    pub(crate) fn boolean(&self, key: &'static str) -> Result<bool, TomlError> {
        let value = self.required(key)?;
        value.get_ref().as_bool().ok_or_else(|| self.error(key, mismatch("true or false", value)))
    }

    /// A name for people: 1 to `bytes_max` bytes without control characters.
    pub(crate) fn text(&self, key: &'static str, bytes_max: usize) -> Result<String, TomlError> {
        let value = self.required(key)?;
        let text = value.get_ref().as_str().ok_or_else(|| self.error(key, mismatch("a string", value)))?;
        if text.trim().is_empty() || text.len() > bytes_max || text.chars().any(char::is_control) {
            let message =
                format!("expected 1 to {bytes_max} bytes without control characters, found {text:?}");
            return Err(self.error(key, message));
        }
        Ok(text.to_owned())
    }

    /// A name for machines: lower-case letters, digits and hyphens.
    pub(crate) fn slug(&self, key: &'static str, bytes_max: usize) -> Result<String, TomlError> {
        let text = self.text(key, bytes_max)?;
        if text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
            return Ok(text);
        }
        Err(self.error(key, format!("expected lower-case letters, digits and hyphens, found {text:?}")))
    }

    /// Three integers, each within `range`.
    pub(crate) fn point(&self, key: &'static str, range: RangeInclusive<i32>) -> Result<Vec3Mm, TomlError> {
        self.point_in(self.required(key)?, &self.dotted(key), range)
    }

    /// A list of points, as many as `count` allows, each coordinate within `range`.
    pub(crate) fn points(
        &self,
        key: &'static str,
        count: RangeInclusive<usize>,
        range: RangeInclusive<i32>,
    ) -> Result<Vec<Vec3Mm>, TomlError> {
        let value = self.required(key)?;
        let list =
            value.get_ref().as_array().ok_or_else(|| self.error(key, mismatch("a list of points", value)))?;
        self.check_count(key, "points", list.len(), count)?;
        let dotted = self.dotted(key);
        list.iter()
            .enumerate()
            .map(|(index, point)| self.point_in(point, &format!("{dotted}[{index}]"), range.clone()))
            .collect()
    }

    /// A table `[key]`.
    pub(crate) fn table(&self, key: &'static str, keys: &[&'static str]) -> Result<Table<'a>, TomlError> {
        let table = self.table_in(self.required(key)?, self.dotted(key))?;
        table.only(keys)?;
        Ok(table)
    }

    /// Tables `[[key]]`, as many as `count` allows; an absent key counts as none.
    pub(crate) fn tables(
        &self,
        key: &'static str,
        count: RangeInclusive<usize>,
        keys: &[&'static str],
    ) -> Result<Vec<Table<'a>>, TomlError> {
        let tables = self.open_tables(key, count)?;
        tables.iter().try_for_each(|table| table.only(keys))?;
        Ok(tables)
    }

    /// As [`Self::tables`], of which each still has to be asked whether its keys are known.
    pub(crate) fn open_tables(
        &self,
        key: &'static str,
        count: RangeInclusive<usize>,
    ) -> Result<Vec<Table<'a>>, TomlError> {
        let list = match self.entry(key) {
            None => &[],
            Some(value) => match value.get_ref().as_array() {
                Some(list) => list.as_ref(),
                None => return Err(self.error(key, mismatch(&format!("tables `[[{key}]]`"), value))),
            },
        };
        self.check_count(key, "tables", list.len(), count)?;
        list.iter()
            .enumerate()
            .map(|(index, value)| self.table_in(value, format!("{}[{index}]", self.dotted(key))))
            .collect()
    }

    fn check_count(
        &self,
        key: &str,
        what: &str,
        found: usize,
        count: RangeInclusive<usize>,
    ) -> Result<(), TomlError> {
        if count.contains(&found) {
            return Ok(());
        }
        let (low, high) = (count.start(), count.end());
        Err(self.error(key, format!("expected {low} to {high} {what}, found {found}")))
    }

    fn table_in(&self, value: &'a Spanned<DeValue<'a>>, path: String) -> Result<Table<'a>, TomlError> {
        let offset = value.span().start;
        match value.get_ref().as_table() {
            Some(entries) => Ok(Table { source: self.source, path, offset, entries }),
            None => Err(self.source.error(offset, &path, mismatch("a table", value))),
        }
    }

    fn point_in(
        &self,
        value: &Spanned<DeValue<'_>>,
        dotted: &str,
        range: RangeInclusive<i32>,
    ) -> Result<Vec3Mm, TomlError> {
        const EXPECTED: &str = "three integers [x, y, z]";
        let Some(list) = value.get_ref().as_array() else {
            return Err(self.source.error(value.span().start, dotted, mismatch(EXPECTED, value)));
        };
        let [x, y, z] = list.as_ref() else {
            let message = format!("expected {EXPECTED}, found {} values", list.len());
            return Err(self.source.error(value.span().start, dotted, message));
        };
        let part = |index: usize, value| self.integer_in(value, &format!("{dotted}[{index}]"), range.clone());
        Ok(Vec3Mm::new(part(0, x)?, part(1, y)?, part(2, z)?))
    }

    fn integer_in<T: TryFrom<i64> + Display + Copy>(
        &self,
        value: &Spanned<DeValue<'_>>,
        dotted: &str,
        range: RangeInclusive<T>,
    ) -> Result<T, TomlError>
    where
        i64: From<T>,
    {
        let (low, high) = (*range.start(), *range.end());
        let expected = format!("an integer from {low} to {high}");
        let error = |message| self.source.error(value.span().start, dotted, message);
        let Some(digits) = value.get_ref().as_integer() else {
            return Err(error(mismatch(&expected, value)));
        };
        i64::from_str_radix(digits.as_str(), digits.radix())
            .ok()
            .filter(|number| (i64::from(low)..=i64::from(high)).contains(number))
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| error(format!("expected {expected}, found {digits}")))
    }

    fn required(&self, key: &'static str) -> Result<&'a Spanned<DeValue<'a>>, TomlError> {
        self.entry(key).ok_or_else(|| self.error(key, "missing"))
    }

    fn entry(&self, key: &str) -> Option<&'a Spanned<DeValue<'a>>> {
        self.entries.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    fn dotted(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }
}

fn mismatch(expected: &str, value: &Spanned<DeValue<'_>>) -> String {
    let found = match value.get_ref() {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    format!("expected {expected}, found {found}")
}

/// The known key that `name` is most likely a misspelling of.
fn nearest(name: &str, keys: &[&'static str]) -> Option<&'static str> {
    keys.iter()
        .map(|&key| (edits(name, key), key))
        .filter(|&(edits, key)| edits <= MISSPELLING_EDITS_MAX && edits * 2 < key.len())
        .min_by_key(|&(edits, _)| edits)
        .map(|(_, key)| key)
}

/// Insertions, removals and replacements that turn `a` into `b`; `a` counts up to 64 bytes.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.bytes().take(64).enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
