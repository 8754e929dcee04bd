//! A dash: straight ahead over the ground until something solid is in the way.

use combat_components::reason::Reason;

use super::{Ability, AbilityUse, Effect};

pub(super) static DASH: Ability = Ability { kind: "dash", apply };

fn apply(using: &AbilityUse<'_>) -> Result<Effect, Reason> {
    let to =
        using.level.slide_until_blocked(using.from, using.yaw, using.rules.reach_mm, using.step_height_mm);
    match to == using.from {
        true => Err(Reason::NoRoom),
        false => Ok(Effect::MoveTo(to)),
    }
}
