//! A small file costs little: what one tick may hold is bounded, and refused before it is simulated or even decoded.

#![allow(unsafe_code, reason = "an allocator that counts can be had in no other way")]

mod script;

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use combat_components::canon::Canon;
use combat_components::command::{Command, TickInput};
use combat_components::ids::{Epoch, Pseudonym, Slot, Team};
use combat_components::limits::{COMMANDS_PER_TICK_MAX, DOCUMENT_BYTES_MAX, PLAYERS_MAX};
use combat_components::setup::ContentHash;
use combat_components::tick::Tick;
use combat_components::tick_bounds::OverBounds;
use combat_replays::file::{self, FileError, FilePart};
use combat_replays::log::{Log, Refusal};
use combat_replays::reader::{Damage, DamageReason};
use combat_replays::record::{COMMANDS_BYTES_MAX, PAYLOAD_BYTES_MAX, STATE_BYTES_MAX};
use combat_replays::recorder::Recorder;
use combat_replays::verifier::{Outcome, VerifyOptions, verify};
use combat_systems::kinds::Kinds;
use proptest::prelude::*;

use script::forge::{put_together, taken_apart, tick_of};
use script::scene::Scene;
use script::{Stage, fight};

struct Counting;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static MOST: Cell<isize> = const { Cell::new(0) };
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let held = HELD.get() + layout.size() as isize;
        HELD.set(held);
        MOST.set(MOST.get().max(held));
        // SAFETY: the caller keeps the contract of `alloc`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        HELD.set(HELD.get() - layout.size() as isize);
        // SAFETY: the caller keeps the contract of `dealloc`.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What `work` answers, and how many bytes more than before it held at its most.
fn most_held<T>(work: impl FnOnce() -> T) -> (T, isize) {
    let before = HELD.get();
    MOST.set(before);
    let answer = work();
    (answer, MOST.get() - before)
}

/// A session's beginning, and as its next tick one that holds these commands.
fn with_a_tick_of(commands: &[u8]) -> Log {
    let mut stage = Stage::new(Scene::duel("hostile"));
    (0..PLAYERS_MAX as u8).for_each(|slot| {
        stage.push(Command::Join {
            slot: Slot(slot),
            pseudonym: Pseudonym(u64::from(slot)),
            team: Team(0),
            bot: false,
            request: None,
        });
    });
    stage.step();
    let mut log = stage.log();
    log.records.extend(tick_of(2, commands));
    log
}

fn damage(log: &Log) -> Damage {
    match verify(log, VerifyOptions::of(Kinds::SHIPPED), &mut |_| {}).outcome {
        Outcome::Damaged(damage) => damage,
        other => panic!("expected damage, got {other:?}"),
    }
}

fn bytes_of(commands: &[Command]) -> Vec<u8> {
    let mut bytes = Vec::new();
    commands.iter().for_each(|command| command.put(&mut bytes));
    bytes
}

#[test]
fn a_tick_of_a_quarter_million_moved_schedules_is_refused_unread() {
    let moved = bytes_of(&[Command::ScheduleMoved { ticks: 1 }]).repeat(262_144);
    let log = with_a_tick_of(&moved);
    let found = damage(&log);
    let reason = DamageReason::TooLong { what: "commands", found: moved.len(), most: COMMANDS_BYTES_MAX };
    assert_eq!((found.tick, &found.reason), (Tick(2), &reason));
    assert!(found.to_string().contains("tick 2: 1310720 bytes of commands, expected at most"), "{found}");
    // As many as are short enough are refused one by one.
    let log = with_a_tick_of(&moved[..5 * 300]);
    let reason = DamageReason::TooMany(OverBounds::OfSession { command: "schedule moved" });
    assert_eq!(damage(&log).reason, reason);
}

#[test]
fn sixteen_megabytes_of_one_command_take_no_memory_of_their_own() {
    let connected = bytes_of(&[Command::Connected { slot: Slot(0) }]);
    let log = with_a_tick_of(&connected.repeat((PAYLOAD_BYTES_MAX - 16) / connected.len()));
    let bytes = file::write(&log);
    assert!(bytes.len() > 16_000_000);
    drop(log);
    let length = bytes.len() as isize;
    let (found, most) = most_held(|| damage(&file::take(bytes).unwrap()));
    assert!(matches!(found.reason, DamageReason::TooLong { what: "commands", .. }), "{found}");
    assert!(most < 8 << 20, "{most} bytes beside the {length} of the file");
}

#[test]
fn many_small_ticks_of_a_file_take_no_more_memory_than_the_file() {
    let log = fight(Scene::duel("long"), 2, 1_500).ended().log();
    let bytes = file::write(&log);
    let length = bytes.len() as isize;
    drop(log);
    let (outcome, most) = most_held(|| {
        verify(&file::take(bytes).unwrap(), VerifyOptions::of(Kinds::SHIPPED), &mut |_| {}).outcome
    });
    assert_eq!(outcome, Outcome::Verified);
    assert!(most < 8 << 20, "{most} bytes beside the {length} of the file");
}

#[test]
fn commands_for_slots_that_no_session_has_are_refused() {
    let log = with_a_tick_of(&bytes_of(&[Command::Connected { slot: Slot(64) }]));
    assert_eq!(damage(&log).reason, DamageReason::TooMany(OverBounds::Slot { slot: 64 }));
}

