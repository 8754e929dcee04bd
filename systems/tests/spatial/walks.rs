//! The walker's paths keep every rule of movement, judged here by plain arithmetic.

use combat_components::map::Map;
use combat_components::quantity::{Vec3Mm, Velocity, Yaw};
use combat_components::tick::TickRate;
use combat_systems::spatial::{Level, Trail, Walked, Walker, Wish};

use crate::fixture::{Random, floor_and, level, maps, rules};
use crate::reference::Reference;

const WALKS: u32 = 150;
const TICKS: u32 = 256;
/// Unoptimised, only so many of a series of cases are tried.
const STEP: usize = if cfg!(debug_assertions) { 12 } else { 1 };

fn walker(at: Vec3Mm) -> Walker {
    Walker::new(rules().movement, TickRate::DEFAULT, at)
}

/// A wish that turns, stops and jumps now and then.
fn wander(random: &mut Random, wish: &mut Wish) {
    if random.between(0, 30) == 0 {
        wish.direction = Yaw(random.next() as u16);
        wish.speed_mm_per_s = [0, 3_000, 6_500, 6_500][random.between(0, 3) as usize];
    }
    wish.jump = random.between(0, 40) == 0;
}

fn start(random: &mut Random, map: &Map, level: &Level) -> Vec3Mm {
    let spawn = map.spawns[random.between(0, map.spawns.len() as i32 - 1) as usize].at;
    level.ground_below(Vec3Mm { y: spawn.y + 40, ..spawn }).expect("a spawn has ground")
}

fn run(level: &Level, walker: &mut Walker, direction: Yaw, ticks: u32) -> Vec3Mm {
    for _ in 0..ticks {
        walker.step(level, &Wish { direction, speed_mm_per_s: 6_500, jump: false });
    }
    walker.at()
}

#[test]
fn random_walks_keep_the_rules_of_movement() {
    let mut random = Random::new(71);
    let body = rules().body;
    for map in maps() {
        let (level, reference) = (level(&map), Reference::new(&map, &body));
        let (mut travelled_mm, mut airborne, mut highest) = (0.0, 0, 0);
        for walk in 0..WALKS {
            let mut walker = walker(start(&mut random, &map, &level));
            if walk % 2 == 0 {
                walker = walker.with_controller_only();
            }
            let (mut wish, mut from, mut last) = (Wish::default(), walker.at(), [0.0; 2]);
            let mut left_ground_at = from.y;
            for _ in 0..TICKS {
                wander(&mut random, &mut wish);
                if walker.stands() {
                    left_ground_at = from.y;
                }
                let Walked { at, via } = walker.step(&level, &wish);
                let context = || format!("{} walk {walk}: {from:?} to {at:?} via {via:?}", map.id);
                assert!(!level.overlaps(at) && reference.clearance_mm(at) > -2.05, "{}", context());
                let corner = via.unwrap_or(from);
                assert!(level.path_is_free(from, corner) && level.path_is_free(corner, at), "{}", context());
                let moved = [f64::from(at.x - from.x), f64::from(at.z - from.z)];
                let length = (moved[0] * moved[0] + moved[1] * moved[1]).sqrt();
                assert!(length <= 6_500.0 / 128.0 + 1.5, "{} moved {length} mm", context());
                for axis in 0..2 {
                    let gained = moved[axis].abs() - (last[axis] * moved[axis].signum()).max(0.0);
                    assert!(gained <= 80_000.0 / 128.0 / 128.0 + 2.5, "{} gained {gained} mm", context());
                }
                let risen = at.y - from.y;
                assert!(risen <= 351 && (risen <= 52 || walker.stands()), "{}", context());
                assert!(at.y - left_ground_at <= 1_058 || walker.stands(), "{}", context());
                travelled_mm += length;
                airborne += u32::from(!walker.stands());
                highest = highest.max(at.y);
                (from, last) = (at, moved);
            }
        }
        let ticks = f64::from(WALKS * TICKS);
        println!(
            "{}: {:.1} mm per tick, {airborne} ticks in the air, up to {highest} mm",
            map.id,
            travelled_mm / ticks
        );
        assert!(travelled_mm / ticks > 15.0 && airborne > 2_000, "{}: they moved and jumped", map.id);
    }
}

#[test]
fn every_walk_fits_into_claims_of_four_bends() {
    let mut random = Random::new(72);
    for map in maps() {
        let level = level(&map);
        let (mut claims, mut early) = (0, 0);
        for _ in 0..WALKS {
            let mut walker = walker(start(&mut random, &map, &level));
            let (mut trail, mut wish) = (Trail::starting(walker.at()), Wish::default());
            let mut claimed = walker.at();
            for tick in 0..TICKS {
                wander(&mut random, &mut wish);
                let walked = walker.step(&level, &wish);
                let mut claim = |trail: &mut Trail| {
                    let mut from = claimed;
                    for to in trail.bends().iter().copied().chain([trail.at()]) {
                        assert!(level.path_is_free(from, to), "{}: {from:?} to {to:?}", map.id);
                        from = to;
                    }
                    claimed = trail.at();
                    claims += 1;
                    trail.claimed();
                };
                if !trail.add(&level, &walked) {
                    claim(&mut trail);
                    early += 1;
                    assert!(
                        trail.add(&level, &walked),
                        "{}: one step fits an empty trail: {walked:?}",
                        map.id
                    );
                }
                assert_eq!(trail.at(), walker.at());
                if tick % 4 == 3 {
                    claim(&mut trail);
                }
            }
        }
        println!("{}: {claims} claims, {early} of them early", map.id);
    }
}

