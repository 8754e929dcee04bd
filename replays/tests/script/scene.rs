//! What a scripted session is played with.

use std::sync::Arc;

use combat_components::ids::SessionId;
use combat_components::map::Map;
use combat_components::setup::{ContentHash, Seed, SessionSetup, SimLimits};
use combat_components::tick::{Tick, TickRate};
use combat_systems::kinds::Kinds;
use combat_systems::sim::SimParts;
use combat_systems::spatial::Level;

// Copies of their own: what a studio changes in `assets/` moves no golden root.
pub const DUEL_BOX: &str = include_str!("duel-box.toml");
pub const ARENA: &str = include_str!("arena.toml");
const RULESET: &str = include_str!("rules.toml");

#[derive(Clone, Debug)]
pub struct Scene {
    pub name: &'static str,
    pub map: &'static str,
    pub ruleset: String,
    pub mode: &'static str,
    pub seed: u64,
    pub rate_hz: u32,
    pub keyframe_ticks: u32,
    pub time_limit_s: u32,
    pub score_limit: u16,
    pub friendly_fire: bool,
}

impl Scene {
    /// Half a second of warm-up and of waiting for a respawn, so that a log of a few seconds holds everything.
    pub fn duel(name: &'static str) -> Self {
        Self {
            name,
            map: DUEL_BOX,
            ruleset: ruleset(&[
                ("warmup_ms = 5_000", "warmup_ms = 500"),
                ("respawn_ms = 3_000", "respawn_ms = 500"),
            ]),
            mode: "duel",
            seed: 7,
            rate_hz: 128,
            keyframe_ticks: 320,
            time_limit_s: 60,
            score_limit: 30,
            friendly_fire: false,
        }
    }

    pub fn deathmatch(name: &'static str) -> Self {
        Self { map: ARENA, mode: "deathmatch", ..Self::duel(name) }
    }

    /// Changes the rules, for example `("reload_ms = 1_800", "reload_ms = 200")`.
    pub fn with_rule(mut self, from: &str, to: &str) -> Self {
        assert!(self.ruleset.contains(from), "the default ruleset has no {from:?}");
        self.ruleset = self.ruleset.replace(from, to);
        self
    }

    pub fn parts(&self) -> SimParts {
        self.parts_with(|_| {})
    }

    /// `change` may reorder what must not matter.
    pub fn parts_with(&self, change: impl FnOnce(&mut Map)) -> SimParts {
        let mut map = Map::parse(self.name, self.map).expect("the shipped maps are sound");
        change(&mut map);
        let ruleset =
            Kinds::SHIPPED.ruleset(self.name, &self.ruleset).expect("the changed rules are in range");
        let level = Level::build(&map, &ruleset.body).expect("the shipped maps have room");
        let tick_rate = TickRate::new(self.rate_hz).expect("the scene has one of the rates");
        let setup = SessionSetup {
            session: SessionId(*b"scripted-session"),
            tick_rate,
            seed: Seed(self.seed),
            mode: self.mode.to_owned(),
            max_players: map.max_players,
            friendly_fire: self.friendly_fire,
            time_limit: Tick(self.time_limit_s * self.rate_hz),
            score_limit: self.score_limit,
            map_hash: ContentHash::of(self.map.as_bytes()),
            ruleset_hash: ContentHash::of(self.ruleset.as_bytes()),
            limits: SimLimits { keyframe_ticks: self.keyframe_ticks, ..SimLimits::at(tick_rate) },
        };
        SimParts {
            kinds: Kinds::SHIPPED,
            setup,
            ruleset: Arc::new(ruleset),
            map: Arc::new(map),
            level: Arc::new(level),
        }
    }
}

fn ruleset(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(RULESET.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "the default ruleset has no {from:?}");
        text.replace(from, to)
    })
}
