//! `combat replay inspect`: what happened in a session, or in one of its ticks.

use std::process::ExitCode;

use anyhow::{anyhow, ensure};
use combat_components::tick::{Tick, TickRate};
use combat_replays::log::Log;
use combat_replays::player::{Played, Player};
use combat_replays::reader::Damage;
use combat_systems::snapshot::StateKind;
use serde_json::{Value, json};

use super::happened::{self, Names};
use super::{InspectArgs, source};
use crate::cli::DOES_NOT_HOLD;

pub fn run(args: &InspectArgs) -> anyhow::Result<ExitCode> {
    let log = match source::open(&args.source)?.log() {
        Ok(log) => log,
        Err(what) => return Ok(damaged(&what)),
    };
    let parts = log.parts().map_err(|refusal| anyhow!("refused: {refusal}"))?;
    let inspected = match args.tick {
        None => whole(&log, args.json),
        Some(tick) => {
            let last_tick = log.last_tick();
            let inside = (1..=last_tick.0).contains(&tick);
            ensure!(inside, "--tick {tick}: expected a tick of the log, 1 to {}", last_tick.0);
            let player = Player::from_keyframe(parts, &log.records, Tick(tick - 1));
            player.map_err(Fault::Damaged).and_then(|mut player| one(&mut player, Tick(tick), args.json))
        }
    };
    match inspected {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(Fault::Damaged(damage)) => Ok(damaged(&damage.to_string())),
        Err(Fault::Other(error)) => Err(error),
    }
}

