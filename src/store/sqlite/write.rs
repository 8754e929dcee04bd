//! Writing as the database's owner: every statement compares the owner's epoch itself and commits on its own.

use std::sync::atomic::Ordering;

use combat_components::ids::SessionId;
use sqlx::SqliteConnection;

use super::{Open, SqliteStore};
use crate::store::{
    Blob, Checkpoint, Chunk, Finish, JournalRow, NewSession, Store, StoreError, StoreFuture, TailMark, Usage,
};

const APPEND: &str = "INSERT INTO journal (row_no, owner_epoch, body) SELECT ?1, ?2, ?3 \
     WHERE (SELECT owner_epoch FROM lease WHERE id = 1) = ?2 \
     AND coalesce((SELECT max(row_no) FROM journal), ?1 - 1) = ?1 - 1";
const CREATE: &str = "INSERT INTO sessions (id, status, epoch, created_unix_us, header) \
     SELECT ?1, 0, 1, ?2, ?3 WHERE (SELECT owner_epoch FROM lease WHERE id = 1) = ?4 \
     ON CONFLICT (id) DO NOTHING";
const SET_EPOCH: &str = "UPDATE sessions SET epoch = max(epoch, ?2) WHERE id = ?1 AND status = 0 \
     AND (SELECT owner_epoch FROM lease WHERE id = 1) = ?3";
const FINISH: &str = "UPDATE sessions SET status = ?2, ended_unix_us = ?3, last_tick = ?4, summary = ?5 \
     WHERE id = ?1 AND status = 0 AND (SELECT owner_epoch FROM lease WHERE id = 1) = ?6";
const SET_VERIFY: &str = "UPDATE sessions SET verify = ?2 WHERE id = ?1 \
     AND (SELECT owner_epoch FROM lease WHERE id = 1) = ?3";
const PUT_BLOB: &str = "INSERT INTO blobs (hash, kind, bytes) SELECT ?1, ?2, ?3 \
     WHERE (SELECT owner_epoch FROM lease WHERE id = 1) = ?4 ON CONFLICT (hash) DO NOTHING";
async fn owner_epoch(connection: &mut SqliteConnection) -> sqlx::Result<u32> {
    sqlx::query_scalar("SELECT owner_epoch FROM lease WHERE id = 1").fetch_one(connection).await
}

/// Tells why a write touched no row: ownership lost, or what `otherwise` says.
pub(super) async fn untouched(
    handle: &mut Open<'_>,
    mine: u32,
    otherwise: Result<(), StoreError>,
) -> Result<(), StoreError> {
    let found = handle.run(async |connection| owner_epoch(connection).await).await?;
    if found == mine { otherwise } else { Err(StoreError::LostOwnership { mine, found }) }
}

impl SqliteStore {
    async fn append_row(&self, row: &JournalRow) -> Result<(), StoreError> {
        let (mine, row_no) = (self.mine(), row.row_no.cast_signed());
        let mut handle = self.writer.get(self).await?;
        let insert = sqlx::query(APPEND).bind(row_no).bind(i64::from(mine)).bind(&row.body[..]);
        let done = handle.run(async |connection| insert.execute(connection).await).await?;
        if done.rows_affected() == 0 {
            self.settle_append(&mut handle, row).await?;
        }
        self.tail.lock().advance(TailMark { row_no: row.row_no, end_offset: row.end_offset });
        Ok(())
    }

    /// A row that was not inserted is either there already, from a commit whose answer got lost, or out of order.
    async fn settle_append(&self, handle: &mut Open<'_>, row: &JournalRow) -> Result<(), StoreError> {
        let mine = self.mine();
        untouched(handle, mine, Ok(())).await?;
        let sql = "SELECT max(row_no), (SELECT body = ?2 AND owner_epoch = ?3 FROM journal WHERE row_no = ?1) \
             FROM journal";
        let query =
            sqlx::query_as(sql).bind(row.row_no.cast_signed()).bind(&row.body[..]).bind(i64::from(mine));
        let (newest, same): (Option<i64>, Option<bool>) =
            handle.run(async |connection| query.fetch_one(connection).await).await?;
        let expected = newest.map_or(row.row_no, |newest| newest.cast_unsigned() + 1);
        match same {
            Some(true) if expected == row.row_no + 1 => Ok(()),
            _ => Err(StoreError::RowOrder { offered: row.row_no, expected }),
        }
    }

    async fn raise_owner_epoch(&self, owner: &str) -> Result<u32, StoreError> {
        let mut handle = self.writer.get(self).await?;
        let sql =
            "UPDATE lease SET owner_epoch = owner_epoch + 1, owner = ?1 WHERE id = 1 RETURNING owner_epoch";
        let query = sqlx::query_scalar(sql).bind(owner.to_owned());
        let owner_epoch: u32 = handle.run(async |connection| query.fetch_one(connection).await).await?;
        self.owner_epoch.store(owner_epoch, Ordering::Release);
        Ok(owner_epoch)
    }

    async fn insert_session(&self, session: &NewSession) -> Result<(), StoreError> {
        let mine = self.mine();
        let mut handle = self.writer.get(self).await?;
        let insert = sqlx::query(CREATE)
            .bind(session.id.0.to_vec())
            .bind(session.created_unix_us.cast_signed())
            .bind(&session.header[..])
            .bind(i64::from(mine));
        let done = handle.run(async |connection| insert.execute(connection).await).await?;
        if done.rows_affected() == 1 {
            return Ok(());
        }
        untouched(&mut handle, mine, Ok(())).await?;
        let sql = "SELECT header = ?2 FROM sessions WHERE id = ?1";
        let query = sqlx::query_scalar(sql).bind(session.id.0.to_vec()).bind(&session.header[..]);
        let same: bool = handle.run(async |connection| query.fetch_one(connection).await).await?;
        if same { Ok(()) } else { Err(StoreError::SessionExists(session.id)) }
    }

