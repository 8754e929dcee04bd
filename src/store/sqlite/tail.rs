//! The newest commit's number beside the database: how a lost tail is noticed at the next start.
//!
//! It is written after each commit and never synced, so it is never ahead of what was committed.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_64;

use super::connect;
use crate::store::{StoreError, TailMark};

/// Row number, end offset, checksum of both.
const MARK_BYTES: usize = 24;

#[derive(Debug)]
pub(super) struct TailFile {
    file: File,
    /// What a former owner left.
    found: Option<TailMark>,
}

impl TailFile {
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let file = file.map_err(|error| connect::io_error(path, &error))?;
        let found = read(&file);
        Ok(Self { file, found })
    }

    pub(super) fn found(&self) -> Option<TailMark> {
        self.found
    }

    /// A mark that cannot be written costs one report, never a commit.
    pub(super) fn advance(&mut self, mark: TailMark) {
        let mut bytes = [0_u8; MARK_BYTES];
        bytes[..8].copy_from_slice(&mark.row_no.to_le_bytes());
        bytes[8..16].copy_from_slice(&mark.end_offset.to_le_bytes());
        let checksum = xxh3_64(&bytes[..16]);
        bytes[16..].copy_from_slice(&checksum.to_le_bytes());
        if let Err(error) = self.file.write_all_at(&bytes, 0) {
            tracing::debug!(%error, "tail mark not written");
        }
    }
}

/// The mark in the file at `path`, if it holds one.
pub(super) fn read_at(path: &Path) -> Option<TailMark> {
    File::open(path).ok().and_then(|file| read(&file))
}

fn read(file: &File) -> Option<TailMark> {
    let mut bytes = [0_u8; MARK_BYTES];
    file.read_exact_at(&mut bytes, 0).ok()?;
    let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes make a word"));
    let whole = xxh3_64(&bytes[..16]) == word(16);
    whole.then(|| TailMark { row_no: word(0), end_offset: word(8) })
}
