//! What a simulation knows how to play: its kinds of weapons, abilities and effects and its modes, handed to it as lists.
//!
//! What ships is a line here for each. A studio hands in lists of its own, with or without those that ship.

use combat_components::rules::Ruleset;
use combat_components::rules::kinds::RuleKinds;
use combat_components::toml_error::TomlError;

use crate::abilities::{AbilityKind, dash};
use crate::effects::EffectKind;
use crate::modes::Mode;
use crate::modes::deathmatch::Deathmatch;
use crate::modes::duel::Duel;
use crate::weapons::{WeaponKind, hitscan};

/// All that a ruleset, and a session's options, may name.
#[derive(Clone, Copy, Debug)]
pub struct Kinds {
    /// The first is meant where a ruleset's weapon names none.
    pub weapons: &'static [&'static WeaponKind],
    pub abilities: &'static [&'static AbilityKind],
    pub effects: &'static [&'static EffectKind],
    pub modes: &'static [&'static dyn Mode],
}

impl Kinds {
    /// What this server ships with.
    pub const SHIPPED: Self = Self {
        weapons: &[&hitscan::HITSCAN],
        abilities: &[&dash::DASH],
        effects: &[],
        modes: &[&Duel, &Deathmatch],
    };

    /// Reads and validates a ruleset that names these kinds. `file` is what errors call it.
    ///
    /// # Errors
    /// The first fault, with its file, line and key, what was found and what was expected.
    pub fn ruleset(&self, file: &str, text: &str) -> Result<Ruleset, TomlError> {
        let weapons = self.weapons.iter().map(|kind| kind.keys).collect();
        let abilities = self.abilities.iter().map(|kind| kind.keys).collect();
        let effects = self.effects.iter().map(|kind| kind.keys).collect();
        Ruleset::parse(file, text, &RuleKinds { weapons, abilities, effects })
    }

    pub fn weapon(&self, name: &str) -> Option<&'static WeaponKind> {
        self.weapons.iter().copied().find(|kind| kind.keys.name == name)
    }

    pub fn ability(&self, name: &str) -> Option<&'static AbilityKind> {
        self.abilities.iter().copied().find(|kind| kind.keys.name == name)
    }

    pub fn effect(&self, name: &str) -> Option<&'static EffectKind> {
        self.effects.iter().copied().find(|kind| kind.keys.name == name)
    }

    pub fn mode(&self, name: &str) -> Option<&'static dyn Mode> {
        self.modes.iter().copied().find(|mode| mode.name() == name)
    }

    /// For messages: every mode, in order.
    pub fn mode_names(&self) -> String {
        self.modes.iter().map(|mode| mode.name()).collect::<Vec<_>>().join(", ")
    }
}
