//! What a hit takes, and from what.

use combat_components::quantity::MilliPoints;
use combat_components::verdict::Harm;
use combat_components::vitals::Strength;

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
