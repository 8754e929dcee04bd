//! From `ID|FILE` to a log in memory.

use std::io::{ErrorKind, Read};
use std::path::Path;

use anyhow::{Context, anyhow, ensure};
use combat_components::ids::SessionId;
use combat_components::phase::Phase;
use combat_replays::digest::LogDigest;
use combat_replays::file::{self, FILE_BYTES_MAX, FileError};
use combat_replays::log::Log;
use combat_replays::player::Player;
use combat_systems::kinds::Kinds;

use super::SourceArgs;
pub(super) use crate::cli::block_on;
use crate::cli::this_program;
use crate::journal_log;
use crate::session::stored::EndNote;
use crate::store::{self, StoreRead, StoredStatus};

/// What was found under an id or a name.
pub enum Opened {
    Log(Box<Found>),
    /// A file that cannot be believed, in which part and where.
    Damaged(FileError),
}

/// A log, and what the store says of it where it came from there.
pub struct Found {
    pub log: Log,
    pub kept: Option<Kept>,
}

/// What the store keeps beside a log.
pub struct Kept {
    pub session: SessionId,
    /// Its match goes on, so its log ends somewhere.
    pub is_live: bool,
    /// Since its match ended.
    pub digest: Option<LogDigest>,
}

impl Found {
    /// Whether the match had ended at the log's end, as its last keyframe and what follows tell. `None` where that
    /// cannot be told here: the simulation had panicked, or is of another version or other kinds.
    pub fn match_has_ended(&self, kinds: &Kinds) -> Option<bool> {
        if self.kept.as_ref().is_some_and(|kept| !kept.is_live) {
            return Some(true);
        }
        let last_tick = self.log.last_tick();
        let parts = self.log.parts(kinds).ok()?;
        let mut player = Player::from_keyframe(parts, &self.log.records, last_tick).ok()?;
        let reaches_the_end = player.play_to(last_tick).ok()?;
        reaches_the_end.then(|| player.sim().match_state().phase == Phase::Ended)
    }
}

impl Opened {
    /// The log, for verbs that need one.
    pub fn log(self) -> Result<Log, String> {
        match self {
            Self::Log(found) => Ok(found.log),
            Self::Damaged(error) => Err(error.to_string()),
        }
    }
}

/// Opens a session of the data directory, or an exported file.
pub fn open(args: &SourceArgs) -> anyhow::Result<Opened> {
    match args.source.parse::<SessionId>() {
        Ok(id) => stored(id, &args.storage.data_dir).map(|found| Opened::Log(Box::new(found))),
        Err(_) => exported(Path::new(&args.source)),
    }
}

fn stored(id: SessionId, data_dir: &Path) -> anyhow::Result<Found> {
    let found = block_on(async {
        let store = reader(data_dir).await?;
        // The row first: a session that ends meanwhile has no less in its log than its row says.
        let row = store.session(id).await?;
        let log = journal_log::load(store.as_ref(), id).await?;
        Ok(row.zip(log))
    })?;
    let (row, log) = found.ok_or_else(|| {
        let (place, program) = (data_dir.display(), this_program());
        anyhow!("no session {id} in {place}: `{program} replay list` shows those there are")
    })?;
    let is_live = row.status == StoredStatus::Live;
    Ok(Found { log, kept: Some(Kept { session: id, is_live, digest: EndNote::digest_of(&row) }) })
}

fn exported(path: &Path) -> anyhow::Result<Opened> {
    match file::take(read(path)?) {
        Ok(log) => Ok(Opened::Log(Box::new(Found { log, kept: None }))),
        Err(error @ (FileError::Magic | FileError::Format { .. })) => {
            Err(error).context(path.display().to_string())
        }
        Err(error) => Ok(Opened::Damaged(error)),
    }
}

/// A whole file, once it is known to fit.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let cannot = |error: std::io::Error| match error.kind() {
        ErrorKind::NotFound => anyhow!(
            "{:?} is neither a session's id nor a file: `{} replay list` shows the ids",
            path.display().to_string(),
            this_program()
        ),
        _ => anyhow!("cannot read {}: {error}", path.display()),
    };
    let file = std::fs::File::open(path).map_err(cannot)?;
    let length = file.metadata().map_err(cannot)?.len();
    let too_long =
        |length: u64| anyhow!("{}: {length} bytes, expected at most {FILE_BYTES_MAX}", path.display());
    ensure!(length <= FILE_BYTES_MAX, too_long(length));
    let mut bytes = Vec::with_capacity(length as usize + 1);
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(cannot)?;
    ensure!(bytes.len() as u64 <= FILE_BYTES_MAX, too_long(bytes.len() as u64));
    Ok(bytes)
}

/// The data directory's store, for reading only.
pub async fn reader(data_dir: &Path) -> anyhow::Result<Box<dyn StoreRead>> {
    Ok(store::open_reader(data_dir).await?)
}
