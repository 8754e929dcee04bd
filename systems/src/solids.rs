//! Solids that come and go: what of a session's things is solid stands in its level.

use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Res, ResMut};
use bevy_ecs::world::World;
use combat_components::things::Things;

use crate::phases::Phase;
use crate::spatial::EXTRA_SOLIDS_MAX;
use crate::tick_rules::{SessionLevel, TickRules};

/// Only where by the rules something is ever solid.
pub(crate) fn install(schedule: &mut Schedule, rules: &TickRules) {
    if rules.something_is_solid {
        schedule.add_systems(stand.in_set(Phase::Snapshot));
    }
}

/// After the things of a tick have come, moved and gone, with their round too: what stands now is met from the next tick on.
fn stand(things: Res<Things>, rules: Res<TickRules>, mut level: ResMut<SessionLevel>) {
    settle(&things, &rules, &mut level);
}

/// The same of a world that a keyframe was read into: what stands follows from its things.
pub(crate) fn stand_in(world: &mut World) {
    world.resource_scope(|world, mut level| {
        settle(world.resource(), world.resource(), &mut level);
    });
}

/// The oldest first; beyond [`EXTRA_SOLIDS_MAX`] none stands. Allocates where something has come, gone or moved.
fn settle(things: &Things, rules: &TickRules, level: &mut SessionLevel) {
    let solid = |cause| rules.thing_of(cause).and_then(|(own, kind)| Some((own, kind.solid?)));
    let solids = || things.placed.0.iter().filter_map(|thing| Some((thing, solid(thing.cause)?)));
    let standing = || solids().take(EXTRA_SOLIDS_MAX);
    if !standing().map(|(thing, _)| thing).eq(&level.stands) {
        level.stands.clear();
        level.stands.extend(standing().map(|(thing, _)| *thing));
        level.level.stand(standing().map(|(thing, (own, shape))| shape(own, thing)));
    }
}
