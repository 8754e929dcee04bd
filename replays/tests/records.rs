//! Records and files: what is written reads back, and no bytes whatever make the reader panic.

mod script;

use combat_components::ids::Epoch;
use combat_components::tick::Tick;
use combat_replays::file::{self, FileError, FilePart};
use combat_replays::header::{Header, HeaderError};
use combat_replays::log::Log;
use combat_replays::reader::{DamageReason, Reader};
use combat_replays::record::Record;
use combat_replays::recorder::Recorder;
use combat_replays::verifier::{VerifyOptions, verify};
use combat_systems::kinds::Kinds;
use combat_systems::output::TickOutput;
use combat_systems::state::{STATE_KINDS, StateKind};
use proptest::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use script::fight;
use script::scene::Scene;

/// A log of half a second, small enough to flip every one of its bytes.
fn small() -> Log {
    fight(Scene { keyframe_ticks: 32, ..Scene::duel("small") }, 2, 63).log()
}

/// What was written so and is beyond this build, and what no build can believe.
#[test]
fn only_what_a_sound_checksum_covers_may_be_of_another_build() {
    let (zero, what) = (Tick(0), "records");
    for reason in [
        DamageReason::UnknownKind { number: 200 },
        DamageReason::UnknownState,
        DamageReason::TooLong { what, found: 2, most: 1 },
        DamageReason::Keyframe(what.to_owned()),
    ] {
        assert!(reason.may_be_of_another_build(), "{reason}");
    }
    for reason in [
        DamageReason::Truncated,
        DamageReason::Checksum,
        DamageReason::OutOfOrder { expected: zero, found: zero },
        DamageReason::EpochFalls { before: Epoch(2), found: Epoch(1) },
        DamageReason::NoBeginning,
        DamageReason::Lost(what.to_owned()),
    ] {
        assert!(!reason.may_be_of_another_build(), "{reason}");
    }
}

fn read_all(records: &[u8]) -> Vec<Record<'_>> {
    Reader::new(records).map(Result::unwrap).collect()
}

#[test]
fn every_recorded_tick_reads_back_with_its_commands_and_its_root() {
    let stage = fight(Scene::duel("reads back"), 2, 256);
    let ticks: Vec<_> = read_all(&stage.records)
        .into_iter()
        .filter_map(|record| if let Record::Tick(record) = record { Some(record) } else { None })
        .collect();
    assert_eq!(ticks.iter().map(|record| record.root).collect::<Vec<_>>(), stage.roots);
    assert!(ticks.windows(2).all(|pair| pair[1].tick == pair[0].tick.plus(1)));
    let mut input = Vec::new();
    ticks[0].commands.read_into(&mut input).unwrap();
    assert_eq!(input.len(), 6, "two players joined, connected and were sampled");
}

#[test]
fn a_tick_in_which_nothing_happens_costs_20_bytes() {
    let mut recorder = Recorder::new();
    let mut out = Vec::new();
    let mut output =
        TickOutput { tick: Tick(1), root: 5, sub_hashes: [9; STATE_KINDS], ..TickOutput::default() };
    recorder.record_tick(Epoch(1), &Vec::new(), &output, &mut out);
    let before = out.len();
    output.tick = Tick(2);
    recorder.record_tick(Epoch(1), &Vec::new(), &output, &mut out);
    assert_eq!(out.len() - before, 20);
    assert!(matches!(read_all(&out)[..], [Record::EpochStart { .. }, Record::Tick(_), Record::Tick(last)]
        if last.tick == Tick(2) && last.root == 5 && last.changed.mask == 0 && last.commands.is_empty()));
}

#[test]
fn after_a_keyframe_every_sub_hash_is_told_once() {
    let log = small();
    // The mode of this log keeps nothing.
    let told = ((1 << STATE_KINDS) - 1) & !(1 << StateKind::Mode as u32);
    let mut after_keyframe = false;
    for record in read_all(&log.records) {
        match record {
            Record::Keyframe { .. } => after_keyframe = true,
            Record::Tick(record) => {
                assert_eq!(record.changed.mask == told, after_keyframe, "tick {}", record.tick.0);
                after_keyframe = false;
            }
            _ => {}
        }
    }
}

