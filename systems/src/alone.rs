//! What acts by no input: effects on bodies, and things.

use arrayvec::ArrayVec;
use bevy_ecs::system::{Query, ResMut};
use combat_components::cause::Cause;
use combat_components::effects::Lasting;
use combat_components::ids::SimId;
use combat_components::limits::{PLAYERS_MAX, THINGS_MAX};
use combat_components::quantity::Pose;
use combat_components::things::{Thing, Things};
use combat_components::tick::Tick;

use crate::consequences::{Consequences, Doer};
use crate::effects::Acting;
use crate::formulas::shot::Target;
use crate::roster::Roster;
use crate::spatial::Level;
use crate::state::Fighter;
use crate::things::Moving;
use crate::tick_rules::TickRules;

/// What acts on its own is judged against, and where it is told.
#[derive(Debug)]
pub(crate) struct Alone<'a> {
    pub now: Tick,
    pub rules: &'a TickRules,
    pub level: &'a Level,
    pub consequences: &'a mut Consequences,
}

/// Effects in the order of bodies, then things, the oldest first.
pub(crate) fn act_alone(
    roster: &Roster,
    fighters: &mut Query<Fighter>,
    things: &mut ResMut<Things>,
    alone: &mut Alone<'_>,
) {
    for entity in roster.entities() {
        let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        if fighter.vitals.is_alive() && !fighter.effects.0.is_empty() {
            let (id, pose) = (*fighter.id, fighter.body.pose);
            let mut effects = std::mem::take(&mut *fighter.effects);
            effects.0.retain(|lasting| alone.acts_on(lasting, id, pose));
            *fighter.effects = effects;
        }
    }
    if things.placed.0.is_empty() {
        return;
    }
    let living = fighters.iter().filter(|fighter| fighter.vitals.is_alive());
    let mut targets: ArrayVec<Target, PLAYERS_MAX> = living
        .map(|fighter| Target { id: *fighter.id, team: fighter.identity.team, feet: fighter.body.pose.at })
        .collect();
    targets.sort_unstable_by_key(|target| target.id);
    let mut kept: ArrayVec<Thing, THINGS_MAX> = ArrayVec::new();
    for thing in &things.placed.0 {
        kept.extend(alone.moves(*thing, &targets));
    }
    things.placed.0 = kept;
}

impl Alone<'_> {
    /// Whether it goes on.
    fn acts_on(&mut self, lasting: &mut Lasting, on: SimId, pose: Pose) -> bool {
        let (now, rules) = (self.now, self.rules);
        let effect = &rules.effects[usize::from(lasting.effect)];
        if lasting.ends_at <= now {
            return false;
        }
        if lasting.acts_at <= now {
            lasting.acts_at = now.plus(effect.period_ticks);
            let doer = Doer::alone(self.consequences, Cause::Effect(lasting.effect), lasting.by);
            (effect.kind.act)(&mut Acting {
                own: &effect.rules.own,
                on,
                by: lasting.by,
                pose,
                ruleset: &rules.ruleset,
                rate: rules.setup.tick_rate,
                doer,
            });
        }
        true
    }

    /// As it is after this tick; `None` when it is gone.
    fn moves(&mut self, thing: Thing, targets: &[Target]) -> Option<Thing> {
        let (now, rules) = (self.now, self.rules);
        let (own, kind) = rules.thing_of(thing.cause).expect("only kinds that place things do");
        let doer = Doer::alone(self.consequences, thing.cause, Some(thing.by));
        let mut moving = Moving {
            own,
            thing,
            ruleset: &rules.ruleset,
            rate: rules.setup.tick_rate,
            level: self.level,
            targets,
            doer,
            gone: false,
        };
        (kind.act)(&mut moving);
        let Moving { thing: moved, gone, .. } = moving;
        let kept = Thing { at: moved.at, beyond: moved.beyond, velocity: moved.velocity, ..thing };
        (!gone && now < thing.ends_at).then_some(kept)
    }
}
