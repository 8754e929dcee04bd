//! The kinds of abilities a ruleset can use: one file each, and its place in the list of `kinds.rs`.

use combat_components::ids::SimId;
use combat_components::quantity::{Pose, Yaw};
use combat_components::reason::Reason;
use combat_components::rules::Ruleset;
use combat_components::rules::kinds::{KindKeys, OwnNumbers};

use crate::consequences::{Doer, Does};
use crate::formulas::shot::Target;
use crate::spatial::Level;
use crate::things::{Act, Shape, ThingKind};
use combat_components::tick::TickRate;

pub mod dash;

/// A kind of ability.
#[derive(Clone, Copy, Debug)]
pub struct AbilityKind {
    pub keys: KindKeys,
    /// Everything that one use does, or why it cannot be used: then it has cost nothing, and nothing that it told is
    /// done. The cooldown is the same for all kinds.
    pub apply: fn(&mut Using<'_>) -> Result<(), Reason>,
    /// What the things do, and are, that it places.
    pub thing: Option<ThingKind>,
}

impl AbilityKind {
    pub const fn new(keys: KindKeys, apply: fn(&mut Using<'_>) -> Result<(), Reason>) -> Self {
        Self { keys, apply, thing: None }
    }

    /// As [`Self::new`], of a kind that places things which do this with every tick.
    pub const fn placing(self, act: Act) -> Self {
        Self { thing: Some(ThingKind { act, solid: None }), ..self }
    }

    /// As [`Self::placing`], of things that are solid.
    pub const fn placing_solid(self, act: Act, shape: Shape) -> Self {
        Self { thing: Some(ThingKind { act, solid: Some(shape) }), ..self }
    }
}

/// An ability being used: what it sees of the world, and how it does something to it.
#[derive(Debug)]
pub struct Using<'a> {
    /// The numbers that the kind has of its own.
    pub own: &'a OwnNumbers,
    pub user: SimId,
    /// Where its user stands.
    pub from: Pose,
    /// Where he aims.
    pub yaw: Yaw,
    /// Whom the actor says that he means.
    pub target: Option<SimId>,
    pub ruleset: &'a Ruleset,
    pub rate: TickRate,
    pub level: &'a Level,
    /// Everybody alive, its user too.
    pub targets: &'a [Target],
    pub(crate) doer: Doer<'a>,
}

impl Using<'_> {
    /// At the end of this tick.
    pub fn does(&mut self, on: SimId, does: Does) {
        self.doer.does(on, does);
    }
}
