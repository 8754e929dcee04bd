//! Forgeries of records: which fields a log has, and what can be made of them.

use std::collections::BTreeMap;
use std::ops::Range;

use combat_components::canon::{Canon, Reader as Fields, Trail};
use combat_components::command::Command;
use combat_components::tick::Tick;
use combat_systems::state::{STATE_KINDS, StateKind};

use super::Places;
use crate::reader::Reader;
use crate::record::{CHECKSUM_BYTES, HEAD_BYTES, RecordKind, append};

/// Where the records of a log lie.
pub(super) struct Index {
    pub records: Vec<Indexed>,
}

pub(super) struct Indexed {
    pub range: Range<usize>,
    pub kind: RecordKind,
    /// That the log has come to with this record.
    pub tick: Tick,
}

/// What is to be forged: a record, or one of its commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Target {
    pub record: usize,
    pub command: Option<usize>,
}

/// Bytes that stand in for others.
pub(super) struct Forgery {
    pub field: String,
    pub change: &'static str,
    /// Of the sound log's records.
    pub replaced: Range<usize>,
    pub bytes: Vec<u8>,
}

impl Forgery {
    pub fn applied_to(&self, records: &[u8]) -> Vec<u8> {
        [&records[..self.replaced.start], &self.bytes, &records[self.replaced.end..]].concat()
    }
}

/// A field of some bytes.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub path: String,
    pub range: Range<usize>,
    pub is_text: bool,
}

impl Index {
    /// Of records that can be read to their end.
    pub fn of(records: &[u8]) -> Self {
        let mut reader = Reader::new(records);
        let mut found = Vec::new();
        let mut from = 0;
        while let Some(Ok(_)) = reader.next() {
            let range = from..reader.offset();
            from = range.end;
            let kind = RecordKind::from_number(records[range.start]).expect("the reader knows the kind");
            found.push(Indexed { range, kind, tick: reader.tick().unwrap_or_default() });
        }
        Self { records: found }
    }

    pub fn targets(&self, records: &[u8], places: Places) -> Vec<Target> {
        let mut of_kind: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        let mut of_shape: BTreeMap<String, Vec<Target>> = BTreeMap::new();
        for (record, indexed) in self.records.iter().enumerate() {
            of_kind.entry(indexed.kind as u8).or_default().push(record);
            let payload = payload_of(&records[indexed.range.clone()]);
            for (command, range) in commands(indexed.kind, payload).into_iter().enumerate() {
                let number = payload[range.start];
                let fields = fields_of::<Command>(&payload[range], "");
                let paths = fields.iter().map(|field| field.path.as_str()).collect::<Vec<_>>().join(",");
                let shape = format!("{number}:{paths}");
                of_shape.entry(shape).or_default().push(Target { record, command: Some(command) });
            }
        }
        let whole = |record: &usize| Target { record: *record, command: None };
        let mut targets: Vec<Target> = match places {
            Places::All => {
                let records = of_kind.values().flatten().map(whole);
                records.chain(of_shape.into_values().flatten()).collect()
            }
            Places::Representative => {
                let of_kind =
                    of_kind.values().flat_map(|all| [all[0], all[all.len() / 2], all[all.len() - 1]]);
                let of_shape = of_shape.values().flat_map(|all| [all[0], all[all.len() - 1]]);
                of_kind.map(|record| whole(&record)).chain(of_shape).collect()
            }
        };
        targets.sort_unstable();
        targets.dedup();
        targets
    }
}

pub(super) fn payload_of(record: &[u8]) -> &[u8] {
    &record[HEAD_BYTES..record.len() - CHECKSUM_BYTES]
}

/// Everything that can be made of a target.
pub(super) fn forgeries(records: &[u8], index: &Index, target: Target) -> Vec<Forgery> {
    let indexed = &index.records[target.record];
    let record = &records[indexed.range.clone()];
    let payload = payload_of(record);
    let in_record = |field: &str, change, payload: &[u8], kind| Forgery {
        field: field.to_owned(),
        change,
        replaced: indexed.range.clone(),
        bytes: framed(kind, payload),
    };
    let Some(command) = target.command else {
        let mut all = whole_record(records, index, target.record);
        let other = RecordKind::ALL[(indexed.kind as usize) % RecordKind::ALL.len()];
        all.push(in_record("kind", "altered", payload, other));
        for field in record_fields(indexed.kind, payload) {
            let changed = changes(payload, &field).into_iter();
            all.extend(
                changed.map(|(change, payload)| in_record(&field.path, change, &payload, indexed.kind)),
            );
        }
        return all;
    };
    let ranges = commands(indexed.kind, payload);
    let range = ranges[command].clone();
    let name = format!("commands[{command}]");
    let mut all = Vec::new();
    let with = |middle: &[u8], until: usize| [&payload[..range.start], middle, &payload[until..]].concat();
    let mut push = |field: &str, change, payload: Vec<u8>| {
        all.push(in_record(field, change, &payload, indexed.kind));
    };
    push(&name, "dropped", with(&[], range.end));
    push(&name, "doubled", with(&payload[range.clone()].repeat(2), range.end));
    if let Some(next) =
        ranges.get(command + 1).filter(|next| payload[(*next).clone()] != payload[range.clone()])
    {
        let swapped = [&payload[next.clone()], &payload[range.clone()]].concat();
        push(&name, "swapped with the next", with(&swapped, next.end));
    }
    for mut field in fields_of::<Command>(&payload[range.clone()], &name) {
        field.range = field.range.start + range.start..field.range.end + range.start;
        for (change, payload) in changes(payload, &field) {
            push(&field.path, change, payload);
        }
    }
    all
}