#[test]
fn a_trail_up_a_step_bends_where_a_straight_way_would_lead_through_the_air() {
    let level = level(&floor_and("[[cuboid]]\ncenter_mm = [0, 300, -5_000]\nsize_mm = [9_000, 600, 10_000]"));
    let mut walker = walker(Vec3Mm::new(0, 0, 1_500));
    let mut trail = Trail::starting(walker.at());
    for tick in 0..128 {
        let walked = walker.step(&level, &Wish { direction: Yaw(0), speed_mm_per_s: 6_500, jump: false });
        assert!(trail.add(&level, &walked), "{trail:?}");
        let points: Vec<_> = trail.bends().iter().copied().chain([trail.at()]).collect();
        for piece in points.windows(2) {
            let rise_mm = i64::from(piece[1].y - piece[0].y);
            let is_steep = rise_mm * rise_mm > piece[0].horizontal_distance_squared(piece[1]);
            assert!(!is_steep || rise_mm <= 350, "no step is so high: {piece:?}");
        }
        if tick % 5 == 4 {
            trail.claimed();
        }
    }
    assert!(walker.at().y > 590, "it has climbed the edge: {:?}", walker.at());
}

#[test]
fn a_runner_along_a_wall_is_never_caught_by_it() {
    let level =
        level(&floor_and("[[cuboid]]\ncenter_mm = [0, 1_000, -5_500]\nsize_mm = [38_000, 2_000, 1_000]"));
    for (turn, hz) in (0..60_u16).step_by(STEP).flat_map(|turn| [16, 32, 64, 128].map(|hz| (turn, hz))) {
        let rate = TickRate::new(hz).expect("an allowed rate");
        let mut walker = Walker::new(rules().movement, rate, Vec3Mm::new(-17_000, 0, -4_649));
        let direction = Yaw(49_152 + turn * 150);
        let (mut before, mut fastest_mm) = (walker.at(), 0);
        for _ in 0..hz * 2 {
            walker.step(&level, &Wish { direction, speed_mm_per_s: 6_500, jump: false });
            let along_mm = walker.at().x - before.x;
            assert!(along_mm * 10 >= fastest_mm * 8, "{turn} at {hz} Hz: {along_mm} after {fastest_mm} mm");
            (before, fastest_mm) = (walker.at(), fastest_mm.max(along_mm));
        }
        assert!(fastest_mm * hz as i32 > 4_000, "{turn} at {hz} Hz: {fastest_mm} mm a tick");
    }
}

#[test]
fn who_runs_into_a_wall_or_along_it_keeps_out_of_its_skin() {
    let map = floor_and("[[cuboid]]\ncenter_mm = [0, 1_000, -5_500]\nsize_mm = [38_000, 2_000, 1_000]");
    let (level, reference) = (level(&map), Reference::new(&map, &rules().body));
    for (turn, hz) in
        [2_000, 5_000, 8_000, 12_000, 16_000].map(|turn| [16, 32, 64, 128].map(|hz| (turn, hz))).concat()
    {
        let rate = TickRate::new(hz).expect("an allowed rate");
        let mut walker = Walker::new(rules().movement, rate, Vec3Mm::new(-17_000, 0, -4_000));
        let direction = Yaw(49_152 + turn);
        for _ in 0..hz * 2 {
            walker.step(&level, &Wish { direction, speed_mm_per_s: 6_500, jump: false });
            // Above the floor, which a body touches.
            let clearance_mm = reference.clearance_mm(Vec3Mm { y: 400, ..walker.at() });
            assert!(clearance_mm > -0.01, "{turn} at {hz} Hz: {clearance_mm} mm at {:?}", walker.at());
        }
    }
}

#[test]
fn whoever_comes_down_along_a_wall_lands_in_full_stride() {
    let level =
        level(&floor_and("[[cuboid]]\ncenter_mm = [0, 1_000, -5_500]\nsize_mm = [38_000, 2_000, 1_000]"));
    for (drop_mm, hz) in (0..50).step_by(STEP).flat_map(|drop| [16, 32, 64, 128].map(|hz| (drop * 23, hz))) {
        let rate = TickRate::new(hz).expect("an allowed rate");
        let mut walker = Walker::new(rules().movement, rate, Vec3Mm::default());
        walker.place_moving(&level, Vec3Mm::new(0, 40 + drop_mm, -4_650), Velocity { x: 6_000, y: 0, z: 0 });
        while !walker.stands() {
            let before = walker.at();
            walker.step(&level, &Wish { direction: Yaw(49_152 + 4_000), speed_mm_per_s: 6_500, jump: false });
            let along_mm = walker.at().x - before.x;
            assert!(along_mm * hz as i32 > 5_000, "{along_mm} mm at {before:?}, {hz} Hz");
        }
    }
}

