//! A kind of ability: a blast that heals whoever makes it, and pushes and hurts everybody else near it.

use combat_components::own_numbers;
use combat_components::quantity::MilliPoints;
use combat_components::reason::Reason;
use combat_components::rules::kinds::KindKeys;
use combat_components::verdict::Zone;
use combat_systems::abilities::{AbilityKind, Using};
use combat_systems::consequences::Does;

own_numbers! {
    /// A blast.
    struct Blast {
        radius_mm in 100..=10_000,
        heal_points in 0..=100,
        hurt_points in 1..=100,
        push_mm_per_s in 0..=10_000,
    }
}

pub static BLAST: AbilityKind = AbilityKind::new(KindKeys::new("blast", Blast::KEYS), blast);

fn blast(using: &mut Using<'_>) -> Result<(), Reason> {
    let Blast { radius_mm, heal_points, hurt_points, push_mm_per_s } = Blast::of(using.own);
    using.does(using.user, Does::Heal { amount: MilliPoints::from_points(heal_points) });
    let (user, at) = (using.user, using.from.at);
    let near = |feet| at.distance_squared(feet) <= i64::from(radius_mm) * i64::from(radius_mm);
    let mut found = 0;
    for target in using.targets.iter().filter(|target| target.id != user && near(target.feet)) {
        found += 1;
        let amount = MilliPoints::from_points(hurt_points);
        using.does(target.id, Does::Hurt { zone: Zone::Body, amount });
        using.does(target.id, Does::Push { x: (target.feet.x - at.x).signum() * push_mm_per_s, z: 0 });
    }
    if found == 0 { Err(Reason::NoRoom) } else { Ok(()) }
}
