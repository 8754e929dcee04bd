//! A log verifies; what is changed in it, or in its re-simulation, is found and named.

mod script;

use arrayvec::ArrayVec;
use combat_components::canon::Canon;
use combat_components::command::LeaveCause;
use combat_components::ids::{Epoch, SimId, Team};
use combat_components::setup::ContentHash;
use combat_components::streams::Stream;
use combat_components::tick::Tick;
use combat_replays::divergence::Divergence;
use combat_replays::header::HeaderError;
use combat_replays::log::{Log, LostRecords, Refusal};
use combat_replays::player::{Played, Player};
use combat_replays::reader::{Damage, DamageReason, Reader};
use combat_replays::record::Record;
use combat_replays::recorder::Recorder;
use combat_replays::verifier::{Outcome, Perturbation, Report, VerifyOptions, verify};
use combat_systems::kinds::Kinds;
use combat_systems::modes::deathmatch::Deathmatch;
use combat_systems::phases::Phase;
use combat_systems::sim::Sim;
use combat_systems::state::StateKind;

use script::bot::Bot;
use script::scene::Scene;
use script::{Stage, fight, play};

fn verified(log: &Log) -> Report {
    verify(log, VerifyOptions::of(Kinds::SHIPPED), &mut |_| {})
}

fn divergence(report: Report) -> Divergence {
    match report.outcome {
        Outcome::Diverged(divergence) => *divergence,
        other => panic!("expected a divergence, got {other:?}"),
    }
}

#[test]
fn a_fight_verifies_from_its_log_alone() {
    let stage = fight(Scene::duel("a fight"), 2, 1_280).ended();
    let mut told = 0;
    let report = verify(&stage.log(), VerifyOptions::of(Kinds::SHIPPED), &mut |_| told += 1);
    assert_eq!(report.outcome, Outcome::Verified);
    assert_eq!((report.ticks, report.epoch, told), (stage.tick(), Epoch(1), stage.tick().0));
}

#[test]
fn a_log_of_a_mode_that_is_not_given_is_refused_by_its_name() {
    let log = fight(Scene::duel("another binary's"), 2, 64).log();
    let kinds = Kinds { modes: &[&Deathmatch], ..Kinds::SHIPPED };
    let outcome = verify(&log, VerifyOptions::of(kinds), &mut |_| {}).outcome;
    let Outcome::Refused(refusal) = outcome else { panic!("expected a refusal, got {outcome:?}") };
    let told = "the mode cannot be used: unknown mode \"duel\", expected one of deathmatch";
    assert_eq!(refusal.to_string(), told);
}

#[test]
fn every_epoch_of_a_session_verifies_and_can_be_played_from_any_keyframe() {
    let mut stage = Stage::new(Scene::duel("epochs"));
    let mut bots = [Bot::new(0), Bot::new(1)];
    bots.iter().for_each(|bot| stage.join(bot.slot.0, Team::NONE));
    play(&mut stage, &mut bots, 500);
    stage.restart();
    stage.steps(100);
    stage.restart();
    stage.steps(20);
    stage.leave(1, LeaveCause::WindowExpired);
    play(&mut stage, &mut bots, 200);
    stage.end();
    let log = stage.log();
    let report = verified(&log);
    assert_eq!((report.outcome, report.ticks, report.epoch), (Outcome::Verified, Tick(821), Epoch(3)));
    for tick in [1, 319, 320, 321, 500, 501, 640, 820] {
        let parts = || log.parts(&Kinds::SHIPPED).unwrap();
        let from_keyframe = Player::from_keyframe(parts(), &log.records, Tick(tick)).unwrap();
        let from_start = Player::from_start(parts(), &log.records).unwrap();
        let states = [from_keyframe, from_start].map(|mut player| {
            assert_eq!(player.play_to(Tick(tick)), Ok(true));
            let mut state = Vec::new();
            player.sim_mut().write_keyframe(&mut state);
            state
        });
        assert!(states[0] == states[1], "tick {tick}");
    }
}

