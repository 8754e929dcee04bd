//! Movement: claims of position, judged and accepted or corrected; bodies left in the air come down.

use arrayvec::ArrayVec;
use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res, ResMut, SystemParam};
use combat_components::body::Motion;
use combat_components::claims::AcceptedClaim;
use combat_components::command::{Claim, Command};
use combat_components::phase::{MatchState, Phase as MatchPhase};
use combat_components::quantity::{Pose, Vec3Mm};
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_components::verdict::{Outcome, Verdict};

use crate::fighter::{Displacing, Fighter, FighterItem};
use crate::formulas::movement::{MovementLimits, Segment, WayPoint};
use crate::input::{Inbox, Now};
use crate::output::TickOutput;
use crate::phases::Phase;
use crate::roster::Roster;
use crate::spatial::{Level, PATH_POINTS_MAX};
use crate::tick_rules::{SharedLevel, TickRules};

pub fn install(schedule: &mut Schedule) {
    schedule.add_systems(
        (apply_claims, drop_overdue_bodies.run_if(somebody_is_in_the_air)).chain().in_set(Phase::Movement),
    );
}

/// What every judgement of movement needs.
#[derive(SystemParam)]
pub struct Ground<'w> {
    now: Res<'w, Now>,
    rules: Res<'w, TickRules>,
    level: Res<'w, SharedLevel>,
    output: ResMut<'w, TickOutput>,
}

impl Ground<'_> {
    pub fn now(&self) -> Tick {
        self.now.0
    }

    pub fn rules(&self) -> &TickRules {
        &self.rules
    }

    pub fn displacing(&mut self) -> Displacing<'_> {
        Displacing { now: self.now.0, rules: &self.rules, level: &self.level.0, output: &mut self.output }
    }
}

fn apply_claims(
    inbox: Res<Inbox>,
    roster: Res<Roster>,
    state: Res<MatchState>,
    mut fighters: Query<Fighter>,
    mut ground: Ground,
) {
    for index in &inbox.claims {
        let Command::Claim { claim } = &inbox.commands[usize::from(*index)] else {
            continue;
        };
        let Some(entity) = roster.in_slot(claim.slot) else {
            continue;
        };
        let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        let frozen = state.is_resuming() || state.phase == MatchPhase::Ended || !fighter.vitals.is_alive();
        if frozen || claim.pose_epoch != fighter.claims.pose_epoch {
            continue;
        }
        if let Err(reason) = take_claim(&mut fighter, claim, &mut ground) {
            correct(&mut fighter, claim.input_seq, reason, &mut ground);
        }
    }
}

/// Judges a claim and makes its pose the body's.
fn take_claim(
    fighter: &mut FighterItem<'_, '_>,
    claim: &Claim,
    ground: &mut Ground<'_>,
) -> Result<(), Reason> {
    let now = ground.now.0;
    let (rules, level) = (&*ground.rules, &*ground.level.0);
    let limits = &rules.movement;
    let from = fighter.body.pose.at;
    if !points_of(claim).all(|point| rules.map.bounds.contains(point)) {
        return Err(Reason::OutOfBounds);
    }
    let bank_ticks = bank_ticks(fighter.claims.bank_origin, now, rules);
    let elapsed = elapsed_ticks(fighter, claim, bank_ticks, now)?;
    let mut segment = segment_of(from, claim, elapsed.ticks);
    let mut motion = judge_across(&fighter.motion, &mut segment, level, (from, claim), limits)?;
    let way = way_of(level, from, claim);
    motion = judge_height(&motion, &segment, &way, &elapsed, limits)?;
    if !path_is_free(level, from, claim) {
        return Err(Reason::Blocked);
    }
    if elapsed.anchors {
        motion = limits.unsettled(&motion);
        segment.ticks = least_ticks(fighter, &segment, &way, limits);
    }
    let path_debt = limits.path_debt(fighter.claims.path_debt, &segment)?;
    accept(fighter, claim, now, rules);
    // What lies further back than the bank is deep has been lost already.
    let origin = fighter.claims.bank_origin.max(now.0 as i32 - rules.bank_ticks_max as i32);
    fighter.claims.bank_origin = origin + segment.ticks as i32;
    fighter.claims.path_debt = path_debt;
    if fighter.motion.grounded || way.iter().any(|point| point.grounded) {
        fighter.claims.falls_at = now.plus(rules.bank_ticks_max);
    } else if !elapsed.anchors {
        fighter.claims.falls_at = fighter.claims.falls_at.plus(segment.ticks);
    }
    *fighter.motion = motion;
    Ok(())
}

