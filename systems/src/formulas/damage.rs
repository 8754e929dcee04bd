//! How much a hit hurts.

use combat_components::quantity::MilliPoints;
use combat_components::rules::WeaponRules;
use combat_components::verdict::Zone;

/// Damage of one hit at `distance_mm`: full up to `falloff_from_mm`, then in a straight line down to
/// `falloff_percent` at `falloff_to_mm`, times the head's share.
pub fn hit_damage(weapon: &WeaponRules, distance_mm: i32, zone: Zone) -> MilliPoints {
    let (from, to) = (i64::from(weapon.falloff_from_mm), i64::from(weapon.falloff_to_mm));
    let lost_percent = i64::from(100 - weapon.falloff_percent);
    let beyond_mm = (i64::from(distance_mm) - from).clamp(0, to - from);
    let kept_milli = match to - from {
        0 => 1_000,
        span => 1_000 - beyond_mm * lost_percent * 10 / span,
    };
    let zone_percent = match zone {
        Zone::Body => 100,
        Zone::Head => i64::from(weapon.head_percent),
    };
    let milli_points = i64::from(weapon.damage_points) * kept_milli * zone_percent / 100;
    MilliPoints(
        i32::try_from(milli_points).expect("the ruleset's bounds keep one hit below two million points"),
    )
}

/// Splits damage between armour and health: armour takes `absorbs_percent` of it while it lasts.
///
/// Returns what is left of (health, armour); health never falls below 0.
pub fn absorb(
    health: MilliPoints,
    armour: MilliPoints,
    amount: MilliPoints,
    absorbs_percent: i32,
) -> (MilliPoints, MilliPoints) {
    let wanted = i64::from(amount.0) * i64::from(absorbs_percent) / 100;
    let absorbed = wanted.min(i64::from(armour.0)) as i32;
    (MilliPoints((health.0 - (amount.0 - absorbed)).max(0)), MilliPoints(armour.0 - absorbed))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rifle() -> WeaponRules {
        WeaponRules {
            name: "rifle".into(),
            damage_points: 20,
            head_percent: 200,
            reach_mm: 100_000,
            falloff_from_mm: 20_000,
            falloff_to_mm: 60_000,
            falloff_percent: 50,
            spread_turn: 0,
            magazine_rounds: 30,
            fire_interval_ms: 100,
            reload_ms: 1_000,
        }
    }

    #[test]
    fn damage_falls_in_a_straight_line_between_the_two_distances() {
        let at = |mm| hit_damage(&rifle(), mm, Zone::Body).0;
        assert_eq!(
            [at(0), at(20_000), at(40_000), at(60_000), at(90_000)],
            [20_000, 20_000, 15_000, 10_000, 10_000]
        );
    }

    #[test]
    fn a_head_takes_its_share() {
        assert_eq!(hit_damage(&rifle(), 0, Zone::Head), MilliPoints(40_000));
    }

    #[test]
    fn armour_takes_its_percentage_until_it_is_gone() {
        let whole = absorb(MilliPoints(100_000), MilliPoints(50_000), MilliPoints(20_000), 60);
        assert_eq!(whole, (MilliPoints(92_000), MilliPoints(38_000)));
        let scarce = absorb(MilliPoints(100_000), MilliPoints(5_000), MilliPoints(20_000), 60);
        assert_eq!(scarce, (MilliPoints(85_000), MilliPoints(0)));
    }

    #[test]
    fn health_never_falls_below_zero() {
        assert_eq!(absorb(MilliPoints(1), MilliPoints(0), MilliPoints(20_000), 60).0, MilliPoints(0));
    }
}
