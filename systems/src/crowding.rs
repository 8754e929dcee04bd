//! Movement, at its end: bodies may pass through each other, but who stays inside one he came into is put out.
//!
//! Who was there first is never moved, and nobody is favoured by his slot or id. Looked at in the tick after each frame:
//! by then every shot has been shown where it was fired, so that putting somebody out hides none.

use std::cell::Cell;

use arrayvec::ArrayVec;
use bevy_ecs::entity::Entity;
use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res, ResMut};
use combat_components::body::{Body, Intrusion};
use combat_components::ids::Slot;
use combat_components::limits::{HISTORY_TICKS, PLAYERS_MAX};
use combat_components::phase::{MatchState, Phase as MatchPhase};
use combat_components::places::PlacesLeft;
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use combat_components::reason::Reason;
use combat_components::rules::BodyRules;
use combat_components::streams::Stream;
use combat_components::tick::Tick;
use combat_components::vitals::Vitals;

use crate::falling;
use crate::fighter::Displacing;
use crate::formulas::aim;
use crate::formulas::bodies::{Party, Way, apart, clearance_mm, heading, judge_overlap, way_out_mm};
use crate::formulas::shot::along;
use crate::ground::Ground;
use crate::inbox::Now;
use crate::input::ranks_at;
use crate::phases::Phase;
use crate::roster::Roster;
use crate::spatial::Level;
use crate::spawns::look_along;
use crate::state::Fighter;
use crate::tick_rules::TickRules;

/// The number that keeps the draws of this file apart from every stream.
const PARTING_CONSUMER: u64 = 5;

/// Directions in which a free place is looked for.
const DIRECTIONS: u16 = 16;

/// The furthest that anybody is put, in bodies: out of the middle of 64 on one spot. Between two it is one body.
const REACH_BODIES: i32 = 4;

/// Who came into whom is read from the last quarter of the time that bodies may be inside each other.
const WINDOW_PART: u32 = 4;

/// Of 64 on one spot, so many at a look: the others' time stays up. A search asks the level up to 16 times.
const PUT_OUT_PER_LOOK_MAX: usize = 8;

pub fn install(schedule: &mut Schedule) {
    schedule.add_systems(
        part_bodies
            .run_if(somebody_may_be_inside_another)
            .after(falling::drop_unclaimed_bodies)
            .in_set(Phase::Movement),
    );
}

/// A coarse look that costs next to nothing: boxes instead of capsules, whatever their heights.
fn somebody_may_be_inside_another(
    now: Res<Now>,
    rules: Res<TickRules>,
    bodies: Query<(&Body, &Vitals)>,
) -> bool {
    let frame_ticks = rules.setup.limits.frame_ticks;
    if now.0.0 % frame_ticks != 1 % frame_ticks {
        return false;
    }
    let width_mm = 2 * rules.ruleset.body.radius_mm;
    let (mut xs, mut zs) = (ArrayVec::<i32, PLAYERS_MAX>::new(), ArrayVec::<i32, PLAYERS_MAX>::new());
    for (body, vitals) in &bodies {
        let Vec3Mm { x, z, .. } = body.pose.at;
        if body.intrusion.is_remembered() {
            return true;
        }
        let near = |(other_x, other_z): (&i32, &i32)| {
            ((other_x - x).abs() < width_mm) & ((other_z - z).abs() < width_mm)
        };
        if vitals.is_alive() {
            if xs.iter().zip(&zs).map(near).fold(false, |any, near| any | near) {
                return true;
            }
            xs.push(x);
            zs.push(z);
        }
    }
    false
}

/// A living body among the others, in the order of `SimId`.
struct Present {
    entity: Entity,
    slot: Slot,
    way: Way,
    /// The part of its way since the last look.
    step: Way,
    intrusion: Intrusion,
    /// A bit for the index of each body that this one overlaps.
    overlaps: u64,
    counts: bool,
}

