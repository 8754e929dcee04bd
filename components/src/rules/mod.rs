//! A ruleset: every number a studio tunes, as typed data. Lengths in millimetres, times in milliseconds.
//!
//! Times become ticks where a session starts, because only then the tick rate is known.

pub mod kinds;
pub mod load;

use kinds::OwnNumbers;

/// The shape and strength of every body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodyRules {
    pub radius_mm: i32,
    pub height_mm: i32,
    /// Above the feet; shots start here.
    pub eye_height_mm: i32,
    /// The head is a sphere of this radius whose top is the top of the body.
    pub head_radius_mm: i32,
    pub health_points: i32,
    pub armour_points: i32,
    /// Share of damage that armour takes while it lasts, 0 … 100.
    pub armour_absorbs_percent: i32,
}

/// What a body's own movement may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MovementRules {
    pub speed_mm_per_s: i32,
    pub acceleration_mm_per_s2: i32,
    pub jump_speed_mm_per_s: i32,
    pub gravity_mm_per_s2: i32,
    pub terminal_speed_mm_per_s: i32,
    pub step_height_mm: i32,
}

/// A weapon: what all have, and what its kind has of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeaponRules {
    pub name: String,
    /// Of the kinds handed to the simulation: `hitscan`.
    pub kind: &'static str,
    pub own: OwnNumbers,
    pub magazine_rounds: u16,
    pub fire_interval_ms: u32,
    pub reload_ms: u32,
    /// From taking it in hand to its first shot.
    pub draw_ms: u32,
}

/// An ability: what all have, and what its kind has of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AbilityRules {
    pub name: String,
    /// Of the kinds handed to the simulation: `dash`.
    pub kind: &'static str,
    pub own: OwnNumbers,
    pub cooldown_ms: u32,
}

/// An effect that lasts: what all have, and what its kind has of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EffectRules {
    pub name: String,
    /// Of the kinds handed to the simulation.
    pub kind: &'static str,
    pub own: OwnNumbers,
    pub duration_ms: u32,
    /// From one time that it acts to the next; the first is when it begins.
    pub period_ms: u32,
}

/// How a match runs, unless a session's options say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatchRules {
    pub warmup_ms: u32,
    pub time_limit_ms: u32,
    pub score_limit: u16,
    pub respawn_ms: u32,
    pub friendly_fire: bool,
}

/// A ruleset as a studio wrote it, validated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruleset {
    pub name: String,
    pub version: u32,
    pub body: BodyRules,
    pub movement: MovementRules,
    /// 1 to `WEAPONS_MAX`; the first is in hand at the spawn.
    pub weapons: Vec<WeaponRules>,
    /// At most `ABILITIES_MAX`.
    pub abilities: Vec<AbilityRules>,
    /// At most `EFFECTS_MAX`.
    pub effects: Vec<EffectRules>,
    pub matches: MatchRules,
}
