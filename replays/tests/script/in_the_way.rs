//! The sessions of the corpus in which somebody comes into another body and stays there, or runs into walls.

use combat_components::command::Command;
use combat_components::ids::Team;
use combat_components::quantity::Yaw;

use super::Stage;
use super::hiker::{Hiker, hike};
use super::scene::Scene;

/// Past the pillar in the middle of the box.
const ASIDE_TICKS: u32 = 110;
/// Longer than it takes to cross the box.
const WAY_TICKS_MAX: u32 = 800;
/// Well inside the other body.
const NEAR_MM: i64 = 200;
/// Longer than anybody may stay.
const STAY_TICKS: u32 = 120;

/// Runs at the wall, and the ticks in which he turns and gets away from it.
const WALL_TURNS: u32 = 6;
const TO_THE_WALL_TICKS: u32 = 24;

const SPEED_MM_PER_S: i32 = 6_000;

/// Walks up to the other, stands in his body, and is put out.
pub fn separated() -> Stage {
    let (mut stage, mut hikers) = beside_each_other("separated");
    hike(&mut stage, &mut hikers, STAY_TICKS);
    stage
}

/// Walks into the other; then the server is killed, and comes back without its players for as long as nobody may stay.
/// After that he runs into a wall, again and again, and back from it.
pub fn in_the_way() -> Stage {
    let (mut stage, mut hikers) = beside_each_other("in the way");
    hike(&mut stage, &mut hikers, STAY_TICKS / 3);
    stage.restart();
    stage.steps(STAY_TICKS);
    hikers.iter().for_each(|hiker| stage.push(Command::Connected { slot: hiker.bot.slot }));
    hike(&mut stage, &mut hikers, STAY_TICKS);
    for turn in 0..WALL_TURNS {
        walk(&mut hikers[0], Yaw(49_152));
        hike(&mut stage, &mut hikers[..1], TO_THE_WALL_TICKS);
        // Along −z, which leads into a side wall whatever is in the middle; back before, with and after the next claim.
        walk(&mut hikers[0], Yaw(0));
        let is_at_rest = |hiker: &Hiker, before: i32| hiker.bot.at.z == before;
        for _ in 0..WAY_TICKS_MAX {
            let before = hikers[0].bot.at.z;
            hike(&mut stage, &mut hikers[..1], 1);
            if is_at_rest(&hikers[0], before) {
                break;
            }
        }
        hike(&mut stage, &mut hikers[..1], turn);
        walk(&mut hikers[0], Yaw(32_768));
        hike(&mut stage, &mut hikers[..1], TO_THE_WALL_TICKS + turn);
    }
    stage
}

fn beside_each_other(name: &'static str) -> (Stage, Vec<Hiker>) {
    let mut stage = Stage::new(Scene::duel(name));
    (0..2).for_each(|slot| stage.join(slot, Team::NONE));
    stage.steps(2);
    let mut hikers: Vec<Hiker> = (0..2).map(|slot| Hiker::new(slot, &mut stage)).collect();
    hike(&mut stage, &mut hikers, 1);
    walk(&mut hikers[0], Yaw(0));
    hike(&mut stage, &mut hikers, ASIDE_TICKS);
    for _ in 0..WAY_TICKS_MAX {
        let other = hikers[0].bot.nearest_enemy(&mut stage).expect("both are alive");
        if hikers[0].bot.at.distance_squared(other.pose.at) < NEAR_MM * NEAR_MM {
            break;
        }
        let towards = hikers[0].bot.aim(&other).0;
        walk(&mut hikers[0], towards);
        hike(&mut stage, &mut hikers, 1);
    }
    hikers[0].stop();
    (stage, hikers)
}

fn walk(hiker: &mut Hiker, direction: Yaw) {
    (hiker.wish.direction, hiker.wish.speed_mm_per_s) = (direction, SPEED_MM_PER_S);
}
