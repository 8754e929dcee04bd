//! One contract over every store: what is written here holds for each sibling, with and without faults.

mod people;

use std::sync::Arc;

use combat_components::ids::{DisplayName, PlayerId, Pseudonym, SessionId};
use tempfile::TempDir;

use super::sqlite::{LOCK_FILE, SqliteEraser, SqliteStore};
use super::{
    Blob, Chunk, ChunkHead, Fault, FaultyStore, Finish, JournalRow, MemoryStore, NewSession, PeopleEraser,
    PersonRow, SessionQuery, Store, StoreError, StoreRead, StoredStatus, TailMark,
};

/// A place where stores are opened again and again, as by one process after another.
pub(crate) enum Place {
    Memory(MemoryStore),
    Sqlite(TempDir),
}

impl Place {
    pub(crate) fn memory() -> Self {
        Self::Memory(MemoryStore::new())
    }

    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    /// What a process that starts now finds, whether or not the last one is gone.
    pub(crate) async fn open(&self) -> Arc<dyn Store> {
        match self {
            Self::Memory(store) => Arc::new(store.reopened()),
            Self::Sqlite(directory) => {
                let _ = std::fs::remove_file(directory.path().join(LOCK_FILE));
                Arc::new(SqliteStore::open(directory.path()).await.unwrap())
            }
        }
    }

    /// What removes persons beside whoever owns the store.
    fn eraser(&self) -> Box<dyn PeopleEraser> {
        match self {
            Self::Memory(store) => Box::new(store.reopened()),
            Self::Sqlite(directory) => Box::new(SqliteEraser::open(directory.path()).unwrap()),
        }
    }

    async fn claimed(&self) -> Arc<dyn Store> {
        let store = self.open().await;
        store.claim("a test").await.unwrap();
        store
    }
}

