//! Shooting from where one never stood: out of cover, a shot and back before any frame.

use combat_components::command::{Command, Deed, LeaveCause};
use combat_components::event::Event;
use combat_components::ids::{Slot, Team};
use combat_components::phase::EndReason;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_components::streams::Stream;
use combat_components::verdict::Outcome;
use combat_systems::sim::Sim;

use crate::arena::{Arena, Plan, join, look};
use crate::maps;

const SHOOTER: u8 = 0;

/// A pillar between two spawn points 20 m apart, and the cover behind it.
fn behind_a_pillar(rate_hz: u32) -> (Arena, Vec3Mm) {
    let mut map = maps::plain(&[[0, 0, 10_000], [0, 0, -10_000]]);
    map.solids.push(maps::cuboid([0, 1_500, 0], [1_200, 3_000, 1_200]));
    let mut arena = Arena::fighting(&Plan { rate_hz, ..Plan::on(map) }, 2);
    arena.step_by(rate_hz / 2);
    let at = arena.at(SHOOTER);
    (arena, at)
}

fn beside(at: Vec3Mm, x_mm: i32) -> Vec3Mm {
    Vec3Mm { x: at.x + x_mm, ..at }
}

fn frame_ticks(arena: &Arena) -> u32 {
    arena.parts.setup.limits.frame_ticks
}

/// How far a body walks in so many ticks, and the millimetre it is rounded by.
fn walk_mm(arena: &Arena, ticks: u32) -> i64 {
    arena.sim.rules().movement.reach_um(ticks) / 1_000 + 1
}

/// The frames in which `arena` shows the shooter, from this tick on.
fn next_frame(arena: &mut Arena) -> Vec3Mm {
    while !arena.tick().is_multiple_of(frame_ticks(arena)) {
        arena.step();
    }
    arena.at(SHOOTER)
}

#[test]
fn out_of_cover_a_shot_and_back_in_one_packet_leaves_the_shooter_out_in_the_next_frame() {
    for rate_hz in [16, 32, 64, 128] {
        for offset in 0..8 {
            let (mut arena, cover) = behind_a_pillar(rate_hz);
            arena.step_by(offset);
            let out = beside(cover, 900);
            arena.claim(SHOOTER, 100, cover);
            arena.step_by(rate_hz / 2);
            let ticks = rate_hz / 5;
            let seq = arena.claim(SHOOTER, 100 + ticks, out);
            let (yaw, pitch) = look(Vec3Mm { y: 1_620, ..out }, Vec3Mm { y: 900, ..arena.at(1) });
            let shot = arena.act_after(SHOOTER, seq, Deed::Attack, (yaw, pitch));
            let back = arena.claim(SHOOTER, 100 + 2 * ticks, cover);
            arena.step();
            assert_eq!(arena.refusal(SHOOTER, shot), None, "{rate_hz} Hz: it is judged at once");
            let verdict = arena.verdict(SHOOTER, back).expect("a held claim is told");
            assert_eq!((verdict.outcome, verdict.reason), (Outcome::Refused, Some(Reason::HeldByShot)));
            assert_eq!(arena.displaced(SHOOTER), [], "nothing else is held against it");
            let shown = next_frame(&mut arena);
            assert!(shown.distance_squared(out).isqrt() <= walk_mm(&arena, frame_ticks(&arena)), "{shown:?}");
            arena.step_by(rate_hz / 4);
            arena.claim(SHOOTER, 100 + ticks + rate_hz / 4, cover);
            arena.step();
            assert_eq!(
                arena.at(SHOOTER),
                cover,
                "{rate_hz} Hz: the next claim covers the time of the held one"
            );
        }
    }
}

