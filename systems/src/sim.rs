//! One session's simulation: a world, a schedule and nothing else.

use std::sync::Arc;

use bevy_ecs::entity::Entity;
use bevy_ecs::query::QueryState;
use bevy_ecs::schedule::{LogLevel, Schedule, ScheduleBuildSettings, SingleThreadedExecutor};
use bevy_ecs::world::World;
use combat_components::canon::CanonError;
use combat_components::claims::ClaimState;
use combat_components::command::TickInput;
use combat_components::departed::DepartedPlayers;
use combat_components::identity::Identity;
use combat_components::ids::{SimId, Slot};
use combat_components::limits::COMMANDS_PER_TICK_MAX;
use combat_components::link::Link;
use combat_components::map::Map;
use combat_components::mode_state::ModeState;
use combat_components::phase::{MatchState, Phase as MatchPhase};
use combat_components::places::PlacesLeft;
use combat_components::rules::Ruleset;
use combat_components::setup::SessionSetup;
use combat_components::streams::Streams;
use combat_components::things::Things;
use combat_components::tick::Tick;

use crate::consequences::Consequences;
use crate::hold::is_still_to_be_shown;
use crate::inbox::{Inbox, Now};
use crate::kinds::Kinds;
use crate::membership::Placing;
use crate::output::TickOutput;
use crate::phases::Phase;
use crate::roster::Roster;
use crate::snapshot::HashBytes;
use crate::spatial::Level;
use crate::state::{Fighter, StateKind, describe_component, describe_resource, put_component, put_resource};
use crate::tick_rules::{SessionLevel, SetupError, TickRules};
use crate::views::{Eye, OwnBody, PublicBody, body_for, own_body};
use crate::{
    action, cooldown, crowding, damage, history, input, keyframe, match_flow, movement, phases, snapshot,
    solids,
};

/// What a simulation is made from. The contents are shared by all sessions that use them.
#[derive(Clone, Debug)]
pub struct SimParts {
    pub kinds: Kinds,
    pub setup: SessionSetup,
    pub ruleset: Arc<Ruleset>,
    pub map: Arc<Map>,
    pub level: Arc<Level>,
}

/// A session, to be stepped tick by tick.
pub struct Sim {
    pub(crate) world: World,
    pub(crate) schedule: Schedule,
    pub(crate) fighters: QueryState<Fighter>,
}

impl std::fmt::Debug for Sim {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sim").field("tick", &self.tick()).finish_non_exhaustive()
    }
}

/// Why a keyframe could not be restored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RestoreError {
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error("keyframe: {0}")]
    Keyframe(#[from] CanonError),
}

impl Sim {
    /// A session at tick 0, with nobody in it.
    ///
    /// # Errors
    /// When the setup or the ruleset names what is not among the kinds.
    pub fn new(parts: &SimParts) -> Result<Self, SetupError> {
        let rules =
            TickRules::new(&parts.kinds, parts.setup.clone(), parts.ruleset.clone(), parts.map.clone())?;
        let keeps = ModeState::zeros(rules.mode.keeps());
        let keeps = keeps.ok_or(SetupError::Limit { limit: "count of what the mode keeps" })?;
        let mut world = World::new();
        world.insert_resource(keeps);
        world.insert_resource(Streams::seeded(parts.setup.seed.0));
        world.insert_resource(rules);
        world.insert_resource(SessionLevel { level: Level::clone(&parts.level), stands: Vec::new() });
        world.insert_resource(MatchState { empty_since: Some(Tick(0)), ..MatchState::default() });
        world.insert_resource(Inbox::with_capacity());
        world.init_resource::<DepartedPlayers>();
        world.init_resource::<Things>();
        world.init_resource::<Roster>();
        world.init_resource::<Now>();
        world.init_resource::<TickOutput>();
        world.init_resource::<Consequences>();
        world.init_resource::<PlacesLeft>();
        world.insert_resource(HashBytes::of(&parts.setup));
        world.init_resource::<Placing>();
        let fighters = world.query::<Fighter>();
        let schedule = built_schedule(&mut world);
        Ok(Self { world, schedule, fighters })
    }

    /// A session as it was when [`Self::write_keyframe`] was called.
    ///
    /// # Errors
    /// When the bytes are not a keyframe of such a session.
    pub fn restore(parts: &SimParts, keyframe: &[u8]) -> Result<Self, RestoreError> {
        let mut sim = Self::new(parts)?;
        keyframe::read(&mut sim.world, keyframe)?;
        solids::stand_in(&mut sim.world);
        Ok(sim)
    }

