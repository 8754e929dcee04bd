//! Action: what players do, judged against the state after Movement: attacks, then abilities and what they do with
//! their weapons. What comes of it for bodies is told as consequences.

use arrayvec::ArrayVec;
use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res, ResMut, SystemParam};
use combat_components::cause::{Author, Cause};
use combat_components::command::{Action, Command, Deed};
use combat_components::event::Event;
use combat_components::limits::PLAYERS_MAX;
use combat_components::phase::MatchState;
use combat_components::quantity::{Pose, Vec3Mm};
use combat_components::reason::Reason;
use combat_components::streams::Streams;
use combat_components::things::Things;
use combat_components::verdict::Verdict;

use crate::abilities::Using;
use crate::alone::{Alone, act_alone};
use crate::arms::{begin_reload, may_fire, take_in_hand};
use crate::consequences::{Consequences, Doer};
use crate::fighter::{acts_now, allowed_now};
use crate::formulas::shot::Target;
use crate::hold::{self, Stance};
use crate::inbox::{Inbox, Now};
use crate::output::TickOutput;
use crate::phases::Phase;
use crate::roster::Roster;
use crate::state::{Fighter, FighterItem};
use crate::tick_rules::{SessionLevel, TickRules};
use crate::weapons::Firing;

pub fn install(schedule: &mut Schedule) {
    schedule.add_systems(judge_actions.in_set(Phase::Action));
}

/// What an action is judged against, and where it is told.
#[derive(SystemParam)]
pub struct Judging<'w> {
    now: Res<'w, Now>,
    rules: Res<'w, TickRules>,
    level: Res<'w, SessionLevel>,
    state: Res<'w, MatchState>,
    streams: ResMut<'w, Streams>,
    consequences: ResMut<'w, Consequences>,
    output: ResMut<'w, TickOutput>,
}

type Targets = ArrayVec<Target, PLAYERS_MAX>;

fn judge_actions(
    inbox: Res<Inbox>,
    roster: Res<Roster>,
    mut fighters: Query<Fighter>,
    mut things: ResMut<Things>,
    mut judging: Judging,
) {
    judging.consequences.clear();
    if !inbox.actions.is_empty() {
        judge_inputs(&inbox, &roster, &mut fighters, &mut judging);
    }
    if judging.rules.something_acts_alone && acts_now(&judging.state) {
        let Judging { now, rules, level, consequences, .. } = &mut judging;
        let mut alone = Alone { now: now.0, rules, level: &level.level, consequences };
        act_alone(&roster, &mut fighters, &mut things, &mut alone);
    }
}

fn judge_inputs(inbox: &Inbox, roster: &Roster, fighters: &mut Query<Fighter>, judging: &mut Judging) {
    let mut targets = Targets::new();
    for entity in roster.entities() {
        let fighter = fighters.get(entity).expect("every entity of the roster is a fighter");
        if fighter.vitals.is_alive() {
            targets.push(Target { id: *fighter.id, team: fighter.identity.team, feet: fighter.body.pose.at });
        }
    }
    for attacks in [true, false] {
        for action in actions(inbox).filter(|action| (action.deed == Deed::Attack) == attacks) {
            let Some(entity) = roster.in_slot(action.slot) else {
                continue;
            };
            let mut actor = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
            let done =
                allowed_now(&actor, &judging.state).and_then(|()| act(&mut actor, action, &targets, judging));
            judging.output.verdicts.push(Verdict::judged(action.origin(), done));
        }
    }
}

fn actions(inbox: &Inbox) -> impl Iterator<Item = &Action> {
    inbox.actions.iter().filter_map(|index| match &inbox.commands[usize::from(*index)] {
        Command::Action { action } => Some(action),
        _ => None,
    })
}

