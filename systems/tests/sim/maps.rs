//! The maps of the tests: those that ship, and some drawn here.

use combat_components::map::{Bounds, Map, Solid, SpawnPoint};
use combat_components::quantity::{Vec3Mm, Yaw};

pub fn duel_box() -> Map {
    Map::parse("duel-box.toml", include_str!("../../../assets/maps/duel-box.toml")).expect("the map is valid")
}

pub fn two_levels() -> Map {
    Map::parse("two-level-arena.toml", include_str!("../../../assets/maps/two-level-arena.toml"))
        .expect("the map is valid")
}

pub fn cuboid(center: [i32; 3], size: [i32; 3]) -> Solid {
    let point = |[x, y, z]: [i32; 3]| Vec3Mm::new(x, y, z);
    Solid::Cuboid { center: point(center), size: point(size), yaw: Yaw(0) }
}

/// A floor at 0 of 400 × 400 m with these spawn points and nothing else.
pub fn plain(spawns: &[[i32; 3]]) -> Map {
    let spawns = spawns.iter().map(|&[x, y, z]| SpawnPoint { at: Vec3Mm::new(x, y, z), yaw: Yaw(0) });
    Map {
        id: "plain".into(),
        name: "Plain".into(),
        max_players: 64,
        bounds: Bounds {
            min: Vec3Mm::new(-200_000, -5_000, -200_000),
            max: Vec3Mm::new(200_000, 90_000, 200_000),
        },
        solids: vec![cuboid([0, -500, 0], [400_000, 1_000, 400_000])],
        spawns: spawns.collect(),
    }
}

/// A plain with 64 spawn points, eight by eight, `spacing_mm` apart.
pub fn field(spacing_mm: i32) -> Map {
    let spawns: Vec<_> =
        (0..64).map(|place| [(place % 8 - 4) * spacing_mm, 0, (place / 8 - 4) * spacing_mm]).collect();
    plain(&spawns)
}

/// 64 players among blocks: mirrored in both axes, so that distances tie everywhere.
pub fn blocks() -> Map {
    let mut map = field(6_000);
    map.id = "blocks".into();
    for x in -4..4 {
        for z in -4..4 {
            map.solids.push(cuboid([x * 6_000 + 3_000, 600, z * 6_000 + 3_000], [1_400, 1_200, 1_400]));
        }
    }
    map
}
