//! Damage: every consequence of the tick, done at once; two players may kill each other.
//!
//! Consequences are done in the tick's seeded order of players, so that no id decides whose blow was the last.

use arrayvec::ArrayVec;
use bevy_ecs::entity::Entity;
use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res, ResMut, SystemParam};
use combat_components::cause::{Author, Cause};
use combat_components::departed::DepartedPlayers;
use combat_components::effects::Lasting;
use combat_components::event::Event;
use combat_components::ids::{Pseudonym, SimId, Team};
use combat_components::limits::PLAYERS_MAX;
use combat_components::mode_state::ModeState;
use combat_components::phase::MatchState;
use combat_components::quantity::{MilliPoints, Vec3Mm};
use combat_components::reason::Reason;
use combat_components::score::Score;
use combat_components::things::{Thing, Things};
use combat_components::verdict::{Harm, Hit, Zone};
use combat_components::vitals::{LastHurt, Vitals};

use crate::consequences::{Consequence, Consequences, Does};
use crate::formulas::damage::split;
use crate::ground::Ground;
use crate::match_flow::note_death;
use crate::phases::Phase;
use crate::roster::Roster;
use crate::state::{Fighter, FighterItem};
use crate::tick_rules::TickRules;

pub fn install(schedule: &mut Schedule) {
    schedule.add_systems(do_consequences.in_set(Phase::Damage));
}

const FIGHTER: &str = "every entity of the roster is a fighter";

/// A blow at a body.
#[derive(Clone, Copy)]
struct Blow<'a> {
    /// Whoever struck is an ally of whom he struck, or that one himself.
    ally: bool,
    zone: Zone,
    amount: MilliPoints,
    of: &'a Consequence,
}

/// What consequences change beside bodies.
#[derive(SystemParam)]
struct Beside<'w> {
    state: ResMut<'w, MatchState>,
    kept: ResMut<'w, ModeState>,
    departed: ResMut<'w, DepartedPlayers>,
    things: ResMut<'w, Things>,
}

fn do_consequences(
    roster: Res<Roster>,
    consequences: Res<Consequences>,
    mut fighters: Query<Fighter>,
    mut beside: Beside,
    mut ground: Ground,
) {
    let mut somebody_died = false;
    for consequence in consequences.iter() {
        let Some(on) = roster.of(consequence.on) else {
            continue;
        };
        if let Does::Hurt { zone, amount } = consequence.does {
            let victim = *fighters.get(on).expect(FIGHTER).identity;
            // Whatever body he had when he began it.
            let by_himself = consequence.by.is_some_and(|by| by.pseudonym == victim.pseudonym);
            let by_team = consequence.by.is_some_and(|by| by.team.is_ally_of(victim.team));
            if by_team && !by_himself && !ground.rules().setup.friendly_fire {
                continue;
            }
            let blow = Blow { ally: by_team || by_himself, zone, amount, of: consequence };
            let mut everybody =
                Everybody { roster: &roster, fighters: &mut fighters, departed: &mut beside.departed };
            somebody_died |= hurt(&blow, on, &mut everybody, &mut ground);
        } else {
            let mut body = fighters.get_mut(on).expect(FIGHTER);
            match consequence.does {
                Does::Heal { amount } => heal(&mut body.vitals, amount, &ground),
                Does::Push { x, z } => body.push((x, z), &mut ground.displacing()),
                Does::Apply { effect } => begin_effect(&mut body, effect, consequence.by, &ground),
                Does::Place { at, velocity, ticks } => {
                    let (now, cause) = (ground.now(), consequence.cause);
                    let by = consequence.by.unwrap_or(Author::from((*body.id, &*body.identity)));
                    let (number, beyond, ends_at) = (0, Vec3Mm::default(), now.plus(ticks));
                    if ground.rules().thing_of(cause).is_some() {
                        beside.things.place(Thing {
                            number,
                            cause,
                            by,
                            at,
                            beyond,
                            velocity,
                            since: now,
                            ends_at,
                        });
                    }
                }
                Does::Move { to } => {
                    body.displace(to, Reason::Displaced, consequence.input_seq, &mut ground.displacing());
                }
                Does::Hurt { .. } => unreachable!("it has been done above"),
            }
        }
    }
    if somebody_died {
        let state = (&mut *beside.state, &mut *beside.kept);
        note_death(state, ground.rules(), &teams_alive(&fighters), ground.now());
    }
}

