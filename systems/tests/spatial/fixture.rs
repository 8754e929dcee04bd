//! Levels, rules and random points for the tests of space.

use combat_components::map::Map;
use combat_components::quantity::Vec3Mm;
use combat_components::rules::Ruleset;
use combat_systems::kinds::Kinds;
use combat_systems::spatial::Level;

pub fn rules() -> Ruleset {
    Kinds::SHIPPED
        .ruleset("default.toml", include_str!("../../../assets/rulesets/default.toml"))
        .expect("the file is valid")
}

pub fn arena() -> Map {
    Map::parse("arena.toml", include_str!("../../../assets/maps/two-level-arena.toml"))
        .expect("the file is valid")
}

pub fn duel_box() -> Map {
    Map::parse("duel-box.toml", include_str!("../../../assets/maps/duel-box.toml"))
        .expect("the file is valid")
}

pub fn maps() -> [Map; 2] {
    [duel_box(), arena()]
}

/// A map of a floor whose top is y = 0 and whatever `solids` adds.
pub fn floor_and(solids: &str) -> Map {
    let text = format!(
        "id = \"test\"\nname = \"Test\"\nmax_players = 2\n\
         [bounds]\nmin_mm = [-30_000, -2_000, -30_000]\nmax_mm = [30_000, 20_000, 30_000]\n\
         [[cuboid]]\ncenter_mm = [0, -500, 0]\nsize_mm = [40_000, 1_000, 40_000]\n\
         {solids}\n\
         [[spawn]]\nat_mm = [-15_000, 0, -15_000]\nyaw_deg = 0\n\
         [[spawn]]\nat_mm = [15_000, 0, 15_000]\nyaw_deg = 0\n"
    );
    Map::parse("test.toml", &text).expect("the drawn map is valid")
}

pub fn level(map: &Map) -> Level {
    Level::build(map, &rules().body).expect("the file is valid")
}

/// splitmix64; the seed is printed, so that a failure can be repeated.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        println!("seed {seed}");
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn between(&mut self, low: i32, high: i32) -> i32 {
        let span = (i64::from(high) - i64::from(low) + 1) as u64;
        (i64::from(low) + (self.next() % span) as i64) as i32
    }

    pub fn within(&mut self, map: &Map) -> Vec3Mm {
        let (min, max) = (map.bounds.min, map.bounds.max);
        // Most of the volume above the upper floor is air: half the points keep low.
        let top = if self.next().is_multiple_of(2) { max.y.min(1_000) } else { max.y.min(6_000) };
        Vec3Mm::new(self.between(min.x, max.x), self.between(min.y, top), self.between(min.z, max.z))
    }
}
