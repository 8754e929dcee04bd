//! Where the journal lies: one trait, its siblings on SQLite and in memory, and one contract test over both.
//!
//! A store knows nothing of records, ticks' contents or what a row's body means.

use combat_components::ids::SessionId;
use futures_util::future::BoxFuture;

#[cfg(test)]
pub(crate) mod contract;
mod error;
mod faulty;
mod memory;
pub mod people;
pub mod sqlite;

pub use error::StoreError;
pub use faulty::{Fault, Faults, FaultyStore};
pub use memory::MemoryStore;
pub use people::{Erased, PeopleEraser, PeopleRead, PeopleStore, PersonRow};

/// What every call of a store answers with.
pub type StoreFuture<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// What has become of a session, as far as the store is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StoredStatus {
    Live,
    Ended,
    Failed,
}

impl StoredStatus {
    /// As a number for backends that keep one, and as a word.
    const TABLE: [(Self, i64, &'static str); 3] =
        [(Self::Live, 0, "live"), (Self::Ended, 1, "ended"), (Self::Failed, 2, "failed")];

    pub const fn number(self) -> i64 {
        Self::TABLE[self as usize].1
    }

    pub const fn name(self) -> &'static str {
        Self::TABLE[self as usize].2
    }

    pub fn from_number(number: i64) -> Option<Self> {
        Self::TABLE.iter().find(|(_, of, _)| *of == number).map(|(status, ..)| *status)
    }
}

/// A session to be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSession {
    pub id: SessionId,
    /// Microseconds since 1970.
    pub created_unix_us: u64,
    /// The log's header, opaque here.
    pub header: Vec<u8>,
}

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finish {
    pub id: SessionId,
    /// True for a session that failed instead of ending.
    pub failed: bool,
    /// Microseconds since 1970.
    pub ended_unix_us: u64,
    /// The last tick simulated and recorded.
    pub last_tick: u32,
    /// What the server wants to know of it later, opaque here.
    pub summary: Vec<u8>,
}

impl Finish {
    pub const fn status(&self) -> StoredStatus {
        if self.failed { StoredStatus::Failed } else { StoredStatus::Ended }
    }
}

/// A session as stored, without its header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    pub id: SessionId,
    pub status: StoredStatus,
    /// How many times the session has been taken up, starting at 1.
    pub epoch: u32,
    pub created_unix_us: u64,
    pub ended_unix_us: Option<u64>,
    /// Set when the session finished.
    pub last_tick: Option<u32>,
    pub summary: Option<Vec<u8>>,
    /// The last verification's result, opaque here.
    pub verify: Option<Vec<u8>>,
}

/// Which sessions to list; the answer is ordered by id, that is by creation.
#[derive(Clone, Copy, Debug)]
pub struct SessionQuery {
    /// Only these; `None` lists all.
    pub status: Option<StoredStatus>,
    /// Only ids above this one.
    pub after: Option<SessionId>,
    /// At most so many.
    pub limit: u32,
}

impl SessionQuery {
    /// Every session with this status (all when `None`), in one answer.
    pub fn all(status: Option<StoredStatus>) -> Self {
        Self { status, after: None, limit: u32::MAX }
    }
}

/// One commit of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// Starts at 1, without gaps.
    pub row_no: u64,
    /// Bytes of all bodies ever appended up to and including this one.
    pub end_offset: u64,
    pub body: Vec<u8>,
}

/// Which ticks a chunk covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkHead {
    pub session: SessionId,
    /// Both ends included.
    pub first_tick: u32,
    pub last_tick: u32,
    pub epoch: u32,
    /// Whether its first batch holds a keyframe.
    pub keyframe: bool,
    pub checksum: u64,
}

/// A session's records between two keyframes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub head: ChunkHead,
    pub body: Vec<u8>,
}

/// A map or a ruleset by content hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blob {
    pub hash: String,
    pub kind: String,
    pub bytes: Vec<u8>,
}

/// How much room the store takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes that hold something.
    pub used_bytes: u64,
    /// Bytes of the write-ahead log's file.
    pub wal_bytes: u64,
}

/// What a checkpoint did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// Something kept it from finishing.
    pub busy: bool,
    /// Pages in the write-ahead log, and how many of them are in the database now.
    pub wal_pages: u64,
    pub moved_pages: u64,
}

/// The newest row a former owner saw committed, remembered outside the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TailMark {
    pub row_no: u64,
    pub end_offset: u64,
}

