//! Who is in the session, in `SimId` order: the only order the simulation knows.

use arrayvec::ArrayVec;
use bevy_ecs::entity::Entity;
use bevy_ecs::resource::Resource;
use combat_components::canon::CanonError;
use combat_components::canon_struct;
use combat_components::ids::{SimId, Slot};
use combat_components::limits::PLAYERS_MAX;

use crate::holds::Holds;

/// The ids of all bodies: what the roster holds that is state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    /// That of the next body to join.
    pub next: SimId,
    /// `SimId`s only grow, so joining appends.
    pub present: ArrayVec<SimId, PLAYERS_MAX>,
}
canon_struct!(Ids { next, present });

/// Every body with its entity.
#[derive(Resource, Debug)]
pub struct Roster {
    ids: Ids,
    entities: ArrayVec<Entity, PLAYERS_MAX>,
    by_slot: [Option<Entity>; PLAYERS_MAX],
    changes: u32,
}

impl Default for Roster {
    fn default() -> Self {
        Self {
            ids: Ids { next: SimId(1), present: ArrayVec::new() },
            entities: ArrayVec::new(),
            by_slot: [None; PLAYERS_MAX],
            changes: 0,
        }
    }
}

impl Roster {
    pub fn starting_at(next_id: SimId) -> Self {
        Self { ids: Ids { next: next_id, present: ArrayVec::new() }, ..Self::default() }
    }

    pub fn next_id(&self) -> SimId {
        self.ids.next
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
        self.entities.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// Entities in `SimId` order.
    pub fn entities(&self) -> impl Iterator<Item = Entity> + Clone + '_ {
        self.entities.iter().copied()
    }

    pub fn at(&self, index: usize) -> Entity {
        self.entities[index]
    }

    pub fn in_slot(&self, slot: Slot) -> Option<Entity> {
        self.by_slot.get(usize::from(slot.0)).copied().flatten()
    }

    pub fn of(&self, id: SimId) -> Option<Entity> {
        let index = self.ids.present.binary_search(&id).ok()?;
        Some(self.entities[index])
    }

    /// The id that the next body to join will have; taken by [`Self::insert`].
    pub fn insert(&mut self, id: SimId, slot: Slot, entity: Entity) {
        debug_assert!(self.ids.present.last().is_none_or(|last| *last < id));
        self.ids.present.push(id);
        self.entities.push(entity);
        self.by_slot[usize::from(slot.0)] = Some(entity);
        self.ids.next = self.ids.next.max(SimId(id.0.saturating_add(1)));
        self.changes = self.changes.wrapping_add(1);
    }

    pub fn remove(&mut self, id: SimId, slot: Slot) {
        if let Ok(index) = self.ids.present.binary_search(&id) {
            self.ids.present.remove(index);
            self.entities.remove(index);
        }
        self.by_slot[usize::from(slot.0)] = None;
        self.changes = self.changes.wrapping_add(1);
    }
}

impl Holds<Ids> for Roster {
    fn held(&self) -> &Ids {
        &self.ids
    }

    fn hold(&mut self, ids: Ids) -> Result<(), CanonError> {
        let is_fit = ids.present == self.ids.present && ids.present.iter().all(|id| *id < ids.next);
        if !is_fit {
            return Err(CanonError::OutOfRange { what: "ids of bodies" });
        }
        self.ids = ids;
        Ok(())
    }
}
