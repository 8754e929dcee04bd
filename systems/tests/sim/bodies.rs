//! Bodies among each other: they may pass, they may not stay, and from inside nothing is gained.

use std::collections::BTreeMap;

use combat_components::body::Body;
use combat_components::canon::{Canon, Reader};
use combat_components::command::{Command, Deed, LeaveCause};
use combat_components::event::Event;
use combat_components::ids::{Epoch, Slot, Team};
use combat_components::map::Solid;
use combat_components::phase::Phase;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_components::streams::Stream;
use combat_components::verdict::Zone;
use combat_systems::formulas::bodies::{apart, clearance_mm, heading};
use combat_systems::sim::SimParts;
use combat_systems::spatial::Wish;
use combat_systems::state::StateKind;

use crate::arena::{Arena, Plan};
use crate::client::{self, Client};
use crate::maps;

const SEEDS: u64 = if cfg!(debug_assertions) { 5 } else { 100 };
/// The limit at 128 Hz, and the frame tick at which it is seen to be reached.
const LIMIT_TICKS: u32 = 64 + 4;
const FULL_SPEED: i32 = 6_500;
const WIDTH_MM: i32 = 700;

/// Honest clients, each beginning at a place of its own.
struct Scene {
    arena: Arena,
    clients: Vec<Client>,
    /// For each pair of clients that overlaps, since how many ticks it has.
    streaks: BTreeMap<(usize, usize), u32>,
    longest_streak: u32,
    /// How often each client was put out.
    put_out: Vec<u32>,
}

impl Scene {
    fn new(seed: u64, places: &[[i32; 3]]) -> Self {
        Self::among(seed, places, &[])
    }

    fn among(seed: u64, places: &[[i32; 3]], solids: &[Solid]) -> Self {
        let mut plan = Plan::on(maps::plain(places)).seeded(seed);
        plan.map.solids.extend_from_slice(solids);
        Self::of(plan.parts(), places)
    }

    fn of(parts: SimParts, places: &[[i32; 3]]) -> Self {
        let mut arena = Arena::of(parts);
        arena.begin(places.len() as u8);
        let slots = 0..places.len() as u8;
        let slot_at = |arena: &mut Arena, &[x, y, z]: &[i32; 3]| {
            slots.clone().find(|slot| arena.at(*slot) == Vec3Mm::new(x, y, z)).expect("each has a place")
        };
        let slots: Vec<u8> = places.iter().map(|place| slot_at(&mut arena, place)).collect();
        let clients = slots.iter().map(|slot| Client::new(&mut arena, *slot, 1)).collect();
        let put_out = vec![0; places.len()];
        Self { arena, clients, streaks: BTreeMap::new(), longest_streak: 0, put_out }
    }

    fn slot(&self, index: usize) -> u8 {
        self.clients[index].slot
    }

    fn at(&mut self, index: usize) -> Vec3Mm {
        self.arena.at(self.clients[index].slot)
    }

    /// Walks straight to a place and stays there.
    fn steer(&mut self, index: usize, to: Vec3Mm) {
        let client = &mut self.clients[index];
        let distance_mm = client.at().horizontal_distance_squared(to).isqrt() as i32;
        let direction = heading(client.at(), to).unwrap_or_default();
        client.wish = Wish { direction, speed_mm_per_s: (distance_mm * 12).min(FULL_SPEED), jump: false };
    }

    fn step(&mut self) {
        client::tick(&mut self.arena, &mut self.clients);
        let body = self.arena.parts.ruleset.body;
        let living: Vec<(bool, Vec3Mm)> = (0..self.clients.len())
            .map(|index| (self.arena.public(self.slot(index)).alive, self.at(index)))
            .collect();
        for one in 0..living.len() {
            self.put_out[one] += self.separations(one);
            for other in 0..one {
                let both_live = living[one].0 && living[other].0;
                let streak = self.streaks.entry((one, other)).or_default();
                *streak =
                    if both_live && !apart(&body, living[one].1, living[other].1) { *streak + 1 } else { 0 };
                self.longest_streak = self.longest_streak.max(*streak);
            }
        }
    }

    fn separations(&self, index: usize) -> u32 {
        let displaced = self.arena.displaced(self.slot(index));
        displaced.iter().filter(|reason| **reason == Reason::Separated).count() as u32
    }

