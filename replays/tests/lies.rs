//! Logs that lie although every checksum holds: each is told by what it contradicts or does not keep.

mod script;

use combat_components::command::{Command, LeaveCause};
use combat_components::ids::{Epoch, SessionId, Slot, Team};
use combat_components::origin::Request;
use combat_components::tick::Tick;
use combat_replays::digest::LogDigest;
use combat_replays::file;
use combat_replays::header::{FREE_TEXT, Header};
use combat_replays::log::Log;
use combat_replays::promises::{Broken, Promise};
use combat_replays::reader::Reader;
use combat_replays::record::{Record, RecordKind};
use combat_replays::recorder::Recorder;
use combat_replays::verifier::{Outcome, VerifyOptions, verify};
use combat_systems::kinds::Kinds;
use combat_systems::state::StateKind;
use sha2::{Digest, Sha256};

use script::bot::Bot;
use script::forge::{put_together, taken_apart};
use script::scene::Scene;
use script::{Stage, fight, play};

fn outcome(log: &Log) -> Outcome {
    verify(log, VerifyOptions::of(Kinds::SHIPPED), &mut |_| {}).outcome
}

fn promise(log: &Log) -> (Tick, Promise) {
    match outcome(log) {
        Outcome::Broken(Broken::Record { tick, promise }) => (tick, promise),
        other => panic!("expected a broken promise, got {other:?}"),
    }
}

/// A fight over several keyframes, to its end.
fn sound() -> Log {
    fight(Scene { keyframe_ticks: 64, ..Scene::duel("sound") }, 2, 300).ended().log()
}

/// Two epochs, the second with both players back.
fn resumed() -> Log {
    let mut stage = fight(Scene { keyframe_ticks: 64, ..Scene::duel("resumed") }, 2, 100);
    let mut bots = [Bot::new(0), Bot::new(1)];
    stage.restart();
    bots.iter().for_each(|bot| stage.push(Command::Connected { slot: bot.slot }));
    play(&mut stage, &mut bots, 100);
    stage.ended().log()
}

fn with_header(log: &Log, change: impl FnOnce(&mut Header)) -> Log {
    let mut log = log.clone();
    change(&mut log.header);
    log
}

/// The log with its records passed through `change`, as kinds and payloads.
fn with_records(log: &Log, change: impl FnOnce(&mut Vec<(RecordKind, Vec<u8>)>)) -> Log {
    let mut all = taken_apart(&log.records);
    change(&mut all);
    Log { records: put_together(&all), ..log.clone() }
}