#[test]
fn a_shot_from_a_claim_that_has_been_left_behind_is_stale() {
    let (mut arena, cover) = behind_a_pillar(128);
    arena.claim(SHOOTER, 100, cover);
    arena.step_by(60);
    let out = arena.claim(SHOOTER, 125, beside(cover, 900));
    arena.claim(SHOOTER, 137, beside(cover, 700));
    arena.step();
    let shot = arena.act_after(SHOOTER, out, Deed::Attack, (Yaw(0), Pitch::default()));
    arena.step();
    assert_eq!(arena.refusal(SHOOTER, shot), Some(Reason::StaleInput));
    let dash = arena.act_after(SHOOTER, out, Deed::Ability { index: 0 }, (Yaw(0), Pitch::default()));
    arena.step();
    assert_eq!(arena.refusal(SHOOTER, dash), Some(Reason::StaleInput), "abilities mind it alike");
}

#[test]
fn a_dash_waits_for_the_frame_that_shows_the_shot_before_it() {
    let (mut arena, cover) = behind_a_pillar(128);
    while arena.tick() % frame_ticks(&arena) != 0 {
        arena.step();
    }
    arena.act(SHOOTER, Deed::Attack, Yaw(0), Pitch::default());
    let mut refusals = Vec::new();
    for _ in 0..6 {
        let dash = arena.act(SHOOTER, Deed::Ability { index: 0 }, Yaw(16_384), Pitch::default());
        arena.step();
        refusals.push(arena.refusal(SHOOTER, dash));
    }
    let held = Some(Reason::HeldByShot);
    assert_eq!(refusals[..5], [held, held, held, held, None], "four ticks to the frame, then it is free");
    assert!(arena.at(SHOOTER).distance_squared(cover) > 1_000_000);
}

/// Whoever moves, shoots and lies at random: every frame after a shot shows the shooter within a frame's walk of it.
#[test]
fn every_frame_after_a_shot_shows_the_shooter_within_a_frames_walk_of_its_muzzle() {
    for seed in 0..if cfg!(debug_assertions) { 20 } else { 200 } {
        println!("seed {seed}");
        let mut stream = Stream::of(seed, 9);
        let rate_hz = [16, 32, 64, 128][stream.below(4) as usize];
        let (mut arena, _) = behind_a_pillar(rate_hz);
        let (mut client_tick, mut muzzles, mut shots) = (100, Vec::new(), 0);
        for _ in 0..2_000 {
            let mut last = (0, arena.at(SHOOTER));
            for _ in 0..stream.below(4) {
                if stream.below(3) == 0 {
                    let deed = if stream.below(4) == 0 { Deed::Ability { index: 0 } } else { Deed::Attack };
                    let follows = if stream.below(3) == 0 { 0 } else { last.0 };
                    arena.act_after(
                        SHOOTER,
                        follows,
                        deed,
                        (Yaw(stream.below(65_536) as u16), Pitch::default()),
                    );
                    continue;
                }
                let ticks = 1 + stream.below(6);
                client_tick += ticks;
                let mm = (6_500 * ticks / rate_hz) as i32;
                let to = beside(last.1, [mm, -mm, mm / 2, 0][stream.below(4) as usize]);
                last = (arena.claim(SHOOTER, client_tick, to), to);
            }
            arena.step();
            let fired = arena.output.events.iter().filter_map(|event| match event {
                combat_components::event::Event::Shot { from, .. } => {
                    Some(Vec3Mm { y: from.y - 1_620, ..*from })
                }
                _ => None,
            });
            muzzles.extend(fired);
            if arena.tick().is_multiple_of(frame_ticks(&arena)) {
                let (shown, most) = (arena.at(SHOOTER), walk_mm(&arena, frame_ticks(&arena)));
                for muzzle in muzzles.drain(..) {
                    shots += 1;
                    let away = shown.distance_squared(muzzle).isqrt();
                    assert!(away <= most, "tick {}: {away} mm from the muzzle, at most {most}", arena.tick());
                }
            }
        }
        assert!(shots > 10, "{shots} shots");
    }
}

