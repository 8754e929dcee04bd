//! Whom a shot strikes first.

use combat_components::ids::{SimId, Team};
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::rules::BodyRules;
use combat_components::verdict::Zone;

use super::aim;

/// Hits closer together than this are a tie, and the lower id is struck: f32 resolves 61 µm at the rim of a map.
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

/// The first of `targets`, in `SimId` order, that a ray from `eye` strikes; never the shooter.
pub fn first_struck(
    body: &BodyRules,
    eye: Vec3Mm,
    direction: [f32; 3],
    shooter: SimId,
    targets: &[Target],
) -> Option<Struck> {
    let mut first: Option<Struck> = None;
    for target in targets.iter().filter(|target| target.id != shooter) {
        let Some((zone, distance_um)) = strike(body, eye, direction, target.feet) else {
            continue;
        };
        if first.is_none_or(|first| distance_um < first.distance_um - TIE_UM) {
            first = Some(Struck { id: target.id, team: target.team, zone, distance_um });
        }
    }
    first
}

fn strike(body: &BodyRules, eye: Vec3Mm, direction: [f32; 3], feet: Vec3Mm) -> Option<(Zone, i64)> {
    let head_centre = Vec3Mm { y: feet.y + body.height_mm - body.head_radius_mm, ..feet };
    let neck_mm = body.height_mm - 2 * body.head_radius_mm;
    let head = aim::ray_sphere(eye, direction, head_centre, body.head_radius_mm);
    let trunk = aim::ray_capsule(eye, direction, feet, body.radius_mm, neck_mm.max(2 * body.radius_mm));
    match (head, trunk) {
        (Some(head_um), Some(trunk_um)) if head_um <= trunk_um => Some((Zone::Head, head_um)),
        (_, Some(trunk_um)) => Some((Zone::Body, trunk_um)),
        (Some(head_um), None) => Some((Zone::Head, head_um)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: BodyRules = BodyRules {
        radius_mm: 350,
        height_mm: 1_800,
        eye_height_mm: 1_620,
        head_radius_mm: 140,
        health_points: 100,
        armour_points: 50,
        armour_absorbs_percent: 60,
    };
    const EYE: Vec3Mm = Vec3Mm::new(0, 1_620, 0);

    fn target(id: u32, x: i32, z: i32) -> Target {
        Target { id: SimId(id), team: Team::NONE, feet: Vec3Mm::new(x, 0, z) }
    }

    #[test]
    fn the_nearest_body_is_struck_whatever_its_place_in_the_list() {
        let ahead = [0.0, 0.0, -1.0];
        for targets in
            [[target(2, 0, -9_000), target(3, 0, -5_000)], [target(2, 0, -5_000), target(3, 0, -9_000)]]
        {
            let nearest = targets.iter().max_by_key(|target| target.feet.z).expect("there are two").id;
            let struck =
                first_struck(&BODY, EYE, ahead, SimId(1), &targets).expect("both stand in the line of fire");
            assert_eq!((struck.id, struck.zone), (nearest, Zone::Head));
        }
    }

    #[test]
    fn an_exact_tie_goes_to_the_lower_id() {
        let targets = [target(2, 200, -5_000), target(3, -200, -5_000)];
        let waist = Vec3Mm::new(0, 900, 0);
        let struck = first_struck(&BODY, waist, [0.0, 0.0, -1.0], SimId(1), &targets);
        assert_eq!(struck.map(|struck| struck.id), Some(SimId(2)));
    }

    #[test]
    fn a_shooter_never_strikes_itself() {
        assert_eq!(first_struck(&BODY, EYE, [0.0, -1.0, 0.0], SimId(1), &[target(1, 0, 0)]), None);
    }

    #[test]
    fn lower_down_the_body_is_struck() {
        let waist = Vec3Mm::new(0, 900, 0);
        let struck = first_struck(&BODY, waist, [0.0, 0.0, -1.0], SimId(1), &[target(2, 0, -5_000)]);
        assert_eq!(struck.map(|struck| (struck.zone, struck.distance_um / 1_000)), Some((Zone::Body, 4_650)));
    }
}
