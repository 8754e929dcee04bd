//! Where bodies appear: at the point that the mode holds to be best, and never inside somebody while there is room.

use arrayvec::ArrayVec;
use combat_components::body::Body;
use combat_components::ids::Team;
use combat_components::limits::PLAYERS_MAX;
use combat_components::map::SpawnPoint;
use combat_components::places::{PLACES_MAX, PlacesLeft};
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_components::streams::Stream;

use crate::fighter::Displacing;
use crate::formulas::aim;
use crate::formulas::bodies::{apart, clearance_mm};
use crate::formulas::shot::along;
use crate::modes::{SpawnPlace, Stander};
use crate::spatial::Level;
use crate::state::FighterItem;
use crate::tick_rules::TickRules;

/// Rings of places around an occupied spawn point: 8 hold 6 + 12 + … + 48 = 216 bodies, more than there can be.
const RINGS_MAX: u32 = 8;

/// Directions asked for a place on the first ring; the n-th has n times as many.
const PLACES_PER_RING: u32 = 6;

/// A quarter of what a session may save is what one body may ask for at once, half of it near the points of the highest rank.
const PLACES_PER_RANK_MAX: u32 = PLACES_MAX / 8;

/// A way to a place asks the level, where a place asks who stands there: to begin one costs as much as so many places …
const WAY_IN_PLACES: u32 = 8;

/// … and each sub-step along it as much as so many.
const STEP_IN_PLACES: u32 = 7;

/// Everybody who is alive.
pub type Standing = ArrayVec<Stander, PLAYERS_MAX>;

/// What one body may ask for near points of one rank.
struct OfOneRank<'a> {
    left: u32,
    of_all: &'a mut PlacesLeft,
}

impl<'a> OfOneRank<'a> {
    fn of(of_all: &'a mut PlacesLeft) -> Self {
        Self { left: of_all.get().min(PLACES_PER_RANK_MAX), of_all }
    }

    fn is_none(&self) -> bool {
        self.left == 0
    }

    /// As many as are left, where those are fewer.
    fn spend(&mut self, count: u32) {
        let spent = count.min(self.left);
        self.left -= spent;
        self.of_all.spend(spent);
    }
}

/// Of the spawn points that are worth most to somebody of `team` one that the stream draws; when somebody stands in the
/// way, a free place near it or near another point, on the innermost ring that has one. Points of a lower rank are asked
/// last.
pub fn choose_spawn(
    rules: &TickRules,
    level: &Level,
    (team, standing): (Team, &[Stander]),
    (stream, places_left): (&mut Stream, &mut PlacesLeft),
) -> Pose {
    let spawns = &rules.map.spawns;
    let worth =
        |point: &SpawnPoint| rules.mode.spawn_worth(team, &SpawnPlace { point, map: &rules.map, standing });
    let most = spawns.iter().map(worth).max().unwrap_or_default();
    let best = || spawns.iter().enumerate().filter(|(_, spawn)| worth(spawn) == most);
    let chosen = stream.below(best().count() as u32) as usize;
    let (first, spawn) = best().nth(chosen).expect("a map has at least two spawn points");
    let is_free = |at: Vec3Mm| standing.iter().all(|other| apart(&rules.ruleset.body, at, other.at));
    let at = if is_free(spawn.at) {
        Some(spawn.at)
    } else {
        let turned = Yaw(stream.draw() as u16);
        let points = spawns.iter().cycle().skip(first).take(spawns.len());
        let ranked =
            |is_best: bool| points.clone().filter(move |point| (worth(point).rank == most.rank) == is_best);
        // Ring by ring: a closet that has no room does not use up what others need.
        [true, false].into_iter().find_map(|is_best| {
            let mut places_left = OfOneRank::of(places_left);
            let mut around = |ring: u32, point: &SpawnPoint| {
                let ring = Ring { number: ring, around: point.at, turned };
                place_on(&ring, rules, level, &is_free, &mut places_left)
            };
            (1..=RINGS_MAX).find_map(|ring| ranked(is_best).find_map(|point| around(ring, point)))
        })
    };
    Pose { at: at.unwrap_or(spawn.at), yaw: spawn.yaw, ..Pose::default() }
}

/// Places around a spawn point, the first of them in direction `turned`.
struct Ring {
    /// From 1, the innermost.
    number: u32,
    around: Vec3Mm,
    turned: Yaw,
}

/// The first place on a ring that can be walked to in a straight line from its middle.
fn place_on(
    ring: &Ring,
    rules: &TickRules,
    level: &Level,
    is_free: &impl Fn(Vec3Mm) -> bool,
    places_left: &mut OfOneRank<'_>,
) -> Option<Vec3Mm> {
    let step_mm = rules.ruleset.movement.step_height_mm;
    let reach_mm = ring.number as i32 * clearance_mm(&rules.ruleset.body);
    let places = ring.number * PLACES_PER_RING;
    (0..places).find_map(|place| {
        let yaw = Yaw(ring.turned.0.wrapping_add((65_536 * place / places) as u16));
        let ahead = along(ring.around, aim::direction(yaw, Pitch::default()), reach_mm);
        if places_left.is_none() {
            return None;
        }
        places_left.spend(1);
        if !is_free(ahead) {
            return None;
        }
        let (at, cost) = look_along(level, (ring.around, yaw), reach_mm, step_mm);
        places_left.spend(cost);
        (is_free(at) && level.grounded(at)).then_some(at)
    })
}

/// How far a body comes that walks that way, and what it costs to look along it, counted in places.
pub(crate) fn look_along(
    level: &Level,
    (from, yaw): (Vec3Mm, Yaw),
    reach_mm: i32,
    step_height_mm: i32,
) -> (Vec3Mm, u32) {
    let at = level.slide_until_blocked(from, yaw, reach_mm, step_height_mm);
    let steps = from.horizontal_distance_squared(at).isqrt() as i32 / level.slide_step_mm(step_height_mm);
    (at, WAY_IN_PLACES + steps as u32 * STEP_IN_PLACES)
}

/// A body stands up at `pose`. Who is there was there first.
pub fn appear(fighter: &mut FighterItem<'_, '_>, pose: Pose, at: &mut Displacing<'_>) {
    fighter.displace(pose, Reason::Spawned, 0, at);
    *fighter.body = Body::appearing(pose, at.now.plus(1));
}
