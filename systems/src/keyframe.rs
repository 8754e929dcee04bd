//! Keyframes: the whole state as canonical bytes, and back into a fresh world.

use bevy_ecs::world::World;
use combat_components::canon::{Canon, CanonError, Reader};
use combat_components::ids::SimId;
use combat_components::limits::PLAYERS_MAX;
use combat_components::tick::Tick;

use crate::inbox::Now;
use crate::roster::Roster;
use crate::state::{Fighter, FighterBundle, ResourcesRead, StateKind, put_component, put_resource};
use crate::tick_rules::TickRules;

/// Appends the state of `world` to `out`.
pub(crate) fn write(world: &mut World, out: &mut Vec<u8>) {
    world.resource::<Now>().0.put(out);
    let kept = StateKind::RESOURCES.iter().filter(|kind| kind.is_kept_in(world));
    kept.for_each(|kind| put_resource(world, *kind, out));
    let roster = world.resource::<Roster>();
    let entities: Vec<_> = roster.entities().collect();
    let mut fighters = world.query::<Fighter>();
    let fighters = fighters.query(world);
    for entity in entities {
        let fighter = fighters.get(entity).expect("every entity of the roster is a fighter");
        StateKind::COMPONENTS.iter().for_each(|kind| put_component(&fighter, *kind, out));
    }
}

/// Fills a fresh `world` with the state in `bytes`.
///
/// # Errors
/// When the bytes are not a keyframe; the world is then to be dropped.
pub(crate) fn read(world: &mut World, bytes: &[u8]) -> Result<(), CanonError> {
    let mut reader = Reader::new(bytes);
    let now = Tick::take(&mut reader)?;
    let resources = ResourcesRead::take(world, &mut reader)?;
    let weapons = world.resource::<TickRules>().weapons.len();
    let mut kept = resources.departed.0.iter().filter_map(|gone| gone.kept);
    if kept.any(|kept| usize::from(kept.arms.in_hand) >= weapons) {
        return Err(CanonError::OutOfRange { what: "weapon in hand of somebody who has left" });
    }
    let rules = world.resource::<TickRules>();
    let effects = rules.effects.len();
    if resources.things.placed.0.iter().any(|thing| rules.thing_of(thing.cause).is_none()) {
        return Err(CanonError::OutOfRange { what: "what placed a thing" });
    }
    if resources.mode.0.len() != rules.mode.keeps() {
        return Err(CanonError::OutOfRange { what: "how much a mode keeps" });
    }
    if !resources.places.is_possible() {
        return Err(CanonError::OutOfRange { what: "how many places may be asked for" });
    }
    let ids = &resources.roster;
    let mut roster = Roster::starting_at(ids.next);
    let mut last_id = SimId(0);
    for id in ids.present.iter().copied() {
        let fighter = FighterBundle::take(id, &mut reader)?;
        let slot = fighter.identity.slot;
        if usize::from(fighter.arms.in_hand) >= weapons {
            return Err(CanonError::OutOfRange { what: "weapon in hand" });
        }
        if fighter.effects.0.iter().any(|lasting| usize::from(lasting.effect) >= effects) {
            return Err(CanonError::OutOfRange { what: "effect on a body" });
        }
        if !fighter.motion.is_possible() {
            return Err(CanonError::OutOfRange { what: "velocities of a body" });
        }
        let place_taken = usize::from(slot.0) >= PLAYERS_MAX || roster.in_slot(slot).is_some();
        if id <= last_id || id >= ids.next || place_taken {
            return Err(CanonError::OutOfRange { what: "id or slot of a body" });
        }
        last_id = id;
        let entity = world.spawn(fighter).id();
        roster.insert(id, slot, entity);
    }
    reader.finish()?;
    world.insert_resource(Now(now));
    world.insert_resource(roster);
    resources.insert(world)
}
