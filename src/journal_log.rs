//! A session's log out of the store: the only place where records and the journal's bytes meet.

use combat_components::ids::SessionId;
use combat_components::tick::Tick;
use combat_replays::digest::EpochDigest;
use combat_replays::header::{Header, HeaderError};
use combat_replays::log::{Log, LostRecords};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::journal::{BASE_TICK, SessionLog};
use crate::store::{StoreError, StoreRead};

/// Why a log cannot be put together.
#[derive(Debug, Error)]
pub enum LoadError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Header(#[from] HeaderError),
}

/// The log of a session, as far as it can be read; `None` when the store does not know the session.
///
/// # Errors
/// What the store answers, or a header that cannot be read.
pub async fn load(store: &dyn StoreRead, id: SessionId) -> Result<Option<Log>, LoadError> {
    let Some(mut stored) = SessionLog::open(store, id).await? else {
        return Ok(None);
    };
    let header = Header::from_bytes(&stored.header)?;
    let (map, ruleset) = content(store, &header).await?;
    let mut records = Vec::new();
    let (mut expected_tick, mut broken) = (BASE_TICK + 1, false);
    while let Some(piece) = stored.next().await? {
        broken |= piece.first_tick != expected_tick;
        expected_tick = piece.last_tick.saturating_add(1);
        if !broken {
            records.extend_from_slice(&piece.records);
        }
    }
    let damages = stored.damages();
    let first = damages.iter().min_by_key(|damage| damage.first_tick);
    let lost = first.map(|damage| LostRecords { tick: Tick(damage.first_tick), reason: damage.to_string() });
    Ok(Some(Log { header, map, ruleset, records, lost }))
}

/// SHA-256 of the records of every epoch before `epoch`, as they are stored; `None` when some cannot be read.
///
/// # Errors
/// What the store answers.
pub async fn digests_before(
    store: &dyn StoreRead,
    id: SessionId,
    epoch: u32,
) -> Result<Option<Vec<EpochDigest>>, StoreError> {
    let Some(mut stored) = SessionLog::open(store, id).await? else {
        return Ok(None);
    };
    let mut epochs: Vec<(u32, Sha256)> = Vec::new();
    let mut expected_tick = BASE_TICK + 1;
    while let Some(piece) = stored.next().await? {
        if piece.first_tick != expected_tick {
            return Ok(None);
        }
        if piece.epoch >= epoch {
            break;
        }
        expected_tick = piece.last_tick.saturating_add(1);
        match epochs.last_mut() {
            Some((present, running)) if *present == piece.epoch => running.update(&piece.records),
            _ => epochs.push((piece.epoch, Sha256::new_with_prefix(&piece.records))),
        }
    }
    Ok(Some(epochs.into_iter().map(|(_, running)| running.finalize().into()).collect()))
}

/// The map and the ruleset a session was played with; empty where the store has lost them.
pub async fn content(store: &dyn StoreRead, header: &Header) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
    let map = store.blob(&header.setup.map_hash.to_hex()).await?;
    let ruleset = store.blob(&header.setup.ruleset_hash.to_hex()).await?;
    Ok((map.map_or_else(Vec::new, |blob| blob.bytes), ruleset.map_or_else(Vec::new, |blob| blob.bytes)))
}
