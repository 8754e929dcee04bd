//! A kind of ability that leaves something behind: a place that heals its own who stand in it.

use combat_components::own_numbers;
use combat_components::quantity::{MilliPoints, Velocity};
use combat_components::reason::Reason;
use combat_components::rules::kinds::KindKeys;
use combat_systems::abilities::{AbilityKind, Using};
use combat_systems::consequences::Does;
use combat_systems::things::Moving;

own_numbers! {
    /// A zone.
    struct Well {
        radius_mm in 100..=10_000,
        /// In thousandths, with every tick.
        heal_milli_points in 1..=10_000,
        lasts_ms in 1..=60_000,
    }
}

pub static WELL: AbilityKind = AbilityKind::new(KindKeys::new("well", Well::KEYS), dig).placing(flow);

fn dig(using: &mut Using<'_>) -> Result<(), Reason> {
    let ticks = using.rate.ticks_in_ms(Well::of(using.own).lasts_ms as u32);
    using.does(using.user, Does::Place { at: using.from.at, velocity: Velocity::default(), ticks });
    Ok(())
}

fn flow(well: &mut Moving<'_>) {
    let Well { radius_mm, heal_milli_points, .. } = Well::of(well.own);
    let (at, team) = (well.thing.at, well.thing.by.team);
    for target in well.targets {
        let is_own = target.id == well.thing.by.id || target.team.is_ally_of(team);
        if is_own && at.distance_squared(target.feet) <= i64::from(radius_mm).pow(2) {
            well.does(target.id, Does::Heal { amount: MilliPoints(heal_milli_points) });
        }
    }
}