#[test]
fn a_second_shot_does_not_follow_a_claim_from_before_the_firsts() {
    let mut plan = Plan::on(maps::plain(&[[0, 0, 10_000], [0, 0, -10_000]]));
    plan.ruleset.weapons[0].fire_interval_ms = 10;
    let mut arena = Arena::fighting(&plan, 2);
    let straight = (Yaw(0), Pitch::default());
    arena.step_by(64);
    while arena.tick() % frame_ticks(&arena) != 3 {
        arena.step();
    }
    let at = arena.at(SHOOTER);
    let before = arena.claim(SHOOTER, 100, at);
    arena.step_by(2);
    let out = arena.claim(SHOOTER, 112, beside(at, 100));
    let first = arena.act_after(SHOOTER, out, Deed::Attack, straight);
    arena.step();
    assert_eq!(arena.refusal(SHOOTER, first), None);
    arena.step();
    let second = arena.act_after(SHOOTER, before, Deed::Attack, straight);
    let back = arena.claim(SHOOTER, 132, beside(at, -200));
    arena.step();
    assert_eq!(arena.refusal(SHOOTER, second), Some(Reason::StaleInput));
    assert_eq!(arena.refusal(SHOOTER, back), Some(Reason::HeldByShot), "the first shot is still to be shown");
}

#[test]
fn a_shot_that_follows_a_claim_of_long_ago_is_bound_by_the_last_frame() {
    let (mut arena, cover) = behind_a_pillar(128);
    arena.claim(SHOOTER, 100, cover);
    arena.step_by(60);
    let out = arena.claim(SHOOTER, 120, beside(cover, 700));
    arena.step_by(18);
    arena.claim(SHOOTER, 140, beside(cover, 200));
    arena.step();
    assert_eq!(arena.at(SHOOTER), beside(cover, 200), "the frames have shown it walking back");
    let shot = arena.act_after(SHOOTER, out, Deed::Attack, (Yaw(0), Pitch::default()));
    arena.step();
    assert_eq!(arena.refusal(SHOOTER, shot), Some(Reason::StaleInput));
}

#[test]
fn out_of_cover_a_dash_and_back_in_one_packet_is_a_dash_from_out_of_cover() {
    let (mut arena, cover) = behind_a_pillar(128);
    let out_at = beside(cover, 900);
    arena.claim(SHOOTER, 100, cover);
    arena.step_by(64);
    let out = arena.claim(SHOOTER, 125, out_at);
    let dash = arena.act_after(SHOOTER, out, Deed::Ability { index: 0 }, (Yaw(0), Pitch::default()));
    let back = arena.claim(SHOOTER, 150, cover);
    arena.step();
    assert_eq!(arena.refusal(SHOOTER, dash), None);
    assert_eq!(arena.refusal(SHOOTER, back), Some(Reason::HeldByShot));
    assert_eq!(arena.at(SHOOTER).x, out_at.x, "it went straight on from there");
    assert!(arena.at(SHOOTER).distance_squared(out_at) > 1_000_000);
    let epoch = arena.own(SHOOTER).pose_epoch;
    let away = beside(arena.at(SHOOTER), 20);
    arena.claim_of(SHOOTER, 126, away, epoch);
    arena.step();
    assert_eq!(arena.at(SHOOTER), away, "no hold is left of where it was");
}

