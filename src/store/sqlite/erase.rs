//! Removing a person from the database's files, beside a running server or without one.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use combat_components::ids::{PlayerId, SessionId};
use sqlx::{Connection, SqliteConnection};

use super::{DATABASE_FILE, connect};
use crate::store::people::{Erased, PeopleEraser};
use crate::store::{StoreError, StoreFuture};

/// How long a log that others read or write is tried to be emptied: their statements are short.
const WIPE_PATIENCE: Duration = Duration::from_secs(20);
const WIPE_PAUSE: Duration = Duration::from_millis(100);

const FOUND: &str = "SELECT session, coalesce((SELECT status = 0 FROM sessions WHERE id = session), 0) \
     FROM people WHERE player = ?1 ORDER BY session";

/// The whole table is written anew: a page may keep copies of rows that moved to another, a freed one is zeroed. What is
/// kept waits in memory meanwhile: some 100 bytes a player and session.
const KEEP: &str =
    "CREATE TEMP TABLE kept AS SELECT session, pseudonym, player, name FROM people WHERE player <> ?1";
const REWRITE: &str = "DELETE FROM people; \
     INSERT INTO people (session, pseudonym, player, name) SELECT session, pseudonym, player, name FROM kept; \
     DROP TABLE kept; \
     UPDATE erasures SET count = count + 1";

/// Erases in the database of one directory without owning it.
pub struct SqliteEraser {
    directory: PathBuf,
}

impl SqliteEraser {
    /// # Errors
    /// [`StoreError::Missing`] without a database there.
    pub fn open(directory: &Path) -> Result<Self, StoreError> {
        connect::expect_database(directory)?;
        Ok(Self { directory: directory.to_owned() })
    }

    async fn remove(&self, player: PlayerId) -> Result<Erased, StoreError> {
        let mut connection = connect::eraser(&self.directory.join(DATABASE_FILE)).await?;
        connect::expect_schema(&mut connection, &self.directory).await?;
        let classified = |error: sqlx::Error| connect::classify(&error, &self.directory);
        let mut erased = rewrite_without(&mut connection, player).await.map_err(classified)?;
        erased.is_wiped = wipe_log(&mut connection, &self.directory).await?;
        // Everything is committed; a handle that does not close cleanly changes nothing.
        let _ = connection.close().await;
        Ok(erased)
    }
}

impl PeopleEraser for SqliteEraser {
    fn erase(&self, player: PlayerId) -> StoreFuture<'_, Erased> {
        Box::pin(self.remove(player))
    }
}

async fn rewrite_without(connection: &mut SqliteConnection, player: PlayerId) -> sqlx::Result<Erased> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    let rows: Vec<(Vec<u8>, bool)> =
        sqlx::query_as(FOUND).bind(player.as_str()).fetch_all(&mut *transaction).await?;
    sqlx::query(KEEP).bind(player.as_str()).execute(&mut *transaction).await?;
    sqlx::raw_sql(REWRITE).execute(&mut *transaction).await?;
    transaction.commit().await?;
    let mut erased = Erased::default();
    for (session, is_live) in rows {
        let Ok(session) = session.try_into().map(SessionId) else { continue };
        erased.sessions.push(session);
        if is_live {
            erased.live.push(session);
        }
    }
    Ok(erased)
}

/// Moves the log, which holds older states of pages, into the database and cuts it off.
async fn wipe_log(connection: &mut SqliteConnection, directory: &Path) -> Result<bool, StoreError> {
    let deadline = Instant::now() + WIPE_PATIENCE;
    loop {
        match connect::rewrite_log(connection, directory).await {
            Ok(()) => return Ok(true),
            Err(_) if Instant::now() < deadline => tokio::time::sleep(WIPE_PAUSE).await,
            Err(StoreError::Failing(_)) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}
