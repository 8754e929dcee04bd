//! Perturbing: one field of one part of the state changed by one, so that a verifier can be seen to find it.

use bevy_ecs::schedule::Schedule;
use bevy_ecs::world::World;
use combat_components::ids::SimId;

use crate::roster::Roster;
use crate::sim::Sim;
use crate::snapshot;
use crate::state::{StateKind, replace_component, replace_resource};

impl Sim {
    /// Changes one field of one kind of state by one and hashes anew. `choice` picks body, kind and field.
    ///
    /// Answers what was changed and whose, which is nobody's for a resource. What has no field that can be changed, as
    /// claims nobody made, leaves it to the next kind.
    pub fn perturb(&mut self, choice: u64) -> (StateKind, Option<SimId>) {
        let (kinds, bodies) = match self.player_count() as u64 {
            0 => (StateKind::RESOURCES, 1),
            count => (StateKind::ALL.as_slice(), count),
        };
        let kinds: Vec<StateKind> = kinds.iter().copied().filter(|kind| self.keeps(*kind)).collect();
        let (place, turn) = ((choice % bodies) as usize, (choice / bodies) as usize);
        let (first, field) = (turn % kinds.len(), turn / kinds.len());
        let mut in_turn = kinds.iter().copied().cycle().skip(first).take(kinds.len());
        let changed = in_turn.find_map(|kind| Some((kind, self.change(place, kind, field)?)));
        self.world.resource_mut::<Roster>().identities_changed();
        rehash(&mut self.world);
        changed.expect("the random streams have a state, which can be changed")
    }

    /// Whose it was; `None` where it has no field that can be changed.
    fn change(&mut self, place: usize, kind: StateKind, field: usize) -> Option<Option<SimId>> {
        let place = if kind.is_resource() { 0 } else { place };
        let (id, bytes) = self.canonical(kind).swap_remove(place);
        changes(kind, &bytes, field).find(|changed| self.replace(place, kind, changed)).map(|_| id)
    }

    fn replace(&mut self, place: usize, kind: StateKind, bytes: &[u8]) -> bool {
        if kind.is_resource() {
            return replace_resource(&mut self.world, kind, bytes).is_ok();
        }
        let entity = self.world.resource::<Roster>().at(place);
        let mut fighters = self.fighters.query_mut(&mut self.world);
        let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        replace_component(&mut fighter, kind, bytes).is_ok()
    }
}

/// The bytes with one of their fields changed by one, the wanted one first.
fn changes(kind: StateKind, bytes: &[u8], field: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut fields = Vec::new();
    let traced = kind.trace(bytes, &mut |traced| fields.push(traced.range));
    traced.expect("these bytes were of this kind a moment ago");
    let first = field.checked_rem(fields.len()).unwrap_or_default();
    fields.rotate_left(first);
    fields.into_iter().map(move |range| {
        let mut changed = bytes.to_vec();
        // Little-endian, with a carry.
        for byte in &mut changed[range] {
            *byte = byte.wrapping_add(1);
            if *byte != 0 {
                break;
            }
        }
        changed
    })
}

fn rehash(world: &mut World) {
    let mut schedule = Schedule::default();
    snapshot::install(&mut schedule);
    schedule.run(world);
}

#[cfg(test)]
mod tests {
    use combat_components::canon::{Canon, Reader};
    use combat_components::phase::MatchState;
    use combat_components::tick::Tick;

    use super::*;

    #[test]
    fn a_field_is_changed_by_one_also_where_its_lowest_byte_is_full() {
        let mut bytes = Vec::new();
        MatchState { resuming_since: Tick(0x01ff_ffff), ..MatchState::default() }.put(&mut bytes);
        let states = changes(StateKind::Match, &bytes, 0).filter_map(|changed| {
            let mut reader = Reader::new(&changed);
            let state = MatchState::take(&mut reader).ok()?;
            reader.finish().ok().map(|()| state.resuming_since)
        });
        let others = states.filter(|since| *since != Tick(0x01ff_ffff)).collect::<Vec<_>>();
        assert_eq!(others, [Tick(0x0200_0000)]);
    }
}
