//! Shooting from where one never stood: out of cover, a shot and back before any frame.

use combat_components::canon::{Canon, Reader};
use combat_components::claims::ClaimState;
use combat_components::command::{Command, Deed, LeaveCause};
use combat_components::event::Event;
use combat_components::ids::{Slot, Team};
use combat_components::map::Map;
use combat_components::phase::EndReason;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_components::streams::Stream;
use combat_components::verdict::Outcome;
use combat_systems::sim::Sim;
use combat_systems::state::StateKind;

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

/// A shot that is still to be shown: whose fall the server sees through may have sunk below it.
struct Muzzle {
    at: Vec3Mm,
    falls: bool,
}

/// Whoever walks, jumps, dashes, shoots and lies at random, goes silent on the ground and in the air, leaves and comes
/// back.
struct Rover {
    stream: Stream,
    client_tick: u32,
    silent_until: u32,
}

impl Rover {
    fn think(&mut self, arena: &mut Arena) {
        if arena.sim.own_view(Slot(SHOOTER)).is_none() {
            if self.stream.below(10) == 0 {
                arena.join(SHOOTER, Team::NONE);
            }
            return;
        }
        let mut last = (0, arena.at(SHOOTER));
        let falls_silent = if last.1.y > 100 { 4 } else { 60 };
        if arena.tick() >= self.silent_until && self.stream.below(falls_silent) == 0 {
            self.silent_until = arena.tick() + self.stream.below(arena.parts.setup.tick_rate.hz());
        }
        for _ in 0..self.stream.below(4) {
            if self.stream.below(3) == 0 {
                self.act(arena, last.0);
            } else if arena.tick() >= self.silent_until {
                last = self.claim(arena, last.1);
            }
        }
        if self.stream.below(if arena.shots() > 0 { 10 } else { 200 }) == 0 {
            arena.input.push(Command::Leave { slot: Slot(SHOOTER), cause: LeaveCause::Left, request: None });
        }
    }

    fn act(&mut self, arena: &mut Arena, last: u32) {
        let deed = if self.stream.below(4) == 0 { Deed::Ability { index: 0 } } else { Deed::Attack };
        let follows = if self.stream.below(3) == 0 { 0 } else { last };
        let yaw = Yaw(self.stream.below(65_536) as u16);
        arena.act_after(SHOOTER, follows, deed, (yaw, Pitch::default()));
    }

    fn claim(&mut self, arena: &mut Arena, from: Vec3Mm) -> (u32, Vec3Mm) {
        let ticks = 1 + self.stream.below(6);
        self.client_tick += ticks;
        let mm = (6_500 * ticks / arena.parts.setup.tick_rate.hz()) as i32;
        let up_mm = match self.stream.below(4) {
            0 if from.y < 5 => mm - 5,
            _ => -(self.stream.below(mm as u32 + 1) as i32).min(from.y.max(0)),
        };
        let across = beside(from, [mm, -mm, mm / 2, 0][self.stream.below(4) as usize]);
        let to = Vec3Mm { y: from.y + up_mm, ..across };
        (arena.claim(SHOOTER, self.client_tick, to), to)
    }
}

/// Where the shots of this tick were fired from.
fn muzzles(arena: &mut Arena) -> Vec<Muzzle> {
    let shots: Vec<Vec3Mm> = arena.output.events.iter().filter_map(muzzle).collect();
    let falls = |arena: &mut Arena| {
        let (id, all) = (arena.own(SHOOTER).id, arena.sim.canonical(StateKind::Claims));
        let (_, bytes) = all.iter().find(|(of, _)| *of == Some(id)).expect("it has claims");
        ClaimState::take(&mut Reader::new(bytes)).expect("it is read as it was written").fall.is_some()
    };
    shots.into_iter().map(|at| Muzzle { at, falls: falls(arena) }).collect()
}

fn muzzle(event: &Event) -> Option<Vec3Mm> {
    match event {
        Event::Shot { from, .. } => Some(Vec3Mm { y: from.y - 1_620, ..*from }),
        _ => None,
    }
}

