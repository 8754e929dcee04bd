//! A log in memory, with all it takes to simulate it again.

use std::sync::Arc;

use combat_components::map::Map;
use combat_components::setup::ContentHash;
use combat_components::tick::Tick;
use combat_systems::SIMULATION_VERSION;
use combat_systems::kinds::Kinds;
use combat_systems::sim::SimParts;
use combat_systems::spatial::Level;
use combat_systems::tick_rules::SetupError;
use thiserror::Error;

use crate::header::Header;
use crate::reader::Reader;

/// A session's whole log, or as much of it as could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub header: Header,
    /// The map and the ruleset as their studio wrote them.
    pub map: Vec<u8>,
    pub ruleset: Vec<u8>,
    /// From the keyframe of tick 0 on.
    pub records: Vec<u8>,
    /// What the store could not give; the records end before it.
    pub lost: Option<LostRecords>,
}

/// Records that cannot be read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostRecords {
    /// The first tick that is missing.
    pub tick: Tick,
    pub reason: String,
}

/// Why a log is not simulated again.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Refusal {
    #[error(
        "recorded by simulation version {found}, this build has {SIMULATION_VERSION}: use a build of that version ({build})"
    )]
    SimulationVersion { found: u32, build: String },
    #[error("the {what} is not the one the session was played with: expected {}, found {}", expected.to_hex(), found.to_hex())]
    OtherContent { what: &'static str, expected: ContentHash, found: ContentHash },
    #[error("the {what} cannot be used: {reason}")]
    Unusable { what: &'static str, reason: String },
}

impl Log {
    /// The last tick that can be read; everything up to it is checked on the way.
    pub fn last_tick(&self) -> Tick {
        let mut reader = Reader::new(&self.records);
        while let Some(Ok(_)) = reader.next() {}
        reader.tick().unwrap_or_default()
    }

    /// What a re-simulation is made from: the log's own map and ruleset, never today's, and the kinds they name.
    ///
    /// # Errors
    /// When another simulation version recorded it, map and ruleset are not those of the header, or ruleset or mode are of
    /// no kind that is given.
    pub fn parts(&self, kinds: &Kinds) -> Result<SimParts, Refusal> {
        let Header { simulation_version: found, setup, build, .. } = &self.header;
        if *found != SIMULATION_VERSION {
            return Err(Refusal::SimulationVersion { found: *found, build: build.clone() });
        }
        let map = content("map", &self.map, setup.map_hash)?;
        let ruleset = content("ruleset", &self.ruleset, setup.ruleset_hash)?;
        let unusable =
            |what, error: &dyn std::fmt::Display| Refusal::Unusable { what, reason: error.to_string() };
        let map = Map::parse("map", map).map_err(|error| unusable("map", &error))?;
        let ruleset = kinds.ruleset("ruleset", ruleset).map_err(|error| unusable("ruleset", &error))?;
        let level = Level::build(&map, &ruleset.body).map_err(|error| unusable("map", &error))?;
        if kinds.mode(&setup.mode).is_none() {
            return Err(unusable("mode", &SetupError::unknown_mode(&setup.mode, kinds)));
        }
        Ok(SimParts {
            kinds: *kinds,
            setup: setup.clone(),
            ruleset: Arc::new(ruleset),
            map: Arc::new(map),
            level: Arc::new(level),
        })
    }
}

fn content<'a>(what: &'static str, bytes: &'a [u8], expected: ContentHash) -> Result<&'a str, Refusal> {
    let found = ContentHash::of(bytes);
    if found != expected {
        return Err(Refusal::OtherContent { what, expected, found });
    }
    str::from_utf8(bytes).map_err(|error| Refusal::Unusable { what, reason: error.to_string() })
}
