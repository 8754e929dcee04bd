//! The dearest logs known of those that a forger can write: claims that are refused over and over, each after the level
//! was asked about all of its way.

use std::sync::Arc;

use combat_components::map::Map;
use combat_components::phase::Phase as MatchPhase;
use combat_components::quantity::Vec3Mm;
use combat_components::streams::Stream;
use combat_systems::sim::SimParts;
use combat_systems::spatial::Level;

mod closet;
mod dashes;
mod forger;
mod scene;

pub use closet::{Cost as ClosetCost, crowd, joins};
pub use dashes::dashes;
pub use forger::Cost;
use forger::Forger;
use scene::Genes;

pub const RUNNERS: u8 = 20;
const RUN_TICKS: u32 = 24;
/// As deep as a bank is.
const SAVE_TICKS: u32 = 40;
const REFUSED_TICKS: u32 = 200;

/// Scenes at the limits of the loaders that are drawn, and the seed they are drawn by.
pub const SCENES: u32 = 400;
pub const SEED: u64 = 1;

/// The dearest scenes that a search of some minutes has found, by changing one gene or two of the dearest before.
pub const FOUND: [Genes; 3] = [
    Genes([
        43772, 31322, 31507, 9740, 64969, 62491, 37145, 5213, 9022, 20371, 9327, 3138, 49014, 52840, 64260,
        11715, 65054, 10550, 26585, 26494, 14401, 47747, 4772, 28601,
    ]),
    Genes([
        32983, 19185, 39120, 26367, 16887, 54307, 13617, 59084, 17751, 21488, 53887, 6967, 42458, 38841,
        48392, 1638, 58045, 4947, 45330, 478, 20181, 26808, 20354, 48755,
    ]),
    Genes([
        41194, 50242, 41443, 60186, 59828, 23205, 24537, 5278, 62081, 54373, 12844, 3434, 16458, 47636,
        14024, 7948, 53494, 20269, 13750, 6262, 13012, 35375, 26009, 20784,
    ]),
];

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

/// By the rules of `parts`, of any match; the map and the number of players are replaced. Answers how many walls were
/// taken, too.
pub fn by_rules_of(parts: &SimParts) -> (usize, Cost) {
    let (walls, map) =
        (1..=124).rev().find_map(|walls| Some((walls, map(walls)?))).expect("one wall is taken");
    let level = Level::build(&map, &parts.ruleset.body).expect("there is room at the spawns");
    let mut parts = SimParts { map: Arc::new(map), level: Arc::new(level), ..parts.clone() };
    parts.setup.max_players = RUNNERS;
    let mut forger = Forger::joined(&parts);
    while forger.sim.match_state().phase != MatchPhase::Active {
        forger.wait(1);
    }
    forger.go(0, Vec3Mm::default());
    for tick in 0..RUN_TICKS {
        forger.go(1, Vec3Mm::new((2 + 5 * tick as i32).min(48), 0, 0));
    }
    forger.wait(SAVE_TICKS);
    let cost =
        forger.refused((37, &[Vec3Mm::new(-1_500, 0, -10)]), REFUSED_TICKS).expect("nobody can go there");
    assert_eq!(
        cost.refused,
        u32::from(RUNNERS) * REFUSED_TICKS,
        "one claim of each runner is refused in every tick"
    );
    (walls, cost)
}

/// What the dearest of many scenes costs that the loaders let through, what that scene is, and how many they let through.
pub fn by_any_rules(parts: &SimParts) -> (Cost, Genes, usize) {
    let mut stream = Stream::of(SEED, 1);
    let drawn = (0..SCENES).map(|_| Genes::drawn(&mut stream));
    let costs: Vec<(Cost, Genes)> =
        FOUND.into_iter().chain(drawn).filter_map(|genes| Some((cost(&genes, parts, 2)?, genes))).collect();
    let bytes = 1.0;
    let dearest = costs.iter().max_by(|a, b| a.0.seconds(bytes).total_cmp(&b.0.seconds(bytes)));
    let genes = dearest.expect("some scene is taken, and somebody refused").1;
    (cost(&genes, parts, 20).expect("it is the same scene"), genes, costs.len())
}

fn cost(genes: &Genes, parts: &SimParts, ticks: u32) -> Option<Cost> {
    let mut forger = Forger::joined(&genes.parts(parts)?);
    let (way, bank) = genes.way();
    if genes.runs_up() {
        forger.go(0, Vec3Mm::default());
        // In ten ticks and as far in each as it comes in one at full speed: there is no more room at the spawns.
        for part in 1..=10 {
            forger.go(1, Vec3Mm::new(genes.speed_mm_per_s() * part / genes.hz() as i32 / 10, 0, 0));
        }
    }
    forger.wait(bank);
    if genes.is_rested() {
        forger.overdraw();
    } else if !genes.runs_up() {
        forger.go(0, Vec3Mm::default());
        forger.wait(bank);
    }
    forger.refused((bank, &way), ticks)
}