#[test]
fn a_changed_integer_is_named_exactly_at_a_hundred_random_ticks() {
    let mut stage = fight(Scene::duel("perturbed"), 2, 640);
    let log = stage.log();
    let seed = 2_026;
    println!("seed {seed}");
    let mut stream = Stream::of(seed, 1);
    let mut kinds = Vec::new();
    // Every kind of every body in turn, in a random tick and of random fields.
    let kept = StateKind::ALL.into_iter().filter(|kind| stage.sim.keeps(*kind)).count() as u64;
    for turn in 0..100 {
        let choice = turn % (2 * kept) + 2 * kept * u64::from(stream.below(64));
        let perturbation = Perturbation { tick: Tick(1 + stream.below(641)), choice };
        let options = VerifyOptions { perturb: Some(perturbation), ..VerifyOptions::of(Kinds::SHIPPED) };
        let report = verify(&log, options, &mut |_| {});
        let (kind, id) = report.perturbed.expect("the tick is in the log");
        let found = divergence(report);
        assert_eq!(
            (found.tick, found.component, found.sim_id),
            (perturbation.tick, Some(kind), id),
            "{found:?}"
        );
        assert!(found.transient && found.compared_at == Some(perturbation.tick), "{found:?}");
        assert_ne!(found.expected, found.found, "{found:?}");
        kinds.push(kind);
    }
    let never = StateKind::ALL.into_iter().filter(|kind| !kinds.contains(kind));
    let never: Vec<_> = never.filter(|kind| !has_nothing(*kind, &mut stage)).collect();
    assert!(never.is_empty(), "{never:?} could have been perturbed and never was");
}

/// Lists without entries have no field that could be changed: of who has left, of effects.
fn has_nothing(kind: StateKind, stage: &mut Stage) -> bool {
    let mut no_entries = Vec::new();
    ArrayVec::<u8, 1>::new().put(&mut no_entries);
    stage.sim.canonical(kind).iter().all(|(_, bytes)| *bytes == no_entries)
}

#[test]
fn with_nobody_in_the_session_the_resources_are_perturbed_and_named() {
    let mut stage = Stage::new(Scene::duel("empty"));
    stage.steps(10);
    let at_first = resources(&mut stage);
    stage.join(0, Team::NONE);
    stage.steps(10);
    stage.leave(0, LeaveCause::Left);
    stage.steps(30);
    for (tick, had) in [(Tick(5), at_first), (Tick(40), resources(&mut stage))] {
        let kept: Vec<_> = had.iter().filter(|(kind, _)| stage.sim.keeps(*kind)).copied().collect();
        for choice in 0..kept.len() {
            // What has no field that could be changed leaves it to the next kind.
            let mut in_turn = kept.iter().cycle().skip(choice);
            let expected = in_turn.find(|(_, has_nothing)| !has_nothing).map(|(kind, _)| *kind);
            assert_eq!(
                Some(perturbed_at(&stage, tick, choice as u64)),
                expected,
                "tick {tick:?}, choice {choice}"
            );
        }
    }
}

fn resources(stage: &mut Stage) -> Vec<(StateKind, bool)> {
    StateKind::RESOURCES.iter().map(|kind| (*kind, has_nothing(*kind, stage))).collect()
}

/// What is told as changed, which is found as nobody's.
fn perturbed_at(stage: &Stage, tick: Tick, choice: u64) -> StateKind {
    let options =
        VerifyOptions { perturb: Some(Perturbation { tick, choice }), ..VerifyOptions::of(Kinds::SHIPPED) };
    let report = verify(&stage.log(), options, &mut |_| {});
    let told = report.perturbed.expect("the tick is in the log");
    let found = divergence(report);
    assert_eq!((found.tick, found.component, found.sim_id), (tick, Some(told.0), told.1));
    assert_eq!(found.sim_id, None);
    told.0
}

#[test]
fn rules_that_have_changed_are_found_at_their_first_tick_and_told_from_the_next_keyframe() {
    let mut stage = Stage::new(Scene { keyframe_ticks: 100, ..Scene::duel("other rules") });
    let mut bots = [Bot::new(0), Bot::new(1)];
    bots.iter().for_each(|bot| stage.join(bot.slot.0, Team::NONE));
    play(&mut stage, &mut bots, 149);
    // Whoever recorded this gives a health point away at tick 150, which this build does not.
    stage.perturb_next_tick(2 * 6 + 1);
    play(&mut stage, &mut bots, 100);
    let found = divergence(verified(&stage.log()));
    assert_eq!((found.tick, found.component), (Tick(150), Some(StateKind::Vitals)));
    assert_eq!((found.sim_id, found.compared_at, found.transient), (Some(SimId(2)), Some(Tick(200)), false));
    let [field, expected, found] = [found.field, found.expected, found.found].map(Option::unwrap_or_default);
    assert_eq!([field.as_str(), &expected, &found], ["health", "100001", "100000"]);
}

