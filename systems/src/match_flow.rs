//! The match itself: waiting, warm-up, play and end.

use arrayvec::ArrayVec;
use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use combat_components::event::Event;
use combat_components::ids::Team;
use combat_components::limits::PLAYERS_MAX;
use combat_components::mode_state::ModeState;
use combat_components::phase::{EndReason, MatchState, Phase as MatchPhase, Winner};
use combat_components::score::Score;
use combat_components::tick::Tick;

use crate::field::{Contenders, Field, living, place};
use crate::modes::Course;
use crate::phases::Phase;
use crate::tick_rules::TickRules;

pub fn install(schedule: &mut Schedule) {
    schedule.add_systems(advance_match.in_set(Phase::Cooldown));
}

pub(crate) fn advance_match(mut field: Field) {
    let now = field.ground.now();
    // Whoever comes and goes within a tick has not been there.
    field.state.empty_since = field.roster.is_empty().then(|| field.state.empty_since.unwrap_or(now));
    if field.state.is_resuming() {
        wait_for_players(&mut field);
        return;
    }
    let is_short = field.state.phase == MatchPhase::Active && field.is_short();
    if is_short {
        stand_still(&mut field);
    }
    let rules = field.ground.rules();
    let due = field.state.phase_ends_at.is_some_and(|at| at <= now);
    match field.state.phase {
        MatchPhase::Waiting if field.has_enough_players() => {
            let ends_at = now.plus(rules.warmup_ticks);
            field.enter(MatchPhase::Warmup, Some(ends_at));
        }
        MatchPhase::Warmup if field.roster.is_empty() => field.enter(MatchPhase::Waiting, None),
        MatchPhase::Warmup if due || field.state.phase_ends_at.is_none() => begin_when_complete(&mut field),
        MatchPhase::Active => {
            watch(&mut field);
            let decided = is_decided(&field);
            if decided || due {
                end(if decided { EndReason::ScoreLimit } else { EndReason::TimeLimit }, &mut field);
            } else if is_short && !field.can_be_enough_again() {
                end(EndReason::TooFewPlayers, &mut field);
            }
        }
        MatchPhase::Waiting | MatchPhase::Warmup | MatchPhase::Ended => {}
    }
    if field.state.phase != MatchPhase::Ended
        && field
            .state
            .empty_since
            .is_some_and(|since| now.since(since) >= field.ground.rules().empty_ticks_max)
    {
        end(EndReason::Empty, &mut field);
    }
}

fn is_decided(field: &Field<'_, '_>) -> bool {
    let (rules, mut contenders) = (field.ground.rules(), Contenders::new());
    field.contenders(&mut contenders);
    rules.mode.is_decided(rules.setup.score_limit, &contenders, &field.kept.0)
}

fn leader(field: &Field<'_, '_>) -> Winner {
    let mut contenders = Contenders::new();
    field.contenders(&mut contenders);
    field.ground.rules().mode.winner(&contenders, &field.kept.0)
}

/// What the mode remembers of this tick.
fn watch(field: &mut Field<'_, '_>) {
    if field.kept.0.is_empty() {
        return;
    }
    let (rules, standing) = (field.ground.rules(), living(&field.roster, &field.fighters));
    let (now, rate) = (field.ground.now(), rules.setup.tick_rate);
    let course = Course { now, rate, map: &rules.map, standing: &standing };
    rules.mode.watches(&mut field.kept.0, &course);
}

/// Staying away gains no time: without enough players the clock of the match stands, and that of who is away runs.
fn stand_still(field: &mut Field<'_, '_>) {
    field.state.phase_ends_at = field.state.phase_ends_at.map(|at| at.plus(1));
    for departed in &mut field.departed.0 {
        departed.score.away_ticks = departed.score.away_ticks.saturating_add(1);
    }
}

/// The end of a warm-up stands once it has begun: who leaves can make the others wait for players, but not for time.
fn begin_when_complete(field: &mut Field<'_, '_>) {
    if !field.has_enough_players() {
        field.state.phase_ends_at = None;
        return;
    }
    let ends_at = field.ground.now().plus(field.ground.rules().setup.time_limit.0);
    field.enter(MatchPhase::Active, Some(ends_at));
    start_over(field);
}

