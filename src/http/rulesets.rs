//! `/rulesets/{name}`: the numbers of a ruleset, in its own units (millimetres, milliseconds, points, percent).

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use combat_components::rules::kinds::OwnNumbers;
use combat_components::rules::{AbilityRules, EffectRules, Ruleset, WeaponRules};
use serde_json::{Value, json};

use super::Api;
use super::caller::Viewer;
use super::problem::{Problem, ProblemCode};
use super::tagged::tagged;

pub async fn get(
    State(api): State<Api>,
    _: Viewer,
    Path(name): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let entry = api.registry.catalogue().ruleset(&name).ok_or(Problem::new(ProblemCode::RulesetNotFound))?;
    let hash = entry.hash.to_hex();
    Ok(tagged(&hash, &headers, || numbers(&entry.ruleset, &hash)))
}

fn numbers(ruleset: &Ruleset, hash: &str) -> Value {
    let Ruleset { name, version, body, movement, weapons, abilities, effects, matches } = ruleset;
    json!({
        "name": name,
        "version": version,
        "hash": hash,
        "body": {
            "radiusMm": body.radius_mm,
            "heightMm": body.height_mm,
            "eyeHeightMm": body.eye_height_mm,
            "headRadiusMm": body.head_radius_mm,
            "healthPoints": body.health_points,
            "armourPoints": body.armour_points,
            "armourAbsorbsPercent": body.armour_absorbs_percent,
        },
        "movement": {
            "speedMmPerS": movement.speed_mm_per_s,
            "accelerationMmPerS2": movement.acceleration_mm_per_s2,
            "jumpSpeedMmPerS": movement.jump_speed_mm_per_s,
            "gravityMmPerS2": movement.gravity_mm_per_s2,
            "terminalSpeedMmPerS": movement.terminal_speed_mm_per_s,
            "stepHeightMm": movement.step_height_mm,
        },
        "weapons": weapons.iter().map(weapon).collect::<Vec<_>>(),
        "abilities": abilities.iter().map(ability).collect::<Vec<_>>(),
        "effects": effects.iter().map(effect).collect::<Vec<_>>(),
        "match": {
            "warmupMs": matches.warmup_ms,
            "timeLimitMs": matches.time_limit_ms,
            "scoreLimit": matches.score_limit,
            "respawnMs": matches.respawn_ms,
            "friendlyFire": matches.friendly_fire,
        },
    })
}

fn weapon(weapon: &WeaponRules) -> Value {
    let WeaponRules { name, kind, own, magazine_rounds, fire_interval_ms, reload_ms, draw_ms } = weapon;
    with_own(
        own,
        json!({
            "name": name,
            "kind": kind,
            "magazineRounds": magazine_rounds,
            "fireIntervalMs": fire_interval_ms,
            "reloadMs": reload_ms,
            "drawMs": draw_ms,
        }),
    )
}

fn ability(ability: &AbilityRules) -> Value {
    let AbilityRules { name, kind, own, cooldown_ms } = ability;
    with_own(own, json!({ "name": name, "kind": kind, "cooldownMs": cooldown_ms }))
}

fn effect(effect: &EffectRules) -> Value {
    let EffectRules { name, kind, own, duration_ms, period_ms } = effect;
    with_own(own, json!({ "name": name, "kind": kind, "durationMs": duration_ms, "periodMs": period_ms }))
}

/// What a kind has of its own stands beside what all have.
fn with_own(own: &OwnNumbers, mut all: Value) -> Value {
    for (key, number) in own.named() {
        all[camel_case(key)] = number.into();
    }
    all
}

fn camel_case(key: &str) -> String {
    let mut words = key.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(word.len().min(1));
        name + &initial.to_ascii_uppercase() + rest
    })
}