#[test]
fn of_two_claims_older_than_the_frame_two_shots_do_not_follow_both() {
    let mut plan = Plan::on(maps::plain(&[[0, 0, 10_000], [0, 0, -10_000]]));
    plan.ruleset.weapons[0].fire_interval_ms = 20;
    let mut arena = Arena::fighting(&plan, 2);
    let straight = (Yaw(0), Pitch::default());
    arena.step_by(60);
    let at = arena.at(SHOOTER);
    arena.claim(SHOOTER, 1_000, at);
    arena.step_by(100);
    while arena.tick() % frame_ticks(&arena) != 1 {
        arena.step();
    }
    let aside = arena.claim(SHOOTER, 1_011, beside(at, -130));
    let back = arena.claim(SHOOTER, 1_022, at);
    arena.step_by(3);
    let first = arena.act_after(SHOOTER, back, Deed::Attack, straight);
    arena.step();
    assert_eq!(arena.refusal(SHOOTER, first), None, "the first follows where it stands");
    arena.step_by(2);
    let second = arena.act_after(SHOOTER, aside, Deed::Attack, straight);
    arena.claim(SHOOTER, 1_030, beside(at, -330));
    arena.step();
    let stale = Some(Reason::StaleInput);
    assert_eq!(arena.refusal(SHOOTER, second), stale, "the first, from elsewhere, is still to be shown");
    let away_mm = arena.at(SHOOTER).distance_squared(at).isqrt();
    let most_mm = walk_mm(&arena, frame_ticks(&arena));
    assert!(away_mm <= most_mm, "the frame shows it {away_mm} mm from the first muzzle, a walk is {most_mm}");
}

#[test]
fn a_claim_to_the_other_corner_of_the_largest_map_is_held_like_any_other() {
    let far = 1_000_000;
    let mut map = maps::plain(&[[-990_000, -990_000, -990_000], [0, 0, 0]]);
    (map.bounds.min, map.bounds.max) = (Vec3Mm::new(-far, -far, -far), Vec3Mm::new(far, far, far));
    map.solids = vec![
        maps::cuboid([-990_000, -990_500, -990_000], [8_000, 1_000, 8_000]),
        maps::cuboid([0, -500, 0], [8_000, 1_000, 8_000]),
    ];
    let mut arena = Arena::fighting(&Plan::on(map), 2);
    arena.step_by(60);
    let shooter = u8::from(arena.at(0).x == 0);
    while !arena.tick().is_multiple_of(frame_ticks(&arena)) {
        arena.step();
    }
    arena.act(shooter, Deed::Attack, Yaw(0), Pitch::default());
    arena.step();
    let claim = arena.claim(shooter, 100, Vec3Mm::new(999_000, 999_000, 999_000));
    arena.step();
    assert_eq!(arena.refusal(shooter, claim), Some(Reason::HeldByShot));
}

/// Two on a plain, the shooter at rest for a second, in the tick before one that is so far into the grid of frames.
fn at_rest(fire_interval_ms: u32, into_grid: u32) -> (Arena, Vec3Mm) {
    let mut plan = Plan::on(maps::plain(&[[0, 0, 10_000], [0, 0, -10_000]]));
    plan.ruleset.weapons[0].fire_interval_ms = fire_interval_ms;
    let mut arena = Arena::fighting(&plan, 2);
    arena.step_by(60);
    let at = arena.at(SHOOTER);
    arena.claim(SHOOTER, 1_000, at);
    arena.step_by(100);
    while arena.tick() % frame_ticks(&arena) != into_grid {
        arena.step();
    }
    (arena, at)
}

fn straight() -> (Yaw, Pitch) {
    (Yaw(0), Pitch::default())
}

#[test]
fn from_muzzle_to_muzzle_before_one_frame_is_no_further_than_one_walk() {
    let (mut arena, at) = at_rest(10, 3);
    let one = arena.claim(SHOOTER, 1_010, at);
    arena.step();
    let two = arena.claim(SHOOTER, 1_022, beside(at, 100));
    arena.step();
    let first = arena.act_after(SHOOTER, one, Deed::Attack, straight());
    arena.step();
    assert_eq!(arena.refusal(SHOOTER, first), None);
    arena.step();
    let second = arena.act_after(SHOOTER, two, Deed::Attack, straight());
    let away = arena.claim(SHOOTER, 1_029, beside(at, 250));
    arena.step();
    assert_eq!([second, away].map(|seq| arena.refusal(SHOOTER, seq)), [None, Some(Reason::HeldByShot)]);
    let far_mm = next_frame(&mut arena).distance_squared(at).isqrt();
    assert!(far_mm <= walk_mm(&arena, frame_ticks(&arena)), "{far_mm} mm from the first muzzle");
}

