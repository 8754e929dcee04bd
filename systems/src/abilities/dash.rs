//! A dash: straight ahead over the ground until something solid is in the way.

use combat_components::own_numbers;
use combat_components::quantity::Pose;
use combat_components::reason::Reason;
use combat_components::rules::kinds::KindKeys;

use super::{AbilityKind, Using};
use crate::consequences::Does;

own_numbers! {
    /// A dash.
    pub struct Dash {
        /// A slide of 50 m stays within the sub-steps `spatial` allows.
        reach_mm in 0..=50_000,
    }
}

pub static DASH: AbilityKind = AbilityKind::new(KindKeys::new("dash", Dash::KEYS), apply);

fn apply(using: &mut Using<'_>) -> Result<(), Reason> {
    let Dash { reach_mm } = Dash::of(using.own);
    let step_height_mm = using.ruleset.movement.step_height_mm;
    let to = using.level.slide_until_blocked(using.from.at, using.yaw, reach_mm, step_height_mm);
    if to == using.from.at {
        return Err(Reason::NoRoom);
    }
    using.does(using.user, Does::Move { to: Pose { at: to, ..using.from } });
    Ok(())
}
