//! That the scripted sessions of the corpus hold what they are there for; played, not read from their files.

mod script;

use std::collections::BTreeSet;

use combat_components::canon::{Canon, Reader as CanonReader};
use combat_components::claims::ClaimState;
use combat_components::event::Event;
use combat_components::ids::Slot;
use combat_components::phase::Phase;
use combat_components::quantity::Vec3Mm;
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_replays::player::{Played, Player};
use combat_replays::verifier::{Outcome, VerifyOptions, verify};
use combat_systems::kinds::Kinds;
use combat_systems::spatial::Level;
use combat_systems::state::StateKind;
use combat_systems::views::Eye;

use script::Stage;
use script::scenarios::SCENARIOS;

fn played(name: &str) -> Stage {
    let (_, record) = SCENARIOS.iter().find(|(scenario, _)| *scenario == name).expect("such a scenario");
    record()
}

/// A body before and after a tick, and what was told of it.
struct Moment {
    tick: Tick,
    phase: Phase,
    slot: Slot,
    before: Option<Vec3Mm>,
    after: Vec3Mm,
    displaced: Vec<Reason>,
}

/// Every living body at every tick, as the log tells it.
fn moments(stage: &Stage) -> Vec<Moment> {
    let log = stage.log();
    let mut player =
        Player::from_start(stage.parts.clone(), &log.records).expect("the log has its beginning");
    let (mut bodies, mut before, mut moments) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(played) = player.advance().expect("the log is sound") {
        let Played::Ticked(record) = played else { continue };
        player.sim_mut().view(Eye::All, &mut bodies);
        let (output, phase) = (player.sim().output(), player.sim().match_state().phase);
        for body in bodies.iter().filter(|body| body.alive) {
            let displaced = output.events.iter().filter_map(|event| match event {
                Event::Displaced { slot, reason, .. } if *slot == body.slot => Some(*reason),
                _ => None,
            });
            let slot = body.slot;
            let was = before.iter().find(|(other, _)| *other == slot).map(|(_, at)| *at);
            let (tick, after, displaced) = (record.tick, body.pose.at, displaced.collect());
            moments.push(Moment { tick, phase, slot, before: was, after, displaced });
        }
        before = bodies.iter().map(|body| (body.slot, body.pose.at)).collect();
    }
    moments
}

fn is_in_the_air(level: &Level, at: Vec3Mm) -> bool {
    !level.grounded(at)
}

#[test]
fn every_scenario_has_a_name_of_its_own_and_its_log_verifies() {
    let names: BTreeSet<&str> = SCENARIOS.iter().map(|(name, _)| *name).collect();
    assert_eq!(names.len(), SCENARIOS.len());
    for name in [
        "joining-in-mid-match",
        "falling-from-a-spawn",
        "corrections-in-the-air",
        "fast-falls",
        "shots-before-frames",
        "in-the-way",
    ] {
        let report = verify(&played(name).ended().log(), VerifyOptions::of(Kinds::SHIPPED), &mut |_| {});
        assert_eq!(report.outcome, Outcome::Verified, "{name}");
    }
}

#[test]
fn in_separated_who_came_into_the_other_is_put_out_and_nobody_else() {
    let stage = played("separated");
    let put_out = stage.events.iter().filter_map(|(_, event)| match event {
        Event::Displaced { slot, reason: Reason::Separated, .. } => Some(slot.0),
        _ => None,
    });
    assert_eq!(put_out.collect::<BTreeSet<u8>>(), BTreeSet::from([0]));
}

#[test]
fn in_joining_in_mid_match_somebody_joins_an_active_match_and_then_plays() {
    let stage = played("joining-in-mid-match");
    let active =
        stage.events.iter().find(|(_, event)| *event == Event::PhaseChanged { phase: Phase::Active });
    let active_at = active.expect("the match begins").0;
    let joined = stage.events.iter().filter_map(|(tick, event)| match event {
        Event::Joined { slot, .. } if *tick > active_at => Some((*tick, *slot)),
        _ => None,
    });
    let joined: Vec<(Tick, Slot)> = joined.collect();
    assert!(joined.len() >= 3, "two newcomers and one who comes back: {joined:?}");
    let moments = moments(&stage);
    for (joined_at, slot) in joined {
        let mut later = moments.iter().filter(|moment| moment.slot == slot && moment.tick > joined_at);
        let walks = |moment: &Moment| {
            moment.phase == Phase::Active
                && moment.displaced.is_empty()
                && moment.before.is_some_and(|before| before != moment.after)
        };
        assert!(later.any(walks), "slot {} joined at tick {} and never moved", slot.0, joined_at.0);
    }
}

#[test]
fn in_falling_from_a_spawn_bodies_fall_soon_after_they_were_placed() {
    let stage = played("falling-from-a-spawn");
    let level = &stage.parts.level;
    let moments = moments(&stage);
    let mut falls = BTreeSet::new();
    for spawn in moments.iter().filter(|moment| moment.displaced.contains(&Reason::Spawned)) {
        let later = moments.iter().filter(|moment| moment.slot == spawn.slot && moment.tick > spawn.tick);
        let soon: Vec<&Moment> =
            later.take_while(|moment| !moment.displaced.contains(&Reason::Spawned)).take(220).collect();
        let flew = soon.iter().any(|moment| is_in_the_air(level, moment.after));
        let landed = soon.iter().any(|moment| moment.after.y < spawn.after.y - 2_900);
        if flew && landed {
            falls.insert((spawn.tick, spawn.slot));
        }
    }
    assert!(falls.len() >= 3, "{falls:?}");
    let first = moments.iter().find(|moment| is_in_the_air(level, moment.after)).expect("somebody falls");
    assert!(
        first.phase == Phase::Waiting || first.phase == Phase::Warmup,
        "also from the place of a newcomer"
    );
}

