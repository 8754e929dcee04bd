//! Legal walks are accepted, and illegal ones never lead into solid or through it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrayvec::ArrayVec;
use combat_components::command::{Claim, Command};
use combat_components::ids::{Slot, Team};
use combat_components::map::{Map, Solid, hull};
use combat_components::quantity::{Pose, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_components::rules::BodyRules;
use combat_components::streams::Stream;
use combat_components::tick::Tick;
use combat_systems::spatial::{Level, SKIN_MM, Wish};

use crate::arena::{Arena, Plan};
use crate::client::{self, Client};
use crate::maps;
use crate::reference::Reference;

/// Of so many at each rate none is refused, by the seeds below; by others up to 12 of 100,000. A human who runs for an hour sends
/// as many.
const LEGAL_CLAIMS: u32 = if cfg!(debug_assertions) { 4_000 } else { 100_000 };
const ILLEGAL_MOVES: u32 = if cfg!(debug_assertions) { 3_000 } else { 10_000 };
const WALK_TICKS: u32 = 48;
const WALKERS: u8 = 16;

/// Changes of mind within a walk: mostly running, sometimes walking or standing, often jumping.
fn wish(stream: &mut Stream, before: &Wish) -> Wish {
    let direction = match stream.below(4) {
        0 => before.direction,
        1 => Yaw(before.direction.0.wrapping_add(stream.below(12_000) as u16).wrapping_sub(6_000)),
        _ => Yaw(stream.draw() as u16),
    };
    let speed_mm_per_s = [6_500, 6_500, 6_500, 3_000, 800, 0][stream.below(6) as usize];
    Wish { direction, speed_mm_per_s, jump: stream.below(3) == 0 }
}

fn assert_legal_walks_are_accepted(plan: &Plan, seed: u64) {
    let (claims, refused) = refused_of_legal_walks(plan, seed, LEGAL_CLAIMS);
    assert!(refused.is_empty(), "of {claims} refused: {refused:?}");
}

fn refused_of_legal_walks(plan: &Plan, seed: u64, enough: u32) -> (u32, BTreeMap<Reason, u32>) {
    println!("map {}, {} Hz, seed {seed}", plan.map.id, plan.rate_hz);
    let mut stream = Stream::of(seed, 1);
    let mut arena = Arena::new(plan);
    (0..WALKERS).for_each(|slot| arena.join(slot, Team::NONE));
    arena.step_by(3);
    let mut clients: Vec<Client> = (0..WALKERS).map(|slot| Client::new(&mut arena, slot, 2)).collect();
    let (mut walks, mut claims) = (0, 0);
    while claims < enough {
        for tick in 0..WALK_TICKS * plan.rate_hz / 128 {
            for client in &mut clients {
                if tick == 0 || stream.below(20 * plan.rate_hz / 128 + 1) == 0 {
                    client.wish = wish(&mut stream, &client.wish);
                }
            }
            client::tick(&mut arena, &mut clients);
        }
        walks += u32::from(WALKERS);
        claims = clients.iter().map(|client| client.claims_sent).sum();
    }
    let believed = clients.iter().flat_map(|client| &client.believed);
    let mut refused = BTreeMap::new();
    for displacement in believed.filter(|told| told.reason != Reason::Separated) {
        *refused.entry(displacement.reason).or_insert(0) += 1;
    }
    println!("{walks} walks, {claims} claims, refused: {refused:?}");
    let visited: BTreeSet<_> = clients.iter().map(|client| client.at().y / 500).collect();
    println!("ended at heights of {visited:?} half metres");
    (claims, refused)
}

#[test]
fn legal_walks_in_the_duel_box_are_accepted() {
    assert_legal_walks_are_accepted(&Plan::on(maps::duel_box()), 51);
}

#[test]
fn legal_walks_on_two_levels_are_accepted() {
    assert_legal_walks_are_accepted(&Plan::on(maps::two_levels()), 52);
}

fn assert_legal_walks_are_accepted_at(rate_hz: u32) {
    assert_legal_walks_are_accepted(&Plan { rate_hz, ..Plan::on(maps::two_levels()) }, 53);
}

#[test]
fn legal_walks_are_accepted_at_16_hz() {
    assert_legal_walks_are_accepted_at(16);
}

#[test]
fn legal_walks_are_accepted_at_32_hz() {
    assert_legal_walks_are_accepted_at(32);
}

#[test]
fn legal_walks_are_accepted_at_64_hz() {
    assert_legal_walks_are_accepted_at(64);
}

/// Sixteen crossings of two corridors, each turned by chance and 2 to 40 mm wider than a body, within four walls.
fn crossings(stream: &mut Stream) -> Map {
    let places: Vec<_> =
        (0..i32::from(WALKERS)).map(|place| [place % 4 * 24_000, 1, place / 4 * 24_000]).collect();
    let mut map = maps::plain(&places);
    for [x, _, z] in places {
        let yaw = Yaw(stream.draw() as u16);
        let (sin, cos) = libm::sincos(f64::from(yaw.0) / 65_536.0 * std::f64::consts::TAU);
        let mut block = |along: f64, across: f64, size: [i32; 2]| {
            let [dx, dz] =
                [along * cos + across * sin, across * cos - along * sin].map(|mm| libm::round(mm) as i32);
            let (center, size) = (Vec3Mm::new(x + dx, 1_500, z + dz), Vec3Mm::new(size[0], 3_000, size[1]));
            map.solids.push(Solid::Cuboid { center, size, yaw });
        };
        let from_middle = f64::from(702 + stream.below(39)) / 2.0 + 1_250.0;
        for (along, across) in [(1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)] {
            block(along * from_middle, across * from_middle, [2_500, 2_500]);
        }
        for away in [4_500.0, -4_500.0] {
            block(away, 0.0, [1_000, 10_000]);
            block(0.0, away, [10_000, 1_000]);
        }
    }
    map
}

#[test]
fn where_corridors_cross_that_a_body_just_fits_few_claims_are_refused() {
    for (rate_hz, seed) in [(128, 54), (32, 55)] {
        // A corridor turned to where whole millimetres leave a spawn no room is drawn again.
        let plan = (0..100)
            .map(|draw| Plan { rate_hz, ..Plan::on(crossings(&mut Stream::of(seed + draw, 2))) })
            .find(|plan| Level::build(&plan.map, &plan.ruleset.body).is_ok());
        let plan = plan.expect("one of a hundred maps has room at its spawns");
        let (claims, refused) = refused_of_legal_walks(&plan, seed, LEGAL_CLAIMS / 2);
        let times: u32 = refused.values().sum();
        assert!(times * 500 < claims, "{rate_hz} Hz: of {claims} refused: {refused:?}");
    }
}

/// Eight lanes, each up a slope of its own beneath a ceiling that slopes as it does, 2 to 2.4 m above it; within walls.
fn under_slopes(lean: i32) -> Map {
    let places: Vec<_> =
        (0..i32::from(WALKERS)).map(|place| [place % 8 * 2_500, 1, place / 8 * 1_500]).collect();
    let mut map = maps::plain(&places);
    map.solids.extend([-2_000, 13_500].map(|z| maps::cuboid([8_750, 4_000, z], [22_000, 8_000, 1_000])));
    for lane in 0..=8 {
        let x = lane * 2_500;
        map.solids.push(maps::cuboid([x - 1_250, 4_000, 6_000], [100, 8_000, 16_000]));
        let rise = 1_000 + 500 * lane;
        let hull = |from: i32, to: i32| Solid::Hull {
            points: [x - 1_200, x + 1_200]
                .into_iter()
                .flat_map(|x| {
                    [[from, 3_000], [rise + from, 13_000], [rise + to, 13_000], [to, 3_000]]
                        .map(|[y, z]| Vec3Mm::new(x, y, z))
                })
                .collect(),
        };
        if lane < 8 {
            let clear = 2_000 + 200 * ((lane + lean) % 3);
            map.solids.extend([hull(-20, 0), hull(clear, clear + 200)]);
        }
    }
    map
}

/// Most that are refused are of walkers whom rapier's controller stops dead where a ceiling and the way slope alike; no
/// wall did, and no claim that is refused moves them on.
#[test]
fn under_ceilings_that_slope_few_claims_of_those_who_jump_are_refused() {
    for (rate_hz, seed, lean) in [(128, 57, 0), (32, 58, 1), (128, 59, 2)] {
        let plan = Plan { rate_hz, ..Plan::on(under_slopes(lean)) };
        let (claims, refused) = refused_of_legal_walks(&plan, seed, LEGAL_CLAIMS / 2);
        let times = |reason| refused.get(&reason).copied().unwrap_or_default();
        assert!(
            refused.values().sum::<u32>() * 100 < claims,
            "{rate_hz} Hz: of {claims} refused: {refused:?}"
        );
        let pressed_down = times(Reason::FallsTooFast);
        assert!(pressed_down * 2_000 < claims, "{rate_hz} Hz: of {claims} refused: {refused:?}");
    }
}

/// The half-spaces of every solid, for an exact sweep of a body's axis.
struct Planes {
    solids: Vec<Vec<([f64; 3], f64)>>,
    low_mm: f64,
    high_mm: f64,
}

impl Planes {
    fn new(map: &Map, body: &BodyRules) -> Self {
        let (low_mm, high_mm) = (f64::from(body.radius_mm), f64::from(body.height_mm - body.radius_mm));
        Self { solids: map.solids.iter().map(half_spaces).collect(), low_mm, high_mm }
    }

    /// Whether the axis, moved straight from one pose to the other, meets a solid: what is left of the unit square
    /// (share of the way × share of the axis) after clipping it by every half-space.
    fn axis_meets(&self, from: Vec3Mm, to: Vec3Mm) -> bool {
        let start = [f64::from(from.x), f64::from(from.y) + self.low_mm, f64::from(from.z)];
        let way = [f64::from(to.x - from.x), f64::from(to.y - from.y), f64::from(to.z - from.z)];
        let length_mm = self.high_mm - self.low_mm;
        self.solids.iter().any(|planes| {
            let mut square = vec![[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
            for (normal, offset) in planes {
                let outside = |[along, up]: [f64; 2]| {
                    dot(*normal, start) + along * dot(*normal, way) + up * length_mm * normal[1] - offset
                };
                square = clipped(&square, outside);
            }
            !square.is_empty()
        })
    }
}

fn half_spaces(solid: &Solid) -> Vec<([f64; 3], f64)> {
    match solid {
        Solid::Cuboid { center, size, yaw } => {
            let turn = f64::from(yaw.0) / 65_536.0 * std::f64::consts::TAU;
            let (sin, cos) = (libm::sin(turn), libm::cos(turn));
            let axes = [([cos, 0.0, -sin], size.x), ([0.0, 1.0, 0.0], size.y), ([sin, 0.0, cos], size.z)];
            let center = [center.x, center.y, center.z].map(f64::from);
            let both = |(axis, size): ([f64; 3], i32)| {
                [axis, axis.map(|part| -part)]
                    .map(|normal| (normal, dot(normal, center) + f64::from(size) / 2.0))
            };
            axes.into_iter().flat_map(both).collect()
        }
        Solid::Hull { points } => {
            let faces = hull::faces(points).expect("a hull of the map has a volume");
            let unit = |face: hull::HullFace| {
                let normal = face.normal.map(|part| part as f64);
                let length = libm::sqrt(dot(normal, normal));
                (normal.map(|part| part / length), face.offset as f64 / length)
            };
            faces.into_iter().map(unit).collect()
        }
    }
}

/// What of a convex polygon is not outside.
fn clipped(polygon: &[[f64; 2]], outside: impl Fn([f64; 2]) -> f64) -> Vec<[f64; 2]> {
    let mut kept = Vec::new();
    for (index, &a) in polygon.iter().enumerate() {
        let b = polygon[(index + 1) % polygon.len()];
        let (before, after) = (outside(a), outside(b));
        if before <= 0.0 {
            kept.push(a);
        }
        if (before <= 0.0) != (after <= 0.0) {
            let share = before / (before - after);
            kept.push([a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share]);
        }
    }
    kept
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

/// A claim to somewhere within reach or a little beyond it, through whatever is in the way.
fn wild_claim(stream: &mut Stream, arena: &mut Arena, slot: u8, client_tick: u32) -> Claim {
    let own = arena.own(slot);
    let side = |stream: &mut Stream, mm: u32| stream.below(2 * mm + 1) as i32 - mm as i32;
    let reach = [60, 250, 800, 2_000][stream.below(4) as usize];
    let somewhere = |stream: &mut Stream, from: Vec3Mm| {
        let up = if stream.below(2) == 0 { 0 } else { side(stream, reach) };
        Vec3Mm::new(from.x + side(stream, reach), from.y + up, from.z + side(stream, reach))
    };
    let mut bends = ArrayVec::new();
    let mut at = own.pose.at;
    for _ in 0..stream.below(6).saturating_sub(3) {
        at = somewhere(stream, at);
        bends.push(at);
    }
    Claim {
        slot: Slot(slot),
        input_seq: arena.next_seq(slot),
        client_tick,
        pose: Pose { at: somewhere(stream, at), ..Pose::default() },
        bends,
        view_tick: Tick(0),
        pose_epoch: own.pose_epoch,
    }
}

fn assert_wild_claims_stay_out_of_solid(map: Map, seed: u64) {
    println!("map {}, seed {seed}", map.id);
    let mut stream = Stream::of(seed, 1);
    let plan = Plan::on(map.clone());
    let body = plan.ruleset.body;
    let (reference, planes) = (Reference::new(&map, &body), Planes::new(&map, &body));
    let mut arena =
        Arena::of(plan.parts_in(Arc::new(
            combat_systems::spatial::Level::build(&map, &body).expect("the map has room"),
        )));
    (0..WALKERS).for_each(|slot| arena.join(slot, Team::NONE));
    arena.step_by(3);
    let (mut tried, mut accepted, mut accepted_far, mut refused) = (0, 0, 0, 0);
    while tried < ILLEGAL_MOVES {
        arena.step_by(36);
        let client_tick = arena.tick();
        let mut claims = Vec::new();
        for slot in 0..WALKERS {
            let claim = wild_claim(&mut stream, &mut arena, slot, client_tick);
            claims.push((arena.at(slot), claim.clone()));
            arena.input.push(Command::Claim { claim });
        }
        arena.step();
        for (from, claim) in claims {
            tried += 1;
            let at = arena.at(claim.slot.0);
            let clearance_mm = reference.clearance_mm(at);
            assert!(clearance_mm >= -f64::from(SKIN_MM) - 0.1, "{clearance_mm} mm at {at:?}");
            if at != claim.pose.at {
                refused += 1;
                continue;
            }
            accepted += 1;
            accepted_far += u32::from(from.distance_squared(at) > 500 * 500);
            let mut before = from;
            for next in claim.bends.iter().copied().chain([at]) {
                assert!(!planes.axis_meets(before, next), "through solid from {before:?} to {next:?}");
                before = next;
            }
        }
    }
    println!(
        "{tried} tried, {accepted} accepted, {accepted_far} of them further than half a metre, {refused} refused"
    );
    assert!(accepted > tried / 50 && accepted_far > 10 && refused > tried / 10, "both happened often");
}

#[test]
fn wild_claims_in_the_duel_box_stay_out_of_solid() {
    assert_wild_claims_stay_out_of_solid(maps::duel_box(), 61);
}

#[test]
fn wild_claims_on_two_levels_stay_out_of_solid() {
    assert_wild_claims_stay_out_of_solid(maps::two_levels(), 62);
}
