//! Bots in matches, alone with the simulation and on a server.

use combat_systems::sim::SimParts;

use crate::rehearsal::Stage;

mod crews;
mod fights;

pub fn parts(map_id: &str, players: u8) -> SimParts {
    Stage::of(map_id, if players == 2 { "duel" } else { "deathmatch" }, players, 7).parts
}