    fn overlaps(&self, one: usize, other: usize) -> bool {
        self.streaks.get(&(one.max(other), one.min(other))).is_some_and(|streak| *streak > 0)
    }
}

fn offset(stream: &mut Stream, within_mm: u32) -> Vec3Mm {
    let mut part = || stream.below(2 * within_mm + 1) as i32 - within_mm as i32;
    Vec3Mm::new(part(), 0, part())
}

fn plus(a: Vec3Mm, b: Vec3Mm) -> Vec3Mm {
    Vec3Mm::new(a.x + b.x, a.y + b.y, a.z + b.z)
}

#[test]
fn who_stays_inside_a_stander_is_put_out_in_time_and_the_stander_is_never_moved() {
    for seed in 0..SEEDS {
        println!("seed {seed}");
        let mut stream = Stream::of(seed, 1);
        let mut scene = Scene::new(seed, &[[0, 0, 0], [3_000, 0, 500]]);
        let stander = scene.at(0);
        let (mut to, mut inside_ticks) = (stander, 0);
        for tick in 0..1_500 {
            if tick % 90 == 0 {
                to = plus(stander, offset(&mut stream, 250));
            }
            scene.steer(1, to);
            scene.step();
            inside_ticks += u32::from(scene.overlaps(0, 1));
            assert_eq!(scene.arena.displaced(scene.slot(0)), [], "tick {tick}");
        }
        assert!(scene.put_out[1] >= 5, "put out {} times", scene.put_out[1]);
        assert!(scene.longest_streak < LIMIT_TICKS, "{} ticks inside", scene.longest_streak);
        assert!(inside_ticks <= 1_500 / 2 + LIMIT_TICKS, "inside for {inside_ticks} of 1500 ticks");
    }
}

#[test]
fn at_every_tick_rate_who_stays_inside_is_put_out_after_as_long() {
    for rate_hz in [16, 32, 64, 128] {
        let places = [[0, 0, 0], [2_000, 0, 0]];
        let plan = Plan { rate_hz, ..Plan::on(maps::plain(&places)) };
        let mut scene = Scene::of(plan.parts(), &places);
        for _ in 0..4 * rate_hz {
            scene.steer(1, Vec3Mm::new(100, 0, 0));
            scene.step();
        }
        assert!(scene.put_out[0] == 0 && scene.put_out[1] > 2, "{rate_hz} Hz: {:?}", scene.put_out);
        let longest_ms = scene.longest_streak * 1_000 / rate_hz;
        assert!((400..=535).contains(&longest_ms), "{rate_hz} Hz: {longest_ms} ms");
    }
}

#[test]
fn refused_claims_hide_from_nobody_who_came_into_whom() {
    let mut scene = Scene::new(8, &[[0, 0, 0], [1_500, 0, 0]]);
    let (host, guest) = (scene.slot(0), scene.slot(1));
    scene.clients.clear();
    let (mut put_out, mut inside) = (0, 0);
    for round in 0..500 {
        let at = scene.arena.at(guest);
        scene.arena.claim(guest, round, Vec3Mm { x: (at.x - 100).max(50), ..at });
        let pose_epoch = scene.arena.own(guest).pose_epoch;
        scene.arena.claim_of(guest, round + 1, Vec3Mm { x: at.x + 9_000, ..at }, pose_epoch);
        for _ in 0..4 {
            scene.arena.step();
            let displaced = scene.arena.displaced(guest);
            put_out += displaced.iter().filter(|reason| **reason == Reason::Separated).count();
            inside += u32::from(scene.arena.at(guest).x < WIDTH_MM);
            assert_eq!(scene.arena.displaced(host), [], "round {round}");
        }
    }
    assert!(put_out > 10 && inside < 1_000, "put out {put_out} times, inside for {inside} of 2000 ticks");
}

#[test]
fn hopping_out_just_before_the_limit_gains_nothing() {
    for out_ticks in [1, 4, 12, 30] {
        let mut scene = Scene::new(3, &[[0, 0, 0], [2_000, 0, 0]]);
        let mut inside_ticks = 0;
        for tick in 0..2_000 {
            let hops_out = tick % (LIMIT_TICKS - 1 + out_ticks) < out_ticks + 8;
            scene.steer(1, Vec3Mm::new(if hops_out { 800 } else { 500 }, 0, 0));
            scene.step();
            inside_ticks += u32::from(scene.overlaps(0, 1));
        }
        assert!(
            inside_ticks <= 1_000 + LIMIT_TICKS,
            "out for {out_ticks}, inside for {inside_ticks} of 2000"
        );
        assert_eq!(scene.put_out[0], 0);
    }
}

