//! Two players, rounds: a death starts the next one.

use super::{Mode, Respawn};

pub(super) static DUEL: Mode = Mode {
    name: "duel",
    players_min: 2,
    players_max: 2,
    respawn: Respawn::Everybody,
    points: |score| i32::from(score.kills),
};
