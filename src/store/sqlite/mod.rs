//! The journal in an embedded SQLite database: one durable writer, one handle for housekeeping, one for reading.
//!
//! Nothing else in this process may open the database's files: closing them would drop SQLite's locks.

mod connect;
mod erase;
mod keep;
mod lock;
mod people;
mod read;
mod tail;
#[cfg(test)]
mod tests;
mod write;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use sqlx::{Connection, SqliteConnection};
use tokio::sync::Mutex;

pub use self::erase::SqliteEraser;
use self::lock::DirectoryLock;
pub use self::read::SqliteReader;
use self::tail::TailFile;
use super::{StoreError, StoreFuture};

/// The database's name in the data directory.
pub const DATABASE_FILE: &str = "combat.sqlite";
/// The lock's name in the data directory; it names its holder.
pub const LOCK_FILE: &str = "combat.lock";
/// The tail mark's name in the data directory.
pub const TAIL_FILE: &str = "combat.tail";

/// A store in one directory, owned by this process until closed.
pub struct SqliteStore {
    directory: PathBuf,
    owner_epoch: AtomicU32,
    closed: AtomicBool,
    /// Appends and the sessions' lives: every commit is synced.
    writer: Handle,
    /// Compaction, pruning, checkpoints: its commits are carried to the disk by the writer's next sync.
    housekeeping: Handle,
    /// Persons: like housekeeping, and never waiting for it.
    people: Handle,
    reader: SqliteReader,
    tail: parking_lot::Mutex<TailFile>,
    lock: parking_lot::Mutex<Option<DirectoryLock>>,
}

impl SqliteStore {
    /// Opens the store in `directory`, making both if they are missing.
    ///
    /// # Errors
    /// [`StoreError::InUse`] naming the holder, [`StoreError::Schema`], or what the medium says.
    pub async fn open(directory: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let directory = directory.into();
        std::fs::create_dir_all(&directory).map_err(|error| connect::io_error(&directory, &error))?;
        let lock = DirectoryLock::take(&directory)?;
        let tail = TailFile::open(&directory.join(TAIL_FILE))?;
        let database = directory.join(DATABASE_FILE);
        let mut first = connect::writer(&database, true).await?;
        connect::migrate(&mut first, &directory).await?;
        Ok(Self {
            owner_epoch: AtomicU32::new(0),
            closed: AtomicBool::new(false),
            writer: Handle::new(Role::Writer, first),
            housekeeping: Handle::closed(Role::Housekeeping),
            people: Handle::closed(Role::People),
            reader: SqliteReader::beside(&directory),
            tail: parking_lot::Mutex::new(tail),
            lock: parking_lot::Mutex::new(Some(lock)),
            directory,
        })
    }

    /// The value of `PRAGMA synchronous` as the writer's own handle reports it: 2 is FULL.
    ///
    /// # Errors
    /// What the medium says.
    pub async fn writer_synchronous(&self) -> Result<i64, StoreError> {
        let mut handle = self.writer.get(self).await?;
        handle.run(async |connection| pragma(connection, "PRAGMA synchronous").await).await
    }

    /// The value of `PRAGMA wal_autocheckpoint` on the writer's handle: 0 is off.
    ///
    /// # Errors
    /// What the medium says.
    pub async fn writer_autocheckpoint_pages(&self) -> Result<i64, StoreError> {
        let mut handle = self.writer.get(self).await?;
        handle.run(async |connection| pragma(connection, "PRAGMA wal_autocheckpoint").await).await
    }

    /// Lets the database grow no further than `pages`, on the writer's present handle only.
    #[cfg(test)]
    pub(crate) async fn limit_pages(&self, pages: u32) -> Result<(), StoreError> {
        let mut handle = self.writer.get(self).await?;
        let sql = sqlx::AssertSqlSafe(format!("PRAGMA max_page_count = {pages}"));
        handle.run(async |connection| sqlx::query(sql).execute(connection).await).await.map(drop)
    }

