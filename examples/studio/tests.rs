//! A kind of one's own, tested without a server: a session is a value that is stepped. Only the crates of components and
//! systems are needed, beside the studio's own kinds and rules.

use std::sync::Arc;

use combat_components::cause::Cause;
use combat_components::command::{Action, Command, Deed, TickInput};
use combat_components::event::Event;
use combat_components::ids::{Pseudonym, SessionId, Slot, Team};
use combat_components::map::Map;
use combat_components::phase::Phase;
use combat_components::quantity::{Pitch, Yaw};
use combat_components::setup::{ContentHash, Seed, SessionSetup, SimLimits};
use combat_components::tick::{Tick, TickRate};
use combat_systems::sim::{Sim, SimParts};
use combat_systems::spatial::Level;

use crate::kinds::KINDS;

/// Two who stand 2 m apart on a floor.
const MAP: &str = "id = 'yard'\nname = 'Yard'\nmax_players = 2\n
    bounds = { min_mm = [-9_000, -2_000, -9_000], max_mm = [9_000, 8_000, 9_000] }\n
    cuboid = [{ center_mm = [0, -500, 0], size_mm = [18_000, 1_000, 18_000] }]\n
    spawn = [{ at_mm = [0, 0, 0], yaw_deg = 0 }, { at_mm = [0, 0, -2_000], yaw_deg = 180 }]";

const RULES: &str = include_str!("rules/default.toml");

fn session(mode: &str) -> Sim {
    let mut ruleset = KINDS.ruleset("default.toml", RULES).expect("sound rules");
    ruleset.matches.warmup_ms = 0;
    let map = Map::parse("yard.toml", MAP).expect("a sound map");
    let setup = SessionSetup {
        session: SessionId([1; 16]),
        tick_rate: TickRate::DEFAULT,
        seed: Seed(1),
        mode: mode.to_owned(),
        max_players: 2,
        friendly_fire: false,
        time_limit: Tick(100_000),
        score_limit: 0,
        map_hash: ContentHash::default(),
        ruleset_hash: ContentHash::default(),
        limits: SimLimits::at(TickRate::DEFAULT),
    };
    let level = Level::build(&map, &ruleset.body).expect("room for its bodies");
    let (ruleset, map, level) = (Arc::new(ruleset), Arc::new(map), Arc::new(level));
    Sim::new(&SimParts { kinds: KINDS, setup, ruleset, map, level }).expect("it names what it was given")
}

fn join(slot: u8) -> Command {
    let pseudonym = Pseudonym(1 + u64::from(slot));
    Command::Join { slot: Slot(slot), pseudonym, team: Team::NONE, bot: true, request: None }
}

/// What `slot` does, looking where he looks, as his first input.
fn does(deed: Deed, slot: Slot, yaw: Yaw) -> Command {
    let (view_tick, pitch) = (Tick(0), Pitch::default());
    let action = Action {
        slot,
        input_seq: 1,
        follows: 0,
        yaw,
        pitch,
        view_tick,
        view_fraction: 0,
        deed,
        target: None,
    };
    Command::Action { action }
}

#[test]
fn a_shot_of_the_shotgun_hurts_by_eight_pellets() {
    let mut sim = session("deathmatch");
    let mut input: TickInput = vec![join(0), join(1)];
    for _ in 0..128 {
        sim.step(&mut input);
        input.clear();
    }
    assert_eq!(sim.match_state().phase, Phase::Active);
    let shooter = Slot(0);
    let pose = sim.own_view(shooter).expect("he is there").pose;
    let yaw = if pose.at.z == 0 { Yaw(0) } else { Yaw(1 << 15) };
    let output = sim.step(&mut vec![does(Deed::Attack, shooter, yaw)]);
    let hurts = output.events.iter().filter_map(|event| match event {
        Event::Damaged { cause: Cause::Weapon(0), amount, .. } => Some(amount.0),
        _ => None,
    });
    assert_eq!(hurts.collect::<Vec<_>>(), [5_000; 8], "{:?}", output.verdicts);
}

#[test]
fn a_weapon_that_forgot_its_kind_is_told_so() {
    let kindless = RULES.replacen("kind = \"shotgun\"\n", "", 1);
    let told = KINDS.ruleset("default.toml", &kindless).expect_err("keys of another kind").to_string();
    let expected = "a key of `shotgun`, but the table names no `kind` and is read as `hitscan`";
    assert!(told.contains("weapon[0].pelle") && told.ends_with(expected), "{told}");
}
