//! Movement: claims of position, judged and accepted or corrected.

use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res};
use combat_components::body::Motion;
use combat_components::claims::{AcceptedClaim, Hold};
use combat_components::command::{Action, Claim, Command, Deed};
use combat_components::event::Event;
use combat_components::origin::Origin;
use combat_components::phase::{MatchState, Phase as MatchPhase};
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_components::verdict::{Outcome, Verdict};

use crate::arms::may_fire;
use crate::claimed_way::{ClaimedWay, Course, Span, WayPoints};
use crate::fighter::allowed_now;
use crate::formulas::movement::MovementLimits;
use crate::ground::Ground;
use crate::inbox::Inbox;
use crate::phases::Phase;
use crate::roster::Roster;
use crate::spatial::{Level, NEAR_SOLIDS_PER_CLAIM_MAX};
use crate::state::{Fighter, FighterItem};
use crate::tick_rules::TickRules;
use crate::{falling, hold};

pub fn install(schedule: &mut Schedule) {
    let fall = falling::drop_unclaimed_bodies.run_if(falling::somebody_is_in_the_air);
    schedule.add_systems((apply_claims, fall).chain().in_set(Phase::Movement));
}

/// Claims and actions in one order: a claim that comes after a shot is bound by it.
fn apply_claims(
    inbox: Res<Inbox>,
    roster: Res<Roster>,
    state: Res<MatchState>,
    mut fighters: Query<Fighter>,
    mut ground: Ground,
) {
    let (mut braced, mut corrected) = (0, 0);
    for index in &inbox.ordered {
        let command = &inbox.commands[usize::from(*index)];
        let entity = command.player_slot().and_then(|slot| roster.in_slot(slot));
        let Some(entity) = entity else {
            continue;
        };
        let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        match command {
            Command::Claim { claim } => hear(&mut fighter, claim, &state, &mut ground, &mut corrected),
            Command::Action { action } => brace(&mut fighter, action, &state, &ground, &mut braced),
            _ => {}
        }
    }
}

fn hear(
    fighter: &mut FighterItem<'_, '_>,
    claim: &Claim,
    state: &MatchState,
    ground: &mut Ground<'_>,
    corrected: &mut u64,
) {
    let frozen = state.is_resuming() || state.phase == MatchPhase::Ended || !fighter.vitals.is_alive();
    let falls = fighter.claims.fall.is_some();
    // Of a correction of this very tick nobody has been told: its epoch is guessed, to have refusals without limit judged.
    let slot = 1 << claim.slot.0;
    let guesses = *corrected & slot != 0;
    if frozen || falls || guesses || claim.pose_epoch != fighter.claims.pose_epoch {
        return;
    }
    match take_claim(fighter, claim, ground) {
        Ok(()) => {}
        Err(Refusal::Held) => {
            tell(fighter, claim.input_seq, Outcome::Refused, Reason::HeldByShot, ground);
        }
        Err(refusal) => {
            correct(fighter, claim.input_seq, refusal, ground);
            *corrected |= slot;
        }
    }
}

/// Why a claim is not taken.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    /// A shot before it is still to be shown: the body stays where it is, and nothing is wrong.
    Held,
    /// The clock that the client goes by ran ahead.
    Overdrawn,
    /// The map alone would let it be: something stands beside the way that no frame tells of.
    Unseen(Reason),
    /// No honest client says so: it counts against whoever does.
    Lie(Reason),
}

impl Refusal {
    fn reason(self) -> Reason {
        match self {
            Self::Held => Reason::HeldByShot,
            Self::Overdrawn => Reason::BankOverdrawn,
            Self::Unseen(reason) | Self::Lie(reason) => reason,
        }
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        match reason {
            Reason::HeldByShot => Self::Held,
            Reason::BankOverdrawn => Self::Overdrawn,
            reason => Self::Lie(reason),
        }
    }
}

