//! Reading the journal's rows and putting a session's records in order, with a report of what is missing.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use combat_components::ids::SessionId;
use thiserror::Error;

use super::row::{self, PartHead, RowDamage};
use crate::store::{SessionRow, StoreError, StoreRead, StoredStatus};

/// The tick before a session's first record.
pub const BASE_TICK: u32 = 0;

/// Records of consecutive ticks of one session, in order, as they were offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPiece {
    /// Both ends included.
    pub first_tick: u32,
    pub last_tick: u32,
    pub epoch: u32,
    /// Whether the first batch in `records` holds a keyframe.
    pub keyframe: bool,
    pub records: Vec<u8>,
}

/// Ticks of a session that cannot be read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub session: SessionId,
    pub first_tick: u32,
    /// `None` when it is not known how far the damage goes.
    pub last_tick: Option<u32>,
    pub cause: DamageCause,
}

/// What is wrong with them.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum DamageCause {
    #[error("journal row {row_no}: {damage}")]
    Row { row_no: u64, damage: RowDamage },
    #[error("a chunk's checksum does not hold")]
    Chunk,
    #[error("records are missing")]
    Missing,
    #[error("records of these ticks are there twice, and differ in extent")]
    Overlap,
}

impl std::fmt::Display for Damage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "session {} damaged at tick {}", self.session, self.first_tick)?;
        match self.last_tick {
            Some(last) if last == self.first_tick => {}
            Some(last) => write!(f, " to {last}")?,
            None => f.write_str(" and after")?,
        }
        write!(f, ": {}", self.cause)
    }
}

/// One session's part of a row.
#[derive(Debug)]
pub(super) struct TailPart {
    pub row_no: u64,
    pub head: PartHead,
    pub records: Result<Vec<u8>, RowDamage>,
}

/// Everything the journal's rows hold.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Every row found, with the parts it names; damaged ones included.
    pub heads: Vec<(u64, Vec<PartHead>)>,
    /// The parts of the sessions asked for.
    pub parts: BTreeMap<SessionId, Vec<TailPart>>,
    /// Rows of which not even the sessions can be named.
    pub unreadable: Vec<(u64, RowDamage)>,
    /// From the newest row with a sound header.
    pub end_offset: u64,
}

impl Rows {
    /// The newest row found.
    pub fn newest_row_no(&self) -> Option<u64> {
        self.heads.last().map(|(row_no, _)| *row_no)
    }
}

/// Reads every row, keeping the records of those sessions that `wanted` names.
pub(super) async fn rows(
    store: &dyn StoreRead,
    wanted: impl Fn(SessionId) -> bool,
) -> Result<Rows, StoreError> {
    let mut rows = Rows::default();
    let numbers = store.row_numbers().await?;
    for (at, row_no) in numbers.iter().copied().enumerate() {
        let expected = if at == 0 { row_no } else { numbers[at - 1] + 1 };
        rows.unreadable.extend((expected..row_no).map(|missing| (missing, RowDamage::Missing)));
        // A row that goes while we read was compacted: chunks are read after the rows and hold it.
        let body = match store.row(row_no).await {
            Ok(Some(body)) => body,
            Ok(None) => continue,
            Err(error @ StoreError::Damaged(_)) => {
                tracing::error!(row_no, %error, "journal row cannot be read");
                rows.unreadable.push((row_no, RowDamage::Directory));
                rows.heads.push((row_no, Vec::new()));
                continue;
            }
            Err(error) => return Err(error),
        };
        take_apart(&mut rows, row_no, &body, &wanted);
    }
    Ok(rows)
}

fn take_apart(rows: &mut Rows, row_no: u64, body: &[u8], wanted: &impl Fn(SessionId) -> bool) {
    let row = match row::decode(row_no, body) {
        Ok(row) => row,
        Err(damage) => {
            rows.unreadable.push((row_no, damage));
            rows.heads.push((row_no, Vec::new()));
            return;
        }
    };
    rows.end_offset = rows.end_offset.max(row.end_offset);
    rows.heads.push((row_no, row.parts.iter().map(|part| part.head).collect()));
    for part in row.parts.into_iter().filter(|part| wanted(part.head.session)) {
        let records = part.records.map(<[u8]>::to_vec);
        let tail = TailPart { row_no, head: part.head, records };
        rows.parts.entry(part.head.session).or_default().push(tail);
    }
}

/// A session's records after its chunks.
#[derive(Debug, Default)]
pub(super) struct Tail {
    pub pieces: Vec<LogPiece>,
    pub damages: Vec<Damage>,
}

/// Orders what rows hold of a session after tick `covered`, which its chunks reach, and finds what is missing.
pub(super) fn tail(
    session: &SessionRow,
    covered: u32,
    parts: Vec<TailPart>,
    unreadable: &[(u64, RowDamage)],
) -> Tail {
    let mut order = Order {
        session: session.id,
        unreadable,
        expected: covered + 1,
        row_before: 0,
        found: Tail::default(),
    };
    parts.into_iter().for_each(|part| order.add(part));
    order.end(session);
    order.found
}

struct Order<'a> {
    session: SessionId,
    unreadable: &'a [(u64, RowDamage)],
    /// The next tick, when nothing is missing.
    expected: u32,
    /// The last row seen that holds anything of the session.
    row_before: u64,
    found: Tail,
}

impl Order<'_> {
    fn add(&mut self, part: TailPart) {
        let TailPart { row_no, head, records } = part;
        if head.last_tick < self.expected {
            self.row_before = row_no;
            return;
        }
        if head.first_tick > self.expected {
            let cause = self.missing(self.row_before..=row_no);
            self.damaged(self.expected, Some(head.first_tick - 1), cause);
        }
        match records {
            Ok(_) if head.first_tick < self.expected => {
                self.damaged(head.first_tick, Some(head.last_tick), DamageCause::Overlap);
            }
            Ok(records) => self.found.pieces.push(piece(&head, records)),
            Err(damage) => {
                self.damaged(head.first_tick, Some(head.last_tick), DamageCause::Row { row_no, damage });
            }
        }
        self.expected = head.last_tick.saturating_add(1);
        self.row_before = row_no;
    }

    /// A live session may have been in any unreadable row after its last part; a finished one says where it ends.
    fn end(&mut self, session: &SessionRow) {
        let after = self.row_before + 1..=u64::MAX;
        let last_tick = match (session.status, session.last_tick) {
            (StoredStatus::Live, _) if self.unreadable_in(&after).is_some() => None,
            (StoredStatus::Live, _) => return,
            (_, Some(last)) if last >= self.expected => Some(last),
            _ => return,
        };
        let cause = self.missing(after);
        self.damaged(self.expected, last_tick, cause);
    }

    fn damaged(&mut self, first_tick: u32, last_tick: Option<u32>, cause: DamageCause) {
        let session = self.session;
        self.found.damages.push(Damage { session, first_tick, last_tick, cause });
    }

    fn missing(&self, rows: RangeInclusive<u64>) -> DamageCause {
        let unreadable = self.unreadable_in(&rows);
        unreadable.map_or(DamageCause::Missing, |(row_no, damage)| DamageCause::Row { row_no, damage })
    }

    fn unreadable_in(&self, rows: &RangeInclusive<u64>) -> Option<(u64, RowDamage)> {
        self.unreadable.iter().find(|(row_no, _)| rows.contains(row_no)).copied()
    }
}

pub(super) fn piece(head: &PartHead, records: Vec<u8>) -> LogPiece {
    LogPiece {
        first_tick: head.first_tick,
        last_tick: head.last_tick,
        epoch: head.epoch,
        keyframe: head.keyframe,
        records,
    }
}
