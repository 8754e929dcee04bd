//! What a studio adds to what ships: a file for each kind, and its place in one list.
//!
//! It names the crates of components and systems alone, so the tests of the simulation play these kinds too.

use combat_systems::kinds::Kinds;
use combat_systems::modes::deathmatch::Deathmatch;
use combat_systems::weapons::hitscan::HITSCAN;

pub mod best_of_three;
pub mod blast;
pub mod burn;
pub mod elimination;
pub mod pillar;
pub mod rocket;
pub mod shotgun;
pub mod well;

/// The rifle comes first: a weapon that names no kind is of it.
pub const KINDS: Kinds = Kinds {
    weapons: &[&HITSCAN, &shotgun::SHOTGUN, &rocket::ROCKET],
    abilities: &[&blast::BLAST, &well::WELL, &pillar::PILLAR],
    effects: &[&burn::BURN],
    modes: &[&Deathmatch, &elimination::Elimination, &best_of_three::BestOfThree],
};
