//! Who a body belongs to.

use bevy_ecs::component::Component;

use crate::canon_struct;
use crate::ids::{Pseudonym, Slot, Team};

/// Fixed from join to leave, but for the team: the mode deals teams anew when the match begins.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub slot: Slot,
    pub team: Team,
    pub pseudonym: Pseudonym,
    pub bot: bool,
}
canon_struct!(Identity { slot, team, pseudonym, bot });
