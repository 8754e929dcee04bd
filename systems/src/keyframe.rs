//! Keyframes: the whole state as canonical bytes, and back into a fresh world.

use bevy_ecs::world::World;
use combat_components::canon::{Canon, CanonError, Reader};
use combat_components::departed::DepartedPlayers;
use combat_components::ids::SimId;
use combat_components::limits::PLAYERS_MAX;
use combat_components::phase::MatchState;
use combat_components::streams::Streams;
use combat_components::tick::Tick;

use crate::fighter::{Fighter, FighterBundle};
use crate::input::Now;
use crate::roster::Roster;
use crate::snapshot::{StateKind, put_component};
use crate::tick_rules::TickRules;

/// Appends the state of `world` to `out`.
pub(crate) fn write(world: &mut World, out: &mut Vec<u8>) {
    world.resource::<Now>().0.put(out);
    world.resource::<MatchState>().put(out);
    world.resource::<Streams>().put(out);
    world.resource::<DepartedPlayers>().put(out);
    let roster = world.resource::<Roster>();
    roster.next_id().put(out);
    (roster.len() as u32).put(out);
    let entities: Vec<_> = roster.entities().collect();
    let mut fighters = world.query::<Fighter>();
    let fighters = fighters.query(world);
    for entity in entities {
        let fighter = fighters.get(entity).expect("every entity of the roster is a fighter");
        fighter.id.put(out);
        for kind in StateKind::ALL {
            put_component(&fighter, kind, out);
        }
    }
}

/// Fills a fresh `world` with the state in `bytes`.
///
/// # Errors
/// When the bytes are not a keyframe; the world is then to be dropped.
pub(crate) fn read(world: &mut World, bytes: &[u8]) -> Result<(), CanonError> {
    let mut reader = Reader::new(bytes);
    let now = Tick::take(&mut reader)?;
    let state = MatchState::take(&mut reader)?;
    let streams = Streams::take(&mut reader)?;
    let departed = DepartedPlayers::take(&mut reader)?;
    let next_id = SimId::take(&mut reader)?;
    let count = u32::take(&mut reader)? as usize;
    if count > PLAYERS_MAX {
        return Err(CanonError::OutOfRange { what: "number of bodies" });
    }
    let weapons = world.resource::<TickRules>().weapons.len();
    if departed.0.iter().filter_map(|gone| gone.kept).any(|kept| usize::from(kept.arms.in_hand) >= weapons) {
        return Err(CanonError::OutOfRange { what: "weapon in hand of somebody who has left" });
    }
    let mut roster = Roster::starting_at(next_id);
    let mut last_id = SimId(0);
    for _ in 0..count {
        let fighter = read_fighter(&mut reader)?;
        let (id, slot) = (fighter.id, fighter.identity.slot);
        if usize::from(fighter.arms.in_hand) >= weapons {
            return Err(CanonError::OutOfRange { what: "weapon in hand" });
        }
        let place_taken = usize::from(slot.0) >= PLAYERS_MAX || roster.in_slot(slot).is_some();
        if id <= last_id || id >= next_id || place_taken {
            return Err(CanonError::OutOfRange { what: "id or slot of a body" });
        }
        last_id = id;
        let entity = world.spawn(fighter).id();
        roster.insert(id, slot, entity);
    }
    reader.finish()?;
    world.insert_resource(Now(now));
    world.insert_resource(state);
    world.insert_resource(streams);
    world.insert_resource(departed);
    world.insert_resource(roster);
    Ok(())
}

/// Components come in the order of [`StateKind::ALL`].
fn read_fighter(reader: &mut Reader<'_>) -> Result<FighterBundle, CanonError> {
    Ok(FighterBundle {
        id: Canon::take(reader)?,
        identity: Canon::take(reader)?,
        body: Canon::take(reader)?,
        motion: Canon::take(reader)?,
        claims: Canon::take(reader)?,
        recent: Canon::take(reader)?,
        history: Canon::take(reader)?,
        vitals: Canon::take(reader)?,
        arms: Canon::take(reader)?,
        cooldowns: Canon::take(reader)?,
        score: Canon::take(reader)?,
        link: Canon::take(reader)?,
    })
}
