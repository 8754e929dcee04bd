//! Turning rows into chunks: a session's records from one keyframe to the next, then the rows' deletion.
//!
//! Safe to be interrupted anywhere: a chunk is whole or absent, and a row goes only after its chunks came.

use std::collections::BTreeMap;

use parking_lot::Mutex;

use super::health::JournalStats;
use super::index::{PartAt, RowIndex, Run};
use super::row::{self, PartHead};
use crate::store::{Chunk, ChunkHead, Store, StoreError};

/// Records brought together in one pass: what all sessions of a machine write in about ten seconds.
pub(super) const PASS_BYTES_MAX: usize = 32 << 20;
/// Rows deleted by one statement, so that it holds up a commit for less than a millisecond.
const ROWS_DELETED_AT_ONCE: u32 = 64;

/// One pass. Answers whether there is more to do at once.
pub(super) async fn pass(
    store: &dyn Store,
    index: &Mutex<RowIndex>,
    stats: &JournalStats,
) -> Result<bool, StoreError> {
    let plan = index.lock().plan(PASS_BYTES_MAX);
    let more = plan.iter().flatten().map(|part| part.head.length as usize).sum::<usize>() >= PASS_BYTES_MAX;
    for (run, chunks) in plan.iter().zip(gather(store, &plan, stats).await?) {
        for chunk in chunks {
            store.put_chunk(&chunk).await?;
            JournalStats::add(&stats.chunks, 1);
        }
        index.lock().cover(run);
    }
    let deletable = index.lock().deletable_through();
    if let Some(through) = deletable {
        loop {
            let deleted = store.delete_rows(through, ROWS_DELETED_AT_ONCE).await?;
            JournalStats::add(&stats.rows_deleted, deleted);
            if deleted < u64::from(ROWS_DELETED_AT_ONCE) {
                break;
            }
        }
        index.lock().forget_through(through);
    }
    Ok(more)
}

/// Reads each row once and brings together the chunks of every run; damaged parts are left out.
async fn gather(
    store: &dyn Store,
    plan: &[Run],
    stats: &JournalStats,
) -> Result<Vec<Vec<Chunk>>, StoreError> {
    let mut by_row: BTreeMap<u64, Vec<(usize, PartAt)>> = BTreeMap::new();
    for (run, parts) in plan.iter().enumerate() {
        parts.iter().for_each(|part| by_row.entry(part.row_no).or_default().push((run, *part)));
    }
    let mut builders: Vec<Builder> = plan.iter().map(|_| Builder::default()).collect();
    for (row_no, parts) in by_row {
        let body = store.row(row_no).await?;
        let row = body.as_deref().map(|body| row::decode(row_no, body));
        for (run, part) in parts {
            let records = row.as_ref().and_then(|row| row.as_ref().ok()).and_then(|row| {
                let found = row.parts.iter().find(|found| found.head == part.head)?;
                found.records.ok()
            });
            match records {
                Some(records) => builders[run].add(&part.head, records),
                None => {
                    let PartHead { session, first_tick, .. } = part.head;
                    tracing::error!(%session, first_tick, row_no, "journal records found damaged");
                    JournalStats::add(&stats.damaged_parts, 1);
                    builders[run].close();
                }
            }
        }
    }
    Ok(builders.into_iter().map(Builder::finish).collect())
}

#[derive(Default)]
struct Builder {
    open: Option<(PartHead, Vec<u8>)>,
    done: Vec<Chunk>,
}

impl Builder {
    fn add(&mut self, head: &PartHead, records: &[u8]) {
        let (name, body) = self.open.get_or_insert_with(|| (*head, Vec::new()));
        name.last_tick = head.last_tick;
        body.extend_from_slice(records);
    }

    fn close(&mut self) {
        let Some((mut name, body)) = self.open.take() else {
            return;
        };
        name.length = u32::try_from(body.len()).expect("a chunk is far smaller than 4 GiB");
        let head = ChunkHead {
            session: name.session,
            first_tick: name.first_tick,
            last_tick: name.last_tick,
            epoch: name.epoch,
            keyframe: name.keyframe,
            checksum: name.checksum_of(&body),
        };
        self.done.push(Chunk { head, body });
    }

    fn finish(mut self) -> Vec<Chunk> {
        self.close();
        self.done
    }
}
