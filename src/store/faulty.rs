//! A store whose writes fail on demand: how tests bring about a full or a failing disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use combat_components::ids::{Pseudonym, SessionId};
use parking_lot::Mutex;
use tokio::sync::Notify;

use super::{
    Blob, Checkpoint, Chunk, ChunkHead, Finish, JournalRow, NewSession, PeopleRead, PeopleStore, PersonRow,
    SessionQuery, SessionRow, Store, StoreError, StoreFuture, StoreRead, TailMark, Usage,
};

/// What happens to every write until the fault is lifted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Fails as on a full disk (ENOSPC); nothing is written.
    Full,
    /// Fails as on a broken disk (EIO); nothing is written.
    Failing,
    /// Fails as on a broken disk, although it was written.
    FailingAfterwards,
    /// Does not answer before the fault is lifted, then writes.
    Hanging,
    /// Fails as if another process had claimed the store.
    LostOwnership,
}

/// The switch of a [`FaultyStore`].
#[derive(Debug, Default)]
pub struct Faults {
    /// The fault, and how many writes still succeed before it.
    present: Mutex<Option<(u64, Fault)>>,
    failed: AtomicU64,
    recovered: AtomicU64,
    lifted: Notify,
}

impl Faults {
    /// Every write from now on meets this fault.
    pub fn set(&self, fault: Fault) {
        self.set_after(0, fault);
    }

    /// Every write after the next `writes` meets this fault.
    pub fn set_after(&self, writes: u64, fault: Fault) {
        *self.present.lock() = Some((writes, fault));
    }

    /// Writes work again.
    pub fn lift(&self) {
        *self.present.lock() = None;
        self.lifted.notify_waiters();
    }

    /// How many writes met a fault.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::Acquire)
    }

    /// How many times the store was asked to drop and reopen its handles.
    pub fn recovered(&self) -> u64 {
        self.recovered.load(Ordering::Acquire)
    }

    async fn hang(&self) {
        let lifted = self.lifted.notified();
        if self.present.lock().is_some() {
            lifted.await;
        }
    }

    fn meet(&self) -> Option<Fault> {
        let mut present = self.present.lock();
        let (before, fault) = present.as_mut()?;
        if *before > 0 {
            *before -= 1;
            return None;
        }
        self.failed.fetch_add(1, Ordering::AcqRel);
        Some(*fault)
    }
}

/// Passes everything on to another store, except that writes meet the present fault.
pub struct FaultyStore {
    inner: Arc<dyn Store>,
    faults: Arc<Faults>,
}

impl FaultyStore {
    pub fn new(inner: Arc<dyn Store>) -> Self {
        Self { inner, faults: Arc::default() }
    }

    pub fn faults(&self) -> Arc<Faults> {
        Arc::clone(&self.faults)
    }

    fn pass<'a, T: Send + 'a>(&'a self, write: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        let fault = self.faults.meet();
        Box::pin(async move {
            let error = match fault {
                None => return write.await,
                Some(Fault::Hanging) => {
                    self.faults.hang().await;
                    return write.await;
                }
                Some(Fault::Full) => StoreError::Full("injected: no space left on device".into()),
                Some(Fault::Failing) => StoreError::Failing("injected: input/output error".into()),
                Some(Fault::FailingAfterwards) => {
                    write.await?;
                    StoreError::Failing("injected: input/output error after the write".into())
                }
                Some(Fault::LostOwnership) => StoreError::LostOwnership { mine: 1, found: 2 },
            };
            Err(error)
        })
    }
}

