//! A ruleset from TOML. Every range is chosen so that no product of the simulation leaves its integer type.

use std::ops::RangeInclusive;

use super::kinds::{KindKeys, OwnNumbers, RuleKinds};
use super::{AbilityRules, BodyRules, EffectRules, MatchRules, MovementRules, Ruleset, WeaponRules};
use crate::limits::{ABILITIES_MAX, EFFECTS_MAX, WEAPONS_MAX};
use crate::toml_error::TomlError;
use crate::toml_reader::{Table, read_document};

/// Names of rulesets, weapons and abilities, as the wire and the kill feed carry them.
pub const RULE_NAME_BYTES_MAX: usize = 32;

/// From a cat to a small vehicle; the radius also spaces the points of the path check.
pub const RADIUS_MM: RangeInclusive<i32> = 100..=1_000;
pub const HEIGHT_MM_MAX: i32 = 4_000;
pub const HEAD_RADIUS_MM_MIN: i32 = 10;

/// In thousandths, and times 1,000 % for the head, still a hundredth of an `i64`.
pub const POINTS_MAX: i32 = 100_000;

/// 50 m/s, as micrometres per tick at 16 Hz, is 3.1 million.
pub const SPEED_MM_PER_S: RangeInclusive<i32> = 100..=50_000;
/// Up to 100 g; as micrometres per tick² at 16 Hz, 3.9 million.
pub const ACCELERATION_MM_PER_S2: RangeInclusive<i32> = 1_000..=1_000_000;
pub const JUMP_SPEED_MM_PER_S: RangeInclusive<i32> = 0..=20_000;
pub const GRAVITY_MM_PER_S2: RangeInclusive<i32> = 1_000..=100_000;
/// With the greatest speed, 22 m in one bank of 250 ms and a claim: less than the path check's longest segment.
pub const TERMINAL_SPEED_MM_PER_S: RangeInclusive<i32> = 1_000..=60_000;

/// The level is asked about a point of a claimed way for every radius of the body: so the longest claim has no more than 128.
/// Run and fall together, as the way is one of both.
pub const RADII_PER_S_MAX: i32 = 400;

pub const MAGAZINE_ROUNDS: RangeInclusive<u16> = 1..=1_000;
pub const FIRE_INTERVAL_MS: RangeInclusive<u32> = 10..=60_000;
pub const RELOAD_MS_MAX: u32 = 60_000;
pub const DRAW_MS_MAX: u32 = 60_000;

pub const COOLDOWN_MS_MAX: u32 = 600_000;

pub const EFFECT_DURATION_MS: RangeInclusive<u32> = 1..=600_000;
/// No more often than eight times a second at any rate: what lasts on 64 bodies must not fill every tick.
pub const EFFECT_PERIOD_MS: RangeInclusive<u32> = 125..=60_000;

pub const WARMUP_MS_MAX: u32 = 600_000;
/// Two hours at 128 Hz are 921,600 ticks.
pub const TIME_LIMIT_MS: RangeInclusive<u32> = 1_000..=7_200_000;
pub const SCORE_LIMIT_MAX: u16 = 1_000;
pub const RESPAWN_MS_MAX: u32 = 60_000;

const KEYS: &[&str] = &["name", "version", "body", "movement", "weapon", "ability", "effect", "match"];
const BODY_KEYS: &[&str] = &[
    "radius_mm",
    "height_mm",
    "eye_height_mm",
    "head_radius_mm",
    "health_points",
    "armour_points",
    "armour_absorbs_percent",
];
const MOVEMENT_KEYS: &[&str] = &[
    "speed_mm_per_s",
    "acceleration_mm_per_s2",
    "jump_speed_mm_per_s",
    "gravity_mm_per_s2",
    "terminal_speed_mm_per_s",
    "step_height_mm",
];
/// What every weapon has, whatever its kind.
const WEAPON_KEYS: &[&str] = &["name", "kind", "magazine_rounds", "fire_interval_ms", "reload_ms", "draw_ms"];
const ABILITY_KEYS: &[&str] = &["name", "kind", "cooldown_ms"];
const EFFECT_KEYS: &[&str] = &["name", "kind", "duration_ms", "period_ms"];
const MATCH_KEYS: &[&str] = &["warmup_ms", "time_limit_ms", "score_limit", "respawn_ms", "friendly_fire"];

