//! Action: attacks against the state after Movement, then abilities and reloads.

use arrayvec::ArrayVec;
use bevy_ecs::resource::Resource;
use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res, ResMut, SystemParam};
use combat_components::command::{Action, Command, Deed};
use combat_components::event::Event;
use combat_components::ids::SimId;
use combat_components::limits::{ACTIONS_PER_PLAYER_AND_TICK_MAX, PLAYERS_MAX};
use combat_components::phase::{MatchState, Phase as MatchPhase};
use combat_components::quantity::{MilliPoints, Pose, Vec3Mm};
use combat_components::reason::Reason;
use combat_components::streams::Streams;
use combat_components::tick::Tick;
use combat_components::verdict::{Outcome, Verdict, Zone};
use combat_components::weapon::Arms;

use crate::abilities::{AbilityUse, Effect};
use crate::formulas::damage::hit_damage;
use crate::formulas::shot::{self, Target};
use crate::hold::{self, Stance};
use crate::input::{Inbox, Now};
use crate::movement::Ground;
use crate::output::TickOutput;
use crate::phases::Phase;
use crate::roster::Roster;
use crate::spatial::Level;
use crate::state::{Fighter, FighterItem};
use crate::tick_rules::{SharedLevel, TickRules};
use crate::weapons::take_in_hand;

/// A hit that has been judged and not yet been done.
#[derive(Clone, Copy, Debug)]
pub struct PendingHit {
    pub attacker: SimId,
    pub victim: SimId,
    pub weapon: u8,
    pub zone: Zone,
    pub amount: MilliPoints,
    /// Index of the verdict that tells the attacker what the hit did.
    pub verdict: usize,
}

/// The hits of this tick, in the order of their attacks.
#[derive(Resource, Debug)]
pub struct PendingHits(pub Vec<PendingHit>);

impl Default for PendingHits {
    fn default() -> Self {
        Self(Vec::with_capacity(PLAYERS_MAX * ACTIONS_PER_PLAYER_AND_TICK_MAX))
    }
}

pub fn install(schedule: &mut Schedule) {
    schedule.add_systems((judge_attacks, do_other_deeds).chain().in_set(Phase::Action));
}

/// What an attack is judged against.
#[derive(SystemParam)]
pub struct Range<'w> {
    now: Res<'w, Now>,
    rules: Res<'w, TickRules>,
    level: Res<'w, SharedLevel>,
    state: Res<'w, MatchState>,
    streams: ResMut<'w, Streams>,
    hits: ResMut<'w, PendingHits>,
    output: ResMut<'w, TickOutput>,
}

fn judge_attacks(inbox: Res<Inbox>, roster: Res<Roster>, mut fighters: Query<Fighter>, mut range: Range) {
    range.hits.0.clear();
    if inbox.actions.is_empty() {
        return;
    }
    let mut targets: ArrayVec<Target, PLAYERS_MAX> = ArrayVec::new();
    for entity in roster.entities() {
        let fighter = fighters.get(entity).expect("every entity of the roster is a fighter");
        if fighter.vitals.is_alive() {
            targets.push(Target { id: *fighter.id, team: fighter.identity.team, feet: fighter.body.pose.at });
        }
    }
    for action in actions(&inbox) {
        if action.deed != Deed::Attack {
            continue;
        }
        let Some(entity) = roster.in_slot(action.slot) else {
            continue;
        };
        let mut shooter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        let judged = allowed_now(&shooter, &range.state)
            .and_then(|()| hold::stance(&shooter, action, range.now.0, &range.rules))
            .and_then(|stance| pull_trigger(&mut shooter, &range).map(|()| stance));
        let reason = judged.err();
        let outcome = if reason.is_none() { Outcome::Applied } else { Outcome::Refused };
        let input_seq = action.input_seq;
        range.output.verdicts.push(Verdict { slot: action.slot, input_seq, outcome, reason, hit: None });
        if let Ok(Stance { pose, hold }) = judged {
            shooter.claims.hold = Some(hold);
            fire(&mut shooter, action, pose, &targets, &mut range);
        }
    }
}

fn actions(inbox: &Inbox) -> impl Iterator<Item = &Action> {
    inbox.actions.iter().filter_map(|index| match &inbox.commands[usize::from(*index)] {
        Command::Action { action } => Some(action),
        _ => None,
    })
}

/// Whether the match and the body allow any action.
pub(crate) fn allowed_now(actor: &FighterItem<'_, '_>, state: &MatchState) -> Result<(), Reason> {
    if state.is_resuming() || !matches!(state.phase, MatchPhase::Warmup | MatchPhase::Active) {
        return Err(Reason::WrongPhase);
    }
    if actor.vitals.is_alive() { Ok(()) } else { Err(Reason::Dead) }
}

fn pull_trigger(shooter: &mut FighterItem<'_, '_>, range: &Range<'_>) -> Result<(), Reason> {
    let now = range.now.0;
    may_fire(&shooter.arms, now)?;
    let in_hand = usize::from(shooter.arms.in_hand);
    shooter.arms.rounds[in_hand] -= 1;
    shooter.arms.ready_at[in_hand] = now.plus(range.rules.weapons[in_hand].fire_interval_ticks);
    shooter.score.shots += 1;
    Ok(())
}

pub(crate) fn may_fire(arms: &Arms, now: Tick) -> Result<(), Reason> {
    match () {
        () if arms.reloaded_at.is_some() => Err(Reason::Reloading),
        () if now < arms.fires_at() => Err(Reason::OnCooldown),
        () if arms.rounds[usize::from(arms.in_hand)] == 0 => Err(Reason::MagazineEmpty),
        () => Ok(()),
    }
}