#[test]
fn who_follows_a_runner_inside_him_is_put_out_and_not_the_runner() {
    for seed in 0..SEEDS {
        println!("seed {seed}");
        let mut stream = Stream::of(seed, 2);
        let mut scene = Scene::new(seed, &[[0, 0, 0], [900, 0, 0]]);
        let direction = Yaw(stream.draw() as u16);
        scene.clients[0].wish = Wish { direction, speed_mm_per_s: 4_000, jump: false };
        for _ in 0..1_500 {
            let runner = scene.at(0);
            scene.steer(1, runner);
            if stream.below(100) == 0 {
                scene.clients[0].wish.direction.0 = direction.0.wrapping_add(stream.below(12_000) as u16);
            }
            scene.step();
        }
        assert!(scene.put_out[1] >= 3, "put out {:?}", scene.put_out);
        assert_eq!(scene.put_out[0], 0);
        assert!(scene.longest_streak < 2 * LIMIT_TICKS, "{} ticks inside", scene.longest_streak);
    }
}

#[test]
fn whom_somebody_came_into_may_fight_back_without_being_put_out() {
    for seed in 0..SEEDS {
        println!("seed {seed}");
        let mut stream = Stream::of(seed, 3);
        let mut scene = Scene::new(seed, &[[0, 0, 0], [1_500, 0, 0]]);
        let mut sways_to = scene.at(0);
        for tick in 0..1_500 {
            let host = scene.at(0);
            scene.steer(1, plus(host, Vec3Mm::new(120, 0, 0)));
            if tick % 25 == 0 {
                sways_to = offset(&mut stream, 200);
            }
            // Before the guest is in, whoever moves towards him comes in as well.
            scene.steer(0, if scene.overlaps(0, 1) { sways_to } else { host });
            scene.step();
        }
        assert!(scene.put_out[1] >= 3, "put out {:?}", scene.put_out);
        assert!(scene.put_out[0] <= scene.put_out[1] / 3, "put out {:?}", scene.put_out);
    }
}

#[test]
fn walking_through_a_row_of_standers_puts_nobody_out_and_is_no_faster_than_walking() {
    for (speed, spacing_mm) in [(FULL_SPEED, 900), (FULL_SPEED, 3_000), (3_500, 3_000)] {
        let mut places = vec![[-2_000, 0, 0]];
        places.extend((0..20).map(|place| [place * spacing_mm, 0, 0]));
        let mut scene = Scene::new(5, &places);
        scene.clients[0].wish = Wish { direction: Yaw(49_152), speed_mm_per_s: speed, jump: false };
        let starts_at = scene.at(0).x;
        for tick in 1..=300 {
            scene.step();
            let walked_mm = scene.at(0).x - starts_at;
            assert!(walked_mm <= speed * tick / 128 + 60, "{walked_mm} mm in {tick} ticks");
        }
        assert!(spacing_mm < 2_000 || scene.put_out == vec![0; places.len()], "{:?}", scene.put_out);
        assert!(scene.put_out[1..].iter().all(|times| *times == 0), "{:?}", scene.put_out);
    }
}

/// The runner stops inside everybody he meets, wherever that carries him furthest, and runs on when he is put out.
#[test]
fn being_put_out_carries_nobody_along() {
    for seed in 0..SEEDS.min(20) {
        for spacing_mm in [1_500, 2_800] {
            println!("seed {seed}, a stander every {spacing_mm} mm");
            let mut stream = Stream::of(seed, 4);
            let mut places = vec![[-2_000, 0, 0]];
            places.extend((0..6).map(|place| [place * spacing_mm, 0, 0]));
            let mut scene = Scene::new(seed, &places);
            let starts_at = scene.at(0).x;
            let beyond_mm = stream.below(600) as i32;
            for tick in 1..=500 {
                let x = scene.at(0).x;
                let met = (0..6).map(|place| place * spacing_mm).find(|met| (x - met).abs() < WIDTH_MM);
                let to = met.map_or(1_000_000, |met| met + beyond_mm);
                scene.steer(0, Vec3Mm::new(to.max(x), 0, 0));
                scene.step();
                let walked_mm = scene.at(0).x - starts_at;
                assert!(walked_mm <= FULL_SPEED * tick / 128 + 60, "{walked_mm} mm in {tick} ticks");
            }
            assert!(scene.put_out[1..].iter().all(|times| *times == 0), "{:?}", scene.put_out);
        }
    }
}

