//! The kinds of effects a ruleset can use: one file each, and its place in the list of `kinds.rs`.

use combat_components::cause::Author;
use combat_components::ids::SimId;
use combat_components::quantity::Pose;
use combat_components::rules::Ruleset;
use combat_components::rules::kinds::{KindKeys, OwnNumbers};

use crate::consequences::{Doer, Does};
use combat_components::tick::TickRate;

/// A kind of effect: what lasts on a body, and acts once when it begins and again with every period.
#[derive(Clone, Copy, Debug)]
pub struct EffectKind {
    pub keys: KindKeys,
    pub act: fn(&mut Acting<'_>),
}

/// An effect that acts: what it sees of the world, and how it does something to it.
#[derive(Debug)]
pub struct Acting<'a> {
    /// The numbers that the kind has of its own.
    pub own: &'a OwnNumbers,
    /// On whom it is, alive.
    pub on: SimId,
    /// Who brought it about; he may have left.
    pub by: Option<Author>,
    pub pose: Pose,
    pub ruleset: &'a Ruleset,
    pub rate: TickRate,
    pub(crate) doer: Doer<'a>,
}

impl Acting<'_> {
    /// At the end of this tick.
    pub fn does(&mut self, on: SimId, does: Does) {
        self.doer.does(on, does);
    }
}
