//! The dearest log known of those that a forger can write: runners beside walls that stand aslant, whose claims are
//! refused over and over, each after a look ahead among all the walls that a map may have in one place.

use std::sync::Arc;
use std::time::{Duration, Instant};

use combat_components::command::{Claim, Command, TickInput};
use combat_components::ids::{Epoch, Pseudonym, Slot, Team};
use combat_components::map::Map;
use combat_components::phase::Phase as MatchPhase;
use combat_components::quantity::{Pose, Vec3Mm};
use combat_components::tick::Tick;
use combat_replays::recorder::Recorder;
use combat_systems::sim::{Sim, SimParts};
use combat_systems::spatial::Level;

pub const RUNNERS: u8 = 20;
const RUN_TICKS: u32 = 24;
/// As deep as a bank is.
const SAVE_TICKS: u32 = 40;
const REFUSED_TICKS: u32 = 200;

/// What refused claims cost, each.
pub struct Refused {
    pub took: Duration,
    pub log_bytes: f64,
}

/// As many walls of 100 m in one place as the loader lets through, eight metres away from everybody.
fn map(walls: usize) -> Option<Map> {
    let mut text = "id = \"forged\"\nname = \"Forged\"\nmax_players = 20\n\
        [bounds]\nmin_mm = [-200000, -5000, -200000]\nmax_mm = [200000, 50000, 200000]\n\
        [[cuboid]]\ncenter_mm = [0, -500, 0]\nsize_mm = [190000, 1000, 190000]\n\
        [[cuboid]]\ncenter_mm = [0, 1500, -1400]\nsize_mm = [90000, 3000, 100]\n"
        .to_owned();
    for wall in 0..walls {
        let away = (8_000 + wall as i32 * 60) * 707 / 1_000 * if wall % 2 == 0 { 1 } else { -1 };
        text += &format!(
            "[[cuboid]]\ncenter_mm = [{away}, 5000, {away}]\nsize_mm = [100000, 10000, 20]\nyaw_deg = 45\n"
        );
    }
    for runner in 0..i32::from(RUNNERS) {
        text += &format!("[[spawn]]\nat_mm = [{}, 0, -820]\nyaw_deg = 0\n", runner * 720 - 9_000);
    }
    Map::parse("forged.toml", &text).ok()
}

struct Forger {
    sim: Sim,
    clock: u32,
}

impl Forger {
    /// Every runner `dx` and `dz` further, on a clock that is `after` later.
    fn claims(&mut self, after: u32, (dx, dz): (i32, i32)) -> TickInput {
        let mut claim = |slot: Slot| {
            let own = self.sim.own_view(slot)?;
            let at = own.pose.at;
            let pose = Pose { at: Vec3Mm::new(at.x + dx, at.y, at.z + dz), ..Pose::default() };
            let claim = Claim {
                slot,
                input_seq: own.input_seq + 1,
                client_tick: self.clock + after,
                pose,
                bends: Default::default(),
                view_tick: Tick(0),
                pose_epoch: own.pose_epoch,
            };
            Some(Command::Claim { claim })
        };
        (0..RUNNERS).filter_map(|slot| claim(Slot(slot))).collect()
    }

    fn wait(&mut self, ticks: u32) {
        for _ in 0..ticks {
            self.sim.step(&mut TickInput::new());
        }
    }
}

/// `parts` are of any match; the map and the number of players are replaced. Answers how many walls were taken, too.
pub fn refused(parts: &SimParts) -> (usize, Refused) {
    let (walls, map) =
        (1..=124).rev().find_map(|walls| Some((walls, map(walls)?))).expect("one wall is taken");
    let level = Level::build(&map, &parts.ruleset.body).expect("there is room at the spawns");
    let mut parts = SimParts { map: Arc::new(map), level: Arc::new(level), ..parts.clone() };
    parts.setup.max_players = RUNNERS;
    let mut forger = Forger { sim: Sim::new(&parts).expect("the setup is sound"), clock: 10_000 };
    let join = |slot: u8| {
        let (slot, pseudonym) = (Slot(slot), Pseudonym(slot.into()));
        [
            Command::Join { slot, pseudonym, team: Team::NONE, bot: false, request: None },
            Command::Connected { slot },
        ]
    };
    forger.sim.step(&mut (0..RUNNERS).flat_map(join).collect());
    while forger.sim.match_state().phase != MatchPhase::Active {
        forger.wait(1);
    }
    let mut at_rest = forger.claims(0, (0, 0));
    forger.sim.step(&mut at_rest);
    for tick in 0..RUN_TICKS {
        let step_mm = (2 + 5 * tick as i32).min(48);
        let mut input = forger.claims(1, (step_mm, 0));
        forger.clock += 1;
        forger.sim.step(&mut input);
    }
    forger.wait(SAVE_TICKS);
    let (mut recorder, mut records, mut took, mut count) = (Recorder::new(), Vec::new(), Duration::ZERO, 0);
    for _ in 0..REFUSED_TICKS {
        let mut input = forger.claims(37, (-1_500, -10));
        let began = Instant::now();
        forger.sim.step(&mut input);
        took += began.elapsed();
        count += forger.sim.output().verdicts.len() as u32;
        recorder.record_tick(Epoch(1), &input, forger.sim.output(), &mut records);
    }
    assert_eq!(
        count,
        u32::from(RUNNERS) * REFUSED_TICKS,
        "one claim of each runner is refused in every tick"
    );
    let each = f64::from(count);
    (walls, Refused { took: took.div_f64(each), log_bytes: records.len() as f64 / each })
}