#[test]
fn a_second_shot_follows_a_newer_claim_of_the_same_tick_and_no_older_one() {
    for (follows_newer, refusal) in [(true, None), (false, Some(Reason::StaleInput))] {
        let (mut arena, at) = at_rest(10, 0);
        let older = arena.claim(SHOOTER, 1_011, at);
        let newer = arena.claim(SHOOTER, 1_022, beside(at, 40));
        arena.step();
        let first =
            arena.act_after(SHOOTER, if follows_newer { older } else { newer }, Deed::Attack, straight());
        arena.step();
        assert_eq!(arena.refusal(SHOOTER, first), None);
        arena.step();
        let second =
            arena.act_after(SHOOTER, if follows_newer { newer } else { older }, Deed::Attack, straight());
        arena.step();
        assert_eq!(arena.refusal(SHOOTER, second), refusal, "follows the newer: {follows_newer}");
    }
}

#[test]
fn of_two_shots_in_one_packet_only_the_one_that_is_fired_binds_and_each_shooter_by_his_own() {
    let (mut arena, at) = at_rest(100, 0);
    let other_at = arena.at(1);
    let others = arena.claim(1, 1_000, other_at);
    let one = arena.claim(SHOOTER, 1_010, at);
    arena.step();
    let two = arena.claim(SHOOTER, 1_020, beside(at, 90));
    arena.step();
    arena.act_after(SHOOTER, one, Deed::Attack, straight());
    arena.act_after(SHOOTER, two, Deed::Attack, straight());
    arena.act_after(1, others, Deed::Attack, straight());
    let away = [(SHOOTER, beside(at, 140)), (1, beside(other_at, 300))];
    let away = away.map(|(slot, to)| (slot, arena.claim(slot, 1_030, to)));
    arena.step();
    assert_eq!(away.map(|(slot, seq)| arena.refusal(slot, seq)), [Some(Reason::HeldByShot); 2]);
}

#[test]
fn an_ability_that_is_not_used_holds_for_its_tick_and_no_longer() {
    let (mut arena, at) = at_rest(100, 0);
    let one = arena.claim(SHOOTER, 1_010, at);
    arena.step();
    arena.act_after(SHOOTER, one, Deed::Ability { index: 0 }, straight());
    arena.act_after(SHOOTER, one, Deed::Ability { index: 0 }, straight());
    arena.step();
    let (dashed_at, epoch) = (arena.at(SHOOTER), arena.own(SHOOTER).pose_epoch);
    assert!(dashed_at.distance_squared(at) > 1_000_000);
    let on = beside(dashed_at, 2);
    arena.claim_of(SHOOTER, 1_020, on, epoch);
    arena.step();
    assert_eq!(arena.at(SHOOTER), on);
}

#[test]
fn a_hold_of_minutes_ago_holds_nobody_however_fast_bodies_are() {
    let mut plan = Plan::on(maps::plain(&[[0, 0, 10_000], [0, 0, -10_000]]));
    plan.ruleset.movement.speed_mm_per_s = 50_000;
    let mut arena = Arena::fighting(&plan, 2);
    arena.step_by(60);
    let at = arena.at(SHOOTER);
    arena.claim(SHOOTER, 1_000, at);
    arena.act(SHOOTER, Deed::Attack, Yaw(0), Pitch::default());
    arena.step();
    for _ in 0..2 * 60 * 128 {
        arena.sim.step(&mut Vec::new());
    }
    arena.claim(SHOOTER, 1_020, at);
    arena.step();
    assert_eq!((arena.displaced(SHOOTER), arena.at(SHOOTER)), (Vec::new(), at));
}