impl Ruleset {
    /// Reads and validates a ruleset that may name `kinds`. `file` is what errors call it.
    ///
    /// # Errors
    /// The first fault, with its file, line and key, what was found and what was expected.
    pub fn parse(file: &str, text: &str, kinds: &RuleKinds) -> Result<Self, TomlError> {
        read_document(file, text, KEYS, |root| {
            let body = body(&root.table("body", BODY_KEYS)?)?;
            let weapons = root.open_tables("weapon", 1..=WEAPONS_MAX)?;
            let abilities = root.open_tables("ability", 0..=ABILITIES_MAX)?;
            let effects = root.open_tables("effect", 0..=EFFECTS_MAX)?;
            let ruleset = Self {
                name: root.slug("name", RULE_NAME_BYTES_MAX)?,
                version: root.integer("version", 1..=u32::MAX)?,
                movement: movement(&root.table("movement", MOVEMENT_KEYS)?, &body)?,
                body,
                weapons: weapons
                    .iter()
                    .map(|table| weapon(table, &kinds.weapons))
                    .collect::<Result<_, _>>()?,
                abilities: abilities
                    .iter()
                    .map(|table| ability(table, &kinds.abilities))
                    .collect::<Result<_, _>>()?,
                effects: effects
                    .iter()
                    .map(|table| effect(table, &kinds.effects))
                    .collect::<Result<_, _>>()?,
                matches: matches(&root.table("match", MATCH_KEYS)?)?,
            };
            refuse_repeated(&weapons, ruleset.weapons.iter().map(|weapon| weapon.name.as_str()))?;
            refuse_repeated(&abilities, ruleset.abilities.iter().map(|ability| ability.name.as_str()))?;
            refuse_repeated(&effects, ruleset.effects.iter().map(|effect| effect.name.as_str()))?;
            Ok(ruleset)
        })
    }
}

fn body(table: &Table<'_>) -> Result<BodyRules, TomlError> {
    let radius_mm = table.integer("radius_mm", RADIUS_MM)?;
    let height_mm = table.integer("height_mm", 2 * radius_mm + 1..=HEIGHT_MM_MAX)?;
    Ok(BodyRules {
        radius_mm,
        height_mm,
        eye_height_mm: table.integer("eye_height_mm", 1..=height_mm)?,
        head_radius_mm: table.integer("head_radius_mm", HEAD_RADIUS_MM_MIN..=height_mm / 2)?,
        health_points: table.integer("health_points", 1..=POINTS_MAX)?,
        armour_points: table.integer("armour_points", 0..=POINTS_MAX)?,
        armour_absorbs_percent: table.integer("armour_absorbs_percent", 0..=100)?,
    })
}

fn movement(table: &Table<'_>, body: &BodyRules) -> Result<MovementRules, TomlError> {
    let terminal_speed_mm_per_s = table.integer("terminal_speed_mm_per_s", TERMINAL_SPEED_MM_PER_S)?;
    let jump_speed_mm_per_s = table.integer("jump_speed_mm_per_s", JUMP_SPEED_MM_PER_S)?;
    if jump_speed_mm_per_s > terminal_speed_mm_per_s {
        let message = format!("expected at most terminal_speed_mm_per_s = {terminal_speed_mm_per_s}");
        return Err(table.error("jump_speed_mm_per_s", message));
    }
    let step_height_mm = table.integer("step_height_mm", 0..=*RADIUS_MM.end())?;
    if step_height_mm > body.radius_mm {
        let message = format!("expected at most body.radius_mm = {}", body.radius_mm);
        return Err(table.error("step_height_mm", message));
    }
    let speed_mm_per_s = table.integer("speed_mm_per_s", SPEED_MM_PER_S)?;
    let (run, fall) = (i64::from(speed_mm_per_s), i64::from(terminal_speed_mm_per_s));
    let (fastest, most) = ((run * run + fall * fall).isqrt(), RADII_PER_S_MAX * body.radius_mm);
    if fastest > i64::from(most) {
        let message = format!(
            "expected a body that runs at speed_mm_per_s and falls at terminal_speed_mm_per_s to come at most {RADII_PER_S_MAX} \
             times its body.radius_mm in a second, {most} mm, found {fastest}"
        );
        return Err(table.error("speed_mm_per_s", message));
    }
    Ok(MovementRules {
        speed_mm_per_s,
        acceleration_mm_per_s2: table.integer("acceleration_mm_per_s2", ACCELERATION_MM_PER_S2)?,
        jump_speed_mm_per_s,
        gravity_mm_per_s2: table.integer("gravity_mm_per_s2", GRAVITY_MM_PER_S2)?,
        terminal_speed_mm_per_s,
        step_height_mm,
    })
}

