//! What is in the world and is no fighter: projectiles, zones, deployables.

use arrayvec::ArrayVec;
use bevy_ecs::resource::Resource;

use crate::cause::{Author, Cause};
use crate::limits::THINGS_MAX;
use crate::quantity::{Vec3Mm, Velocity};
use crate::tick::Tick;
use crate::{canon_newtype, canon_struct};

/// A projectile, a zone, a deployable: what it does is the business of the kind that put it there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thing {
    /// From 1, in the order in which things came; never given twice.
    pub number: u32,
    /// The weapon or ability that put it there, whose kind says what it does.
    pub cause: Cause,
    pub by: Author,
    pub at: Vec3Mm,
    /// What it has come beyond whole millimetres, in parts of one: as many as there are ticks in a second.
    pub beyond: Vec3Mm,
    pub velocity: Velocity,
    pub since: Tick,
    /// From when on it is gone.
    pub ends_at: Tick,
}
canon_struct!(Thing { number, cause, by, at, beyond, velocity, since, ends_at });

/// All things, the oldest first. A list of fixed size in place of entities: no archetype can change, and its order is the
/// one in which they act.
#[derive(Resource, Clone, Debug, Default, PartialEq, Eq)]
pub struct Things {
    /// How many there have ever been.
    pub count: u32,
    pub placed: Placed,
}
canon_struct!(Things { count, placed });

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placed(pub ArrayVec<Thing, THINGS_MAX>);
canon_newtype!(Placed);

impl Things {
    /// Puts a thing there under the next number. When there is no room, the oldest goes of whoever has most then, so that
    /// nobody takes everybody's place.
    pub fn place(&mut self, thing: Thing) {
        let placed = &mut self.placed.0;
        if placed.is_full() {
            let is_his = |other: &Thing, place: usize| other.by.pseudonym == placed[place].by.pseudonym;
            let has =
                |place: usize| placed.iter().chain([&thing]).filter(|other| is_his(other, place)).count();
            let oldest_of_most = (0..placed.len()).rev().max_by_key(|place| has(*place));
            placed.remove(oldest_of_most.expect("a full list has entries"));
        }
        self.count = self.count.wrapping_add(1);
        placed.push(Thing { number: self.count, ..thing });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::Pseudonym;

    #[test]
    fn when_there_is_no_room_the_oldest_goes_of_whoever_has_most() {
        let by = |pseudonym: u64| Thing {
            number: 0,
            cause: Cause::World,
            by: Author { pseudonym: Pseudonym(pseudonym), ..Author::default() },
            at: Vec3Mm::default(),
            beyond: Vec3Mm::default(),
            velocity: Velocity::default(),
            since: Tick(0),
            ends_at: Tick(0),
        };
        let mut things = Things::default();
        things.place(by(1));
        (0..THINGS_MAX + 100).for_each(|_| things.place(by(2)));
        assert_eq!((things.placed.0[0].number, things.placed.0[1].number), (1, 103));
        let half = THINGS_MAX as u32 / 2;
        (0..3 * half).for_each(|_| things.place(by(1)));
        let of = |pseudonym| {
            things.placed.0.iter().filter(|thing| thing.by.pseudonym == Pseudonym(pseudonym)).count()
        };
        assert_eq!([of(1), of(2)], [half as usize; 2], "nobody takes the half of another");
    }
}
