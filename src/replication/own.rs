//! The own part of a frame: what concerns one player only.

use combat_components::quantity::Pose;
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_components::verdict::Verdict;
use combat_protocol::server::{Correction, InputVerdict, Own, VerdictHit};
use combat_systems::views::OwnBody;

use super::players::Standing;

/// The pose that holds; what is left in the bank is filled in when it is sent.
pub fn correction_of(reason: Reason, input_seq: u32, pose: &Pose, pose_epoch: u32) -> Correction {
    Correction {
        reason,
        input_seq,
        x: pose.at.x,
        y: pose.at.y,
        z: pose.at.z,
        yaw: pose.yaw.0,
        pitch: pose.pitch.turn(),
        pose_epoch,
        bank_ticks: 0,
    }
}

pub fn verdict_of(verdict: &Verdict, applied_at: Tick) -> InputVerdict {
    InputVerdict {
        input_seq: verdict.input_seq,
        outcome: verdict.outcome,
        reason: verdict.reason,
        applied_tick: applied_at.0,
        hit: verdict.hit.map(|hit| VerdictHit {
            victim: hit.victim.0,
            zone: hit.zone,
            amount_milli: hit.harm.dealt().0,
            remaining_health_milli: hit.remaining_health.0,
            killed: hit.killed,
        }),
    }
}

/// Fills everything but correction and verdicts.
pub fn fill_own(own: &mut Own, body: &OwnBody, abilities: usize, (now, standing): (Tick, Standing)) {
    own.tick = now.0;
    own.last_input_seq = body.input_seq;
    own.durable_tick = standing.durable_tick.0;
    own.pose_epoch = body.pose_epoch;
    own.bank_ticks = body.bank_ticks;
    own.weapon_in_hand = body.weapon;
    own.rounds = body.rounds;
    own.ready_at_tick = body.ready_at.0;
    own.reloaded_at_tick = body.reloaded_at.map(|at| at.0);
    own.ability_ready_at_ticks.clear();
    own.ability_ready_at_ticks.extend(body.ability_ready_at.iter().take(abilities).map(|at| at.0));
    own.respawn_at_tick = body.respawn_at.map(|at| at.0);
}
