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

/// Fills everything but verdicts.
pub fn fill_own(
    own: &mut Own,
    body: &OwnBody,
    correction: Option<Correction>,
    abilities: usize,
    (now, standing): (Tick, Standing),
) {
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
    own.correction = correction.map(|correction| Correction { bank_ticks: body.bank_ticks, ..correction });
}

#[cfg(test)]
mod tests {
    use combat_components::ids::{Epoch, SimId};
    use combat_components::origin::Origin;
    use combat_components::quantity::{MilliPoints, Pitch, Pose, Vec3Mm, Velocity, Yaw};
    use combat_components::reason::Reason;
    use combat_components::verdict::{Harm, Hit, Outcome, Zone};

    use super::*;

    #[test]
    fn a_hit_is_told_as_what_it_took_without_overkill() {
        let [taken, absorbed, overkill] = [20_000, 7_000, 13_000].map(MilliPoints);
        let hit = Hit {
            victim: SimId(2),
            zone: Zone::Head,
            amount: MilliPoints(40_000),
            harm: Harm { taken, absorbed, overkill },
            remaining_health: MilliPoints(3),
            killed: true,
        };
        let origin = Origin::Player { slot: Slot(0), input_seq: 5 };
        let verdict = Verdict { hit: Some(hit), ..Verdict::judged(origin, Err(Reason::OnCooldown)) };
        let told = verdict_of(&verdict, 5, Tick(9));
        let (outcome, reason) = (Outcome::Refused, Some(Reason::OnCooldown));
        let amount_milli = 27_000;
        let hit =
            VerdictHit { victim: 2, zone: Zone::Head, amount_milli, remaining_health_milli: 3, killed: true };
        let expected = InputVerdict { input_seq: 5, outcome, reason, applied_tick: 9, hit: Some(hit) };
        assert_eq!(told, expected, "what health and armour lost: 20,000 and 7,000 of 40,000");
    }

    #[test]
    fn an_own_part_is_the_body_field_by_field() {
        let body = OwnBody {
            id: SimId(1),
            input_seq: 2,
            pose: Pose::default(),
            pose_epoch: 3,
            bank_ticks: 4,
            weapon: 5,
            rounds: 6,
            ready_at: Tick(7),
            reloaded_at: Some(Tick(8)),
            ability_ready_at: [9, 10, 11, 12].map(Tick),
            respawn_at: Some(Tick(13)),
        };
        let standing = Standing { epoch: Epoch(1), epoch_began_at: Tick(0), durable_tick: Tick(14) };
        let expected = Own {
            tick: 15,
            last_input_seq: 2,
            durable_tick: 14,
            pose_epoch: 3,
            bank_ticks: 4,
            weapon_in_hand: 5,
            rounds: 6,
            ready_at_tick: 7,
            reloaded_at_tick: Some(8),
            ability_ready_at_ticks: [9, 10].into_iter().collect(),
            respawn_at_tick: Some(13),
            correction: None,
            verdicts: Vec::new(),
        };
        let mut own = Own::default();
        for again in [false, true] {
            fill_own(&mut own, &body, None, 2, (Tick(15), standing));
            assert_eq!(own, expected, "of two abilities; over another: {again}");
        }
    }

    #[test]
    fn a_correction_is_where_the_server_put_the_body_and_why() {
        let (at, yaw, pitch) = (Vec3Mm::new(1, 2, 3), Yaw(4), Pitch::new(5).expect("a pitch"));
        let pose = Pose { at, yaw, pitch };
        let displaced = Event::Displaced {
            id: SimId(1),
            slot: Slot(6),
            reason: Reason::TooFast,
            input_seq: 7,
            pose,
            velocity: Velocity { x: 8, y: 9, z: 10 },
            pose_epoch: 11,
            client_tick: Some(12),
        };
        let expected = Correction {
            reason: Reason::TooFast,
            input_seq: 7,
            pose: pose.into(),
            pose_epoch: 11,
            bank_ticks: 0,
            velocity: [8, 9, 10],
            client_tick: Some(12),
        };
        assert_eq!(correction_of(&displaced), Some((Slot(6), expected)));
        assert_eq!(correction_of(&Event::PlayGoesOn), None);
    }
}
