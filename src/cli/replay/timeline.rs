//! A whole session, event by event.

use std::collections::BTreeMap;
use std::io::{self, Write};

use combat_components::canon::{Canon, Reader};
use combat_components::ids::SimId;
use combat_components::score::Score;
use combat_components::tick::{Tick, TickRate};
use combat_replays::digest::LogDigest;
use combat_replays::log::Log;
use combat_replays::player::{Panic, Played, Player};
use combat_systems::sim::SimParts;
use combat_systems::state::StateKind;
use serde_json::{Value, json};

use super::happened::{self, Names};
use super::people::People;
use crate::events;

/// Tells as it goes: of what is told only who took part is kept.
struct Timeline<'a> {
    people: &'a People,
    /// Everybody who has been in the session, as objects.
    players: BTreeMap<SimId, Value>,
    rate: TickRate,
    as_json: bool,
    events: u64,
    out: &'a mut dyn Write,
}

/// Plays the log and tells every event of it; answers with what is damaged.
///
/// # Errors
/// When it cannot be written.
pub fn tell(
    log: &Log,
    parts: SimParts,
    (people, as_json): (&People, bool),
    out: &mut dyn Write,
) -> io::Result<Option<String>> {
    let ruleset = parts.ruleset.clone();
    let mut names = Names { players: BTreeMap::new(), ruleset: &ruleset };
    let digest = LogDigest::of(log).ok().map(|digest| digest.to_string());
    let rate = log.header.setup.tick_rate;
    if as_json {
        write!(out, "{{\"session\":{},\"events\":[", header_as_json(log))?;
    } else {
        writeln!(out, "{}", header(log).join("\n"))?;
    }
    let mut timeline = Timeline { people, players: BTreeMap::new(), rate, as_json, events: 0, out };
    let (last_tick, damage, scores) = match Player::from_start(parts, &log.records) {
        Err(damage) => (Tick(0), Some(damage.to_string()), Vec::new()),
        Ok(mut player) => {
            let damage = timeline.play(&mut player, &mut names)?;
            let scores = Achieved::of(&mut player);
            if !as_json {
                writeln!(timeline.out, "the log ends at tick {}", player.sim().tick().0)?;
                scores.iter().try_for_each(|score| writeln!(timeline.out, "{}", score.line(&names)))?;
            }
            (player.sim().tick(), damage, scores)
        }
    };
    let lost =
        log.lost.as_ref().map(|lost| format!("the records from tick {} on: {}", lost.tick.0, lost.reason));
    let damage = damage.or(lost);
    if as_json {
        let players = Vec::from_iter(std::mem::take(&mut timeline.players).into_values());
        let scores = Vec::from_iter(scores.iter().map(Achieved::as_json));
        let rest = json!({
            "players": players, "scores": scores, "ticks": last_tick.0, "damage": damage, "digest": digest,
        });
        let rest = rest.to_string();
        writeln!(timeline.out, "],{}", rest.trim_start_matches('{'))?;
    } else if let Some(digest) = digest {
        writeln!(timeline.out, "digest {digest}")?;
    }
    Ok(damage)
}

