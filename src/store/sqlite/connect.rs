//! How connections are opened, what their settings are, and what SQLite's errors mean.

use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection};

use super::DATABASE_FILE;
use crate::store::StoreError;

/// The schema this build reads and writes.
const SCHEMA_VERSION: i64 = 2;
/// Every migration, by the version it starts from.
const MIGRATIONS: [&str; SCHEMA_VERSION as usize] = [
    include_str!("../../../migrations/sqlite/0001_journal.sql"),
    include_str!("../../../migrations/sqlite/0002_people.sql"),
];

/// How long a statement waits for another handle's write: far above any, since none holds the lock for longer
/// than a sync, and below the time after which a stuck disk should be reported.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// Whoever joins may wait longer, where a slow disk lets the writer's commits follow each other without pause.
const PEOPLE_BUSY_TIMEOUT: Duration = Duration::from_secs(6);

/// Result codes of SQLite, the low byte of an extended code.
const SQLITE_PERM: i32 = 3;
const SQLITE_READONLY: i32 = 8;
const SQLITE_IOERR: i32 = 10;
const SQLITE_CORRUPT: i32 = 11;
const SQLITE_FULL: i32 = 13;
const SQLITE_CANTOPEN: i32 = 14;
const SQLITE_NOTADB: i32 = 26;

/// # Errors
/// [`StoreError::Missing`] where none is; where it cannot be told, what the medium says.
pub(super) fn expect_database(directory: &Path) -> Result<(), StoreError> {
    match std::fs::metadata(directory.join(DATABASE_FILE)) {
        Ok(found) if found.is_file() => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::Failing(format!("{}: {error}", directory.display())))
        }
        _ => Err(StoreError::Missing(directory.to_owned())),
    }
}

fn options(database: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(database)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(false)
        .disable_statement_logging()
}

/// The one handle whose commits are synced before they return.
pub(super) async fn writer(database: &Path, create: bool) -> Result<SqliteConnection, StoreError> {
    let options = options(database)
        .create_if_missing(create)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "0")
        .thread_name(|_| "journal-write".into());
    open(&options, database).await
}

/// Commits of this handle are not synced on their own: they lie before the writer's next commit in the same log,
/// which is read back in order up to the first damage.
pub(super) async fn housekeeping(database: &Path) -> Result<SqliteConnection, StoreError> {
    let options = options(database)
        .synchronous(SqliteSynchronous::Normal)
        .pragma("wal_autocheckpoint", "0")
        .thread_name(|_| "journal-keep".into());
    open(&options, database).await
}

/// As for housekeeping; what it frees is overwritten, so that no name outlives its row.
pub(super) async fn people(database: &Path) -> Result<SqliteConnection, StoreError> {
    let options = options(database)
        .busy_timeout(PEOPLE_BUSY_TIMEOUT)
        .synchronous(SqliteSynchronous::Normal)
        .pragma("wal_autocheckpoint", "0")
        .pragma("secure_delete", "ON")
        .thread_name(|_| "journal-people".into());
    open(&options, database).await
}

/// For erasing: synced, overwriting what it frees, and with nothing of it in files of its own.
pub(super) async fn eraser(database: &Path) -> Result<SqliteConnection, StoreError> {
    let options = options(database)
        .busy_timeout(PEOPLE_BUSY_TIMEOUT)
        .synchronous(SqliteSynchronous::Full)
        .pragma("wal_autocheckpoint", "0")
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY");
    open(&options, database).await
}

/// A handle that cannot write.
pub(super) async fn reader(database: &Path) -> Result<SqliteConnection, StoreError> {
    let options = options(database).read_only(true).thread_name(|_| "journal-read".into());
    open(&options, database).await
}

async fn open(options: &SqliteConnectOptions, database: &Path) -> Result<SqliteConnection, StoreError> {
    options.connect().await.map_err(|error| classify(&error, database.parent().unwrap_or(database)))
}

/// Brings the schema up to date.
pub(super) async fn migrate(connection: &mut SqliteConnection, directory: &Path) -> Result<(), StoreError> {
    let found = schema_version(connection, directory).await?;
    let done = usize::try_from(found).ok().filter(|done| *done <= MIGRATIONS.len());
    let Some(done) = done else {
        return Err(other_schema(directory, found));
    };
    for migration in &MIGRATIONS[done..] {
        sqlx::raw_sql(*migration)
            .execute(&mut *connection)
            .await
            .map_err(|error| classify(&error, directory))?;
    }
    Ok(())
}

/// Refuses a database of another version, for those that may not migrate it.
pub(super) async fn expect_schema(
    connection: &mut SqliteConnection,
    directory: &Path,
) -> Result<(), StoreError> {
    match schema_version(connection, directory).await? {
        SCHEMA_VERSION => Ok(()),
        found => Err(other_schema(directory, found)),
    }
}

fn other_schema(directory: &Path, found: i64) -> StoreError {
    StoreError::Schema { directory: directory.to_owned(), found, expected: SCHEMA_VERSION }
}

async fn schema_version(connection: &mut SqliteConnection, directory: &Path) -> Result<i64, StoreError> {
    let found = sqlx::query_scalar("PRAGMA user_version").fetch_one(connection).await;
    found.map_err(|error| classify(&error, directory))
}

/// Moves the whole log into the database, synced, and empties it.
pub(super) async fn rewrite_log(
    connection: &mut SqliteConnection,
    directory: &Path,
) -> Result<(), StoreError> {
    let answer: Result<(i64, i64, i64), _> =
        sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await;
    match answer {
        Ok((0, ..)) => Ok(()),
        Ok(_) => Err(StoreError::Failing("the log could not be emptied: a reader holds it".into())),
        Err(error) => Err(classify(&error, directory)),
    }
}

/// What an error of SQLite means for the journal.
pub(super) fn classify(error: &sqlx::Error, directory: &Path) -> StoreError {
    let extended = error.as_database_error().and_then(|error| error.code());
    let code = extended.and_then(|code| code.parse::<i32>().ok()).map(|code| code & 0xff);
    let text = error.to_string();
    match code {
        Some(SQLITE_FULL) => StoreError::Full(text),
        Some(SQLITE_NOTADB) => StoreError::Damaged(format!(
            "{}: {text}; move it away, or name another directory with --data-dir or DATA_DIR",
            directory.display()
        )),
        Some(SQLITE_CORRUPT) => StoreError::Damaged(format!("{}: {text}", directory.display())),
        // Growing the shared memory of the log fails as an input/output error when the disk is full.
        Some(SQLITE_IOERR | SQLITE_CANTOPEN) if is_full(directory) => StoreError::Full(text),
        Some(SQLITE_PERM | SQLITE_READONLY) => not_allowed(directory, "written", &text),
        Some(SQLITE_CANTOPEN) => not_allowed(directory, "opened", &text),
        _ => StoreError::Failing(text),
    }
}

/// The user's to mend, and worth another try: a server goes on once it may.
fn not_allowed(directory: &Path, done: &str, text: &str) -> StoreError {
    StoreError::Failing(format!(
        "{} cannot be {done} by this user: {text}; run it as the server's user, or check the permissions of the \
         directory and of what is in it",
        directory.display()
    ))
}

/// What a failure of the file system means for the journal.
pub(super) fn io_error(path: &Path, error: &io::Error) -> StoreError {
    let text = format!("{}: {error}", path.display());
    if error.kind() == io::ErrorKind::StorageFull {
        StoreError::Full(text)
    } else {
        StoreError::Failing(text)
    }
}

fn is_full(directory: &Path) -> bool {
    rustix::fs::statvfs(directory).is_ok_and(|found| found.f_bavail == 0)
}