#[test]
fn nobody_is_put_further_than_out_of_the_body_he_is_in_nor_carried_further_than_through_it() {
    for seed in 0..SEEDS {
        let mut stream = Stream::of(seed, 5);
        let mut scene = Scene::new(seed, &[[0, 0, 0], [1_500, 0, 0]]);
        let body = scene.arena.parts.ruleset.body;
        let mut to = scene.at(0);
        for tick in 0..1_000 {
            if tick % 60 == 0 {
                to = offset(&mut stream, 300);
            }
            scene.steer(1, to);
            let before = scene.at(1);
            scene.step();
            if scene.separations(1) > 0 {
                let (one, other) = (scene.at(0), scene.at(1));
                let moved_mm = other.distance_squared(before).isqrt() as i32;
                let through_mm = clearance_mm(&body) + FULL_SPEED / 30 + 2;
                assert!(moved_mm <= through_mm, "seed {seed}: moved by {moved_mm} mm");
                let from_mm = one.distance_squared(other).isqrt() as i32;
                assert!(apart(&body, one, other));
                assert!(from_mm <= clearance_mm(&body) + 2, "seed {seed}: put {from_mm} mm from him");
            }
        }
    }
}

#[test]
fn two_who_run_into_each_other_are_both_put_out_each_to_his_own_side() {
    let mut sides = [0; 2];
    for seed in 0..4 * SEEDS {
        println!("seed {seed}");
        let mut scene = Scene::new(seed, &[[-1_500, 0, 0], [1_500, 0, 0]]);
        sides[usize::from(scene.slot(0))] += 1;
        let mut parted_at = None;
        for tick in 0..200 {
            [0, 1].into_iter().for_each(|index| scene.steer(index, Vec3Mm::default()));
            scene.step();
            if scene.separations(0) + scene.separations(1) > 0 {
                parted_at.get_or_insert((tick, scene.at(0), scene.at(1), scene.put_out.clone()));
            }
        }
        let (_, one, other, put_out) = parted_at.expect("they stay inside each other");
        assert_eq!(put_out, [1, 1], "seed {seed}");
        assert!(one.x < 0 && other.x > 0, "{one:?} {other:?}");
        assert!((one.x + other.x).abs() <= 2 && (one.z + other.z).abs() <= 2, "{one:?} {other:?}");
        assert!((other.x - one.x - WIDTH_MM - 10).abs() <= 4, "{one:?} {other:?}");
    }
    assert!(sides.iter().all(|side| *side > 0), "both ids have been on both sides: {sides:?}");
}

#[test]
fn everybody_gets_out_of_a_crowd_on_one_spot() {
    for (seed, count) in (0..SEEDS).zip([3, 4, 8, 16, 24].into_iter().cycle()) {
        println!("seed {seed}, {count} bodies");
        let places: Vec<_> =
            (0..count).map(|place| [(place % 6 - 3) * 1_500, 0, (place / 6 - 3) * 1_500]).collect();
        let mut scene = Scene::new(seed, &places);
        for tick in 0..1_200 {
            for index in 0..places.len() {
                let at = scene.clients[index].at();
                scene.steer(index, if tick < 700 { Vec3Mm::default() } else { at });
            }
            scene.step();
        }
        assert!(scene.longest_streak <= 2 * LIMIT_TICKS + LIMIT_TICKS / 4, "{} ticks", scene.longest_streak);
        assert!(scene.streaks.values().all(|streak| *streak == 0), "{:?}", scene.streaks);
    }
}

/// How long each body has been inside others, in the order of ids.
fn inside_ticks(arena: &mut Arena) -> Vec<u32> {
    let bodies = arena.sim.canonical(StateKind::Body);
    let body = |bytes: &[u8]| Body::take(&mut Reader::new(bytes)).expect("a body is read as it was written");
    bodies.iter().map(|(_, bytes)| body(bytes).intrusion.ticks).collect()
}