/// Runs each body once per sibling, under the body's name.
macro_rules! over_both {
    ($($(#[$meta:meta])* $name:ident)*) => {
        mod memory {
            $(#[tokio::test] async fn $name() { super::$name(crate::store::contract::Place::memory()).await; })*
        }
        mod sqlite {
            $(#[tokio::test] async fn $name() { super::$name(crate::store::contract::Place::sqlite()).await; })*
        }
    };
}
pub(crate) use over_both;

over_both! {
    rows_are_numbered_without_gaps_and_read_back
    a_repeated_append_counts_once
    a_former_owner_writes_nothing
    a_session_lives_from_creation_to_its_end
    every_session_write_may_be_repeated
    chunks_are_kept_by_first_tick_and_the_longer_stays
    rows_go_oldest_first_and_the_newest_stays
    a_deleted_session_leaves_orphans_until_its_chunks_are_gone
    blobs_are_kept_by_hash
    a_next_process_finds_everything
    a_fault_is_told_and_what_was_written_in_spite_of_it_counts
    a_closed_store_writes_nothing
}

pub(crate) fn row(row_no: u64, body: &[u8]) -> JournalRow {
    JournalRow { row_no, end_offset: row_no * 100, body: body.to_vec() }
}

fn id(number: u8) -> SessionId {
    SessionId([number; 16])
}

pub(crate) fn session(number: u8) -> NewSession {
    NewSession { id: id(number), created_unix_us: u64::from(number), header: vec![number; 3] }
}

fn person(number: u8, player: &str, pseudonym: u64) -> PersonRow {
    let (player, name) = (PlayerId::new(player).unwrap(), DisplayName::new(&format!("The {player}")).ok());
    PersonRow { session: id(number), pseudonym: Pseudonym(pseudonym), player, name }
}

fn finish(number: u8) -> Finish {
    Finish { id: id(number), failed: false, ended_unix_us: 77, last_tick: 9, summary: b"over".to_vec() }
}

fn chunk(number: u8, first_tick: u32, last_tick: u32) -> Chunk {
    let head = ChunkHead {
        session: id(number),
        first_tick,
        last_tick,
        epoch: 1,
        keyframe: true,
        checksum: u64::MAX,
    };
    Chunk { head, body: vec![number; last_tick as usize] }
}

async fn rows_are_numbered_without_gaps_and_read_back(place: Place) {
    let store = place.claimed().await;
    for row_no in 1..=3 {
        store.append(&row(row_no, &[row_no as u8; 5000])).await.unwrap();
    }
    let gap = store.append(&row(5, b"gap")).await;
    assert_eq!(gap, Err(StoreError::RowOrder { offered: 5, expected: 4 }));
    let back = store.append(&row(2, b"other")).await;
    assert_eq!(back, Err(StoreError::RowOrder { offered: 2, expected: 4 }));
    assert_eq!(store.row_numbers().await.unwrap(), [1, 2, 3]);
    assert_eq!(store.row(2).await.unwrap(), Some(vec![2; 5000]));
    assert_eq!(store.row(4).await.unwrap(), None);
}

async fn a_repeated_append_counts_once(place: Place) {
    let store = place.claimed().await;
    store.append(&row(1, b"first")).await.unwrap();
    store.append(&row(1, b"first")).await.unwrap();
    assert_eq!(store.row_numbers().await.unwrap(), [1]);
    let other = store.append(&row(1, b"other")).await;
    assert_eq!(other, Err(StoreError::RowOrder { offered: 1, expected: 2 }));
}

async fn a_former_owner_writes_nothing(place: Place) {
    let former = place.claimed().await;
    former.create_session(&session(1)).await.unwrap();
    former.append(&row(1, b"first")).await.unwrap();
    former.put_chunk(&chunk(1, 1, 2)).await.unwrap();
    let present = place.claimed().await;
    let lost = StoreError::LostOwnership { mine: 1, found: 2 };
    assert_eq!(former.append(&row(2, b"zombie")).await, Err(lost.clone()));
    assert_eq!(former.append(&row(1, b"first")).await, Err(lost.clone()));
    assert_eq!(former.create_session(&session(2)).await, Err(lost.clone()));
    assert_eq!(former.set_epoch(id(1), 9).await, Err(lost.clone()));
    assert_eq!(former.finish_session(&finish(1)).await, Err(lost.clone()));
    assert_eq!(former.set_verify(id(1), b"good").await, Err(lost.clone()));
    assert_eq!(former.put_chunk(&chunk(1, 3, 4)).await, Err(lost.clone()));
    assert_eq!(former.delete_chunks(id(1), 9).await, Err(lost.clone()));
    assert_eq!(former.delete_session(id(1)).await, Err(lost.clone()));
    assert_eq!(former.meet(&person(1, "ann", 1)).await, Err(lost.clone()));
    assert_eq!(former.delete_people(id(1)).await, Err(lost.clone()));
    let blob = Blob { hash: "h".into(), kind: "map".into(), bytes: vec![1] };
    assert_eq!(former.put_blob(&blob).await, Err(lost));
    assert_eq!(present.row_numbers().await.unwrap(), [1]);
    assert_eq!(present.session(id(1)).await.unwrap().unwrap().epoch, 1);
    assert_eq!(present.chunk_heads(id(1)).await.unwrap().len(), 1);
    present.append(&row(2, b"second")).await.unwrap();
}

async fn a_session_lives_from_creation_to_its_end(place: Place) {
    let store = place.claimed().await;
    for number in [2, 1, 3] {
        store.create_session(&session(number)).await.unwrap();
    }
    store.set_epoch(id(1), 4).await.unwrap();
    store.finish_session(&finish(2)).await.unwrap();
    store.finish_session(&Finish { failed: true, ..finish(3) }).await.unwrap();
    store.set_verify(id(2), b"verified").await.unwrap();
    let all = store.sessions(SessionQuery::all(None)).await.unwrap();
    let seen: Vec<_> = all.iter().map(|row| (row.id, row.status, row.epoch)).collect();
    let expected =
        [(id(1), StoredStatus::Live, 4), (id(2), StoredStatus::Ended, 1), (id(3), StoredStatus::Failed, 1)];
    assert_eq!(seen, expected);
    let ended = store.session(id(2)).await.unwrap().unwrap();
    assert_eq!((ended.ended_unix_us, ended.last_tick), (Some(77), Some(9)));
    assert_eq!((ended.summary, ended.verify), (Some(b"over".to_vec()), Some(b"verified".to_vec())));
    let failed = store.sessions(SessionQuery::all(Some(StoredStatus::Failed))).await.unwrap();
    assert_eq!(failed.len(), 1);
    let page = store.sessions(SessionQuery { status: None, after: Some(id(1)), limit: 1 }).await.unwrap();
    assert_eq!(page.iter().map(|row| row.id).collect::<Vec<_>>(), [id(2)]);
    assert_eq!(store.header(id(3)).await.unwrap(), Some(vec![3; 3]));
    assert_eq!(store.header(id(9)).await.unwrap(), None);
}

async fn every_session_write_may_be_repeated(place: Place) {
    let store = place.claimed().await;
    store.create_session(&session(1)).await.unwrap();
    store.create_session(&session(1)).await.unwrap();
    let other = NewSession { header: b"other".to_vec(), ..session(1) };
    assert_eq!(store.create_session(&other).await, Err(StoreError::SessionExists(id(1))));
    store.finish_session(&finish(1)).await.unwrap();
    store.finish_session(&Finish { last_tick: 99, failed: true, ..finish(1) }).await.unwrap();
    let ended = store.session(id(1)).await.unwrap().unwrap();
    assert_eq!((ended.status, ended.last_tick), (StoredStatus::Ended, Some(9)), "the first end holds");
    assert_eq!(store.set_epoch(id(1), 2).await, Err(StoreError::NotLive(id(1))));
    assert_eq!(store.set_epoch(id(2), 2).await, Err(StoreError::UnknownSession(id(2))));
    assert_eq!(store.finish_session(&finish(2)).await, Err(StoreError::UnknownSession(id(2))));
    assert_eq!(store.set_verify(id(2), b"").await, Err(StoreError::UnknownSession(id(2))));
}

async fn chunks_are_kept_by_first_tick_and_the_longer_stays(place: Place) {
    let store = place.claimed().await;
    for (first, last) in [(641, 1280), (1, 600), (1, 640), (1, 500), (641, 1280)] {
        store.put_chunk(&chunk(1, first, last)).await.unwrap();
    }
    store.put_chunk(&chunk(2, 1, 5)).await.unwrap();
    let heads = store.chunk_heads(id(1)).await.unwrap();
    assert_eq!(heads, [chunk(1, 1, 640).head, chunk(1, 641, 1280).head]);
    assert_eq!(store.chunk_body(id(1), 1).await.unwrap(), Some(vec![1; 640]));
    assert_eq!(store.chunk_body(id(1), 2).await.unwrap(), None);
    assert_eq!(store.chunked_through(id(1)).await.unwrap(), Some(1280));
    assert_eq!(store.chunked_through(id(3)).await.unwrap(), None);
}

async fn rows_go_oldest_first_and_the_newest_stays(place: Place) {
    let store = place.claimed().await;
    for row_no in 1..=6 {
        store.append(&row(row_no, b"body")).await.unwrap();
    }
    assert_eq!(store.delete_rows(4, 3).await.unwrap(), 3);
    assert_eq!(store.row_numbers().await.unwrap(), [4, 5, 6]);
    assert_eq!(store.delete_rows(4, 3).await.unwrap(), 1);
    assert_eq!(store.delete_rows(99, 9).await.unwrap(), 1, "all but the newest");
    assert_eq!(store.row_numbers().await.unwrap(), [6]);
    assert_eq!(store.delete_rows(99, 9).await.unwrap(), 0);
    store.append(&row(7, b"body")).await.unwrap();
}

async fn a_deleted_session_leaves_orphans_until_its_chunks_are_gone(place: Place) {
    let store = place.claimed().await;
    store.create_session(&session(1)).await.unwrap();
    store.create_session(&session(2)).await.unwrap();
    for first in [1, 11, 21] {
        store.put_chunk(&chunk(1, first, first + 9)).await.unwrap();
        store.put_chunk(&chunk(2, first, first + 9)).await.unwrap();
    }
    let before = store.usage().await.unwrap();
    assert!(before.used_bytes > 0);
    store.delete_session(id(1)).await.unwrap();
    assert_eq!(store.session(id(1)).await.unwrap(), None);
    assert_eq!(store.orphans().await.unwrap(), [id(1)]);
    assert_eq!(store.delete_chunks(id(1), 2).await.unwrap(), 2);
    assert_eq!(store.delete_chunks(id(1), 2).await.unwrap(), 1);
    assert_eq!(store.orphans().await.unwrap(), []);
    assert_eq!(store.chunk_heads(id(2)).await.unwrap().len(), 3);
    assert!(store.usage().await.unwrap().used_bytes <= before.used_bytes);
}

async fn blobs_are_kept_by_hash(place: Place) {
    let store = place.claimed().await;
    let blob = Blob { hash: "ab12".into(), kind: "ruleset".into(), bytes: vec![7; 10_000] };
    store.put_blob(&blob).await.unwrap();
    store.put_blob(&blob).await.unwrap();
    assert_eq!(store.blob("ab12").await.unwrap(), Some(blob));
    assert_eq!(store.blob("other").await.unwrap(), None);
}

async fn a_next_process_finds_everything(place: Place) {
    let first = place.claimed().await;
    assert_eq!(first.tail_mark().await.unwrap(), None);
    first.create_session(&session(1)).await.unwrap();
    first.append(&row(1, b"body")).await.unwrap();
    first.append(&row(2, b"body")).await.unwrap();
    first.put_chunk(&chunk(1, 1, 2)).await.unwrap();
    first.close().await.unwrap();
    let second = place.open().await;
    assert_eq!(second.claim("another").await.unwrap(), 2);
    assert_eq!(second.tail_mark().await.unwrap(), Some(TailMark { row_no: 2, end_offset: 200 }));
    assert_eq!(second.row_numbers().await.unwrap(), [1, 2]);
    assert_eq!(second.session(id(1)).await.unwrap().unwrap().status, StoredStatus::Live);
    assert_eq!(second.chunked_through(id(1)).await.unwrap(), Some(2));
    second.append(&row(3, b"body")).await.unwrap();
}

async fn a_fault_is_told_and_what_was_written_in_spite_of_it_counts(place: Place) {
    let store = FaultyStore::new(place.claimed().await);
    let faults = store.faults();
    store.append(&row(1, b"one")).await.unwrap();
    faults.set(Fault::Full);
    assert!(matches!(store.append(&row(2, b"two")).await, Err(StoreError::Full(_))));
    faults.set(Fault::Failing);
    assert!(matches!(store.append(&row(2, b"two")).await, Err(StoreError::Failing(_))));
    assert_eq!(store.row_numbers().await.unwrap(), [1]);
    faults.set(Fault::FailingAfterwards);
    assert!(matches!(store.append(&row(2, b"two")).await, Err(StoreError::Failing(_))));
    assert_eq!(store.row_numbers().await.unwrap(), [1, 2]);
    faults.lift();
    store.recover().await.unwrap();
    store.append(&row(2, b"two")).await.unwrap();
    store.append(&row(3, b"three")).await.unwrap();
    assert_eq!(store.row_numbers().await.unwrap(), [1, 2, 3]);
    assert_eq!((faults.failed(), faults.recovered()), (3, 1));
}

async fn a_closed_store_writes_nothing(place: Place) {
    let store = place.claimed().await;
    store.append(&row(1, b"one")).await.unwrap();
    store.close().await.unwrap();
    assert!(store.append(&row(2, b"two")).await.is_err());
    assert_eq!(place.claimed().await.row_numbers().await.unwrap(), [1]);
}