impl Present {
    fn party(&self, came_in: bool) -> Party {
        Party { way: self.way, step: self.step, came_in, ticks: self.intrusion.ticks }
    }
}

type Crowd = ArrayVec<Present, PLAYERS_MAX>;

fn part_bodies(
    roster: Res<Roster>,
    state: Res<MatchState>,
    mut fighters: Query<Fighter>,
    mut places_left: ResMut<PlacesLeft>,
    mut ground: Ground,
) {
    if state.is_resuming() || state.phase == MatchPhase::Ended {
        return;
    }
    let mut at = ground.displacing();
    let inside_ticks_max = at.rules.inside_ticks_max;
    let passed_ticks = at.rules.setup.limits.frame_ticks;
    let mut crowd = gather(&roster, &mut fighters, &at);
    find_intruders(&mut crowd, at.rules);
    for one in &mut crowd {
        let ticks = &mut one.intrusion.ticks;
        *ticks = match (one.counts, one.overlaps) {
            (true, _) => ticks.saturating_add(passed_ticks).min(inside_ticks_max),
            (false, 0) => ticks.saturating_sub(passed_ticks),
            (false, _) => *ticks,
        };
    }
    put_out(&mut crowd, &mut fighters, &mut places_left, &mut at);
    for one in &crowd {
        let mut fighter = fighters.get_mut(one.entity).expect("the crowd was gathered from fighters");
        fighter.body.intrusion = one.intrusion;
    }
}

/// The dead are in nobody's way and forget whom they were inside.
fn gather(roster: &Roster, fighters: &mut Query<Fighter>, at: &Displacing<'_>) -> Crowd {
    let ago = |ticks: u32| Tick(at.now.0.saturating_sub(ticks));
    let a_moment_ago = ago(window_ticks(at.rules));
    let last_look = ago(at.rules.setup.limits.frame_ticks.min(HISTORY_TICKS as u32 - 1));
    let mut crowd = Crowd::new();
    for entity in roster.entities() {
        let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        if !fighter.vitals.is_alive() {
            fighter.body.intrusion = Intrusion::default();
            continue;
        }
        let Body { pose, intrusion } = *fighter.body;
        let way_since = |tick: Tick| {
            let since = tick.max(intrusion.placed_at);
            Way { from: if since < at.now { fighter.history.at(since).at } else { pose.at }, to: pose.at }
        };
        let (way, step) = (way_since(a_moment_ago), way_since(last_look));
        let slot = fighter.identity.slot;
        crowd.push(Present { entity, slot, way, step, intrusion, overlaps: 0, counts: false });
    }
    crowd
}

fn window_ticks(rules: &TickRules) -> u32 {
    (rules.inside_ticks_max / WINDOW_PART).clamp(1, HISTORY_TICKS as u32 - 1)
}

fn find_intruders(crowd: &mut Crowd, rules: &TickRules) {
    let body = &rules.ruleset.body;
    let window_ticks = i64::from(window_ticks(rules));
    let leaving_mm = 2 * i64::from(body.radius_mm) * window_ticks / i64::from(rules.inside_ticks_max);
    let known: ArrayVec<u64, PLAYERS_MAX> =
        crowd.iter_mut().map(|one| std::mem::take(&mut one.intrusion.into)).collect();
    for index in 1..crowd.len() {
        let (before, rest) = crowd.split_at_mut(index);
        let one = &mut rest[0];
        for (place, other) in before.iter_mut().enumerate() {
            if apart(body, one.way.to, other.way.to) {
                continue;
            }
            let pair = [
                one.party(known[index] & bit(other.slot) != 0),
                other.party(known[place] & bit(one.slot) != 0),
            ];
            let shares = judge_overlap(body, pair, leaving_mm);
            one.intrusion.into |= if shares.came_in[0] { bit(other.slot) } else { 0 };
            other.intrusion.into |= if shares.came_in[1] { bit(one.slot) } else { 0 };
            one.counts |= shares.counts[0];
            other.counts |= shares.counts[1];
            one.overlaps |= 1 << place;
            other.overlaps |= 1 << index;
        }
    }
}