#[test]
fn of_many_due_at_once_eight_are_put_out_at_a_look_and_who_waits_gathers_no_more_time_than_is_allowed() {
    // On a circle, so that all of them come into each other at the same look.
    let turns = (0..20).map(|place| f64::from(place) * std::f64::consts::TAU / 20.0);
    let part = |part: f64| libm::round(part * 2_600.0) as i32;
    let places: Vec<_> = turns.map(|turn| [part(libm::cos(turn)), 0, part(libm::sin(turn))]).collect();
    let mut scene = Scene::new(1, &places);
    let allowed_ticks = scene.arena.sim.rules().inside_ticks_max;
    let (mut put_out, mut due) = (Vec::new(), Vec::new());
    for _ in 0..2 * LIMIT_TICKS {
        (0..places.len()).for_each(|index| scene.steer(index, Vec3Mm::default()));
        scene.step();
        let inside = inside_ticks(&mut scene.arena);
        assert!(inside.iter().all(|ticks| *ticks <= allowed_ticks), "of {allowed_ticks}: {inside:?}");
        let separated: u32 = (0..places.len()).map(|index| scene.separations(index)).sum();
        if separated > 0 {
            put_out.push(separated);
            due.push(inside.iter().filter(|ticks| **ticks == allowed_ticks).count());
        }
    }
    assert_eq!((due[0], &put_out[..2]), (20, &[8, 8][..]), "due {due:?}, put out {put_out:?}");
}

#[test]
fn in_random_crowds_nobody_rests_inside_another() {
    for seed in 0..SEEDS {
        println!("seed {seed}");
        let mut stream = Stream::of(seed, 6);
        let places: Vec<_> = (0..12).map(|place| [place % 4 * 1_000, 0, place / 4 * 1_000]).collect();
        let walls = [
            maps::cuboid([1_500, 1_500, -1_500], [7_000, 3_000, 1_000]),
            maps::cuboid([1_500, 1_500, 3_500], [7_000, 3_000, 1_000]),
            maps::cuboid([-1_500, 1_500, 1_000], [1_000, 3_000, 6_000]),
            maps::cuboid([4_500, 1_500, 1_000], [1_000, 3_000, 6_000]),
            maps::cuboid([1_500, 100, 1_500], [900, 200, 900]),
        ];
        let mut scene = Scene::among(seed, &places, &walls[..4]);
        for _ in 0..1_500 {
            for client in &mut scene.clients {
                if stream.below(60) == 0 {
                    let speed_mm_per_s = [0, 0, 2_000, FULL_SPEED][stream.below(4) as usize];
                    let direction = Yaw(stream.draw() as u16);
                    client.wish = Wish { direction, speed_mm_per_s, jump: stream.below(6) == 0 };
                }
            }
            scene.step();
        }
        println!("put out {:?}, longest {}", scene.put_out, scene.longest_streak);
        assert!(scene.longest_streak <= 2 * LIMIT_TICKS, "{} ticks", scene.longest_streak);
    }
}

#[test]
fn a_dash_into_somebody_ends_like_a_walk_into_him() {
    let reach_mm =
        crate::arena::default_rules().abilities[0].own.get("reach_mm").expect("a dash has a reach");
    let mut scene = Scene::new(2, &[[0, 0, 0], [0, 0, reach_mm + 150]]);
    // Once looked at, nobody has just appeared.
    for _ in 0..4 {
        scene.step();
    }
    let dasher = scene.slot(1);
    let seq = &mut scene.clients[1];
    seq.seq += 1;
    let action =
        crate::arena::action(dasher, seq.seq, 0, Deed::Ability { index: 0 }, (Yaw(0), Pitch::default()));
    scene.arena.input.push(Command::Action { action });
    for _ in 0..100 {
        scene.step();
    }
    assert_eq!(scene.put_out, [0, 1]);
    assert!(scene.longest_streak > 10 && scene.longest_streak <= LIMIT_TICKS, "{}", scene.longest_streak);
}

