//! Hitscan: a shot that hits at once, along a ray.

use std::ops::RangeInclusive;

use combat_components::limits::MAP_EXTENT_MM;
use combat_components::own_numbers;
use combat_components::quantity::MilliPoints;
use combat_components::rules::kinds::{KindKeys, OwnNumbers, Unfit};
use combat_components::verdict::Zone;

use super::{Firing, WeaponKind};
use crate::consequences::Does;

/// As far as two corners of a map can lie apart along one axis.
pub const REACH_MM: RangeInclusive<i32> = 100..=2 * MAP_EXTENT_MM;

own_numbers! {
    /// A weapon that hits at once along a ray.
    pub struct Hitscan {
        damage_points in 1..=10_000,
        head_percent in 1..=1_000,
        reach_mm in REACH_MM,
        /// Full damage up to here …
        falloff_from_mm in 0..=*REACH_MM.end(),
        /// … falling in a straight line to `falloff_percent` here and beyond.
        falloff_to_mm in 1..=*REACH_MM.end(),
        falloff_percent in 0..=100,
        /// Greatest deviation per axis, in 1/65,536 turn: up to 45°.
        spread_turn in 0..=8_192,
    }
}

pub static HITSCAN: WeaponKind =
    WeaponKind::new(KindKeys::new("hitscan", Hitscan::KEYS).checked(check), fire);

fn check(numbers: &OwnNumbers) -> Result<(), Unfit> {
    let Hitscan { falloff_from_mm: from, falloff_to_mm: to, .. } = Hitscan::of(numbers);
    match to > from {
        true => Ok(()),
        false => Err(Unfit {
            key: "falloff_to_mm",
            message: format!("expected more than falloff_from_mm = {from}, found {to}"),
        }),
    }
}

fn fire(firing: &mut Firing<'_>) {
    let rules = Hitscan::of(firing.own);
    let direction = firing.deviated(rules.spread_turn as u16);
    let flight = firing.follow(direction, rules.reach_mm);
    firing.show(direction, &flight);
    if let Some(struck) = flight.struck {
        let amount = hit_damage(&rules, flight.distance_mm, struck.zone);
        firing.does(struck.id, Does::Hurt { zone: struck.zone, amount });
    }
}

/// Damage of one hit at `distance_mm`: full up to `falloff_from_mm`, then in a straight line down to
/// `falloff_percent` at `falloff_to_mm`, times the head's share.
pub fn hit_damage(rules: &Hitscan, distance_mm: i32, zone: Zone) -> MilliPoints {
    let (from, to) = (i64::from(rules.falloff_from_mm), i64::from(rules.falloff_to_mm));
    let lost_percent = i64::from(100 - rules.falloff_percent);
    let beyond_mm = (i64::from(distance_mm) - from).clamp(0, to - from);
    let kept_milli = match to - from {
        0 => 1_000,
        span => 1_000 - beyond_mm * lost_percent * 10 / span,
    };
    let zone_percent = match zone {
        Zone::Body => 100,
        Zone::Head => i64::from(rules.head_percent),
    };
    let milli_points = i64::from(rules.damage_points) * kept_milli * zone_percent / 100;
    MilliPoints(
        i32::try_from(milli_points).expect("the ruleset's bounds keep one hit below two million points"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const RIFLE: Hitscan = Hitscan {
        damage_points: 20,
        head_percent: 200,
        reach_mm: 100_000,
        falloff_from_mm: 20_000,
        falloff_to_mm: 60_000,
        falloff_percent: 50,
        spread_turn: 0,
    };

    #[test]
    fn damage_falls_in_a_straight_line_between_the_two_distances() {
        let at = |mm| hit_damage(&RIFLE, mm, Zone::Body).0;
        assert_eq!(
            [at(0), at(20_000), at(40_000), at(60_000), at(90_000)],
            [20_000, 20_000, 15_000, 10_000, 10_000]
        );
    }

    #[test]
    fn a_head_takes_its_share() {
        assert_eq!(hit_damage(&RIFLE, 0, Zone::Head), MilliPoints(40_000));
    }
}
