//! One harness for every test of the simulation: a `Sim`, its players, and invariants checked after each tick.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrayvec::ArrayVec;
use combat_components::command::{Action, Claim, Command, Deed, LeaveCause, TickInput};
use combat_components::event::Event;
use combat_components::ids::{Pseudonym, SessionId, SimId, Slot, Team};
use combat_components::map::Map;
use combat_components::phase::Phase;
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_components::rules::Ruleset;
use combat_components::setup::{ContentHash, Seed, SessionSetup, SimLimits};
use combat_components::tick::{Tick, TickRate};
use combat_components::verdict::{Outcome, Verdict};
use combat_systems::kinds::Kinds;
use combat_systems::output::TickOutput;
use combat_systems::sim::{Sim, SimParts};
use combat_systems::spatial::Level;
use combat_systems::views::{Eye, OwnBody, PublicBody};

/// What a session is made from, before it is.
#[derive(Clone)]
pub struct Plan {
    pub kinds: Kinds,
    pub map: Map,
    pub ruleset: Ruleset,
    pub mode: &'static str,
    pub seed: u64,
    pub rate_hz: u32,
    pub friendly_fire: bool,
    pub score_limit: u16,
    pub time_limit_ticks: u32,
}

impl Plan {
    /// A deathmatch without limits that begins at once.
    pub fn on(map: Map) -> Self {
        let mut ruleset = default_rules();
        ruleset.matches.warmup_ms = 0;
        Self {
            kinds: Kinds::SHIPPED,
            map,
            ruleset,
            mode: "deathmatch",
            seed: 1,
            rate_hz: 128,
            friendly_fire: false,
            score_limit: 0,
            time_limit_ticks: 1_000_000,
        }
    }

    pub fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    pub fn parts(&self) -> SimParts {
        let level = Level::build(&self.map, &self.ruleset.body).expect("the map has room for its bodies");
        self.parts_in(Arc::new(level))
    }

    pub fn parts_in(&self, level: Arc<Level>) -> SimParts {
        SimParts {
            kinds: self.kinds,
            setup: SessionSetup {
                session: SessionId([7; 16]),
                tick_rate: TickRate::new(self.rate_hz).expect("an allowed rate"),
                seed: Seed(self.seed),
                mode: self.mode.to_owned(),
                max_players: self.map.max_players,
                friendly_fire: self.friendly_fire,
                time_limit: Tick(self.time_limit_ticks),
                score_limit: self.score_limit,
                map_hash: ContentHash::default(),
                ruleset_hash: ContentHash::default(),
                limits: SimLimits::at(TickRate::new(self.rate_hz).expect("an allowed rate")),
            },
            ruleset: Arc::new(self.ruleset.clone()),
            map: Arc::new(self.map.clone()),
            level,
        }
    }
}

pub fn default_rules() -> Ruleset {
    Kinds::SHIPPED
        .ruleset("default.toml", include_str!("../../../assets/rulesets/default.toml"))
        .expect("the default ruleset is valid")
}

/// Longer than anything that a test waits for.
const UNTIL_TICKS_MAX: u32 = 10_000;

pub struct Arena {
    pub sim: Sim,
    pub parts: SimParts,
    pub output: TickOutput,
    /// The commands of the next tick.
    pub input: TickInput,
    seqs: [u32; 64],
    view: Vec<PublicBody>,
    seen: BTreeMap<SimId, Seen>,
}

/// What the invariants compare with the tick before.
#[derive(Clone, Copy)]
struct Seen {
    alive: bool,
    input_seq: u32,
    pose_epoch: u32,
    pose: Pose,
}

impl Arena {
    pub fn new(plan: &Plan) -> Self {
        Self::of(plan.parts())
    }

    pub fn of(parts: SimParts) -> Self {
        let sim = Sim::new(&parts).expect("the plan names what the registries have");
        let output = sim.output().clone();
        Self { sim, parts, output, input: Vec::new(), seqs: [0; 64], view: Vec::new(), seen: BTreeMap::new() }
    }

    /// `players` have joined slots 0, 1, … and the match is active.
    pub fn fighting(plan: &Plan, players: u8) -> Self {
        let mut arena = Self::new(plan);
        arena.begin(players);
        arena
    }

    pub fn begin(&mut self, players: u8) {
        (0..players).for_each(|slot| self.join(slot, Team::NONE));
        self.until("the match has begun", |arena| arena.sim.match_state().phase == Phase::Active);
    }

    /// Steps until `is_so` after a tick, which may also say what the next one brings.
    pub fn until(&mut self, what: &str, mut is_so: impl FnMut(&mut Self) -> bool) {
        for _ in 0..UNTIL_TICKS_MAX {
            self.step();
            if is_so(self) {
                return;
            }
        }
        panic!("tick {}: it never comes that {what}: {:?}", self.tick(), self.sim.match_state());
    }

