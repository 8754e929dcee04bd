//! Cooldown: reloads and respawns that are due, and the match itself.

use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res, ResMut};
use combat_components::event::Event;
use combat_components::phase::{EndReason, MatchState, Phase as MatchPhase};
use combat_components::quantity::Pose;
use combat_components::score::Score;
use combat_components::streams::Streams;
use combat_components::tick::Tick;
use combat_components::vitals::Vitals;
use combat_components::weapon::Arms;

use crate::fighter::Fighter;
use crate::input::Now;
use crate::modes::Respawn;
use crate::movement::Ground;
use crate::output::TickOutput;
use crate::phases::Phase;
use crate::roster::Roster;
use crate::spawns::{Standing, appear, choose_spawn};
use crate::tick_rules::TickRules;

pub fn install(schedule: &mut Schedule) {
    schedule.add_systems(
        (finish_reloads.run_if(a_reload_is_due), respawn_the_dead.run_if(a_respawn_is_due), advance_match)
            .chain()
            .in_set(Phase::Cooldown),
    );
}

fn a_reload_is_due(now: Res<Now>, arms: Query<&Arms>) -> bool {
    arms.iter().any(|arms| arms.reloaded_at.is_some_and(|at| at <= now.0))
}

fn a_respawn_is_due(now: Res<Now>, state: Res<MatchState>, vitals: Query<&Vitals>) -> bool {
    !state.is_resuming() && vitals.iter().any(|vitals| vitals.respawn_at.is_some_and(|at| at <= now.0))
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

fn respawn_the_dead(
    roster: Res<Roster>,
    mut streams: ResMut<Streams>,
    mut fighters: Query<Fighter>,
    mut ground: Ground,
) {
    let now = ground.now();
    let is_due = |fighters: &Query<Fighter>, entity| {
        let fighter = fighters.get(entity).expect("every entity of the roster is a fighter");
        fighter.vitals.respawn_at.is_some_and(|at| at <= now)
    };
    if ground.rules().mode.respawn == Respawn::Everybody {
        clear_the_field(&roster, &mut fighters);
    }
    for entity in roster.entities() {
        if is_due(&fighters, entity) {
            let pose = chosen_spawn(&roster, &mut streams, &fighters, &mut ground);
            let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
            fighter.make_whole(ground.rules(), now);
            appear(&mut fighter, pose, &mut ground.displacing());
        }
    }
}

/// Nobody stands anywhere while places are chosen, so that the first has as much choice as the last.
fn clear_the_field(roster: &Roster, fighters: &mut Query<Fighter>) {
    for entity in roster.entities() {
        let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        fighter.vitals.respawn_at = Some(Tick(0));
    }
}

fn living(roster: &Roster, fighters: &Query<Fighter>) -> Standing {
    let fighters = roster.entities().map(|entity| fighters.get(entity));
    let living = fighters.flatten().filter(|fighter| fighter.vitals.is_alive());
    living.map(|fighter| fighter.body.pose.at).collect()
}

fn chosen_spawn(
    roster: &Roster,
    streams: &mut Streams,
    fighters: &Query<Fighter>,
    ground: &mut Ground<'_>,
) -> Pose {
    let at = ground.displacing();
    choose_spawn(at.rules, at.level, &living(roster, fighters), &mut streams.spawns)
}

fn advance_match(
    roster: Res<Roster>,
    mut state: ResMut<MatchState>,
    mut streams: ResMut<Streams>,
    mut fighters: Query<Fighter>,
    mut ground: Ground,
) {
    let now = ground.now();
    if state.is_resuming() {
        wait_for_players(&roster, &mut state, &fighters, &mut ground);
        return;
    }
    let rules = ground.rules();
    let due = state.phase_ends_at.is_some_and(|at| at <= now);
    let enough = roster.len() >= usize::from(rules.mode.players_min);
    match state.phase {
        MatchPhase::Waiting if enough => {
            let ends_at = now.plus(rules.warmup_ticks);
            enter(MatchPhase::Warmup, Some(ends_at), &mut state, &mut ground);
        }
        MatchPhase::Warmup if !enough => enter(MatchPhase::Waiting, None, &mut state, &mut ground),
        MatchPhase::Warmup if due => {
            let ends_at = now.plus(rules.setup.time_limit.0);
            enter(MatchPhase::Active, Some(ends_at), &mut state, &mut ground);
            start_over(&roster, &mut streams, &mut fighters, &mut ground);
        }
        MatchPhase::Active => {
            let limit = rules.setup.score_limit;
            let decided = rules.mode.is_decided(limit, fighters.iter().map(|fighter| fighter.score));
            if decided || due {
                let reason = if decided { EndReason::ScoreLimit } else { EndReason::TimeLimit };
                end(reason, &roster, &mut state, &fighters, &mut ground);
            }
        }
        MatchPhase::Waiting | MatchPhase::Warmup | MatchPhase::Ended => {}
    }
    if state.phase != MatchPhase::Ended
        && state.empty_since.is_some_and(|since| now.since(since) >= ground.rules().empty_ticks_max)
    {
        end(EndReason::Empty, &roster, &mut state, &fighters, &mut ground);
    }
}

fn enter(phase: MatchPhase, ends_at: Option<Tick>, state: &mut MatchState, ground: &mut Ground<'_>) {
    state.phase = phase;
    state.phase_ends_at = ends_at;
    ground.displacing().output.events.push(Event::PhaseChanged { phase });
}

/// The score is cleared and everybody stands at a spawn point: from here on it counts.
fn start_over(
    roster: &Roster,
    streams: &mut Streams,
    fighters: &mut Query<Fighter>,
    ground: &mut Ground<'_>,
) {
    let now = ground.now();
    clear_the_field(roster, fighters);
    for entity in roster.entities() {
        let pose = chosen_spawn(roster, streams, fighters, ground);
        let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        *fighter.score = Score::default();
        fighter.make_whole(ground.rules(), now);
        appear(&mut fighter, pose, &mut ground.displacing());
    }
}

/// Play goes on when everybody is back or the wait is over; the match clock has stood still meanwhile.
fn wait_for_players(
    roster: &Roster,
    state: &mut MatchState,
    fighters: &Query<Fighter>,
    ground: &mut Ground<'_>,
) {
    let now = ground.now();
    let everybody_back =
        !roster.is_empty() && fighters.iter().all(|fighter| fighter.link.connected || fighter.identity.bot);
    if !everybody_back && state.resuming_until.is_some_and(|until| now < until) {
        return;
    }
    let waited_ticks = now.since(state.resuming_since);
    state.resuming_until = None;
    state.phase_ends_at = state.phase_ends_at.map(|at| at.plus(waited_ticks));
    ground.displacing().output.events.push(Event::PlayGoesOn);
}

/// Ends the match; the leader, if there is one, has won.
pub fn end(
    reason: EndReason,
    roster: &Roster,
    state: &mut MatchState,
    fighters: &Query<Fighter>,
    ground: &mut Ground<'_>,
) {
    let by_id = roster.entities().filter_map(|entity| fighters.get(entity).ok());
    let was_active = state.phase == MatchPhase::Active;
    let leader = ground.rules().mode.leader(by_id.map(|fighter| (*fighter.id, fighter.score)));
    state.phase = MatchPhase::Ended;
    state.phase_ends_at = None;
    state.resuming_until = None;
    state.end = Some(reason);
    state.winner = leader.filter(|_| was_active);
    let events = &mut ground.displacing().output.events;
    events.push(Event::PhaseChanged { phase: MatchPhase::Ended });
    events.push(Event::Ended { reason, winner: state.winner });
}
