//! A kind of effect: hurts whoever it is on, with every period.

use combat_components::own_numbers;
use combat_components::quantity::MilliPoints;
use combat_components::rules::kinds::KindKeys;
use combat_components::verdict::Zone;
use combat_systems::consequences::Does;
use combat_systems::effects::{Acting, EffectKind};

own_numbers! {
    /// A fire.
    struct Burn {
        points in 1..=100,
    }
}

pub static BURN: EffectKind = EffectKind { keys: KindKeys::new("burn", Burn::KEYS), act: burn };

fn burn(acting: &mut Acting<'_>) {
    let amount = MilliPoints::from_points(Burn::of(acting.own).points);
    acting.does(acting.on, Does::Hurt { zone: Zone::Body, amount });
}
