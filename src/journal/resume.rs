//! What a start finds: sessions to resume with their newest keyframe and everything after it, and what is lost.

use std::sync::Arc;

use combat_components::ids::SessionId;

use super::index::RowIndex;
use super::log_reader;
use super::row::PartHead;
use super::scan::{self, BASE_TICK, Damage, LogPiece, TailPart};
use crate::store::{ChunkHead, SessionQuery, SessionRow, StoreError, StoreRead, StoredStatus};

/// What was found at the start.
#[derive(Clone, Debug, Default)]
pub struct OpenReport {
    /// Raised by this start; every write compares it.
    pub owner_epoch: u32,
    /// Sessions that were live when the last owner stopped.
    pub live: Vec<LiveSession>,
    /// Commits that the last owner saw done and that are not there any more.
    pub lost_tail: Option<LostTail>,
    /// Rows of which not even the sessions can be named.
    pub unreadable_rows: Vec<u64>,
}

/// A session to resume, or to fail by name when it has damages.
#[derive(Clone, Debug)]
pub struct LiveSession {
    pub session: SessionRow,
    pub header: Vec<u8>,
    /// The newest keyframe's piece and all after it, or the whole log when no keyframe was written yet.
    pub pieces: Vec<LogPiece>,
    /// What of the log lies before `pieces` and in no chunk yet.
    pub earlier: Vec<LogPiece>,
    /// The last tick that can be resumed at.
    pub last_tick: u32,
    /// When not empty, the session cannot be resumed.
    pub damages: Vec<Damage>,
}

/// What of a session's log lies before what it is resumed from, piece by piece. What cannot be read is left out: nothing
/// is simulated of it.
pub struct EarlierPieces<'a> {
    store: &'a dyn StoreRead,
    session: &'a LiveSession,
    chunks: std::vec::IntoIter<ChunkHead>,
    tail: std::slice::Iter<'a, LogPiece>,
}

impl<'a> EarlierPieces<'a> {
    /// From the piece on that holds `first_tick`.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn of(
        store: &'a dyn StoreRead,
        session: &'a LiveSession,
        first_tick: u32,
    ) -> Result<Self, StoreError> {
        let until = session.pieces.first().map_or(u32::MAX, |piece| piece.first_tick);
        let mut chunks = store.chunk_heads(session.session.id).await?;
        chunks.retain(|chunk| chunk.last_tick >= first_tick && chunk.last_tick < until);
        Ok(Self { store, session, chunks: chunks.into_iter(), tail: session.earlier.iter() })
    }

    /// # Errors
    /// What the store answers.
    pub async fn next(&mut self) -> Result<Option<LogPiece>, StoreError> {
        for head in self.chunks.by_ref() {
            let body = self.store.chunk_body(self.session.session.id, head.first_tick).await?;
            if let Some(Ok(piece)) = body.map(|body| log_reader::check(&head, body)) {
                return Ok(Some(piece));
            }
        }
        Ok(self.tail.next().cloned())
    }
}

/// What the last owner committed and is gone: rows after the newest one found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostTail {
    pub newest_row_no: u64,
    pub rows: u64,
    pub bytes: u64,
}

/// What the writer goes on from.
#[derive(Debug, Default)]
pub(super) struct Resumed {
    pub report: OpenReport,
    pub index: RowIndex,
    pub next_row_no: u64,
    pub end_offset: u64,
}

/// Reads the store as its last owner left it.
pub(super) async fn read(store: &Arc<dyn crate::store::Store>) -> Result<Resumed, StoreError> {
    let store: &dyn StoreRead = store.as_ref();
    let sessions = store.sessions(SessionQuery::all(Some(StoredStatus::Live))).await?;
    let live = |id: SessionId| sessions.binary_search_by_key(&id, |session| session.id).is_ok();
    let mut rows = scan::rows(store, live).await?;
    let mut resumed = Resumed {
        next_row_no: rows.newest_row_no().map_or(1, |newest| newest + 1),
        end_offset: rows.end_offset,
        ..Resumed::default()
    };
    resumed.report.lost_tail = lost_tail(store, rows.newest_row_no().unwrap_or(0), rows.end_offset).await?;
    if let Some(lost) = resumed.report.lost_tail {
        resumed.next_row_no = resumed.next_row_no.max(lost.newest_row_no + 1);
    }
    resumed.index = index(store, &rows.heads, live).await?;
    resumed.report.unreadable_rows = rows.unreadable.iter().map(|(row_no, _)| *row_no).collect();
    for session in &sessions {
        let parts = rows.parts.remove(&session.id).unwrap_or_default();
        let found = live_session(store, session.clone(), parts, &rows.unreadable).await?;
        resumed.report.live.push(found);
    }
    Ok(resumed)
}

