//! Perturbing: one field of one component changed by one, so that a verifier can be seen to find it.

use bevy_ecs::schedule::Schedule;
use bevy_ecs::world::World;
use combat_components::ids::SimId;
use combat_components::phase::MatchState;

use crate::roster::Roster;
use crate::sim::Sim;
use crate::snapshot;
use crate::state::{StateKind, replace_component};

impl Sim {
    /// Changes one field of one component by one and hashes anew. `choice` picks body, component and field.
    ///
    /// Answers what was changed and whose; with nobody in the session it is the match's, and so nobody's. What has no
    /// field that can be changed, as claims nobody made, leaves it to the next component.
    pub fn perturb(&mut self, choice: u64) -> (StateKind, Option<SimId>) {
        let count = self.player_count() as u64;
        let Some(place) = choice.checked_rem(count) else {
            let mut state = self.world.resource_mut::<MatchState>();
            state.resuming_since.0 = state.resuming_since.0.wrapping_add(1);
            rehash(&mut self.world);
            return (StateKind::Match, None);
        };
        let kinds = StateKind::COMPONENTS;
        let first = (choice / count) as usize % kinds.len();
        let field = (choice / count) as usize / kinds.len();
        let in_turn = kinds.iter().cycle().skip(first).take(kinds.len());
        let changed = in_turn.copied().find(|kind| self.change(place as usize, *kind, field));
        let id = self.canonical(StateKind::Body)[place as usize].0;
        self.world.resource_mut::<Roster>().identities_changed();
        rehash(&mut self.world);
        (changed.expect("a body has a pose, which can be changed"), id)
    }

    /// Whether the component has a field that can be changed.
    fn change(&mut self, place: usize, kind: StateKind, field: usize) -> bool {
        let (_, bytes) = self.canonical(kind).swap_remove(place);
        let entity = self.world.resource::<Roster>().at(place);
        let mut fighters = self.fighters.query_mut(&mut self.world);
        let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        changes(kind, &bytes, field).any(|changed| replace_component(&mut fighter, kind, &changed).is_ok())
    }
}

/// The component with one of its fields changed by one, the wanted one first.
fn changes(kind: StateKind, bytes: &[u8], field: usize) -> impl Iterator<Item = Vec<u8>> {
    let mut fields = Vec::new();
    let traced = kind.trace(bytes, &mut |traced| fields.push(traced.range));
    traced.expect("these bytes were a component's a moment ago");
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
