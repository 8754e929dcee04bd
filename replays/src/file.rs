//! `FILE.combatlog`: a log that carries its own map and ruleset, so that it verifies in an empty directory.
//!
//! The first 84 bytes keep their layout in every version of the format. What follows the log is of `crate::names`.

use std::convert::Infallible;
use std::fmt;
use std::ops::Range;

use combat_components::canon::{Canon, Reader as Fields};
use combat_components::limits::DOCUMENT_BYTES_MAX;
use combat_components::tick::Tick;
use thiserror::Error;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::header::{FORMAT_VERSION, HEADER_BYTES_MAX, Header, HeaderError};
use crate::log::Log;
use crate::names::NAMES_MAGIC;
use crate::reader::{Damage, DamageReason, Reader};

/// The first bytes of every exported file.
pub const FILE_MAGIC: [u8; 8] = *b"COMBATLG";

const SECTIONS: usize = 4;
const DIRECTORY_OFFSET: usize = FILE_MAGIC.len() + 4;
const DIRECTORY_CHECKSUM_OFFSET: usize = DIRECTORY_OFFSET + SECTIONS * 16;
/// Where the first section begins.
const HEAD_BYTES: usize = DIRECTORY_CHECKSUM_OFFSET + 8;
const TRAILER_BYTES: usize = 8;

/// What a reader takes into memory: two hours of 64 players take half a gigabyte, a day of ten players one and a half.
pub const FILE_BYTES_MAX: u64 = 2 << 30;

/// A part of the file, as errors name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilePart {
    Magic,
    Directory,
    Header,
    Map,
    Ruleset,
    Records,
    Trailer,
}

impl FilePart {
    const SECTIONS: [Self; SECTIONS] = [Self::Header, Self::Map, Self::Ruleset, Self::Records];

    /// More is not even hashed; the records are bounded one by one.
    const fn bytes_max(self) -> Option<usize> {
        match self {
            Self::Header => Some(HEADER_BYTES_MAX),
            Self::Map | Self::Ruleset => Some(DOCUMENT_BYTES_MAX),
            _ => None,
        }
    }
}

impl fmt::Display for FilePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Magic => "magic",
            Self::Directory => "directory",
            Self::Header => "header",
            Self::Map => "map",
            Self::Ruleset => "ruleset",
            Self::Records => "records",
            Self::Trailer => "trailer",
        })
    }
}

/// Why a file is not a log that can be played.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum FileError {
    #[error("not a combat log: expected it to begin with COMBATLG")]
    Magic,
    #[error(
        "log format {found}, this build reads format {FORMAT_VERSION}: use a build that writes that format"
    )]
    Format { found: u32 },
    #[error("{part} damaged at byte {offset} of the file: {reason}")]
    Part { part: FilePart, offset: usize, reason: String },
    /// `expected` bytes are the least that the file's own directory speaks of; `after` is the last tick that can be read.
    #[error("the file ends at byte {found} of {expected}, in the {part}{}", after_tick(*after))]
    Cut { part: FilePart, found: usize, expected: u64, after: Option<Tick> },
    /// Its offset counts from the beginning of the file.
    #[error("records damaged at byte {} of the file, tick {}: {}", .0.offset, .0.tick.0, .0.reason)]
    Records(Damage),
}

fn after_tick(tick: Option<Tick>) -> String {
    tick.map_or(String::new(), |tick| format!(", after tick {}", tick.0))
}

/// Lays a log out as a file, piece by piece: its records are not copied.
pub fn write_to<E>(log: &Log, write: &mut dyn FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
    let header = log.header.to_bytes();
    let sections: [&[u8]; SECTIONS] = [&header, &log.map, &log.ruleset, &log.records];
    let mut head = Vec::with_capacity(HEAD_BYTES);
    head.extend_from_slice(&FILE_MAGIC);
    FORMAT_VERSION.put(&mut head);
    for section in sections {
        (section.len() as u64).put(&mut head);
        xxh3_64(section).put(&mut head);
    }
    xxh3_64(&head).put(&mut head);
    let mut whole = Xxh3::new();
    for piece in [&head[..]].into_iter().chain(sections) {
        whole.update(piece);
        write(piece)?;
    }
    write(&whole.digest().to_le_bytes())
}