#[test]
fn every_flipped_byte_of_the_records_is_noticed_at_its_record() {
    let log = small();
    for at in 0..log.records.len() {
        let mut records = log.records.clone();
        records[at] ^= 0x10;
        let damage =
            Reader::new(&records).find_map(Result::err).unwrap_or_else(|| panic!("byte {at} goes unnoticed"));
        assert!(damage.offset <= at, "byte {at} is told as {damage}");
        let sound = Reader::new(&log.records[..damage.offset]).filter(Result::is_ok).count();
        assert!(
            sound == Reader::new(&log.records[..at]).filter(Result::is_ok).count(),
            "byte {at}: {damage}"
        );
    }
}

#[test]
fn records_out_of_order_are_told() {
    let stage = fight(Scene::duel("order"), 2, 4);
    let (mut records, mut bounds, mut reader) = (Vec::new(), vec![0], Reader::new(&stage.records));
    while reader.next().is_some() {
        bounds.push(reader.offset());
    }
    let last_two = &bounds[bounds.len() - 3..];
    records.extend_from_slice(&stage.records[..last_two[0]]);
    records.extend_from_slice(&stage.records[last_two[1]..]);
    let damage = Reader::new(&records).find_map(Result::err).unwrap();
    assert_eq!(damage.reason, DamageReason::OutOfOrder { expected: Tick(4), found: Tick(5) });
    assert_eq!((damage.offset, damage.tick), (last_two[0], Tick(4)));
}

#[test]
fn a_file_reads_back_as_the_log_it_was_made_from() {
    let log = small();
    assert_eq!(file::read(&file::write(&log)), Ok(log));
}

/// Where the header, the map, the ruleset and the records of a file end.
fn ends(log: &Log) -> [usize; 4] {
    let header = 84 + log.header.to_bytes().len();
    let map = header + log.map.len();
    let ruleset = map + log.ruleset.len();
    [header, map, ruleset, ruleset + log.records.len()]
}

#[test]
fn one_flipped_byte_anywhere_in_a_file_is_refused_by_the_name_of_its_part() {
    let log = small();
    let bytes = file::write(&log);
    let [header_ends, map_ends, ruleset_ends, records_end] = ends(&log);
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x04;
        let found = file::read(&damaged).expect_err("a flipped byte goes unnoticed");
        let part = match &found {
            FileError::Records(damage) => {
                assert!((ruleset_ends..=at).contains(&damage.offset), "byte {at}: {found}");
                FilePart::Records
            }
            FileError::Part { part, .. } => *part,
            _ => panic!("byte {at}: {found}"),
        };
        let expected = match at {
            0..8 => FilePart::Magic,
            8..84 => FilePart::Directory,
            at if at < header_ends => FilePart::Header,
            at if at < map_ends => FilePart::Map,
            at if at < ruleset_ends => FilePart::Ruleset,
            at if at < records_end => FilePart::Records,
            _ => FilePart::Trailer,
        };
        assert_eq!(part, expected, "byte {at}: {found}");
    }
}

