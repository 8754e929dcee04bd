//! What projectiles, zones and deployables do: every tick, each by the kind of the weapon or ability that put it there.

use combat_components::ids::SimId;
use combat_components::quantity::{Vec3Mm, Velocity};
use combat_components::rules::Ruleset;
use combat_components::rules::kinds::OwnNumbers;
use combat_components::things::Thing;
use combat_components::tick::TickRate;

use crate::consequences::{Doer, Does};
use crate::formulas::shot::Target;
use crate::spatial::Level;

/// What a thing does in one tick.
pub type Act = fn(&mut Moving<'_>);

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
        let hz = i64::from(self.rate.hz());
        let Vec3Mm { x, y, z } = self.thing.at;
        let moved = |at: i32, mm_per_s: i32| (i64::from(at) + i64::from(mm_per_s) / hz) as i32;
        let Velocity { x: vx, y: vy, z: vz } = self.thing.velocity;
        Vec3Mm::new(moved(x, vx), moved(y, vy), moved(z, vz))
    }
}
