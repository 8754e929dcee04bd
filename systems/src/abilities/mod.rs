//! The kinds of abilities a ruleset can use: one file and one line each.

use combat_components::quantity::{Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_components::rules::AbilityRules;

use crate::spatial::Level;

mod dash;

/// What an ability sees of the world.
#[derive(Debug)]
pub struct AbilityUse<'a> {
    pub rules: &'a AbilityRules,
    pub level: &'a Level,
    pub step_height_mm: i32,
    pub from: Vec3Mm,
    pub yaw: Yaw,
}

/// What an ability does to the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Its user stands here now.
    MoveTo(Vec3Mm),
}

/// A kind of ability.
#[derive(Debug)]
pub struct Ability {
    pub kind: &'static str,
    pub apply: fn(&AbilityUse<'_>) -> Result<Effect, Reason>,
}

static ABILITIES: [&Ability; 1] = [&dash::DASH];

pub fn find(kind: &str) -> Option<&'static Ability> {
    ABILITIES.into_iter().find(|ability| ability.kind == kind)
}

/// For messages: every kind, in the order of the registry.
pub fn names() -> String {
    ABILITIES.map(|ability| ability.kind).join(", ")
}
