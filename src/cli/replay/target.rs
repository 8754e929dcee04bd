//! The file an export writes: there as a whole or not at all, and an old one until then.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

/// What to write to.
pub struct Target {
    file: File,
    /// Made for this, and in the way of the next attempt unless everything was written.
    made: Option<PathBuf>,
    /// The old file that the one made takes the place of.
    replaced: Option<PathBuf>,
}

impl Target {
    /// # Errors
    /// Where a file is that nobody said to replace, and where none can be.
    pub fn of(output: &Path, may_replace: bool) -> anyhow::Result<Self> {
        let shown = output.display();
        let opened = match File::create_new(output) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                // What is no regular file, such as a pipe, holds nothing that could be lost.
                let is_file = std::fs::metadata(output).is_ok_and(|found| found.is_file());
                let is_kept = is_file && !may_replace;
                ensure!(!is_kept, "{shown} is there already: give another name, or --force to replace it");
                if is_file { Self::beside(output) } else { Self::in_place(output) }
            }
            made => made.map(|file| Self { file, made: Some(output.to_owned()), replaced: None }),
        };
        opened.with_context(|| format!("cannot write {shown}"))
    }

    fn in_place(output: &Path) -> std::io::Result<Self> {
        Ok(Self { file: File::create(output)?, made: None, replaced: None })
    }

    /// A draft in the old file's directory, which may not be that of a link to it.
    fn beside(output: &Path) -> std::io::Result<Self> {
        let replaced = std::fs::canonicalize(output)?;
        let mut draft = replaced.clone().into_os_string();
        draft.push(format!(".{}.tmp", std::process::id()));
        let draft = PathBuf::from(draft);
        let file = OpenOptions::new().write(true).create_new(true).open(&draft)?;
        let target = Self { file, made: Some(draft), replaced: Some(replaced) };
        // Whoever could not read the old one must not read the new one.
        let permitted =
            std::fs::metadata(output).and_then(|old| target.file.set_permissions(old.permissions()));
        match permitted {
            Ok(()) => Ok(target),
            Err(error) => {
                target.give_up();
                Err(error)
            }
        }
    }

    /// Has `fill` write everything, and answers what it answers.
    ///
    /// # Errors
    /// When not all of it is on the disk; an old file is then as it was.
    pub fn write<T>(
        self,
        fill: impl FnOnce(&mut BufWriter<&File>) -> std::io::Result<T>,
    ) -> std::io::Result<T> {
        let written = self.fill(fill);
        if written.is_err() {
            self.give_up();
        }
        written
    }

    fn fill<T>(&self, fill: impl FnOnce(&mut BufWriter<&File>) -> std::io::Result<T>) -> std::io::Result<T> {
        let mut writer = BufWriter::new(&self.file);
        let answer = fill(&mut writer)?;
        writer.flush()?;
        let Some(made) = &self.made else { return Ok(answer) };
        self.file.sync_all()?;
        if let Some(replaced) = &self.replaced {
            std::fs::rename(made, replaced)?;
        }
        Ok(answer)
    }

    fn give_up(&self) {
        // What failed says more than a failure to remove this.
        let _ = self.made.as_ref().map(std::fs::remove_file);
    }
}
