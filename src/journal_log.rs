//! A session's log out of the store: the only place where records and the journal's bytes meet.

use combat_components::ids::SessionId;
use combat_components::tick::Tick;
use combat_replays::header::{Header, HeaderError};
use combat_replays::log::{Log, LostRecords};
use thiserror::Error;

use crate::journal::SessionLog;
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
    let Some(stored) = SessionLog::open(store, id).await? else {
        return Ok(None);
    };
    let header = Header::from_bytes(&stored.header)?;
    let (map, ruleset) = content(store, &header).await?;
    let (pieces, damages) = stored.read_all().await?;
    let first = damages.iter().min_by_key(|damage| damage.first_tick);
    let lost = first.map(|damage| LostRecords { tick: Tick(damage.first_tick), reason: damage.to_string() });
    let readable =
        pieces.into_iter().take_while(|piece| first.is_none_or(|damage| piece.last_tick < damage.first_tick));
    let records = readable.flat_map(|piece| piece.records).collect();
    Ok(Some(Log { header, map, ruleset, records, lost }))
}

/// The map and the ruleset a session was played with; empty where the store has lost them.
pub async fn content(store: &dyn StoreRead, header: &Header) -> Result<(Vec<u8>, Vec<u8>), StoreError> {
    let map = store.blob(&header.setup.map_hash.to_hex()).await?;
    let ruleset = store.blob(&header.setup.ruleset_hash.to_hex()).await?;
    Ok((map.map_or_else(Vec::new, |blob| blob.bytes), ruleset.map_or_else(Vec::new, |blob| blob.bytes)))
}