/// Everybody who has a score.
struct Everybody<'a, 'w, 's> {
    roster: &'a Roster,
    fighters: &'a mut Query<'w, 's, Fighter>,
    departed: &'a mut DepartedPlayers,
}

impl Everybody<'_, '_, '_> {
    /// That of somebody who struck with the body `id`, and his newest one: be he in the session still, again or no more.
    fn score_of(&mut self, id: SimId, pseudonym: Pseudonym) -> Option<(SimId, &mut Score)> {
        let again = || self.fighters.iter().find(|other| other.identity.pseudonym == pseudonym);
        if let Some(by) = self.roster.of(id).or_else(|| self.roster.of(*again()?.id)) {
            let fighter = self.fighters.get_mut(by).expect(FIGHTER);
            return Some((*fighter.id, fighter.score.into_inner()));
        }
        self.departed.of(pseudonym).map(|gone| (gone.id, &mut gone.score))
    }
}

/// How a death is told.
#[derive(Clone, Copy)]
struct Death {
    by: Option<SimId>,
    cause: Cause,
    zone: Zone,
}

/// Strikes, counts it and tells of it; whether it kills. A death that is no enemy's doing, by his own hand, an ally's or
/// the world's, denies nobody his kill: it is that of the last enemy whose blow still counts.
fn hurt(blow: &Blow<'_>, on: Entity, everybody: &mut Everybody<'_, '_, '_>, ground: &mut Ground<'_>) -> bool {
    let mut victim = everybody.fighters.get_mut(on).expect(FIGHTER);
    let (harm, killed) = strike(&mut victim, blow, ground);
    let vitals = *victim.vitals;
    let Consequence { by, cause, .. } = *blow.of;
    let mut death = killed.then_some(Death { by: by.map(|by| by.id), cause, zone: blow.zone });
    let is_an_enemys = by.is_some() && !blow.ally;
    if let Some(hurt) = vitals
        .last_hurt
        .filter(|hurt| killed && !is_an_enemys && ground.rules().is_of_an_enemy(hurt, ground.now()))
    {
        let scored = everybody.score_of(hurt.by, hurt.pseudonym);
        let by = scored.map_or(hurt.by, |(id, score)| {
            score.kills = score.kills.saturating_add(1);
            id
        });
        death = Some(Death { by: Some(by), cause: hurt.cause, zone: hurt.zone });
    }
    let is_first_hit = tell(blow, harm, (vitals.health, death), ground);
    if let Some((_, score)) = by.and_then(|by| everybody.score_of(by.id, by.pseudonym)) {
        credit(score, blow, harm, (is_first_hit, killed));
    }
    killed
}

fn teams_alive(fighters: &Query<Fighter>) -> ArrayVec<Team, PLAYERS_MAX> {
    let living = fighters.iter().filter(|fighter| fighter.vitals.is_alive());
    living.map(|fighter| fighter.identity.team).collect()
}