fn bit(slot: Slot) -> u64 {
    1 << slot.0
}

/// Everybody whose time is up, in the order of the tick's permutation; two who came into each other, both at once. Looking for a
/// place costs what looking for one to appear does; when nothing is left, the others' time stays up.
fn put_out(
    crowd: &mut Crowd,
    fighters: &mut Query<Fighter>,
    places_left: &mut PlacesLeft,
    at: &mut Displacing<'_>,
) {
    let (rules, seed) = (at.rules, at.rules.setup.seed.0);
    let is_due = |one: &Present| one.counts && one.intrusion.ticks >= rules.inside_ticks_max;
    let mut due: ArrayVec<usize, PLAYERS_MAX> =
        (0..crowd.len()).filter(|index| is_due(&crowd[*index])).collect();
    if due.is_empty() {
        return;
    }
    let ranks = ranks_at(at.now, seed);
    let mut draws = Stream::of(seed ^ u64::from(at.now.0).rotate_left(32), PARTING_CONSUMER);
    due.sort_unstable_by_key(|index| ranks[usize::from(crowd[*index].slot.0)]);
    let mut searches = 0;
    let left = Cell::new(*places_left);
    for index in due {
        let drawn = Yaw(draws.draw() as u16);
        let partner = crowd[index].overlaps.trailing_zeros() as usize;
        let is_mutual = crowd[index].overlaps == 1 << partner
            && crowd[partner].overlaps == 1 << index
            && is_due(&crowd[partner]);
        let room = Room { rules, level: at.level, crowd, places_left: &left };
        if !room.is_inside(index) {
            continue;
        }
        if searches == PUT_OUT_PER_LOOK_MAX || left.get().is_none() {
            break;
        }
        searches += 1;
        let together = is_mutual.then(|| room.places_apart([index, partner], drawn)).flatten();
        let places = match together {
            Some([one, other]) => [Some((index, one)), Some((partner, other))],
            None => [room.place_outside(index, drawn).map(|to| (index, to)), None],
        };
        // Where there is no room he waits all of the time anew: whoever can be put out is not kept waiting by him.
        if places == [None; 2] && !left.get().is_none() {
            crowd[index].intrusion.ticks = 0;
        }
        for (index, to) in places.into_iter().flatten() {
            let one = &mut crowd[index];
            one.way.to = to;
            (one.intrusion.into, one.intrusion.placed_at) = (0, at.now);
            let mut fighter = fighters.get_mut(one.entity).expect("the crowd was gathered from fighters");
            let pose = Pose { at: to, ..fighter.body.pose };
            fighter.displace(pose, Reason::Separated, 0, at);
        }
    }
    *places_left = left.get();
}

/// Where there is room to put a body.
struct Room<'a> {
    rules: &'a TickRules,
    level: &'a Level,
    crowd: &'a Crowd,
    places_left: &'a Cell<PlacesLeft>,
}

