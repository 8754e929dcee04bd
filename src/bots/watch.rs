//! What a bot sees of its enemies: whom it deals with, and since when.

use std::sync::Arc;

use combat_client::Client;
use combat_components::ids::Team;
use combat_components::quantity::Vec3Mm;
use combat_components::rules::Ruleset;
use combat_components::streams::Stream;
use combat_protocol::view::{PublicPlayer, View};
use combat_systems::sim::SimParts;
use combat_systems::spatial::Level;

use super::routes::Routes;
use super::skill::Skill;

/// Enemies whose line of sight is looked at in one wake-up, nearest first.
const LOOKED_AT_MAX: usize = 4;

/// An enemy out of sight for longer is no longer fought but hunted.
const FORGET_MS: u64 = 500;

/// Chest and head above the feet, in hundredths of a body's height.
const CHEST_PERCENT: i32 = 62;
const HEAD_PERCENT: i32 = 92;

/// What all bots of a session share.
#[derive(Clone, Debug)]
pub struct Field {
    pub level: Arc<Level>,
    pub ruleset: Arc<Ruleset>,
    pub routes: Arc<Routes>,
}

impl Field {
    /// Finds the routes of the level when they are not known yet, which takes a moment.
    pub fn of(parts: &SimParts) -> Self {
        let routes = Routes::of(&parts.level, &parts.map, parts.ruleset.movement.step_height_mm);
        Self { level: parts.level.clone(), ruleset: parts.ruleset.clone(), routes }
    }
}

/// The enemy a bot deals with.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    sim_id: u32,
    pub feet: Vec3Mm,
    pub noticed_at_ms: u64,
    pub seen_at_ms: u64,
    /// The reaction is over.
    pub fire_from_ms: u64,
    at_head: bool,
}

impl Target {
    /// Where on the body to aim.
    pub fn mark(&self, field: &Field) -> Vec3Mm {
        part_of_body(field, self.feet, if self.at_head { HEAD_PERCENT } else { CHEST_PERCENT })
    }

    /// Keeps the present enemy while it is in sight, or finds the nearest who is.
    pub fn look(
        present: Option<Self>,
        (client, field, eye): (&Client, &Field, Vec3Mm),
        (skill, stream): (&Skill, &mut Stream),
        now_ms: u64,
    ) -> Option<Self> {
        let view = client.view()?;
        let present = present.filter(|target| {
            view.player(target.sim_id).is_some_and(PublicPlayer::is_alive)
                && now_ms.saturating_sub(target.seen_at_ms) < FORGET_MS
        });
        let held = present.and_then(|target| view.player(target.sim_id));
        let seen = held.filter(|player| sees(field, eye, player)).or_else(|| {
            let mut living: Vec<&PublicPlayer> = enemies(client).collect();
            living.sort_unstable_by_key(|player| (eye.distance_squared(feet_of(player)), player.sim_id));
            living.into_iter().take(LOOKED_AT_MAX).find(|player| sees(field, eye, player))
        });
        match (present, seen) {
            (present, None) => present,
            (Some(target), Some(player)) if target.sim_id == player.sim_id => {
                Some(Self { feet: feet_of(player), seen_at_ms: now_ms, ..target })
            }
            (_, Some(player)) => Some(Self::notice(player, (skill, stream), now_ms)),
        }
    }

    fn notice(player: &PublicPlayer, (skill, stream): (&Skill, &mut Stream), now_ms: u64) -> Self {
        let reaction_ms = skill.reaction_ms / 2 + stream.below(skill.reaction_ms);
        Self {
            sim_id: player.sim_id,
            feet: feet_of(player),
            noticed_at_ms: now_ms,
            seen_at_ms: now_ms,
            fire_from_ms: now_ms + u64::from(reaction_ms),
            at_head: stream.below(skill.head_one_in) == 0,
        }
    }
}

/// Whoever is alive and no ally.
pub fn enemies(client: &Client) -> impl Iterator<Item = &PublicPlayer> {
    let me = client.welcome().and_then(|welcome| welcome.sim_id).unwrap_or_default();
    let players =
        client.view().into_iter().flat_map(|view| view.players.iter().map(move |player| (view, player)));
    let living = players.filter(move |(view, player)| player.is_alive() && is_enemy(view, me, player.sim_id));
    living.map(|(_, player)| player)
}

fn is_enemy(view: &View, me: u32, other: u32) -> bool {
    let team = |sim_id| Team(view.roster_entry(sim_id).map_or(0, |entry| entry.team));
    me != other && !team(me).is_ally_of(team(other))
}

/// Whether nothing solid stands between `eye` and that chest.
fn sees(field: &Field, eye: Vec3Mm, player: &PublicPlayer) -> bool {
    let chest = part_of_body(field, feet_of(player), CHEST_PERCENT);
    let distance_mm = eye.distance_squared(chest).isqrt();
    let along = |from: i32, to: i32| (to - from) as f32 / distance_mm.max(1) as f32;
    let direction = [along(eye.x, chest.x), along(eye.y, chest.y), along(eye.z, chest.z)];
    field.level.ray_distance_mm(eye, direction, distance_mm as u32).is_none()
}

pub fn feet_of(player: &PublicPlayer) -> Vec3Mm {
    Vec3Mm::new(player.x, player.y, player.z)
}

fn part_of_body(field: &Field, feet: Vec3Mm, percent: i32) -> Vec3Mm {
    raised(feet, field.ruleset.body.height_mm * percent / 100)
}

pub fn raised(at: Vec3Mm, by_mm: i32) -> Vec3Mm {
    Vec3Mm { y: at.y + by_mm, ..at }
}