enum Fault {
    Damaged(Damage),
    Other(anyhow::Error),
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

fn damaged(what: &str) -> ExitCode {
    eprintln!("combat: damaged: {what}");
    ExitCode::from(DOES_NOT_HOLD)
}

/// The whole session, event by event.
fn whole(log: &Log, as_json: bool) -> Result<(), Fault> {
    let parts = log.parts().map_err(|refusal| Fault::Other(anyhow!("refused: {refusal}")))?;
    let ruleset = parts.ruleset.clone();
    let mut names = Names { players: Default::default(), ruleset: &ruleset };
    let mut player = Player::from_start(parts, &log.records)?;
    let rate = log.header.setup.tick_rate;
    let mut events = Vec::new();
    if !as_json {
        tell_header(log);
    }
    let fault = loop {
        match player.advance() {
            Ok(Some(Played::Ticked(_))) => {}
            Ok(Some(Played::EpochStart { epoch, tick })) => {
                let text = format!("epoch {} begins", epoch.0);
                note(
                    &mut events,
                    as_json,
                    (tick, rate),
                    json!({"type": "epoch_start", "epoch": epoch.0}),
                    &text,
                );
                continue;
            }
            Ok(Some(Played::Panicked(panic))) => {
                let text = format!("the simulation panicked: {}", panic.message);
                note(&mut events, as_json, (panic.tick, rate), json!({"type": "panicked"}), &text);
                break None;
            }
            Ok(Some(_)) => continue,
            Ok(None) => break None,
            Err(damage) => break Some(damage),
        }
        let sim = player.sim();
        names.players.extend(sim.members().map(|(id, identity, _)| (id, identity.name.to_string())));
        for event in &sim.output().events {
            let text = happened::tell(event, &names);
            note(&mut events, as_json, (sim.tick(), rate), happened::as_json(event), &text);
        }
    };
    let ended = (player.sim().tick(), fault.as_ref().map(ToString::to_string));
    if as_json {
        println!(
            "{}",
            json!({"session": header_as_json(log), "ticks": ended.0.0, "events": events, "damage": ended.1})
        );
    } else {
        println!("the log ends at tick {}", ended.0.0);
        tell_scores(&mut player, &names);
    }
    fault.map_or(Ok(()), |damage| Err(damage.into()))
}

fn note(events: &mut Vec<Value>, as_json: bool, (tick, rate): (Tick, TickRate), event: Value, text: &str) {
    if as_json {
        let mut event = event;
        event["tick"] = json!(tick.0);
        event["text"] = json!(text);
        events.push(event);
    } else {
        println!("{:>8}  {:>9.3} s  {text}", tick.0, f64::from(tick.0) / f64::from(rate.hz()));
    }
}

fn tell_header(log: &Log) {
    let header = &log.header;
    let setup = &header.setup;
    println!(
        "session {} ({:?}, {}), {} on {}",
        setup.session, header.name, header.kind, setup.mode, header.map_id
    );
    println!(
        "ruleset {} version {}, {} Hz, simulation version {}, recorded by {}",
        header.ruleset_name,
        header.ruleset_version,
        setup.tick_rate.hz(),
        header.simulation_version,
        header.build
    );
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

fn tell_scores(player: &mut Player<'_>, names: &Names<'_>) {
    for (id, _) in player.sim_mut().canonical(StateKind::Score) {
        let score = player.sim_mut().describe(StateKind::Score, id);
        println!("{}: {score}", id.map_or("the match", |id| names.player(id)));
    }
}

/// One tick: what came in, what became of it, and how everything stood after it.
fn one(player: &mut Player<'_>, tick: Tick, as_json: bool) -> Result<(), Fault> {
    if !player.play_to(Tick(tick.0 - 1))? {
        return Err(Fault::Other(anyhow!("the simulation does not reach tick {}", tick.0)));
    }
    let before: Vec<_> = player.sim().members().collect();
    let recorded_root = play_one(player, tick)?;
    let ruleset = player.parts().ruleset.clone();
    let mut names = Names { players: Default::default(), ruleset: &ruleset };
    let members = before.into_iter().chain(player.sim().members());
    names.players.extend(members.map(|(id, identity, _)| (id, identity.name.to_string())));
    if as_json {
        println!("{}", tick_as_json(player, tick, recorded_root));
    } else {
        tell_tick(player, recorded_root, &names);
    }
    Ok(())
}

/// The root that was recorded for the tick.
fn play_one(player: &mut Player<'_>, tick: Tick) -> Result<u64, Fault> {
    loop {
        match player.advance()? {
            Some(Played::Ticked(record)) => return Ok(record.root),
            Some(Played::Panicked(panic)) => {
                let phase =
                    panic.phase.map_or("an unknown phase".to_owned(), |phase| format!("phase {phase:?}"));
                let message = panic.message;
                return Err(Fault::Other(anyhow!(
                    "the simulation panics in tick {}, {phase}: {message}",
                    tick.0
                )));
            }
            Some(Played::FailedTickPassed { .. }) => {
                return Err(Fault::Other(anyhow!(
                    "tick {} failed when it was recorded, and passes now",
                    tick.0
                )));
            }
            Some(_) => {}
            None => return Err(Fault::Other(anyhow!("the log ends before tick {}", tick.0))),
        }
    }
}

fn tick_as_json(player: &mut Player<'_>, tick: Tick, recorded_root: u64) -> Value {
    let output = player.sim().output();
    let events: Vec<_> = output.events.iter().map(happened::as_json).collect();
    let (verdicts, as_recorded) = (debug_lines(&output.verdicts), output.root == recorded_root);
    json!({
        "tick": tick.0,
        "root": format!("{recorded_root:016x}"),
        "asRecorded": as_recorded,
        "commands": debug_lines(player.input()),
        "events": events,
        "verdicts": verdicts,
        "state": state(player),
    })
}

fn tell_tick(player: &mut Player<'_>, recorded_root: u64, names: &Names<'_>) {
    let output = player.sim().output();
    let agrees = if output.root == recorded_root { "as recorded" } else { "not as recorded" };
    println!("tick {}, root {recorded_root:016x}, {agrees}", output.tick.0);
    section("commands", &debug_lines(player.input()));
    section("events", &output.events.iter().map(|event| happened::tell(event, names)).collect::<Vec<_>>());
    section("verdicts", &debug_lines(&output.verdicts));
    let lines = state(player).into_iter().map(|part| {
        let id = part["simId"].as_u64().map_or(String::new(), |id| format!("SimId {id} "));
        format!("{id}{}", part["state"].as_str().unwrap_or_default())
    });
    section("state", &lines.collect::<Vec<_>>());
}

fn debug_lines<T: std::fmt::Debug>(items: &[T]) -> Vec<String> {
    items.iter().map(|item| format!("{item:?}")).collect()
}

fn section(title: &str, lines: &[String]) {
    println!("{title}:{}", if lines.is_empty() { " none" } else { "" });
    lines.iter().for_each(|line| println!("  {line}"));
}

/// Every component of every body, then the resources.
fn state(player: &mut Player<'_>) -> Vec<Value> {
    let sim = player.sim_mut();
    let mut parts = Vec::new();
    for kind in StateKind::ALL {
        for (id, _) in sim.canonical(kind) {
            let text = sim.describe(kind, id);
            parts.push(json!({"component": kind.name(), "simId": id.map(|id| id.0), "state": text}));
        }
    }
    parts
}
