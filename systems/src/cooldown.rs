//! Cooldown: reloads that are due, and who stands up again.

use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res, ResMut};
use combat_components::event::Event;
use combat_components::phase::{MatchState, Phase as MatchPhase};
use combat_components::tick::Tick;
use combat_components::vitals::Vitals;
use combat_components::weapon::Arms;

use crate::field::{Field, place};
use crate::inbox::Now;
use crate::match_flow::advance_match;
use crate::modes::{Round, StandsUp};
use crate::output::TickOutput;
use crate::phases::Phase;
use crate::roster::Roster;
use crate::state::Fighter;
use crate::tick_rules::TickRules;

pub fn install(schedule: &mut Schedule) {
    schedule.add_systems(
        (finish_reloads.run_if(a_reload_is_due), respawn_the_dead.run_if(a_respawn_is_due))
            .chain()
            .in_set(Phase::Cooldown)
            .before(advance_match),
    );
}

fn a_reload_is_due(now: Res<Now>, arms: Query<&Arms>) -> bool {
    arms.iter().any(|arms| arms.reloaded_at.is_some_and(|at| at <= now.0))
}

fn a_respawn_is_due(now: Res<Now>, state: Res<MatchState>, vitals: Query<&Vitals>) -> bool {
    let is_due = |at: Option<Tick>| at.is_some_and(|at| at <= now.0);
    let may_stand_up = !state.is_resuming() && state.phase != MatchPhase::Ended;
    may_stand_up && (is_due(state.next_round_at) || vitals.iter().any(|vitals| is_due(vitals.respawn_at)))
}

fn finish_reloads(
    now: Res<Now>,
    rules: Res<TickRules>,
    roster: Res<Roster>,
    mut fighters: Query<Fighter>,
    mut output: ResMut<TickOutput>,
) {
    for entity in roster.entities() {
        let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        if fighter.arms.reloaded_at.is_none_or(|at| now.0 < at) {
            continue;
        }
        let in_hand = fighter.arms.in_hand;
        fighter.arms.reloaded_at = None;
        fighter.arms.rounds[usize::from(in_hand)] = rules.weapons[usize::from(in_hand)].rules.magazine_rounds;
        output.events.push(Event::Reloaded { id: *fighter.id, weapon: in_hand });
    }
}

/// The dead whose time has come; while the match is on, those of them who may stand up by its mode.
fn respawn_the_dead(mut field: Field) {
    let now = field.ground.now();
    let is_due = |vitals: &Vitals| vitals.respawn_at.is_some_and(|at| at <= now);
    if field.state.phase != MatchPhase::Active {
        return place(is_due, &mut field);
    }
    let round = match field.state.next_round_at {
        Some(at) if at <= now => Round::NextIsDue,
        Some(_) => Round::Over,
        None if nobody_can_fight(&field) => Round::Stuck,
        None => Round::On,
    };
    match field.ground.rules().mode.stands_up(round) {
        StandsUp::Nobody => {}
        StandsUp::Due => place(is_due, &mut field),
        StandsUp::Returning => {
            place(|vitals| vitals.returns_with.is_some() && is_due(vitals), &mut field);
        }
        StandsUp::Everybody => {
            if round == Round::NextIsDue {
                forget_the_round_that_ended(&mut field);
            }
            place(|_| true, &mut field);
        }
    }
}

/// Somebody who has not been in the round that is on.
fn is_new(vitals: &Vitals) -> bool {
    !vitals.is_alive() && vitals.returns_with.is_none()
}

/// Somebody new is waiting, and the round that is on has no two in it who could end it.
fn nobody_can_fight(field: &Field<'_, '_>) -> bool {
    let in_the_round = field.fighters.iter().filter(|fighter| !is_new(fighter.vitals)).count();
    in_the_round < 2 && field.fighters.iter().any(|fighter| is_new(fighter.vitals))
}

/// A death has ended the round: the next one is for everybody who is there, at once and whole, and waits for nobody who
/// comes and goes. One that begins because somebody new found nobody to fight is for those who are there: nobody who has
/// left, or is coming back, is healed by it.
fn forget_the_round_that_ended(field: &mut Field<'_, '_>) {
    field.state.next_round_at = None;
    field.clear_things();
    field.departed.0.iter_mut().for_each(|departed| departed.kept = None);
    for mut fighter in &mut field.fighters {
        fighter.vitals.returns_with = None;
    }
}
