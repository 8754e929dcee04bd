//! The session of the corpus in which somebody comes into another body and stays there.

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

const SPEED_MM_PER_S: i32 = 6_000;

/// Walks up to the other, stands in his body, and is put out.
pub fn separated() -> Stage {
    let mut stage = Stage::new(Scene::duel("separated"));
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
    hike(&mut stage, &mut hikers, STAY_TICKS);
    stage
}

fn walk(hiker: &mut Hiker, direction: Yaw) {
    (hiker.wish.direction, hiker.wish.speed_mm_per_s) = (direction, SPEED_MM_PER_S);
}
