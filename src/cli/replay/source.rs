//! From `ID|FILE` to a log in memory.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, anyhow};
use combat_components::ids::SessionId;
use combat_replays::file::{self, FileError};
use combat_replays::log::Log;

use super::SourceArgs;
pub(super) use crate::cli::block_on;
use crate::journal_log;
use crate::store::{self, StoreError, StoreRead};

/// What was found under an id or a name.
pub enum Opened {
    Log(Box<Log>),
    /// A file that cannot be believed, in which part and where.
    Damaged(FileError),
}

impl Opened {
    /// The log, for verbs that need one.
    pub fn log(self) -> Result<Log, String> {
        match self {
            Self::Log(log) => Ok(*log),
            Self::Damaged(error) => Err(error.to_string()),
        }
    }
}

/// Opens a session of the data directory, or an exported file.
pub fn open(args: &SourceArgs) -> anyhow::Result<Opened> {
    match args.source.parse::<SessionId>() {
        Ok(id) => stored(id, &args.storage.data_dir).map(|log| Opened::Log(Box::new(log))),
        Err(_) => exported(Path::new(&args.source)),
    }
}

fn stored(id: SessionId, data_dir: &Path) -> anyhow::Result<Log> {
    let found = block_on(async {
        let store = reader(data_dir).await?;
        journal_log::load(store.as_ref(), id).await.map_err(anyhow::Error::from)
    })?;
    found.ok_or_else(|| {
        anyhow!("no session {id} in {}: `combat replay list` shows those there are", data_dir.display())
    })
}

fn exported(path: &Path) -> anyhow::Result<Opened> {
    let bytes = std::fs::read(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => anyhow!(
            "{:?} is neither a session's id nor a file: `combat replay list` shows the ids",
            path.display().to_string()
        ),
        _ => anyhow!("cannot read {}: {error}", path.display()),
    })?;
    match file::read(&bytes) {
        Ok(log) => Ok(Opened::Log(Box::new(log))),
        Err(error @ (FileError::Magic | FileError::Format { .. })) => {
            Err(error).context(path.display().to_string())
        }
        Err(error) => Ok(Opened::Damaged(error)),
    }
}

/// The data directory's store, for reading only.
pub async fn reader(data_dir: &Path) -> anyhow::Result<Box<dyn StoreRead>> {
    store::open_reader(data_dir).await.map_err(|error| match error {
        StoreError::Missing(directory) => {
            anyhow!("no journal in {}: name its directory with --data-dir or DATA_DIR", directory.display())
        }
        error => error.into(),
    })
}
