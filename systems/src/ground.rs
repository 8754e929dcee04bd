//! What systems need to know of the tick, the rules and the level, and where they tell what comes of it.

use bevy_ecs::system::{Res, ResMut, SystemParam};
use combat_components::tick::Tick;

use crate::fighter::Displacing;
use crate::inbox::Now;
use crate::output::TickOutput;
use crate::spatial::Level;
use crate::tick_rules::{SessionLevel, TickRules};

/// What every judgement of movement needs.
#[derive(SystemParam)]
pub struct Ground<'w> {
    pub(crate) now: Res<'w, Now>,
    pub(crate) rules: Res<'w, TickRules>,
    pub(crate) level: Res<'w, SessionLevel>,
    pub(crate) output: ResMut<'w, TickOutput>,
}

impl Ground<'_> {
    pub fn now(&self) -> Tick {
        self.now.0
    }

    pub fn rules(&self) -> &TickRules {
        &self.rules
    }

    pub fn bottom_y(&self) -> i32 {
        self.rules.map.bounds.min.y
    }

    pub fn level(&self) -> &Level {
        &self.level.level
    }

    pub fn displacing(&mut self) -> Displacing<'_> {
        Displacing { now: self.now.0, rules: &self.rules, level: &self.level.level, output: &mut self.output }
    }
}
