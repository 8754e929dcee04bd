//! Two players, rounds: a death starts the next one.

use super::{Mode, Respawn, Teams};

pub static DUEL: Mode = Mode {
    name: "duel",
    players_min: 2,
    players_max: 2,
    teams: Teams::None,
    respawn: Respawn::NextRound,
    points: |score| i32::from(score.kills),
};
