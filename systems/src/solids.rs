//! Solids that come and go: what of a session's things is solid stands in its level.

use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res, ResMut};
use bevy_ecs::world::World;
use combat_components::body::Body;
use combat_components::things::Things;
use combat_components::tick::Tick;
use combat_components::vitals::Vitals;

use crate::inbox::Now;
use crate::phases::Phase;
use crate::snapshot::hash_state;
use crate::spatial::{EXTRA_SOLIDS_MAX, Level};
use crate::state::{Fighter, FighterItem};
use crate::tick_rules::{SessionLevel, TickRules};

/// Only where by the rules something is ever solid.
pub(crate) fn install(schedule: &mut Schedule, rules: &TickRules) {
    if rules.something_is_solid {
        schedule.add_systems(stand.in_set(Phase::Snapshot).before(hash_state));
    }
}

/// After the things of a tick have come, moved and gone, with their round too: what stands now is met from the next tick on.
fn stand(
    now: Res<Now>,
    things: Res<Things>,
    rules: Res<TickRules>,
    mut fighters: Query<Fighter>,
    mut level: ResMut<SessionLevel>,
) {
    let bodies = fighters.iter().map(|fighter| (fighter.body, fighter.vitals));
    if settle(&things, &rules, &mut level, bodies) {
        fighters.iter_mut().for_each(|mut fighter| lose_footing(&mut fighter, &level.level, (&rules, now.0)));
    }
}

/// What carried it may be gone: without claims it falls.
fn lose_footing(fighter: &mut FighterItem<'_, '_>, level: &Level, (rules, now): (&TickRules, Tick)) {
    if fighter.motion.grounded && fighter.vitals.is_alive() && !level.grounded(fighter.body.pose.at) {
        *fighter.motion = rules.movement.placed(false, &fighter.motion);
        fighter.claims.falls_at = now.plus(rules.bank_ticks_max);
    }
}

/// What stands in a world that a keyframe was read into: it follows from its things and bodies.
pub(crate) fn stand_in(world: &mut World) {
    let mut bodies = world.query::<(&Body, &Vitals)>();
    world.resource_scope(|world, mut level| {
        settle(world.resource(), world.resource(), &mut level, bodies.query(world).iter());
    });
}

/// The oldest first; beyond [`EXTRA_SOLIDS_MAX`] none stands, and none on somebody alive: it waits until he is out of it, so
/// that nobody is ever caught. Tells whether anything has changed; allocates where something has come, gone or moved.
fn settle<'a>(
    things: &Things,
    rules: &TickRules,
    level: &mut SessionLevel,
    bodies: impl Iterator<Item = (&'a Body, &'a Vitals)> + Clone,
) -> bool {
    let solid = |cause| rules.thing_of(cause).and_then(|(own, kind)| Some((own, kind.solid?)));
    let solids = || things.placed.0.iter().filter_map(|thing| Some((thing, solid(thing.cause)?)));
    let standing = || solids().take(EXTRA_SOLIDS_MAX);
    let others = !standing().map(|(thing, _)| thing).eq(&level.stands);
    if others {
        level.stands.clear();
        level.stands.extend(standing().map(|(thing, _)| *thing));
        level.level.stand(standing().map(|(thing, (own, shape))| shape(own, thing)));
    }
    let living = bodies.filter(|(_, vitals)| vitals.is_alive());
    level.level.make_way(living.map(|(body, _)| body.pose.at)) || others
}
