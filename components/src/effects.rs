//! What lasts on a body: effects of the ruleset, each for a time.

use arrayvec::ArrayVec;
use bevy_ecs::component::Component;

use crate::cause::Author;
use crate::limits::EFFECTS_PER_BODY_MAX;
use crate::tick::Tick;
use crate::{canon_newtype, canon_struct};

/// An effect on a body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lasting {
    /// Its index in the ruleset.
    pub effect: u8,
    /// Who brought it about; `None` for the world.
    pub by: Option<Author>,
    /// When it acts next.
    pub acts_at: Tick,
    /// From when on it is over.
    pub ends_at: Tick,
}
canon_struct!(Lasting { effect, by, acts_at, ends_at });

/// The effects on a body, the oldest first. Death ends them all.
#[derive(Component, Clone, Debug, Default, PartialEq, Eq)]
pub struct Effects(pub ArrayVec<Lasting, EFFECTS_PER_BODY_MAX>);
canon_newtype!(Effects);

impl Effects {
    /// Begins an effect, or begins it anew where the same one by the same is on the body. When there is no room, the one
    /// that would end first makes it.
    pub fn apply(&mut self, new: Lasting) {
        if let Some(same) =
            self.0.iter_mut().find(|lasting| (lasting.effect, lasting.by) == (new.effect, new.by))
        {
            same.ends_at = new.ends_at;
            return;
        }
        if self.0.is_full() {
            let first = (0..self.0.len()).min_by_key(|place| self.0[*place].ends_at).unwrap_or_default();
            self.0.remove(first);
        }
        self.0.push(new);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::SimId;

    fn by(id: u32) -> Option<Author> {
        Some(Author { id: SimId(id), ..Author::default() })
    }

    fn lasting(effect: u8, id: u32, ends_at: u32) -> Lasting {
        Lasting { effect, by: by(id), acts_at: Tick(1), ends_at: Tick(ends_at) }
    }

    #[test]
    fn the_same_effect_by_the_same_is_prolonged_and_by_another_is_another() {
        let mut effects = Effects::default();
        effects.apply(lasting(0, 1, 10));
        effects.apply(lasting(0, 1, 20));
        effects.apply(lasting(0, 2, 15));
        assert_eq!(effects.0.as_slice(), [lasting(0, 1, 20), lasting(0, 2, 15)]);
    }

    #[test]
    fn where_there_is_no_room_the_one_that_ends_first_makes_it() {
        let mut effects = Effects::default();
        (0..EFFECTS_PER_BODY_MAX as u32).for_each(|by| effects.apply(lasting(0, by, 100 - by)));
        effects.apply(lasting(1, 1, 50));
        assert_eq!(effects.0.len(), EFFECTS_PER_BODY_MAX);
        assert!(effects.0.iter().all(|lasting| lasting.by != by(EFFECTS_PER_BODY_MAX as u32 - 1)));
    }
}