#[test]
fn a_walker_reaches_full_speed_and_stops_at_a_wall() {
    let level =
        level(&floor_and("[[cuboid]]\ncenter_mm = [0, 1_000, -10_000]\nsize_mm = [9_000, 2_000, 1_000]"));
    let mut walker = walker(Vec3Mm::new(0, 0, 5_000));
    let after_a_second = run(&level, &mut walker, Yaw(0), 128);
    assert!((-1_300..=-1_200).contains(&after_a_second.z), "{after_a_second:?}");
    let at_the_wall = run(&level, &mut walker, Yaw(0), 256);
    assert!((-9_152..=-9_145).contains(&at_the_wall.z) && at_the_wall.y == 0, "{at_the_wall:?}");
}

#[test]
fn a_walker_climbs_stairs_and_ramps_and_comes_down_again() {
    let stairs: String = (1..=10)
        .map(|step| {
            let (z, top) = (-400 * step, 300 * step);
            format!("[[cuboid]]\ncenter_mm = [0, {}, {z}]\nsize_mm = [3_000, {top}, 400]\n", top / 2)
        })
        .collect();
    let plateau = "[[cuboid]]\ncenter_mm = [0, 1_500, -6_200]\nsize_mm = [3_000, 3_000, 4_000]\n";
    let ramp = "[[hull]]\npoints_mm = [[-1_500, 0, -200], [1_500, 0, -200], [-1_500, 3_000, -3_200], [1_500, 3_000, -3_200], \
                [-1_500, 3_000, -4_200], [1_500, 3_000, -4_200], [-1_500, 0, -4_200], [1_500, 0, -4_200]]\n";
    for (name, solids) in [("stairs", stairs.as_str()), ("ramp", ramp)] {
        let level = level(&floor_and(&format!("{solids}{plateau}")));
        let mut walker = walker(Vec3Mm::new(0, 0, 2_000));
        let top = run(&level, &mut walker, Yaw(0), 170);
        assert!(top.z < -4_500 && (3_000..=3_002).contains(&top.y), "{name}: {top:?}");
        let bottom = run(&level, &mut walker, Yaw(32_768), 230);
        assert!(bottom.z > 1_000 && (0..=2).contains(&bottom.y), "{name}: {bottom:?}");
    }
}

#[test]
fn a_jump_follows_the_parabola_and_lands() {
    let level = level(&floor_and(""));
    let mut walker = walker(Vec3Mm::new(0, 0, 0));
    let mut highest = 0;
    let mut landed_after = None;
    for tick in 1..=128i64 {
        let at = walker.step(&level, &Wish { jump: tick == 1, ..Wish::default() }).at;
        let exact_um = 6_500_000 * tick / 128 - 20_000_000 * tick * tick / (2 * 128 * 128);
        assert!(walker.stands() || (i64::from(at.y) * 1_000 - exact_um).abs() <= 600, "tick {tick}: {at:?}");
        highest = highest.max(at.y);
        if walker.stands() && landed_after.is_none() {
            landed_after = Some(tick);
        }
    }
    assert_eq!((highest, walker.at()), (1_056, Vec3Mm::new(0, 0, 0)));
    assert!(landed_after.is_some_and(|tick| (83..=85).contains(&tick)), "{landed_after:?}");
}

#[test]
fn a_walker_slides_along_an_oblique_wall() {
    let level = level(&floor_and(
        "[[cuboid]]\ncenter_mm = [0, 1_000, -5_000]\nsize_mm = [20_000, 2_000, 1_000]\nyaw_deg = 30",
    ));
    let mut walker = walker(Vec3Mm::new(0, 0, 0));
    let end = run(&level, &mut walker, Yaw(0), 256);
    assert!(end.x > 2_000 || end.x < -2_000, "{end:?}");
}

#[test]
fn a_walker_left_against_a_wall_by_a_dash_walks_away_along_it_and_from_it() {
    let level = level(&floor_and(
        "[[cuboid]]\ncenter_mm = [0, 1_000, -5_000]\nsize_mm = [20_000, 2_000, 1_000]\nyaw_deg = 30",
    ));
    let dashed = level.slide_until_blocked(Vec3Mm::new(0, 0, 0), Yaw(0), 6_000, 350);
    for (direction, far_mm) in [(Yaw(0), 1_000), (Yaw(32_768), 5_000), (Yaw(49_152), 5_000)] {
        let mut walker = walker(dashed);
        walker.place(&level, dashed);
        let end = run(&level, &mut walker, direction, 128);
        let moved = dashed.horizontal_distance_squared(end).isqrt();
        assert!(moved > far_mm, "{direction:?}: {dashed:?} to {end:?}");
    }
}
