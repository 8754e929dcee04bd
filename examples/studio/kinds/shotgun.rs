//! A kind of weapon: pellets in a fan, each a hit of its own.

use combat_components::own_numbers;
use combat_components::quantity::{MilliPoints, Yaw};
use combat_components::rules::kinds::KindKeys;
use combat_systems::consequences::Does;
use combat_systems::formulas::aim::direction;
use combat_systems::weapons::{Firing, WeaponKind};

own_numbers! {
    /// Pellets in a fan.
    struct Shotgun {
        pellets in 1..=12,
        pellet_points in 1..=100,
        reach_mm in 100..=20_000,
    }
}

/// Between two pellets, in 1/65,536 turn.
const APART_TURN: i16 = 60;

pub static SHOTGUN: WeaponKind = WeaponKind::new(KindKeys::new("shotgun", Shotgun::KEYS), fire);

fn fire(firing: &mut Firing<'_>) {
    let Shotgun { pellets, pellet_points, reach_mm } = Shotgun::of(firing.own);
    for pellet in 0..pellets {
        let yaw = firing.yaw.0.wrapping_add_signed((pellet - pellets / 2) as i16 * APART_TURN);
        let along = direction(Yaw(yaw), firing.pitch);
        let flight = firing.follow(along, reach_mm);
        firing.show(along, &flight);
        if let Some(struck) = flight.struck {
            let amount = MilliPoints::from_points(pellet_points);
            firing.does(struck.id, Does::Hurt { zone: struck.zone, amount });
        }
    }
}
