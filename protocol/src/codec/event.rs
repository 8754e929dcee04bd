//! The fields of a reliable event: a kind, its numbers and its texts.

use super::error::DecodeError;
use super::parts::{read_display_name, read_player_id};
use super::sink::Sink;
use super::source::Source;
use crate::limits::{EVENT_ITEMS_MAX, TEXT_BYTES_MAX};
use crate::numbers::Numbered;
use crate::server::{EventMessage, Happening};

/// Number, name, numbers and texts of each kind of event, for readers and docs.
pub const EVENT_KINDS: [(u8, &str, &[&str], &[&str]); 8] = [
    (0, "joined", &["simId"], &["playerId", "displayName"]),
    (1, "left", &["simId", "cause"], &[]),
    (2, "killed", &["victim", "killer", "weapon", "zone"], &[]),
    (3, "phase", &["phase"], &[]),
    (4, "ended", &["reason", "winner (left out when nobody leads alone)"], &[]),
    (5, "resumed", &["epoch"], &[]),
    (6, "playGoesOn", &[], &[]),
    (7, "durable", &["epoch", "tick"], &[]),
];

pub(super) fn write_fields(sink: &mut impl Sink, event: &EventMessage) {
    sink.integer("epoch", event.epoch.into());
    sink.integer("tick", event.tick.into());
    let (kind, ints): (u8, &[u32]) = match event.happening {
        Happening::Joined { sim_id, .. } => (0, &[sim_id]),
        Happening::Left { sim_id, cause } => (1, &[sim_id, cause.number().into()]),
        Happening::Killed { victim, killer, weapon, zone } => {
            (2, &[victim, killer, weapon.into(), zone.number().into()])
        }
        Happening::PhaseChanged { phase } => (3, &[phase.number().into()]),
        Happening::Ended { reason, winner: None } => (4, &[reason.number().into()]),
        Happening::Ended { reason, winner: Some(winner) } => (4, &[reason.number().into(), winner]),
        Happening::Resumed { epoch } => (5, &[epoch]),
        Happening::PlayGoesOn => (6, &[]),
        Happening::Durable { epoch, tick } => (7, &[epoch, tick]),
        Happening::Unknown { kind } => (kind, &[]),
    };
    sink.integer("kind", kind.into());
    sink.list("ints", ints, |sink, value| sink.integer("int", (*value).into()));
    match &event.happening {
        Happening::Joined { player_id, display_name, .. } => {
            sink.list("texts", &[player_id.as_str(), display_name.as_str()], |sink, text| {
                sink.text("text", text);
            });
        }
        _ => sink.list("texts", &[], |sink, text: &&str| sink.text("text", text)),
    }
}

pub(super) fn read<'a>(source: &mut impl Source<'a>) -> Result<EventMessage, DecodeError> {
    let (epoch, tick, kind) = (source.u32("epoch")?, source.u32("tick")?, source.u8("kind")?);
    let count = source.open_list("ints", EVENT_ITEMS_MAX)?;
    let partial = read_ints(source, kind, count)?;
    source.close()?;
    let happening = read_texts(source, partial)?;
    Ok(EventMessage { epoch, tick, happening })
}

/// What the numbers of an event tell; a joined player is completed by its texts.
enum Partial {
    Joined { sim_id: u32 },
    Whole(Happening),
}

fn read_ints<'a>(source: &mut impl Source<'a>, kind: u8, found: usize) -> Result<Partial, DecodeError> {
    let expected = match (kind, found) {
        (4, 2) => 2,
        _ => match EVENT_KINDS.iter().find(|row| row.0 == kind) {
            Some((4, ..)) => 1,
            Some(row) => row.2.len(),
            None => found,
        },
    };
    if found != expected {
        return Err(DecodeError::WrongArity { what: "ints", found, expected });
    }
    let what = "int";
    Ok(Partial::Whole(match kind {
        0 => {
            return Ok(Partial::Joined { sim_id: source.u32("simId")? });
        }
        1 => Happening::Left { sim_id: source.u32("simId")?, cause: source.numbered("cause")? },
        2 => Happening::Killed {
            victim: source.u32("victim")?,
            killer: source.u32("killer")?,
            weapon: source.u8("weapon")?,
            zone: source.numbered("zone")?,
        },
        3 => Happening::PhaseChanged { phase: source.numbered("phase")? },
        4 => Happening::Ended {
            reason: source.numbered("reason")?,
            winner: if found == 2 { Some(source.u32("winner")?) } else { None },
        },
        5 => Happening::Resumed { epoch: source.u32("epoch")? },
        6 => Happening::PlayGoesOn,
        7 => Happening::Durable { epoch: source.u32("epoch")?, tick: source.u32("tick")? },
        kind => {
            for _ in 0..found {
                source.integer(what, i64::MIN, i64::MAX)?;
            }
            Happening::Unknown { kind }
        }
    }))
}

fn read_texts<'a>(source: &mut impl Source<'a>, partial: Partial) -> Result<Happening, DecodeError> {
    let happening = match partial {
        Partial::Joined { sim_id } => {
            source.open_row("texts", 2)?;
            let (player_id, display_name) = (read_player_id(source)?, read_display_name(source)?);
            Happening::Joined { sim_id, player_id, display_name }
        }
        Partial::Whole(Happening::Unknown { kind }) => {
            for _ in 0..source.open_list("texts", EVENT_ITEMS_MAX)? {
                source.text("text", TEXT_BYTES_MAX)?;
            }
            Happening::Unknown { kind }
        }
        Partial::Whole(happening) => {
            source.open_row("texts", 0)?;
            happening
        }
    };
    source.close()?;
    Ok(happening)
}