fn whole_record(records: &[u8], index: &Index, at: usize) -> Vec<Forgery> {
    let range = index.records[at].range.clone();
    let record = &records[range.clone()];
    let forgery =
        |change, replaced: Range<usize>, bytes| Forgery { field: String::new(), change, replaced, bytes };
    let mut all = vec![
        forgery("dropped", range.clone(), Vec::new()),
        forgery("doubled", range.clone(), record.repeat(2)),
    ];
    if let Some(next) = index.records.get(at + 1) {
        let swapped = [&records[next.range.clone()], record].concat();
        all.push(forgery("swapped with the next", range.start..next.range.end, swapped));
    }
    all
}

/// A record of this kind and payload, with the checksum it takes.
pub(super) fn framed(kind: RecordKind, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + HEAD_BYTES + CHECKSUM_BYTES);
    append(kind, &mut out, |out| out.extend_from_slice(payload));
    out
}

/// The fields of a `T`, under `name`.
pub(super) fn fields_of<T: Canon>(bytes: &[u8], name: &str) -> Vec<Field> {
    let mut fields = Vec::new();
    let told = Trail::of::<T>(bytes, &mut |traced| {
        let parts = std::iter::once(name).chain(traced.path.iter().copied()).filter(|part| !part.is_empty());
        let path = parts.collect::<Vec<_>>().join(".");
        fields.push(Field { path, range: traced.range, is_text: traced.is_text });
    });
    told.expect("what is forged has been read before");
    fields
}

/// The fields of a payload, its commands left out.
fn record_fields(kind: RecordKind, payload: &[u8]) -> Vec<Field> {
    let widths: &[(&str, usize)] = match kind {
        RecordKind::Tick => &[("tick", 4), ("root", 8), ("changed", 4)],
        RecordKind::QuietTick => &[("tick", 4), ("root", 8)],
        RecordKind::Keyframe => &[("tick", 4), ("epoch", 4)],
        RecordKind::Anchor => &[("tick", 4), ("unix_us", 8)],
        RecordKind::EpochStart => &[("epoch", 4), ("tick", 4)],
        RecordKind::FailedTick => &[("tick", 4)],
    };
    let mut fields = Vec::new();
    let mut at = 0;
    let mut push = |path: String, width: usize| {
        fields.push(Field { path, range: at..at + width, is_text: false });
        at += width;
    };
    widths.iter().for_each(|(name, width)| push((*name).to_owned(), *width));
    match kind {
        RecordKind::Tick => {
            let mask = mask_of(payload);
            let told = StateKind::ALL.into_iter().enumerate().filter(|(kind, _)| mask & 1 << kind != 0);
            told.for_each(|(_, kind)| push(format!("sub_hash.{}", kind.name()), 4));
        }
        RecordKind::Keyframe => push("state".to_owned(), payload.len() - 8),
        _ => {}
    }
    fields
}

pub(super) fn mask_of(payload: &[u8]) -> u32 {
    let mask = payload.get(12..16).and_then(|mask| mask.try_into().ok()).map(u32::from_le_bytes);
    mask.unwrap_or_default() & ((1 << STATE_KINDS) - 1)
}

/// Where the commands of a payload lie.
pub(super) fn commands(kind: RecordKind, payload: &[u8]) -> Vec<Range<usize>> {
    let from = match kind {
        RecordKind::Tick => 16 + 4 * mask_of(payload).count_ones() as usize,
        RecordKind::FailedTick => 4,
        _ => return Vec::new(),
    };
    let mut fields = Fields::new(&payload[from..]);
    let mut ranges = Vec::new();
    while fields.remaining() > 0 {
        let start = payload.len() - fields.remaining();
        Command::take(&mut fields).expect("what is forged has been read before");
        ranges.push(start..payload.len() - fields.remaining());
    }
    ranges
}

/// What can be made of a field: `bytes` with it dropped, doubled or altered. Never `bytes` themselves.
pub(super) fn changes(bytes: &[u8], field: &Field) -> Vec<(&'static str, Vec<u8>)> {
    let value = &bytes[field.range.clone()];
    let with = |value: &[u8]| [&bytes[..field.range.start], value, &bytes[field.range.end..]].concat();
    let mut made = vec![("dropped", with(&[])), ("doubled", with(&value.repeat(2)))];
    if field.is_text {
        let text = &value[4..];
        let as_text = |text: &[u8]| with(&[&(text.len() as u32).to_le_bytes(), text].concat());
        let mut altered = text.to_vec();
        match altered.last_mut() {
            Some(last) => *last ^= 1,
            None => altered.push(b'x'),
        }
        made.extend([
            ("altered", as_text(&altered)),
            ("emptied", as_text(&[])),
            ("repeated", as_text(&text.repeat(2))),
        ]);
    } else {
        for (change, at, bit) in [
            ("altered", 0, 1),
            ("altered in the middle", value.len() / 2, 4),
            ("altered at the end", value.len() - 1, 0x80),
        ] {
            let mut altered = value.to_vec();
            altered[at] ^= bit;
            made.push((change, with(&altered)));
        }
        made.push(("zeroed", with(&vec![0; value.len()])));
    }
    made.retain(|(_, made)| made != bytes);
    made
}
