//! A session's whole log, piece by piece, from a live or a finished session, in the server or beside it.

use std::collections::VecDeque;

use combat_components::ids::SessionId;

use super::row::PartHead;
use super::scan::{self, BASE_TICK, Damage, DamageCause, LogPiece};
use crate::store::{ChunkHead, SessionQuery, SessionRow, StoreError, StoreRead, StoredStatus};

/// A session's log, to be read from the first tick to the last.
///
/// A live session's log ends where its last commit was when it was opened.
pub struct SessionLog<'a> {
    pub session: SessionRow,
    /// The header as it was given at creation.
    pub header: Vec<u8>,
    store: &'a dyn StoreRead,
    chunks: VecDeque<ChunkHead>,
    tail: VecDeque<LogPiece>,
    /// Damage in the tail, to be told after that in the chunks.
    tail_damages: Vec<Damage>,
    damages: Vec<Damage>,
    expected_tick: u32,
    last_tick: u32,
}

impl<'a> SessionLog<'a> {
    /// Opens a session's log; `None` when the store does not know the session.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn open(store: &'a dyn StoreRead, id: SessionId) -> Result<Option<Self>, StoreError> {
        let Some(session) = store.session(id).await? else {
            return Ok(None);
        };
        let Some(header) = store.header(id).await? else {
            return Ok(None);
        };
        // Rows first: one that is compacted meanwhile is then found among the chunks.
        let mut rows = scan::rows(store, |session| session == id).await?;
        let chunks = store.chunk_heads(id).await?;
        let covered = chunks.last().map_or(BASE_TICK, |chunk| chunk.last_tick);
        let parts = rows.parts.remove(&id).unwrap_or_default();
        let tail = scan::tail(&session, covered, parts, &rows.unreadable);
        let last_tick = tail.pieces.last().map_or(covered, |piece| piece.last_tick);
        Ok(Some(Self {
            session,
            header,
            store,
            chunks: chunks.into(),
            tail: tail.pieces.into(),
            tail_damages: tail.damages,
            damages: Vec::new(),
            expected_tick: BASE_TICK + 1,
            last_tick,
        }))
    }

    /// The last tick of the log.
    pub fn last_tick(&self) -> u32 {
        self.last_tick
    }

    /// The next piece that can be read; what cannot is skipped and told by [`SessionLog::damages`] at the end.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn next(&mut self) -> Result<Option<LogPiece>, StoreError> {
        while let Some(head) = self.chunks.pop_front() {
            self.expect(head.first_tick);
            self.expected_tick = head.last_tick.saturating_add(1);
            let body = self.store.chunk_body(self.session.id, head.first_tick).await?;
            match body.map(|body| check(&head, body)) {
                Some(Ok(piece)) => return Ok(Some(piece)),
                Some(Err(cause)) => self.damaged(head.first_tick, head.last_tick, cause),
                None => self.damaged(head.first_tick, head.last_tick, DamageCause::Missing),
            }
        }
        Ok(self.tail.pop_front())
    }

    fn expect(&mut self, first_tick: u32) {
        if first_tick > self.expected_tick {
            self.damaged(self.expected_tick, first_tick - 1, DamageCause::Missing);
        }
    }

    fn damaged(&mut self, first_tick: u32, last_tick: u32, cause: DamageCause) {
        let session = self.session.id;
        self.damages.push(Damage { session, first_tick, last_tick: Some(last_tick), cause });
    }

    /// What could not be read, once [`SessionLog::next`] has answered `None`.
    pub fn damages(&mut self) -> Vec<Damage> {
        let mut damages = std::mem::take(&mut self.damages);
        damages.append(&mut self.tail_damages);
        damages
    }

    /// Everything that is left, and what could not be read.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn read_all(mut self) -> Result<(Vec<LogPiece>, Vec<Damage>), StoreError> {
        let mut pieces = Vec::new();
        while let Some(piece) = self.next().await? {
            pieces.push(piece);
        }
        let damages = self.damages();
        Ok((pieces, damages))
    }
}

/// A chunk's records as a piece of log, if its checksum holds.
pub(super) fn check(head: &ChunkHead, body: Vec<u8>) -> Result<LogPiece, DamageCause> {
    let name = PartHead::of_chunk(head, body.len());
    if name.checksum_of(&body) == head.checksum {
        Ok(scan::piece(&name, body))
    } else {
        Err(DamageCause::Chunk)
    }
}

/// A session and how far its log goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedSession {
    pub session: SessionRow,
    pub last_tick: u32,
}

/// Every session with the last tick of its log, by id.
///
/// # Errors
/// What the store answers.
pub async fn list(store: &dyn StoreRead) -> Result<Vec<ListedSession>, StoreError> {
    let sessions = store.sessions(SessionQuery::all(None)).await?;
    let some_live = sessions.iter().any(|session| session.status == StoredStatus::Live);
    let rows = if some_live { scan::rows(store, |_| false).await? } else { scan::Rows::default() };
    let mut listed = Vec::with_capacity(sessions.len());
    for session in sessions {
        let last_tick = match session.last_tick {
            Some(last_tick) => last_tick,
            None => {
                let parts = rows.heads.iter().flat_map(|(_, heads)| heads);
                let own = parts.filter(|head| head.session == session.id).map(|head| head.last_tick);
                let chunked = store.chunked_through(session.id).await?;
                own.max().max(chunked).unwrap_or(BASE_TICK)
            }
        };
        listed.push(ListedSession { session, last_tick });
    }
    Ok(listed)
}