#[test]
fn without_a_later_keyframe_only_tick_and_component_are_told() {
    let mut stage = Stage::new(Scene::duel("no keyframe follows"));
    stage.join(0, Team::NONE);
    stage.steps(99);
    stage.perturb_next_tick(6);
    stage.steps(100);
    let found = divergence(verified(&stage.log()));
    assert_eq!((found.tick, found.component), (Tick(100), Some(StateKind::Vitals)));
    assert_eq!((found.sim_id, found.expected, found.found), (None, None, None));
}

/// The log's records with the state of every keyframe passed through `change`.
fn with_keyframes(log: &Log, mut change: impl FnMut(Tick, &mut Vec<u8>)) -> Log {
    let mut records = Vec::new();
    let mut reader = Reader::new(&log.records);
    loop {
        let from = reader.offset();
        match reader.next() {
            Some(Ok(Record::Keyframe { tick, epoch, state })) => {
                let mut state = state.to_vec();
                change(tick, &mut state);
                let mut keyframe = Vec::new();
                Recorder::new().record_keyframe(epoch, tick, &state, &mut keyframe);
                let mut written = Reader::new(&keyframe);
                written.next();
                records.extend_from_slice(&keyframe[..written.offset()]);
            }
            Some(Ok(_)) => records.extend_from_slice(&log.records[from..reader.offset()]),
            Some(Err(damage)) => panic!("{damage}"),
            None => {
                return Log { records, ..log.clone() };
            }
        }
    }
}

/// Changes the first place in `state` where `component` stands.
fn change_component(state: &mut [u8], component: &[u8], changed: &[u8]) {
    let at =
        state.windows(component.len()).position(|window| window == component).expect("the state holds it");
    state[at..at + changed.len()].copy_from_slice(changed);
}

#[test]
fn a_keyframe_that_differs_where_no_hash_looks_is_found() {
    let stage = fight(Scene::duel("old history"), 2, 400).ended();
    let log = stage.log();
    let forged = with_keyframes(&log, |tick, state| {
        if tick == Tick(320) {
            let mut sim = Sim::restore(&stage.parts, state).unwrap();
            let history = sim.canonical(StateKind::History)[1].1.clone();
            let mut changed = history.clone();
            changed[16 * 7] ^= 1;
            change_component(state, &history, &changed);
        }
    });
    let found = divergence(verified(&forged));
    assert_eq!(
        (found.tick, found.component, found.sim_id),
        (Tick(320), Some(StateKind::History), Some(SimId(2)))
    );
    assert_eq!(found.field.as_deref(), Some("poses[7].at.x"));
    assert_ne!(found.expected, found.found);
    assert_eq!(verified(&with_keyframes(&log, |_, _| {})).outcome, Outcome::Verified);
}

#[test]
fn whoever_starts_from_a_keyframe_with_another_past_is_found_at_the_first_tick() {
    let mut stage = fight(Scene::duel("another past"), 2, 100);
    let mut keyframe = Vec::new();
    stage.sim.write_keyframe(&mut keyframe);
    for kind in [StateKind::History, StateKind::RecentClaims] {
        let pose_of = |ring: &Vec<u8>| {
            let mut fields = Vec::new();
            let traced = kind.trace(ring, &mut |field| fields.push((field.name(), field.range)));
            traced.expect("its own canonical bytes");
            fields.into_iter().find(|(name, _)| name.ends_with(".at.z"))
        };
        let mut rings = stage.sim.canonical(kind).into_iter().map(|(_, ring)| ring);
        let found = rings.find_map(|ring| Some((pose_of(&ring)?, ring)));
        let ((name, range), ring) = found.expect("somebody has been somewhere");
        let mut changed = ring.clone();
        changed[range.start] ^= 1;
        let mut forged = keyframe.clone();
        change_component(&mut forged, &ring, &changed);
        let restored = |state: &[u8]| Sim::restore(&stage.parts, state).expect("a keyframe");
        let [sound, forged] = [&keyframe, &forged].map(|state| {
            let mut sim = restored(state);
            sim.step(&mut Vec::new()).root
        });
        assert_ne!(sound, forged, "{name}");
    }
}

#[test]
fn a_keyframe_that_cannot_be_restored_is_damage() {
    let log = fight(Scene::duel("no state"), 2, 400).log();
    let forged = with_keyframes(&log, |tick, state| {
        if tick == Tick(320) {
            state.truncate(40);
        }
    });
    let Outcome::Damaged(damage) = verified(&forged).outcome else { panic!("expected damage") };
    assert!(damage.tick == Tick(320) && matches!(damage.reason, DamageReason::Keyframe(_)), "{damage}");
}