#[test]
fn every_frame_after_a_shot_shows_the_shooter_within_a_frames_walk_of_its_muzzle() {
    let (mut shots, mut falling, mut leaves) = (0, 0, 0);
    for seed in 0..if cfg!(debug_assertions) { 20 } else { 200 } {
        println!("seed {seed}");
        let mut stream = Stream::of(seed, 9);
        let rate_hz = [16, 32, 64, 128][stream.below(4) as usize];
        let mut map = maps::plain(&[-10_000, 0, 10_000].map(|z| [0, 6_000, z]));
        let towers = [-10_000, 0, 10_000].map(|z| maps::cuboid([0, 3_000, z], [1_200, 6_000, 1_200]));
        map.solids.extend(towers);
        let mut plan = Plan { rate_hz, ..Plan::on(map) };
        plan.ruleset.matches.respawn_ms = 300;
        (plan.ruleset.weapons[0].magazine_rounds, plan.ruleset.weapons[0].fire_interval_ms) = (10_000, 40);
        let mut arena = Arena::fighting(&plan, 3);
        let mut rover = Rover { stream, client_tick: 100, silent_until: 0 };
        let mut to_be_shown = Vec::new();
        for _ in 0..2_000 {
            rover.think(&mut arena);
            arena.step();
            to_be_shown.extend(muzzles(&mut arena));
            if !arena.tick().is_multiple_of(frame_ticks(&arena)) || to_be_shown.is_empty() {
                continue;
            }
            let tick = arena.tick();
            let shown = arena.sim.own_view(Slot(SHOOTER)).expect("nobody goes before his shot is shown");
            let leaves_now = arena.sim.members().any(|(_, _, link)| link.leaves.is_some());
            leaves += u32::from(leaves_now);
            let most = walk_mm(&arena, frame_ticks(&arena));
            for Muzzle { at, falls } in to_be_shown.drain(..) {
                shots += 1;
                falling += u32::from(falls);
                let level = if falls { shown.pose.at.y } else { at.y };
                let away = shown.pose.at.distance_squared(Vec3Mm { y: level, ..at }).isqrt();
                assert!(away <= most, "tick {tick}: {away} mm from the muzzle, at most {most}");
                assert!(shown.pose.at.y <= at.y || !falls, "tick {tick}: nobody falls up");
            }
        }
    }
    println!("{shots} shots, {falling} in a fall, {leaves} who left");
    assert!(shots > 1_000 && falling > 20 && leaves > 20, "{shots}, {falling}, {leaves}");
}

#[test]
fn neither_silence_in_the_air_nor_leaving_takes_a_shooter_away_before_the_frame() {
    for (into_grid, leaves) in [(0, false), (1, false), (2, false), (3, false), (1, true), (2, true)] {
        let (mut arena, at) = at_rest(100, into_grid);
        let up = Vec3Mm { y: at.y + 340, ..at };
        arena.claim(SHOOTER, 1_008, up);
        arena.step();
        assert_eq!(arena.at(SHOOTER), up);
        let falls_at = arena.tick() + arena.sim.rules().bank_ticks_max;
        arena.step_by(falls_at - arena.tick() - 2);
        let shot = arena.act(SHOOTER, Deed::Attack, Yaw(0), Pitch::default());
        arena.step();
        assert_eq!(arena.refusal(SHOOTER, shot), None);
        let shown_at = arena.tick().next_multiple_of(frame_ticks(&arena));
        for ticks in 0..=shown_at - arena.tick() {
            if leaves && ticks == 1 {
                arena.input.push(Command::Leave {
                    slot: Slot(SHOOTER),
                    cause: LeaveCause::Left,
                    request: None,
                });
            } else if ticks > 0 {
                arena.claim(SHOOTER, 2_000 + 40 * ticks, beside(at, 1_600));
            }
            if ticks > 0 {
                arena.step();
            }
        }
        let away_mm = arena.at(SHOOTER).distance_squared(up).isqrt();
        assert!(away_mm <= walk_mm(&arena, frame_ticks(&arena)), "{away_mm} mm, {into_grid} into the grid");
        arena.step_by(2);
        let is_down = arena.sim.own_view(Slot(SHOOTER)).is_none_or(|own| own.pose.at.y < up.y);
        assert!(is_down, "then it has fallen, or gone");
    }
}

