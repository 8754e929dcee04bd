//! A kind of ability that puts something solid there: a pillar that nobody walks or shoots through.

use combat_components::own_numbers;
use combat_components::quantity::{Pitch, Vec3Mm, Velocity, Yaw};
use combat_components::reason::Reason;
use combat_components::rules::kinds::{KindKeys, OwnNumbers};
use combat_components::things::Thing;
use combat_systems::abilities::{AbilityKind, Using};
use combat_systems::consequences::Does;
use combat_systems::formulas::{aim, shot};
use combat_systems::things::Block;

own_numbers! {
    /// As wide along both axes, and so far ahead of whoever raises it.
    struct Pillar {
        ahead_mm in 500..=5_000,
        width_mm in 100..=3_000,
        height_mm in 100..=5_000,
        lasts_ms in 1..=60_000,
    }
}

pub static PILLAR: AbilityKind =
    AbilityKind::new(KindKeys::new("pillar", Pillar::KEYS), raise).placing_solid(|_| {}, shape);

/// Where there is ground, and nobody stands in the way.
fn raise(using: &mut Using<'_>) -> Result<(), Reason> {
    let Pillar { ahead_mm, width_mm, lasts_ms, .. } = Pillar::of(using.own);
    let ahead = aim::direction(using.yaw, Pitch::default());
    let foot = using.level.ground_below(shot::along(using.from.at, ahead, ahead_mm)).ok_or(Reason::NoRoom)?;
    let clear_mm = i64::from(width_mm + using.ruleset.body.radius_mm);
    if using.targets.iter().any(|target| foot.horizontal_distance_squared(target.feet) < clear_mm * clear_mm)
    {
        return Err(Reason::NoRoom);
    }
    let ticks = using.rate.ticks_in_ms(lasts_ms as u32);
    using.does(using.user, Does::Place { at: foot, velocity: Velocity::default(), ticks });
    Ok(())
}

fn shape(own: &OwnNumbers, thing: &Thing) -> Block {
    let Pillar { width_mm, height_mm, .. } = Pillar::of(own);
    let center = Vec3Mm { y: thing.at.y + height_mm / 2, ..thing.at };
    Block { center, size: Vec3Mm::new(width_mm, height_mm, width_mm), yaw: Yaw(0) }
}
