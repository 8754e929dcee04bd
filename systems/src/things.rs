//! What projectiles, zones and deployables do: every tick, each by the kind of the weapon or ability that put it there.

use combat_components::ids::SimId;
use combat_components::map::Solid;
use combat_components::quantity::{Vec3Mm, Yaw};
use combat_components::rules::Ruleset;
use combat_components::rules::kinds::OwnNumbers;
use combat_components::things::Thing;
use combat_components::tick::TickRate;

use crate::consequences::{Doer, Does};
use crate::formulas::shot::Target;
use crate::spatial::Level;

/// What a thing does in one tick.
pub type Act = fn(&mut Moving<'_>);

/// The solid that a thing is, by the numbers of the kind that put it there: it stands from the tick after until the thing
/// is gone or moves on, except while somebody alive is inside it.
pub type Shape = fn(&OwnNumbers, &Thing) -> Block;

/// An upright cuboid, as maps have them: no other solid comes and goes, as nothing would hold a hull to the rules for maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub center: Vec3Mm,
    /// Whole lengths of its edges; without volume it is not there.
    pub size: Vec3Mm,
    pub yaw: Yaw,
}

impl From<Block> for Solid {
    fn from(Block { center, size, yaw }: Block) -> Self {
        Self::Cuboid { center, size, yaw }
    }
}

/// What the things of a kind do, and what they are.
#[derive(Clone, Copy, Debug)]
pub struct ThingKind {
    pub act: Act,
    /// Of what nobody walks or shoots through: a wall, a shield. Where somebody alive is, it waits until he is out of it, and
    /// is neither walked nor shot against meanwhile; a kind that would have it refused there asks the targets first. So it
    /// carries nobody up: what rises beneath a body waits, and the body falls.
    pub solid: Option<Shape>,
}

/// A thing in one of its ticks: what it sees of the world, and how it does something to it.
#[derive(Debug)]
pub struct Moving<'a> {
    /// The numbers of the weapon or ability that put it there.
    pub own: &'a OwnNumbers,
    pub thing: Thing,
    pub ruleset: &'a Ruleset,
    pub rate: TickRate,
    pub level: &'a Level,
    /// Everybody alive, whoever put it there too.
    pub targets: &'a [Target],
    pub(crate) doer: Doer<'a>,
    pub(crate) gone: bool,
}

impl Moving<'_> {
    /// At the end of this tick.
    pub fn does(&mut self, on: SimId, does: Does) {
        self.doer.does(on, does);
    }

    /// It is there no more after this tick.
    pub fn goes(&mut self) {
        self.gone = true;
    }

    /// Where it comes in this tick if nothing is in its way, to the millimetre.
    pub fn next_at(&self) -> Vec3Mm {
        self.next().0
    }

    /// It comes there; what is less than a millimetre is not lost.
    pub fn goes_on(&mut self) {
        (self.thing.at, self.thing.beyond) = self.next();
    }

    fn next(&self) -> (Vec3Mm, Vec3Mm) {
        let hz = i64::from(self.rate.hz());
        let axis = |at: i32, beyond: i32, mm_per_s: i32| {
            let parts = i64::from(beyond) + i64::from(mm_per_s);
            let to = i64::from(at) + parts.div_euclid(hz);
            (to.clamp(i32::MIN.into(), i32::MAX.into()) as i32, parts.rem_euclid(hz) as i32)
        };
        let Thing { at, beyond, velocity, .. } = self.thing;
        let (x, y, z) = (
            axis(at.x, beyond.x, velocity.x),
            axis(at.y, beyond.y, velocity.y),
            axis(at.z, beyond.z, velocity.z),
        );
        (Vec3Mm::new(x.0, y.0, z.0), Vec3Mm::new(x.1, y.1, z.1))
    }
}