#[test]
fn in_corrections_in_the_air_bodies_are_corrected_while_they_jump_and_fall() {
    let stage = played("corrections-in-the-air");
    let level = &stage.parts.level;
    let mut seen = BTreeSet::new();
    for moment in moments(&stage) {
        if moment.before.is_some_and(|before| is_in_the_air(level, before) && before.y > 300) {
            seen.extend(moment.displaced);
        }
    }
    let refused = seen.iter().filter(|reason| **reason < Reason::Silent).count();
    assert!(refused >= 2, "{seen:?}");
    assert!(seen.contains(&Reason::Reconnected) && seen.contains(&Reason::ScheduleMoved), "{seen:?}");
}

/// The claims of the body in a slot, at every tick of its life.
fn claims_of(stage: &Stage, slot: Slot) -> Vec<(Tick, ClaimState)> {
    let log = stage.log();
    let mut player =
        Player::from_start(stage.parts.clone(), &log.records).expect("the log has its beginning");
    let mut all = Vec::new();
    while let Some(played) = player.advance().expect("the log is sound") {
        let Played::Ticked(record) = played else { continue };
        let mut members = player.sim_mut().members();
        let Some(id) = members.find_map(|(id, identity, _)| (identity.slot == slot).then_some(id)) else {
            continue;
        };
        drop(members);
        let parts = player.sim_mut().canonical(StateKind::Claims);
        let (_, bytes) = parts.iter().find(|(of, _)| *of == Some(id)).expect("every body has claims");
        let claims = ClaimState::take(&mut CanonReader::new(bytes)).expect("it is read as it was written");
        all.push((record.tick, claims));
    }
    all
}

fn ticks_of(stage: &Stage, is_it: impl Fn(&Event) -> bool) -> Vec<Tick> {
    stage.events.iter().filter(|(_, event)| is_it(event)).map(|(tick, _)| *tick).collect()
}

#[test]
fn in_fast_falls_one_goes_silent_and_speaks_again_in_a_fall_and_one_dashes_in_it() {
    let stage = played("fast-falls");
    let silent = claims_of(&stage, Slot(0));
    let falls: Vec<&(Tick, ClaimState)> = silent.iter().filter(|(_, claims)| claims.fall.is_some()).collect();
    assert!(falls.iter().all(|(_, claims)| claims.fall.is_some_and(|fall| fall.speed > 3_000_000)));
    let heard =
        |pair: &[(Tick, ClaimState)]| pair[1].1.fall.is_some() && pair[1].1.input_seq > pair[0].1.input_seq;
    let spoken = silent.windows(2).filter(|pair| heard(pair)).count();
    assert!(falls.len() > 20 && spoken > 3, "{} ticks of a fall, {spoken} claims in it", falls.len());
    let dashed_at =
        *ticks_of(&stage, |event| matches!(event, Event::AbilityUsed { .. })).first().expect("a dash");
    let moments = moments(&stage);
    let dash = moments.iter().find(|moment| moment.tick == dashed_at && moment.slot == Slot(1));
    let dash = dash.expect("he lives");
    assert!(dash.after.y > 2_000 && dash.displaced.contains(&Reason::Displaced), "{:?}", dash.after);
}

#[test]
fn in_shots_before_frames_a_dash_waits_for_its_frame_and_a_shot_is_followed_by_a_landing() {
    let stage = played("shots-before-frames");
    let frame_ticks = stage.parts.setup.limits.frame_ticks;
    let held = stage.verdicts.iter().filter(|(_, verdict)| verdict.reason == Some(Reason::HeldByShot));
    assert!(held.count() >= 2, "dashes that wait for the frame");
    let shots = ticks_of(&stage, |event| matches!(event, Event::Shot { .. }));
    let mut landed_at = stage.events.iter().filter_map(|(tick, event)| match event {
        Event::Displaced { slot: Slot(0), reason: Reason::Silent, pose, .. } if pose.at.y == 0 => Some(*tick),
        _ => None,
    });
    let landed_at = landed_at.next_back().expect("he lands");
    assert!(!shots.contains(&landed_at), "a shot as he lands would take its place: {landed_at:?}");
    let is_held = |shot: &&Tick| **shot < landed_at && landed_at.0 <= shot.0.next_multiple_of(frame_ticks);
    assert!(shots.iter().any(|shot| is_held(&shot)), "landed at {landed_at:?}, shots at {shots:?}");
}

#[test]
fn in_the_way_somebody_is_inside_another_over_a_restart_and_somebody_meets_walls() {
    let stage = played("in-the-way");
    let resumed_at =
        *ticks_of(&stage, |event| matches!(event, Event::Resumed { .. })).first().expect("a restart");
    let goes_on_at =
        *ticks_of(&stage, |event| matches!(event, Event::PlayGoesOn)).first().expect("they come back");
    let separated_at =
        ticks_of(&stage, |event| matches!(event, Event::Displaced { reason: Reason::Separated, .. }));
    let first = *separated_at.first().expect("somebody is put out");
    assert!(first > goes_on_at && goes_on_at.since(resumed_at) > 100, "{first:?} after {goes_on_at:?}");
    let at_the_wall = moments(&stage)
        .into_iter()
        .filter(|moment| moment.slot == Slot(0) && moment.tick > first && moment.after.z.abs() > 7_600);
    assert!(at_the_wall.count() > 10);
}
