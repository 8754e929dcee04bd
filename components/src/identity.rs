//! Who a body belongs to.

use bevy_ecs::component::Component;

use crate::canon_struct;
use crate::ids::{DisplayName, PlayerId, Slot, Team};

/// Fixed from join to leave.
#[derive(Component, Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    pub slot: Slot,
    pub team: Team,
    pub player: PlayerId,
    pub name: DisplayName,
    pub bot: bool,
}
canon_struct!(Identity { slot, team, player, name, bot });