/// Near a wall what cannot have been steered may have been deflected.
fn judge_across(
    motion: &Motion,
    segment: &mut Segment,
    level: &Level,
    (from, claim): (Vec3Mm, &Claim),
    limits: &MovementLimits,
) -> Result<Motion, Reason> {
    let steered = limits.judge_across(motion, segment);
    segment.deflected = steered == Err(Reason::TooMuchAcceleration) && passes_a_wall(level, from, claim);
    if segment.deflected { limits.judge_across(motion, segment) } else { steered }
}

/// A body that was placed in the air begins to fall with the first claim its client sends, however late that comes.
fn judge_height(
    motion: &Motion,
    segment: &Segment,
    way: &[WayPoint],
    elapsed: &Elapsed,
    limits: &MovementLimits,
) -> Result<Motion, Reason> {
    let fallen = limits.judge_height(motion, segment.ticks, way);
    if fallen == Err(Reason::TooHigh) && elapsed.anchors {
        let least_ticks = limits.ticks_needed(segment.length_um).min(segment.ticks);
        return limits.judge_height(motion, least_ticks, way);
    }
    fallen
}

/// What a claim that sets the clock takes from the bank: no more than its way takes at least.
fn least_ticks(
    fighter: &FighterItem<'_, '_>,
    segment: &Segment,
    way: &[WayPoint],
    limits: &MovementLimits,
) -> u32 {
    if !fighter.motion.grounded {
        return segment.ticks;
    }
    let by_length = limits.ticks_needed(segment.length_um).min(segment.ticks);
    let height_is_legal = |ticks: &u32| limits.judge_height(&fighter.motion, *ticks, way).is_ok();
    (by_length..segment.ticks).find(height_is_legal).unwrap_or(segment.ticks)
}

fn accept(fighter: &mut FighterItem<'_, '_>, claim: &Claim, now: Tick, rules: &TickRules) {
    fighter.body.pose = claim.pose;
    fighter.claims.anchored = true;
    fighter.claims.client_tick = claim.client_tick;
    let accepted = &mut fighter.recent.accepted;
    while accepted.first().is_some_and(|claim| now.since(claim.accepted_at) > rules.attack_follows_ticks_max)
    {
        accepted.remove(0);
    }
    if accepted.is_full() {
        accepted.remove(0);
    }
    accepted.push(AcceptedClaim { input_seq: claim.input_seq, accepted_at: now, pose: claim.pose });
}

/// How much time a claim covers.
struct Elapsed {
    ticks: u32,
    /// The first claim of a pose epoch: it sets the clock instead of moving it on, and `ticks` is the most it covers.
    anchors: bool,
}

fn elapsed_ticks(
    fighter: &FighterItem<'_, '_>,
    claim: &Claim,
    bank_ticks: u32,
    now: Tick,
) -> Result<Elapsed, Reason> {
    if !fighter.claims.anchored {
        let since = now.since(fighter.claims.pose_epoch_since);
        return Ok(Elapsed { ticks: bank_ticks.min(since), anchors: true });
    }
    match claim.client_tick.checked_sub(fighter.claims.client_tick) {
        None | Some(0) => Err(Reason::ClientTickNotRising),
        Some(ticks) if ticks > bank_ticks => Err(Reason::BankOverdrawn),
        Some(ticks) => Ok(Elapsed { ticks, anchors: false }),
    }
}

/// What is in the bank: one tick per server tick since `origin`, up to its depth.
pub(crate) fn bank_ticks(origin: i32, now: Tick, rules: &TickRules) -> u32 {
    (i64::from(now.0) - i64::from(origin)).clamp(0, i64::from(rules.bank_ticks_max)) as u32
}