#[test]
fn inside_the_dead_anybody_may_stand_and_who_is_in_a_corner_stays_there() {
    let walls = [
        maps::cuboid([0, 1_500, -900], [3_000, 3_000, 1_000]),
        maps::cuboid([-900, 1_500, 0], [1_000, 3_000, 3_000]),
    ];
    let mut scene = Scene::among(4, &[[0, 0, 0], [2_500, 0, 2_000]], &walls);
    for _ in 0..600 {
        scene.steer(1, Vec3Mm::default());
        scene.step();
    }
    assert!(scene.put_out[0] == 0 && scene.put_out[1] > 2, "{:?}", scene.put_out);
    let host = Slot(scene.slot(0));
    scene.arena.input.push(Command::Leave { slot: host, cause: LeaveCause::Left, request: None });
    scene.clients.truncate(2);
    let guest = scene.clients.pop().expect("there are two");
    scene.arena.step();
    assert_eq!(scene.arena.displaced(guest.slot), []);
}

/// Two bodies walk to one spot; a third shoots once.
fn struck_on_one_spot(seed: u64) -> u8 {
    let mut plan = Plan::on(maps::plain(&[[-1_000, 0, 0], [1_000, 0, 0], [0, 0, 9_000]])).seeded(seed);
    plan.ruleset.weapons[0].own.set("spread_turn", 0);
    let mut arena = Arena::fighting(&plan, 3);
    let shooter = (0..3).find(|slot| arena.at(*slot).z != 0).expect("one stands apart");
    let pair: Vec<u8> = (0..3).filter(|slot| *slot != shooter).collect();
    for _ in 0..12 {
        for slot in &pair {
            let (at, tick) = (arena.at(*slot), arena.tick());
            arena.claim(*slot, tick, Vec3Mm { x: at.x - at.x.signum() * 100, ..at });
        }
        arena.step_by(4);
    }
    assert_eq!(arena.at(pair[0]), arena.at(pair[1]), "seed {seed}");
    arena.attack(shooter, pair[0]);
    arena.step();
    let struck = arena.output.events.iter().find_map(|event| match event {
        Event::Shot { struck, .. } => *struck,
        _ => None,
    });
    let struck = struck.expect("both stand in the line of fire");
    u8::from(struck == arena.public(pair[1]).id)
}

#[test]
fn of_two_on_one_spot_neither_takes_more_than_half_of_the_hits() {
    let seeds = 40 * SEEDS;
    let of_the_higher: u64 = (0..seeds).map(|seed| u64::from(struck_on_one_spot(seed))).sum();
    let noise = 3 * seeds.isqrt() / 2;
    assert!(of_the_higher.abs_diff(seeds / 2) <= noise, "the higher id took {of_the_higher} of {seeds}");
}

#[test]
fn from_inside_an_enemy_no_aim_is_a_head_shot_and_not_every_aim_strikes() {
    let mut plan = Plan::on(maps::plain(&[[0, 0, 0], [1_000, 0, 0]]));
    let weapon = &mut plan.ruleset.weapons[0];
    weapon.own.set("damage_points", 1);
    (weapon.fire_interval_ms, weapon.magazine_rounds) = (1, 10_000);
    plan.ruleset.body.health_points = 100_000;
    let mut parts = plan.parts();
    parts.setup.limits.inside_ms_max = 600_000;
    let mut arena = Arena::of(parts);
    arena.begin(2);
    arena.step_by(2);
    let (mut zones, mut shots) = (BTreeMap::new(), 0);
    for x in [700, 300, 140, 100, 30, 0] {
        let walker = u8::from(arena.at(0).x < arena.at(1).x);
        while arena.at(walker).x > x {
            let (at, tick) = (arena.at(walker), arena.tick());
            arena.claim(walker, tick, Vec3Mm { x: (at.x - 20).max(x), ..at });
            arena.step_by(4);
        }
        if x >= WIDTH_MM / 2 {
            continue;
        }
        for (yaw, pitch) in (0..64).flat_map(|yaw| (-15..=15).map(move |pitch| (yaw * 1_024, pitch * 1_000)))
        {
            let aim = (Yaw(yaw), Pitch::new(pitch).expect("below 89 degrees"));
            arena.act(0, Deed::Attack, aim.0, aim.1);
            arena.act(1, Deed::Attack, aim.0, aim.1);
            arena.step();
            shots += arena.shots();
            for event in &arena.output.events {
                if let Event::Damaged { by: Some(by), zone, .. } = event {
                    *zones.entry((*by, *zone == Zone::Head)).or_insert(0_usize) += 1;
                }
            }
        }
    }
    assert!(zones.keys().all(|(_, head)| !head), "{zones:?}");
    let hits: Vec<usize> = zones.values().copied().collect();
    assert!(
        hits.len() == 2 && hits.iter().all(|hits| (shots / 8..shots * 3 / 8).contains(hits)),
        "{zones:?} of {shots}"
    );
}

