//! The dearest dashes known: thin bodies, 50 m over a roof that lies there as often as the loader lets it, in every tick.

use std::sync::Arc;
use std::time::{Duration, Instant};

use combat_components::command::{Action, Command, Deed, TickInput};
use combat_components::ids::{Epoch, Slot};
use combat_components::map::Map;
use combat_components::phase::Phase as MatchPhase;
use combat_components::quantity::{Pitch, Yaw};
use combat_components::tick::Tick;
use combat_replays::recorder::Recorder;
use combat_systems::kinds::Kinds;
use combat_systems::sim::SimParts;
use combat_systems::spatial::Level;

use super::forger::Forger;

const PLAYERS: usize = 64;
const DASHES: u16 = 20;
/// Towards +x, and back.
const EAST: Yaw = Yaw(49_152);
const WEST: Yaw = Yaw(16_384);

/// What a dash costs.
pub struct Cost {
    pub roofs: i32,
    pub done: usize,
    pub took: Duration,
    pub log_bytes: f64,
}

pub fn dashes(parts: &SimParts) -> Cost {
    let (roofs, map) =
        (1..=32).rev().find_map(|roofs| Some((roofs, map(roofs)?))).expect("one roof is taken");
    let mut ruleset = Kinds::SHIPPED.ruleset("forged.toml", &rules()).expect("the loader takes them");
    ruleset.matches.warmup_ms = 0;
    let level = Level::build(&map, &ruleset.body).expect("there is room at the spawns");
    let mut parts =
        SimParts { map: Arc::new(map), level: Arc::new(level), ruleset: Arc::new(ruleset), ..parts.clone() };
    parts.setup.max_players = PLAYERS as u8;
    let mut forger = Forger::joined(&parts);
    while forger.sim.match_state().phase != MatchPhase::Active {
        forger.wait(1);
    }
    let (mut recorder, mut records, mut took, mut done) = (Recorder::new(), Vec::new(), Duration::ZERO, 0);
    for round in 0..DASHES {
        let yaw = if round % 2 == 0 { EAST } else { WEST };
        let mut input: TickInput =
            (0..PLAYERS as u8).map(|slot| dash(Slot(slot), u32::from(round) + 1, yaw)).collect();
        let began = Instant::now();
        forger.sim.step(&mut input);
        took += began.elapsed();
        done += forger.sim.output().verdicts.iter().filter(|verdict| verdict.reason.is_none()).count();
        recorder.record_tick(Epoch(1), &input, forger.sim.output(), &mut records);
    }
    let each = done as f64;
    Cost { roofs, done, took: took.div_f64(each), log_bytes: records.len() as f64 / each }
}

fn dash(slot: Slot, input_seq: u32, yaw: Yaw) -> Command {
    let action = Action {
        slot,
        input_seq,
        follows: 0,
        deed: Deed::Ability { index: 0 },
        yaw,
        pitch: Pitch::default(),
        view_tick: Tick(0),
        view_fraction: 0,
        target: None,
    };
    Command::Action { action }
}

fn rules() -> String {
    [
        ("radius_mm = 350", "radius_mm = 100"),
        ("head_radius_mm = 140", "head_radius_mm = 90"),
        ("step_height_mm = 350", "step_height_mm = 100"),
        ("terminal_speed_mm_per_s = 40_000", "terminal_speed_mm_per_s = 20_000"),
        ("reach_mm = 5_000\ncooldown_ms = 4_000", "reach_mm = 50_000\ncooldown_ms = 0"),
    ]
    .into_iter()
    .fold(include_str!("../../assets/rulesets/default.toml").to_owned(), |rules, (ours, dear)| {
        assert!(rules.contains(ours), "{ours}");
        rules.replacen(ours, dear, 1)
    })
}

fn map(roofs: i32) -> Option<Map> {
    let mut text = "id = \"roofs\"\nname = \"Roofs\"\nmax_players = 64\n\
        [bounds]\nmin_mm = [-60000, -5000, -60000]\nmax_mm = [60000, 50000, 60000]\n\
        [[cuboid]]\ncenter_mm = [0, -500, 0]\nsize_mm = [100000, 1000, 100000]\n"
        .to_owned();
    for roof in 0..roofs {
        for side in [-1, 1] {
            let corner = |z: i32| [[side * 26_500, 0, z], [0, 26_500, z], [0, 26_000 - roof, z]];
            let points: Vec<_> = [-9_000, 9_000].into_iter().flat_map(corner).collect();
            text += &format!("[[hull]]\npoints_mm = {points:?}\n");
        }
    }
    for place in 0..PLAYERS as i32 {
        let (row, column) = (place / 22, place % 22);
        text += &format!(
            "[[spawn]]\nat_mm = [{}, 0, {}]\nyaw_deg = 0\n",
            -28_000 - row * 720,
            column * 720 - 7_900
        );
    }
    Map::parse("roofs.toml", &text).ok()
}
