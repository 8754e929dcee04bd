//! The kinds of weapons a ruleset can use: one file each, and its place in the list of `kinds.rs`.

use combat_components::event::Event;
use combat_components::ids::SimId;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::rules::Ruleset;
use combat_components::rules::kinds::{KindKeys, OwnNumbers};
use combat_components::streams::Streams;

use crate::consequences::{Doer, Does};
use crate::formulas::shot::{self, Struck, Target};
use crate::output::TickOutput;
use crate::spatial::Level;
use crate::things::{Act, Shape, ThingKind};
use combat_components::tick::TickRate;

pub mod hitscan;

/// A kind of weapon.
#[derive(Clone, Copy, Debug)]
pub struct WeaponKind {
    pub keys: KindKeys,
    /// Everything that a trigger pulled does. Rounds, intervals and reloads are the same for all kinds.
    pub fire: fn(&mut Firing<'_>),
    /// What the things do, and are, that it places.
    pub thing: Option<ThingKind>,
}

impl WeaponKind {
    pub const fn new(keys: KindKeys, fire: fn(&mut Firing<'_>)) -> Self {
        Self { keys, fire, thing: None }
    }

    /// As [`Self::new`], of a kind that places things which do this with every tick.
    pub const fn placing(self, act: Act) -> Self {
        Self { thing: Some(ThingKind { act, solid: None }), ..self }
    }

    /// As [`Self::placing`], of things that are solid.
    pub const fn placing_solid(self, act: Act, shape: Shape) -> Self {
        Self { thing: Some(ThingKind { act, solid: Some(shape) }), ..self }
    }
}

/// A trigger that has been pulled: what a weapon sees of the world, and how it does something to it.
#[derive(Debug)]
pub struct Firing<'a> {
    /// The numbers that the kind has of its own.
    pub own: &'a OwnNumbers,
    /// Where the shot begins: the eye of the shooter.
    pub eye: Vec3Mm,
    pub yaw: Yaw,
    pub pitch: Pitch,
    /// Whom the actor says that he means.
    pub target: Option<SimId>,
    pub shooter: SimId,
    /// The weapon's index in the ruleset.
    pub weapon: u8,
    pub ruleset: &'a Ruleset,
    pub rate: TickRate,
    pub level: &'a Level,
    /// Everybody alive, the shooter too.
    pub targets: &'a [Target],
    pub(crate) streams: &'a mut Streams,
    pub(crate) output: &'a mut TickOutput,
    pub(crate) doer: Doer<'a>,
}

/// How far a ray comes, and what ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight {
    pub distance_mm: i32,
    pub struck: Option<Struck>,
}

impl Firing<'_> {
    /// The direction of the aim, off by a random turn of at most `spread_turn` per axis.
    pub fn deviated(&mut self, spread_turn: u16) -> [f32; 3] {
        let spread = &mut self.streams.spread;
        let (yaw_off, pitch_off) = (spread.triangular(spread_turn), spread.triangular(spread_turn));
        shot::deviated(self.yaw, self.pitch, yaw_off, pitch_off)
    }

    /// Follows a ray from the eye to the first body but the shooter's, or to the level, at most `reach_mm` far. Of
    /// bodies that are equally far a draw decides.
    pub fn follow(&mut self, direction: [f32; 3], reach_mm: i32) -> Flight {
        let wall_mm = self.level.ray_distance_mm(self.eye, direction, reach_mm as u32);
        let wall_mm = wall_mm.map_or(reach_mm, |wall_mm| (wall_mm as i32).min(reach_mm));
        let ties = &mut self.streams.ties;
        let struck =
            shot::first_struck(&self.ruleset.body, self.eye, direction, self.shooter, self.targets, ties)
                .filter(|struck| struck.distance_um <= i64::from(wall_mm) * 1_000);
        let distance_mm = struck.map_or(wall_mm, |struck| (struck.distance_um / 1_000) as i32);
        Flight { distance_mm, struck }
    }

    /// Shows everybody the way of a shot.
    pub fn show(&mut self, direction: [f32; 3], flight: &Flight) {
        self.output.events.push(Event::Shot {
            shooter: self.shooter,
            weapon: self.weapon,
            from: self.eye,
            to: shot::along(self.eye, direction, flight.distance_mm),
            struck: flight.struck.map(|struck| struck.id),
        });
    }

    /// At the end of this tick.
    pub fn does(&mut self, on: SimId, does: Does) {
        self.doer.does(on, does);
    }
}
