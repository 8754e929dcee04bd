//! A store in memory: the trait's plainest sibling, for tests of everything above it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use combat_components::ids::{PlayerId, Pseudonym, SessionId};
use parking_lot::Mutex;

use super::{
    Blob, Checkpoint, Chunk, ChunkHead, Erased, Finish, JournalRow, NewSession, PeopleEraser, PeopleRead,
    PeopleStore, PersonRow, SessionQuery, SessionRow, Store, StoreError, StoreFuture, StoreRead,
    StoredStatus, TailMark, Usage,
};

#[derive(Debug, Default)]
struct Tables {
    owner_epoch: u32,
    rows: BTreeMap<u64, Vec<u8>>,
    chunks: BTreeMap<(SessionId, u32), Chunk>,
    sessions: BTreeMap<SessionId, (SessionRow, Vec<u8>)>,
    blobs: BTreeMap<String, Blob>,
    people: BTreeMap<(SessionId, PlayerId), PersonRow>,
    erasures: u64,
    tail: Option<TailMark>,
}

/// Tables in memory. [`MemoryStore::reopened`] gives another process's view of the same tables.
#[derive(Debug, Default)]
pub struct MemoryStore {
    tables: Arc<Mutex<Tables>>,
    mine: AtomicU32,
}

impl MemoryStore {
    pub fn new() -> Self {
        Self::default()
    }

    /// The same tables, not yet claimed, as a process started later would find them.
    pub fn reopened(&self) -> Self {
        Self { tables: Arc::clone(&self.tables), mine: AtomicU32::new(0) }
    }

    /// Changes a row's body, as a damaged medium would; false when there is no such row.
    pub fn damage_row(&self, row_no: u64, damage: impl FnOnce(&mut Vec<u8>)) -> bool {
        self.tables.lock().rows.get_mut(&row_no).map(damage).is_some()
    }

    /// Loses a row without a trace.
    pub fn lose_row(&self, row_no: u64) -> bool {
        self.tables.lock().rows.remove(&row_no).is_some()
    }

    /// Changes a chunk's body; false when there is no such chunk.
    pub fn damage_chunk(
        &self,
        session: SessionId,
        first_tick: u32,
        damage: impl FnOnce(&mut Vec<u8>),
    ) -> bool {
        let mut tables = self.tables.lock();
        tables.chunks.get_mut(&(session, first_tick)).map(|chunk| damage(&mut chunk.body)).is_some()
    }

    fn read<T: Send + 'static>(&self, read: impl FnOnce(&Tables) -> T) -> StoreFuture<'_, T> {
        let answer = read(&self.tables.lock());
        Box::pin(async move { Ok(answer) })
    }

    fn write<T: Send + 'static>(
        &self,
        write: impl FnOnce(&mut Tables) -> Result<T, StoreError>,
    ) -> StoreFuture<'_, T> {
        let mine = self.mine.load(Ordering::Acquire);
        let mut tables = self.tables.lock();
        let found = tables.owner_epoch;
        let answer =
            if found == mine { write(&mut tables) } else { Err(StoreError::LostOwnership { mine, found }) };
        drop(tables);
        Box::pin(async move { answer })
    }
}

impl StoreRead for MemoryStore {
    fn sessions(&self, query: SessionQuery) -> StoreFuture<'_, Vec<SessionRow>> {
        self.read(|tables| {
            let rows = tables.sessions.values().map(|(row, _)| row);
            rows.filter(|row| query.status.is_none_or(|status| row.status == status))
                .filter(|row| query.after.is_none_or(|after| row.id > after))
                .take(query.limit as usize)
                .cloned()
                .collect()
        })
    }

    fn session(&self, id: SessionId) -> StoreFuture<'_, Option<SessionRow>> {
        self.read(|tables| tables.sessions.get(&id).map(|(row, _)| row.clone()))
    }

    fn header(&self, id: SessionId) -> StoreFuture<'_, Option<Vec<u8>>> {
        self.read(|tables| tables.sessions.get(&id).map(|(_, header)| header.clone()))
    }

    fn row_numbers(&self) -> StoreFuture<'_, Vec<u64>> {
        self.read(|tables| tables.rows.keys().copied().collect())
    }

    fn row(&self, row_no: u64) -> StoreFuture<'_, Option<Vec<u8>>> {
        self.read(|tables| tables.rows.get(&row_no).cloned())
    }

    fn chunk_heads(&self, session: SessionId) -> StoreFuture<'_, Vec<ChunkHead>> {
        self.read(|tables| chunks_of(tables, session).map(|chunk| chunk.head).collect())
    }

    fn chunk_body(&self, session: SessionId, first_tick: u32) -> StoreFuture<'_, Option<Vec<u8>>> {
        self.read(|tables| tables.chunks.get(&(session, first_tick)).map(|chunk| chunk.body.clone()))
    }

    fn chunked_through(&self, session: SessionId) -> StoreFuture<'_, Option<u32>> {
        self.read(|tables| chunks_of(tables, session).map(|chunk| chunk.head.last_tick).max())
    }

    fn blob(&self, hash: &str) -> StoreFuture<'_, Option<Blob>> {
        self.read(|tables| tables.blobs.get(hash).cloned())
    }

    fn tail_mark(&self) -> StoreFuture<'_, Option<TailMark>> {
        self.read(|tables| tables.tail)
    }
}