    /// As [`Self::restore`], of a session made from the same parts, in place of the state that this one has: much cheaper,
    /// because its schedule is built.
    ///
    /// # Errors
    /// When the bytes are not a keyframe of such a session; this one is then to be dropped.
    pub fn return_to(&mut self, keyframe: &[u8]) -> Result<(), CanonError> {
        let bodies: Vec<Entity> = self.world.resource::<Roster>().entities().collect();
        for body in bodies {
            self.world.despawn(body);
        }
        let hash_bytes = HashBytes::of(&self.rules().setup);
        self.world.insert_resource(hash_bytes);
        self.world.insert_resource(TickOutput::default());
        self.world.insert_resource(Consequences::default());
        keyframe::read(&mut self.world, keyframe)?;
        solids::stand_in(&mut self.world);
        Ok(())
    }

    /// Simulates one tick. `input` is given back as it was.
    ///
    /// # Panics
    /// When `input` holds more than a tick may: hosts and readers keep `TickBounds`.
    pub fn step(&mut self, input: &mut TickInput) -> &TickOutput {
        assert!(input.len() <= COMMANDS_PER_TICK_MAX, "{} commands in one tick", input.len());
        std::mem::swap(&mut self.world.resource_mut::<Inbox>().commands, input);
        self.schedule.run(&mut self.world);
        self.world.clear_trackers();
        std::mem::swap(&mut self.world.resource_mut::<Inbox>().commands, input);
        self.world.resource()
    }

    /// Takes back the input of a tick whose simulation panicked; the simulation is then to be dropped.
    pub fn reclaim_input(&mut self, input: &mut TickInput) {
        std::mem::swap(&mut self.world.resource_mut::<Inbox>().commands, input);
    }

    pub fn tick(&self) -> Tick {
        self.world.resource::<Now>().0
    }

    pub fn output(&self) -> &TickOutput {
        self.world.resource()
    }

    pub fn match_state(&self) -> &MatchState {
        self.world.resource()
    }

    /// Who has left, and what is kept of them.
    pub fn departed(&self) -> &DepartedPlayers {
        self.world.resource()
    }

    pub fn rules(&self) -> &TickRules {
        self.world.resource()
    }

    pub fn player_count(&self) -> usize {
        self.world.resource::<Roster>().len()
    }

    /// Appends the whole state to `out`.
    pub fn write_keyframe(&mut self, out: &mut Vec<u8>) {
        keyframe::write(&mut self.world, out);
    }

    /// Every body that `eye` sees, as it sees it, in `SimId` order.
    pub fn view(&mut self, eye: Eye, out: &mut Vec<PublicBody>) {
        out.clear();
        let fighters = self.fighters.query(&self.world);
        let in_order = self.world.resource::<Roster>().entities();
        let fighters = in_order.filter_map(|entity| fighters.get(entity).ok());
        out.extend(fighters.filter_map(|fighter| body_for(eye, &fighter)));
    }

    /// By which eye the player in `slot` sees; `None` for an empty slot. As nothing is hidden from a team, all share one,
    /// and what they are sent is made once.
    pub fn eye_of(&self, slot: Slot) -> Option<Eye> {
        self.world.resource::<Roster>().in_slot(slot).map(|_| Eye::All)
    }

    /// What the owner of `slot` sees of his own body; `None` for an empty slot.
    pub fn own_view(&mut self, slot: Slot) -> Option<OwnBody> {
        let (now, entity) = (self.tick(), self.world.resource::<Roster>().in_slot(slot)?);
        let fighters = self.fighters.query(&self.world);
        let fighter = fighters.get(entity).ok()?;
        Some(own_body(&fighter, now, self.world.resource()))
    }

