//! The own part of a frame: what concerns one player only.

use combat_components::event::Event;
use combat_components::ids::Slot;
use combat_components::tick::Tick;
use combat_components::verdict::Verdict;
use combat_protocol::server::{Correction, InputVerdict, Own, VerdictHit};
use combat_systems::views::OwnBody;

use super::players::Standing;

/// The pose that holds; what is left in the bank is filled in when it is sent.
pub fn correction_of(event: &Event) -> Option<(Slot, Correction)> {
    let Event::Displaced { slot, reason, input_seq, pose, velocity, pose_epoch, client_tick, .. } = *event
    else {
        return None;
    };
    let correction = Correction {
        reason,
        input_seq,
        pose: pose.into(),
        pose_epoch,
        bank_ticks: 0,
        velocity: [velocity.x, velocity.y, velocity.z],
        client_tick,
    };
    Some((slot, correction))
}

pub fn verdict_of(verdict: &Verdict, input_seq: u32, applied_at: Tick) -> InputVerdict {
    InputVerdict {
        input_seq,
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
