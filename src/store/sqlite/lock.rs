//! The lock beside the database: one server per data directory, and it says which.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use super::{LOCK_FILE, connect};
use crate::store::StoreError;

/// More than two lines of text never need.
const LOCK_TEXT_BYTES_MAX: u64 = 256;

/// Held as long as the file is open; the kernel gives it back when the process dies, however it dies.
#[derive(Debug)]
pub(super) struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    pub(super) fn take(directory: &Path) -> Result<Self, StoreError> {
        let path = directory.join(LOCK_FILE);
        let failed = |error: &std::io::Error| connect::io_error(&path, error);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::InUse { directory: directory.to_owned(), holder: holder(&mut file) });
            }
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        let text = format!("process {}\nstarted {}\n", std::process::id(), jiff::Timestamp::now());
        // A full disk must not keep a server from starting: the lock holds without its text.
        let _ = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| file.write_all(text.as_bytes()));
        Ok(Self { _file: file })
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    let read = file.rewind().and_then(|()| file.take(LOCK_TEXT_BYTES_MAX).read_to_string(&mut text));
    let mut lines = text.lines();
    match (read, lines.next(), lines.next()) {
        (Ok(_), Some(process), Some(started)) => format!("{process} ({started})"),
        _ => "another process".into(),
    }
}
