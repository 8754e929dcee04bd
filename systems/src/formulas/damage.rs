//! How much a hit hurts.

use combat_components::quantity::MilliPoints;
use combat_components::rules::WeaponRules;
use combat_components::verdict::{Harm, Zone};
use combat_components::vitals::Strength;

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

/// Splits the amount of a hit: armour takes `absorbs_percent` of it while it lasts, health the rest while it lasts, and
/// what is left over is overkill.
pub fn split(strength: Strength, amount: MilliPoints, absorbs_percent: i32) -> Harm {
    let wanted = i64::from(amount.0) * i64::from(absorbs_percent) / 100;
    let absorbed = wanted.min(i64::from(strength.armour.0)) as i32;
    let taken = (amount.0 - absorbed).min(strength.health.0);
    Harm {
        taken: MilliPoints(taken),
        absorbed: MilliPoints(absorbed),
        overkill: MilliPoints(amount.0 - absorbed - taken),
    }
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
            draw_ms: 0,
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

    fn harm(health: i32, armour: i32, amount: i32) -> [i32; 3] {
        let strength = Strength { health: MilliPoints(health), armour: MilliPoints(armour) };
        let Harm { taken, absorbed, overkill } = split(strength, MilliPoints(amount), 60);
        assert_eq!(taken.0 + absorbed.0 + overkill.0, amount);
        [taken.0, absorbed.0, overkill.0]
    }

    #[test]
    fn armour_takes_its_percentage_until_it_is_gone() {
        assert_eq!(harm(100_000, 50_000, 20_000), [8_000, 12_000, 0]);
        assert_eq!(harm(100_000, 5_000, 20_000), [15_000, 5_000, 0]);
    }

    #[test]
    fn no_more_is_taken_than_there_was() {
        assert_eq!(harm(1, 0, 20_000), [1, 0, 19_999]);
        assert_eq!(harm(1_000, 50_000, 20_000), [1_000, 12_000, 7_000]);
        assert_eq!(harm(0, 0, 20_000), [0, 0, 20_000]);
    }
}
