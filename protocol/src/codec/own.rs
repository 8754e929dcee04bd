//! The fields of a player's own part of a frame.

use arrayvec::ArrayVec;
use combat_components::limits::ABILITIES_MAX;
use combat_components::reason::Reason;

use super::error::DecodeError;
use super::sink::Sink;
use super::source::Source;
use crate::limits::OWN_VERDICTS_MAX;
use crate::numbers::Numbered;
use crate::server::{Correction, InputVerdict, Own, VerdictHit};

pub(super) fn write_fields(sink: &mut impl Sink, own: &Own) {
    let newest_verdicts = &own.verdicts[own.verdicts.len().saturating_sub(OWN_VERDICTS_MAX)..];
    sink.integer("tick", own.tick.into());
    sink.integer("lastInputSeq", own.last_input_seq.into());
    sink.integer("durableTick", own.durable_tick.into());
    sink.integer("poseEpoch", own.pose_epoch.into());
    sink.integer("bankTicks", own.bank_ticks.into());
    sink.integer("weaponInHand", own.weapon_in_hand.into());
    sink.integer("rounds", own.rounds.into());
    sink.integer("readyAtTick", own.ready_at_tick.into());
    sink.optional("reloadedAtTick", own.reloaded_at_tick);
    sink.list("abilityReadyAtTicks", &own.ability_ready_at_ticks, |sink, tick| {
        sink.integer("tick", (*tick).into());
    });
    sink.optional("respawnAtTick", own.respawn_at_tick);
    match &own.correction {
        Some(correction) => write_correction(sink, correction),
        None => sink.nil("correction"),
    }
    sink.list("verdicts", newest_verdicts, write_verdict);
}

pub(super) fn read<'a>(source: &mut impl Source<'a>) -> Result<Own, DecodeError> {
    Ok(Own {
        tick: source.u32("tick")?,
        last_input_seq: source.u32("lastInputSeq")?,
        durable_tick: source.u32("durableTick")?,
        pose_epoch: source.u32("poseEpoch")?,
        bank_ticks: source.u32("bankTicks")?,
        weapon_in_hand: source.u8("weaponInHand")?,
        rounds: source.u16("rounds")?,
        ready_at_tick: source.u32("readyAtTick")?,
        reloaded_at_tick: source.optional_u32("reloadedAtTick")?,
        ability_ready_at_ticks: read_ability_ticks(source)?,
        respawn_at_tick: source.optional_u32("respawnAtTick")?,
        correction: source.optional("correction", |source, _| read_correction(source))?,
        verdicts: source.list("verdicts", OWN_VERDICTS_MAX, read_verdict)?,
    })
}

fn read_ability_ticks<'a>(source: &mut impl Source<'a>) -> Result<ArrayVec<u32, ABILITIES_MAX>, DecodeError> {
    let mut ticks = ArrayVec::new();
    for _ in 0..source.open_list("abilityReadyAtTicks", ABILITIES_MAX)? {
        ticks.push(source.u32("tick")?);
    }
    source.close()?;
    Ok(ticks)
}

fn write_correction(sink: &mut impl Sink, correction: &Correction) {
    sink.open_list("correction", 13);
    sink.numbered("reason", correction.reason);
    sink.integer("inputSeq", correction.input_seq.into());
    sink.integer("x", correction.x.into());
    sink.integer("y", correction.y.into());
    sink.integer("z", correction.z.into());
    sink.integer("yaw", correction.yaw.into());
    sink.integer("pitch", correction.pitch.into());
    sink.integer("poseEpoch", correction.pose_epoch.into());
    sink.integer("bankTicks", correction.bank_ticks.into());
    let [vx, vy, vz] = correction.velocity;
    sink.integer("vx", vx.into());
    sink.integer("vy", vy.into());
    sink.integer("vz", vz.into());
    sink.optional("clientTick", correction.client_tick);
    sink.close();
}

fn read_correction<'a>(source: &mut impl Source<'a>) -> Result<Correction, DecodeError> {
    source.open_row("correction", 13)?;
    let correction = Correction {
        reason: source.numbered("reason")?,
        input_seq: source.u32("inputSeq")?,
        x: source.i32("x")?,
        y: source.i32("y")?,
        z: source.i32("z")?,
        yaw: source.u16("yaw")?,
        pitch: source.i16("pitch")?,
        pose_epoch: source.u32("poseEpoch")?,
        bank_ticks: source.u32("bankTicks")?,
        velocity: [source.i32("vx")?, source.i32("vy")?, source.i32("vz")?],
        client_tick: source.optional_u32("clientTick")?,
    };
    source.close()?;
    Ok(correction)
}

fn write_verdict(sink: &mut impl Sink, verdict: &InputVerdict) {
    let hit = verdict.hit.as_ref();
    sink.open_list("verdict", 9);
    sink.integer("inputSeq", verdict.input_seq.into());
    sink.numbered("outcome", verdict.outcome);
    sink.optional("reason", verdict.reason.map(Reason::number));
    sink.integer("appliedTick", verdict.applied_tick.into());
    sink.optional("victim", hit.map(|hit| hit.victim));
    sink.optional("zone", hit.map(|hit| hit.zone.number()));
    sink.optional("amountMilli", hit.map(|hit| hit.amount_milli));
    sink.optional("remainingHealthMilli", hit.map(|hit| hit.remaining_health_milli));
    sink.boolean("killed", hit.is_some_and(|hit| hit.killed));
    sink.close();
}

fn read_verdict<'a>(source: &mut impl Source<'a>) -> Result<InputVerdict, DecodeError> {
    source.open_row("verdict", 9)?;
    let (input_seq, outcome) = (source.u32("inputSeq")?, source.numbered("outcome")?);
    let reason = source.optional("reason", |source, what| source.numbered(what))?;
    let applied_tick = source.u32("appliedTick")?;
    let victim = source.optional_u32("victim")?;
    let zone = source.optional("zone", |source, what| source.numbered(what))?;
    let amount_milli = source.optional("amountMilli", |source, what| source.i32(what))?;
    let remaining = source.optional("remainingHealthMilli", |source, what| source.i32(what))?;
    let killed = source.boolean("killed")?;
    let hit = match (victim, zone, amount_milli, remaining) {
        (Some(victim), Some(zone), Some(amount_milli), Some(remaining_health_milli)) => {
            Some(VerdictHit { victim, zone, amount_milli, remaining_health_milli, killed })
        }
        (None, None, None, None) if !killed => None,
        _ => {
            let expected = "victim, zone, amountMilli and remainingHealthMilli all given or all nil";
            return Err(DecodeError::Contradiction { what: "verdict", expected });
        }
    };
    source.close()?;
    Ok(InputVerdict { input_seq, outcome, reason, applied_tick, hit })
}