/// In the air, firing as often as it can, until the server has moved it; which ticks it fired at.
fn fires_until_moved(arena: &mut Arena) -> Vec<u32> {
    let (mut fired, mut shot) = (Vec::new(), arena.act(SHOOTER, Deed::Attack, Yaw(0), Pitch::default()));
    arena.until("it is moved", |arena| {
        if arena.refusal(SHOOTER, shot).is_none() {
            fired.push(arena.tick());
        }
        let is_moved = !arena.displaced(SHOOTER).is_empty();
        if !is_moved {
            shot = arena.act(SHOOTER, Deed::Attack, Yaw(0), Pitch::default());
        }
        is_moved
    });
    fired
}

/// After each frame a claim of one tick, and a shot that follows it and would be hidden by a fall.
#[test]
fn who_fires_after_every_frame_hovers_no_longer_than_one() {
    for into_grid in 0..4 {
        let (mut arena, at) = at_rest(10, into_grid);
        let up = Vec3Mm { y: at.y + 900, ..at };
        arena.claim(SHOOTER, 1_030, up);
        arena.step();
        let mut falls_at = arena.tick() + arena.sim.rules().bank_ticks_max;
        arena.step_by(24);
        let (mut client_tick, mut shots) = (1_030, 0);
        arena.until("it falls", |arena| {
            shots += arena.shots();
            let falls = arena.displaced(SHOOTER).contains(&Reason::Silent);
            if !falls && arena.tick() % frame_ticks(arena) == 0 {
                client_tick += 1;
                falls_at += 1;
                let claim = arena.claim(SHOOTER, client_tick, up);
                arena.act_after(SHOOTER, claim, Deed::Attack, straight());
            }
            falls
        });
        assert!(shots > 3, "{shots} shots");
        assert!((falls_at..=falls_at + 4).contains(&arena.tick()), "{} after {falls_at}", arena.tick());
    }
}

#[test]
fn who_lands_after_a_shot_in_his_fall_is_held_as_one_who_walks() {
    let mut held = 0;
    for into_grid in 0..4 {
        let (mut arena, at) = at_rest(10, into_grid);
        arena.claim(SHOOTER, 1_030, Vec3Mm { y: at.y + 900, ..at });
        arena.until("its fall begins", |arena| arena.displaced(SHOOTER) == [Reason::Silent]);
        let fired_at = *fires_until_moved(&mut arena).last().expect("it fires in its fall");
        assert_eq!(arena.at(SHOOTER), at, "it has landed");
        let shown_at = fired_at.next_multiple_of(frame_ticks(&arena));
        while arena.tick() < shown_at {
            let away = arena.claim(SHOOTER, 2_000 + 40 * arena.tick(), beside(at, 1_600));
            arena.step();
            assert_eq!(arena.refusal(SHOOTER, away), Some(Reason::HeldByShot));
            held += 1;
        }
    }
    assert!(held > 0, "some land before a frame");
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
    at_rest_on(maps::plain(&[[0, 0, 10_000], [0, 0, -10_000]]), fire_interval_ms, into_grid)
}

fn at_rest_on(map: Map, fire_interval_ms: u32, into_grid: u32) -> (Arena, Vec3Mm) {
    let mut plan = Plan::on(map);
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
    let back = arena.claim(SHOOTER, 1_030, beside(at, 80));
    let away = [(SHOOTER, beside(at, 140)), (1, beside(other_at, 300))];
    let away = away.map(|(slot, to)| (slot, arena.claim(slot, 1_040, to)));
    arena.step();
    assert_eq!(arena.verdict(SHOOTER, back), None, "a walk from the muzzle that is fired from");
    assert_eq!(arena.at(SHOOTER), beside(at, 80));
    assert_eq!(away.map(|(slot, seq)| arena.refusal(slot, seq)), [Some(Reason::HeldByShot); 2]);
}

