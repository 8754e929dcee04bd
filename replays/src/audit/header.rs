//! Forgeries of the header, the map and the ruleset.

use combat_components::setup::ContentHash;
use combat_systems::SIMULATION_VERSION;
use combat_systems::sim::SimParts;

use super::forge::{changes, fields_of};
use super::trial::{caught_by, times_hold};
use super::{Caught, Finding, Note};
use crate::checker::Checker;
use crate::digest::Digester;
use crate::header::{FREE_TEXT, Header, HeaderError, framed};
use crate::log::Log;
use crate::player::{Played, Player};
use crate::promises::{Promises, check_header};

/// Roots are those of their setup, so one tick tells whether it is the log's.
const TICKS_TRIED: usize = 2;

pub(super) fn forge_header(log: &Log, parts: &SimParts, note: &mut Note<'_>) {
    let bytes = log.header.to_bytes();
    let bytes = &bytes[Header::fields_range(bytes.len())];
    for field in fields_of::<Header>(bytes, "") {
        for (change, forged) in changes(bytes, &field) {
            let header = header_of(&forged);
            let caught = match &header {
                Ok(header) => try_out(log, parts, header, &field.path),
                Err(error) => Caught::Blobs(error.to_string()),
            };
            let finding = Finding { part: "header", tick: None, field: field.path.clone(), change, caught };
            note(finding, &|| header.clone().ok().map(|header| Log { header, ..log.clone() }));
        }
    }
}

fn header_of(fields: &[u8]) -> Result<Header, HeaderError> {
    let length = u32::try_from(fields.len()).expect("a header is far below 4 GiB");
    Header::from_bytes(&framed(length, fields))
}

fn try_out(log: &Log, parts: &SimParts, header: &Header, path: &str) -> Caught {
    if let Some(caught) = held_to_content(log, parts, header).or_else(|| simulated(log, parts, header)) {
        return caught;
    }
    if let Err(broken) = times_hold(Promises::of(header), &log.records) {
        return Caught::Simulation(broken.to_string());
    }
    if Digester::new(header).finish() != Digester::new(&log.header).finish() {
        return Caught::Digest;
    }
    match FREE_TEXT.contains(&path) {
        true => Caught::FreeText,
        false => Caught::Unseen,
    }
}

fn held_to_content(log: &Log, parts: &SimParts, header: &Header) -> Option<Caught> {
    let blobs = |how: &str| Some(Caught::Blobs(how.to_owned()));
    if header.simulation_version != SIMULATION_VERSION {
        return blobs("another simulation version");
    }
    if header.setup.map_hash != log.header.setup.map_hash {
        return blobs("the map's hash");
    }
    if header.setup.ruleset_hash != log.header.setup.ruleset_hash {
        return blobs("the ruleset's hash");
    }
    check_header(header, parts, None).err().map(|broken| Caught::Blobs(broken.to_string()))
}

fn simulated(log: &Log, parts: &SimParts, header: &Header) -> Option<Caught> {
    let parts = SimParts { setup: header.setup.clone(), ..parts.clone() };
    let mut player = match Player::from_start(parts, &log.records) {
        Ok(player) => player,
        Err(damage) => return Some(Caught::Simulation(damage.reason.to_string())),
    };
    let mut checker = Checker::new(header);
    let mut ticks = 0;
    while ticks < TICKS_TRIED {
        let played = match player.advance() {
            Ok(Some(played)) => played,
            Ok(None) => break,
            Err(damage) => return Some(Caught::Simulation(damage.reason.to_string())),
        };
        ticks += usize::from(matches!(played, Played::Ticked(_)));
        let (sim, input) = player.stands();
        if let Err(fault) = checker.check(sim, input, &played) {
            return Some(caught_by(&fault));
        }
    }
    None
}

/// The bytes of map and ruleset, as a whole.
pub(super) fn forge_content(log: &Log, note: &mut Note<'_>) {
    for (part, bytes, hash) in [
        ("map", &log.map, log.header.setup.map_hash),
        ("ruleset", &log.ruleset, log.header.setup.ruleset_hash),
    ] {
        let mut altered = bytes.clone();
        altered.iter_mut().take(1).for_each(|byte| *byte ^= 1);
        for (change, forged) in [("dropped", Vec::new()), ("doubled", bytes.repeat(2)), ("altered", altered)]
        {
            let caught = match ContentHash::of(&forged) == hash {
                true => Caught::Unseen,
                false => Caught::Blobs(format!("the {part}'s hash")),
            };
            let forged_log = || {
                let mut forged_log = log.clone();
                *(if part == "map" { &mut forged_log.map } else { &mut forged_log.ruleset }) = forged.clone();
                Some(forged_log)
            };
            note(Finding { part, tick: None, field: String::new(), change, caught }, &forged_log);
        }
    }
}
