//! What only the database on a disk has to show, beside the contract.

use tempfile::TempDir;

use super::{DATABASE_FILE, SqliteReader, SqliteStore};
use crate::store::contract::{row, session};
use crate::store::{SessionQuery, Store, StoreError, StoreRead, TailMark};

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