    pub fn join(&mut self, slot: u8, team: Team) {
        self.input.push(join(slot, team));
        self.seqs[usize::from(slot)] = 0;
    }

    pub fn leave(&mut self, slot: u8) {
        self.input.push(Command::Leave { slot: Slot(slot), cause: LeaveCause::Left, request: None });
    }

    /// Joins as somebody who plays over a socket, which a restart closes.
    pub fn join_by_socket(&mut self, slot: u8) {
        self.join(slot, Team::NONE);
        let Some(Command::Join { bot, .. }) = self.input.last_mut() else { unreachable!("it was pushed") };
        *bot = false;
        self.input.push(Command::Connected { slot: Slot(slot) });
    }

    /// One tick with the commands gathered; the invariants hold after it.
    pub fn step(&mut self) -> &TickOutput {
        let output = self.sim.step(&mut self.input);
        self.output.clone_from(output);
        self.input.clear();
        self.check();
        &self.output
    }

    pub fn step_by(&mut self, ticks: u32) {
        (0..ticks).for_each(|_| {
            self.step();
        });
    }

    pub fn tick(&self) -> u32 {
        self.sim.tick().0
    }

    pub fn level(&self) -> &Level {
        &self.parts.level
    }

    pub fn next_seq(&mut self, slot: u8) -> u32 {
        let seq = &mut self.seqs[usize::from(slot)];
        *seq += 1;
        *seq
    }

    pub fn own(&mut self, slot: u8) -> OwnBody {
        self.sim.own_view(Slot(slot)).expect("the slot is taken")
    }

    pub fn at(&mut self, slot: u8) -> Vec3Mm {
        self.own(slot).pose.at
    }

    pub fn public(&mut self, slot: u8) -> PublicBody {
        self.sim.view(Eye::All, &mut self.view);
        *self.view.iter().find(|body| body.slot == Slot(slot)).expect("the slot is taken")
    }

    /// Claims a pose in the present pose epoch; returns its `inputSeq`.
    pub fn claim(&mut self, slot: u8, client_tick: u32, at: Vec3Mm) -> u32 {
        let pose_epoch = self.own(slot).pose_epoch;
        self.claim_of(slot, client_tick, at, pose_epoch)
    }

    pub fn claim_of(&mut self, slot: u8, client_tick: u32, at: Vec3Mm, pose_epoch: u32) -> u32 {
        let input_seq = self.next_seq(slot);
        let claim = Claim {
            slot: Slot(slot),
            input_seq,
            client_tick,
            pose: Pose { at, ..Pose::default() },
            bends: ArrayVec::new(),
            view_tick: Tick(0),
            pose_epoch,
        };
        self.input.push(Command::Claim { claim });
        input_seq
    }

    pub fn act(&mut self, slot: u8, deed: Deed, yaw: Yaw, pitch: Pitch) -> u32 {
        self.act_after(slot, 0, deed, (yaw, pitch))
    }

    /// An action that names the claim it follows; returns its `inputSeq`.
    pub fn act_after(&mut self, slot: u8, follows: u32, deed: Deed, aim: (Yaw, Pitch)) -> u32 {
        let input_seq = self.next_seq(slot);
        self.input.push(Command::Action { action: action(slot, input_seq, follows, deed, aim) });
        input_seq
    }

    /// An attack at the middle of another body.
    pub fn attack(&mut self, slot: u8, target: u8) -> u32 {
        let (yaw, pitch) = self.aim(slot, target, 900);
        self.act(slot, Deed::Attack, yaw, pitch)
    }

    /// Where `slot` looks to see the point `up_mm` above the feet of `target`.
    pub fn aim(&mut self, slot: u8, target: u8, up_mm: i32) -> (Yaw, Pitch) {
        let eye_mm = self.parts.ruleset.body.eye_height_mm;
        let (from, to) = (self.at(slot), self.at(target));
        look(Vec3Mm { y: from.y + eye_mm, ..from }, Vec3Mm { y: to.y + up_mm, ..to })
    }

    pub fn verdict(&self, slot: u8, input_seq: u32) -> Option<Verdict> {
        let mut verdicts = self.output.verdicts.iter();
        verdicts.find(|verdict| verdict.origin.player() == Some((Slot(slot), input_seq))).copied()
    }

    /// The reason an action was refused for, or `None` when it was applied.
    pub fn refusal(&self, slot: u8, input_seq: u32) -> Option<Reason> {
        let verdict = self.verdict(slot, input_seq).expect("every action has a verdict at its tick");
        assert_eq!(verdict.outcome == Outcome::Applied, verdict.reason.is_none());
        verdict.reason
    }