    /// Tells why an update of a session touched no row; a session that is there but not live is `otherwise`.
    async fn unknown_or(
        &self,
        handle: &mut Open<'_>,
        id: SessionId,
        otherwise: Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        untouched(handle, self.mine(), Ok(())).await?;
        let query = sqlx::query_scalar("SELECT count(*) FROM sessions WHERE id = ?1").bind(id.0.to_vec());
        let count: i64 = handle.run(async |connection| query.fetch_one(connection).await).await?;
        if count == 0 { Err(StoreError::UnknownSession(id)) } else { otherwise }
    }

    async fn update_epoch(&self, id: SessionId, epoch: u32) -> Result<(), StoreError> {
        let mut handle = self.writer.get(self).await?;
        let update =
            sqlx::query(SET_EPOCH).bind(id.0.to_vec()).bind(i64::from(epoch)).bind(i64::from(self.mine()));
        let done = handle.run(async |connection| update.execute(connection).await).await?;
        if done.rows_affected() == 1 {
            return Ok(());
        }
        self.unknown_or(&mut handle, id, Err(StoreError::NotLive(id))).await
    }

    async fn update_finished(&self, finish: &Finish) -> Result<(), StoreError> {
        let status = finish.status();
        let mut handle = self.writer.get(self).await?;
        let update = sqlx::query(FINISH)
            .bind(finish.id.0.to_vec())
            .bind(status.number())
            .bind(finish.ended_unix_us.cast_signed())
            .bind(i64::from(finish.last_tick))
            .bind(&finish.summary[..])
            .bind(i64::from(self.mine()));
        let done = handle.run(async |connection| update.execute(connection).await).await?;
        if done.rows_affected() == 1 {
            return Ok(());
        }
        self.unknown_or(&mut handle, finish.id, Ok(())).await
    }

    async fn update_verify(&self, id: SessionId, result: &[u8]) -> Result<(), StoreError> {
        let mut handle = self.writer.get(self).await?;
        let update = sqlx::query(SET_VERIFY).bind(id.0.to_vec()).bind(result).bind(i64::from(self.mine()));
        let done = handle.run(async |connection| update.execute(connection).await).await?;
        if done.rows_affected() == 1 {
            return Ok(());
        }
        self.unknown_or(&mut handle, id, Ok(())).await
    }

    async fn insert_blob(&self, blob: &Blob) -> Result<(), StoreError> {
        let mut handle = self.writer.get(self).await?;
        let insert = sqlx::query(PUT_BLOB)
            .bind(&blob.hash[..])
            .bind(&blob.kind[..])
            .bind(&blob.bytes[..])
            .bind(i64::from(self.mine()));
        let done = handle.run(async |connection| insert.execute(connection).await).await?;
        if done.rows_affected() == 1 { Ok(()) } else { untouched(&mut handle, self.mine(), Ok(())).await }
    }
}

impl Store for SqliteStore {
    fn claim(&self, owner: &str) -> StoreFuture<'_, u32> {
        let owner = owner.to_owned();
        Box::pin(async move { self.raise_owner_epoch(&owner).await })
    }

    fn append<'a>(&'a self, row: &'a JournalRow) -> StoreFuture<'a, ()> {
        Box::pin(self.append_row(row))
    }

    fn create_session<'a>(&'a self, session: &'a NewSession) -> StoreFuture<'a, ()> {
        Box::pin(self.insert_session(session))
    }

    fn set_epoch(&self, id: SessionId, epoch: u32) -> StoreFuture<'_, ()> {
        Box::pin(self.update_epoch(id, epoch))
    }

    fn finish_session<'a>(&'a self, finish: &'a Finish) -> StoreFuture<'a, ()> {
        Box::pin(self.update_finished(finish))
    }

    fn set_verify<'a>(&'a self, id: SessionId, result: &'a [u8]) -> StoreFuture<'a, ()> {
        Box::pin(self.update_verify(id, result))
    }

    fn put_blob<'a>(&'a self, blob: &'a Blob) -> StoreFuture<'a, ()> {
        Box::pin(self.insert_blob(blob))
    }

    fn put_chunk<'a>(&'a self, chunk: &'a Chunk) -> StoreFuture<'a, ()> {
        Box::pin(self.insert_chunk(chunk))
    }

    fn delete_rows(&self, row_no: u64, limit: u32) -> StoreFuture<'_, u64> {
        Box::pin(self.remove_rows(row_no, limit))
    }

    fn delete_session(&self, id: SessionId) -> StoreFuture<'_, ()> {
        Box::pin(self.remove_session(id))
    }

    fn delete_chunks(&self, id: SessionId, limit: u32) -> StoreFuture<'_, u64> {
        Box::pin(self.remove_chunks(id, limit))
    }

    fn orphans(&self) -> StoreFuture<'_, Vec<SessionId>> {
        Box::pin(self.find_orphans())
    }

    fn usage(&self) -> StoreFuture<'_, Usage> {
        Box::pin(self.measure())
    }

    fn checkpoint(&self) -> StoreFuture<'_, Checkpoint> {
        Box::pin(self.move_log())
    }

    fn recover(&self) -> StoreFuture<'_, ()> {
        Box::pin(self.reopen())
    }

    fn close(&self) -> StoreFuture<'_, ()> {
        self.close_all()
    }
}