fn chunks_of(tables: &Tables, session: SessionId) -> impl Iterator<Item = &Chunk> {
    tables.chunks.range((session, 0)..=(session, u32::MAX)).map(|(_, chunk)| chunk)
}

fn live(tables: &mut Tables, id: SessionId) -> Result<&mut SessionRow, StoreError> {
    let (row, _) = tables.sessions.get_mut(&id).ok_or(StoreError::UnknownSession(id))?;
    if row.status == StoredStatus::Live { Ok(row) } else { Err(StoreError::NotLive(id)) }
}

impl Store for MemoryStore {
    fn claim(&self, _owner: &str) -> StoreFuture<'_, u32> {
        let mut tables = self.tables.lock();
        tables.owner_epoch += 1;
        let owner_epoch = tables.owner_epoch;
        self.mine.store(owner_epoch, Ordering::Release);
        drop(tables);
        Box::pin(async move { Ok(owner_epoch) })
    }

    fn append<'a>(&'a self, row: &'a JournalRow) -> StoreFuture<'a, ()> {
        self.write(|tables| {
            let newest = tables.rows.last_key_value();
            if newest.is_some_and(|(row_no, body)| *row_no == row.row_no && *body == row.body) {
                return Ok(());
            }
            let expected = newest.map_or(row.row_no, |(row_no, _)| row_no + 1);
            if row.row_no != expected {
                return Err(StoreError::RowOrder { offered: row.row_no, expected });
            }
            tables.rows.insert(row.row_no, row.body.clone());
            tables.tail = Some(TailMark { row_no: row.row_no, end_offset: row.end_offset });
            Ok(())
        })
    }

    fn create_session<'a>(&'a self, session: &'a NewSession) -> StoreFuture<'a, ()> {
        self.write(|tables| {
            if let Some((_, header)) = tables.sessions.get(&session.id) {
                let same = *header == session.header;
                return if same { Ok(()) } else { Err(StoreError::SessionExists(session.id)) };
            }
            let row = SessionRow {
                id: session.id,
                status: StoredStatus::Live,
                epoch: 1,
                created_unix_us: session.created_unix_us,
                ended_unix_us: None,
                last_tick: None,
                summary: None,
                verify: None,
            };
            tables.sessions.insert(session.id, (row, session.header.clone()));
            Ok(())
        })
    }

    fn set_epoch(&self, id: SessionId, epoch: u32) -> StoreFuture<'_, ()> {
        self.write(|tables| {
            live(tables, id)?.epoch = epoch;
            Ok(())
        })
    }

    fn finish_session<'a>(&'a self, finish: &'a Finish) -> StoreFuture<'a, ()> {
        self.write(|tables| {
            let (row, _) =
                tables.sessions.get_mut(&finish.id).ok_or(StoreError::UnknownSession(finish.id))?;
            if row.status == StoredStatus::Live {
                row.status = finish.status();
                row.ended_unix_us = Some(finish.ended_unix_us);
                row.last_tick = Some(finish.last_tick);
                row.summary = Some(finish.summary.clone());
            }
            Ok(())
        })
    }

    fn set_verify<'a>(&'a self, id: SessionId, result: &'a [u8]) -> StoreFuture<'a, ()> {
        self.write(|tables| {
            let (row, _) = tables.sessions.get_mut(&id).ok_or(StoreError::UnknownSession(id))?;
            row.verify = Some(result.to_vec());
            Ok(())
        })
    }

    fn put_blob<'a>(&'a self, blob: &'a Blob) -> StoreFuture<'a, ()> {
        self.write(|tables| {
            tables.blobs.entry(blob.hash.clone()).or_insert_with(|| blob.clone());
            Ok(())
        })
    }

    fn put_chunk<'a>(&'a self, chunk: &'a Chunk) -> StoreFuture<'a, ()> {
        self.write(|tables| {
            let key = (chunk.head.session, chunk.head.first_tick);
            let longer = |found: &Chunk| chunk.head.last_tick > found.head.last_tick;
            if tables.chunks.get(&key).is_none_or(longer) {
                tables.chunks.insert(key, chunk.clone());
            }
            Ok(())
        })
    }

    fn delete_rows(&self, row_no: u64, limit: u32) -> StoreFuture<'_, u64> {
        self.write(|tables| {
            let Some(newest) = tables.rows.last_key_value().map(|(row_no, _)| *row_no) else {
                return Ok(0);
            };
            let doomed = tables.rows.range(..=row_no.min(newest.saturating_sub(1))).take(limit as usize);
            let doomed: Vec<u64> = doomed.map(|(row_no, _)| *row_no).collect();
            doomed.iter().for_each(|row_no| drop(tables.rows.remove(row_no)));
            Ok(doomed.len() as u64)
        })
    }

    fn delete_session(&self, id: SessionId) -> StoreFuture<'_, ()> {
        self.write(|tables| {
            tables.sessions.remove(&id);
            Ok(())
        })
    }

    fn delete_chunks(&self, id: SessionId, limit: u32) -> StoreFuture<'_, u64> {
        self.write(|tables| {
            let doomed = chunks_of(tables, id).map(|chunk| chunk.head.first_tick).take(limit as usize);
            let doomed: Vec<u32> = doomed.collect();
            doomed.iter().for_each(|first_tick| drop(tables.chunks.remove(&(id, *first_tick))));
            Ok(doomed.len() as u64)
        })
    }

    fn orphans(&self) -> StoreFuture<'_, Vec<SessionId>> {
        self.read(|tables| {
            let chunks = tables.chunks.keys().map(|(session, _)| *session);
            let mut found: Vec<SessionId> =
                chunks.chain(tables.people.keys().map(|(session, _)| *session)).collect();
            found.sort_unstable();
            found.dedup();
            found.retain(|id| !tables.sessions.contains_key(id));
            found
        })
    }

    fn usage(&self) -> StoreFuture<'_, Usage> {
        self.read(|tables| {
            let rows: usize = tables.rows.values().map(Vec::len).sum();
            let chunks: usize = tables.chunks.values().map(|chunk| chunk.body.len()).sum();
            let headers: usize = tables.sessions.values().map(|(_, header)| header.len()).sum();
            let blobs: usize = tables.blobs.values().map(|blob| blob.bytes.len()).sum();
            Usage { used_bytes: (rows + chunks + headers + blobs) as u64, wal_bytes: 0 }
        })
    }

    fn checkpoint(&self) -> StoreFuture<'_, Checkpoint> {
        Box::pin(async { Ok(Checkpoint::default()) })
    }

    fn recover(&self) -> StoreFuture<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        self.mine.store(0, Ordering::Release);
        Box::pin(async { Ok(()) })
    }
}

