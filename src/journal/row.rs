//! The body of one journal row: every session's records of one commit, each part with its own checksum.
//!
//! `docs/journal.md` holds the layout as a table.

use combat_components::ids::SessionId;
use thiserror::Error;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::store::ChunkHead;

/// The first bytes of every row's body: "combat journal row, layout 1".
const MAGIC: [u8; 4] = *b"CJR1";
/// Magic, row number, owner epoch, end offset, checksum.
const HEADER_BYTES: usize = 4 + 8 + 4 + 8 + 8;
/// Session, first and last tick, epoch, keyframe, length, checksum.
const PART_HEAD_BYTES: usize = 16 + 4 + 4 + 4 + 4 + 4 + 8;
/// The count before the directory and the checksum after it.
const DIRECTORY_FRAME_BYTES: usize = 4 + 8;
/// More parts than sessions that a process may hold, times what one commit can hold of each; a larger count
/// read from a row is damage, not a reason to allocate.
const PARTS_MAX: usize = 65_536;

/// Names one session's records within a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartHead {
    pub session: SessionId,
    /// Both ends included.
    pub first_tick: u32,
    pub last_tick: u32,
    pub epoch: u32,
    /// Whether the records hold a keyframe.
    pub keyframe: bool,
    pub length: u32,
    pub checksum: u64,
}

/// Why a row, or a part of it, cannot be believed.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum RowDamage {
    #[error("the row is missing")]
    Missing,
    #[error("the row's directory is damaged")]
    Directory,
    #[error("the row's header is damaged")]
    Header,
    #[error("the records' checksum does not hold")]
    Checksum,
}

/// A row taken apart.
#[derive(Debug)]
pub struct Row<'a> {
    /// Bytes of all bodies up to and including this one; 0 when the header is damaged.
    pub end_offset: u64,
    pub parts: Vec<Part<'a>>,
}

/// One session's records, or why there are none.
#[derive(Debug)]
pub struct Part<'a> {
    pub head: PartHead,
    pub records: Result<&'a [u8], RowDamage>,
}

impl PartHead {
    /// The same as a chunk's head, since both name ticks of a session.
    pub fn of_chunk(head: &ChunkHead, length: usize) -> Self {
        Self {
            session: head.session,
            first_tick: head.first_tick,
            last_tick: head.last_tick,
            epoch: head.epoch,
            keyframe: head.keyframe,
            length: u32::try_from(length).unwrap_or(u32::MAX),
            checksum: head.checksum,
        }
    }

    /// The checksum these records have under this name: moved records do not pass for others.
    pub fn checksum_of(&self, records: &[u8]) -> u64 {
        let mut name = [0_u8; PART_HEAD_BYTES - 8];
        self.name_into(&mut name);
        xxh3_64_with_seed(records, xxh3_64(&name))
    }

    fn name_into(&self, out: &mut [u8; PART_HEAD_BYTES - 8]) {
        out[..16].copy_from_slice(&self.session.0);
        out[16..20].copy_from_slice(&self.first_tick.to_le_bytes());
        out[20..24].copy_from_slice(&self.last_tick.to_le_bytes());
        out[24..28].copy_from_slice(&self.epoch.to_le_bytes());
        out[28..32].copy_from_slice(&u32::from(self.keyframe).to_le_bytes());
        out[32..36].copy_from_slice(&self.length.to_le_bytes());
    }
}

/// How many bytes a row takes beside its records.
pub fn overhead_bytes(parts: usize) -> usize {
    HEADER_BYTES + DIRECTORY_FRAME_BYTES + parts * PART_HEAD_BYTES
}

/// Lays out a row; `records` holds the parts' records one after another. Answers with the body.
pub fn encode(row_no: u64, owner_epoch: u32, end_offset: u64, parts: &[PartHead], records: &[u8]) -> Vec<u8> {
    let mut body = Vec::with_capacity(overhead_bytes(parts.len()) + records.len());
    body.extend_from_slice(&MAGIC);
    body.extend_from_slice(&row_no.to_le_bytes());
    body.extend_from_slice(&owner_epoch.to_le_bytes());
    body.extend_from_slice(&end_offset.to_le_bytes());
    body.extend_from_slice(&xxh3_64(&body).to_le_bytes());
    let count = u32::try_from(parts.len()).expect("a row holds at most a few parts per session");
    body.extend_from_slice(&count.to_le_bytes());
    for part in parts {
        let mut name = [0_u8; PART_HEAD_BYTES - 8];
        part.name_into(&mut name);
        body.extend_from_slice(&name);
        body.extend_from_slice(&part.checksum.to_le_bytes());
    }
    let directory = xxh3_64(&body[HEADER_BYTES..]);
    body.extend_from_slice(&directory.to_le_bytes());
    body.extend_from_slice(records);
    body
}