impl Timeline<'_> {
    /// To the end of the log; answers with what is damaged.
    fn play(&mut self, player: &mut Player<'_>, names: &mut Names<'_>) -> io::Result<Option<String>> {
        loop {
            match player.advance() {
                Ok(Some(Played::Ticked(_))) => self.note_events(player, names)?,
                Ok(Some(Played::EpochStart { epoch, tick })) => {
                    let event = json!({"type": "epoch_start", "epoch": epoch.0});
                    self.note(tick, event, &format!("epoch {} begins", epoch.0))?;
                }
                Ok(Some(Played::Panicked(Panic { tick, phase, message }))) => {
                    let phase =
                        phase.map_or("an unknown phase".to_owned(), |phase| format!("phase {phase:?}"));
                    let event = json!({"type": "panicked", "message": message});
                    self.note(tick, event, &format!("the simulation panicked in {phase}: {message}"))?;
                    return Ok(None);
                }
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(damage) => return Ok(Some(damage.to_string())),
            }
        }
    }

    fn note_events(&mut self, player: &Player<'_>, names: &mut Names<'_>) -> io::Result<()> {
        let sim = player.sim();
        if sim.output().events.is_empty() {
            return Ok(());
        }
        names.players.extend(self.people.names(player));
        let members = self.people.members(sim).into_iter();
        self.players.extend(sim.members().map(|(id, ..)| id).zip(members));
        for event in &sim.output().events {
            self.note(sim.tick(), events::as_json(event), &happened::tell(event, names))?;
        }
        Ok(())
    }

    fn note(&mut self, tick: Tick, mut event: Value, text: &str) -> io::Result<()> {
        if self.as_json {
            event["tick"] = json!(tick.0);
            event["text"] = json!(text);
            let comma = if self.events == 0 { "" } else { "," };
            self.events += 1;
            write!(self.out, "{comma}\n{event}")
        } else {
            let seconds = f64::from(tick.0) / f64::from(self.rate.hz());
            writeln!(self.out, "{:>8}  {seconds:>9.3} s  {text}", tick.0)
        }
    }
}

fn header(log: &Log) -> Vec<String> {
    let header = &log.header;
    let (setup, hz) = (&header.setup, header.setup.tick_rate.hz());
    let played = format!("{} on {}", setup.mode, header.map_id);
    let (ruleset, version) = (&header.ruleset_name, header.ruleset_version);
    let (simulation, build) = (header.simulation_version, &header.build);
    vec![
        format!("session {} ({:?}, {}), {played}", setup.session, header.name, header.kind),
        format!(
            "ruleset {ruleset} version {version}, {hz} Hz, simulation version {simulation}, recorded by {build}"
        ),
    ]
}

fn header_as_json(log: &Log) -> Value {
    let header = &log.header;
    let setup = &header.setup;
    json!({
        "id": setup.session.to_string(),
        "name": header.name,
        "type": header.kind,
        "mapId": header.map_id,
        "mapHash": setup.map_hash.to_hex(),
        "gameMode": setup.mode,
        "ruleset": {
            "name": header.ruleset_name,
            "version": header.ruleset_version,
            "hash": setup.ruleset_hash.to_hex(),
        },
        "tickRateHz": setup.tick_rate.hz(),
        "maxPlayers": setup.max_players,
        "simulationVersion": header.simulation_version,
        "build": header.build,
        "createdUnixMs": header.created_unix_ms,
    })
}

/// What somebody had achieved where the log ends.
struct Achieved {
    id: SimId,
    has_left: bool,
    score: Score,
}

impl Achieved {
    /// Of those who are in the session, then of those who have left it.
    fn of(player: &mut Player<'_>) -> Vec<Self> {
        let scores = player.sim_mut().canonical(StateKind::Score).into_iter();
        let mut achieved: Vec<Self> = scores
            .filter_map(|(id, bytes)| {
                let score = Score::take(&mut Reader::new(&bytes)).expect("a score's own canonical bytes");
                id.map(|id| Self { id, has_left: false, score })
            })
            .collect();
        let departed = player.sim().departed().0.iter();
        achieved.extend(departed.map(|gone| Self { id: gone.id, has_left: true, score: gone.score }));
        achieved
    }

    fn line(&self, names: &Names<'_>) -> String {
        let has_left = if self.has_left { " (has left)" } else { "" };
        format!("{}{has_left}: {}", names.player(self.id), happened::tell_score(&self.score))
    }

    fn as_json(&self) -> Value {
        let mut object = happened::score_as_json(&self.score);
        object["simId"] = json!(self.id.0);
        object["hasLeft"] = json!(self.has_left);
        object
    }
}
