//! Falling: bodies in the air that nobody claims go on falling as they were, until they land.
//!
//! The fall is reckoned from the last accepted claim and the greatest upward velocity the body can have had there, or
//! from rest where that leads up: so neither silence nor refused claims land a falling body sooner than an honest fall,
//! or keep it up longer than the bank. Who goes silent while he rises does not rise on, and lands sooner than his jump.

use bevy_ecs::system::{Query, Res};
use combat_components::body::Motion;
use combat_components::claims::{ClaimState, Fall};
use combat_components::quantity::{Pose, Vec3Mm};
use combat_components::reason::Reason;

use crate::ground::Ground;
use crate::hold::is_still_to_be_shown;
use crate::roster::Roster;
use crate::spatial::Level;
use crate::state::{Fighter, FighterItem};

pub(crate) fn somebody_is_in_the_air(motions: Query<&Motion>) -> bool {
    motions.iter().any(|motion| !motion.grounded)
}

pub(crate) fn drop_unclaimed_bodies(roster: Res<Roster>, mut fighters: Query<Fighter>, mut ground: Ground) {
    for entity in roster.entities() {
        let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        if fighter.motion.grounded || !fighter.vitals.is_alive() {
            continue;
        }
        match fighter.claims.fall {
            None if is_overdue(&fighter.claims, &ground) => begin(&mut fighter, &mut ground),
            None => {}
            Some(fall) => go_on(&mut fighter, &fall, &mut ground),
        }
    }
}

/// To take a body over makes up its whole fall at once, which would hide a shot: it waits for the frame that shows it,
/// but for no second one, or who fires more often than that would never fall.
fn is_overdue(claims: &ClaimState, ground: &Ground<'_>) -> bool {
    let (now, frame_ticks) = (ground.now(), ground.rules().setup.limits.frame_ticks);
    let waits = is_still_to_be_shown(&claims.hold, now) && now < claims.falls_at.plus(frame_ticks);
    now >= claims.falls_at && !waits
}

/// Takes the body over: claims on their way do not know of it.
fn begin(fighter: &mut FighterItem<'_, '_>, ground: &mut Ground<'_>) {
    let pose = fighter.body.pose;
    // Between walls that a body just fits, the level can answer one way here and another a little lower.
    if ground.level().overlaps(pose.at) {
        fighter.motion.grounded = true;
        return;
    }
    let ground_y = floor_y(ground.level(), pose.at);
    if pose.at.y <= ground_y {
        come_to_rest(fighter, ground);
        return;
    }
    let fall = Fall {
        from_y: pose.at.y,
        since: fighter.claims.pose_since,
        speed: (-fighter.motion.rise_max).max(0),
        ground_y,
    };
    *fighter.motion = Motion { x_low: 0, x_high: 0, z_low: 0, z_high: 0, x: 0, z: 0, ..*fighter.motion };
    sink(fighter, &fall, ground);
    fighter.hold_still(Reason::Silent, &mut ground.displacing());
    (fighter.claims.clock_set, fighter.claims.fall) = (false, Some(fall));
    land_if_down(fighter, &fall, ground);
}

/// Whether a body falls no further there: it stands on something, lies at the bottom of the map, or is held where it just fits.
pub(crate) fn falls_no_further(level: &Level, at: Vec3Mm) -> bool {
    level.grounded(at) || at.y <= level.bounds().min.y || level.overlaps(at)
}

/// Where there is no floor, the map's bounds are one: nobody stays up, or rises, over a void.
pub(crate) fn floor_y(level: &Level, at: Vec3Mm) -> i32 {
    level.ground_below(at).map_or(level.bounds().min.y, |below| below.y)
}

/// What holds up a body that cannot sink need not carry it: on a slope too steep to stand on it hangs, and its next claim
/// falls on from rest.
fn come_to_rest(fighter: &mut FighterItem<'_, '_>, ground: &mut Ground<'_>) {
    if falls_no_further(ground.level(), fighter.body.pose.at) {
        fighter.motion.grounded = true;
        return;
    }
    fighter.claims.falls_at = ground.now().plus(ground.rules().bank_ticks_max);
    let hanging = Motion::default();
    if *fighter.motion != hanging {
        *fighter.motion = hanging;
        fighter.hold_still_and_forget_clock(Reason::Silent, &mut ground.displacing());
    }
}

fn go_on(fighter: &mut FighterItem<'_, '_>, fall: &Fall, ground: &mut Ground<'_>) {
    sink(fighter, fall, ground);
    land_if_down(fighter, fall, ground);
}

/// To where the fall has led by now.
fn sink(fighter: &mut FighterItem<'_, '_>, fall: &Fall, ground: &Ground<'_>) {
    let limits = &ground.rules().movement;
    let ticks = ground.now().since(fall.since);
    let fallen_mm = limits.fallen_um(fall.speed, ticks) / 1_000;
    let y = (i64::from(fall.from_y) - fallen_mm).max(i64::from(fall.ground_y)) as i32;
    let at = Vec3Mm { y, ..fighter.body.pose.at };
    if !ground.level().overlaps(at) {
        fighter.body.pose.at = at;
    }
    let speed = limits.falling_speed(fall.speed, ticks);
    (fighter.motion.rise_max, fighter.motion.fall_max, fighter.motion.rise_debt) = (-speed, speed, 0);
}

fn land_if_down(fighter: &mut FighterItem<'_, '_>, fall: &Fall, ground: &mut Ground<'_>) {
    let at = fighter.body.pose.at;
    if at.y <= fall.ground_y {
        let pose = Pose { at: Vec3Mm { y: fall.ground_y, ..at }, ..fighter.body.pose };
        fighter.displace(pose, Reason::Silent, 0, &mut ground.displacing());
    }
}
