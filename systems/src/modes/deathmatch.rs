//! Everybody against everybody, or team against team: kills count.

use combat_components::limits::PLAYERS_MAX;

use super::{Mode, Respawn, Teams};

pub static DEATHMATCH: Mode = Mode {
    name: "deathmatch",
    players_min: 2,
    players_max: PLAYERS_MAX as u8,
    teams: Teams::Wished,
    respawn: Respawn::Each,
    points: |score| i32::from(score.kills),
};
