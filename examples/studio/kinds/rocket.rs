//! A kind of weapon whose shot flies: it bursts at what it meets, and whoever is near has the ruleset's first effect.

use combat_components::own_numbers;
use combat_components::quantity::{Vec3Mm, Velocity};
use combat_components::rules::kinds::KindKeys;
use combat_systems::consequences::Does;
use combat_systems::formulas::aim::direction;
use combat_systems::things::Moving;
use combat_systems::weapons::{Firing, WeaponKind};

own_numbers! {
    /// Flies straight on.
    struct Rocket {
        speed_mm_per_s in 1_000..=100_000,
        radius_mm in 100..=10_000,
        flight_ms in 1..=10_000,
    }
}

/// Above the feet of whom it may reach.
const MIDDLE_MM: i32 = 900;

pub static ROCKET: WeaponKind = WeaponKind::new(KindKeys::new("rocket", Rocket::KEYS), launch).placing(fly);

fn launch(firing: &mut Firing<'_>) {
    let Rocket { speed_mm_per_s, flight_ms, .. } = Rocket::of(firing.own);
    let [x, y, z] = direction(firing.yaw, firing.pitch).map(|part| (part * speed_mm_per_s as f32) as i32);
    let ticks = firing.rate.ticks_in_ms(flight_ms as u32);
    firing.does(firing.shooter, Does::Place { at: firing.eye, velocity: Velocity { x, y, z }, ticks });
}

fn fly(rocket: &mut Moving<'_>) {
    let Rocket { radius_mm, .. } = Rocket::of(rocket.own);
    let (by, to, targets) = (rocket.thing.by.id, rocket.next_at(), rocket.targets);
    let is_near = |feet: Vec3Mm| {
        let middle = Vec3Mm { y: feet.y + MIDDLE_MM, ..feet };
        to.distance_squared(middle) <= i64::from(radius_mm).pow(2)
    };
    let mut has_burst = false;
    for target in targets.iter().filter(|target| target.id != by && is_near(target.feet)) {
        rocket.does(target.id, Does::Apply { effect: 0 });
        has_burst = true;
    }
    rocket.goes_on();
    if has_burst || to.y <= 0 {
        rocket.goes();
    }
}
