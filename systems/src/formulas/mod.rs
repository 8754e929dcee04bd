//! Pure arithmetic of the rules; testable with no `World`.

pub mod aim;
pub mod bodies;
pub mod damage;
pub mod movement;
pub mod shot;