#[test]
fn an_ability_that_is_not_used_holds_for_its_tick_and_no_longer() {
    let mut map = maps::plain(&[[0, 0, 10_000], [0, 0, -10_000]]);
    map.solids.extend([10_000, -10_000].map(|z| maps::cuboid([0, 1_500, z - 449], [4_000, 3_000, 200])));
    let (mut arena, at) = at_rest_on(map, 100, 0);
    let one = arena.claim(SHOOTER, 1_010, at);
    arena.step();
    let dash = arena.act_after(SHOOTER, one, Deed::Ability { index: 0 }, straight());
    let in_its_tick = arena.claim(SHOOTER, 1_030, beside(at, 300));
    arena.step();
    assert_eq!(arena.refusal(SHOOTER, dash), Some(Reason::NoRoom), "there is a wall");
    assert_eq!(arena.refusal(SHOOTER, in_its_tick), Some(Reason::HeldByShot));
    assert!(!arena.tick().is_multiple_of(frame_ticks(&arena)), "no frame has shown it");
    let in_the_next = arena.claim(SHOOTER, 1_030, beside(at, 300));
    arena.step();
    assert_eq!(arena.verdict(SHOOTER, in_the_next), None);
    assert_eq!(arena.at(SHOOTER), beside(at, 300));
}

#[test]
fn of_two_dashes_in_one_packet_the_one_that_is_not_ready_binds_nobody() {
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
        arena.input.push(Command::Leave { slot: Slot(SHOOTER), cause, request: None });
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
    arena.input.push(Command::Leave { slot: Slot(SHOOTER), cause: LeaveCause::Left, request: None });
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
    arena.input.push(Command::End { reason: EndReason::Requested, request: None });
    arena.input.push(Command::Leave { slot: Slot(SHOOTER), cause: LeaveCause::Left, request: None });
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
    arena.input.push(Command::Leave { slot: Slot(SHOOTER), cause: LeaveCause::Left, request: None });
    arena.step();
    let Command::Join { pseudonym, team, bot, .. } = join(SHOOTER, Team::NONE) else {
        unreachable!("a join")
    };
    arena.input.push(Command::Join { slot: Slot(7), pseudonym, team, bot, request: None });
    arena.step_by(8);
    let bodies: Vec<_> = arena.sim.members().map(|(id, identity, _)| (id, identity.slot)).collect();
    assert_eq!(bodies[0], (id, Slot(SHOOTER)));
    assert_eq!(bodies.len(), 2, "one body each");
}

/// In a fall a shot, the landing, and what is tried between the landing and the frame.
#[test]
fn a_shot_in_a_fall_holds_its_shooter_beyond_the_landing() {
    let mut tried = [0, 0];
    for (into_grid, after) in (0..4).flat_map(|into_grid| (0..60).map(move |after| (into_grid, after))) {
        for leaves in [false, true] {
            let (mut arena, at) = at_rest(1_000, into_grid);
            arena.claim(SHOOTER, 1_030, Vec3Mm { y: at.y + 900, ..at });
            arena.until("its fall begins", |arena| arena.displaced(SHOOTER) == [Reason::Silent]);
            arena.step_by(after);
            let shot = arena.act(SHOOTER, Deed::Attack, Yaw(0), Pitch::default());
            let was_down = arena.at(SHOOTER) == at;
            arena.step();
            assert_eq!(arena.refusal(SHOOTER, shot), None);
            let shown_at = arena.tick().next_multiple_of(frame_ticks(&arena));
            if was_down || arena.at(SHOOTER) == at {
                continue;
            }
            while arena.tick() < shown_at {
                if arena.at(SHOOTER) != at {
                    arena.step();
                } else if leaves {
                    arena.input.push(Command::Leave {
                        slot: Slot(SHOOTER),
                        cause: LeaveCause::Left,
                        request: None,
                    });
                    arena.step();
                    assert!(arena.sim.own_view(Slot(SHOOTER)).is_some(), "{into_grid}, {after}: he stands");
                    tried[1] += 1;
                } else {
                    let deed = Deed::Ability { index: 0 };
                    let dash = arena.act(SHOOTER, deed, Yaw(16_384), Pitch::default());
                    arena.step();
                    assert_eq!(
                        arena.refusal(SHOOTER, dash),
                        Some(Reason::HeldByShot),
                        "{into_grid}, {after}"
                    );
                    tried[0] += 1;
                }
            }
        }
    }
    assert!(tried.iter().all(|times| *times > 0), "some land before the frame: {tried:?}");
}

