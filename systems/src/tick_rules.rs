//! A ruleset in the units of a session: ticks instead of milliseconds, micrometres instead of millimetres.

use std::sync::Arc;

use arrayvec::ArrayVec;
use bevy_ecs::resource::Resource;
use combat_components::cause::Cause;
use combat_components::limits::{ABILITIES_MAX, EFFECTS_MAX, INPUTS_PER_PLAYER_AND_TICK_MAX, WEAPONS_MAX};
use combat_components::map::Map;
use combat_components::rules::kinds::OwnNumbers;
use combat_components::rules::{AbilityRules, EffectRules, Ruleset, WeaponRules};
use combat_components::setup::{SessionSetup, SimLimits};
use combat_components::things::Thing;
use combat_components::tick::{Tick, TickRate};
use combat_components::vitals::LastHurt;

use crate::abilities::AbilityKind;
use crate::effects::EffectKind;
use crate::formulas::movement::MovementLimits;
use crate::kinds::Kinds;
use crate::modes::Mode;
use crate::spatial::Level;
use crate::things::ThingKind;
use crate::weapons::WeaponKind;

/// A minute at 128 Hz: what a reader may have to simulate before it has a whole state to compare.
const KEYFRAME_TICKS_MAX: u32 = 60 * 128;

/// No limit of time is longer than a day.
const LIMIT_MS_MAX: u32 = 24 * 60 * 60 * 1_000;

/// Nobody can claim more often than in every tick.
const CLAIM_HZ_MAX: u32 = 128;

/// Looking for free places costs a crowd more than any other thing that a tick does.
const INSIDE_MS_MIN: u32 = 100;

/// Less often than this, frames show nobody what a hold waits for.
const FRAME_HZ_MIN: u32 = 16;

/// A weapon with its times in ticks.
#[derive(Clone, Debug)]
pub struct TickWeapon {
    pub rules: WeaponRules,
    pub kind: &'static WeaponKind,
    pub fire_interval_ticks: u32,
    pub reload_ticks: u32,
    pub draw_ticks: u32,
}

/// An ability with its times in ticks and its kind looked up.
#[derive(Clone, Debug)]
pub struct TickAbility {
    pub rules: AbilityRules,
    pub kind: &'static AbilityKind,
    pub cooldown_ticks: u32,
}

/// An effect with its times in ticks and its kind looked up.
#[derive(Clone, Debug)]
pub struct TickEffect {
    pub rules: EffectRules,
    pub kind: &'static EffectKind,
    pub duration_ticks: u32,
    pub period_ticks: u32,
}

/// Everything about a session that never changes while it runs.
#[derive(Resource, Debug)]
pub struct TickRules {
    pub setup: SessionSetup,
    pub ruleset: Arc<Ruleset>,
    pub map: Arc<Map>,
    pub mode: &'static dyn Mode,
    pub movement: MovementLimits,
    pub weapons: ArrayVec<TickWeapon, WEAPONS_MAX>,
    pub abilities: ArrayVec<TickAbility, ABILITIES_MAX>,
    pub effects: ArrayVec<TickEffect, EFFECTS_MAX>,
    /// Whether by these rules anything ever acts by no input: an effect, a thing.
    pub something_acts_alone: bool,
    /// Whether any thing is ever solid.
    pub(crate) something_is_solid: bool,
    pub bank_ticks_max: u32,
    pub attack_follows_ticks_max: u32,
    pub refusal_forgiven_ticks: u32,
    pub respawn_ticks: u32,
    pub warmup_ticks: u32,
    pub resuming_ticks_max: u32,
    pub empty_ticks_max: u32,
    pub blow_counts_ticks_max: u32,
    pub inside_ticks_max: u32,
}

/// The level of a session, whose map is shared by all sessions of it.
#[derive(Resource, Clone, Debug)]
pub struct SessionLevel {
    pub level: Level,
    /// The things whose solids stand in it.
    pub(crate) stands: Vec<Thing>,
}