/// Lays a log out as a file in memory.
pub fn write(log: &Log) -> Vec<u8> {
    let mut out = Vec::new();
    let Ok(()) = write_to::<Infallible>(log, &mut |piece| {
        out.extend_from_slice(piece);
        Ok(())
    });
    out
}

/// What follows the log of a file: its names part, which no checksum of the log covers; `None` when nothing does.
pub fn names_part(bytes: &[u8]) -> Option<&[u8]> {
    let end = usize::try_from(log_bytes(&directory(bytes).ok()?)).ok()?;
    bytes.get(end..).filter(|part| !part.is_empty())
}

/// How many bytes of the file the log takes, trailer included.
fn log_bytes(sections: &[(u64, u64); SECTIONS]) -> u64 {
    let lengths = sections.iter().map(|(length, _)| *length);
    lengths.fold((HEAD_BYTES + TRAILER_BYTES) as u64, u64::saturating_add)
}

/// Reads a file and checks every byte of its log. Of a part with names after it only the first bytes are looked at.
///
/// # Errors
/// The first part that is damaged, or another version of the format.
pub fn read(bytes: &[u8]) -> Result<Log, FileError> {
    let (header, [_, map, ruleset, records]) = checked(bytes)?;
    let [map, ruleset, records] = [map, ruleset, records].map(|range| bytes[range].to_vec());
    Ok(Log { header, map, ruleset, records, lost: None })
}

/// As [`read`]; the records stay where they are instead of being copied.
///
/// # Errors
/// As [`read`].
pub fn take(mut bytes: Vec<u8>) -> Result<Log, FileError> {
    let (header, [_, map, ruleset, records]) = checked(&bytes)?;
    let [map, ruleset] = [map, ruleset].map(|range| bytes[range].to_vec());
    bytes.truncate(records.end);
    bytes.drain(..records.start);
    Ok(Log { header, map, ruleset, records: bytes, lost: None })
}

/// Where the sections lie, once every byte has been checked.
fn checked(bytes: &[u8]) -> Result<(Header, [Range<usize>; SECTIONS]), FileError> {
    let sections = directory(bytes)?;
    let expected = log_bytes(&sections);
    let mut found: [Range<usize>; SECTIONS] = Default::default();
    let mut offset = HEAD_BYTES;
    for (index, (length, checksum)) in sections.into_iter().enumerate() {
        let part = FilePart::SECTIONS[index];
        let damaged = |reason: &str| FileError::Part { part, offset, reason: reason.to_owned() };
        let end = usize::try_from(length).ok().and_then(|length| offset.checked_add(length));
        let section = end.and_then(|end| bytes.get(offset..end)).ok_or_else(|| match part {
            FilePart::Records => cut_records(bytes, offset, expected),
            _ => FileError::Cut { part, found: bytes.len(), expected, after: None },
        })?;
        if let Some(most) = part.bytes_max().filter(|most| section.len() > *most) {
            return Err(damaged(&format!("{length} bytes, expected at most {most}")));
        }
        if xxh3_64(section) != checksum {
            return Err(match part {
                FilePart::Records => first_fault(section, offset),
                _ => damaged("its checksum does not hold"),
            });
        }
        found[index] = offset..offset + section.len();
        offset += section.len();
    }
    trailer(bytes, offset)?;
    let header = Header::from_bytes(&bytes[found[0].clone()]).map_err(|error| match error {
        HeaderError::Format { found } => FileError::Format { found },
        error => FileError::Part { part: FilePart::Header, offset: HEAD_BYTES, reason: error.to_string() },
    })?;
    Ok((header, found))
}