#[test]
fn who_joins_where_nobody_can_stand_apart_is_sorted_out_when_there_is_room() {
    let mut map = maps::plain(&[[0, 0, 0], [100, 0, 0]]);
    let pen = |x, z, size: [i32; 3]| maps::cuboid([x, 1_500, z], size);
    map.solids.extend([
        pen(-950, 0, [1_000, 3_000, 3_000]),
        pen(1_050, 0, [1_000, 3_000, 3_000]),
        pen(0, -950, [3_000, 3_000, 1_000]),
    ]);
    let mut arena = Arena::new(&Plan::on(map));
    (0..4).for_each(|slot| arena.join(slot, Team::NONE));
    arena.step_by(8 * LIMIT_TICKS);
    let body = arena.parts.ruleset.body;
    let places: Vec<Vec3Mm> = (0..4).map(|slot| arena.at(slot)).collect();
    for (one, at) in places.iter().enumerate() {
        assert!(places[..one].iter().all(|other| apart(&body, *at, *other)), "{places:?}");
    }
}

#[test]
fn firing_without_pause_keeps_nobody_inside_another() {
    for interval_ms in [10, 30, 100] {
        let mut plan = Plan::on(maps::plain(&[[0, 0, 0], [3_000, 0, 0]]));
        let weapon = &mut plan.ruleset.weapons[0];
        (weapon.fire_interval_ms, weapon.magazine_rounds) = (interval_ms, 1_000);
        let mut arena = Arena::fighting(&plan, 2);
        arena.step_by(60);
        let [host, guest] = if arena.at(0).x == 0 { [0, 1] } else { [1, 0] };
        let (mut streak, mut longest, mut put_out) = (0, 0, 0);
        for clock in (1_000..2_600).step_by(8) {
            let at = arena.at(guest);
            arena.claim(guest, clock, Vec3Mm { x: (at.x - 100).max(0), ..at });
            for _ in 0..8 {
                arena.act(guest, Deed::Attack, Yaw(0), Pitch::new(16_000).expect("it is in range"));
                arena.step();
                let is_put_out = arena.displaced(guest).contains(&Reason::Separated);
                put_out += u32::from(is_put_out);
                assert!(!is_put_out || arena.tick() % 4 == 1, "no shot is still to be shown");
                let is_inside = arena.at(guest).distance_squared(arena.at(host)) < 700 * 700;
                streak = if is_inside { streak + 1 } else { 0 };
                longest = longest.max(streak);
            }
        }
        assert!(put_out > 2, "every {interval_ms} ms: put out {put_out} times");
        assert!(longest <= LIMIT_TICKS + 8, "every {interval_ms} ms: inside for {longest} ticks");
    }
}

#[test]
fn while_play_waits_after_a_restart_nobodys_time_inside_another_runs() {
    let mut arena = Arena::new(&Plan::on(maps::plain(&[[0, 0, 0], [1_000, 0, 0]])));
    (0..2).for_each(|slot| arena.join_by_socket(slot));
    arena.until("the match is on", |arena| arena.sim.match_state().phase == Phase::Active);
    arena.step_by(60);
    let guest = u8::from(arena.at(1).x != 0);
    let at = arena.at(guest);
    arena.claim(guest, 100, at);
    arena.step_by(60);
    arena.claim(guest, 136, Vec3Mm { x: 300, ..at });
    arena.step();
    assert_eq!(arena.at(guest).x, 300);
    arena.until("it has been inside for a while", |arena| inside_ticks(arena).contains(&32));
    let before = inside_ticks(&mut arena);
    arena.input.push(Command::Resumed { epoch: Epoch(2) });
    for _ in 0..400 {
        arena.step();
        assert!(arena.sim.match_state().is_resuming());
        assert!(!arena.displaced(guest).contains(&Reason::Separated));
        assert_eq!(inside_ticks(&mut arena), before);
    }
    (0..2).for_each(|slot| arena.input.push(Command::Connected { slot: Slot(slot) }));
    let goes_on_at = arena.tick();
    arena.until("it is put out", |arena| arena.displaced(guest).contains(&Reason::Separated));
    assert!((24..=44).contains(&(arena.tick() - goes_on_at)), "{} ticks", arena.tick() - goes_on_at);
}
