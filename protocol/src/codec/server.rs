//! The fields of what the server says, in order.

use combat_components::limits::{ABILITIES_MAX, PLAYERS_MAX, WEAPONS_MAX};

use super::error::DecodeError;
use super::kinds::{DELTA, EVENT, OWN, PONG, SERVER_KINDS, SNAPSHOT, STATUS, WELCOME};
use super::parts::{
    read_change, read_player, read_roster_entry, read_shot, write_change, write_player, write_roster_entry,
    write_shot,
};
use super::sink::Sink;
use super::source::Source;
use super::{event, own};
use crate::limits::{FRAME_SHOTS_MAX, STATUS_REASON_BYTES_MAX, TEXT_BYTES_MAX};
use crate::server::{
    Delta, EventMessage, Own, Pong, ResumedFrom, ServerMessage, Snapshot, StatusMessage, Welcome,
};
use crate::view::View;

pub(super) fn write(sink: &mut impl Sink, message: &ServerMessage) {
    match message {
        ServerMessage::Welcome(welcome) => write_welcome(sink, welcome),
        ServerMessage::Snapshot(snapshot) => write_snapshot(sink, &snapshot.view, snapshot.view_hash),
        ServerMessage::Delta(delta) => write_delta(sink, delta),
        ServerMessage::Own(own) => write_own(sink, own),
        ServerMessage::Event(event) => write_event(sink, event),
        ServerMessage::Pong(pong) => write_pong(sink, pong),
        ServerMessage::Status(status) => write_status(sink, status),
    }
}

pub(super) fn read<'a>(source: &mut impl Source<'a>) -> Result<ServerMessage, DecodeError> {
    let message = match source.open_message(SERVER_KINDS)? {
        WELCOME => ServerMessage::Welcome(Box::new(read_welcome(source)?)),
        SNAPSHOT => ServerMessage::Snapshot(read_snapshot(source)?),
        DELTA => ServerMessage::Delta(read_delta(source)?),
        OWN => ServerMessage::Own(own::read(source)?),
        EVENT => ServerMessage::Event(event::read(source)?),
        PONG => ServerMessage::Pong(read_pong(source)?),
        _ => ServerMessage::Status(read_status(source)?),
    };
    source.close()?;
    Ok(message)
}

pub(super) fn write_welcome(sink: &mut impl Sink, welcome: &Welcome) {
    sink.open_message(WELCOME);
    sink.text("sessionId", &welcome.session_id);
    sink.text("role", crate::numbers::Numbered::word(welcome.role));
    sink.optional("simId", welcome.sim_id);
    sink.optional("slot", welcome.slot);
    sink.integer("tickRateHz", welcome.tick_rate_hz.into());
    sink.integer("frameHz", welcome.frame_hz.into());
    sink.integer("epoch", welcome.epoch.into());
    sink.integer("tick", welcome.tick.into());
    sink.integer("durableTick", welcome.durable_tick.into());
    sink.text("durability", &welcome.durability);
    sink.integer("delayMs", welcome.delay_ms.into());
    sink.text("mapId", &welcome.map_id);
    sink.text("mapHash", &welcome.map_hash);
    sink.text("rulesetName", &welcome.ruleset_name);
    sink.text("rulesetHash", &welcome.ruleset_hash);
    sink.list("weapons", &welcome.weapons, |sink, name| sink.text("weapon", name));
    sink.list("abilities", &welcome.abilities, |sink, name| sink.text("ability", name));
    sink.integer("lastInputSeq", welcome.last_input_seq.into());
    match &welcome.resumed {
        Some(resumed) => write_resumed(sink, resumed),
        None => sink.nil("resumed"),
    }
    sink.open_part("snapshot", SNAPSHOT.fields);
    write_snapshot_fields(sink, &welcome.snapshot.view, welcome.snapshot.view_hash);
    sink.close();
    match &welcome.own {
        Some(own) => {
            sink.open_part("own", OWN.fields);
            own::write_fields(sink, own);
            sink.close();
        }
        None => sink.nil("own"),
    }
    sink.close();
}