    /// Who is in the session, and how each is linked, in `SimId` order.
    pub fn members(&self) -> impl Iterator<Item = (SimId, Identity, Link)> + '_ {
        self.world.resource::<Roster>().entities().map(|entity| {
            let member = self.world.entity(entity);
            let part = "every body in the roster has id, identity and link";
            (
                *member.get::<SimId>().expect(part),
                *member.get::<Identity>().expect(part),
                *member.get::<Link>().expect(part),
            )
        })
    }

    /// Whether the body in `slot`, should it leave in the next tick, stands until a frame has shown its shot.
    pub fn would_stand_on(&self, slot: Slot) -> bool {
        let claims =
            self.world.resource::<Roster>().in_slot(slot).map(|entity| self.world.get::<ClaimState>(entity));
        let hold = claims.flatten().and_then(|claims| claims.hold);
        self.match_state().phase != MatchPhase::Ended && is_still_to_be_shown(&hold, self.tick().plus(1))
    }

    /// Whether this session has state of a kind.
    pub fn keeps(&self, kind: StateKind) -> bool {
        kind.is_kept_in(&self.world)
    }

    /// The canonical bytes of one kind of state, per body; `None` stands for a resource. None of a kind that is not kept.
    pub fn canonical(&mut self, kind: StateKind) -> Vec<(Option<SimId>, Vec<u8>)> {
        if !self.keeps(kind) {
            return Vec::new();
        }
        if !kind.is_resource() {
            return self.canonical_components(kind);
        }
        let mut bytes = Vec::new();
        put_resource(&self.world, kind, &mut bytes);
        vec![(None, bytes)]
    }

    fn canonical_components(&mut self, kind: StateKind) -> Vec<(Option<SimId>, Vec<u8>)> {
        let fighters = self.fighters.query(&self.world);
        let in_order = self.world.resource::<Roster>().entities();
        let of = |entity| {
            let fighter = fighters.get(entity).expect("every entity of the roster is a fighter");
            let mut bytes = Vec::new();
            put_component(&fighter, kind, &mut bytes);
            (Some(*fighter.id), bytes)
        };
        in_order.map(of).collect()
    }

    /// One kind of state as text for a report; `id` is `None` for a resource.
    pub fn describe(&mut self, kind: StateKind, id: Option<SimId>) -> String {
        if kind.is_resource() {
            return describe_resource(&self.world, kind);
        }
        let entity = id.and_then(|id| self.world.resource::<Roster>().of(id));
        let Some(entity) = entity else {
            return "absent".to_owned();
        };
        let fighters = self.fighters.query(&self.world);
        let fighter = fighters.get(entity).expect("every entity of the roster is a fighter");
        describe_component(&fighter, kind)
    }

    /// Pairs of systems whose order is not fixed and whose data overlap; a test asserts that there are none.
    pub fn ambiguity_count(&self) -> usize {
        self.schedule.graph().conflicting_systems().len()
    }

    /// How many more places to appear may be asked for; a test asserts that they run out.
    pub fn places_left(&self) -> u32 {
        self.world.resource::<PlacesLeft>().get()
    }

    /// How many archetypes the world has, and that of every body in `SimId` order; a test asserts that they stay.
    pub fn archetypes(&self) -> (usize, Vec<usize>) {
        let of_bodies = self.world.resource::<Roster>().entities();
        let of_bodies = of_bodies.map(|entity| self.world.entity(entity).archetype().id().index());
        (self.world.archetypes().len(), of_bodies.collect())
    }
}

type Install = fn(&mut Schedule);

/// Every family of systems, in the order they run, with the phase it belongs to.
pub(crate) const SYSTEMS: [(Phase, Install); 9] = [
    (Phase::Input, input::install),
    (Phase::Movement, movement::install),
    (Phase::Movement, crowding::install),
    (Phase::History, history::install),
    (Phase::Action, action::install),
    (Phase::Damage, damage::install),
    (Phase::Cooldown, cooldown::install),
    (Phase::Cooldown, match_flow::install),
    (Phase::Snapshot, snapshot::install),
];

fn built_schedule(world: &mut World) -> Schedule {
    let mut schedule = empty_schedule();
    phases::install(&mut schedule);
    SYSTEMS.into_iter().for_each(|(_, install)| install(&mut schedule));
    solids::install(&mut schedule, world.resource());
    schedule.initialize(world).expect("the phases are chained, so no order is left open");
    schedule
}

fn empty_schedule() -> Schedule {
    let mut schedule = Schedule::default();
    schedule.set_executor(SingleThreadedExecutor::new());
    schedule.set_build_settings(ScheduleBuildSettings {
        ambiguity_detection: LogLevel::Error,
        ..ScheduleBuildSettings::default()
    });
    schedule
}

#[cfg(test)]
mod tests {
    use super::*;
    use bevy_ecs::resource::Resource;
    use bevy_ecs::schedule::IntoScheduleConfigs;
    use bevy_ecs::system::ResMut;
    use std::thread::ThreadId;

    #[derive(Resource, Default)]
    struct Threads(Vec<ThreadId>);

    fn note_thread(mut threads: ResMut<Threads>) {
        threads.0.push(std::thread::current().id());
    }

    #[test]
    fn every_system_runs_on_the_thread_that_steps() {
        let mut world = World::new();
        world.init_resource::<Threads>();
        let mut schedule = empty_schedule();
        (0..64).for_each(|_| {
            schedule.add_systems(note_thread.ambiguous_with_all());
        });
        schedule.run(&mut world);
        assert_eq!(world.resource::<Threads>().0, [std::thread::current().id(); 64]);
    }
}