    /// The directory this store owns.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    fn database(&self) -> PathBuf {
        self.directory.join(DATABASE_FILE)
    }

    fn mine(&self) -> u32 {
        self.owner_epoch.load(Ordering::Acquire)
    }

    /// Closes every handle and reopens the writer. After an input/output error the log is moved into the database
    /// at once, so that pages whose sync failed are written again instead of being believed.
    async fn reopen(&self) -> Result<(), StoreError> {
        let mut writer = self.writer.slot.lock().await;
        let mut housekeeping = self.housekeeping.slot.lock().await;
        let mut people = self.people.slot.lock().await;
        close(&mut writer.connection).await;
        close(&mut housekeeping.connection).await;
        close(&mut people.connection).await;
        self.reader.disconnect().await;
        let mut fresh = connect::writer(&self.database(), false).await?;
        if writer.distrusted || housekeeping.distrusted || people.distrusted {
            connect::rewrite_log(&mut fresh, &self.directory).await?;
            writer.distrusted = false;
            housekeeping.distrusted = false;
            people.distrusted = false;
        }
        writer.connection = Some(fresh);
        Ok(())
    }

    fn close_all(&self) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            self.closed.store(true, Ordering::Release);
            close(&mut self.housekeeping.slot.lock().await.connection).await;
            close(&mut self.people.slot.lock().await.connection).await;
            self.reader.disconnect().await;
            close(&mut self.writer.slot.lock().await.connection).await;
            drop(self.lock.lock().take());
            Ok(())
        })
    }
}

async fn pragma(connection: &mut SqliteConnection, sql: &'static str) -> sqlx::Result<i64> {
    sqlx::query_scalar(sql).fetch_one(connection).await
}

async fn close(connection: &mut Option<SqliteConnection>) {
    if let Some(connection) = connection.take() {
        // A handle is closed because it is done with or distrusted: its last words change nothing.
        let _ = connection.close().await;
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Writer,
    Housekeeping,
    People,
}

struct Slot {
    connection: Option<SqliteConnection>,
    /// An input/output error happened: what was written may not be on the disk.
    distrusted: bool,
}

/// A connection that is dropped after any error and opened again when it is next needed.
struct Handle {
    role: Role,
    slot: Mutex<Slot>,
}

impl Handle {
    fn new(role: Role, connection: SqliteConnection) -> Self {
        Self { role, slot: Mutex::new(Slot { connection: Some(connection), distrusted: false }) }
    }

    fn closed(role: Role) -> Self {
        Self { role, slot: Mutex::new(Slot { connection: None, distrusted: false }) }
    }

    async fn get<'a>(&'a self, store: &'a SqliteStore) -> Result<Open<'a>, StoreError> {
        let mut slot = self.slot.lock().await;
        if store.closed.load(Ordering::Acquire) {
            return Err(StoreError::Failing("the store is closed".into()));
        }
        if slot.connection.is_none() {
            let database = store.database();
            slot.connection = Some(match self.role {
                Role::Writer => connect::writer(&database, false).await?,
                Role::Housekeeping => connect::housekeeping(&database).await?,
                Role::People => connect::people(&database).await?,
            });
        }
        Ok(Open { slot, directory: &store.directory })
    }
}

/// A locked, open handle.
struct Open<'a> {
    slot: tokio::sync::MutexGuard<'a, Slot>,
    directory: &'a Path,
}

impl Open<'_> {
    /// Runs statements on the connection; any error of SQLite drops it.
    async fn run<T>(
        &mut self,
        statements: impl AsyncFnOnce(&mut SqliteConnection) -> sqlx::Result<T>,
    ) -> Result<T, StoreError> {
        let connection =
            self.slot.connection.as_mut().expect("an open handle holds a connection until it fails");
        match statements(connection).await {
            Ok(answer) => Ok(answer),
            Err(error) => {
                let error = connect::classify(&error, self.directory);
                self.slot.distrusted |= !matches!(error, StoreError::Full(_));
                close(&mut self.slot.connection).await;
                Err(error)
            }
        }
    }
}
