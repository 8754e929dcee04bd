//! One commit's worth of records: collected from every tape, laid out as a row, told to every tape afterwards.

use std::sync::Arc;

use super::row::{self, PartHead};
use super::tape::{Mark, Tape};
use crate::store::JournalRow;

/// A row takes no more tapes once it holds so much; what is left follows in the next one.
pub(super) const ROW_BYTES_MAX: usize = 16 << 20;

/// What was collected.
#[derive(Default)]
pub(super) struct Batch {
    parts: Vec<PartHead>,
    records: Vec<u8>,
    shares: Vec<Share>,
}

/// A row that is being committed, with whom to tell.
pub(super) struct Pending {
    pub row: JournalRow,
    pub parts: Vec<PartHead>,
    shares: Vec<Share>,
}

struct Share {
    tape: Arc<Tape>,
    last_tick: u32,
    bytes: usize,
}

/// Takes what is queued on the tapes, beginning with another one each `turn`, so that none starves in a backlog;
/// `None` when there is nothing.
pub(super) fn collect(tapes: &[Arc<Tape>], turn: usize) -> Option<Batch> {
    let mut batch = Batch::default();
    for at in 0..tapes.len() {
        if batch.records.len() >= ROW_BYTES_MAX {
            break;
        }
        let tape = &tapes[(turn % tapes.len() + at) % tapes.len()];
        tape.collect(|bytes, marks| batch.add(tape, bytes, marks));
    }
    (!batch.parts.is_empty()).then_some(batch)
}

impl Batch {
    fn add(&mut self, tape: &Arc<Tape>, bytes: &[u8], marks: &[Mark]) {
        for (at, mark) in marks.iter().enumerate() {
            let end = marks.get(at + 1).map_or(bytes.len(), |next| next.start);
            let records = &bytes[mark.start..end];
            self.parts.push(part(tape, mark, records));
            self.records.extend_from_slice(records);
        }
        let last_tick = marks.last().map_or(0, |mark| mark.last_tick);
        self.shares.push(Share { tape: Arc::clone(tape), last_tick, bytes: bytes.len() });
    }

    /// Makes the next row of it; `offset` is where the row before ended.
    pub fn lay_out(self, row_no: u64, owner_epoch: u32, offset: u64) -> Pending {
        let bytes = row::overhead_bytes(self.parts.len()) + self.records.len();
        let end_offset = offset + bytes as u64;
        let body = row::encode(row_no, owner_epoch, end_offset, &self.parts, &self.records);
        Pending { row: JournalRow { row_no, end_offset, body }, parts: self.parts, shares: self.shares }
    }
}

impl Pending {
    /// Tells every tape what is durable now.
    pub fn publish(&self) {
        self.shares.iter().for_each(|share| share.tape.publish(share.last_tick, share.bytes));
    }
}

fn part(tape: &Tape, mark: &Mark, records: &[u8]) -> PartHead {
    let mut head = PartHead {
        session: tape.session(),
        first_tick: mark.first_tick,
        last_tick: mark.last_tick,
        epoch: tape.epoch(),
        keyframe: mark.keyframe,
        length: u32::try_from(records.len()).expect("a tape is far smaller than 4 GiB"),
        checksum: 0,
    };
    head.checksum = head.checksum_of(records);
    head
}
