//! What happened, as people read it; as machines do, it is in `crate::events`.

use std::collections::BTreeMap;

use combat_components::cause::Cause;
use combat_components::event::Event;
use combat_components::ids::SimId;
use combat_components::phase::Winner;
use combat_components::quantity::{MilliPoints, Vec3Mm};
use combat_components::rules::Ruleset;
use combat_components::score::Score;
use serde_json::{Value, json};

/// Names that events do not carry.
pub struct Names<'a> {
    /// Everybody who has ever been in the session.
    pub players: BTreeMap<SimId, String>,
    pub ruleset: &'a Ruleset,
}

impl Names<'_> {
    pub fn player(&self, id: SimId) -> &str {
        self.players.get(&id).map_or("somebody", String::as_str)
    }

    fn weapon(&self, index: u8) -> &str {
        self.ruleset.weapons.get(usize::from(index)).map_or("a weapon", |weapon| &weapon.name)
    }

    fn effect(&self, index: u8) -> &str {
        self.ruleset.effects.get(usize::from(index)).map_or("an effect", |effect| &effect.name)
    }

    fn cause(&self, cause: Cause) -> &str {
        match cause {
            Cause::Weapon(index) => self.weapon(index),
            Cause::Ability(index) => self.ability(index),
            Cause::Effect(index) => self.effect(index),
            Cause::World => "the world",
        }
    }

    fn ability(&self, index: u8) -> &str {
        self.ruleset.abilities.get(usize::from(index)).map_or("an ability", |ability| &ability.name)
    }
}

pub fn points(amount: MilliPoints) -> f64 {
    f64::from(amount.0) / 1_000.0
}

fn counted(count: u32, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

const fn points_of(thousandths: i64) -> f64 {
    thousandths as f64 / 1_000.0
}

/// What somebody has achieved, in words.
pub fn tell_score(score: &Score) -> String {
    [
        counted(score.kills.into(), "kill"),
        counted(score.deaths.into(), "death"),
        counted(score.shots, "shot"),
        counted(score.hits, "hit"),
        counted(score.headshots, "headshot"),
        format!("{} points dealt", points_of(score.damage_dealt)),
        format!("{} points taken", points_of(score.damage_taken)),
    ]
    .join(", ")
}

/// Damage in points.
pub fn score_as_json(score: &Score) -> Value {
    json!({
        "kills": score.kills, "deaths": score.deaths, "shots": score.shots, "hits": score.hits,
        "headshots": score.headshots, "damageDealt": points_of(score.damage_dealt),
        "damageTaken": points_of(score.damage_taken),
    })
}

pub fn metres(at: Vec3Mm) -> String {
    let [x, y, z] = [at.x, at.y, at.z].map(|mm| f64::from(mm) / 1_000.0);
    format!("({x:.3}, {y:.3}, {z:.3})")
}

/// One line.
pub fn tell(event: &Event, names: &Names<'_>) -> String {
    let player = |id: &SimId| names.player(*id);
    match event {
        Event::Joined { id, slot } => format!("{} joined as SimId {} in slot {}", player(id), id.0, slot.0),
        Event::Left { id, cause, .. } => format!("{} left ({})", player(id), cause.code()),
        Event::Connected { id } => format!("{} connected", player(id)),
        Event::Disconnected { id } => format!("{} disconnected", player(id)),
        Event::Displaced { id, reason, pose, .. } => {
            format!("{} was placed at {}: {}", player(id), metres(pose.at), reason.code())
        }
        Event::TooManyRefusals { id, reason, .. } => {
            format!("{} was refused too often, at last as {}", player(id), reason.code())
        }
        Event::Shot { shooter, weapon, struck, .. } => {
            let at = struck.as_ref().map_or("nobody", player);
            format!("{} shot {at} with {}", player(shooter), names.weapon(*weapon))
        }
        Event::Damaged { by, cause, victim, zone, harm, remaining_health, .. } => format!(
            "{} took {} points from {} ({}), {} left",
            player(victim),
            points(harm.dealt()),
            by.as_ref().map_or_else(|| names.cause(*cause), player),
            zone.code(),
            points(*remaining_health)
        ),
        Event::Died { victim, by, cause, zone } => {
            let (victim, with, zone) = (player(victim), names.cause(*cause), zone.code());
            match by {
                Some(by) => format!("{} killed {victim} with {with} ({zone})", player(by)),
                None => format!("{victim} died of {with} ({zone})"),
            }
        }
        Event::AbilityUsed { id, ability } => format!("{} used {}", player(id), names.ability(*ability)),
        Event::Reloaded { id, weapon } => format!("{} has reloaded {}", player(id), names.weapon(*weapon)),
        Event::Switched { id, weapon } => format!("{} took {} in hand", player(id), names.weapon(*weapon)),
        Event::PhaseChanged { phase } => format!("the match is {}", phase.code()),
        Event::Resumed { epoch } => format!("the session was taken up again, epoch {}", epoch.0),
        Event::PlayGoesOn => "play goes on".to_owned(),
        Event::Ended { reason, winner } => {
            let winner = match winner {
                Winner::Nobody => "nobody".to_owned(),
                Winner::Player { id } => player(id).to_owned(),
                Winner::Team { team } => format!("team {}", team.0),
            };
            format!("ended by {}, {winner} won", reason.code())
        }
    }
}