#[test]
fn a_tick_that_is_as_full_as_it_may_be_is_simulated() {
    let mut stage = Stage::new(Scene::deathmatch("full"));
    for slot in (0..PLAYERS_MAX as u8).map(Slot) {
        stage.push(Command::Join {
            slot,
            pseudonym: Pseudonym(u64::from(slot.0)),
            team: Team(0),
            bot: false,
            request: None,
        });
        stage.push(Command::Connected { slot });
        stage.push(Command::LinkSampled { slot, rtt_ms: 9 });
        stage.push(Command::FramesSkipped { slot, from: Tick(0), to: Tick(1) });
        stage.push(Command::SnapshotSent { slot, at: Tick(1) });
    }
    stage.push(Command::ScheduleMoved { ticks: 3 });
    stage.steps(70);
    let log = stage.ended().log();
    assert_eq!(verify(&log, VerifyOptions::of(Kinds::SHIPPED), &mut |_| {}).outcome, Outcome::Verified);
}

#[test]
#[should_panic(expected = "commands in one tick")]
fn no_simulation_takes_more_commands_than_a_tick_may_hold() {
    let mut stage = Stage::new(Scene::duel("too many"));
    let mut input: TickInput = vec![Command::ScheduleMoved { ticks: 1 }; COMMANDS_PER_TICK_MAX + 1];
    stage.sim.step(&mut input);
}

#[test]
fn a_state_of_a_full_session_fits_its_bound_and_a_larger_one_is_refused_unread() {
    let mut stage = Stage::new(Scene { rate_hz: 16, ..Scene::deathmatch("full") });
    (0..PLAYERS_MAX as u8).for_each(|slot| stage.join(slot, Team::NONE));
    let mut bots: Vec<_> = (0..PLAYERS_MAX as u8).map(script::bot::Bot::new).collect();
    script::play(&mut stage, &mut bots, 40);
    let mut state = Vec::new();
    stage.sim.write_keyframe(&mut state);
    assert!(state.len() * 2 < STATE_BYTES_MAX, "{} bytes", state.len());
    let mut log = stage.log();
    state.resize(STATE_BYTES_MAX + 1, 0);
    Recorder::new().record_keyframe(Epoch(1), stage.tick(), &state, &mut log.records);
    assert!(matches!(damage(&log).reason, DamageReason::TooLong { what: "state", .. }));
}

#[test]
fn a_map_or_a_ruleset_longer_than_any_is_refused_before_it_is_hashed() {
    let log = fight(Scene::duel("large map"), 2, 10).log();
    let hulls =
        "[[hull]]\npoints_mm = [[0, 0, 0], [1000, 0, 0], [0, 1000, 0], [0, 0, 1000]]\n".repeat(230_000);
    assert!(hulls.len() > 16_000_000);
    let mut large = log.clone();
    large.map.extend_from_slice(hulls.as_bytes());
    large.header.setup.map_hash = ContentHash::of(&large.map);
    let refused = file::take(file::write(&large)).unwrap_err();
    assert!(matches!(refused, FileError::Part { part: FilePart::Map, .. }), "{refused}");
    assert!(refused.to_string().contains(&format!("expected at most {DOCUMENT_BYTES_MAX}")), "{refused}");
    // From a store it comes without a file.
    let refused = verify(&large, VerifyOptions::of(Kinds::SHIPPED), &mut |_| {}).outcome;
    assert!(matches!(refused, Outcome::Refused(Refusal::Unusable { what: "map", .. })), "{refused:?}");
    let mut many = log;
    many.map.extend_from_slice(&hulls.as_bytes()[..900_000]);
    many.header.setup.map_hash = ContentHash::of(&many.map);
    let Outcome::Refused(refused) = verify(&many, VerifyOptions::of(Kinds::SHIPPED), &mut |_| {}).outcome
    else {
        panic!("a map with more solids than a level takes is played")
    };
    assert!(refused.to_string().contains("expected 0 to 1024 tables"), "{refused}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    /// Fields of records altered, dropped, doubled and moved, with every checksum made to fit.
    #[test]
    fn a_forged_log_never_panics_and_never_takes_more_memory_than_a_sound_one(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_u8..6, any::<u8>()), 1..6),
    ) {
        let log = fight(Scene { keyframe_ticks: 16, rate_hz: 16, ..Scene::duel("forged") }, 2, 24).ended().log();
        let mut all = taken_apart(&log.records);
        for (record, byte, change, value) in changes {
            let at = record.index(all.len());
            match change {
                0 => drop(all.remove(at)),
                1 => all.insert(at, all[at].clone()),
                2 => all.swap(at, value as usize % 7),
                3 => {
                    let at_byte = byte.index(all[at].1.len());
                    all[at].1[at_byte] = value;
                }
                4 => all[at].1.truncate(byte.index(usize::from(value) + 1)),
                _ => {
                    let doubled = all[at].1.repeat(2);
                    all[at].1 = doubled;
                }
            }
            all.resize_with(all.len().max(8), || (combat_replays::record::RecordKind::QuietTick, vec![0; 12]));
        }
        let forged = Log { records: put_together(&all), ..log };
        let (report, most) = most_held(|| verify(&forged, VerifyOptions::of(Kinds::SHIPPED), &mut |_| {}));
        prop_assert!(report.ticks <= Tick(64));
        prop_assert!(most < 8 << 20, "{most} bytes");
    }
}