fn weapon(table: &Table<'_>, kinds: &[KindKeys]) -> Result<WeaponRules, TomlError> {
    let first = kinds.first().map(|kind| kind.name);
    let (kind, own) = own(table, kinds, first, WEAPON_KEYS)?;
    Ok(WeaponRules {
        name: table.slug("name", RULE_NAME_BYTES_MAX)?,
        kind,
        own,
        magazine_rounds: table.integer("magazine_rounds", MAGAZINE_ROUNDS)?,
        fire_interval_ms: table.integer("fire_interval_ms", FIRE_INTERVAL_MS)?,
        reload_ms: table.integer("reload_ms", 0..=RELOAD_MS_MAX)?,
        draw_ms: table.integer("draw_ms", 0..=DRAW_MS_MAX)?,
    })
}

fn ability(table: &Table<'_>, kinds: &[KindKeys]) -> Result<AbilityRules, TomlError> {
    let (kind, own) = own(table, kinds, None, ABILITY_KEYS)?;
    Ok(AbilityRules {
        name: table.slug("name", RULE_NAME_BYTES_MAX)?,
        kind,
        own,
        cooldown_ms: table.integer("cooldown_ms", 0..=COOLDOWN_MS_MAX)?,
    })
}

fn effect(table: &Table<'_>, kinds: &[KindKeys]) -> Result<EffectRules, TomlError> {
    let (kind, own) = own(table, kinds, None, EFFECT_KEYS)?;
    Ok(EffectRules {
        name: table.slug("name", RULE_NAME_BYTES_MAX)?,
        kind,
        own,
        duration_ms: table.integer("duration_ms", EFFECT_DURATION_MS)?,
        period_ms: table.integer("period_ms", EFFECT_PERIOD_MS)?,
    })
}

/// The kind that a table names, `unnamed` where it names none, and the numbers that this kind has of its own.
fn own(
    table: &Table<'_>,
    kinds: &[KindKeys],
    unnamed: Option<&'static str>,
    common: &[&'static str],
) -> Result<(&'static str, OwnNumbers), TomlError> {
    let named = match (table.has("kind"), unnamed) {
        (false, Some(name)) => name.to_owned(),
        (true, _) => table.slug("kind", RULE_NAME_BYTES_MAX)?,
        (false, None) => {
            table.only(&keys(common, kinds))?;
            return Err(table.error("kind", "missing"));
        }
    };
    let Some(kind) = kinds.iter().find(|kind| kind.name == named) else {
        let known = kinds.iter().map(|kind| kind.name).collect::<Vec<_>>().join(", ");
        return Err(table.error("kind", format!("unknown kind `{named}`, expected one of {known}")));
    };
    let known = table.only(&keys(common, std::slice::from_ref(kind)));
    known.map_err(|error| if table.has("kind") { error } else { of_another_kind(error, kinds, kind) })?;
    let numbers = OwnNumbers::read(kind.keys, |key| table.integer(key.name, key.min..=key.max))?;
    (kind.check)(&numbers).map_err(|unfit| table.error(unfit.key, unfit.message))?;
    Ok((kind.name, numbers))
}

/// A key that is unknown because its table names no kind, and so is read as one of `read_as`.
fn of_another_kind(error: TomlError, kinds: &[KindKeys], read_as: &KindKeys) -> TomlError {
    let key = error.key.rsplit('.').next().unwrap_or_default();
    let owner = kinds.iter().find(|kind| kind.keys.iter().any(|own| own.name == key));
    let message = owner.map(|owner| {
        let (owner, read_as) = (owner.name, read_as.name);
        format!("a key of `{owner}`, but the table names no `kind` and is read as `{read_as}`")
    });
    TomlError { message: message.unwrap_or(error.message), ..error }
}

fn keys(common: &[&'static str], kinds: &[KindKeys]) -> Vec<&'static str> {
    let own = kinds.iter().flat_map(|kind| kind.keys).map(|key| key.name);
    common.iter().copied().chain(own).collect()
}

fn matches(table: &Table<'_>) -> Result<MatchRules, TomlError> {
    Ok(MatchRules {
        warmup_ms: table.integer("warmup_ms", 0..=WARMUP_MS_MAX)?,
        time_limit_ms: table.integer("time_limit_ms", TIME_LIMIT_MS)?,
        score_limit: table.integer("score_limit", 0..=SCORE_LIMIT_MAX)?,
        respawn_ms: table.integer("respawn_ms", 0..=RESPAWN_MS_MAX)?,
        friendly_fire: table.boolean("friendly_fire")?,
    })
}

fn refuse_repeated<'a>(tables: &[Table<'_>], names: impl Iterator<Item = &'a str>) -> Result<(), TomlError> {
    let mut seen: Vec<&str> = Vec::new();
    for (table, name) in tables.iter().zip(names) {
        if seen.contains(&name) {
            return Err(table.error("name", format!("`{name}` is taken, expected a name of its own")));
        }
        seen.push(name);
    }
    Ok(())
}