    /// Displacements of `slot` in this tick.
    pub fn displaced(&self, slot: u8) -> Vec<Reason> {
        let of_slot = |event: &Event| match event {
            Event::Displaced { slot: of, reason, .. } if of.0 == slot => Some(*reason),
            _ => None,
        };
        self.output.events.iter().filter_map(of_slot).collect()
    }

    pub fn shots(&self) -> usize {
        self.output.events.iter().filter(|event| matches!(event, Event::Shot { .. })).count()
    }

    fn check(&mut self) {
        self.sim.view(Eye::All, &mut self.view);
        let view = std::mem::take(&mut self.view);
        assert!(view.is_sorted_by_key(|body| body.id), "bodies come in the order of their ids");
        let mut seen = BTreeMap::new();
        for body in &view {
            let own = self.sim.own_view(body.slot).expect("a body in the view has an owner");
            self.check_body(body, &own);
            let now = Seen {
                alive: body.alive,
                input_seq: own.input_seq,
                pose_epoch: own.pose_epoch,
                pose: body.pose,
            };
            if let Some(before) = self.seen.get(&body.id) {
                self.check_change(body, before, &now);
            }
            seen.insert(body.id, now);
        }
        (self.view, self.seen) = (view, seen);
    }

    fn check_body(&self, body: &PublicBody, own: &OwnBody) {
        let rules = self.sim.rules();
        let (tick, at) = (self.sim.tick(), body.pose.at);
        assert!(!self.level().overlaps(at), "tick {tick:?}: {:?} stands in solid at {at:?}", body.id);
        assert!(self.level().contains(at), "tick {tick:?}: {:?} left the bounds at {at:?}", body.id);
        let magazine = rules.weapons[usize::from(own.weapon)].rules.magazine_rounds;
        assert!(own.rounds <= magazine, "{} rounds in a magazine of {magazine}", own.rounds);
        assert!(own.bank_ticks <= rules.bank_ticks_max, "the bank holds {}", own.bank_ticks);
        let shape = &rules.ruleset.body;
        assert!((0..=shape.health_points).contains(&body.health_points), "health {}", body.health_points);
        assert!((0..=shape.armour_points).contains(&body.armour_points), "armour {}", body.armour_points);
        assert_eq!(
            body.alive,
            body.health_points > 0,
            "tick {tick:?}: {:?} lives while it has health",
            body.id
        );
        assert_eq!(body.pose, own.pose);
    }

    fn check_change(&self, body: &PublicBody, before: &Seen, now: &Seen) {
        assert!(now.input_seq >= before.input_seq, "{:?}: inputSeq fell", body.id);
        let displaced = self.displaced(body.slot.0).len() as u32;
        assert_eq!(now.pose_epoch, before.pose_epoch + displaced, "every displacement is told");
        if before.alive {
            return;
        }
        let acted = self.output.events.iter().any(|event| match event {
            Event::Shot { shooter, .. } => *shooter == body.id,
            Event::AbilityUsed { id, .. } => *id == body.id,
            Event::Damaged { victim, .. } => *victim == body.id,
            _ => false,
        });
        assert!(!acted, "{:?} was dead and did or suffered something", body.id);
        assert!(displaced > 0 || before.pose == now.pose, "{:?} was dead and moved", body.id);
    }
}

pub fn join(slot: u8, team: Team) -> Command {
    Command::Join {
        slot: Slot(slot),
        pseudonym: Pseudonym(1_000 + u64::from(slot)),
        team,
        bot: true,
        request: None,
    }
}

pub fn action(slot: u8, input_seq: u32, follows: u32, deed: Deed, (yaw, pitch): (Yaw, Pitch)) -> Action {
    Action {
        slot: Slot(slot),
        input_seq,
        follows,
        yaw,
        pitch,
        view_tick: Tick(0),
        view_fraction: 0,
        deed,
        target: None,
    }
}

/// The direction from one point to another, to the nearest 1/65,536 turn.
pub fn look(from: Vec3Mm, to: Vec3Mm) -> (Yaw, Pitch) {
    let part = |from: i32, to: i32| f64::from(to) - f64::from(from);
    let (x, y, z) = (part(from.x, to.x), part(from.y, to.y), part(from.z, to.z));
    let turns = |radians: f64| libm::round(radians * 65_536.0 / std::f64::consts::TAU) as i32;
    let yaw = turns(libm::atan2(-x, -z)).rem_euclid(65_536) as u16;
    let limit = i32::from(Pitch::LIMIT);
    let pitch = turns(libm::atan2(y, libm::sqrt(x * x + z * z))).clamp(-limit, limit) as i16;
    (Yaw(yaw), Pitch::new(pitch).expect("the elevation was clamped"))
}
