//! Whom a shot strikes first.

use arrayvec::ArrayVec;
use combat_components::ids::{SimId, Team};
use combat_components::limits::PLAYERS_MAX;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::rules::BodyRules;
use combat_components::streams::Stream;
use combat_components::verdict::Zone;

use super::aim;

/// Hits no further than this behind the first are a tie, and a draw decides: f32 resolves 61 µm at the rim of a map.
const TIE_UM: i64 = 100;

/// A living body as a shot sees it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub id: SimId,
    pub team: Team,
    pub feet: Vec3Mm,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Struck {
    pub id: SimId,
    pub team: Team,
    pub zone: Zone,
    pub distance_um: i64,
}

/// The unit direction of an aim, deviated by some 1/65,536 turns.
pub fn deviated(yaw: Yaw, pitch: Pitch, yaw_off: i32, pitch_off: i32) -> [f32; 3] {
    let pitch =
        (i32::from(pitch.turn()) + pitch_off).clamp(-i32::from(Pitch::LIMIT), i32::from(Pitch::LIMIT));
    let pitch = Pitch::new(pitch as i16).expect("the elevation was clamped to the limit");
    aim::direction(Yaw((i32::from(yaw.0) + yaw_off).rem_euclid(1 << 16) as u16), pitch)
}

/// The point `distance_mm` along a ray, to the millimetre.
pub fn along(from: Vec3Mm, direction: [f32; 3], distance_mm: i32) -> Vec3Mm {
    let step = |unit: f32| libm::roundf(unit * distance_mm as f32) as i32;
    Vec3Mm::new(from.x + step(direction[0]), from.y + step(direction[1]), from.z + step(direction[2]))
}

/// The first of `targets` that a ray from `eye` strikes, and never the shooter; among equals `ties` decides.
pub fn first_struck(
    body: &BodyRules,
    eye: Vec3Mm,
    direction: [f32; 3],
    shooter: SimId,
    targets: &[Target],
    ties: &mut Stream,
) -> Option<Struck> {
    let others = targets.iter().filter(|target| target.id != shooter);
    let struck: ArrayVec<Struck, PLAYERS_MAX> = others
        .filter_map(|target| {
            let (zone, distance_um) = strike(body, eye, direction, target.feet)?;
            Some(Struck { id: target.id, team: target.team, zone, distance_um })
        })
        .take(PLAYERS_MAX)
        .collect();
    let nearest_um = struck.iter().map(|struck| struck.distance_um).min()?;
    let mut first = struck.iter().filter(|struck| struck.distance_um <= nearest_um + TIE_UM);
    let chosen = match first.clone().count() {
        1 => 0,
        count => ties.below(count as u32) as usize,
    };
    first.nth(chosen).copied()
}

/// A muzzle inside a body strikes its trunk when it points to where the trunk is, and else leaves it unharmed: from
/// in there the head would be met by every aim.
fn strike(body: &BodyRules, eye: Vec3Mm, direction: [f32; 3], feet: Vec3Mm) -> Option<(Zone, i64)> {
    let head_centre = Vec3Mm { y: feet.y + body.height_mm - body.head_radius_mm, ..feet };
    let neck_mm = body.height_mm - 2 * body.head_radius_mm;
    let trunk_mm = neck_mm.max(2 * body.radius_mm);
    if encloses(body, feet, eye) {
        let middle = Vec3Mm { y: feet.y + trunk_mm / 2, ..feet };
        return points_to(eye, direction, middle).then_some((Zone::Body, 0));
    }
    let head = aim::ray_sphere(eye, direction, head_centre, body.head_radius_mm);
    let trunk = aim::ray_capsule(eye, direction, feet, body.radius_mm, trunk_mm);
    match (head, trunk) {
        (Some(head_um), Some(trunk_um)) if head_um <= trunk_um => Some((Zone::Head, head_um)),
        (_, Some(trunk_um)) => Some((Zone::Body, trunk_um)),
        (Some(head_um), None) => Some((Zone::Head, head_um)),
        (None, None) => None,
    }
}

/// Whether `point` lies in the capsule of a body, its surface included, or in its head.
fn encloses(body: &BodyRules, feet: Vec3Mm, point: Vec3Mm) -> bool {
    let spine_y = point.y.clamp(feet.y + body.radius_mm, feet.y + body.height_mm - body.radius_mm);
    let head_y = feet.y + body.height_mm - body.head_radius_mm;
    let within = |y: i32, radius_mm: i32| {
        point.distance_squared(Vec3Mm { y, ..feet }) <= i64::from(radius_mm) * i64::from(radius_mm)
    };
    within(spine_y, body.radius_mm) || within(head_y, body.head_radius_mm)
}

