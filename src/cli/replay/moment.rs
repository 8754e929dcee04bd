//! One tick: what came in, what became of it, and how everything stood after it.

use std::collections::BTreeMap;

use anyhow::bail;
use combat_components::ids::SimId;
use combat_components::tick::Tick;
use combat_replays::player::{Panic, Played, Player};
use combat_replays::reader::Damage;
use combat_systems::state::StateKind;
use serde_json::{Value, json};

use super::happened::{self, Names};
use super::inspect::Inspected;
use super::people::People;
use super::said;
use crate::events;

/// Of one line of state; some states hold a second of poses. JSON has them whole.
const STATE_CHARS_MAX: usize = 320;

/// Plays on to `tick` and tells everything about it. `player` stands before it.
pub fn of(mut player: Player<'_>, tick: Tick, people: &People, as_json: bool) -> anyhow::Result<Inspected> {
    // Those who leave in the tick are known before it, newcomers after it.
    let reached = player.play_to(Tick(tick.0 - 1));
    let mut players = BTreeMap::from_iter(people.names(&player));
    let reached = reached.and_then(|reached| play_one(&mut player, tick, reached));
    players.extend(people.names(&player));
    let recorded_root = match reached {
        Ok(Reached::Ticked { recorded_root }) => recorded_root,
        Ok(Reached::Other(what)) => bail!("{what}"),
        Err(damage) => return Ok(Inspected { text: String::new(), damage: Some(damage.to_string()) }),
    };
    let text = if as_json {
        format!("{}\n", told_as_json(&mut player, recorded_root, people))
    } else {
        told(&mut player, recorded_root, players).join("\n") + "\n"
    };
    Ok(Inspected { text, damage: None })
}

enum Reached {
    Ticked {
        recorded_root: u64,
    },
    /// Why there is no such tick to look at.
    Other(String),
}

fn play_one(player: &mut Player<'_>, tick: Tick, reached: bool) -> Result<Reached, Damage> {
    if !reached {
        return Ok(Reached::Other(format!("the simulation does not reach tick {}", tick.0)));
    }
    loop {
        return Ok(match player.advance()? {
            Some(Played::Ticked(record)) => Reached::Ticked { recorded_root: record.root },
            Some(Played::Panicked(Panic { phase, message, .. })) => {
                let phase = phase.map_or("an unknown phase".to_owned(), |phase| format!("phase {phase:?}"));
                Reached::Other(format!("the simulation panics in tick {}, {phase}: {message}", tick.0))
            }
            Some(Played::FailedTickPassed { .. }) => {
                Reached::Other(format!("tick {} failed when it was recorded, and passes now", tick.0))
            }
            Some(_) => continue,
            None => Reached::Other(format!("the log ends before tick {}", tick.0)),
        });
    }
}

fn told(player: &mut Player<'_>, recorded_root: u64, players: BTreeMap<SimId, String>) -> Vec<String> {
    let ruleset = player.parts().ruleset.clone();
    let names = Names { players, ruleset: &ruleset };
    let output = player.sim().output();
    let agrees = if output.root == recorded_root { "as recorded" } else { "not as recorded" };
    let mut lines = vec![format!("tick {}, root {recorded_root:016x}, {agrees}", output.tick.0)];
    let events: Vec<String> = output.events.iter().map(|event| happened::tell(event, &names)).collect();
    let verdicts = output.verdicts.iter().map(said::tell_verdict).collect();
    let commands = player.input().iter().map(said::tell).collect();
    let state = state(player).into_iter().map(|(_, id, text)| match id {
        Some(id) => shortened(format!("SimId {id} {text}")),
        None => shortened(text),
    });
    section("commands", commands, &mut lines);
    section("events", events, &mut lines);
    section("verdicts", verdicts, &mut lines);
    section("state", state.collect(), &mut lines);
    lines
}

fn shortened(line: String) -> String {
    match line.char_indices().nth(STATE_CHARS_MAX) {
        Some((end, _)) => format!("{} …", &line[..end]),
        None => line,
    }
}

fn section(title: &str, part: Vec<String>, lines: &mut Vec<String>) {
    lines.push(if part.is_empty() { format!("{title}: none") } else { format!("{title}:") });
    lines.extend(part.into_iter().map(|line| format!("  {line}")));
}

fn told_as_json(player: &mut Player<'_>, recorded_root: u64, people: &People) -> Value {
    let output = player.sim().output();
    let (tick, as_recorded) = (output.tick.0, output.root == recorded_root);
    let events: Vec<Value> = output.events.iter().map(events::as_json).collect();
    let verdicts: Vec<Value> = output.verdicts.iter().map(said::verdict_as_json).collect();
    let commands: Vec<Value> = player.input().iter().map(said::as_json).collect();
    let part = |(component, id, text)| json!({"component": component, "simId": id, "state": text});
    let state: Vec<Value> = state(player).into_iter().map(part).collect();
    json!({
        "tick": tick,
        "root": format!("{recorded_root:016x}"),
        "asRecorded": as_recorded,
        "players": people.members(player.sim()),
        "commands": commands,
        "events": events,
        "verdicts": verdicts,
        "state": state,
    })
}

/// Every component of every body, then the resources, which are nobody's: its name, whose it is and what it holds.
fn state(player: &mut Player<'_>) -> Vec<(&'static str, Option<u32>, String)> {
    let sim = player.sim_mut();
    let mut parts = Vec::new();
    for kind in StateKind::ALL {
        for (id, _) in sim.canonical(kind) {
            let text = sim.describe(kind, id);
            let text = if text.starts_with(kind.name()) { text } else { format!("{}: {text}", kind.name()) };
            parts.push((kind.name(), id.map(|id| id.0), text));
        }
    }
    parts
}