impl Room<'_> {
    fn body(&self) -> &BodyRules {
        &self.rules.ruleset.body
    }

    fn others(&self, index: usize) -> impl Iterator<Item = &Present> + Clone {
        self.crowd.iter().enumerate().filter(move |(other, _)| *other != index).map(|(_, other)| other)
    }

    /// Whether somebody is still where this one came into him.
    fn is_inside(&self, index: usize) -> bool {
        let one = &self.crowd[index];
        let mut hosts = self.others(index).filter(|other| one.intrusion.into & bit(other.slot) != 0);
        hosts.any(|host| !apart(self.body(), one.way.to, host.way.to))
    }

    /// Two who are inside each other and nobody else, each half of the way out, straight away from the other.
    fn places_apart(&self, pair: [usize; 2], drawn: Yaw) -> Option<[Vec3Mm; 2]> {
        let [one, other] = pair.map(|index| self.crowd[index].way);
        let opposite = Yaw(drawn.0.wrapping_add(1 << 15));
        let away = |from: &Way, of: &Way, drawn: Yaw| {
            heading(from.to, of.to).or_else(|| heading(from.from, of.from)).unwrap_or(drawn)
        };
        let yaws = [away(&other, &one, drawn), away(&one, &other, opposite)];
        let distance_mm = one.to.horizontal_distance_squared(other.to).isqrt() as i32;
        let half_mm = (clearance_mm(self.body()) - distance_mm + 1) / 2;
        let [one_to, other_to] = [0, 1].map(|of| self.slid(pair[of], yaws[of], half_mm));
        let free = [0, 1].map(|of| {
            let to = [one_to, other_to][of];
            let mut third = self.others(pair[of]).filter(|other| other.slot != self.crowd[pair[1 - of]].slot);
            self.holds(pair[of], to) && third.all(|third| apart(self.body(), to, third.way.to))
        });
        (free == [true; 2] && apart(self.body(), one_to, other_to)).then_some([one_to, other_to])
    }

    /// The free place nearest to where the body was a moment ago, so that nobody is carried on by being put out.
    fn place_outside(&self, index: usize, drawn: Yaw) -> Option<Vec3Mm> {
        let Way { from, to } = self.crowd[index].way;
        let reach_mm = REACH_BODIES * clearance_mm(self.body());
        let appeared = i64::from(reach_mm) * i64::from(reach_mm) < from.horizontal_distance_squared(to);
        let origin = if appeared { to } else { from };
        let others = || self.others(index).map(|other| other.way.to);
        let nearest = others().min_by_key(|other| other.distance_squared(to))?;
        let straight = heading(nearest, to).or_else(|| heading(nearest, origin)).unwrap_or(drawn);
        // Of a direction to the left and its mirror image, a draw decides which is asked first.
        let side = if drawn.0 & 1 == 0 { 1 } else { u16::MAX };
        let mut ways: ArrayVec<(i64, u16, Yaw, i32), { DIRECTIONS as usize }> = (0..DIRECTIONS)
            .filter_map(|step| {
                let turn = if step % 2 == 0 { step / 2 } else { DIRECTIONS - 1 - step / 2 };
                let turn = (turn * (u16::MAX / DIRECTIONS + 1)).wrapping_mul(side);
                let yaw = Yaw(straight.0.wrapping_add(turn));
                let out_mm = way_out_mm(self.body(), to, yaw, others(), reach_mm)?;
                let end = along(to, aim::direction(yaw, Pitch::default()), out_mm);
                Some((end.distance_squared(origin), step, yaw, out_mm))
            })
            .collect();
        ways.sort_unstable_by_key(|(distance, step, ..)| (*distance, *step));
        ways.into_iter().find_map(|(_, _, yaw, out_mm)| {
            let end = self.slid(index, yaw, out_mm);
            let free = others().all(|other| apart(self.body(), end, other)) && self.holds(index, end);
            free.then_some(end)
        })
    }

    /// Where it already is, when nothing may be looked at any more.
    fn slid(&self, index: usize, yaw: Yaw, reach_mm: i32) -> Vec3Mm {
        let (from, mut left) = (self.crowd[index].way.to, self.places_left.get());
        if left.is_none() {
            return from;
        }
        let step_mm = self.rules.ruleset.movement.step_height_mm;
        let (to, cost) = look_along(self.level, (from, yaw), reach_mm, step_mm);
        left.spend(cost);
        self.places_left.set(left);
        to
    }

    /// Who stands on ground is put on ground; who is in the air goes on falling.
    fn holds(&self, index: usize, to: Vec3Mm) -> bool {
        !self.level.grounded(self.crowd[index].way.to) || self.level.grounded(to)
    }
}