/// An action that is about to be done binds its actor at once: what he claims after it comes later. No
/// weapon fires twice in a tick, so that only the first attack does.
fn brace(
    fighter: &mut FighterItem<'_, '_>,
    action: &Action,
    state: &MatchState,
    ground: &Ground<'_>,
    braced: &mut u64,
) {
    let now = ground.now();
    let slot = 1 << action.slot.0;
    let by_shot = match action.deed {
        _ if action.follows == 0 || allowed_now(fighter, state).is_err() => return,
        Deed::Attack if may_fire(&fighter.arms, now).is_err() || *braced & slot != 0 => return,
        Deed::Attack => true,
        Deed::Ability { index } => {
            let ready_at = fighter.cooldowns.ready_at.get(usize::from(index));
            if ready_at.is_none_or(|ready_at| now < *ready_at)
                || hold::is_still_to_be_shown(&fighter.claims.hold, now)
            {
                return;
            }
            false
        }
        _ => return,
    };
    if let Ok(stance) = hold::stance(fighter, action, now, ground.rules()) {
        let until = if by_shot { stance.hold.until } else { now };
        fighter.claims.hold = Some(Hold { by_shot, until, ..stance.hold });
        *braced |= if by_shot { slot } else { 0 };
    }
}

/// Judges a claim and makes its pose the body's.
fn take_claim(
    fighter: &mut FighterItem<'_, '_>,
    claim: &Claim,
    ground: &mut Ground<'_>,
) -> Result<(), Refusal> {
    let now = ground.now.0;
    let (rules, level) = (&*ground.rules, &ground.level.level);
    let limits = &rules.movement;
    let course = Course::of(level, fighter.body.pose.at, claim)?;
    let held = |hold: Hold| !hold::allows(&hold, claim.pose.at, now, limits);
    if fighter.claims.hold.is_some_and(held) {
        return Err(Refusal::Held);
    }
    let bank_ticks = bank_ticks(fighter.claims.bank_origin, now, rules);
    let span = span_of(fighter, claim, (bank_ticks, rules.bank_ticks_max), now)?;
    // A far way has many points: nothing is asked of the level for one that is too long in any case.
    if course.length_um > limits.longest_um(*span.ticks.end(), course.bends()) {
        return Err(Reason::TooFast.into());
    }
    limits.judge_climb(*span.ticks.end(), (course.length_um, course.bends()), course.climb_um)?;
    let judge = |level: &Level| {
        let judged = level
            .within(NEAR_SOLIDS_PER_CLAIM_MAX, |level| judge_way(fighter, (level, &course), &span, limits));
        judged.unwrap_or(Err(Reason::TooFast))
    };
    let Judged { ticks, motion, path_debt, touches_ground } = judge(level).map_err(|reason| {
        let is_of_the_map = level.map_alone().is_none_or(|map| judge(&map).is_err());
        // No frame tells of what comes and goes: who runs into that cannot know of it.
        if is_of_the_map { Refusal::Lie(reason) } else { Refusal::Unseen(reason) }
    })?;
    accept(fighter, claim, now, rules);
    // What lies further back than the bank is deep has been lost already.
    let origin = fighter.claims.bank_origin.max(now.0 as i32 - rules.bank_ticks_max as i32);
    fighter.claims.bank_origin = origin + ticks as i32;
    fighter.claims.path_debt = path_debt;
    fighter.claims.falls_at = match touches_ground {
        true => now.plus(rules.bank_ticks_max),
        false => fighter.claims.falls_at.plus(ticks),
    };
    *fighter.motion = motion;
    Ok(())
}

/// What is to be known of a claim whose way is legal.
struct Judged {
    ticks: u32,
    motion: Motion,
    path_debt: i32,
    touches_ground: bool,
}

