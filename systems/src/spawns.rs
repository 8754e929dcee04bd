//! Where bodies appear: as far from everybody as the map allows, and never inside somebody while there is room.

use arrayvec::ArrayVec;
use combat_components::body::Body;
use combat_components::limits::PLAYERS_MAX;
use combat_components::map::SpawnPoint;
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_components::streams::Stream;

use crate::fighter::{Displacing, FighterItem};
use crate::formulas::aim;
use crate::formulas::bodies::{apart, clearance_mm};
use crate::formulas::shot::along;
use crate::spatial::Level;
use crate::tick_rules::TickRules;

/// Rings of places around an occupied spawn point: 8 hold 6 + 12 + … + 48 = 216 bodies, more than there can be.
const RINGS_MAX: u32 = 8;

/// Directions asked for a place on the first ring; the n-th has n times as many.
const PLACES_PER_RING: u32 = 6;

/// Ways looked along for one body: what a map with no room costs a tick is bounded, and on the shipped ones 64 need fewer.
const WAYS_MAX: u32 = 256;

/// Where everybody stands who is alive.
pub type Standing = ArrayVec<Vec3Mm, PLAYERS_MAX>;

/// The spawn point furthest from everybody, among equals by the stream; when somebody stands in the way, the nearest
/// free place around it, or around the next best point.
pub fn choose_spawn(rules: &TickRules, level: &Level, standing: &[Vec3Mm], stream: &mut Stream) -> Pose {
    let spawns = &rules.map.spawns;
    let room = |spawn: &SpawnPoint| {
        standing.iter().map(|at| spawn.at.distance_squared(*at)).min().unwrap_or(i64::MAX)
    };
    let most = spawns.iter().map(room).max().unwrap_or_default();
    let roomiest = || spawns.iter().enumerate().filter(|(_, spawn)| room(spawn) == most);
    let chosen = stream.below(roomiest().count() as u32) as usize;
    let (first, spawn) = roomiest().nth(chosen).expect("a map has at least two spawn points");
    let is_free = |at: Vec3Mm| standing.iter().all(|other| apart(&rules.ruleset.body, at, *other));
    let at = if is_free(spawn.at) {
        Some(spawn.at)
    } else {
        let turned = Yaw(stream.draw() as u16);
        let points = spawns.iter().cycle().skip(first).take(spawns.len());
        let mut ways_left = WAYS_MAX;
        let mut around =
            |point: &SpawnPoint| place_around(rules, level, (point.at, turned), &is_free, &mut ways_left);
        points.into_iter().find_map(&mut around)
    };
    Pose { at: at.unwrap_or(spawn.at), yaw: spawn.yaw, ..Pose::default() }
}

/// The first place on rings around `from`, the innermost first, that can be walked to in a straight line.
fn place_around(
    rules: &TickRules,
    level: &Level,
    (from, turned): (Vec3Mm, Yaw),
    is_free: &impl Fn(Vec3Mm) -> bool,
    ways_left: &mut u32,
) -> Option<Vec3Mm> {
    let step_mm = rules.ruleset.movement.step_height_mm;
    (1..=RINGS_MAX).find_map(|ring| {
        let reach_mm = ring as i32 * clearance_mm(&rules.ruleset.body);
        let places = ring * PLACES_PER_RING;
        (0..places).find_map(|place| {
            let yaw = Yaw(turned.0.wrapping_add((65_536 * place / places) as u16));
            let ahead = along(from, aim::direction(yaw, Pitch::default()), reach_mm);
            if *ways_left == 0 || !is_free(ahead) {
                return None;
            }
            *ways_left -= 1;
            let at = level.slide_until_blocked(from, yaw, reach_mm, step_mm);
            (is_free(at) && level.grounded(at)).then_some(at)
        })
    })
}

/// A body stands up at `pose`. Who is there was there first.
pub fn appear(fighter: &mut FighterItem<'_, '_>, pose: Pose, at: &mut Displacing<'_>) {
    fighter.displace(pose, Reason::Spawned, 0, at);
    *fighter.body = Body::appearing(pose, at.now.plus(1));
}
