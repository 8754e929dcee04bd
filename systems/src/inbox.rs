//! The tick being simulated, and what has been said for it.

use bevy_ecs::resource::Resource;
use combat_components::command::TickInput;
use combat_components::limits::{COMMANDS_PER_TICK_MAX, INPUTS_PER_TICK_MAX};
use combat_components::tick::Tick;

const _: () = assert!(COMMANDS_PER_TICK_MAX <= u16::MAX as usize, "an inbox counts its commands in u16");

/// The tick being simulated.
#[derive(Resource, Clone, Copy, Debug, Default)]
pub struct Now(pub Tick);

/// The commands of this tick, and in which order the players' come.
#[derive(Resource, Debug, Default)]
pub struct Inbox {
    pub commands: TickInput,
    /// Indices of new claims and actions, ordered; then those of the actions alone.
    pub ordered: Vec<u16>,
    pub actions: Vec<u16>,
    pub(crate) keyed: Vec<(u8, u16)>,
}

impl Inbox {
    /// The most inputs a tick of full load brings, so that no tick has to make room.
    const CAPACITY: usize = INPUTS_PER_TICK_MAX;

    pub fn with_capacity() -> Self {
        Self {
            commands: Vec::new(),
            ordered: Vec::with_capacity(Self::CAPACITY),
            actions: Vec::with_capacity(Self::CAPACITY),
            keyed: Vec::with_capacity(Self::CAPACITY),
        }
    }
}
