//! Everybody against everybody, or team against team: kills count.

use combat_components::limits::PLAYERS_MAX;

use super::{Mode, Respawn};

pub(super) static DEATHMATCH: Mode = Mode {
    name: "deathmatch",
    players_min: 2,
    players_max: PLAYERS_MAX as u8,
    respawn: Respawn::TheDead,
    points: |score| i32::from(score.kills),
};