/// Asks the level about every point of the way.
fn judge_way(
    fighter: &FighterItem<'_, '_>,
    (level, course): (&Level, &Course<'_>),
    span: &Span,
    limits: &MovementLimits,
) -> Result<Judged, Reason> {
    let mut points = WayPoints::new();
    let way = ClaimedWay::along(level, course, &mut points)?;
    let (ticks, motion) = way.judge(&fighter.motion, span, limits)?;
    if !way.is_free() {
        return Err(Reason::Blocked);
    }
    let path_debt = limits.path_debt(fighter.claims.path_debt, &way.segment(ticks))?;
    Ok(Judged { ticks, motion, path_debt, touches_ground: fighter.motion.grounded || way.touches_ground() })
}

fn accept(fighter: &mut FighterItem<'_, '_>, claim: &Claim, now: Tick, rules: &TickRules) {
    fighter.body.pose = claim.pose;
    fighter.claims.pose_since = now;
    fighter.claims.clock_set = true;
    fighter.claims.client_tick = claim.client_tick;
    let oldest = Tick(now.0.saturating_sub(rules.attack_follows_ticks_max));
    let newest = AcceptedClaim { input_seq: claim.input_seq, accepted_at: now, pose: claim.pose };
    fighter.recent.push(newest, oldest);
}

/// How much time a claim can cover: by the client's clock exactly, or anything up to what has passed since the pose
/// holds where the claim sets the clock.
fn span_of(
    fighter: &FighterItem<'_, '_>,
    claim: &Claim,
    (bank_ticks, bank_ticks_max): (u32, u32),
    now: Tick,
) -> Result<Span, Reason> {
    if !fighter.claims.clock_set {
        let since = now.since(fighter.claims.pose_since);
        return Ok(Span { ticks: 0..=bank_ticks.min(since), rested: since >= bank_ticks_max });
    }
    match claim.client_tick.checked_sub(fighter.claims.client_tick) {
        None | Some(0) => Err(Reason::ClientTickNotRising),
        Some(ticks) if ticks > bank_ticks => Err(Reason::BankOverdrawn),
        Some(ticks) => Ok(Span { ticks: ticks..=ticks, rested: false }),
    }
}

/// What is in the bank: one tick per server tick since `origin`, up to its depth.
pub(crate) fn bank_ticks(origin: i32, now: Tick, rules: &TickRules) -> u32 {
    (i64::from(now.0) - i64::from(origin)).clamp(0, i64::from(rules.bank_ticks_max)) as u32
}

/// The body stays where it was last accepted and goes on as fast as it was: being corrected gives nothing. Only a claim
/// that overdraws its bank gets another clock, because what it covers is lost.
fn correct(fighter: &mut FighterItem<'_, '_>, input_seq: u32, refusal: Refusal, ground: &mut Ground<'_>) {
    let (reason, counts) = (refusal.reason(), matches!(refusal, Refusal::Lie(_)));
    if matches!(refusal, Refusal::Overdrawn) {
        fighter.claims.clock_set = false;
    }
    if counts {
        count_refusal(fighter, reason, ground);
    }
    fighter.correct(reason, (input_seq, counts), &mut ground.displacing());
    tell(fighter, input_seq, Outcome::Corrected, reason, ground);
}

/// Refusals are forgiven one by one; who has too many standing is told to go.
fn count_refusal(fighter: &mut FighterItem<'_, '_>, reason: Reason, ground: &mut Ground<'_>) {
    let now = ground.now();
    let limits = ground.rules().setup.limits;
    let every_ticks = ground.rules().refusal_forgiven_ticks;
    let forgiven = now.since(fighter.claims.refused_at) / every_ticks;
    let stood = u32::from(fighter.claims.refusals).saturating_sub(forgiven);
    // What has passed of the time to the next is not lost by being refused again.
    fighter.claims.refused_at = match stood {
        0 => now,
        _ => fighter.claims.refused_at.plus(forgiven * every_ticks),
    };
    let standing = stood + 1;
    fighter.claims.refusals = standing.min(u32::from(limits.refusals_max)) as u16;
    if standing > u32::from(limits.refusals_max) {
        let (id, slot) = (*fighter.id, fighter.identity.slot);
        ground.output.events.push(Event::TooManyRefusals { id, slot, reason });
    }
}

fn tell(
    fighter: &FighterItem<'_, '_>,
    input_seq: u32,
    outcome: Outcome,
    reason: Reason,
    ground: &mut Ground<'_>,
) {
    let origin = Origin::Player { slot: fighter.identity.slot, input_seq };
    ground.output.verdicts.push(Verdict { origin, outcome, reason: Some(reason), hit: None });
}