fn read_welcome<'a>(source: &mut impl Source<'a>) -> Result<Welcome, DecodeError> {
    Ok(Welcome {
        session_id: read_name(source, "sessionId")?,
        role: source.word("role", "player or spectator")?,
        sim_id: source.optional_u32("simId")?,
        slot: source.optional("slot", |source, what| source.u8(what))?,
        tick_rate_hz: source.u32("tickRateHz")?,
        frame_hz: source.u32("frameHz")?,
        epoch: source.u32("epoch")?,
        tick: source.u32("tick")?,
        durable_tick: source.u32("durableTick")?,
        durability: read_name(source, "durability")?,
        delay_ms: source.u32("delayMs")?,
        map_id: read_name(source, "mapId")?,
        map_hash: read_name(source, "mapHash")?,
        ruleset_name: read_name(source, "rulesetName")?,
        ruleset_hash: read_name(source, "rulesetHash")?,
        weapons: source.list("weapons", WEAPONS_MAX, |source| read_name(source, "weapon"))?,
        abilities: source.list("abilities", ABILITIES_MAX, |source| read_name(source, "ability"))?,
        last_input_seq: source.u32("lastInputSeq")?,
        resumed: source.optional("resumed", |source, _| read_resumed(source))?,
        snapshot: read_part(source, "snapshot", SNAPSHOT.fields, |source| read_snapshot(source))?,
        own: source.optional("own", |source, what| {
            read_part(source, what, OWN.fields, |source| own::read(source))
        })?,
    })
}

fn read_part<'a, S: Source<'a>, T>(
    source: &mut S,
    what: &'static str,
    fields: u32,
    read: impl FnOnce(&mut S) -> Result<T, DecodeError>,
) -> Result<T, DecodeError> {
    source.open_part(what, fields)?;
    let part = read(source)?;
    source.close()?;
    Ok(part)
}

fn read_name<'a>(source: &mut impl Source<'a>, what: &'static str) -> Result<String, DecodeError> {
    source.text(what, TEXT_BYTES_MAX).map(str::to_owned)
}

fn write_resumed(sink: &mut impl Sink, resumed: &ResumedFrom) {
    sink.open_list("resumed", 4);
    sink.integer("epoch", resumed.epoch.into());
    sink.integer("tick", resumed.tick.into());
    sink.integer("rolledBackFromEpoch", resumed.rolled_back_from_epoch.into());
    sink.integer("rolledBackFromTick", resumed.rolled_back_from_tick.into());
    sink.close();
}

fn read_resumed<'a>(source: &mut impl Source<'a>) -> Result<ResumedFrom, DecodeError> {
    source.open_row("resumed", 4)?;
    let resumed = ResumedFrom {
        epoch: source.u32("epoch")?,
        tick: source.u32("tick")?,
        rolled_back_from_epoch: source.u32("rolledBackFromEpoch")?,
        rolled_back_from_tick: source.u32("rolledBackFromTick")?,
    };
    source.close()?;
    Ok(resumed)
}

pub(super) fn write_snapshot(sink: &mut impl Sink, view: &View, view_hash: u32) {
    sink.open_message(SNAPSHOT);
    write_snapshot_fields(sink, view, view_hash);
    sink.close();
}

fn write_snapshot_fields(sink: &mut impl Sink, view: &View, view_hash: u32) {
    sink.integer("epoch", view.epoch.into());
    sink.integer("tick", view.tick.into());
    sink.numbered("status", view.status);
    sink.optional("phaseEndsAt", view.phase_ends_at);
    sink.list("roster", &view.roster, write_roster_entry);
    sink.list("players", &view.players, write_player);
    sink.integer("viewHash", view_hash.into());
}

