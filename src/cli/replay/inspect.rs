//! `combat replay inspect`: what happened in a session, or in one of its ticks.

use std::io::{BufWriter, ErrorKind, Write};

use anyhow::{Context, anyhow, ensure};
use combat_components::tick::Tick;
use combat_replays::player::Player;
use combat_systems::kinds::Kinds;

use super::people::People;
use super::{InspectArgs, moment, print, source, timeline};
use crate::cli::{Exit, NO_OUTPUT, does_not_hold};

/// What is to be printed, and what was found to be damaged on the way.
pub struct Inspected {
    pub text: String,
    pub damage: Option<String>,
}

pub fn run(args: &InspectArgs, kinds: &Kinds) -> anyhow::Result<Exit> {
    let log = match source::open(&args.source)?.log() {
        Ok(log) => log,
        Err(what) => return Ok(does_not_hold("damaged", &what)),
    };
    let parts = log.parts(kinds).map_err(|refusal| anyhow!("refused: {refusal}"))?;
    let people = People::of(&args.source)?;
    let Some(tick) = args.tick else {
        let mut out = BufWriter::new(std::io::stdout());
        let told = timeline::tell(&log, parts, (&people, args.json), &mut out);
        return match told.and_then(|damage| out.flush().map(|()| damage)) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(error).context(NO_OUTPUT),
            Err(_) | Ok(None) => Ok(Exit::Good),
            Ok(Some(what)) => Ok(does_not_hold("damaged", &what)),
        };
    };
    let last_tick = log.last_tick();
    let inside = (1..=last_tick.0).contains(&tick);
    ensure!(inside, "--tick {tick}: expected a tick of the log, 1 to {}", last_tick.0);
    let inspected = match Player::from_keyframe(parts, &log.records, Tick(tick - 1)) {
        Ok(player) => moment::of(player, Tick(tick), &people, args.json)?,
        Err(damage) => Inspected { text: String::new(), damage: Some(damage.to_string()) },
    };
    print(&inspected.text)?;
    Ok(inspected.damage.map_or(Exit::Good, |what| does_not_hold("damaged", &what)))
}
