//! What audiences may see of a body: what everybody sees, and what only its owner does.

use combat_components::ids::{SimId, Slot};
use combat_components::limits::ABILITIES_MAX;
use combat_components::quantity::Pose;
use combat_components::tick::Tick;

use crate::movement::bank_ticks;
use crate::state::FighterReadOnlyItem;
use crate::tick_rules::TickRules;

/// A body as everybody sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicBody {
    pub id: SimId,
    pub slot: Slot,
    pub pose: Pose,
    /// Whole points, rounded up.
    pub health_points: i32,
    pub armour_points: i32,
    pub alive: bool,
    pub connected: bool,
    pub kills: u16,
    pub deaths: u16,
}

/// What a body's owner sees besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnBody {
    pub id: SimId,
    pub input_seq: u32,
    pub pose: Pose,
    pub pose_epoch: u32,
    pub bank_ticks: u32,
    pub weapon: u8,
    pub rounds: u16,
    pub ready_at: Tick,
    pub reloaded_at: Option<Tick>,
    pub ability_ready_at: [Tick; ABILITIES_MAX],
    pub respawn_at: Option<Tick>,
}

pub(crate) fn public_body(fighter: &FighterReadOnlyItem<'_, '_>) -> PublicBody {
    PublicBody {
        id: *fighter.id,
        slot: fighter.identity.slot,
        pose: fighter.body.pose,
        health_points: fighter.vitals.health.points_rounded_up(),
        armour_points: fighter.vitals.armour.points_rounded_up(),
        alive: fighter.vitals.is_alive(),
        connected: fighter.link.connected || fighter.identity.bot,
        kills: fighter.score.kills,
        deaths: fighter.score.deaths,
    }
}

pub(crate) fn own_body(fighter: &FighterReadOnlyItem<'_, '_>, now: Tick, rules: &TickRules) -> OwnBody {
    let arms = fighter.arms;
    OwnBody {
        id: *fighter.id,
        input_seq: fighter.claims.input_seq,
        pose: fighter.body.pose,
        pose_epoch: fighter.claims.pose_epoch,
        bank_ticks: bank_ticks(fighter.claims.bank_origin, now, rules),
        weapon: arms.in_hand,
        rounds: arms.rounds[usize::from(arms.in_hand)],
        ready_at: arms.fires_at(),
        reloaded_at: arms.reloaded_at,
        ability_ready_at: fighter.cooldowns.ready_at,
        respawn_at: fighter.vitals.respawn_at,
    }
}
