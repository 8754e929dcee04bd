//! No answer depends on the order in which solids were inserted.

use combat_components::map::Map;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_systems::formulas::aim;
use combat_systems::spatial::Level;

use crate::fixture::{Random, level, maps};

fn shuffled(map: &Map, random: &mut Random) -> Map {
    let mut map = map.clone();
    for index in (1..map.solids.len()).rev() {
        map.solids.swap(index, (random.next() % (index as u64 + 1)) as usize);
    }
    map
}

/// Everything a level can be asked at one place; points at whole 500 mm make exact ties common.
fn answers(level: &Level, at: Vec3Mm, yaw: Yaw) -> impl PartialEq + std::fmt::Debug {
    let to = Vec3Mm::new(at.x + 500, at.y, at.z - 500);
    (
        (level.overlaps(at), level.grounded(at), level.path_is_free(at, to)),
        level.ground_below(at),
        level.slide_until_blocked(at, yaw, 5_000, 350),
        level.ray_distance_um(at, aim::direction(yaw, Pitch::default()), 120_000),
    )
}

#[test]
fn levels_built_in_any_order_give_the_same_answers() {
    let mut random = Random::new(51);
    for map in maps() {
        let first = level(&map);
        let others: Vec<Level> = (0..4).map(|_| level(&shuffled(&map, &mut random))).collect();
        for _ in 0..1_500 {
            let at = random.within(&map);
            let at = Vec3Mm::new(at.x / 500 * 500, at.y / 500 * 500, at.z / 500 * 500);
            let yaw = Yaw((random.next() as u16) & 0xf000);
            let expected = answers(&first, at, yaw);
            for other in &others {
                assert_eq!(answers(other, at, yaw), expected, "{} at {at:?}", map.id);
            }
        }
    }
}
