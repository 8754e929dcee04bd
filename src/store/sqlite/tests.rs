//! What only the database on a disk has to show, beside the contract.

use combat_components::ids::{DisplayName, PlayerId, Pseudonym, SessionId};
use combat_components::streams::Stream;
use tempfile::TempDir;

use super::{DATABASE_FILE, SqliteEraser, SqliteReader, SqliteStore, connect};
use crate::store::contract::{row, session};
use crate::store::{
    PeopleEraser, PeopleStore, PersonRow, SessionQuery, Store, StoreError, StoreRead, TailMark,
};

async fn opened(directory: &TempDir) -> SqliteStore {
    let store = SqliteStore::open(directory.path()).await.unwrap();
    store.claim("a test").await.unwrap();
    store
}

#[tokio::test]
async fn the_writer_syncs_every_commit_and_leaves_checkpoints_to_the_housekeeper() {
    let directory = tempfile::tempdir().unwrap();
    let store = opened(&directory).await;
    const FULL: i64 = 2;
    assert_eq!(store.writer_synchronous().await.unwrap(), FULL);
    assert_eq!(store.writer_autocheckpoint_pages().await.unwrap(), 0);
    store.recover().await.unwrap();
    assert_eq!(store.writer_synchronous().await.unwrap(), FULL);
    assert_eq!(store.writer_autocheckpoint_pages().await.unwrap(), 0);
}

#[tokio::test]
async fn a_second_server_is_told_who_holds_the_directory() {
    let directory = tempfile::tempdir().unwrap();
    let store = opened(&directory).await;
    let Err(error) = SqliteStore::open(directory.path()).await else { panic!("opened twice") };
    let told = error.to_string();
    let expected = format!(
        "data directory {} is in use by process {} (started 2",
        directory.path().display(),
        std::process::id()
    );
    assert!(told.starts_with(&expected), "{told}");
    store.close().await.unwrap();
    SqliteStore::open(directory.path()).await.unwrap();
}

#[tokio::test]
async fn a_reader_sees_what_a_running_server_commits_and_what_a_stopped_one_left() {
    let directory = tempfile::tempdir().unwrap();
    let missing = SqliteReader::open(directory.path()).await.err();
    assert_eq!(missing, Some(StoreError::Missing(directory.path().to_owned())));
    let file = directory.path().join("a file");
    std::fs::write(&file, "in place of the directory").unwrap();
    let untold = SqliteReader::open(&file).await.err().expect("there is none").to_string();
    assert!(untold.contains("a file: Not a directory"), "{untold}");
    let store = opened(&directory).await;
    store.create_session(&session(1)).await.unwrap();
    let reader = SqliteReader::open(directory.path()).await.unwrap();
    for row_no in 1..=20 {
        store.append(&row(row_no, b"body")).await.unwrap();
        assert_eq!(reader.row_numbers().await.unwrap().len(), row_no as usize);
    }
    assert_eq!(reader.tail_mark().await.unwrap(), Some(TailMark { row_no: 20, end_offset: 2000 }));
    drop(reader);
    store.close().await.unwrap();
    let reader = SqliteReader::open(directory.path()).await.unwrap();
    assert_eq!(reader.row_numbers().await.unwrap().len(), 20);
    assert_eq!(reader.sessions(SessionQuery::all(None)).await.unwrap().len(), 1);
}

#[tokio::test]
async fn checkpoints_empty_the_log_although_the_writer_never_does() {
    let directory = tempfile::tempdir().unwrap();
    let store = opened(&directory).await;
    for row_no in 1..=50 {
        store.append(&row(row_no, &[1; 20_000])).await.unwrap();
    }
    let done = store.checkpoint().await.unwrap();
    assert!(!done.busy && done.wal_pages > 250 && done.moved_pages == done.wal_pages, "{done:?}");
    let grown = store.usage().await.unwrap().wal_bytes;
    for row_no in 51..=90 {
        store.append(&row(row_no, &[1; 20_000])).await.unwrap();
    }
    assert_eq!(store.usage().await.unwrap().wal_bytes, grown, "the log starts over");
}

#[tokio::test]
async fn a_full_database_is_told_as_full_and_takes_the_same_row_once_there_is_room() {
    let directory = tempfile::tempdir().unwrap();
    let store = opened(&directory).await;
    store.append(&row(1, b"first")).await.unwrap();
    store.limit_pages(20).await.unwrap();
    let large = row(2, &[7; 200_000]);
    for _ in 0..2 {
        let told = store.append(&large).await;
        assert!(matches!(told, Err(StoreError::Full(_))), "{told:?}");
        store.recover().await.unwrap();
        store.limit_pages(20).await.unwrap();
    }
    store.recover().await.unwrap();
    store.append(&large).await.unwrap();
    assert_eq!(store.row_numbers().await.unwrap(), [1, 2]);
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(DATABASE_FILE), [7; 9000]).unwrap();
    let told = SqliteStore::open(directory.path()).await.err();
    assert!(matches!(told, Some(StoreError::Damaged(_))), "{told:?}");
}

/// How often `text` stands in any file of the directory. Another process reads them: to close a file of SQLite's here
/// would drop the locks on it.
fn copies(directory: &TempDir, text: &str) -> usize {
    let files = std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path());
    let bytes = files.map(|path| std::process::Command::new("cat").arg(path).output().unwrap().stdout);
    bytes.map(|bytes| bytes.windows(text.len()).filter(|window| *window == text.as_bytes()).count()).sum()
}

