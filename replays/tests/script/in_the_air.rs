//! The sessions of the corpus that are about bodies in the air: falls from spawn points, and corrections on the way.

use combat_components::command::{Command, Deed};
use combat_components::ids::Team;
use combat_components::quantity::{Pitch, Vec3Mm};

use super::Stage;
use super::hiker::{Hiker, hike};
use super::scene::Scene;

const LEDGES: &str = include_str!("ledge.toml");

/// Longer than the fall from a ledge, and than a jump.
const FALL_TICKS: u32 = 90;
/// So far into a jump or a fall that the body is well above the ground, and not yet down.
const MID_AIR_TICKS: u32 = 36;

/// The first one that hits kills; the others are for whatever the spread does.
const SHOTS_MAX: u32 = 3;
/// Longer than the interval of the rifle, shorter than the wait for the spawn.
const SHOT_TICKS: u32 = 16;

fn on_ledges(name: &'static str) -> (Stage, Vec<Hiker>) {
    let scene = Scene { map: LEDGES, ..Scene::duel(name) }
        .with_rule("warmup_ms = 500", "warmup_ms = 1_500")
        .with_rule("damage_points = 18", "damage_points = 1_000")
        .with_rule("spread_turn = 60", "spread_turn = 0");
    let mut stage = Stage::new(scene);
    (0..2).for_each(|slot| stage.join(slot, Team::NONE));
    stage.steps(2);
    let hikers = (0..2).map(|slot| Hiker::new(slot, &mut stage)).collect();
    (stage, hikers)
}

/// Until the match has begun, with which everybody stands at a spawn point again.
fn begin(stage: &mut Stage, hikers: &mut [Hiker]) {
    hikers.iter_mut().for_each(Hiker::stop);
    while stage.sim.match_state().phase != combat_components::phase::Phase::Active {
        hike(stage, hikers, 1);
    }
}

/// Off the edge with the first claim after the spawn; off it after a rest that has filled the bank; by a dash, and
/// then without a word.
pub fn falling_from_a_spawn() -> Stage {
    let (mut stage, mut hikers) = on_ledges("falling from a spawn");
    hikers[0].walk_ahead(&mut stage);
    hike(&mut stage, &mut hikers, FALL_TICKS);
    begin(&mut stage, &mut hikers);
    hikers[0].walk_ahead(&mut stage);
    hike(&mut stage, &mut hikers, MID_AIR_TICKS);
    hikers[1].walk_ahead(&mut stage);
    hikers[1].wish.jump = true;
    hike(&mut stage, &mut hikers, 1);
    hikers[1].wish.jump = false;
    hike(&mut stage, &mut hikers, FALL_TICKS - 10);
    hikers.iter_mut().for_each(Hiker::stop);
    hike(&mut stage, &mut hikers, FALL_TICKS);
    for _ in 0..SHOTS_MAX {
        shoot_the_other(&mut stage, &mut hikers[1]);
        hike(&mut stage, &mut hikers, SHOT_TICKS);
    }
    hike(&mut stage, &mut hikers, FALL_TICKS);
    let yaw = stage.sim.own_view(hikers[0].bot.slot).expect("he has joined").pose.yaw;
    hikers[0].bot.deed(&mut stage, Deed::Ability { index: 0 }, (yaw, Pitch::default()));
    hike(&mut stage, &mut hikers[1..], FALL_TICKS);
    hike(&mut stage, &mut hikers, FALL_TICKS);
    stage
}

fn shoot_the_other(stage: &mut Stage, hiker: &mut Hiker) {
    if let Some(enemy) = hiker.bot.nearest_enemy(stage) {
        let look = hiker.bot.aim(&enemy);
        hiker.bot.deed(stage, Deed::Attack, look);
    }
}

/// Refused, connected anew and moved with the schedule, each in a fall and in a jump.
pub fn corrections_in_the_air() -> Stage {
    let (mut stage, mut hikers) = on_ledges("corrections in the air");
    begin(&mut stage, &mut hikers);
    hikers.iter_mut().for_each(|hiker| hiker.walk_ahead(&mut stage));
    hike(&mut stage, &mut hikers, MID_AIR_TICKS);
    hikers[0].lie(&mut stage, Vec3Mm { x: 0, y: 2_000, z: 0 });
    connect_anew(&mut stage, &hikers[1]);
    hike(&mut stage, &mut hikers, FALL_TICKS);
    let aside = Vec3Mm { x: 0, y: 0, z: 5_000 };
    let down = Vec3Mm { x: 0, y: -900, z: 0 };
    let disturbances: [fn(&mut Stage, &mut Hiker, Vec3Mm); 4] = [
        |stage, hiker, _| connect_anew(stage, hiker),
        |stage, hiker, aside| hiker.lie(stage, aside),
        |stage, _, _| stage.push(Command::ScheduleMoved { ticks: 9 }),
        |stage, hiker, aside| {
            hiker.lie(stage, aside);
            connect_anew(stage, hiker);
        },
    ];
    for (disturb, by) in disturbances.into_iter().zip([aside, aside, aside, down]) {
        jump(&mut stage, &mut hikers);
        disturb(&mut stage, &mut hikers[0], by);
        hike(&mut stage, &mut hikers, FALL_TICKS);
    }
    jump(&mut stage, &mut hikers);
    hikers[0].lie(&mut stage, down);
    hike(&mut stage, &mut hikers, FALL_TICKS);
    stage
}

fn connect_anew(stage: &mut Stage, hiker: &Hiker) {
    stage.push(Command::Connected { slot: hiker.bot.slot });
}

/// Both, on the spot and to the middle of it.
fn jump(stage: &mut Stage, hikers: &mut [Hiker]) {
    for hiker in hikers.iter_mut() {
        hiker.stop();
        hiker.wish.jump = true;
    }
    hike(stage, hikers, 1);
    hikers.iter_mut().for_each(|hiker| hiker.wish.jump = false);
    hike(stage, hikers, MID_AIR_TICKS);
}
