//! Damage: every hit of the tick, done at once; two players may kill each other.
//!
//! Hits are done in the tick's seeded order of players, so that no id decides whose blow was the last.

use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res, ResMut, SystemParam};
use combat_components::event::Event;
use combat_components::identity::Identity;
use combat_components::phase::MatchState;
use combat_components::quantity::MilliPoints;
use combat_components::tick::Tick;
use combat_components::verdict::{Harm, Hit};
use combat_components::vitals::{LastHurt, Vitals};

use crate::action::{PendingHit, PendingHits};
use crate::formulas::damage::split;
use crate::input::Now;
use crate::match_flow::note_death;
use crate::output::TickOutput;
use crate::phases::Phase;
use crate::roster::Roster;
use crate::state::{Fighter, FighterItem};
use crate::tick_rules::TickRules;

pub fn install(schedule: &mut Schedule) {
    schedule.add_systems(apply_damage.in_set(Phase::Damage));
}

/// What a blow is judged by, and where it is told.
#[derive(SystemParam)]
struct Blows<'w> {
    now: Res<'w, Now>,
    rules: Res<'w, TickRules>,
    state: ResMut<'w, MatchState>,
    output: ResMut<'w, TickOutput>,
}

fn apply_damage(roster: Res<Roster>, hits: Res<PendingHits>, mut fighters: Query<Fighter>, mut blows: Blows) {
    for hit in &hits.0 {
        let (Some(attacker), Some(victim)) = (roster.of(hit.attacker), roster.of(hit.victim)) else {
            continue;
        };
        let fighter = "every entity of the roster is a fighter";
        let by = *fighters.get(attacker).expect(fighter).identity;
        let mut victim = fighters.get_mut(victim).expect(fighter);
        let ally = by.team.is_ally_of(victim.identity.team);
        let (harm, killed) = strike(&mut victim, hit, &by, &mut blows);
        let remaining = victim.vitals.health;
        let mut attacker = fighters.get_mut(attacker).expect(fighter);
        attacker.score.damage_dealt += i64::from(harm.dealt().0);
        attacker.score.kills = attacker.score.kills.saturating_add(u16::from(killed && !ally));
        tell(hit, harm, (remaining, killed), &mut blows.output);
    }
}

/// What a hit does to a body, and whether it kills. Who died earlier in the tick has nothing left to lose.
fn strike(
    victim: &mut FighterItem<'_, '_>,
    hit: &PendingHit,
    by: &Identity,
    blows: &mut Blows<'_>,
) -> (Harm, bool) {
    if !victim.vitals.is_alive() {
        return (Harm { overkill: hit.amount, ..Harm::default() }, false);
    }
    let (rules, now) = (&*blows.rules, blows.now.0);
    let harm = split(victim.vitals.strength(), hit.amount, rules.ruleset.body.armour_absorbs_percent);
    victim.vitals.health.0 -= harm.taken.0;
    victim.vitals.armour.0 -= harm.absorbed.0;
    victim.score.damage_taken += i64::from(harm.dealt().0);
    if harm.dealt() > MilliPoints(0) {
        let ally = by.team.is_ally_of(victim.identity.team);
        let PendingHit { attacker, weapon, zone, .. } = *hit;
        let hurt = LastHurt { by: attacker, pseudonym: by.pseudonym, at: now, weapon, zone, ally };
        remember(&mut victim.vitals, hurt, rules.leaving_is_death_ticks_max);
    }
    let killed = victim.vitals.health == MilliPoints(0);
    if killed {
        let again_at = now.plus(rules.respawn_ticks);
        victim.vitals.respawn_at = Some(again_at);
        victim.arms.reloaded_at = None;
        victim.score.deaths = victim.score.deaths.saturating_add(1);
        note_death(&mut blows.state, rules.mode.respawn, again_at);
    }
    (harm, killed)
}

/// An ally's blow does not hide an enemy's that still counts, or allies could save each other from a death.
fn remember(vitals: &mut Vitals, hurt: LastHurt, counts_ticks: u32) {
    let counts = |last: &LastHurt, now: Tick| !last.ally && now.since(last.at) <= counts_ticks;
    if !(hurt.ally && vitals.last_hurt.is_some_and(|last| counts(&last, hurt.at))) {
        vitals.last_hurt = Some(hurt);
    }
}

fn tell(
    hit: &PendingHit,
    harm: Harm,
    (remaining_health, killed): (MilliPoints, bool),
    output: &mut TickOutput,
) {
    let PendingHit { attacker, victim, weapon, zone, amount, .. } = *hit;
    output.verdicts[hit.verdict].hit = Some(Hit { victim, zone, amount, harm, remaining_health, killed });
    if harm.dealt() > MilliPoints(0) {
        output.events.push(Event::Damaged { attacker, victim, weapon, zone, amount, harm, remaining_health });
    }
    if killed {
        output.events.push(Event::Died { victim, killer: attacker, weapon, zone });
    }
}