/// Rows of all lengths come, move to other pages, change and go, so that pages hold copies of what they held.
async fn crowd(store: &SqliteStore, stream: &mut Stream, from: u64) {
    for number in from..from + 3_000 {
        let session = SessionId([stream.below(40) as u8; 16]);
        let filling = "x".repeat(stream.below(50) as usize);
        let player = match stream.below(12) {
            0 => "somebody-to-be-erased".to_owned(),
            _ => format!("p{}-{filling}", stream.below(200)),
        };
        let player = PlayerId::new(&player).unwrap();
        let name = match player.as_str() == "somebody-to-be-erased" {
            true => DisplayName::new(&format!("Name to erase {}", stream.below(9_000))).ok(),
            false => DisplayName::new(&"y".repeat(stream.below(97) as usize)).ok(),
        };
        store.meet(&PersonRow { session, pseudonym: Pseudonym(number), player, name }).await.unwrap();
        if stream.below(100) == 0 {
            store.delete_people(session).await.unwrap();
        }
        if stream.below(200) == 0 {
            store.checkpoint().await.unwrap();
        }
    }
}

#[tokio::test]
async fn no_byte_of_an_erased_person_is_left_in_any_file() {
    const SEED: u64 = 0xE7A5E;
    println!("seed {SEED:#x}");
    let directory = tempfile::tempdir().unwrap();
    let store = opened(&directory).await;
    crowd(&store, &mut Stream::of(SEED, 1), 0).await;
    let player = PlayerId::new("somebody-to-be-erased").unwrap();
    let (ids, names) = (copies(&directory, player.as_str()), copies(&directory, "Name to erase"));
    assert!(ids > 40 && names > 40, "there is something to erase: {ids}, {names}");
    let reader = SqliteReader::open(directory.path()).await.unwrap();
    reader.sessions(SessionQuery::all(None)).await.unwrap();
    let erased = SqliteEraser::open(directory.path()).unwrap().erase(player).await.unwrap();
    assert!(erased.is_wiped && erased.sessions.len() > 20, "{erased:?}");
    assert_eq!(copies(&directory, player.as_str()), 0, "beside the running owner");
    assert_eq!(copies(&directory, "Name to erase"), 0, "former names are names too");
    crowd(&store, &mut Stream::of(SEED, 2), 3_000).await;
    store.close().await.unwrap();
    let erased = SqliteEraser::open(directory.path()).unwrap().erase(player).await.unwrap();
    assert!(erased.is_wiped, "{erased:?}");
    assert_eq!(
        copies(&directory, player.as_str()) + copies(&directory, "Name to erase"),
        0,
        "without an owner"
    );
    let expected = SqliteReader::open(directory.path()).await.unwrap();
    assert!(expected.sessions(SessionQuery::all(None)).await.is_ok());
}

#[tokio::test]
async fn the_handle_that_writes_people_overwrites_what_it_frees() {
    let directory = tempfile::tempdir().unwrap();
    let store = opened(&directory).await;
    assert_eq!(store.people_secure_delete().await.unwrap(), 1);
    store.recover().await.unwrap();
    assert_eq!(store.people_secure_delete().await.unwrap(), 1);
}

#[tokio::test]
async fn a_directory_of_the_first_version_is_brought_up_to_date() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join(DATABASE_FILE);
    let mut first = super::connect::writer(&database, true).await.unwrap();
    sqlx::raw_sql(include_str!("../../../migrations/sqlite/0001_journal.sql"))
        .execute(&mut first)
        .await
        .unwrap();
    super::close(&mut Some(first)).await;
    let refused = SqliteReader::open(directory.path()).await.err();
    let older = StoreError::Schema { directory: directory.path().to_owned(), found: 1, expected: 2 };
    assert_eq!(refused, Some(older.clone()));
    let player = PlayerId::new("ann").unwrap();
    let refused = SqliteEraser::open(directory.path()).unwrap().erase(player).await;
    assert_eq!(refused, Err(older));
    let store = opened(&directory).await;
    let name = DisplayName::new("Ann").ok();
    let row = PersonRow { session: SessionId([1; 16]), pseudonym: Pseudonym(1), player, name };
    assert_eq!(store.meet(&row).await, Ok(Pseudonym(1)));
}

#[tokio::test]
async fn what_is_no_journal_is_told_with_its_directory_and_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    for (bytes, expected) in
        [(&b""[..], "schema version 0"), (&[0x5a; 8_192][..], "file is not a database; move it away")]
    {
        std::fs::write(directory.path().join(DATABASE_FILE), bytes).unwrap();
        let told = SqliteReader::open(directory.path()).await.err().expect("it is none").to_string();
        assert!(told.contains(expected), "{told}");
        assert!(told.contains(&directory.path().display().to_string()), "{told}");
        assert!(told.contains("name another directory with --data-dir or DATA_DIR"), "{told}");
    }
}

/// SQLite answers as for files of another user, whoever runs this: one is opened for reading only, the other is none.
#[tokio::test]
async fn what_this_user_may_not_write_is_told_with_its_directory_and_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join(DATABASE_FILE);
    opened(&directory).await.close().await.unwrap();
    let mut connection = connect::reader(&database).await.unwrap();
    let written = sqlx::query("UPDATE erasures SET count = 1").execute(&mut connection).await;
    let read_only = connect::classify(&written.unwrap_err(), directory.path());
    drop(connection);
    std::fs::remove_file(&database).unwrap();
    std::fs::create_dir(&database).unwrap();
    let not_opened = connect::eraser(&database).await.unwrap_err();
    for (error, done, cause) in [
        (read_only, "written", "attempt to write a readonly database"),
        (not_opened, "opened", "unable to open database file"),
    ] {
        assert!(error.is_transient(), "a server waits for it to be mended");
        let told = error.to_string();
        let what = format!("{} cannot be {done} by this user", directory.path().display());
        assert!(told.contains(&what) && told.contains(cause), "{told}");
        assert!(told.contains("run it as the server's user, or check the permissions"), "{told}");
    }
}
