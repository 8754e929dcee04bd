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
    /// Puts a thing there under the next number. When there is no room, the oldest goes.
    pub fn place(&mut self, thing: Thing) {
        if self.placed.0.is_full() {
            self.placed.0.remove(0);
        }
        self.count = self.count.wrapping_add(1);
        self.placed.0.push(Thing { number: self.count, ..thing });
    }
}