/// Reads what is stored; never changes it, and never reads longer than one statement at a time.
pub trait StoreRead: PeopleRead {
    fn sessions(&self, query: SessionQuery) -> StoreFuture<'_, Vec<SessionRow>>;
    fn session(&self, id: SessionId) -> StoreFuture<'_, Option<SessionRow>>;
    fn header(&self, id: SessionId) -> StoreFuture<'_, Option<Vec<u8>>>;
    /// Numbers of all journal rows, ascending.
    fn row_numbers(&self) -> StoreFuture<'_, Vec<u64>>;
    /// One row's body; `None` when it is gone.
    fn row(&self, row_no: u64) -> StoreFuture<'_, Option<Vec<u8>>>;
    /// A session's chunks by first tick.
    fn chunk_heads(&self, session: SessionId) -> StoreFuture<'_, Vec<ChunkHead>>;
    /// One chunk's body; `None` when it is gone.
    fn chunk_body(&self, session: SessionId, first_tick: u32) -> StoreFuture<'_, Option<Vec<u8>>>;
    /// The last tick in any of the session's chunks.
    fn chunked_through(&self, session: SessionId) -> StoreFuture<'_, Option<u32>>;
    fn blob(&self, hash: &str) -> StoreFuture<'_, Option<Blob>>;
    /// What is remembered of the newest commit outside the database.
    fn tail_mark(&self) -> StoreFuture<'_, Option<TailMark>>;
}

/// Opens what a data directory holds, for reading beside whoever owns it.
///
/// # Errors
/// [`StoreError::Missing`] when no journal is there, or what the medium says.
pub async fn open_reader(directory: &std::path::Path) -> Result<Box<dyn StoreRead>, StoreError> {
    Ok(Box::new(sqlite::SqliteReader::open(directory).await?))
}

/// Opens what a data directory holds, for removing persons from it beside whoever owns it.
///
/// # Errors
/// [`StoreError::Missing`] when no journal is there.
pub fn open_eraser(directory: &std::path::Path) -> Result<Box<dyn PeopleEraser>, StoreError> {
    Ok(Box::new(sqlite::SqliteEraser::open(directory)?))
}

/// Writes as the store's one owner: every write compares the owner's epoch within its own statement.
///
/// Every write may be repeated after an error: what was done already counts as done.
pub trait Store: StoreRead + PeopleStore {
    /// Raises the owner's epoch and makes this store its holder; answers with the epoch.
    fn claim(&self, owner: &str) -> StoreFuture<'_, u32>;

    /// Appends one row durably.
    fn append<'a>(&'a self, row: &'a JournalRow) -> StoreFuture<'a, ()>;
    fn create_session<'a>(&'a self, session: &'a NewSession) -> StoreFuture<'a, ()>;
    /// Raises a live session's epoch.
    fn set_epoch(&self, id: SessionId, epoch: u32) -> StoreFuture<'_, ()>;
    fn finish_session<'a>(&'a self, finish: &'a Finish) -> StoreFuture<'a, ()>;
    fn set_verify<'a>(&'a self, id: SessionId, result: &'a [u8]) -> StoreFuture<'a, ()>;
    fn put_blob<'a>(&'a self, blob: &'a Blob) -> StoreFuture<'a, ()>;

    /// Adds a chunk; of two with the same first tick the longer stays, since it holds the other.
    fn put_chunk<'a>(&'a self, chunk: &'a Chunk) -> StoreFuture<'a, ()>;
    /// Deletes at most `limit` of the oldest rows up to `row_no`, never the newest row; answers how many.
    fn delete_rows(&self, row_no: u64, limit: u32) -> StoreFuture<'_, u64>;
    /// Deletes a session's row, so that it is listed no more; its people and chunks go by calls of their own.
    fn delete_session(&self, id: SessionId) -> StoreFuture<'_, ()>;
    /// Deletes at most `limit` chunks of the session; answers how many.
    fn delete_chunks(&self, id: SessionId, limit: u32) -> StoreFuture<'_, u64>;
    /// Sessions that have chunks or people but no row: a deletion was interrupted.
    fn orphans(&self) -> StoreFuture<'_, Vec<SessionId>>;

    fn usage(&self) -> StoreFuture<'_, Usage>;
    /// Moves what the write-ahead log holds into the database without stopping the writer.
    fn checkpoint(&self) -> StoreFuture<'_, Checkpoint>;
    /// After a failed write: drops every handle, opens new ones and makes sure of what was written before.
    fn recover(&self) -> StoreFuture<'_, ()>;
    /// Closes every handle and gives the lock back; every call fails from here on.
    fn close(&self) -> StoreFuture<'_, ()>;
}
