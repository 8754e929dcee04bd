//! Random matches, and what must hold after every tick of them.

use std::collections::BTreeMap;

use combat_components::body::Body;
use combat_components::canon::{Canon, Reader};
use combat_components::command::{Command, Deed, LeaveCause};
use combat_components::event::Event;
use combat_components::ids::{Pseudonym, SimId, Slot, Team};
use combat_components::phase::Phase;
use combat_components::quantity::{Pitch, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_components::rules::WeaponRules;
use combat_components::score::Score;
use combat_components::streams::Stream;
use combat_components::verdict::Outcome;
use combat_components::vitals::Vitals;
use combat_components::weapon::Arms;
use combat_systems::formulas::bodies::heading;
use combat_systems::spatial::{Trail, Walker, Wish};
use combat_systems::state::StateKind;

use crate::arena::{Arena, Plan};
use crate::maps;

const TICKS: u32 = if cfg!(debug_assertions) { 1_500 } else { 12_000 };
const SEEDS: u64 = if cfg!(debug_assertions) { 10 } else { 40 };
pub const SLOTS: u8 = 5;
const PLAYERS: u32 = 9;

pub fn plan(seed: u64) -> Plan {
    let places = [[-4_000, 0, -4_000], [4_000, 0, -4_000], [-4_000, 0, 4_000], [4_000, 0, 4_000], [0, 0, 0]];
    let mut plan = Plan::on(maps::plain(&places)).seeded(seed);
    plan.mode = ["deathmatch", "duel"][(seed % 2) as usize];
    plan.friendly_fire = (seed / 2).is_multiple_of(2);
    plan.rate_hz = [128, 32][(seed / 4 % 2) as usize];
    plan.ruleset.matches.respawn_ms = 300;
    plan.ruleset.matches.warmup_ms = 200;
    let rifle = &mut plan.ruleset.weapons[0];
    rifle.own.set("damage_points", 37);
    (rifle.magazine_rounds, rifle.draw_ms, rifle.reload_ms) = (5, 80, 150);
    let mut cannon = WeaponRules { name: "cannon".into(), fire_interval_ms: 400, ..rifle.clone() };
    cannon.own.set("damage_points", 900);
    let mut needle = WeaponRules { name: "needle".into(), fire_interval_ms: 10, draw_ms: 0, ..rifle.clone() };
    needle.own.set("damage_points", 1);
    plan.ruleset.weapons.extend([cannon, needle]);
    plan
}

/// One who walks about and says so, at the rate that is asked for; in each pose epoch from where he was put.
pub struct Legs {
    walker: Walker,
    trail: Trail,
    wish: Wish,
    id: SimId,
    pose_epoch: u32,
    client_tick: u32,
}

impl Legs {
    fn of(arena: &mut Arena, slot: u8) -> Self {
        let (own, rate) = (arena.own(slot), arena.parts.setup.tick_rate);
        let walker = Walker::new(arena.parts.ruleset.movement, rate, own.pose.at);
        let trail = Trail::starting(own.pose.at);
        Self { walker, trail, wish: Wish::default(), id: own.id, pose_epoch: 0, client_tick: 1_000 }
    }

    /// Where it was put and as fast as it was told last, by the clock that was told.
    fn begin_anew(&mut self, arena: &mut Arena, slot: u8) {
        let own = arena.own(slot);
        self.pose_epoch = own.pose_epoch;
        let told = arena.output.events.iter().rev().find_map(|event| match event {
            Event::Displaced { slot: of, velocity, client_tick, .. } if of.0 == slot => {
                Some((*velocity, *client_tick))
            }
            _ => None,
        });
        let (velocity, client_tick) = told.unwrap_or_default();
        self.walker.place_moving(&arena.parts.level, own.pose.at, velocity);
        self.trail = Trail::starting(own.pose.at);
        match client_tick {
            Some(client_tick) => self.client_tick = client_tick,
            None => _ = arena.claim(slot, self.client_tick, own.pose.at),
        }
    }

    fn walk(&mut self, arena: &mut Arena, stream: &mut Stream, slot: u8) {
        if arena.own(slot).pose_epoch != self.pose_epoch {
            self.begin_anew(arena, slot);
        }
        let at = self.walker.at();
        // Towards the middle again where the field ends.
        if at.x.abs().max(at.z.abs()) > 9_000 {
            self.wish.direction = heading(at, Vec3Mm::default()).unwrap_or_default();
        } else if stream.below(60) == 0 {
            self.wish = Wish {
                direction: Yaw(stream.draw() as u16),
                speed_mm_per_s: [0, 3_000, 6_500][stream.below(3) as usize],
                jump: stream.below(4) == 0,
            };
        }
        let level = arena.parts.level.clone();
        let walked = self.walker.step(&level, &self.wish);
        if !self.trail.add(&level, &walked) {
            self.claim(arena, slot);
            assert!(self.trail.add(&level, &walked), "one step always fits an empty trail");
        }
        self.client_tick += 1;
        let every_ticks = arena.parts.setup.tick_rate.hz().div_ceil(30);
        if (arena.tick() + u32::from(slot)).is_multiple_of(every_ticks) {
            self.claim(arena, slot);
        }
    }

    fn claim(&mut self, arena: &mut Arena, slot: u8) {
        arena.claim(slot, self.client_tick, self.trail.at());
        let Some(Command::Claim { claim }) = arena.input.last_mut() else { unreachable!("it was pushed") };
        claim.bends.clone_from(self.trail.bends());
        self.trail.claimed();
    }
}

/// Whoever is alive walks, and of the dead one or the other says that he does.
pub fn walk(arena: &mut Arena, legs: &mut [Option<Legs>], stream: &mut Stream, happened: &mut Happened) {
    for (slot, legs) in (0..SLOTS).zip(legs) {
        let Some(own) = arena.sim.own_view(Slot(slot)) else {
            *legs = None;
            continue;
        };
        let public = arena.public(slot);
        if legs.as_ref().is_none_or(|legs| legs.id != own.id) {
            *legs = Some(Legs::of(arena, slot));
        }
        let legs = legs.as_mut().expect("they were just made");
        if public.alive {
            legs.walk(arena, stream, slot);
        } else if stream.below(4) == 0 {
            legs.client_tick += 4;
            arena.claim(slot, legs.client_tick, Vec3Mm { x: own.pose.at.x + 20, ..own.pose.at });
            happened.claims_of_the_dead += 1;
        }
    }
}

/// Everybody does something now and then; people come, go, lose their link and come back in other slots.
pub fn stir(arena: &mut Arena, stream: &mut Stream) {
    for slot in 0..SLOTS {
        let is_in = arena.sim.own_view(Slot(slot)).is_some();
        if !is_in {
            if stream.below(40) == 0 {
                join(arena, stream, slot);
            }
            continue;
        }
        match stream.below(400) {
            0 => {
                let cause = [LeaveCause::Left, LeaveCause::WindowExpired, LeaveCause::Kicked];
                let cause = cause[stream.below(3) as usize];
                arena.input.push(Command::Leave { slot: Slot(slot), cause, request: None });
            }
            1 => arena.input.push(Command::Disconnected { slot: Slot(slot) }),
            2 | 3 => arena.input.push(Command::Connected { slot: Slot(slot) }),
            4..60 => act(arena, stream, slot),
            _ => {}
        }
    }
}

fn join(arena: &mut Arena, stream: &mut Stream, slot: u8) {
    let pseudonym = Pseudonym(u64::from(stream.below(PLAYERS)));
    let present = arena.sim.members().any(|(_, identity, _)| identity.pseudonym == pseudonym);
    let joining = arena.input.iter().any(|command| matches!(command, Command::Join { .. }));
    if present || joining {
        return;
    }
    let (team, bot) = (Team(stream.below(4) as u8), stream.below(3) > 0);
    arena.join(slot, team);
    *arena.input.last_mut().expect("the join was pushed") =
        Command::Join { slot: Slot(slot), pseudonym, team, bot, request: None };
}

fn act(arena: &mut Arena, stream: &mut Stream, slot: u8) {
    let target = stream.below(u32::from(SLOTS)) as u8;
    let present = target != slot && arena.sim.own_view(Slot(target)).is_some();
    let up_mm = 600 + stream.below(1_300) as i32;
    let (yaw, pitch) = if present { arena.aim(slot, target, up_mm) } else { (Yaw(0), Pitch::default()) };
    let deed = match stream.below(20) {
        0 => Deed::Reload,
        1 | 2 => Deed::Switch { index: stream.below(4) as u8 },
        3 => Deed::Ability { index: stream.below(arena.sim.rules().abilities.len() as u32) as u8 },
        _ => Deed::Attack,
    };
    arena.act(slot, deed, yaw, pitch);
}

pub fn parts<T: Canon>(arena: &mut Arena, kind: StateKind) -> BTreeMap<SimId, T> {
    let parts = arena.sim.canonical(kind).into_iter();
    let read = |bytes: Vec<u8>| T::take(&mut Reader::new(&bytes)).expect("a component is canonical");
    parts.map(|(id, bytes)| (id.expect("components have an owner"), read(bytes))).collect()
}

/// What the state was before a tick.
struct Before {
    vitals: BTreeMap<SimId, Vitals>,
    arms: BTreeMap<SimId, Arms>,
    bodies: BTreeMap<SimId, Body>,
    phase: Phase,
}

impl Before {
    fn of(arena: &mut Arena) -> Self {
        Self {
            vitals: parts(arena, StateKind::Vitals),
            arms: parts(arena, StateKind::Arms),
            bodies: parts(arena, StateKind::Body),
            phase: arena.sim.match_state().phase,
        }
    }
}

#[derive(Debug, Default)]
pub struct Happened {
    deaths: u32,
    by_leaving: u32,
    overkills: u32,
    at_the_dead: u32,
    returns: u32,
    switches: u32,
    rounds_over: u32,
    ended: u32,
    moved: u32,
    corrected: u32,
    held: u32,
    claims_of_the_dead: u32,
}

/// No claim of a walker is refused but those that a shot holds, and one that follows such a one: with it a bend was lost,
/// where its body landed and jumped again.
fn check_claims(arena: &mut Arena, before: &Before, held_at: &mut [u32], happened: &mut Happened) {
    for (id, body) in parts::<Body>(arena, StateKind::Body) {
        let was = before.bodies.get(&id).filter(|was| was.pose.at != body.pose.at);
        let lived = before.vitals.get(&id).is_some_and(Vitals::is_alive);
        happened.moved += u32::from(was.is_some() && lived);
    }
    let claim_ticks = arena.parts.setup.tick_rate.hz().div_ceil(30);
    for verdict in &arena.output.verdicts {
        let Some((slot, _)) = verdict.origin.player() else { continue };
        let held_at = &mut held_at[usize::from(slot.0)];
        if verdict.reason == Some(Reason::HeldByShot) {
            *held_at = arena.tick();
            happened.held += 1;
        } else if verdict.outcome == Outcome::Corrected {
            assert_eq!(verdict.reason, Some(Reason::TooHigh), "{verdict:?}");
            assert!(arena.tick() - *held_at <= 2 * claim_ticks, "tick {}: {verdict:?}", arena.tick());
            happened.corrected += 1;
        }
    }
}

fn check_hits(arena: &Arena, happened: &mut Happened) {
    for hit in arena.output.verdicts.iter().filter_map(|verdict| verdict.hit) {
        let harm = hit.harm;
        assert!(harm.taken.0 >= 0 && harm.absorbed.0 >= 0 && harm.overkill.0 >= 0, "{hit:?}");
        assert_eq!(hit.amount.0, harm.taken.0 + harm.absorbed.0 + harm.overkill.0, "{hit:?}");
        assert_eq!(hit.killed, hit.remaining_health.0 == 0 && harm.taken.0 > 0, "{hit:?}");
        assert!(harm.overkill.0 == 0 || hit.remaining_health.0 == 0, "{hit:?}: something was left to take");
        happened.overkills += u32::from(harm.overkill.0 > 0);
        happened.at_the_dead += u32::from(harm.overkill == hit.amount);
    }
}

/// What was lost in a tick is what was dealt in it, body by body.
fn check_losses(arena: &Arena, before: &Before, after: &BTreeMap<SimId, Vitals>) {
    let mut lost: BTreeMap<SimId, i32> = BTreeMap::new();
    for event in &arena.output.events {
        if let Event::Damaged { victim, harm, remaining_health, .. } = event {
            assert!(harm.dealt().0 > 0, "{event:?}");
            assert!(remaining_health.0 >= 0);
            *lost.entry(*victim).or_default() += harm.dealt().0;
        }
    }
    for (id, vitals) in &before.vitals {
        let lost = lost.get(id).copied().unwrap_or_default();
        assert!(lost <= vitals.health.0 + vitals.armour.0, "{id:?} lost more than he had");
        assert!(lost == 0 || vitals.is_alive(), "{id:?} was dead and lost something");
        let placed = arena.output.events.iter().any(|event| {
            matches!(event, Event::Displaced { id: of, reason, .. }
                if of == id && *reason == Reason::Spawned)
        });
        if let (Some(now), false) = (after.get(id), placed) {
            let left = vitals.health.0 + vitals.armour.0 - now.health.0 - now.armour.0;
            assert_eq!(left, lost, "{id:?} lost what he was dealt and nobody is healed");
        }
    }
}

/// Who was dead before a tick does nothing in it, and who died in it has no reload to finish.
fn check_deeds(arena: &Arena, before: &Before, after: &BTreeMap<SimId, Vitals>) {
    let lives = |vitals: &BTreeMap<SimId, Vitals>, id: &SimId| vitals.get(id).is_some_and(Vitals::is_alive);
    for event in &arena.output.events {
        match event {
            Event::Shot { shooter: id, .. } | Event::AbilityUsed { id, .. } | Event::Switched { id, .. } => {
                assert!(lives(&before.vitals, id), "{id:?} was dead: {event:?}");
            }
            Event::Reloaded { id, .. } => assert!(lives(&before.vitals, id) && lives(after, id), "{event:?}"),
            _ => {}
        }
    }
}

fn check_scores(arena: &mut Arena, present: &BTreeMap<SimId, Score>, state: Phase) {
    let departed = arena.sim.departed().0.iter().map(|departed| departed.score);
    let all: Vec<Score> = present.values().copied().chain(departed).collect();
    let sum = |of: fn(&Score) -> i64| all.iter().map(of).sum::<i64>();
    assert_eq!(sum(|score| score.damage_dealt), sum(|score| score.damage_taken), "{state:?}");
    assert!(sum(|score| score.kills.into()) <= sum(|score| score.deaths.into()));
    assert!(sum(|score| score.hits.into()) <= sum(|score| score.shots.into()));
    assert!(sum(|score| score.headshots.into()) <= sum(|score| score.hits.into()));
}

fn check_arms(arena: &mut Arena, before: &Before, after: &BTreeMap<SimId, Arms>) {
    let (now, rules) = (arena.sim.tick(), arena.sim.rules());
    for (id, arms) in after {
        let weapon = rules.weapons.get(usize::from(arms.in_hand)).expect("a weapon of the ruleset");
        for (index, weapon) in rules.weapons.iter().enumerate() {
            assert!(arms.rounds[index] <= weapon.rules.magazine_rounds, "{id:?}: {arms:?}");
            assert!(arms.ready_at[index] <= now.plus(weapon.fire_interval_ticks), "{id:?}: {arms:?}");
        }
        assert!(arms.drawn_at <= now.plus(weapon.draw_ticks), "{id:?}: {arms:?}");
        assert!(arms.reloaded_at.is_none_or(|at| at > now && at <= now.plus(weapon.reload_ticks)));
        let fired = |index: usize| {
            before.arms.get(id).is_some_and(|before| arms.rounds[index] < before.rounds[index])
        };
        let was = before.arms.get(id).filter(|was| was.in_hand == arms.in_hand);
        let too_early = was.is_some_and(|was| fired(usize::from(was.in_hand)) && now < was.fires_at());
        assert!(!too_early, "{id:?} fired before its time: {arms:?}");
    }
    for (_, bytes) in arena.sim.canonical(StateKind::Cooldowns) {
        let cooldowns =
            combat_components::ability::Cooldowns::take(&mut Reader::new(&bytes)).expect("it is one");
        for (index, ability) in arena.sim.rules().abilities.iter().enumerate() {
            assert!(cooldowns.ready_at[index] <= now.plus(ability.cooldown_ticks), "{cooldowns:?}");
        }
    }
}

fn check_vitals(arena: &Arena, after: &BTreeMap<SimId, Vitals>) {
    let (now, rules) = (arena.sim.tick(), arena.sim.rules());
    let shape = &rules.ruleset.body;
    for (id, vitals) in after {
        assert!((0..=shape.health_points * 1_000).contains(&vitals.health.0), "{id:?}: {vitals:?}");
        assert!((0..=shape.armour_points * 1_000).contains(&vitals.armour.0), "{id:?}: {vitals:?}");
        assert_eq!(vitals.is_alive(), vitals.health.0 > 0, "{id:?}: {vitals:?}");
        assert!(vitals.respawn_at.is_none_or(|at| at <= now.plus(rules.respawn_ticks)));
    }
    let state = arena.sim.match_state();
    assert!(state.next_round_at.is_none_or(|at| at <= now.plus(rules.respawn_ticks)));
    assert!(state.next_round_at.is_none() || arena.sim.rules().mode.name() == "duel");
}

/// Deaths are told once each, and counted once each.
fn check_deaths(arena: &Arena, before: &Before, happened: &mut Happened) {
    let mut died: Vec<SimId> = Vec::new();
    for event in &arena.output.events {
        let Event::Died { victim, .. } = event else { continue };
        assert!(!died.contains(victim), "{victim:?} died twice");
        assert!(before.vitals.get(victim).is_some_and(Vitals::is_alive), "{victim:?} was not alive");
        died.push(*victim);
        let left = |event: &Event| matches!(event, Event::Left { id, .. } if id == victim);
        happened.deaths += 1;
        happened.by_leaving += u32::from(arena.output.events.iter().any(left));
    }
}

#[test]
fn after_every_tick_of_random_matches_the_counts_add_up() {
    let mut happened = Happened::default();
    for seed in 0..SEEDS {
        println!("seed {seed}");
        let mut arena = Arena::new(&plan(seed));
        let mut stream = Stream::of(seed, 1_234);
        let mut rounds_over = false;
        let mut legs: [Option<Legs>; SLOTS as usize] = std::array::from_fn(|_| None);
        let mut held_at = [0; SLOTS as usize];
        for _ in 0..TICKS {
            walk(&mut arena, &mut legs, &mut stream, &mut happened);
            stir(&mut arena, &mut stream);
            let before = Before::of(&mut arena);
            arena.step();
            let vitals = parts(&mut arena, StateKind::Vitals);
            let (scores, arms) = (parts(&mut arena, StateKind::Score), parts(&mut arena, StateKind::Arms));
            check_claims(&mut arena, &before, &mut held_at, &mut happened);
            check_hits(&arena, &mut happened);
            check_losses(&arena, &before, &vitals);
            check_deeds(&arena, &before, &vitals);
            check_scores(&mut arena, &scores, before.phase);
            check_arms(&mut arena, &before, &arms);
            check_vitals(&arena, &vitals);
            check_deaths(&arena, &before, &mut happened);
            let over = arena.sim.match_state().next_round_at.is_some();
            happened.rounds_over += u32::from(over && !rounds_over);
            rounds_over = over;
            happened.returns += vitals.values().filter(|vitals| vitals.returns_with.is_some()).count() as u32;
            let switched = |event: &&Event| matches!(event, Event::Switched { .. });
            happened.switches += arena.output.events.iter().filter(switched).count() as u32;
            happened.ended += u32::from(before.phase == Phase::Ended);
        }
    }
    println!("{happened:?}");
    let Happened { deaths, by_leaving, overkills, at_the_dead, returns, switches, rounds_over, .. } =
        happened;
    assert!(deaths > 100 && by_leaving > 10 && overkills > 100, "{happened:?}");
    let Happened { moved, corrected, held, claims_of_the_dead, .. } = happened;
    assert!(moved > 5_000 && held > 0 && claims_of_the_dead > 1_000, "{happened:?}");
    assert!(corrected < 100, "{happened:?}");
    assert!(at_the_dead > 0 && returns > 0 && switches > 100 && rounds_over > 10, "{happened:?}");
}