/// A log that goes on from a keyframe in which a shooter's count of shots is at its end.
#[test]
fn a_panic_is_caught_and_named_by_tick_and_phase() {
    let stage = fight(Scene::duel("overflow"), 2, 1_200);
    let shot_at = stage.events.iter().filter(|(tick, event)| {
        matches!(event, combat_components::event::Event::Shot { .. }) && tick.0 > 320
    });
    let first_shot_at =
        shot_at.map(|(tick, _)| *tick).next().expect("somebody shoots after the first keyframe");
    let newest_keyframe = Tick(first_shot_at.0 - first_shot_at.0 % 320);
    let log = with_keyframes(&stage.log(), |tick, state| {
        let mut sim = Sim::restore(&stage.parts, state).unwrap();
        for (_, score) in sim.canonical(StateKind::Score).into_iter().filter(|_| tick == newest_keyframe) {
            let mut changed = score.clone();
            changed[4..8].copy_from_slice(&u32::MAX.to_le_bytes());
            change_component(state, &score, &changed);
        }
    });
    let mut player =
        Player::from_keyframe(log.parts(&Kinds::SHIPPED).unwrap(), &log.records, newest_keyframe).unwrap();
    let panic = loop {
        match player.advance().unwrap() {
            Some(Played::Panicked(panic)) => break panic,
            Some(_) => {}
            None => panic!("the simulation does not panic"),
        }
    };
    assert_eq!((panic.tick, panic.phase), (first_shot_at, Some(Phase::Action)));
    assert!(panic.message.contains("overflow"), "{}", panic.message);
}

#[test]
fn a_failed_tick_that_passes_again_is_told() {
    let mut stage = fight(Scene::duel("failed"), 2, 100);
    stage.fail();
    let found = divergence(verified(&stage.log()));
    assert_eq!((found.tick, found.panic), (Tick(102), None));
    assert!(found.expected.unwrap().contains("panic"));
}

#[test]
fn what_another_build_or_other_rules_recorded_is_refused_with_the_reason() {
    let log = fight(Scene::duel("refused"), 2, 20).log();
    let mut other = log.clone();
    other.header.simulation_version += 1;
    let expected =
        Refusal::SimulationVersion { found: other.header.simulation_version, build: "scripted".to_owned() };
    assert_eq!(verified(&other).outcome, Outcome::Refused(expected));

    let mut other = log.clone();
    other.map.push(b'\n');
    let hashes = (log.header.setup.map_hash, ContentHash::of(&other.map));
    let expected = Refusal::OtherContent { what: "map", expected: hashes.0, found: hashes.1 };
    assert_eq!(verified(&other).outcome, Outcome::Refused(expected));

    let mut other = log;
    other.ruleset = b"nonsense".to_vec();
    other.header.setup.ruleset_hash = ContentHash::of(&other.ruleset);
    let Outcome::Refused(refusal) = verified(&other).outcome else { panic!("expected a refusal") };
    assert!(refusal.to_string().contains("ruleset:1"), "{refusal}");
    assert_eq!(
        HeaderError::Format { found: 1 }.to_string(),
        "header: log format 1, this build reads format 3: use a build that writes that format"
    );
}

#[test]
fn a_log_verifies_up_to_where_its_records_were_lost() {
    let mut log = fight(Scene::duel("lost"), 2, 100).log();
    log.lost = Some(LostRecords { tick: Tick(102), reason: "journal row 7 is gone".to_owned() });
    let report = verified(&log);
    assert_eq!(report.ticks, Tick(101));
    let reason = DamageReason::Lost("journal row 7 is gone".to_owned());
    let offset = log.records.len();
    assert_eq!(report.outcome, Outcome::Damaged(Damage { offset, tick: Tick(102), reason }));
}

#[test]
fn a_log_without_its_beginning_is_damaged() {
    let mut log = fight(Scene::duel("headless"), 2, 10).log();
    let mut reader = Reader::new(&log.records);
    reader.next();
    let first_record_ends = reader.offset();
    log.records.drain(..first_record_ends);
    let Outcome::Damaged(damage) = verified(&log).outcome else { panic!("expected damage") };
    assert_eq!((damage.offset, damage.reason), (0, DamageReason::NoBeginning));
    log.records.clear();
    assert!(matches!(verified(&log).outcome, Outcome::Damaged(_)));
}
