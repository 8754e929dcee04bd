//! Who is in the session, in `SimId` order: the only order the simulation knows.

use bevy_ecs::entity::Entity;
use bevy_ecs::resource::Resource;
use combat_components::ids::{SimId, Slot};
use combat_components::limits::PLAYERS_MAX;

/// Every body with its entity. `SimId`s only grow, so joining appends.
#[derive(Resource, Debug)]
pub struct Roster {
    in_order: Vec<(SimId, Entity)>,
    by_slot: [Option<Entity>; PLAYERS_MAX],
    next_id: SimId,
    changes: u32,
}

impl Default for Roster {
    fn default() -> Self {
        Self {
            in_order: Vec::with_capacity(PLAYERS_MAX),
            by_slot: [None; PLAYERS_MAX],
            next_id: SimId(1),
            changes: 0,
        }
    }
}

impl Roster {
    pub fn starting_at(next_id: SimId) -> Self {
        Self { next_id, ..Self::default() }
    }

    pub fn next_id(&self) -> SimId {
        self.next_id
    }

    /// How often identities have changed since this roster was made: no state, only a mark to compare.
    pub fn changes(&self) -> u32 {
        self.changes
    }

    /// Teams were dealt anew.
    pub fn identities_changed(&mut self) {
        self.changes = self.changes.wrapping_add(1);
    }

    pub fn len(&self) -> usize {
        self.in_order.len()
    }

    pub fn is_empty(&self) -> bool {
        self.in_order.is_empty()
    }

    /// Entities in `SimId` order.
    pub fn entities(&self) -> impl Iterator<Item = Entity> + Clone + '_ {
        self.in_order.iter().map(|(_, entity)| *entity)
    }

    pub fn at(&self, index: usize) -> Entity {
        self.in_order[index].1
    }

    pub fn in_slot(&self, slot: Slot) -> Option<Entity> {
        self.by_slot.get(usize::from(slot.0)).copied().flatten()
    }

    pub fn of(&self, id: SimId) -> Option<Entity> {
        let index = self.in_order.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(self.in_order[index].1)
    }

    /// The id that the next body to join will have; taken by [`Self::insert`].
    pub fn insert(&mut self, id: SimId, slot: Slot, entity: Entity) {
        debug_assert!(self.in_order.last().is_none_or(|(last, _)| *last < id));
        self.in_order.push((id, entity));
        self.by_slot[usize::from(slot.0)] = Some(entity);
        self.next_id = self.next_id.max(SimId(id.0 + 1));
        self.changes = self.changes.wrapping_add(1);
    }

    pub fn remove(&mut self, id: SimId, slot: Slot) {
        self.in_order.retain(|(present, _)| *present != id);
        self.by_slot[usize::from(slot.0)] = None;
        self.changes = self.changes.wrapping_add(1);
    }
}
