//! Records made by hand: what a forger who knows the format writes, every checksum right.

use combat_replays::reader::Reader;
use combat_replays::record::{HEAD_BYTES, RecordKind};
use xxhash_rust::xxh3::xxh3_64;

/// A record of this kind and payload.
pub fn framed(kind: RecordKind, payload: &[u8]) -> Vec<u8> {
    let head = (payload.len() as u32) << 8 | kind as u32;
    let mut out = [&head.to_le_bytes(), payload].concat();
    let checksum = xxh3_64(&out) as u32;
    out.extend(checksum.to_le_bytes());
    out
}

/// Every record of a sound log: its kind and its payload.
pub fn taken_apart(records: &[u8]) -> Vec<(RecordKind, Vec<u8>)> {
    let (mut reader, mut from, mut all) = (Reader::new(records), 0, Vec::new());
    while let Some(record) = reader.next() {
        record.expect("the log is sound");
        let bytes = &records[from..reader.offset()];
        from = reader.offset();
        let kind = RecordKind::from_number(bytes[0]).expect("the reader knows the kind");
        all.push((kind, bytes[HEAD_BYTES..bytes.len() - 4].to_vec()));
    }
    all
}

pub fn put_together(all: &[(RecordKind, Vec<u8>)]) -> Vec<u8> {
    all.iter().flat_map(|(kind, payload)| framed(*kind, payload)).collect()
}

/// A tick that holds these canonical bytes of commands, with any hashes.
pub fn tick_of(tick: u32, commands: &[u8]) -> Vec<u8> {
    let head = [&tick.to_le_bytes()[..], &[0; 8], &[0; 4]].concat();
    framed(RecordKind::Tick, &[&head, commands].concat())
}