#[test]
fn wherever_a_file_is_cut_it_is_told_at_which_byte_in_which_part_and_after_which_tick() {
    let log = small();
    let bytes = file::write(&log);
    let [header_ends, map_ends, ruleset_ends, records_end] = ends(&log);
    for length in 0..bytes.len() {
        let cut = file::read(&bytes[..length]).expect_err("it is cut");
        let (part, expected) = match length {
            0..8 => {
                assert_eq!(cut, FileError::Magic, "{length} bytes");
                continue;
            }
            8..84 => (FilePart::Directory, 84),
            at if at < header_ends => (FilePart::Header, bytes.len()),
            at if at < map_ends => (FilePart::Map, bytes.len()),
            at if at < ruleset_ends => (FilePart::Ruleset, bytes.len()),
            at if at < records_end => (FilePart::Records, bytes.len()),
            _ => (FilePart::Trailer, bytes.len()),
        };
        let mut reader = Reader::new(&bytes[ruleset_ends.min(length)..length.min(records_end)]);
        reader.by_ref().take_while(Result::is_ok).for_each(drop);
        let after = reader.tick().filter(|_| part == FilePart::Records);
        assert_eq!(cut, FileError::Cut { part, found: length, expected: expected as u64, after });
    }
    let cut = file::read(&bytes[..records_end - 1]).expect_err("it is cut").to_string();
    let last = log.last_tick().0;
    let told = format!(
        "the file ends at byte {} of {}, in the records, after tick {last}",
        records_end - 1,
        bytes.len()
    );
    assert_eq!(cut, told);
}

#[test]
fn damage_before_the_place_where_a_file_is_cut_is_told_first() {
    let log = small();
    let mut bytes = file::write(&log);
    let records_from = bytes.len() - 8 - log.records.len();
    bytes[records_from + 10] ^= 1;
    let cut = file::read(&bytes[..bytes.len() - 100]);
    assert!(matches!(&cut, Err(FileError::Records(damage)) if damage.offset == records_from), "{cut:?}");
}

#[test]
fn a_file_that_goes_on_too_long_is_refused() {
    let longer = [&file::write(&small())[..], &[0]].concat();
    assert!(matches!(file::read(&longer), Err(FileError::Part { part: FilePart::Trailer, .. })));
}

#[test]
fn another_version_of_the_format_is_refused_and_named() {
    let mut bytes = file::write(&small());
    bytes[8] = 1;
    let checksum = xxh3_64(&bytes[..76]);
    bytes[76..84].copy_from_slice(&checksum.to_le_bytes());
    assert_eq!(file::read(&bytes), Err(FileError::Format { found: 1 }));
}

#[test]
fn every_flipped_byte_of_a_header_is_noticed() {
    let header = small().header;
    let bytes = header.to_bytes();
    assert_eq!(Header::from_bytes(&bytes).as_ref(), Ok(&header));
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x20;
        assert!(Header::from_bytes(&damaged).is_err(), "byte {at}");
    }
    assert_eq!(Header::from_bytes(&[]), Err(HeaderError::Magic));
}

/// Puts the right checksum behind every record that can still be told apart.
fn with_right_checksums(records: &mut [u8]) {
    let mut at = 0;
    while let Some(head) = records.get(at..).and_then(|rest| rest.first_chunk()) {
        let end = at + 4 + (u32::from_le_bytes(*head) >> 8) as usize;
        if end + 4 > records.len() {
            return;
        }
        let checksum = xxh3_64(&records[at..end]) as u32;
        records[end..end + 4].copy_from_slice(&checksum.to_le_bytes());
        at = end + 4;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn random_bytes_never_make_the_readers_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let mut forged = bytes.clone();
        with_right_checksums(&mut forged);
        for bytes in [&bytes, &forged] {
            prop_assert!(Reader::new(bytes).count() <= bytes.len() / 8 + 1);
            prop_assert!(file::read(bytes).is_err());
            prop_assert!(Header::from_bytes(bytes).is_err());
        }
        let as_file = [&b"COMBATLG"[..], &bytes].concat();
        prop_assert!(file::read(&as_file).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn forged_records_never_make_the_verifier_panic(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut log = small();
        for (at, byte) in changes {
            let at = at.index(log.records.len());
            log.records[at] = byte;
        }
        with_right_checksums(&mut log.records);
        let report = verify(&log, VerifyOptions::of(Kinds::SHIPPED), &mut |_| {});
        prop_assert!(report.ticks <= Tick(64));
    }
}