impl StoreRead for FaultyStore {
    fn sessions(&self, query: SessionQuery) -> StoreFuture<'_, Vec<SessionRow>> {
        self.inner.sessions(query)
    }

    fn session(&self, id: SessionId) -> StoreFuture<'_, Option<SessionRow>> {
        self.inner.session(id)
    }

    fn header(&self, id: SessionId) -> StoreFuture<'_, Option<Vec<u8>>> {
        self.inner.header(id)
    }

    fn row_numbers(&self) -> StoreFuture<'_, Vec<u64>> {
        self.inner.row_numbers()
    }

    fn row(&self, row_no: u64) -> StoreFuture<'_, Option<Vec<u8>>> {
        self.inner.row(row_no)
    }

    fn chunk_heads(&self, session: SessionId) -> StoreFuture<'_, Vec<ChunkHead>> {
        self.inner.chunk_heads(session)
    }

    fn chunk_body(&self, session: SessionId, first_tick: u32) -> StoreFuture<'_, Option<Vec<u8>>> {
        self.inner.chunk_body(session, first_tick)
    }

    fn chunked_through(&self, session: SessionId) -> StoreFuture<'_, Option<u32>> {
        self.inner.chunked_through(session)
    }

    fn blob(&self, hash: &str) -> StoreFuture<'_, Option<Blob>> {
        self.inner.blob(hash)
    }

    fn tail_mark(&self) -> StoreFuture<'_, Option<TailMark>> {
        self.inner.tail_mark()
    }
}

impl PeopleRead for FaultyStore {
    fn people(&self, session: SessionId) -> StoreFuture<'_, Vec<PersonRow>> {
        self.inner.people(session)
    }

    fn erasures(&self) -> StoreFuture<'_, u64> {
        self.inner.erasures()
    }
}

impl PeopleStore for FaultyStore {
    fn meet<'a>(&'a self, person: &'a PersonRow) -> StoreFuture<'a, Pseudonym> {
        self.pass(Box::pin(async move { self.inner.meet(person).await }))
    }

    fn delete_people(&self, session: SessionId) -> StoreFuture<'_, u64> {
        self.pass(Box::pin(async move { self.inner.delete_people(session).await }))
    }
}

// A future does nothing before it is awaited, except in memory, where the write happens on the call: so the
// fault is looked at first.
impl Store for FaultyStore {
    fn claim(&self, owner: &str) -> StoreFuture<'_, u32> {
        self.inner.claim(owner)
    }

    fn append<'a>(&'a self, row: &'a JournalRow) -> StoreFuture<'a, ()> {
        self.pass(Box::pin(async move { self.inner.append(row).await }))
    }

    fn create_session<'a>(&'a self, session: &'a NewSession) -> StoreFuture<'a, ()> {
        self.pass(Box::pin(async move { self.inner.create_session(session).await }))
    }

    fn set_epoch(&self, id: SessionId, epoch: u32) -> StoreFuture<'_, ()> {
        self.pass(Box::pin(async move { self.inner.set_epoch(id, epoch).await }))
    }

    fn finish_session<'a>(&'a self, finish: &'a Finish) -> StoreFuture<'a, ()> {
        self.pass(Box::pin(async move { self.inner.finish_session(finish).await }))
    }

    fn set_verify<'a>(&'a self, id: SessionId, result: &'a [u8]) -> StoreFuture<'a, ()> {
        self.pass(Box::pin(async move { self.inner.set_verify(id, result).await }))
    }

    fn put_blob<'a>(&'a self, blob: &'a Blob) -> StoreFuture<'a, ()> {
        self.pass(Box::pin(async move { self.inner.put_blob(blob).await }))
    }

    fn put_chunk<'a>(&'a self, chunk: &'a Chunk) -> StoreFuture<'a, ()> {
        self.pass(Box::pin(async move { self.inner.put_chunk(chunk).await }))
    }

    fn delete_rows(&self, row_no: u64, limit: u32) -> StoreFuture<'_, u64> {
        self.pass(Box::pin(async move { self.inner.delete_rows(row_no, limit).await }))
    }

    fn delete_session(&self, id: SessionId) -> StoreFuture<'_, ()> {
        self.pass(Box::pin(async move { self.inner.delete_session(id).await }))
    }

    fn delete_chunks(&self, id: SessionId, limit: u32) -> StoreFuture<'_, u64> {
        self.pass(Box::pin(async move { self.inner.delete_chunks(id, limit).await }))
    }

    fn orphans(&self) -> StoreFuture<'_, Vec<SessionId>> {
        self.inner.orphans()
    }

    fn usage(&self) -> StoreFuture<'_, Usage> {
        self.inner.usage()
    }

    fn checkpoint(&self) -> StoreFuture<'_, Checkpoint> {
        self.inner.checkpoint()
    }

    fn recover(&self) -> StoreFuture<'_, ()> {
        self.faults.recovered.fetch_add(1, Ordering::AcqRel);
        self.inner.recover()
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        self.inner.close()
    }
}
