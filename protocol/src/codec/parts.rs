//! The rows that frames are made of.

use combat_components::ids::{DisplayName, PlayerId};
use combat_components::limits::{DISPLAY_NAME_BYTES_MAX, PLAYER_ID_BYTES_MAX};

use super::error::{DecodeError, excerpt};
use super::sink::Sink;
use super::source::Source;
use crate::server::PlayerChange;
use crate::view::{FULL_MASK, PLAYER_FIELD_RANGES, PLAYER_FIELDS, PublicPlayer, RosterEntry, Shot};

pub(super) fn write_roster_entry(sink: &mut impl Sink, entry: &RosterEntry) {
    sink.open_list("roster entry", 6);
    sink.integer("simId", entry.sim_id.into());
    sink.integer("slot", entry.slot.into());
    sink.integer("team", entry.team.into());
    sink.text("playerId", entry.player_id.as_str());
    sink.text("displayName", entry.display_name.as_str());
    sink.boolean("bot", entry.bot);
    sink.close();
}

pub(super) fn read_roster_entry<'a>(source: &mut impl Source<'a>) -> Result<RosterEntry, DecodeError> {
    source.open_row("roster entry", 6)?;
    let entry = RosterEntry {
        sim_id: source.u32("simId")?,
        slot: source.u8("slot")?,
        team: source.u8("team")?,
        player_id: read_player_id(source)?,
        display_name: read_display_name(source)?,
        bot: source.boolean("bot")?,
    };
    source.close()?;
    Ok(entry)
}

pub(super) fn read_player_id<'a>(source: &mut impl Source<'a>) -> Result<PlayerId, DecodeError> {
    let what = "playerId";
    let text = source.text(what, PLAYER_ID_BYTES_MAX)?;
    let expected = "1 to 64 characters of A-Z a-z 0-9 _ . : -";
    PlayerId::new(text).map_err(|_| DecodeError::UnknownWord { what, found: excerpt(text), expected })
}

pub(super) fn read_display_name<'a>(source: &mut impl Source<'a>) -> Result<DisplayName, DecodeError> {
    let what = "displayName";
    let text = source.text(what, DISPLAY_NAME_BYTES_MAX)?;
    let expected = "1 to 96 bytes without control characters";
    DisplayName::new(text).map_err(|_| DecodeError::UnknownWord { what, found: excerpt(text), expected })
}

pub(super) fn write_player(sink: &mut impl Sink, player: &PublicPlayer) {
    sink.open_list("player", 1 + PLAYER_FIELDS);
    sink.integer("simId", player.sim_id.into());
    player.values().into_iter().for_each(|value| sink.integer("", value.into()));
    sink.close();
}

pub(super) fn read_player<'a>(source: &mut impl Source<'a>) -> Result<PublicPlayer, DecodeError> {
    source.open_row("player", 1 + PLAYER_FIELDS)?;
    let sim_id = source.u32("simId")?;
    let player = PublicPlayer::from_values(sim_id, read_values(source, FULL_MASK)?);
    source.close()?;
    Ok(player)
}

fn read_values<'a>(source: &mut impl Source<'a>, mask: u16) -> Result<[i32; PLAYER_FIELDS], DecodeError> {
    let mut values = [0; PLAYER_FIELDS];
    for (bit, (what, min, max)) in PLAYER_FIELD_RANGES.into_iter().enumerate() {
        if mask & (1 << bit) != 0 {
            values[bit] = source.integer(what, min.into(), max.into())? as i32;
        }
    }
    Ok(values)
}

pub(super) fn write_change(sink: &mut impl Sink, change: &PlayerChange) {
    let mask = change.mask & FULL_MASK;
    sink.open_list("change", 2 + mask.count_ones() as usize);
    sink.integer("simId", change.sim_id.into());
    sink.integer("mask", mask.into());
    for (bit, value) in change.values.into_iter().enumerate() {
        if mask & (1 << bit) != 0 {
            sink.integer("", value.into());
        }
    }
    sink.close();
}

pub(super) fn read_change<'a>(source: &mut impl Source<'a>) -> Result<PlayerChange, DecodeError> {
    let what = "change";
    let found = source.open_list(what, 2 + PLAYER_FIELDS)?;
    if found < 3 {
        return Err(DecodeError::WrongArity { what, found, expected: 3 });
    }
    let sim_id = source.u32("simId")?;
    let mask = source.integer("mask", 1, FULL_MASK.into())? as u16;
    let expected = 2 + mask.count_ones() as usize;
    if found != expected {
        return Err(DecodeError::WrongArity { what, found, expected });
    }
    let values = read_values(source, mask)?;
    source.close()?;
    Ok(PlayerChange { sim_id, mask, values })
}

pub(super) fn write_shot(sink: &mut impl Sink, shot: &Shot) {
    sink.open_list("shot", 8);
    sink.integer("shooter", shot.shooter.into());
    shot.from.into_iter().chain(shot.to).for_each(|value| sink.integer("", value.into()));
    sink.optional("struck", shot.struck);
    sink.close();
}

pub(super) fn read_shot<'a>(source: &mut impl Source<'a>) -> Result<Shot, DecodeError> {
    source.open_row("shot", 8)?;
    let shot = Shot {
        shooter: source.u32("shooter")?,
        from: source.point("from")?,
        to: source.point("to")?,
        struck: source.optional_u32("struck")?,
    };
    source.close()?;
    Ok(shot)
}