#[test]
fn a_dash_that_follows_a_claim_waits_for_the_frame_too_and_frees_nobody() {
    let (mut arena, cover) = behind_a_pillar(128);
    arena.claim(SHOOTER, 100, cover);
    arena.step_by(64);
    while arena.tick() % frame_ticks(&arena) != 0 {
        arena.step();
    }
    let shot = arena.act(SHOOTER, Deed::Attack, Yaw(0), Pitch::default());
    arena.step();
    assert_eq!(arena.refusal(SHOOTER, shot), None);
    let stays = arena.claim(SHOOTER, 120, cover);
    let dash = arena.act_after(SHOOTER, stays, Deed::Ability { index: 0 }, (Yaw(16_384), Pitch::default()));
    arena.step();
    assert_eq!(arena.refusal(SHOOTER, dash), Some(Reason::HeldByShot));
    let away = arena.claim(SHOOTER, 150, beside(cover, 900));
    arena.step();
    assert_eq!(arena.refusal(SHOOTER, away), Some(Reason::HeldByShot), "the shot's hold is what it was");
    assert_eq!(arena.at(SHOOTER), cover);
}

#[test]
fn an_attack_does_not_follow_a_claim_from_before_a_correction() {
    let (mut arena, cover) = behind_a_pillar(128);
    let straight = (Yaw(0), Pitch::default());
    arena.claim(SHOOTER, 100, cover);
    arena.step_by(64);
    let taken = arena.claim(SHOOTER, 120, beside(cover, 30));
    arena.step();
    let refused = arena.claim(SHOOTER, 124, beside(cover, 9_000));
    let late = arena.act_after(SHOOTER, taken, Deed::Attack, straight);
    arena.step();
    assert_eq!(arena.verdict(SHOOTER, refused).map(|verdict| verdict.outcome), Some(Outcome::Corrected));
    assert_eq!(arena.refusal(SHOOTER, late), Some(Reason::StaleInput), "in the same tick");
    let later = arena.act_after(SHOOTER, taken, Deed::Attack, straight);
    arena.step();
    assert_eq!(arena.refusal(SHOOTER, later), Some(Reason::StaleInput));
}

#[test]
fn a_hold_ends_at_the_millimetre_that_a_walk_in_the_ticks_since_leads_to() {
    // 6.5 m/s are 50.78 mm a tick, and one of rounding.
    for (since, furthest_mm) in [(1, 51), (2, 102), (3, 153)] {
        let (mut arena, cover) = behind_a_pillar(128);
        arena.claim(SHOOTER, 100, cover);
        arena.step_by(64);
        while arena.tick() % frame_ticks(&arena) != 0 {
            arena.step();
        }
        arena.act(SHOOTER, Deed::Attack, Yaw(0), Pitch::default());
        arena.step_by(since);
        let beyond = arena.claim(SHOOTER, 130, beside(cover, furthest_mm + 1));
        arena.claim(SHOOTER, 130, beside(cover, furthest_mm));
        arena.step();
        assert_eq!(arena.refusal(SHOOTER, beyond), Some(Reason::HeldByShot), "{since} ticks after");
        assert_eq!(arena.at(SHOOTER), beside(cover, furthest_mm), "{since} ticks after");
    }
}