/// Length and checksum of every section.
fn directory(bytes: &[u8]) -> Result<[(u64, u64); SECTIONS], FileError> {
    if !bytes.starts_with(&FILE_MAGIC) {
        return Err(other_magic(bytes));
    }
    let damaged = |reason: &str| FileError::Part {
        part: FilePart::Directory,
        offset: FILE_MAGIC.len(),
        reason: reason.to_owned(),
    };
    let head = bytes.get(..HEAD_BYTES).ok_or(FileError::Cut {
        part: FilePart::Directory,
        found: bytes.len(),
        expected: HEAD_BYTES as u64,
        after: None,
    })?;
    let whole = "the head holds all of its fields";
    let mut fields = Fields::new(&head[FILE_MAGIC.len()..]);
    let format = u32::take(&mut fields).expect(whole);
    let mut word = || u64::take(&mut fields).expect(whole);
    let sections = std::array::from_fn(|_| (word(), word()));
    if xxh3_64(&head[..DIRECTORY_CHECKSUM_OFFSET]) != word() {
        return Err(damaged("its checksum does not hold"));
    }
    if format != FORMAT_VERSION {
        return Err(FileError::Format { found: format });
    }
    Ok(sections)
}

/// A directory that holds under the right magic belongs to a log whose first bytes are damaged.
fn other_magic(bytes: &[u8]) -> FileError {
    let under_right_magic = bytes.get(FILE_MAGIC.len()..HEAD_BYTES).is_some_and(|rest| {
        let (checked, checksum) = rest.split_at(DIRECTORY_CHECKSUM_OFFSET - FILE_MAGIC.len());
        xxh3_64(&[&FILE_MAGIC, checked].concat()).to_le_bytes() == checksum
    });
    match under_right_magic {
        true => FileError::Part { part: FilePart::Magic, offset: 0, reason: "expected COMBATLG".to_owned() },
        false => FileError::Magic,
    }
}

fn trailer(bytes: &[u8], offset: usize) -> Result<(), FileError> {
    let damaged = |reason: String| Err(FileError::Part { part: FilePart::Trailer, offset, reason });
    let (checked, rest) = bytes.split_at(offset);
    let (trailer, after) = rest.split_at(rest.len().min(TRAILER_BYTES));
    if !after.is_empty() && !after.starts_with(&NAMES_MAGIC) {
        return damaged(format!("{} bytes follow it that are not a part with names", after.len()));
    }
    match trailer.try_into().map(u64::from_le_bytes) {
        Ok(checksum) if checksum == xxh3_64(checked) => Ok(()),
        Ok(_) => damaged("the checksum of the file does not hold".to_owned()),
        Err(_) => Err(FileError::Cut {
            part: FilePart::Trailer,
            found: bytes.len(),
            expected: (offset + TRAILER_BYTES) as u64,
            after: None,
        }),
    }
}

/// The record at fault in a section whose checksum does not hold.
fn first_fault(records: &[u8], offset: usize) -> FileError {
    let fault = Reader::new(records).find_map(Result::err);
    match fault {
        Some(damage) => FileError::Records(Damage { offset: damage.offset + offset, ..damage }),
        None => FileError::Part {
            part: FilePart::Records,
            offset,
            reason: "their checksum does not hold, though every record's does".to_owned(),
        },
    }
}

/// A file that ends within its records; what is damaged before that comes first.
fn cut_records(bytes: &[u8], offset: usize, expected: u64) -> FileError {
    let records = bytes.get(offset..).unwrap_or_default();
    let mut reader = Reader::new(records);
    match reader.by_ref().find_map(Result::err) {
        Some(damage) if damage.reason != DamageReason::Truncated => {
            FileError::Records(Damage { offset: damage.offset + offset, ..damage })
        }
        _ => FileError::Cut { part: FilePart::Records, found: bytes.len(), expected, after: reader.tick() },
    }
}