fn act(
    actor: &mut FighterItem<'_, '_>,
    action: &Action,
    targets: &[Target],
    judging: &mut Judging<'_>,
) -> Result<(), Reason> {
    let (now, rules) = (judging.now.0, &*judging.rules);
    match action.deed {
        Deed::Attack => {
            let Stance { pose, hold } = hold::stance(actor, action, now, rules)?;
            may_fire(&actor.arms, now)?;
            actor.claims.hold = Some(hold);
            fire(actor, action, pose, targets, judging);
            Ok(())
        }
        Deed::Reload => begin_reload(&mut actor.arms, &rules.weapons, now),
        Deed::Switch { index } => {
            take_in_hand(&mut actor.arms, &rules.weapons, index, now)?;
            judging.output.events.push(Event::Switched { id: *actor.id, weapon: index });
            Ok(())
        }
        Deed::Ability { index } => use_ability(actor, action, index, targets, judging),
    }
}

fn fire(
    shooter: &mut FighterItem<'_, '_>,
    action: &Action,
    pose: Pose,
    targets: &[Target],
    judging: &mut Judging<'_>,
) {
    let (now, rules) = (judging.now.0, &*judging.rules);
    let in_hand = shooter.arms.in_hand;
    let place = usize::from(in_hand);
    let weapon = &rules.weapons[place];
    shooter.arms.rounds[place] -= 1;
    shooter.arms.ready_at[place] = now.plus(weapon.fire_interval_ticks);
    shooter.score.shots += 1;
    let body = &rules.ruleset.body;
    let mut firing = Firing {
        own: &weapon.rules.own,
        eye: Vec3Mm { y: pose.at.y + body.eye_height_mm, ..pose.at },
        yaw: action.yaw,
        pitch: action.pitch,
        target: action.target,
        shooter: *shooter.id,
        weapon: in_hand,
        ruleset: &rules.ruleset,
        rate: rules.setup.tick_rate,
        level: &judging.level.level,
        targets,
        streams: &mut judging.streams,
        doer: doer(
            Cause::Weapon(in_hand),
            author(shooter),
            action,
            &judging.output,
            &mut judging.consequences,
        ),
        output: &mut judging.output,
    };
    (weapon.kind.fire)(&mut firing);
}

fn use_ability(
    user: &mut FighterItem<'_, '_>,
    action: &Action,
    index: u8,
    targets: &[Target],
    judging: &mut Judging<'_>,
) -> Result<(), Reason> {
    let (now, rules) = (judging.now.0, &*judging.rules);
    let place = usize::from(index);
    let ability = rules.abilities.get(place).ok_or(Reason::UnknownAbility)?;
    if now < user.cooldowns.ready_at[place] {
        return Err(Reason::OnCooldown);
    }
    if hold::is_still_to_be_shown(&user.claims.hold, now) {
        return Err(Reason::HeldByShot);
    }
    let from = match judging.consequences.moved_to(*user.id) {
        // He is there already, and none of his claims is of this pose epoch.
        Some(to) if action.follows == 0 => to,
        Some(_) => return Err(Reason::StaleInput),
        None => hold::stance(user, action, now, rules)?.pose,
    };
    let before = judging.consequences.len();
    let mut using = Using {
        own: &ability.rules.own,
        user: *user.id,
        from,
        yaw: action.yaw,
        target: action.target,
        ruleset: &rules.ruleset,
        rate: rules.setup.tick_rate,
        level: &judging.level.level,
        targets,
        doer: doer(Cause::Ability(index), author(user), action, &judging.output, &mut judging.consequences),
    };
    if let Err(reason) = (ability.kind.apply)(&mut using) {
        judging.consequences.truncate(before);
        return Err(reason);
    }
    // Once in a tick at most, as a weapon, also where a ruleset has no cooldown for it.
    user.cooldowns.ready_at[place] = now.plus(ability.cooldown_ticks.max(1));
    judging.output.events.push(Event::AbilityUsed { id: *user.id, ability: index });
    Ok(())
}

fn author(actor: &FighterItem<'_, '_>) -> Author {
    Author::from((*actor.id, &*actor.identity))
}

/// The verdict on `action` is the next that is told.
fn doer<'a>(
    cause: Cause,
    by: Author,
    action: &Action,
    output: &TickOutput,
    consequences: &'a mut Consequences,
) -> Doer<'a> {
    let before = consequences.len();
    let (input_seq, verdict) = (action.input_seq, Some(output.verdicts.len()));
    Doer { consequences, cause, by: Some(by), input_seq, verdict, before }
}
