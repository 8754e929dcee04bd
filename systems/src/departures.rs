//! Leaving: what it costs, and what is kept of who has left.

use arrayvec::ArrayVec;
use bevy_ecs::change_detection::Mut;
use bevy_ecs::entity::Entity;
use bevy_ecs::system::Query;
use bevy_ecs::world::World;
use combat_components::ability::Cooldowns;
use combat_components::claims::ClaimState;
use combat_components::command::LeaveCause;
use combat_components::departed::{Departed, DepartedPlayers, Kept};
use combat_components::event::Event;
use combat_components::identity::Identity;
use combat_components::ids::{Pseudonym, SimId, Slot, Team};
use combat_components::limits::PLAYERS_MAX;
use combat_components::link::Link;
use combat_components::mode_state::ModeState;
use combat_components::phase::{MatchState, Phase as MatchPhase};
use combat_components::score::Score;
use combat_components::tick::Tick;
use combat_components::vitals::{LastHurt, Vitals};
use combat_components::weapon::Arms;

use crate::hold::is_still_to_be_shown;
use crate::inbox::Now;
use crate::match_flow::note_death;
use crate::output::TickOutput;
use crate::roster::Roster;
use crate::tick_rules::TickRules;

/// Somebody leaves, whatever the cause. Who has a shot that is still to be shown stands until it has been.
pub(crate) fn leave(world: &mut World, slot: Slot, cause: LeaveCause) {
    let Some(entity) = world.resource::<Roster>().in_slot(slot) else {
        return;
    };
    let now = world.resource::<Now>().0;
    let claims = world.get::<ClaimState>(entity).expect("every body in the roster has a claim state");
    let plays_on = world.resource::<MatchState>().phase != MatchPhase::Ended;
    if plays_on && is_still_to_be_shown(&claims.hold, now) {
        let mut link = world.get_mut::<Link>(entity).expect("every body in the roster has a link");
        link.leaves = Some(cause);
        (link.connected, link.changed_at) = (false, now);
    } else {
        go(world, entity, cause);
    }
}

/// Whether somebody who joins has a body already: then that is his, and if he had left it he has not. Nobody has two.
pub(crate) fn stays(world: &mut World, pseudonym: Pseudonym) -> bool {
    let Some(entity) = body_of(world, pseudonym) else {
        return false;
    };
    world.get_mut::<Link>(entity).expect("every body in the roster has a link").leaves = None;
    true
}

fn body_of(world: &World, pseudonym: Pseudonym) -> Option<Entity> {
    let is_his = |entity: &Entity| {
        world.get::<Identity>(*entity).is_some_and(|identity| identity.pseudonym == pseudonym)
    };
    world.resource::<Roster>().entities().find(is_his)
}

pub(crate) fn somebody_has_left(links: Query<&Link>) -> bool {
    links.iter().any(|link| link.leaves.is_some())
}

/// The bodies of those who have left and been shown since.
pub(crate) fn let_go_who_was_shown(world: &mut World) {
    let now = world.resource::<Now>().0;
    let entities: ArrayVec<Entity, PLAYERS_MAX> = world.resource::<Roster>().entities().collect();
    for entity in entities {
        let link = world.get::<Link>(entity).expect("every body in the roster has a link");
        let claims = world.get::<ClaimState>(entity).expect("every body in the roster has a claim state");
        if let Some(cause) = link.leaves.filter(|_| !is_still_to_be_shown(&claims.hold, now)) {
            go(world, entity, cause);
        }
    }
}

/// A body goes. Soon after damage that is a death, as if the last attacker had struck again.
fn go(world: &mut World, entity: Entity, cause: LeaveCause) {
    let body = world.entity(entity);
    let part = "every body in the roster has all parts of one";
    let id = *body.get::<SimId>().expect(part);
    let Identity { slot, pseudonym, team, .. } = *body.get::<Identity>().expect(part);
    let vitals = *body.get::<Vitals>().expect(part);
    // A reload is broken off by leaving as it is by death.
    let arms = Arms { reloaded_at: None, ..*body.get::<Arms>().expect(part) };
    let cooldowns = *body.get::<Cooldowns>().expect(part);
    let mut score = *body.get::<Score>().expect(part);
    let ClaimState { refusals, refused_at, .. } = *body.get::<ClaimState>().expect(part);
    world.despawn(entity);
    let now = world.resource::<Now>().0;
    world.resource_mut::<Roster>().remove(id, slot);
    let hurt = hurt_that_counts(world, &vitals, now);
    if let Some(hurt) = hurt {
        score.deaths = score.deaths.saturating_add(1);
        die(world, id, &hurt, now);
    }
    let is_on = world.resource::<MatchState>().phase == MatchPhase::Active;
    let strength = if vitals.is_alive() { Some(vitals.strength()) } else { vitals.returns_with };
    let strength = strength.filter(|_| is_on && hurt.is_none());
    let kept = strength.map(|strength| Kept { strength, arms, cooldowns });
    let away_ticks_max = world.resource::<TickRules>().empty_ticks_max;
    let departed = Departed { pseudonym, id, team: Some(team), score, kept, refusals, refused_at };
    world.resource_mut::<DepartedPlayers>().keep(departed, away_ticks_max);
    world.resource_mut::<TickOutput>().events.push(Event::Left { id, slot, cause });
}

/// The blow that makes leaving a death: only the living can die, and only while it counts.
fn hurt_that_counts(world: &World, vitals: &Vitals, now: Tick) -> Option<LastHurt> {
    let state = world.resource::<MatchState>();
    let is_on = state.phase == MatchPhase::Active;
    // While play waits for the players, this clock stands as that of the match does.
    let now = if state.is_resuming() { state.resuming_since } else { now };
    let rules = world.resource::<TickRules>();
    vitals.last_hurt.filter(|hurt| is_on && vitals.is_alive() && rules.counts(hurt, now))
}

fn teams_alive(world: &World) -> ArrayVec<Team, PLAYERS_MAX> {
    let bodies = world.resource::<Roster>().entities().map(|entity| world.entity(entity));
    let living = bodies.filter(|body| body.get::<Vitals>().is_some_and(Vitals::is_alive));
    living.filter_map(|body| body.get::<Identity>().map(|identity| identity.team)).collect()
}

fn die(world: &mut World, victim: SimId, hurt: &LastHurt, now: Tick) {
    let killer = credit(world, hurt);
    let alive = teams_alive(world);
    world.resource_scope(|world, mut state: Mut<'_, MatchState>| {
        world.resource_scope(|world, mut kept: Mut<'_, ModeState>| {
            note_death((&mut state, &mut kept), world.resource::<TickRules>(), &alive, now);
        });
    });
    let LastHurt { cause, zone, .. } = *hurt;
    world.resource_mut::<TickOutput>().events.push(Event::Died { victim, by: Some(killer), cause, zone });
}

/// Gives the kill to whoever struck, be he in the session still, again or no more; answers with his newest id.
fn credit(world: &mut World, hurt: &LastHurt) -> SimId {
    let kills = u16::from(!hurt.ally);
    if let Some(entity) = body_of(world, hurt.pseudonym) {
        let mut score = world.get_mut::<Score>(entity).expect("every body in the roster has a score");
        score.kills = score.kills.saturating_add(kills);
        return *world.get::<SimId>(entity).expect("every body in the roster has an id");
    }
    let mut departed = world.resource_mut::<DepartedPlayers>();
    let Some(departed) = departed.of(hurt.pseudonym) else {
        return hurt.by;
    };
    departed.score.kills = departed.score.kills.saturating_add(kills);
    departed.id
}