/// Why a session cannot be simulated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    #[error("unknown mode {found:?}, expected one of {known}")]
    UnknownMode { found: String, known: String },
    #[error("the ruleset has a kind of {what}, {kind:?}, that this simulation was not given")]
    UnknownKind { what: &'static str, kind: &'static str },
    #[error("the limit {limit} is out of range")]
    Limit { limit: &'static str },
    #[error("the setup names another {what} than the one given")]
    OtherContent { what: &'static str },
}

impl SetupError {
    pub fn unknown_mode(found: &str, kinds: &Kinds) -> Self {
        Self::UnknownMode { found: found.to_owned(), known: kinds.mode_names() }
    }
}

impl TickRules {
    /// # Errors
    /// When the setup or the ruleset names what is not among `kinds`, or a limit is out of range.
    pub fn new(
        kinds: &Kinds,
        setup: SessionSetup,
        ruleset: Arc<Ruleset>,
        map: Arc<Map>,
    ) -> Result<Self, SetupError> {
        let (rate, limits) = (setup.tick_rate, usable(setup.limits, setup.tick_rate)?);
        let mode = kinds.mode(&setup.mode).ok_or_else(|| SetupError::unknown_mode(&setup.mode, kinds))?;
        let weapons = ruleset.weapons.iter().map(|rules| tick_weapon(rules, kinds, rate));
        let abilities = ruleset.abilities.iter().map(|rules| tick_ability(rules, kinds, rate));
        let effects = ruleset.effects.iter().map(|rules| tick_effect(rules, kinds, rate));
        let weapons: ArrayVec<TickWeapon, WEAPONS_MAX> = weapons.collect::<Result<_, _>>()?;
        let abilities: ArrayVec<TickAbility, ABILITIES_MAX> = abilities.collect::<Result<_, _>>()?;
        let solid = |thing: Option<ThingKind>| thing.is_some_and(|thing| thing.solid.is_some());
        let something_is_solid =
            weapons.iter().any(|of| solid(of.kind.thing)) || abilities.iter().any(|of| solid(of.kind.thing));
        let places = weapons.iter().any(|of| of.kind.thing.is_some())
            || abilities.iter().any(|of| of.kind.thing.is_some());
        Ok(Self {
            movement: MovementLimits::new(&ruleset.movement, rate, limits.claim_hz),
            weapons,
            abilities,
            something_is_solid,
            something_acts_alone: places || !ruleset.effects.is_empty(),
            effects: effects.collect::<Result<_, _>>()?,
            mode,
            bank_ticks_max: rate.ticks_in_ms(limits.bank_ms) + rate.hz().div_ceil(limits.claim_hz),
            attack_follows_ticks_max: rate.ticks_in_ms(limits.follows_ms_max),
            refusal_forgiven_ticks: rate.ticks_in_ms(limits.refusal_forgiven_ms),
            respawn_ticks: rate.ticks_in_ms(ruleset.matches.respawn_ms).max(1),
            warmup_ticks: rate.ticks_in_ms(ruleset.matches.warmup_ms).max(1),
            resuming_ticks_max: rate.ticks_in_ms(limits.resuming_ms_max),
            empty_ticks_max: rate.ticks_in_ms(limits.empty_ms_max),
            blow_counts_ticks_max: rate.ticks_in_ms(limits.blow_counts_ms_max),
            inside_ticks_max: rate.ticks_in_ms(limits.inside_ms_max),
            setup,
            ruleset,
            map,
        })
    }
}

impl TickRules {
    /// Whether a blow still counts at `now`.
    pub(crate) fn counts(&self, hurt: &LastHurt, now: Tick) -> bool {
        self.mode.blow_counts(now.since(hurt.at), self.blow_counts_ticks_max)
    }

    /// Whether a blow is an enemy's and counts: then a death that nobody else has caused is his kill.
    pub(crate) fn is_of_an_enemy(&self, hurt: &LastHurt, now: Tick) -> bool {
        !hurt.ally && self.counts(hurt, now)
    }

    /// What a thing does that this put there, with the numbers of its kind; `None` where it puts nothing anywhere.
    pub fn thing_of(&self, cause: Cause) -> Option<(&OwnNumbers, ThingKind)> {
        let index = usize::from(cause.index()?);
        match cause {
            Cause::Weapon(_) => self.weapons.get(index).and_then(|of| Some((&of.rules.own, of.kind.thing?))),
            Cause::Ability(_) => {
                self.abilities.get(index).and_then(|of| Some((&of.rules.own, of.kind.thing?)))
            }
            Cause::Effect(_) | Cause::World => None,
        }
    }
}

/// Limits come out of logs: what this build has no room for, or would divide by, is refused. So is more than any build
/// has written of what a claim may be judged over and how far back one may be followed, with which the cost of a tick grows.
fn usable(limits: SimLimits, rate: TickRate) -> Result<SimLimits, SetupError> {
    let inputs_max = INPUTS_PER_PLAYER_AND_TICK_MAX;
    let written = SimLimits::at(rate);
    let checks = [
        ("bank_ms", limits.bank_ms <= written.bank_ms),
        ("claim_hz", (written.claim_hz..=CLAIM_HZ_MAX).contains(&limits.claim_hz)),
        ("follows_ms_max", limits.follows_ms_max <= written.follows_ms_max),
        ("resuming_ms_max", limits.resuming_ms_max <= LIMIT_MS_MAX),
        ("empty_ms_max", limits.empty_ms_max <= LIMIT_MS_MAX),
        ("blow_counts_ms_max", limits.blow_counts_ms_max <= LIMIT_MS_MAX),
        (
            "inputs_per_player_and_tick_max",
            (1..=inputs_max).contains(&usize::from(limits.inputs_per_player_and_tick_max)),
        ),
        ("refusal_forgiven_ms", (1..=LIMIT_MS_MAX).contains(&limits.refusal_forgiven_ms)),
        ("inside_ms_max", (INSIDE_MS_MIN..=LIMIT_MS_MAX).contains(&limits.inside_ms_max)),
        ("frame_ticks", (1..=rate.hz().div_ceil(FRAME_HZ_MIN)).contains(&limits.frame_ticks)),
        ("keyframe_ticks", (1..=KEYFRAME_TICKS_MAX).contains(&limits.keyframe_ticks)),
    ];
    let refused = checks.into_iter().find(|(_, holds)| !holds);
    refused.map_or(Ok(limits), |(limit, _)| Err(SetupError::Limit { limit }))
}

fn tick_weapon(rules: &WeaponRules, kinds: &Kinds, rate: TickRate) -> Result<TickWeapon, SetupError> {
    let unknown = SetupError::UnknownKind { what: "weapon", kind: rules.kind };
    Ok(TickWeapon {
        rules: rules.clone(),
        kind: kinds.weapon(rules.kind).ok_or(unknown)?,
        fire_interval_ticks: rate.ticks_in_ms(rules.fire_interval_ms),
        reload_ticks: rate.ticks_in_ms(rules.reload_ms),
        draw_ticks: rate.ticks_in_ms(rules.draw_ms),
    })
}

fn tick_ability(rules: &AbilityRules, kinds: &Kinds, rate: TickRate) -> Result<TickAbility, SetupError> {
    let unknown = SetupError::UnknownKind { what: "ability", kind: rules.kind };
    let kind = kinds.ability(rules.kind).ok_or(unknown)?;
    Ok(TickAbility { rules: rules.clone(), kind, cooldown_ticks: rate.ticks_in_ms(rules.cooldown_ms) })
}

fn tick_effect(rules: &EffectRules, kinds: &Kinds, rate: TickRate) -> Result<TickEffect, SetupError> {
    let unknown = SetupError::UnknownKind { what: "effect", kind: rules.kind };
    Ok(TickEffect {
        rules: rules.clone(),
        kind: kinds.effect(rules.kind).ok_or(unknown)?,
        duration_ticks: rate.ticks_in_ms(rules.duration_ms),
        period_ticks: rate.ticks_in_ms(rules.period_ms).max(1),
    })
}
