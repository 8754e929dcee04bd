//! What housekeeping changes and measures: chunks, deletions, the log. Its commits are not synced on their own.

use combat_components::ids::SessionId;

use super::write::untouched;
use super::{SqliteStore, pragma};
use crate::store::{Checkpoint, Chunk, StoreError, Usage};

const PUT_CHUNK: &str = "INSERT INTO chunks (session, first_tick, last_tick, epoch, keyframe, checksum, body) \
     SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE (SELECT owner_epoch FROM lease WHERE id = 1) = ?8 \
     ON CONFLICT (session, first_tick) DO UPDATE SET last_tick = excluded.last_tick, epoch = excluded.epoch, \
     keyframe = excluded.keyframe, checksum = excluded.checksum, body = excluded.body \
     WHERE excluded.last_tick > chunks.last_tick";
const DELETE_ROWS: &str = "DELETE FROM journal WHERE row_no IN (SELECT row_no FROM journal \
     WHERE row_no <= ?1 AND row_no < (SELECT max(row_no) FROM journal) ORDER BY row_no LIMIT ?2) \
     AND (SELECT owner_epoch FROM lease WHERE id = 1) = ?3";
const DELETE_SESSION: &str =
    "DELETE FROM sessions WHERE id = ?1 AND (SELECT owner_epoch FROM lease WHERE id = 1) = ?2";
const DELETE_CHUNKS: &str = "DELETE FROM chunks WHERE rowid IN \
     (SELECT rowid FROM chunks WHERE session = ?1 ORDER BY first_tick LIMIT ?2) \
     AND (SELECT owner_epoch FROM lease WHERE id = 1) = ?3";
const ORPHANS: &str =
    "SELECT session FROM chunks UNION SELECT session FROM people EXCEPT SELECT id FROM sessions";

impl SqliteStore {
    pub(super) async fn insert_chunk(&self, chunk: &Chunk) -> Result<(), StoreError> {
        let head = &chunk.head;
        let mut handle = self.housekeeping.get(self).await?;
        let insert = sqlx::query(PUT_CHUNK)
            .bind(head.session.0.to_vec())
            .bind(i64::from(head.first_tick))
            .bind(i64::from(head.last_tick))
            .bind(i64::from(head.epoch))
            .bind(head.keyframe)
            .bind(head.checksum.cast_signed())
            .bind(&chunk.body[..])
            .bind(i64::from(self.mine()));
        let done = handle.run(async |connection| insert.execute(connection).await).await?;
        if done.rows_affected() == 1 { Ok(()) } else { untouched(&mut handle, self.mine(), Ok(())).await }
    }

    async fn delete<'q>(
        &self,
        query: sqlx::query::Query<'q, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    ) -> Result<u64, StoreError> {
        let mine = self.mine();
        let query = query.bind(i64::from(mine));
        let mut handle = self.housekeeping.get(self).await?;
        let done = handle.run(async |connection| query.execute(connection).await).await?;
        if done.rows_affected() == 0 {
            untouched(&mut handle, mine, Ok(())).await?;
        }
        Ok(done.rows_affected())
    }

    pub(super) async fn measure(&self) -> Result<Usage, StoreError> {
        let mut handle = self.housekeeping.get(self).await?;
        let used_bytes = handle.run(async |connection| {
            let pages = pragma(connection, "PRAGMA page_count").await?;
            let free = pragma(connection, "PRAGMA freelist_count").await?;
            let page_bytes = pragma(connection, "PRAGMA page_size").await?;
            Ok((pages - free).max(0).cast_unsigned() * page_bytes.cast_unsigned())
        });
        let used_bytes = used_bytes.await?;
        let mut log = self.database().into_os_string();
        log.push("-wal");
        // Asking for its size does not open the file, so it leaves SQLite's locks alone.
        let wal_bytes = std::fs::metadata(log).map_or(0, |found| found.len());
        Ok(Usage { used_bytes, wal_bytes })
    }

    pub(super) async fn remove_rows(&self, row_no: u64, limit: u32) -> Result<u64, StoreError> {
        self.delete(sqlx::query(DELETE_ROWS).bind(row_no.cast_signed()).bind(i64::from(limit))).await
    }

    pub(super) async fn remove_session(&self, id: SessionId) -> Result<(), StoreError> {
        self.delete(sqlx::query(DELETE_SESSION).bind(id.0.to_vec())).await.map(drop)
    }

    pub(super) async fn remove_chunks(&self, id: SessionId, limit: u32) -> Result<u64, StoreError> {
        self.delete(sqlx::query(DELETE_CHUNKS).bind(id.0.to_vec()).bind(i64::from(limit))).await
    }

    pub(super) async fn find_orphans(&self) -> Result<Vec<SessionId>, StoreError> {
        let mut handle = self.housekeeping.get(self).await?;
        let query = sqlx::query_scalar(ORPHANS);
        let found: Vec<Vec<u8>> = handle.run(async |connection| query.fetch_all(connection).await).await?;
        Ok(found.into_iter().filter_map(|id| id.try_into().ok()).map(SessionId).collect())
    }

    pub(super) async fn move_log(&self) -> Result<Checkpoint, StoreError> {
        let mut handle = self.housekeeping.get(self).await?;
        let query = sqlx::query_as("PRAGMA wal_checkpoint(PASSIVE)");
        let (busy, pages, moved): (i64, i64, i64) =
            handle.run(async |connection| query.fetch_one(connection).await).await?;
        Ok(Checkpoint {
            busy: busy != 0,
            wal_pages: pages.max(0).cast_unsigned(),
            moved_pages: moved.max(0).cast_unsigned(),
        })
    }
}
