//! Forgeries of a log as a whole: cut short, or stripped of everything of one sort.

use super::forge::{Index, commands, framed, mask_of, payload_of};
use super::{Caught, Finding};
use crate::digest::LogDigest;
use crate::log::Log;
use crate::promises::Broken;
use crate::reader::Reader;
use crate::record::RecordKind;
use crate::verifier::{Outcome, VerifyOptions, verify};

/// The year 292,000, near the end of what microseconds can count in an `i64`.
const YEAR_292000_US: u64 = 9_151_000_000_000_000_000;

pub(super) fn forge_whole(log: &Log, is_over: bool, note: &mut dyn FnMut(Finding)) {
    let index = Index::of(&log.records);
    let expected = LogDigest::of(log).ok();
    for (change, records) in forged(&log.records, &index) {
        if records == log.records {
            continue;
        }
        let (header, map, ruleset) = (log.header.clone(), log.map.clone(), log.ruleset.clone());
        let forged = Log { header, map, ruleset, records, lost: None };
        let incomplete = "incomplete: the match had not ended";
        let caught = match verify(&forged, VerifyOptions::default(), &mut |_| {}).outcome {
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
        note(Finding { part: "log", tick: None, field: String::new(), change, caught });
    }
}

fn forged(records: &[u8], index: &Index) -> Vec<(&'static str, Vec<u8>)> {
    let all = &index.records;
    let cut = |count: usize| records[..all[count].range.start].to_vec();
    let later_keyframe = |at: usize| at > 0 && all[at].kind == RecordKind::Keyframe;
    let is_anchor = |at: usize| all[at].kind == RecordKind::Anchor;
    let without = |drop: &dyn Fn(usize) -> bool| {
        (0..all.len())
            .filter(|at| !drop(*at))
            .flat_map(|at| records[all[at].range.clone()].iter().copied())
            .collect()
    };
    vec![
        ("cut after the first keyframe", records[..all[0].range.end].to_vec()),
        ("cut in half", cut(all.len() / 2)),
        ("without its last record", cut(all.len() - 1)),
        ("without every later keyframe", without(&later_keyframe)),
        ("without every later keyframe, sub-hashes made to fit", without_keyframes(records, index)),
        ("without every anchor", without(&is_anchor)),
        ("without every sub-hash", each_tick(records, index, &|_, payload| without_sub_hashes(payload))),
        ("with anchors in the year 292,000", in_the_far_future(records, index)),
    ]
}

/// Every record, those of ticks passed through `change`, which is told whether the record before was a keyframe.
fn each_tick(records: &[u8], index: &Index, change: &dyn Fn(bool, &[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut out = Vec::with_capacity(records.len());
    let mut after_keyframe = false;
    for indexed in &index.records {
        let record = &records[indexed.range.clone()];
        match indexed.kind {
            RecordKind::Tick => {
                out.extend(framed(RecordKind::Tick, &change(after_keyframe, payload_of(record))));
                after_keyframe = false;
            }
            kind => {
                after_keyframe |= kind == RecordKind::Keyframe;
                out.extend_from_slice(record);
            }
        }
    }
    out
}

fn without_sub_hashes(payload: &[u8]) -> Vec<u8> {
    let from = commands(RecordKind::Tick, payload).first().map_or(payload.len(), |first| first.start);
    [&payload[..12], &0_u32.to_le_bytes(), &payload[from..]].concat()
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
    debug_assert!(Reader::new(&out).all(|record| record.is_ok()));
    out
}
