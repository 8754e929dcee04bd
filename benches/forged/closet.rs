//! The dearest known of those for whom there is no room: the spawn points lie in a closet beside as many long bars that stand
//! aslant as the loader lets through. Somebody leaves and joins again there in every tick, or 64 stand inside each other
//! and nobody says anything.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use combat_components::command::{Command, LeaveCause, TickInput};
use combat_components::ids::{Epoch, Pseudonym, Slot, Team};
use combat_components::limits::PLAYERS_MAX;
use combat_components::map::Map;
use combat_components::rules::Ruleset;
use combat_components::setup::SimLimits;
use combat_components::tick::TickRate;
use combat_replays::recorder::Recorder;
use combat_systems::sim::SimParts;
use combat_systems::spatial::Level;

use super::forger::Forger;

const TICKS: u32 = 1_000;

/// What a tick costs.
pub struct Cost {
    pub bars: i32,
    pub took: Duration,
    pub log_bytes: f64,
}

/// Two players; one leaves and joins.
pub fn joins(parts: &SimParts) -> Cost {
    let slot = Slot(0);
    let leave = Command::Leave { slot, cause: LeaveCause::Left, request: None };
    let join = Command::Join { slot, pseudonym: Pseudonym(0), team: Team::NONE, bot: false, request: None };
    ticks_of((2, parts), &[leave, join])
}

/// As many as there can be, at 32 Hz; `large` ones, whose ways have most sub-steps, where they have some room to look at.
pub fn crowd(parts: &SimParts, large: bool) -> Cost {
    let mut parts = parts.clone();
    parts.setup.tick_rate = TickRate::new(32).expect("it is one of the rates");
    parts.setup.limits = SimLimits::at(parts.setup.tick_rate);
    if large {
        let mut rules = Ruleset::clone(&parts.ruleset);
        (rules.body.radius_mm, rules.body.height_mm, rules.movement.step_height_mm) = (1_000, 2_100, 1);
        parts.ruleset = Arc::new(rules);
    }
    ticks_of((PLAYERS_MAX as u8, &parts), &[])
}

fn ticks_of((players, parts): (u8, &SimParts), said: &[Command]) -> Cost {
    let half_mm = if parts.ruleset.body.radius_mm > 500 { 3_500 } else { 600 };
    let map = |bars| Some((bars, map(players, bars, half_mm)?));
    let (bars, map) = (0..=32).rev().find_map(map).expect("a closet is taken");
    let level = Level::build(&map, &parts.ruleset.body).expect("there is room at the spawns");
    let mut parts = SimParts { map: Arc::new(map), level: Arc::new(level), ..parts.clone() };
    parts.setup.max_players = players;
    let mut forger = Forger::joined(&parts);
    let (mut recorder, mut records, mut took) = (Recorder::new(), Vec::new(), Duration::ZERO);
    for _ in 0..TICKS {
        let mut input: TickInput = said.to_vec();
        let began = Instant::now();
        forger.sim.step(&mut input);
        took += began.elapsed();
        recorder.record_tick(Epoch(1), &input, forger.sim.output(), &mut records);
    }
    Cost { bars, took: took / TICKS, log_bytes: records.len() as f64 / f64::from(TICKS) }
}

fn map(players: u8, bars: i32, half_mm: i32) -> Option<Map> {
    let mut text = format!("id = \"closet\"\nname = \"Closet\"\nmax_players = {players}\n");
    text += "[bounds]\nmin_mm = [-200000, -5000, -200000]\nmax_mm = [200000, 50000, 200000]\n\
        [[cuboid]]\ncenter_mm = [0, -500, 0]\nsize_mm = [20000, 1000, 20000]\n";
    for (x, z) in [(half_mm, 0), (-half_mm, 0), (0, half_mm), (0, -half_mm)] {
        let long_mm = 2 * half_mm + 100;
        let (wide, deep) = if x == 0 { (long_mm, 100) } else { (100, long_mm) };
        let _ = writeln!(text, "[[cuboid]]\ncenter_mm = [{x}, 1500, {z}]\nsize_mm = [{wide}, 3000, {deep}]");
    }
    for bar in 0..bars {
        let _ = writeln!(
            text,
            "[[cuboid]]\ncenter_mm = [{0}, 1500, {0}]\nsize_mm = [150000, 3000, 20]\nyaw_deg = 45",
            half_mm + 400 + bar * 40
        );
    }
    text += &"[[spawn]]\nat_mm = [0, 0, 0]\nyaw_deg = 0\n".repeat(players.into());
    Map::parse("closet.toml", &text).ok()
}
