//! Reading the database, in the server and beside it.

use std::path::{Path, PathBuf};

use combat_components::ids::SessionId;
use sqlx::{Row, SqliteConnection};
use tokio::sync::Mutex;

use super::{DATABASE_FILE, SqliteStore, TAIL_FILE, close, connect, tail};
use crate::store::{
    Blob, ChunkHead, SessionQuery, SessionRow, StoreError, StoreFuture, StoreRead, StoredStatus, TailMark,
};

const SESSION_COLUMNS: &str = "SELECT id, status, epoch, created_unix_us, ended_unix_us, last_tick, summary, \
     verify FROM sessions WHERE (?1 IS NULL OR status = ?1) AND id > ?2 ORDER BY id LIMIT ?3";
const SESSION_BY_ID: &str = "SELECT id, status, epoch, created_unix_us, ended_unix_us, last_tick, summary, \
     verify FROM sessions WHERE id = ?1";
const CHUNK_HEADS: &str = "SELECT first_tick, last_tick, epoch, keyframe, checksum FROM chunks \
     WHERE session = ?1 ORDER BY first_tick";

/// Reads a data directory without owning it: also beside a running server.
pub struct SqliteReader {
    directory: PathBuf,
    connection: Mutex<Option<SqliteConnection>>,
}

impl SqliteReader {
    /// Opens the database in `directory` for reading.
    ///
    /// # Errors
    /// [`StoreError::Missing`] without a database there, [`StoreError::Schema`], or what the medium says.
    pub async fn open(directory: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let directory = directory.into();
        connect::expect_database(&directory)?;
        let reader = Self::beside(&directory);
        let expected = async |connection: &mut SqliteConnection| {
            connect::expect_schema(connection, &reader.directory).await.map_err(Failed::Store)
        };
        reader.run(expected).await?;
        Ok(reader)
    }

    pub(super) fn beside(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), connection: Mutex::new(None) }
    }

    pub(super) async fn disconnect(&self) {
        close(&mut *self.connection.lock().await).await;
    }

    pub(super) async fn run<T>(
        &self,
        statements: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, Failed>,
    ) -> Result<T, StoreError> {
        let mut slot = self.connection.lock().await;
        let connection = match &mut *slot {
            Some(connection) => connection,
            empty => empty.insert(connect::reader(&self.directory.join(DATABASE_FILE)).await?),
        };
        match statements(connection).await {
            Ok(answer) => Ok(answer),
            Err(failed) => {
                close(&mut slot).await;
                Err(match failed {
                    Failed::Store(error) => error,
                    Failed::Sqlite(error) => connect::classify(&error, &self.directory),
                })
            }
        }
    }
}

pub(super) enum Failed {
    Store(StoreError),
    Sqlite(sqlx::Error),
}

impl From<sqlx::Error> for Failed {
    fn from(error: sqlx::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl StoreRead for SqliteReader {
    fn sessions(&self, query: SessionQuery) -> StoreFuture<'_, Vec<SessionRow>> {
        Box::pin(self.run(async move |connection| {
            let rows = sqlx::query(SESSION_COLUMNS)
                .bind(query.status.map(StoredStatus::number))
                .bind(query.after.map_or_else(Vec::new, |id| id.0.to_vec()))
                .bind(i64::from(query.limit))
                .fetch_all(connection)
                .await?;
            rows.iter().map(|row| session_row(row).map_err(Failed::from)).collect()
        }))
    }

    fn session(&self, id: SessionId) -> StoreFuture<'_, Option<SessionRow>> {
        Box::pin(self.run(async move |connection| {
            let row = sqlx::query(SESSION_BY_ID).bind(id.0.to_vec()).fetch_optional(connection).await?;
            Ok(row.as_ref().map(session_row).transpose()?)
        }))
    }

