//! Pure arithmetic of the rules; testable with no `World`.

#[cfg(test)]
use combat_components::rules::BodyRules;

pub mod aim;
pub mod bodies;
pub mod damage;
pub mod movement;
pub mod shot;

/// A body for unit tests.
#[cfg(test)]
pub(crate) const BODY: BodyRules = BodyRules {
    radius_mm: 350,
    height_mm: 1_800,
    eye_height_mm: 1_620,
    head_radius_mm: 140,
    health_points: 100,
    armour_points: 50,
    armour_absorbs_percent: 60,
};
