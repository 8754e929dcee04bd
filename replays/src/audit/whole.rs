//! Forgeries of a log as a whole: cut short, or stripped of everything of one sort.

use super::forge::{Index, commands, framed, mask_of, payload_of};
use super::{Caught, Finding, Note, with_records};
use crate::digest::LogDigest;
use crate::log::Log;
use crate::promises::Broken;
use crate::record::RecordKind;
use crate::verifier::{Outcome, VerifyOptions, verify};

/// The year 292,000, near the end of what microseconds can count in an `i64`.
const YEAR_292000_US: u64 = 9_151_000_000_000_000_000;

/// How a log is forged as a whole.
type Whole = fn(&[u8], &Index) -> Vec<u8>;

pub(super) fn forge_whole(log: &Log, options: VerifyOptions, is_over: bool, note: &mut Note<'_>) {
    let index = Index::of(&log.records);
    let expected = LogDigest::of(log).ok();
    for (change, forge) in WHOLE {
        let records = forge(&log.records, &index);
        if records == log.records {
            continue;
        }
        let forged = with_records(log, records);
        let incomplete = "incomplete: the match had not ended";
        let caught = match verify(&forged, options, &mut |_| {}).outcome {
            Outcome::Incomplete if is_over => Caught::Simulation(incomplete.to_owned()),
            _ if LogDigest::of(&forged).ok() == expected => Caught::Unseen,
            Outcome::Verified | Outcome::Incomplete | Outcome::OtherDigest { .. } => Caught::Digest,
            Outcome::Diverged(divergence) => {
                let kind = divergence.component.map_or("root", |kind| kind.name());
                Caught::Simulation(format!("tick {}: {kind}", divergence.tick.0))
            }
            Outcome::Broken(broken @ Broken::Record { .. }) => Caught::Simulation(broken.to_string()),
            Outcome::Broken(broken) => Caught::Blobs(broken.to_string()),
            Outcome::Refused(refusal) => Caught::Blobs(refusal.to_string()),
            Outcome::Damaged(damage) => Caught::Simulation(damage.reason.to_string()),
        };
        let finding = Finding { part: "log", tick: None, field: String::new(), change, caught };
        note(finding, &|| Some(forged.clone()));
    }
}

const WHOLE: [(&str, Whole); 8] = [
    ("cut after the first keyframe", |records, index| records[..index.records[0].range.end].to_vec()),
    ("cut in half", |records, index| cut(records, index, index.records.len() / 2)),
    ("without its last record", |records, index| cut(records, index, index.records.len() - 1)),
    ("without every later keyframe", |records, index| {
        without(records, index, &|at, kind| at > 0 && kind == RecordKind::Keyframe)
    }),
    ("without every later keyframe, sub-hashes made to fit", without_keyframes),
    ("without every anchor", |records, index| without(records, index, &|_, kind| kind == RecordKind::Anchor)),
    ("without every sub-hash", without_sub_hashes),
    ("with anchors in the year 292,000", in_the_far_future),
];

fn cut(records: &[u8], index: &Index, count: usize) -> Vec<u8> {
    records[..index.records[count].range.start].to_vec()
}

fn without(records: &[u8], index: &Index, drop: &dyn Fn(usize, RecordKind) -> bool) -> Vec<u8> {
    let kept = index.records.iter().enumerate().filter(|(at, indexed)| !drop(*at, indexed.kind));
    kept.flat_map(|(_, indexed)| &records[indexed.range.clone()]).copied().collect()
}

fn without_sub_hashes(records: &[u8], index: &Index) -> Vec<u8> {
    let mut out = Vec::with_capacity(records.len());
    for indexed in &index.records {
        let record = &records[indexed.range.clone()];
        if indexed.kind != RecordKind::Tick {
            out.extend_from_slice(record);
            continue;
        }
        let payload = payload_of(record);
        let from = commands(RecordKind::Tick, payload).first().map_or(payload.len(), |first| first.start);
        let stripped = [&payload[..12], &0_u32.to_le_bytes(), &payload[from..]].concat();
        out.extend(framed(RecordKind::Tick, &stripped));
    }
    out
}

/// A forger who knows the format tells no sub-hash twice where a keyframe is missing: those that are the same are
/// left out of the first tick after it.
fn without_keyframes(records: &[u8], index: &Index) -> Vec<u8> {
    let mut known: [Option<[u8; 4]>; 32] = [None; 32];
    let mut out = Vec::with_capacity(records.len());
    for (at, indexed) in index.records.iter().enumerate() {
        let record = &records[indexed.range.clone()];
        match indexed.kind {
            RecordKind::Keyframe if at > 0 => {}
            RecordKind::Tick => {
                let payload = payload_of(record);
                let (told, rest) = told_anew(payload, &mut known);
                out.extend(framed(RecordKind::Tick, &[&payload[..12], &told, rest].concat()));
            }
            _ => out.extend_from_slice(record),
        }
    }
    out
}

fn told_anew<'a>(payload: &'a [u8], known: &mut [Option<[u8; 4]>; 32]) -> (Vec<u8>, &'a [u8]) {
    let mask = mask_of(payload);
    let (mut kept, mut values, mut at) = (0_u32, Vec::new(), 16);
    for kind in (0..32).filter(|kind| mask & 1 << kind != 0) {
        let value: [u8; 4] = payload[at..at + 4].try_into().expect("a sub-hash takes four bytes");
        at += 4;
        if known[kind] != Some(value) {
            known[kind] = Some(value);
            kept |= 1 << kind;
            values.extend(value);
        }
    }
    ([&kept.to_le_bytes()[..], &values].concat(), &payload[at..])
}

fn in_the_far_future(records: &[u8], index: &Index) -> Vec<u8> {
    let mut out = Vec::with_capacity(records.len());
    for indexed in &index.records {
        let record = &records[indexed.range.clone()];
        if indexed.kind == RecordKind::Anchor {
            let tick = &payload_of(record)[..4];
            out.extend(framed(RecordKind::Anchor, &[tick, &YEAR_292000_US.to_le_bytes()].concat()));
        } else {
            out.extend_from_slice(record);
        }
    }
    out
}