fn points_to(from: Vec3Mm, direction: [f32; 3], to: Vec3Mm) -> bool {
    let way = [(from.x, to.x), (from.y, to.y), (from.z, to.z)];
    let parts = way.into_iter().zip(direction);
    parts.map(|((from, to), unit)| (f64::from(to) - f64::from(from)) * f64::from(unit)).sum::<f64>() > 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::BODY;

    const EYE: Vec3Mm = Vec3Mm::new(0, 1_620, 0);

    fn target(id: u32, x: i32, z: i32) -> Target {
        Target { id: SimId(id), team: Team::NONE, feet: Vec3Mm::new(x, 0, z) }
    }

    fn first(eye: Vec3Mm, direction: [f32; 3], targets: &[Target]) -> Option<Struck> {
        first_struck(&BODY, eye, direction, SimId(1), targets, &mut Stream::of(1, 4))
    }

    #[test]
    fn the_nearest_body_is_struck_whatever_its_place_in_the_list() {
        let ahead = [0.0, 0.0, -1.0];
        for targets in
            [[target(2, 0, -9_000), target(3, 0, -5_000)], [target(2, 0, -5_000), target(3, 0, -9_000)]]
        {
            let nearest = targets.iter().max_by_key(|target| target.feet.z).expect("there are two").id;
            let struck = first(EYE, ahead, &targets).expect("both stand in the line of fire");
            assert_eq!((struck.id, struck.zone), (nearest, Zone::Head));
        }
    }

    #[test]
    fn of_bodies_at_one_distance_each_is_struck_as_often_as_the_others() {
        let waist = Vec3Mm::new(0, 900, 0);
        let targets = [target(2, 0, -5_000), target(3, 0, -5_000), target(4, 0, -5_000)];
        let mut ties = Stream::of(5, 4);
        let mut hits = [0; 3];
        for _ in 0..3_000 {
            let struck = first_struck(&BODY, waist, [0.0, 0.0, -1.0], SimId(1), &targets, &mut ties);
            hits[struck.expect("all stand in the line of fire").id.0 as usize - 2] += 1;
        }
        assert!(hits.iter().all(|hits| (900..1_100).contains(hits)), "{hits:?}");
    }

    #[test]
    fn what_ties_with_the_nearest_does_not_depend_on_the_order_of_the_list() {
        let waist = Vec3Mm::new(0, 900, 0);
        let mut targets = [target(2, 0, -5_000), target(3, 1, -5_000), target(4, 0, -5_001)];
        for _ in 0..2 {
            for seed in 0..100 {
                let mut ties = Stream::of(seed, 4);
                let struck = first_struck(&BODY, waist, [0.0, 0.0, -1.0], SimId(1), &targets, &mut ties);
                assert_ne!(struck.map(|struck| struck.id), Some(SimId(4)), "seed {seed}: 1 mm is no tie");
            }
            targets.reverse();
        }
    }

    #[test]
    fn a_single_body_draws_nothing() {
        let mut ties = Stream::of(5, 4);
        let untouched = ties;
        first_struck(&BODY, EYE, [0.0, 0.0, -1.0], SimId(1), &[target(2, 0, -5_000)], &mut ties);
        assert_eq!(ties, untouched);
    }

    #[test]
    fn from_inside_a_body_no_aim_strikes_the_head_and_none_that_points_away_strikes_at_all() {
        for (x, z) in [(0, 0), (1, 0), (100, -60), (134, 0), (200, 200), (350, 0)] {
            for up_mm in [-400, -180, 0, 40, 170] {
                let eye = Vec3Mm { y: EYE.y + up_mm, ..EYE };
                let feet = target(2, x, z);
                if !encloses(&BODY, feet.feet, eye) {
                    continue;
                }
                for yaw in (0..=u16::MAX).step_by(1_024) {
                    for pitch in (-16_000..=16_000).step_by(1_000) {
                        let aim = aim::direction(Yaw(yaw), Pitch::new(pitch).expect("below 89 degrees"));
                        let struck = first(eye, aim, &[feet]);
                        assert!(struck.is_none_or(|struck| struck.zone == Zone::Body), "{x} {z} {up_mm}");
                    }
                }
                let outward = aim::direction(Yaw(if x > 0 { 16_384 } else { 0 }), Pitch::default());
                assert!(z != 0 || up_mm < 0 || first(eye, outward, &[feet]).is_none(), "{x} {z} {up_mm}");
                let down = aim::direction(Yaw(0), Pitch::new(-16_000).expect("below 89 degrees"));
                assert_eq!(first(eye, down, &[feet]).map(|struck| struck.distance_um), Some(0));
            }
        }
    }

    #[test]
    fn out_of_a_body_the_one_behind_it_is_struck() {
        let targets = [target(2, 0, 100), target(3, 0, -5_000)];
        let struck = first(EYE, [0.0, 0.0, -1.0], &targets);
        assert_eq!(struck.map(|struck| (struck.id, struck.zone)), Some((SimId(3), Zone::Head)));
        let struck = first(EYE, [0.0, 0.0, 1.0], &targets);
        assert_eq!(struck.map(|struck| (struck.id, struck.zone)), Some((SimId(2), Zone::Body)));
    }

    #[test]
    fn a_shooter_never_strikes_itself() {
        assert_eq!(first(EYE, [0.0, -1.0, 0.0], &[target(1, 0, 0)]), None);
    }

    #[test]
    fn lower_down_the_body_is_struck() {
        let waist = Vec3Mm::new(0, 900, 0);
        let struck = first(waist, [0.0, 0.0, -1.0], &[target(2, 0, -5_000)]);
        assert_eq!(struck.map(|struck| (struck.zone, struck.distance_um / 1_000)), Some((Zone::Body, 4_650)));
    }
}
