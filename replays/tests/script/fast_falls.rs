//! The sessions of the corpus in which bodies fall fast: in silence, shooting, and dashing.

use combat_components::command::{Command, Deed};
use combat_components::ids::Team;
use combat_components::phase::Phase;
use combat_components::quantity::{Pitch, Pose, Yaw};

use super::Stage;
use super::hiker::{Hiker, hike};
use super::scene::Scene;

const TOWERS: &str = include_str!("towers.toml");

/// Long enough to be falling whatever the body did at the edge, and still well above the ground.
const FALL_TICKS: u32 = 88;
/// Longer than a fall from a tower.
const DOWN_TICKS: u32 = 200;
/// Longer than the bank is deep.
const SILENT_TICKS: u32 = 40;

fn on_towers(name: &'static str) -> (Stage, Vec<Hiker>) {
    let scene = Scene { map: TOWERS, ..Scene::duel(name) }
        .with_rule("fire_interval_ms = 100", "fire_interval_ms = 20")
        .with_rule("magazine_rounds = 30", "magazine_rounds = 1_000")
        .with_rule("cooldown_ms = 4_000", "cooldown_ms = 50");
    let mut stage = Stage::new(scene);
    (0..2).for_each(|slot| stage.join(slot, Team::NONE));
    stage.steps(2);
    let mut hikers: Vec<Hiker> = (0..2).map(|slot| Hiker::new(slot, &mut stage)).collect();
    while stage.sim.match_state().phase != Phase::Active {
        hike(&mut stage, &mut hikers, 1);
    }
    (stage, hikers)
}

fn fall(stage: &mut Stage, hikers: &mut [Hiker]) {
    hikers.iter_mut().for_each(|hiker| hiker.walk_ahead(stage));
    hike(stage, hikers, FALL_TICKS);
    hikers.iter_mut().for_each(Hiker::stop);
}

fn ahead(stage: &mut Stage, hiker: &Hiker) -> (Yaw, Pitch) {
    (stage.sim.own_view(hiker.bot.slot).expect("he has joined").pose.yaw, Pitch::default())
}

/// One goes silent in his fall and is not heard when he speaks in it again; the other dashes in it and goes on.
pub fn fast_falls() -> Stage {
    let (mut stage, mut hikers) = on_towers("fast falls");
    fall(&mut stage, &mut hikers);
    let look = ahead(&mut stage, &hikers[1]);
    hikers[1].bot.deed(&mut stage, Deed::Ability { index: 0 }, look);
    hike(&mut stage, &mut hikers[1..], SILENT_TICKS);
    hike(&mut stage, &mut hikers, DOWN_TICKS);
    stage
}

/// Both fire as often as they can: one until he has landed, the other on the ground, where he tries to dash after each
/// shot, from a claim that follows it.
pub fn shots_before_frames() -> Stage {
    let (mut stage, mut hikers) = on_towers("shots before frames");
    for _ in 0..4 {
        for index in [1, 0] {
            let look = ahead(&mut stage, &hikers[index]);
            hikers[index].bot.deed(&mut stage, Deed::Attack, look);
        }
        stage.step();
        stands_and_dashes(&mut stage, &mut hikers[1]);
        hike(&mut stage, &mut hikers, 13);
    }
    fall(&mut stage, &mut hikers[..1]);
    // So that no shot of the tick in which he lands takes the place of the one before.
    stage.step();
    for _ in 0..DOWN_TICKS {
        let look = ahead(&mut stage, &hikers[0]);
        hikers[0].bot.deed(&mut stage, Deed::Attack, look);
        stage.step();
    }
    stage
}

/// He says that he stands, and dashes from there.
fn stands_and_dashes(stage: &mut Stage, hiker: &mut Hiker) {
    let own = stage.sim.own_view(hiker.bot.slot).expect("he has joined");
    let claim = hiker.bot.claim(stage, Pose { at: own.pose.at, ..own.pose });
    let follows = claim.input_seq;
    stage.push(Command::Claim { claim });
    hiker.bot.deed(stage, Deed::Ability { index: 0 }, (own.pose.yaw, Pitch::default()));
    if let Some(Command::Action { action }) = stage.last_command() {
        action.follows = follows;
    }
    stage.step();
}