/// What a blow does to a body, and whether it kills. Who died earlier in the tick has nothing left to lose.
fn strike(victim: &mut FighterItem<'_, '_>, blow: &Blow<'_>, ground: &Ground<'_>) -> (Harm, bool) {
    if !victim.vitals.is_alive() {
        return (Harm { overkill: blow.amount, ..Harm::default() }, false);
    }
    let (rules, now) = (ground.rules(), ground.now());
    let harm = split(victim.vitals.strength(), blow.amount, rules.ruleset.body.armour_absorbs_percent);
    victim.vitals.health.0 -= harm.taken.0;
    victim.vitals.armour.0 -= harm.absorbed.0;
    victim.score.damage_taken += i64::from(harm.dealt().0);
    if let Some(Author { id: by, pseudonym, .. }) = blow.of.by
        && harm.dealt() > MilliPoints(0)
    {
        let (Blow { ally, zone, .. }, cause) = (*blow, blow.of.cause);
        let hurt = LastHurt { by, pseudonym, at: now, cause, zone, ally };
        remember(&mut victim.vitals, hurt, rules);
    }
    let killed = victim.vitals.health == MilliPoints(0);
    if killed {
        let again_at = now.plus(rules.respawn_ticks);
        victim.vitals.respawn_at = Some(again_at);
        victim.arms.reloaded_at = None;
        victim.effects.0.clear();
        victim.score.deaths = victim.score.deaths.saturating_add(1);
    }
    (harm, killed)
}

/// An ally's blow does not hide an enemy's that still counts, or allies could save each other from a death.
fn remember(vitals: &mut Vitals, hurt: LastHurt, rules: &TickRules) {
    let stays = |last: LastHurt| rules.is_of_an_enemy(&last, hurt.at);
    if !(hurt.ally && vitals.last_hurt.is_some_and(stays)) {
        vitals.last_hurt = Some(hurt);
    }
}

/// What whoever struck has of it. Of all that one attack struck the first
/// counts as its hit; what a thing does later is none.
fn credit(score: &mut Score, blow: &Blow<'_>, harm: Harm, (is_first_hit, killed): (bool, bool)) {
    if is_first_hit && matches!(blow.of.cause, Cause::Weapon(_)) {
        score.hits += 1;
        score.headshots += u32::from(blow.zone == Zone::Head);
    }
    score.damage_dealt += i64::from(harm.dealt().0);
    score.kills = score.kills.saturating_add(u16::from(killed && !blow.ally));
}

/// Whether its verdict had told of no hit before; of several it tells the last.
fn tell(
    blow: &Blow<'_>,
    harm: Harm,
    (remaining_health, death): (MilliPoints, Option<Death>),
    ground: &mut Ground<'_>,
) -> bool {
    let Consequence { cause, by, on: victim, verdict, .. } = *blow.of;
    let (by, killed) = (by.map(|by| by.id), death.is_some());
    let (zone, amount, output) = (blow.zone, blow.amount, ground.displacing().output);
    let hit = Hit { victim, zone, amount, harm, remaining_health, killed };
    let before = verdict.and_then(|verdict| output.verdicts[verdict].hit.replace(hit));
    if harm.dealt() > MilliPoints(0) {
        output.events.push(Event::Damaged { by, cause, victim, zone, amount, harm, remaining_health });
    }
    if let Some(Death { by, cause, zone }) = death {
        output.events.push(Event::Died { victim, by, cause, zone });
    }
    verdict.is_some() && before.is_none()
}

/// The dead are past it, and a ruleset that has no such effect has none.
fn begin_effect(body: &mut FighterItem<'_, '_>, effect: u8, by: Option<Author>, ground: &Ground<'_>) {
    let Some(rules) = ground.rules().effects.get(usize::from(effect)) else { return };
    if body.vitals.is_alive() {
        let now = ground.now();
        let (acts_at, ends_at) = (now.plus(1), now.plus(1 + rules.duration_ticks));
        body.effects.apply(Lasting { effect, by, acts_at, ends_at });
    }
}

/// The dead are past healing.
fn heal(vitals: &mut Vitals, amount: MilliPoints, ground: &Ground<'_>) {
    let whole = MilliPoints::from_points(ground.rules().ruleset.body.health_points);
    if vitals.is_alive() {
        vitals.health = MilliPoints(vitals.health.0.saturating_add(amount.0).min(whole.0));
    }
}