fn read_snapshot<'a>(source: &mut impl Source<'a>) -> Result<Snapshot, DecodeError> {
    let view = View {
        epoch: source.u32("epoch")?,
        tick: source.u32("tick")?,
        status: source.numbered("status")?,
        phase_ends_at: source.optional_u32("phaseEndsAt")?,
        roster: source.list("roster", PLAYERS_MAX, read_roster_entry)?,
        players: source.list("players", PLAYERS_MAX, read_player)?,
    };
    Ok(Snapshot { view, view_hash: source.u32("viewHash")? })
}

pub(super) fn write_delta(sink: &mut impl Sink, delta: &Delta) {
    let newest_shots = &delta.shots[delta.shots.len().saturating_sub(FRAME_SHOTS_MAX)..];
    sink.open_message(DELTA);
    sink.integer("epoch", delta.epoch.into());
    sink.integer("tick", delta.tick.into());
    sink.integer("baseTick", delta.base_tick.into());
    sink.numbered("status", delta.status);
    sink.optional("phaseEndsAt", delta.phase_ends_at);
    sink.list("joined", &delta.joined, write_roster_entry);
    sink.list("left", &delta.left, |sink, id| sink.integer("simId", (*id).into()));
    sink.list("changed", &delta.changed, write_change);
    sink.list("shots", newest_shots, write_shot);
    sink.optional("viewHash", delta.view_hash);
    sink.close();
}

fn read_delta<'a>(source: &mut impl Source<'a>) -> Result<Delta, DecodeError> {
    Ok(Delta {
        epoch: source.u32("epoch")?,
        tick: source.u32("tick")?,
        base_tick: source.u32("baseTick")?,
        status: source.numbered("status")?,
        phase_ends_at: source.optional_u32("phaseEndsAt")?,
        joined: source.list("joined", PLAYERS_MAX, read_roster_entry)?,
        left: source.list("left", PLAYERS_MAX, |source| source.u32("simId"))?,
        changed: source.list("changed", PLAYERS_MAX, read_change)?,
        shots: source.list("shots", FRAME_SHOTS_MAX, read_shot)?,
        view_hash: source.optional_u32("viewHash")?,
    })
}

pub(super) fn write_own(sink: &mut impl Sink, own: &Own) {
    sink.open_message(OWN);
    own::write_fields(sink, own);
    sink.close();
}

pub(super) fn write_event(sink: &mut impl Sink, event: &EventMessage) {
    sink.open_message(EVENT);
    event::write_fields(sink, event);
    sink.close();
}

pub(super) fn write_pong(sink: &mut impl Sink, pong: &Pong) {
    sink.open_message(PONG);
    sink.integer("nonce", pong.nonce.into());
    sink.integer("tick", pong.tick.into());
    sink.integer("tickFraction", pong.tick_fraction.into());
    sink.integer("bankTicks", pong.bank_ticks.into());
    sink.integer("rttMs", pong.rtt_ms.into());
    sink.close();
}

fn read_pong<'a>(source: &mut impl Source<'a>) -> Result<Pong, DecodeError> {
    Ok(Pong {
        nonce: source.u32("nonce")?,
        tick: source.u32("tick")?,
        tick_fraction: source.u8("tickFraction")?,
        bank_ticks: source.u32("bankTicks")?,
        rtt_ms: source.u16("rttMs")?,
    })
}

pub(super) fn write_status(sink: &mut impl Sink, status: &StatusMessage) {
    let reason = &status.reason[..status.reason.floor_char_boundary(STATUS_REASON_BYTES_MAX)];
    sink.open_message(STATUS);
    sink.numbered("state", status.state);
    sink.text("reason", reason);
    sink.close();
}

fn read_status<'a>(source: &mut impl Source<'a>) -> Result<StatusMessage, DecodeError> {
    Ok(StatusMessage {
        state: source.numbered("state")?,
        reason: source.text("reason", STATUS_REASON_BYTES_MAX)?.to_owned(),
    })
}
