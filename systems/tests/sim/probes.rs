//! Kinds that only tests have a use for, beside those of the studio: each does one thing, to be seen alone.

use combat_components::ids::SimId;
use combat_components::own_numbers;
use combat_components::quantity::{MilliPoints, Velocity};
use combat_components::rules::kinds::KindKeys;
use combat_components::verdict::Zone;
use combat_systems::abilities::{AbilityKind, Using};
use combat_systems::consequences::Does;
use combat_systems::effects::EffectKind;
use combat_systems::kinds::Kinds;

use crate::arena::Plan;
use crate::kinds::{self, RULES};

const KINDS: Kinds = Kinds {
    abilities: &[&JAB, &TORCH, &EMBER, &PYRE, &SNAIL, &LITTER],
    effects: &[&kinds::studio::burn::BURN, &LITTERING],
    ..kinds::KINDS
};

/// The studio's rules with other abilities, each given by its kind and numbers, in a match that begins at once.
pub fn plan(mode: &'static str, places: &[[i32; 3]], abilities: &[&str]) -> Plan {
    let before = RULES.find("[[ability]]").expect("the studio has abilities");
    let after = RULES.find("# What a rocket sets alight.").expect("the studio has an effect");
    let mut text = RULES[..before].to_owned();
    for (index, ability) in abilities.iter().enumerate() {
        text += &format!("[[ability]]\nname = \"probe-{index}\"\n{ability}\n");
    }
    text += &RULES[after..];
    text += "[[effect]]\nname = \"littering\"\nkind = \"littering\"\nticks = 100\nduration_ms = 1_000\nperiod_ms = 250\n";
    let mut ruleset = KINDS.ruleset("probes.toml", &text).expect("the rules are sound");
    (ruleset.matches.warmup_ms, ruleset.matches.respawn_ms) = (0, 500);
    Plan { kinds: KINDS, ruleset, ..kinds::plan(mode, places) }
}

fn others(using: &Using<'_>) -> Vec<SimId> {
    using.targets.iter().map(|target| target.id).filter(|id| *id != using.user).collect()
}

own_numbers! {
    /// Hurts everybody else, be it by nothing.
    struct Jab {
        points in 0..=1_000,
    }
}

static JAB: AbilityKind = AbilityKind::new(KindKeys::new("jab", Jab::KEYS), |using| {
    let amount = MilliPoints::from_points(Jab::of(using.own).points);
    for other in others(using) {
        using.does(other, Does::Hurt { zone: Zone::Body, amount });
    }
    Ok(())
});

own_numbers! {
    /// Sets everybody else alight by the effect of this number.
    struct Torch {
        effect in 0..=7,
    }
}

static TORCH: AbilityKind = AbilityKind::new(KindKeys::new("torch", Torch::KEYS), |using| {
    let effect = Torch::of(using.own).effect as u8;
    for other in others(using) {
        using.does(other, Does::Apply { effect });
    }
    Ok(())
});

own_numbers! {
    /// Lies there for so long, and hurts everybody but whoever put it there in each of its ticks.
    struct Ember {
        ticks in 1..=10_000,
    }
}

static EMBER: AbilityKind = AbilityKind::new(KindKeys::new("ember", Ember::KEYS), |using| {
    let ticks = Ember::of(using.own).ticks as u32;
    using.does(using.user, Does::Place { at: using.from.at, velocity: Velocity::default(), ticks });
    Ok(())
})
.placing(|ember| {
    let by = ember.thing.by.id;
    for target in ember.targets.iter().filter(|target| target.id != by) {
        ember.does(target.id, Does::Hurt { zone: Zone::Body, amount: MilliPoints(1) });
    }
});

own_numbers! {
    /// Kills whoever uses it.
    struct Pyre {
        points in 1..=1_000,
    }
}

static PYRE: AbilityKind = AbilityKind::new(KindKeys::new("pyre", Pyre::KEYS), |using| {
    let amount = MilliPoints::from_points(Pyre::of(using.own).points);
    using.does(using.user, Does::Hurt { zone: Zone::Body, amount });
    Ok(())
});

own_numbers! {
    /// Sets out something that creeps along x.
    struct Snail {
        mm_per_s in -1_000..=1_000,
    }
}

static SNAIL: AbilityKind = AbilityKind::new(KindKeys::new("snail", Snail::KEYS), |using| {
    let velocity = Velocity { x: Snail::of(using.own).mm_per_s, ..Velocity::default() };
    using.does(using.user, Does::Place { at: using.from.at, velocity, ticks: 10_000 });
    Ok(())
})
.placing(|snail| snail.goes_on());

own_numbers! {
    /// Places things, though its kind has none.
    struct Litter {
        ticks in 1..=100,
    }
}

static LITTER: AbilityKind = AbilityKind::new(KindKeys::new("litter", Litter::KEYS), |using| {
    let at = using.from.at;
    let ticks = Litter::of(using.own).ticks as u32;
    using.does(using.user, Does::Place { at, velocity: Velocity::default(), ticks });
    Ok(())
});

static LITTERING: EffectKind = EffectKind {
    keys: KindKeys::new("littering", Litter::KEYS),
    act: |acting| {
        let at = acting.pose.at;
        let ticks = Litter::of(acting.own).ticks as u32;
        acting.does(acting.on, Does::Place { at, velocity: Velocity::default(), ticks });
    },
};