#[test]
fn who_leaves_after_a_shot_stands_until_a_frame_has_shown_him_and_does_nothing_more() {
    for cause in [LeaveCause::Left, LeaveCause::WindowExpired, LeaveCause::Kicked] {
        let (mut arena, _) = at_rest(10, 0);
        arena.act(SHOOTER, Deed::Attack, Yaw(0), Pitch::default());
        arena.step();
        arena.input.push(Command::Leave { slot: Slot(SHOOTER), cause });
        let more = arena.act(SHOOTER, Deed::Attack, Yaw(0), Pitch::default());
        arena.step();
        assert_eq!(arena.verdict(SHOOTER, more), None, "he has left");
        next_frame(&mut arena);
        assert!(arena.sim.members().any(|(_, identity, _)| identity.slot == Slot(SHOOTER)), "it is shown");
        arena.step();
        let gone = |event: &Event| matches!(event, Event::Left { cause: told, .. } if *told == cause);
        assert!(arena.output.events.iter().any(gone), "and gone in the tick after: {cause:?}");
    }
}

#[test]
fn who_is_to_leave_leaves_in_a_restored_world_too() {
    let (mut arena, _) = at_rest(10, 0);
    arena.act(SHOOTER, Deed::Attack, Yaw(0), Pitch::default());
    arena.step();
    arena.input.push(Command::Leave { slot: Slot(SHOOTER), cause: LeaveCause::Left });
    arena.step();
    let mut keyframe = Vec::new();
    arena.sim.write_keyframe(&mut keyframe);
    let mut restored = Sim::restore(&arena.parts, &keyframe).expect("the keyframe is whole");
    assert!(restored.own_view(Slot(SHOOTER)).is_some(), "it stands");
    for _ in 0..8 {
        let root = restored.step(&mut Vec::new()).root;
        assert_eq!(root, arena.step().root);
    }
    assert!(restored.own_view(Slot(SHOOTER)).is_none(), "it is gone");
}

#[test]
fn after_the_end_nobody_who_leaves_is_waited_for() {
    let (mut arena, _) = at_rest(10, 0);
    arena.act(SHOOTER, Deed::Attack, Yaw(0), Pitch::default());
    arena.step();
    arena.input.push(Command::End { reason: EndReason::Requested });
    arena.input.push(Command::Leave { slot: Slot(SHOOTER), cause: LeaveCause::Left });
    arena.step();
    assert!(arena.sim.own_view(Slot(SHOOTER)).is_none(), "no shot is shown any more");
}

#[test]
fn a_second_shot_from_the_same_place_lengthens_no_walk() {
    let (mut arena, at) = at_rest(10, 0);
    let one = arena.claim(SHOOTER, 1_010, at);
    arena.step();
    let first = arena.act(SHOOTER, Deed::Attack, Yaw(0), Pitch::default());
    arena.step();
    assert_eq!(arena.refusal(SHOOTER, first), None);
    arena.step();
    let second = arena.act_after(SHOOTER, one, Deed::Attack, straight());
    let away = arena.claim(SHOOTER, 1_029, beside(at, 130));
    arena.step();
    let told = [second, away].map(|seq| arena.verdict(SHOOTER, seq).and_then(|verdict| verdict.reason));
    assert_eq!(told, [None, Some(Reason::HeldByShot)], "the walk counts from the first shot");
}

#[test]
fn who_joins_again_before_he_has_gone_has_never_been_away() {
    let (mut arena, _) = at_rest(10, 0);
    let id = arena.own(SHOOTER).id;
    arena.act(SHOOTER, Deed::Attack, Yaw(0), Pitch::default());
    arena.step();
    arena.input.push(Command::Leave { slot: Slot(SHOOTER), cause: LeaveCause::Left });
    arena.step();
    let Command::Join { pseudonym, team, bot, .. } = join(SHOOTER, Team::NONE) else {
        unreachable!("a join")
    };
    arena.input.push(Command::Join { slot: Slot(7), pseudonym, team, bot });
    arena.step_by(8);
    let bodies: Vec<_> = arena.sim.members().map(|(id, identity, _)| (id, identity.slot)).collect();
    assert_eq!(bodies[0], (id, Slot(SHOOTER)));
    assert_eq!(bodies.len(), 2, "one body each");
}