#[test]
fn a_header_that_names_another_map_or_ruleset_than_the_log_carries_is_told() {
    let log = sound();
    assert_eq!(outcome(&log), Outcome::Verified);
    type Change = fn(&mut Header);
    let changes: [(&str, Change); 7] = [
        ("map", |header| header.map_id = "another-map".to_owned()),
        ("ruleset", |header| header.ruleset_name = "another".to_owned()),
        ("ruleset version", |header| header.ruleset_version += 1),
        ("kind", |header| header.kind = "friendly".to_owned()),
        ("created_unix_ms", |header| header.created_unix_ms = 9_000_000_000_000_000),
        ("max_players", |header| header.setup.max_players = 200),
        ("max_players", |header| header.setup.max_players = 1),
    ];
    for (what, change) in changes {
        match outcome(&with_header(&log, change)) {
            Outcome::Broken(Broken::Content { what: found, .. } | Broken::Header { what: found, .. }) => {
                assert_eq!(found, what);
            }
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn every_root_is_that_of_its_own_setup() {
    let log = sound();
    type Change = fn(&mut Header);
    let changes: [(&str, Change); 7] = [
        ("session", |header| header.setup.session = SessionId([3; 16])),
        ("seed", |header| header.setup.seed.0 ^= 1),
        ("mode", |header| header.setup.mode = "deathmatch".to_owned()),
        ("friendly_fire", |header| header.setup.friendly_fire ^= true),
        ("time_limit", |header| header.setup.time_limit = Tick(header.setup.time_limit.0 + 1)),
        ("score_limit", |header| header.setup.score_limit += 1),
        ("keyframe_ticks", |header| header.setup.limits.keyframe_ticks = 7_680),
    ];
    for (what, change) in changes {
        match outcome(&with_header(&log, change)) {
            Outcome::Diverged(divergence) => assert!(divergence.tick <= Tick(1), "{what}: {divergence:?}"),
            other => panic!("{what}: {other:?}"),
        }
    }
}

#[test]
fn a_log_kept_under_another_session_is_told() {
    let log = sound();
    let under = |session| VerifyOptions { session: Some(session), ..VerifyOptions::of(Kinds::SHIPPED) };
    let own = verify(&log, under(log.header.setup.session), &mut |_| {});
    assert_eq!(own.outcome, Outcome::Verified);
    let other = verify(&log, under(SessionId([3; 16])), &mut |_| {});
    assert!(matches!(other.outcome, Outcome::Broken(Broken::Content { what: "session", .. })), "{other:?}");
}

#[test]
fn a_log_that_is_cut_short_is_incomplete() {
    let log = sound();
    let records = taken_apart(&log.records).len();
    for kept in [1, 2, 3, records / 2, records - 1] {
        let cut = with_records(&log, |all| all.truncate(kept));
        assert_eq!(outcome(&cut), Outcome::Incomplete, "{kept} of {records} records");
    }
    let report =
        verify(&with_records(&log, |all| all.truncate(1)), VerifyOptions::of(Kinds::SHIPPED), &mut |_| {});
    assert_eq!((report.ticks, report.outcome.code()), (Tick(0), "incomplete"));
}

#[test]
fn keyframes_come_as_often_as_the_setup_says() {
    let log = sound();
    let is_keyframe = |record: &(RecordKind, Vec<u8>)| record.0 == RecordKind::Keyframe;
    let keyframes = taken_apart(&log.records).iter().filter(|record| is_keyframe(record)).count();
    assert!(keyframes > 3);
    // Without a keyframe the tick after it tells sub-hashes that did not change.
    for dropped in 1..keyframes {
        let forged = with_records(&log, |all| {
            let at = (0..all.len()).filter(|at| is_keyframe(&all[*at])).nth(dropped).unwrap();
            all.remove(at);
        });
        let (tick, promise) = promise(&forged);
        assert_eq!(tick, Tick(64 * dropped as u32 + 1), "{promise:?}");
    }
    let doubled = with_records(&log, |all| {
        let at = (1..all.len()).find(|at| is_keyframe(&all[*at])).unwrap();
        all.insert(at, all[at].clone());
    });
    assert_eq!(promise(&doubled), (Tick(64), Promise::KeyframeUnasked));
}

/// Records the same session anew, as a forger does who leaves keyframes out from the beginning.
#[test]
fn a_log_recorded_without_keyframes_breaks_its_promise() {
    let scene = Scene { keyframe_ticks: 10_000, ..Scene::duel("no keyframes") };
    let mut stage = Stage::new(Scene { keyframe_ticks: 64, ..scene });
    stage.scene.keyframe_ticks = 10_000;
    stage.steps(100);
    let log = stage.ended().log();
    assert_eq!(promise(&log), (Tick(65), Promise::KeyframeMissing { last: Tick(0), most: 64 }));
}

#[test]
fn a_tick_tells_exactly_the_sub_hashes_that_changed() {
    let log = sound();
    let mut all_kinds = None;
    let forged = with_records(&log, |all| {
        for (kind, payload) in all.iter_mut().filter(|(kind, _)| *kind == RecordKind::Tick) {
            let told = u32::from_le_bytes(payload[12..16].try_into().unwrap());
            all_kinds.get_or_insert(told);
            payload.drain(16..16 + 4 * told.count_ones() as usize);
            payload[12..16].fill(0);
            *kind = RecordKind::Tick;
        }
    });
    let expected = all_kinds.expect("the log has ticks");
    assert_eq!(promise(&forged), (Tick(1), Promise::SubHashes { expected, found: 0 }));
    // One bit of one later tick, with its value.
    let forged = with_records(&log, |all| {
        let ticks = (0..all.len()).filter(|at| all[*at].0 == RecordKind::Tick);
        let at = ticks.filter(|at| all[*at].1[12] & 2 != 0).nth(20).unwrap();
        let mask = all[at].1[12];
        let before = (mask & 1).count_ones() as usize;
        all[at].1[12] &= !2;
        all[at].1.drain(16 + 4 * before..20 + 4 * before);
    });
    assert!(matches!(promise(&forged), (_, Promise::SubHashes { .. })));
    // The value of one of them, which its root contradicts.
    let forged = with_records(&log, |all| {
        let tick = all.iter_mut().find(|(kind, _)| *kind == RecordKind::Tick).unwrap();
        tick.1[16 + 4 * StateKind::Vitals as usize] ^= 1;
    });
    assert_eq!(promise(&forged), (Tick(1), Promise::SubHash(StateKind::Vitals)));
}

/// The number of the tick that a record tells.
fn tick_of((kind, payload): &(RecordKind, Vec<u8>)) -> Option<u32> {
    let is_tick = matches!(kind, RecordKind::Tick | RecordKind::QuietTick);
    is_tick.then(|| u32::from_le_bytes(payload[..4].try_into().expect("four bytes")))
}

/// What the clock says at the anchor of this number instead of what it said.
type Clock = fn(usize, u64) -> u64;

/// Sets the time of every anchor.
fn with_anchors(log: &Log, time: impl Fn(usize, u64) -> u64) -> Log {
    with_records(log, |all| {
        let anchors = all.iter_mut().filter(|(kind, _)| *kind == RecordKind::Anchor);
        for (at, (_, payload)) in anchors.enumerate() {
            let now = u64::from_le_bytes(payload[4..12].try_into().expect("eight bytes"));
            payload[4..12].copy_from_slice(&time(at, now).to_le_bytes());
        }
    })
}

#[test]
fn anchors_come_once_a_second_with_times_that_can_be_believed() {
    let log = sound();
    let is_anchor = |record: &(RecordKind, Vec<u8>)| record.0 == RecordKind::Anchor;
    let without = with_records(&log, |all| all.retain(|record| !is_anchor(record)));
    assert_eq!(promise(&without), (Tick(1), Promise::AnchorMissing(Tick(1))));
    let doubled = with_records(&log, |all| {
        let at = all.iter().position(is_anchor).unwrap();
        all.insert(at, all[at].clone());
    });
    assert_eq!(promise(&doubled), (Tick(1), Promise::AnchorUnasked));
    let after_the_second_tick = with_records(&log, |all| {
        let at = all.iter().position(|record| tick_of(record) == Some(2)).unwrap() + 1;
        let mut anchor = all[..at].iter().find(|record| is_anchor(record)).unwrap().clone();
        anchor.1[..4].copy_from_slice(&2_u32.to_le_bytes());
        all.insert(at, anchor);
    });
    assert_eq!(promise(&after_the_second_tick), (Tick(2), Promise::AnchorUnasked));
    let unbelievable: [(&str, Clock); 7] = [
        ("the year 292,000", |_, _| 9_151_000_000_000_000_000),
        ("the end of all time", |_, _| u64::MAX),
        ("1970", |at, _| at as u64 * 1_000_000),
        ("before the session was created", |_, now| now - 120_000_000),
        ("a year later from the second anchor on", |at, now| now + at.min(1) as u64 * 31_536_000_000_000),
        ("backwards", |at, now| now - at as u64 * 90_000_000),
        ("an hour and two seconds later", |at, now| now + at.min(1) as u64 * 3_602_000_000),
    ];
    for (what, time) in unbelievable {
        let (_, promise) = promise(&with_anchors(&log, time));
        assert!(matches!(promise, Promise::AnchorTime { .. }), "{what}: {promise:?}");
    }
    let honest: [(&str, Clock); 3] = [
        ("a clock set back by half a minute", |at, now| now - at.min(1) as u64 * 30_000_000),
        ("a machine that slept for half an hour", |at, now| now + at.min(1) as u64 * 1_800_000_000),
        ("and one that slept for almost an hour", |at, now| now + at.min(1) as u64 * 3_599_000_000),
    ];
    for (what, time) in honest {
        assert_eq!(outcome(&with_anchors(&log, time)), Outcome::Verified, "{what}");
    }
}

/// Two seconds, in the second of which the schedule was moved by so many ticks.
fn moved_by(ticks: u32) -> Log {
    let mut stage = fight(Scene::duel("moved"), 2, 160);
    stage.push(Command::ScheduleMoved { ticks });
    stage.steps(160);
    stage.ended().log()
}

#[test]
fn time_that_the_schedule_was_moved_by_may_have_passed_and_no_more() {
    const DAY_S: u32 = 24 * 3_600;
    // The third anchor is the first one after the move.
    let a_day_later = |log: &Log, and_s: u64| {
        with_anchors(log, |at, now| now + u64::from(at >= 2) * (u64::from(DAY_S) + and_s) * 1_000_000)
    };
    let moved = moved_by(DAY_S * 128);
    assert_eq!(outcome(&a_day_later(&moved, 0)), Outcome::Verified);
    let unmoved = moved_by(1);
    for (log, and_s) in [(&unmoved, 0), (&moved, 3_600 + 120)] {
        let (tick, promise) = promise(&a_day_later(log, and_s));
        assert_eq!(tick, Tick(257), "{promise:?}");
        assert!(matches!(promise, Promise::AnchorTime { .. }), "{promise:?}");
    }
}

#[test]
fn the_last_anchor_of_a_log_that_ends_where_one_is_due_is_there() {
    let mut stage = fight(Scene::duel("due"), 2, 127);
    assert_eq!(stage.tick(), Tick(128));
    stage.end();
    let log = stage.log();
    assert_eq!((stage.tick(), outcome(&log)), (Tick(129), Outcome::Verified));
    let without = with_records(&log, |all| {
        assert_eq!(all.pop().map(|record| record.0), Some(RecordKind::Anchor));
    });
    assert_eq!(promise(&without), (Tick(129), Promise::AnchorMissing(Tick(129))));
}

#[test]
fn a_later_epoch_is_not_earlier_than_the_one_before() {
    let log = resumed();
    let first_of_the_second = {
        let all = taken_apart(&log.records);
        let is_start = |at: &usize| all[*at].0 == RecordKind::EpochStart;
        let start = (0..all.len()).filter(is_start).nth(1).expect("there are two epochs");
        all[..start].iter().filter(|record| record.0 == RecordKind::Anchor).count()
    };
    // A clock that was ahead in the first epoch: what is earlier than that is later than the session's creation.
    const AHEAD_US: u64 = 3_000_000_000;
    let earlier = |by_us: u64| {
        with_anchors(&log, move |at, now| now + AHEAD_US - u64::from(at >= first_of_the_second) * by_us)
    };
    assert_eq!(outcome(&earlier(30_000_000)), Outcome::Verified, "a clock that is set back");
    for by_us in [90_000_000, AHEAD_US, 31_536_000_000_000] {
        let (tick, promise) = promise(&earlier(by_us));
        assert_eq!(tick, Tick(102), "{by_us}: {promise:?}");
        assert!(matches!(promise, Promise::AnchorTime { .. }), "{by_us}: {promise:?}");
    }
}

#[test]
fn epochs_begin_with_keyframe_start_and_resumption() {
    let log = resumed();
    assert_eq!(outcome(&log), Outcome::Verified);
    let second_start = |all: &[(RecordKind, Vec<u8>)]| {
        (0..all.len()).filter(|at| all[*at].0 == RecordKind::EpochStart).nth(1).unwrap()
    };
    let without = with_records(&log, |all| {
        let at = second_start(all);
        all.remove(at);
    });
    assert_eq!(promise(&without).1, Promise::EpochStartMissing(Epoch(2)));
    let doubled = with_records(&log, |all| {
        let at = second_start(all);
        all.insert(at, all[at].clone());
    });
    assert_eq!(promise(&doubled).1, Promise::EpochStartUnasked(Epoch(2)));
    let in_the_middle = with_records(&log, |all| {
        let at = second_start(all);
        let mut start = all[at].clone();
        start.1[4..8].copy_from_slice(&51_u32.to_le_bytes());
        let tick_50 = |record: &(RecordKind, Vec<u8>)| {
            matches!(record.0, RecordKind::Tick | RecordKind::QuietTick)
                && record.1[..4] == 50_u32.to_le_bytes()
        };
        let after = all.iter().position(tick_50).unwrap() + 1;
        all.insert(after, start);
    });
    assert_eq!(promise(&in_the_middle).1, Promise::EpochStartUnasked(Epoch(2)));
}

/// A host that says what does not belong, or not what does: recorded as it simulates, so that every hash holds.
#[test]
fn a_resumption_is_said_in_the_first_tick_of_its_epoch_and_nowhere_else() {
    let mut stage = fight(Scene::duel("unasked"), 2, 20);
    stage.push(Command::Resumed { epoch: Epoch(2) });
    stage.steps(3);
    assert_eq!(promise(&stage.ended().log()), (Tick(22), Promise::ResumedUnasked(Epoch(2))));
    let mut stage = fight(Scene::duel("unsaid"), 2, 20);
    stage.restart();
    *stage.last_command().unwrap() = Command::Connected { slot: Slot(0) };
    stage.steps(3);
    assert_eq!(promise(&stage.ended().log()), (Tick(22), Promise::ResumedMissing(Epoch(2))));
}

/// The two who play have asked for their places.
#[test]
fn the_numbers_of_requests_rise_within_an_epoch_and_begin_anew_with_the_next() {
    let mut stage = fight(Scene::duel("numbers"), 2, 20);
    let again = Some(Request { number: 2, key: None });
    stage.push(Command::Leave { slot: Slot(1), cause: LeaveCause::Left, request: again });
    stage.step();
    let falls = Promise::RequestFalls { before: 2, found: 2 };
    assert_eq!(promise(&stage.ended().log()), (Tick(22), falls));
    let mut stage = fight(Scene::duel("anew"), 2, 20);
    stage.restart();
    stage.leave(1, LeaveCause::Left);
    stage.step();
    assert_eq!(outcome(&stage.ended().log()), Outcome::Verified);
}

#[test]
fn nothing_follows_the_end_or_a_failed_tick() {
    let mut stage = fight(Scene::duel("after the end"), 2, 20).ended();
    let end = stage.tick();
    let (mut recorder, mut more) = (Recorder::new(), Vec::new());
    stage.sim.step(&mut Vec::new());
    recorder.record_tick(Epoch(1), &Vec::new(), stage.sim.output(), &mut more);
    let mut log = stage.log();
    // Without the epoch start that a new recorder begins with.
    let mut reader = Reader::new(&more);
    reader.next();
    log.records.extend_from_slice(&more[reader.offset()..]);
    assert_eq!(promise(&log), (end, Promise::AfterEnd));
}

#[test]
fn no_keyframe_and_no_epoch_follows_the_end() {
    let mut stage = fight(Scene::duel("after the end"), 2, 20).ended();
    let (end, mut state) = (stage.tick(), Vec::new());
    stage.sim.write_keyframe(&mut state);
    for epoch in [Epoch(1), Epoch(2)] {
        let mut log = stage.log();
        let (mut more, mut kept) = (Vec::new(), Reader::new(&[]));
        Recorder::new().record_keyframe(epoch, end, &state, &mut more);
        // Of one that goes on, without the start that a new recorder says.
        if epoch == Epoch(1) {
            kept = Reader::new(&more);
            kept.next();
        }
        let until = if epoch == Epoch(1) { kept.offset() } else { more.len() };
        log.records.extend_from_slice(&more[..until]);
        assert_eq!(promise(&log), (end, Promise::AfterEnd), "{epoch:?}");
    }
}

#[test]
fn the_digest_covers_everything_but_free_text() {
    let log = sound();
    let digest = LogDigest::of(&log).unwrap();
    type Change = fn(&mut Header);
    let free: [(&str, Change); 3] = [
        ("name", |header| header.name.push('x')),
        ("build", |header| header.build.clear()),
        ("service", |header| header.service.push_str("{}")),
    ];
    assert_eq!(free.map(|(what, _)| what), FREE_TEXT);
    for (what, change) in free {
        assert_eq!(LogDigest::of(&with_header(&log, change)).unwrap(), digest, "{what}");
    }
    let covered: [Change; 4] = [
        |header| header.kind = "ranked".to_owned(),
        |header| header.created_unix_ms += 1,
        |header| header.map_id.push('x'),
        |header| header.simulation_version += 1,
    ];
    for (at, change) in covered.into_iter().enumerate() {
        assert_ne!(LogDigest::of(&with_header(&log, change)).unwrap(), digest, "{at}");
    }
    for at in [40, log.records.len() / 2, log.records.len() - 30] {
        let mut all = taken_apart(&log.records);
        let record = at * all.len() / log.records.len();
        *all[record].1.last_mut().unwrap() ^= 1;
        let forged = Log { records: put_together(&all), ..log.clone() };
        assert_ne!(LogDigest::of(&forged).ok(), Some(digest), "record {record}");
    }
    assert_eq!(file::take(file::write(&log)).as_ref().map(LogDigest::of), Ok(Ok(digest)));
}

#[test]
fn a_digest_can_be_put_together_from_epochs() {
    let log = resumed();
    let (mut epochs, mut from, mut reader) = (Vec::<Sha256>::new(), 0, Reader::new(&log.records));
    let mut epoch = Epoch(0);
    while let Some(record) = reader.next() {
        if let Record::Keyframe { epoch: found, .. } = record.unwrap()
            && found > epoch
        {
            epoch = found;
            epochs.push(Sha256::new());
        }
        epochs.last_mut().unwrap().update(&log.records[from..reader.offset()]);
        from = reader.offset();
    }
    assert_eq!(epochs.len(), 2);
    let epochs = epochs.into_iter().map(|epoch| epoch.finalize().into());
    assert_eq!(LogDigest::of_epochs(&log.header, epochs), LogDigest::of(&log).unwrap());
}

#[test]
fn a_log_with_another_digest_than_expected_is_told_with_both() {
    let log = sound();
    let digest = LogDigest::of(&log).unwrap();
    let expecting = |expected| VerifyOptions { expect: Some(expected), ..VerifyOptions::of(Kinds::SHIPPED) };
    let report = verify(&log, expecting(digest), &mut |_| {});
    assert_eq!((report.outcome, report.digest), (Outcome::Verified, Some(digest)));
    // What no hash and no promise sees: another kind of session.
    let forged = with_header(&log, |header| header.kind = "ranked".to_owned());
    assert_eq!(outcome(&forged), Outcome::Verified);
    let found = LogDigest::of(&forged).unwrap();
    let report = verify(&forged, expecting(digest), &mut |_| {});
    assert_eq!(report.outcome, Outcome::OtherDigest { expected: digest, found });
    let cut = with_records(&log, |all| all.truncate(9));
    let report = verify(&cut, expecting(digest), &mut |_| {});
    assert!(matches!(report.outcome, Outcome::OtherDigest { .. }));
    assert_eq!(report.has_ended, Some(false), "nor is it whole");
}

#[test]
fn nobody_in_the_session_is_no_lie() {
    let mut stage = Stage::new(Scene::duel("quiet"));
    stage.steps(200);
    assert_eq!(outcome(&stage.ended().log()), Outcome::Verified);
    let mut stage = Stage::new(Scene::duel("late"));
    stage.steps(10);
    stage.join(0, Team::NONE);
    stage.steps(200);
    assert_eq!(outcome(&stage.ended().log()), Outcome::Verified);
}