impl PeopleRead for MemoryStore {
    fn people(&self, session: SessionId) -> StoreFuture<'_, Vec<PersonRow>> {
        self.read(|tables| {
            tables.people.values().filter(|person| person.session == session).copied().collect()
        })
    }

    fn erasures(&self) -> StoreFuture<'_, u64> {
        self.read(|tables| tables.erasures)
    }
}

impl PeopleStore for MemoryStore {
    fn meet<'a>(&'a self, person: &'a PersonRow) -> StoreFuture<'a, Pseudonym> {
        self.write(|tables| {
            if let Some(known) = tables.people.get_mut(&(person.session, person.player)) {
                known.name = person.name;
                return Ok(known.pseudonym);
            }
            let is_his =
                |other: &PersonRow| other.session == person.session && other.pseudonym == person.pseudonym;
            if tables.people.values().any(is_his) {
                return Err(StoreError::PseudonymTaken(person.session));
            }
            tables.people.insert((person.session, person.player), *person);
            Ok(person.pseudonym)
        })
    }

    fn delete_people(&self, session: SessionId) -> StoreFuture<'_, u64> {
        self.write(|tables| {
            let before = tables.people.len();
            tables.people.retain(|(of, _), _| *of != session);
            Ok((before - tables.people.len()) as u64)
        })
    }
}

impl PeopleEraser for MemoryStore {
    fn erase(&self, player: PlayerId) -> StoreFuture<'_, Erased> {
        let mut tables = self.tables.lock();
        let his = tables.people.extract_if(.., |(_, of), _| *of == player);
        let sessions: Vec<SessionId> = his.map(|((session, _), _)| session).collect();
        tables.erasures += 1;
        let is_live = |id: &&SessionId| {
            tables.sessions.get(id).is_some_and(|(row, _)| row.status == StoredStatus::Live)
        };
        let live = sessions.iter().filter(is_live).copied().collect();
        drop(tables);
        Box::pin(async move { Ok(Erased { sessions, live, is_wiped: true }) })
    }
}
