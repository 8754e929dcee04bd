//! Damage: every hit of the tick, done at once; two players may kill each other.

use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res, ResMut};
use combat_components::event::Event;
use combat_components::ids::SimId;
use combat_components::quantity::MilliPoints;
use combat_components::verdict::Hit;

use crate::action::{PendingHit, PendingHits};
use crate::fighter::Fighter;
use crate::formulas::damage::absorb;
use crate::input::Now;
use crate::output::TickOutput;
use crate::phases::Phase;
use crate::roster::Roster;
use crate::tick_rules::TickRules;

pub fn install(schedule: &mut Schedule) {
    schedule.add_systems(apply_damage.in_set(Phase::Damage));
}

fn apply_damage(
    now: Res<Now>,
    rules: Res<TickRules>,
    roster: Res<Roster>,
    hits: Res<PendingHits>,
    mut fighters: Query<Fighter>,
    mut output: ResMut<TickOutput>,
) {
    for hit in &hits.0 {
        let Some(entity) = roster.of(hit.victim) else {
            continue;
        };
        let mut victim = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        let absorbs_percent = rules.ruleset.body.armour_absorbs_percent;
        let before = victim.vitals.health;
        let (health, armour) = absorb(before, victim.vitals.armour, hit.amount, absorbs_percent);
        (victim.vitals.health, victim.vitals.armour) = (health, armour);
        victim.score.damage_taken += i64::from(hit.amount.0);
        let killed = before > MilliPoints(0) && health == MilliPoints(0);
        if killed {
            victim.vitals.respawn_at = Some(now.0.plus(rules.respawn_ticks));
            victim.score.deaths = victim.score.deaths.saturating_add(1);
        }
        credit(&mut fighters, &roster, hit, killed);
        tell(hit, health, killed, &mut output);
    }
}

fn credit(fighters: &mut Query<Fighter>, roster: &Roster, hit: &PendingHit, killed: bool) {
    let Some(entity) = roster.of(hit.attacker) else {
        return;
    };
    let mut attacker = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
    attacker.score.damage_dealt += i64::from(hit.amount.0);
    attacker.score.kills = attacker.score.kills.saturating_add(u16::from(killed));
}

fn tell(hit: &PendingHit, remaining_health: MilliPoints, killed: bool, output: &mut TickOutput) {
    let PendingHit { attacker, victim, weapon, zone, amount, .. } = *hit;
    output.verdicts[hit.verdict].hit = Some(Hit { victim, zone, amount, remaining_health, killed });
    output.events.push(Event::Damaged { attacker, victim, weapon, zone, amount, remaining_health });
    if killed {
        let killer: SimId = attacker;
        output.events.push(Event::Died { victim, killer, weapon, zone });
    }
}