/// Takes a row apart and checks every checksum in it.
///
/// # Errors
/// [`RowDamage::Directory`] when not even the sessions in it can be named.
pub fn decode(row_no: u64, body: &[u8]) -> Result<Row<'_>, RowDamage> {
    let (heads, mut at) = directory(body).ok_or(RowDamage::Directory)?;
    let end_offset = header(row_no, body);
    let mut parts = Vec::with_capacity(heads.len());
    for head in heads {
        let records = at.checked_add(head.length as usize).and_then(|end| body.get(at..end));
        at = at.saturating_add(head.length as usize);
        let records = match (records, end_offset) {
            (_, None) => Err(RowDamage::Header),
            (Some(records), _) if head.checksum_of(records) == head.checksum => Ok(records),
            _ => Err(RowDamage::Checksum),
        };
        parts.push(Part { head, records });
    }
    Ok(Row { end_offset: end_offset.unwrap_or(0), parts })
}

/// The end offset, when the header holds and belongs to this row.
fn header(row_no: u64, body: &[u8]) -> Option<u64> {
    let mut take = Fields(body.get(..HEADER_BYTES)?);
    let magic = take.bytes::<4>()?;
    let (found_no, _owner_epoch, end_offset) = (take.u64()?, take.u32()?, take.u64()?);
    let checksum = take.u64()?;
    let holds = magic == MAGIC && found_no == row_no && xxh3_64(&body[..HEADER_BYTES - 8]) == checksum;
    holds.then_some(end_offset)
}

/// The directory's entries and where the records begin.
fn directory(body: &[u8]) -> Option<(Vec<PartHead>, usize)> {
    let mut take = Fields(body.get(HEADER_BYTES..)?);
    let count = take.u32()? as usize;
    if count > PARTS_MAX {
        return None;
    }
    let end = HEADER_BYTES + 4 + count * PART_HEAD_BYTES;
    let checked = xxh3_64(body.get(HEADER_BYTES..end)?);
    let mut heads = Vec::with_capacity(count);
    for _ in 0..count {
        heads.push(PartHead {
            session: SessionId(take.bytes()?),
            first_tick: take.u32()?,
            last_tick: take.u32()?,
            epoch: take.u32()?,
            keyframe: take.u32()? != 0,
            length: take.u32()?,
            checksum: take.u64()?,
        });
    }
    (take.u64()? == checked).then_some((heads, end + 8))
}

/// Reads fixed little-endian fields from the front of a slice.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn bytes<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn u32(&mut self) -> Option<u32> {
        self.bytes().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.bytes().map(u64::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(session: u8, records: &[u8]) -> PartHead {
        let mut head = PartHead {
            session: SessionId([session; 16]),
            first_tick: 10,
            last_tick: 12,
            epoch: 1,
            keyframe: session == 1,
            length: records.len() as u32,
            checksum: 0,
        };
        head.checksum = head.checksum_of(records);
        head
    }

    fn two_sessions() -> Vec<u8> {
        encode(7, 3, 99, &[part(1, b"first"), part(2, b"second")], b"firstsecond")
    }

    #[test]
    fn a_row_reads_back_as_it_was_written() {
        let body = two_sessions();
        let row = decode(7, &body).unwrap();
        assert_eq!(row.end_offset, 99);
        assert_eq!(row.parts[0].head, part(1, b"first"));
        assert_eq!(row.parts[0].records, Ok(&b"first"[..]));
        assert_eq!(row.parts[1].records, Ok(&b"second"[..]));
    }

    #[test]
    fn every_flipped_byte_is_noticed_and_a_part_keeps_its_damage_to_itself() {
        let sound = two_sessions();
        let records_at = overhead_bytes(2);
        for at in 0..sound.len() {
            let mut body = sound.clone();
            body[at] ^= 0x40;
            let Ok(row) = decode(7, &body) else {
                assert!((HEADER_BYTES..records_at).contains(&at), "byte {at} is not the directory's");
                continue;
            };
            let whole: Vec<bool> = row.parts.iter().map(|part| part.records.is_ok()).collect();
            let expected = match at {
                at if at < HEADER_BYTES => [false, false],
                at if at < records_at + 5 => [false, true],
                _ => [true, false],
            };
            assert_eq!(whole, expected, "byte {at}");
        }
    }

    #[test]
    fn a_shortened_row_fails_only_what_it_lost() {
        let mut body = two_sessions();
        body.truncate(body.len() - 2);
        let row = decode(7, &body).unwrap();
        assert!(row.parts[0].records.is_ok());
        assert_eq!(row.parts[1].records, Err(RowDamage::Checksum));
    }

    #[test]
    fn a_row_under_another_number_is_damaged() {
        let body = two_sessions();
        let row = decode(8, &body).unwrap();
        assert!(row.parts.iter().all(|part| part.records == Err(RowDamage::Header)));
    }
}