    fn header(&self, id: SessionId) -> StoreFuture<'_, Option<Vec<u8>>> {
        Box::pin(self.run(async move |connection| {
            let sql = "SELECT header FROM sessions WHERE id = ?1";
            Ok(sqlx::query_scalar(sql).bind(id.0.to_vec()).fetch_optional(connection).await?)
        }))
    }

    fn row_numbers(&self) -> StoreFuture<'_, Vec<u64>> {
        Box::pin(self.run(async |connection| {
            let sql = "SELECT row_no FROM journal ORDER BY row_no";
            let found: Vec<i64> = sqlx::query_scalar(sql).fetch_all(connection).await?;
            Ok(found.into_iter().map(i64::cast_unsigned).collect())
        }))
    }

    fn row(&self, row_no: u64) -> StoreFuture<'_, Option<Vec<u8>>> {
        Box::pin(self.run(async move |connection| {
            let sql = "SELECT body FROM journal WHERE row_no = ?1";
            Ok(sqlx::query_scalar(sql).bind(row_no.cast_signed()).fetch_optional(connection).await?)
        }))
    }

    fn chunk_heads(&self, session: SessionId) -> StoreFuture<'_, Vec<ChunkHead>> {
        Box::pin(self.run(async move |connection| {
            let rows = sqlx::query(CHUNK_HEADS).bind(session.0.to_vec()).fetch_all(connection).await?;
            let heads = rows.iter().map(|row| {
                Ok(ChunkHead {
                    session,
                    first_tick: row.try_get(0)?,
                    last_tick: row.try_get(1)?,
                    epoch: row.try_get(2)?,
                    keyframe: row.try_get(3)?,
                    checksum: row.try_get::<i64, _>(4)?.cast_unsigned(),
                })
            });
            heads.collect()
        }))
    }

    fn chunk_body(&self, session: SessionId, first_tick: u32) -> StoreFuture<'_, Option<Vec<u8>>> {
        Box::pin(self.run(async move |connection| {
            let sql = "SELECT body FROM chunks WHERE session = ?1 AND first_tick = ?2";
            let query = sqlx::query_scalar(sql).bind(session.0.to_vec()).bind(i64::from(first_tick));
            Ok(query.fetch_optional(connection).await?)
        }))
    }

    fn chunked_through(&self, session: SessionId) -> StoreFuture<'_, Option<u32>> {
        Box::pin(self.run(async move |connection| {
            let sql = "SELECT last_tick FROM chunks WHERE session = ?1 ORDER BY first_tick DESC LIMIT 1";
            Ok(sqlx::query_scalar(sql).bind(session.0.to_vec()).fetch_optional(connection).await?)
        }))
    }

    fn blob(&self, hash: &str) -> StoreFuture<'_, Option<Blob>> {
        let hash = hash.to_owned();
        Box::pin(self.run(async move |connection| {
            let sql = "SELECT kind, bytes FROM blobs WHERE hash = ?1";
            let found: Option<(String, Vec<u8>)> =
                sqlx::query_as(sql).bind(hash.clone()).fetch_optional(connection).await?;
            Ok(found.map(|(kind, bytes)| Blob { hash, kind, bytes }))
        }))
    }

    fn tail_mark(&self) -> StoreFuture<'_, Option<TailMark>> {
        Box::pin(async { Ok(tail::read_at(&self.directory.join(TAIL_FILE))) })
    }
}

fn session_row(row: &sqlx::sqlite::SqliteRow) -> sqlx::Result<SessionRow> {
    let id: Vec<u8> = row.try_get(0)?;
    let id = id.try_into().map_err(|id: Vec<u8>| unreadable("id of 16 bytes", id.len()))?;
    let status = row.try_get::<i64, _>(1)?;
    let status = StoredStatus::from_number(status).ok_or_else(|| unreadable("status 0, 1 or 2", status))?;
    Ok(SessionRow {
        id: SessionId(id),
        status,
        epoch: row.try_get(2)?,
        created_unix_us: row.try_get::<i64, _>(3)?.cast_unsigned(),
        ended_unix_us: row.try_get::<Option<i64>, _>(4)?.map(i64::cast_unsigned),
        last_tick: row.try_get(5)?,
        summary: row.try_get(6)?,
        verify: row.try_get(7)?,
    })
}

fn unreadable(expected: &str, found: impl std::fmt::Display) -> sqlx::Error {
    sqlx::Error::Decode(format!("expected a session's {expected}, found {found}").into())
}

impl StoreRead for SqliteStore {
    fn sessions(&self, query: SessionQuery) -> StoreFuture<'_, Vec<SessionRow>> {
        self.reader.sessions(query)
    }

    fn session(&self, id: SessionId) -> StoreFuture<'_, Option<SessionRow>> {
        self.reader.session(id)
    }

    fn header(&self, id: SessionId) -> StoreFuture<'_, Option<Vec<u8>>> {
        self.reader.header(id)
    }

    fn row_numbers(&self) -> StoreFuture<'_, Vec<u64>> {
        self.reader.row_numbers()
    }

    fn row(&self, row_no: u64) -> StoreFuture<'_, Option<Vec<u8>>> {
        self.reader.row(row_no)
    }

    fn chunk_heads(&self, session: SessionId) -> StoreFuture<'_, Vec<ChunkHead>> {
        self.reader.chunk_heads(session)
    }

    fn chunk_body(&self, session: SessionId, first_tick: u32) -> StoreFuture<'_, Option<Vec<u8>>> {
        self.reader.chunk_body(session, first_tick)
    }

    fn chunked_through(&self, session: SessionId) -> StoreFuture<'_, Option<u32>> {
        self.reader.chunked_through(session)
    }

    fn blob(&self, hash: &str) -> StoreFuture<'_, Option<Blob>> {
        self.reader.blob(hash)
    }

    fn tail_mark(&self) -> StoreFuture<'_, Option<TailMark>> {
        let found = self.tail.lock().found();
        Box::pin(async move { Ok(found) })
    }
}
