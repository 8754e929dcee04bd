//! Solids that come and go: what of a session's things is solid stands in its level.

use arrayvec::ArrayVec;
use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res, ResMut};
use bevy_ecs::world::World;
use combat_components::body::Body;
use combat_components::limits::THINGS_MAX;
use combat_components::reason::Reason;
use combat_components::things::{Thing, Things};
use combat_components::vitals::Vitals;

use crate::falling::{falls_no_further, floor_y};
use crate::fighter::Displacing;
use crate::inbox::Now;
use crate::output::TickOutput;
use crate::phases::Phase;
use crate::roster::Roster;
use crate::snapshot::hash_state;
use crate::spatial::EXTRA_SOLIDS_MAX;
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
    (now, rules): (Res<Now>, Res<TickRules>),
    (things, roster): (Res<Things>, Res<Roster>),
    mut fighters: Query<Fighter>,
    mut level: ResMut<SessionLevel>,
    mut output: ResMut<TickOutput>,
) {
    let bodies = fighters.iter().map(|fighter| (fighter.body, fighter.vitals));
    if !settle(&things, &rules, &mut level, bodies) {
        return;
    }
    let mut at = Displacing { now: now.0, rules: &rules, level: &level.level, output: &mut output };
    for entity in roster.entities() {
        let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        find_footing(&mut fighter, &mut at);
    }
}

/// What carried it may be gone: it falls, from now on, and its client is told, who does not know of it. And what falls may
/// land elsewhere.
fn find_footing(fighter: &mut FighterItem<'_, '_>, at: &mut Displacing<'_>) {
    let feet = fighter.body.pose.at;
    if fighter.motion.grounded && fighter.vitals.is_alive() && !falls_no_further(at.level, feet) {
        *fighter.motion = at.rules.movement.placed(false, &fighter.motion);
        fighter.claims.pose_since = at.now;
        fighter.claims.falls_at = at.now.plus(at.rules.bank_ticks_max);
        fighter.hold_still(Reason::Displaced, at);
    }
    if let Some(fall) = &mut fighter.claims.fall {
        fall.ground_y = floor_y(at.level, feet);
    }
}

/// What stands in a world that a keyframe was read into: it follows from its things and bodies.
pub(crate) fn stand_in(world: &mut World) {
    let mut bodies = world.query::<(&Body, &Vitals)>();
    world.resource_scope(|world, mut level| {
        settle(world.resource(), world.resource(), &mut level, bodies.query(world).iter());
    });
}

/// Of more than may stand everybody's first, then everybody's second, and so on: nobody takes all the room.
fn in_turns(solids: &mut ArrayVec<&Thing, THINGS_MAX>) {
    let mut turns: ArrayVec<(usize, &Thing), THINGS_MAX> = ArrayVec::new();
    for thing in solids.iter().copied() {
        let turn = turns.iter().filter(|(_, other)| other.by.pseudonym == thing.by.pseudonym).count();
        turns.push((turn, thing));
    }
    turns.sort_unstable_by_key(|(turn, thing)| (*turn, thing.number));
    solids.clear();
    solids.extend(turns.iter().map(|(_, thing)| *thing).take(EXTRA_SOLIDS_MAX));
}

/// At most [`EXTRA_SOLIDS_MAX`], and none on somebody alive: it waits until he is out of it, so that nobody is ever caught. Tells
/// whether anything has changed; allocates where something has come, gone or moved.
fn settle<'a>(
    things: &Things,
    rules: &TickRules,
    level: &mut SessionLevel,
    bodies: impl Iterator<Item = (&'a Body, &'a Vitals)> + Clone,
) -> bool {
    let solid = |thing: &Thing| rules.thing_of(thing.cause).and_then(|(own, kind)| Some((own, kind.solid?)));
    let mut solids: ArrayVec<&Thing, THINGS_MAX> = ArrayVec::new();
    solids.extend(things.placed.0.iter().filter(|thing| solid(thing).is_some()));
    if solids.len() > EXTRA_SOLIDS_MAX {
        in_turns(&mut solids);
    }
    let others = !solids.iter().copied().eq(&level.stands);
    if others {
        level.stands.clear();
        level.stands.extend(solids.iter().copied().copied());
        let shapes =
            solids.iter().filter_map(|thing| solid(thing).map(|(own, shape)| shape(own, thing).into()));
        level.level.stand(shapes);
    }
    let living = bodies.filter(|(_, vitals)| vitals.is_alive());
    level.level.make_way(living.map(|(body, _)| body.pose.at)) || others
}