/// The bends of a claim and its end.
fn points_of(claim: &Claim) -> impl Iterator<Item = Vec3Mm> + '_ {
    claim.bends.iter().copied().chain([claim.pose.at])
}

/// Every straight part of a claimed way, as (from, to).
fn parts_of(from: Vec3Mm, claim: &Claim) -> impl Iterator<Item = (Vec3Mm, Vec3Mm)> + '_ {
    points_of(claim).scan(from, |at, next| Some((std::mem::replace(at, next), next)))
}

fn segment_of(from: Vec3Mm, claim: &Claim, ticks: u32) -> Segment {
    let to = claim.pose.at;
    let um = |from: i32, to: i32| (i64::from(to) - i64::from(from)) * 1_000;
    Segment {
        dx_um: um(from.x, to.x),
        dz_um: um(from.z, to.z),
        length_um: parts_of(from, claim).map(|(a, b)| horizontal_um(a, b)).sum(),
        bends: claim.bends.len() as i64,
        ticks,
        deflected: false,
    }
}

fn horizontal_um(from: Vec3Mm, to: Vec3Mm) -> i64 {
    (from.horizontal_distance_squared(to) * 1_000_000).isqrt()
}

/// One claim never reaches further than [`PATH_POINTS_MAX`] radii.
type Way = ArrayVec<WayPoint, { PATH_POINTS_MAX as usize }>;

/// The way of a claim, with points no further apart than a body's radius; what is too long ends early.
fn way_of(level: &Level, from: Vec3Mm, claim: &Claim) -> Way {
    let mut way = Way::new();
    let mut length_um = 0;
    for (a, b) in parts_of(from, claim) {
        for at in level.points_between(a, b) {
            let point = WayPoint {
                length_um: length_um + horizontal_um(a, at),
                rise_um: (i64::from(at.y) - i64::from(from.y)) * 1_000,
                grounded: level.grounded(at),
            };
            if way.try_push(point).is_err() {
                return way;
            }
        }
        length_um += horizontal_um(a, b);
    }
    way
}

fn passes_a_wall(level: &Level, from: Vec3Mm, claim: &Claim) -> bool {
    level.beside_wall(from)
        || parts_of(from, claim).any(|(a, b)| level.points_between(a, b).any(|at| level.beside_wall(at)))
}

fn path_is_free(level: &Level, from: Vec3Mm, claim: &Claim) -> bool {
    parts_of(from, claim).all(|(a, b)| level.path_is_free(a, b))
}

/// The body stays where it was last accepted; in the air it comes down, so that no correction keeps it up.
fn correct(fighter: &mut FighterItem<'_, '_>, input_seq: u32, reason: Reason, ground: &mut Ground<'_>) {
    let mut pose = fighter.body.pose;
    if !fighter.motion.grounded {
        pose.at = ground.level.0.ground_below(pose.at).unwrap_or(pose.at);
    }
    fighter.claims.refusals = fighter.claims.refusals.saturating_add(1);
    fighter.displace(pose, reason, input_seq, &mut ground.displacing());
    ground.output.verdicts.push(Verdict {
        slot: fighter.identity.slot,
        input_seq,
        outcome: Outcome::Corrected,
        reason: Some(reason),
        hit: None,
    });
}

fn somebody_is_in_the_air(motions: Query<&Motion>) -> bool {
    motions.iter().any(|motion| !motion.grounded)
}

pub(crate) fn drop_overdue_bodies(roster: Res<Roster>, mut fighters: Query<Fighter>, mut ground: Ground) {
    for entity in roster.entities() {
        let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        if fighter.motion.grounded || ground.now.0 < fighter.claims.falls_at || !fighter.vitals.is_alive() {
            continue;
        }
        let at = fighter.body.pose.at;
        match ground.level.0.ground_below(at) {
            Some(ground_at) if ground_at != at => {
                let pose = Pose { at: ground_at, ..fighter.body.pose };
                fighter.displace(pose, Reason::Silent, 0, &mut ground.displacing());
            }
            _ => fighter.motion.grounded = true,
        }
    }
}
