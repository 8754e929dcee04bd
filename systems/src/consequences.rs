//! What weapons and abilities do to bodies, as data: told in `Phase::Action`, done in `Phase::Damage`.

use bevy_ecs::resource::Resource;
use combat_components::cause::{Author, Cause};
use combat_components::ids::SimId;
use combat_components::limits::{ACTIONS_PER_PLAYER_AND_TICK_MAX, PLAYERS_MAX};
use combat_components::quantity::{MilliPoints, Pose, Vec3Mm, Velocity};
use combat_components::verdict::Zone;

/// One action does this many things at most: some to everybody near a blast, and every pellet of a shotgun. What is told
/// beyond is not done.
pub const CONSEQUENCES_PER_ACTION_MAX: usize = 8 * PLAYERS_MAX;

/// What is done to a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Does {
    /// Takes that much, from armour and health. Allies are spared where the session says so.
    Hurt { zone: Zone, amount: MilliPoints },
    /// Gives health back, up to what a body has when it is whole.
    Heal { amount: MilliPoints },
    /// Makes it that much faster along the ground, in millimetres per second, and no faster than it can run. Its client is
    /// told the velocity and goes on with it; a body that nobody claims for stands where it is. Each push begins a pose epoch,
    /// so an effect that pushes in every tick leaves its victim no claim.
    Push { x: i32, z: i32 },
    /// It stands there now.
    Move { to: Pose },
    /// An effect of the ruleset begins on it, or anew.
    Apply { effect: u8 },
    /// A thing is put there for so many ticks, by whoever does it; what it does is the business of the same kind. None is by a
    /// kind that is not `placing`, as no effect is.
    Place { at: Vec3Mm, velocity: Velocity, ticks: u32 },
}

/// Something that is to be done to a body, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Consequence {
    pub cause: Cause,
    pub by: Option<Author>,
    pub on: SimId,
    pub does: Does,
    /// The input that did it; 0 for none.
    pub input_seq: u32,
    /// Index of the verdict that tells who did it what came of it.
    pub verdict: Option<usize>,
}

/// All that is to be done at the end of this tick, in the order in which it was told.
#[derive(Resource, Debug)]
pub struct Consequences(Vec<Consequence>);

impl Default for Consequences {
    fn default() -> Self {
        Self(Vec::with_capacity(PLAYERS_MAX * ACTIONS_PER_PLAYER_AND_TICK_MAX))
    }
}

impl Consequences {
    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn iter(&self) -> impl Iterator<Item = &Consequence> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, consequence: Consequence) {
        self.0.push(consequence);
    }

    /// Takes back what was told after there were `len`.
    pub(crate) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Where a body will stand that is to be moved at the end of this tick.
    pub(crate) fn moved_to(&self, on: SimId) -> Option<Pose> {
        let of = |told: &Consequence| match told.does {
            Does::Move { to } if told.on == on => Some(to),
            _ => None,
        };
        self.0.iter().rev().find_map(of)
    }
}

/// Who does something, and by which of his inputs: what every consequence of it has in common.
#[derive(Debug)]
pub struct Doer<'a> {
    pub(crate) consequences: &'a mut Consequences,
    pub(crate) cause: Cause,
    pub(crate) by: Option<Author>,
    pub(crate) input_seq: u32,
    pub(crate) verdict: Option<usize>,
    /// How many consequences there were before.
    pub(crate) before: usize,
}

impl<'a> Doer<'a> {
    /// Of what acts by no input of its own.
    pub(crate) fn alone(consequences: &'a mut Consequences, cause: Cause, by: Option<Author>) -> Self {
        let before = consequences.len();
        Self { consequences, cause, by, input_seq: 0, verdict: None, before }
    }

    /// Tells something that is to be done to `on`; beyond [`CONSEQUENCES_PER_ACTION_MAX`] nothing is.
    pub fn does(&mut self, on: SimId, does: Does) {
        let &mut Self { cause, by, input_seq, verdict, before, .. } = self;
        if self.consequences.len() - before < CONSEQUENCES_PER_ACTION_MAX {
            self.consequences.push(Consequence { cause, by, on, does, input_seq, verdict });
        }
    }
}
