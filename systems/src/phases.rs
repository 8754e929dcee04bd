//! The phases of a tick, in order.

use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule, SystemSet};

/// Chained: each begins when the one before has ended.
#[derive(SystemSet, Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// After it: players have joined and left, and every input of the tick is ordered and new.
    Input,
    /// After it: every body stands where it will be shot at.
    Movement,
    /// After it: the poses of this tick can be looked up later.
    History,
    /// After it: shots are judged but nobody is hurt; dashes are done.
    Action,
    /// After it: all damage of the tick is done at once.
    Damage,
    /// After it: reloads, respawns and the match itself have moved on.
    Cooldown,
    /// After it: the state is hashed.
    Snapshot,
}

pub fn install(schedule: &mut Schedule) {
    use Phase::{Action, Cooldown, Damage, History, Input, Movement, Snapshot};
    schedule.configure_sets((Input, Movement, History, Action, Damage, Cooldown, Snapshot).chain());
}