async fn lost_tail(
    store: &dyn StoreRead,
    newest_row_no: u64,
    end_offset: u64,
) -> Result<Option<LostTail>, StoreError> {
    let mark = store.tail_mark().await?;
    Ok(mark.filter(|mark| mark.row_no > newest_row_no).map(|mark| LostTail {
        newest_row_no,
        rows: mark.row_no - newest_row_no,
        bytes: mark.end_offset.saturating_sub(end_offset),
    }))
}

/// Indexes what no chunk covers; sessions that are finished or gone have nothing left to wait for.
async fn index(
    store: &dyn StoreRead,
    heads: &[(u64, Vec<PartHead>)],
    live: impl Fn(SessionId) -> bool,
) -> Result<RowIndex, StoreError> {
    let mut named: Vec<SessionId> =
        heads.iter().flat_map(|(_, heads)| heads).map(|head| head.session).collect();
    named.sort_unstable();
    named.dedup();
    let mut covered = std::collections::BTreeMap::new();
    for id in &named {
        let through = match store.session(*id).await? {
            Some(_) => store.chunked_through(*id).await?.unwrap_or(BASE_TICK),
            None => u32::MAX,
        };
        covered.insert(*id, through);
    }
    let mut index = RowIndex::default();
    for (row_no, heads) in heads {
        index.add_row(*row_no, heads.iter().filter(|head| head.last_tick > covered[&head.session]));
    }
    named.into_iter().filter(|id| !live(*id)).for_each(|id| index.finish(id));
    Ok(index)
}

async fn live_session(
    store: &dyn StoreRead,
    session: SessionRow,
    parts: Vec<TailPart>,
    unreadable: &[(u64, super::row::RowDamage)],
) -> Result<LiveSession, StoreError> {
    let header = store.header(session.id).await?.unwrap_or_default();
    let chunks = store.chunk_heads(session.id).await?;
    let covered = chunks.last().map_or(BASE_TICK, |chunk| chunk.last_tick);
    let mut tail = scan::tail(&session, covered, parts, unreadable);
    let newest_keyframe = tail.pieces.iter().rposition(|piece| piece.keyframe);
    let earlier = tail.pieces.drain(..newest_keyframe.unwrap_or(0)).collect();
    let (mut pieces, mut damages) = match newest_keyframe {
        Some(_) => (Vec::new(), Vec::new()),
        None => chunks_since_keyframe(store, session.id, &chunks).await?,
    };
    pieces.append(&mut tail.pieces);
    damages.append(&mut tail.damages);
    let last_tick = pieces.last().map_or(covered, |piece| piece.last_tick);
    Ok(LiveSession { session, header, pieces, earlier, last_tick, damages })
}

async fn chunks_since_keyframe(
    store: &dyn StoreRead,
    session: SessionId,
    chunks: &[ChunkHead],
) -> Result<(Vec<LogPiece>, Vec<Damage>), StoreError> {
    let from = chunks.iter().rposition(|chunk| chunk.keyframe).unwrap_or(0);
    let mut pieces = Vec::new();
    let mut damages = Vec::new();
    let mut expected = chunks.get(from).map_or(BASE_TICK + 1, |chunk| chunk.first_tick);
    for head in &chunks[from..] {
        let body = store.chunk_body(session, head.first_tick).await?;
        let piece = body.ok_or(scan::DamageCause::Missing).and_then(|body| log_reader::check(head, body));
        let piece = piece.and_then(|piece| {
            if head.first_tick == expected { Ok(piece) } else { Err(scan::DamageCause::Missing) }
        });
        expected = head.last_tick.saturating_add(1);
        match piece {
            Ok(piece) => pieces.push(piece),
            Err(cause) => damages.push(Damage {
                session,
                first_tick: head.first_tick,
                last_tick: Some(head.last_tick),
                cause,
            }),
        }
    }
    Ok((pieces, damages))
}