fn fire(
    shooter: &mut FighterItem<'_, '_>,
    action: &Action,
    pose: Pose,
    targets: &[Target],
    range: &mut Range<'_>,
) {
    let rules = &*range.rules;
    let body = &rules.ruleset.body;
    let in_hand = shooter.arms.in_hand;
    let weapon = &rules.weapons[usize::from(in_hand)].rules;
    let eye = Vec3Mm { y: pose.at.y + body.eye_height_mm, ..pose.at };
    let (yaw_off, pitch_off) = (
        range.streams.spread.triangular(weapon.spread_turn),
        range.streams.spread.triangular(weapon.spread_turn),
    );
    let direction = shot::deviated(action.yaw, action.pitch, yaw_off, pitch_off);
    let wall_mm = wall_distance(&range.level.0, eye, direction, weapon.reach_mm);
    let ties = &mut range.streams.ties;
    let struck = shot::first_struck(body, eye, direction, *shooter.id, targets, ties)
        .filter(|struck| struck.distance_um <= i64::from(wall_mm) * 1_000);
    let end_mm = struck.map_or(wall_mm, |struck| (struck.distance_um / 1_000) as i32);
    range.output.events.push(Event::Shot {
        shooter: *shooter.id,
        weapon: in_hand,
        from: eye,
        to: shot::along(eye, direction, end_mm),
        struck: struck.map(|struck| struck.id),
    });
    let Some(struck) = struck else { return };
    let ally = shooter.identity.team.is_ally_of(struck.team);
    if ally && !rules.setup.friendly_fire {
        return;
    }
    shooter.score.hits += 1;
    shooter.score.headshots += u32::from(struck.zone == Zone::Head);
    range.hits.0.push(PendingHit {
        attacker: *shooter.id,
        victim: struck.id,
        weapon: in_hand,
        zone: struck.zone,
        amount: hit_damage(weapon, end_mm, struck.zone),
        verdict: range.output.verdicts.len() - 1,
    });
}

/// How far a shot flies before it meets the level, in millimetres; at most its reach.
fn wall_distance(level: &Level, eye: Vec3Mm, direction: [f32; 3], reach_mm: i32) -> i32 {
    level
        .ray_distance_mm(eye, direction, reach_mm as u32)
        .map_or(reach_mm, |wall_mm| (wall_mm as i32).min(reach_mm))
}

fn do_other_deeds(
    inbox: Res<Inbox>,
    roster: Res<Roster>,
    state: Res<MatchState>,
    mut fighters: Query<Fighter>,
    mut ground: Ground,
) {
    for action in actions(&inbox) {
        let Some(entity) = roster.in_slot(action.slot) else {
            continue;
        };
        let mut actor = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        let done = match action.deed {
            Deed::Attack => continue,
            Deed::Reload => allowed_now(&actor, &state).and_then(|()| begin_reload(&mut actor, &mut ground)),
            Deed::Ability { index } => {
                allowed_now(&actor, &state).and_then(|()| use_ability(&mut actor, action, index, &mut ground))
            }
            Deed::Switch { index } => {
                allowed_now(&actor, &state).and_then(|()| switch_to(&mut actor, index, &mut ground))
            }
        };
        let reason = done.err();
        let outcome = if reason.is_none() { Outcome::Applied } else { Outcome::Refused };
        let input_seq = action.input_seq;
        ground.displacing().output.verdicts.push(Verdict {
            slot: action.slot,
            input_seq,
            outcome,
            reason,
            hit: None,
        });
    }
}

fn begin_reload(actor: &mut FighterItem<'_, '_>, ground: &mut Ground<'_>) -> Result<(), Reason> {
    let at = ground.displacing();
    let in_hand = usize::from(actor.arms.in_hand);
    let weapon = &at.rules.weapons[in_hand];
    if actor.arms.reloaded_at.is_some() {
        return Err(Reason::Reloading);
    }
    if at.now < actor.arms.drawn_at {
        return Err(Reason::OnCooldown);
    }
    if actor.arms.rounds[in_hand] >= weapon.rules.magazine_rounds {
        return Err(Reason::MagazineFull);
    }
    actor.arms.reloaded_at = Some(at.now.plus(weapon.reload_ticks));
    Ok(())
}

fn switch_to(actor: &mut FighterItem<'_, '_>, index: u8, ground: &mut Ground<'_>) -> Result<(), Reason> {
    let at = ground.displacing();
    take_in_hand(&mut actor.arms, &at.rules.weapons, index, at.now)?;
    at.output.events.push(Event::Switched { id: *actor.id, weapon: index });
    Ok(())
}

fn use_ability(
    actor: &mut FighterItem<'_, '_>,
    action: &Action,
    index: u8,
    ground: &mut Ground<'_>,
) -> Result<(), Reason> {
    let at = &mut ground.displacing();
    let place = usize::from(index);
    let ability = at.rules.abilities.get(place).ok_or(Reason::UnknownAbility)?;
    if at.now < actor.cooldowns.ready_at[place] {
        return Err(Reason::OnCooldown);
    }
    if hold::is_still_to_be_shown(&actor.claims.hold, at.now) {
        return Err(Reason::HeldByShot);
    }
    let from = hold::stance(actor, action, at.now, at.rules)?.pose;
    let using = AbilityUse {
        rules: &ability.rules,
        level: at.level,
        step_height_mm: at.rules.ruleset.movement.step_height_mm,
        from: from.at,
        yaw: action.yaw,
    };
    let Effect::MoveTo(to) = (ability.kind.apply)(&using)?;
    actor.cooldowns.ready_at[place] = at.now.plus(ability.cooldown_ticks);
    at.output.events.push(Event::AbilityUsed { id: *actor.id, ability: index });
    actor.displace(Pose { at: to, ..from }, Reason::Displaced, action.input_seq, at);
    Ok(())
}