/// Scores are cleared, teams dealt, and everybody stands at a spawn point: from here on it counts.
fn start_over(field: &mut Field<'_, '_>) {
    field.departed.forget_all_but_refusals(field.ground.rules().empty_ticks_max);
    field.state.next_round_at = None;
    field.clear_things();
    field.kept.0.fill(0);
    deal_teams(field);
    for mut fighter in &mut field.fighters {
        *fighter.score = Score::default();
        fighter.vitals.returns_with = None;
    }
    place(|_| true, field);
}

/// Everybody wishes again for the team he has, in the order of joining: so no team has everybody in it.
fn deal_teams(field: &mut Field<'_, '_>) {
    let mut dealt: ArrayVec<Team, PLAYERS_MAX> = ArrayVec::new();
    let mut changed = false;
    for entity in field.roster.entities() {
        let mut fighter = field.fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        let team = field.ground.rules().mode.team_of(fighter.identity.team, &dealt);
        changed |= team != fighter.identity.team;
        fighter.identity.team = team;
        dealt.push(team);
    }
    if changed {
        field.roster.identities_changed();
    }
}

/// Somebody has died. Whether that ends the round is the mode's decision, given the teams of all who are alive.
pub(crate) fn note_death(
    (state, kept): (&mut MatchState, &mut ModeState),
    rules: &TickRules,
    alive: &[Team],
    now: Tick,
) {
    let is_on = state.phase == MatchPhase::Active && state.next_round_at.is_none();
    if is_on && rules.mode.death_ends_round(alive) {
        state.next_round_at = Some(now.plus(rules.respawn_ticks));
        rules.mode.round_ends(&mut kept.0, alive);
    }
}

/// Play goes on when everybody is back or the wait is over. What readies a body went on meanwhile: reloads, cooldowns, the
/// time to the next life or round. What wears it down or ends the match stood still: the match clock, that of the last
/// blows, effects and things.
fn wait_for_players(field: &mut Field<'_, '_>) {
    let now = field.ground.now();
    let everybody_back = !field.roster.is_empty()
        && field.fighters.iter().all(|fighter| fighter.link.connected || fighter.identity.bot);
    if !everybody_back && field.state.resuming_until.is_some_and(|until| now < until) {
        return;
    }
    // Nothing was played in this tick either.
    let waited_ticks = now.since(field.state.resuming_since) + 1;
    field.state.resuming_until = None;
    field.state.phase_ends_at = field.state.phase_ends_at.map(|at| at.plus(waited_ticks));
    for mut fighter in &mut field.fighters {
        if let Some(hurt) = &mut fighter.vitals.last_hurt {
            hurt.at = hurt.at.plus(waited_ticks);
        }
        for lasting in &mut fighter.effects.0 {
            lasting.acts_at = lasting.acts_at.plus(waited_ticks);
            lasting.ends_at = lasting.ends_at.plus(waited_ticks);
        }
    }
    if !field.things.placed.0.is_empty() {
        for thing in &mut field.things.placed.0 {
            thing.since = thing.since.plus(waited_ticks);
            thing.ends_at = thing.ends_at.plus(waited_ticks);
        }
    }
    field.ground.displacing().output.events.push(Event::PlayGoesOn);
}

/// Ends the match; who leads, if somebody does, has won.
pub(crate) fn end(reason: EndReason, field: &mut Field<'_, '_>) {
    let was_active = field.state.phase == MatchPhase::Active;
    let winner = if was_active { leader(field) } else { Winner::Nobody };
    field.state.phase = MatchPhase::Ended;
    field.state.phase_ends_at = None;
    field.state.resuming_until = None;
    field.state.next_round_at = None;
    field.state.end = Some(reason);
    field.state.winner = winner;
    let events = &mut field.ground.displacing().output.events;
    events.push(Event::PhaseChanged { phase: MatchPhase::Ended });
    events.push(Event::Ended { reason, winner });
}
