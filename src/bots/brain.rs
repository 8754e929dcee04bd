//! One bot's mind: from what its client knows to what its client says.
//!
//! Knows no session, socket or clock. What it may see, it has from the frames that everybody is sent.

use combat_client::{Client, Step};
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use combat_components::rules::WeaponRules;
use combat_components::streams::Stream;
use combat_protocol::numbers::FrameStatus;
use combat_systems::sim::SimParts;
use combat_systems::spatial::Wish;

use super::aim::{Sights, bearing, heading, turned};
use super::legs::Legs;
use super::messages::Messages;
use super::skill::Skill;
pub use super::watch::Field;
use super::watch::{Target, enemies, feet_of, raised};

/// A corner of the route counts as passed within this distance.
const CORNER_MM: i64 = 450;

/// Whoever comes less far than this in a second is stuck and plans anew.
const STUCK_MM: i64 = 300;
const STUCK_MS: u64 = 1_000;

/// A sidestep needs this much room: so much at least, of so much looked at.
const SIDESTEP_MM: (i32, i32) = (800, 900);

/// A dash that a wall would cut shorter than this is saved for later.
const DASH_MM_MIN: i32 = 2_000;

/// A bot shoots once its sights are this near to where it wants them, in 1/65,536 turn.
const ON_TARGET_TURN: f64 = 350.0;

/// The error of an aim shrinks to this share while an enemy is kept in the sights, within about so long.
const HELD_SHARE: f64 = 0.58;
const SETTLE_MS: f64 = 1_200.0;

/// Of a hundred wake-ups in a fight, how many begin a jump or a dash.
const JUMP_PERCENT: u32 = 1;
const DASH_PERCENT: u32 = 2;

/// After a reload or a dash a bot waits this long for the answer.
const ASKED_MS: u64 = 150;

/// Below this share of the magazine a bot reloads when nobody is in sight.
const RELOAD_BELOW_PERCENT: u32 = 50;

#[derive(Debug)]
pub struct Brain {
    skill: Skill,
    stream: Stream,
    legs: Legs,
    sights: Sights,
    woken_at_ms: u64,
    target: Option<Target>,
    route: Vec<Vec3Mm>,
    /// Where and when the last look at the own progress was.
    progress: (Vec3Mm, u64),
    strafes_left: bool,
    strafe_until_ms: u64,
    rounds_left: u32,
    next_shot_ms: u64,
    /// When what was asked for last is known to have been done or refused.
    busy_until_ms: u64,
}

impl Brain {
    pub fn new(skill: Skill, parts: &SimParts, stream: Stream) -> Self {
        Self {
            skill,
            stream,
            legs: Legs::new(parts.ruleset.movement, parts.setup.tick_rate),
            sights: Sights::default(),
            woken_at_ms: 0,
            target: None,
            route: Vec::new(),
            progress: (Vec3Mm::default(), 0),
            strafes_left: false,
            strafe_until_ms: 0,
            rounds_left: 0,
            next_shot_ms: 0,
            busy_until_ms: 0,
        }
    }

    /// Says what a client says 30 times a second.
    pub fn wake(&mut self, client: &mut Client, field: &Field, now_ms: u64, out: &mut Messages) {
        let elapsed_ms = now_ms.saturating_sub(self.woken_at_ms).min(250);
        self.woken_at_ms = now_ms;
        let (Ok(ticks), Some(pose), Some(epoch)) =
            (client.claim_ticks(now_ms), client.pose(), client.pose_epoch())
        else {
            if client.seen_due(now_ms) {
                out.write(|out| client.seen(now_ms, out));
            }
            return;
        };
        if self.legs.settle(&field.level, (pose.at, client.placed_velocity()), epoch) {
            self.route.clear();
            self.sights.set(pose.yaw, pose.pitch);
        }
        let (present, eye) = (self.target, self.eye(field));
        self.target = Target::look(present, (client, field, eye), (&self.skill, &mut self.stream), now_ms);
        if self.target.map(|target| target.noticed_at_ms) != present.map(|target| target.noticed_at_ms) {
            self.rounds_left = 0;
        }
        let wish = self.wish(client, field, now_ms);
        self.legs.walk(&field.level, wish, ticks);
        let off_turn = self.turn(&wish, field, elapsed_ms);
        let pose = Pose { at: self.legs.at(), yaw: self.sights.yaw(), pitch: self.sights.pitch() };
        let step = Step { pose, bends: self.legs.bends(), ack: false };
        if out.write(|out| client.claim(now_ms, &step, out)).is_ok() {
            self.legs.claimed();
        }
        self.act(client, field, (now_ms, off_turn), out);
    }

    fn eye(&self, field: &Field) -> Vec3Mm {
        raised(self.legs.at(), field.ruleset.body.eye_height_mm)
    }

    fn wish(&mut self, client: &Client, field: &Field, now_ms: u64) -> Wish {
        match self.target {
            Some(target) => {
                self.route.clear();
                self.fight(&target, field, now_ms)
            }
            None => self.roam(client, field, now_ms),
        }
    }

    /// Sidesteps at a distance that suits, changing sides now and then and at walls.
    fn fight(&mut self, target: &Target, field: &Field, now_ms: u64) -> Wish {
        let at = self.legs.at();
        if now_ms >= self.strafe_until_ms {
            self.strafes_left = !self.strafes_left;
            self.strafe_until_ms = now_ms + 350 + u64::from(self.stream.below(900));
        }
        let distance_mm = at.distance_squared(target.feet).isqrt();
        let aside = match distance_mm - self.skill.distance_mm {
            ..-3_000 => 130.0,
            3_000.. => 40.0,
            _ => 90.0,
        };
        let towards = heading(at, target.feet);
        let direction = |left: bool| turned(towards, if left { aside } else { -aside });
        if !self.has_room(field, direction(self.strafes_left), SIDESTEP_MM) {
            self.strafes_left = !self.strafes_left;
            self.strafe_until_ms = now_ms + 600;
        }
        let direction = direction(self.strafes_left);
        let has_room = self.has_room(field, direction, SIDESTEP_MM);
        let jump = has_room && self.stream.below(100) < JUMP_PERCENT;
        let speed_mm_per_s = if has_room { field.ruleset.movement.speed_mm_per_s * 4 / 5 } else { 0 };
        Wish { direction, speed_mm_per_s, jump }
    }

    /// Whether a way of `reach_mm` goes on for at least `least_mm` and ends on the ground.
    fn has_room(&self, field: &Field, direction: Yaw, (least_mm, reach_mm): (i32, i32)) -> bool {
        let (at, step_mm) = (self.legs.at(), field.ruleset.movement.step_height_mm);
        let end = field.level.slide_until_blocked(at, direction, reach_mm, step_mm);
        let least_mm = i64::from(least_mm);
        end.horizontal_distance_squared(at) >= least_mm * least_mm && field.level.grounded(end)
    }

    /// Follows the route, and plans one when there is none or it leads nowhere.
    fn roam(&mut self, client: &Client, field: &Field, now_ms: u64) -> Wish {
        let at = self.legs.at();
        let (from, since_ms) = self.progress;
        if now_ms.saturating_sub(since_ms) >= STUCK_MS {
            if from.distance_squared(at) < STUCK_MM * STUCK_MM {
                self.route.clear();
            }
            self.progress = (at, now_ms);
        }
        while self
            .route
            .first()
            .is_some_and(|corner| corner.horizontal_distance_squared(at) < CORNER_MM * CORNER_MM)
        {
            self.route.remove(0);
        }
        if self.route.is_empty() {
            let goal = self.goal(client, field);
            self.route = field.routes.route(&field.level, at, goal);
            self.progress = (at, now_ms);
        }
        let Some(corner) = self.route.first() else { return Wish::default() };
        let speed_mm_per_s = field.ruleset.movement.speed_mm_per_s;
        Wish { direction: heading(at, *corner), speed_mm_per_s, jump: false }
    }

    /// Mostly where somebody is, sometimes just anywhere.
    fn goal(&mut self, client: &Client, field: &Field) -> Vec3Mm {
        let at = self.legs.at();
        let points = field.routes.points();
        let anywhere = points.get(self.stream.below(points.len() as u32) as usize).copied().unwrap_or(at);
        if self.stream.below(4) == 0 {
            return anywhere;
        }
        let nearest = enemies(client).map(feet_of).min_by_key(|feet| feet.distance_squared(at));
        nearest.unwrap_or(anywhere)
    }

    /// Turns towards the enemy or the way; answers how far off the sights still are.
    fn turn(&mut self, wish: &Wish, field: &Field, elapsed_ms: u64) -> f64 {
        let turn_max = f64::from(self.skill.turn_per_s) * elapsed_ms as f64 / 1_000.0;
        let spread = self.target.map_or(self.skill.error_turn, |target| self.error_turn(&target));
        let error = self.sights.drift(spread, elapsed_ms, &mut self.stream);
        let Some(target) = self.target else {
            return self.sights.turn((f64::from(wish.direction.0), 0.0), turn_max / 3.0);
        };
        let (yaw, pitch) = bearing(self.eye(field), target.mark(field));
        self.sights.turn((yaw + error[0], pitch + error[1]), turn_max)
    }

    /// The longer an enemy is in the sights, the better they hold.
    fn error_turn(&self, target: &Target) -> u16 {
        let tracked_ms = self.woken_at_ms.saturating_sub(target.noticed_at_ms) as f64;
        let share = HELD_SHARE + (1.0 - HELD_SHARE) * (-tracked_ms / SETTLE_MS).exp();
        (f64::from(self.skill.error_turn) * share) as u16
    }

    /// Reloads, dashes or shoots.
    fn act(
        &mut self,
        client: &mut Client,
        field: &Field,
        (now_ms, off_turn): (u64, f64),
        out: &mut Messages,
    ) {
        let own = client.own();
        let fights = client
            .view()
            .is_some_and(|view| matches!(view.status, FrameStatus::Warmup | FrameStatus::Active));
        if !fights || now_ms < self.busy_until_ms || own.reloaded_at_tick.is_some() {
            return;
        }
        let weapons = &field.ruleset.weapons;
        let Some(weapon) = weapons.get(usize::from(own.weapon_in_hand)) else { return };
        let few = u32::from(own.rounds) * 100 < u32::from(weapon.magazine_rounds) * RELOAD_BELOW_PERCENT;
        let is_ready = now_ms >= self.next_shot_ms && client.server_tick(now_ms) > own.ready_at_tick;
        if own.rounds == 0 || (few && self.target.is_none()) {
            if out.write(|out| client.reload(out)).is_ok() {
                self.busy_until_ms = now_ms + ASKED_MS;
            }
            return;
        }
        let Some(target) = self.target else { return };
        if self.stream.below(100) < DASH_PERCENT && self.dash(client, field, now_ms, out) {
            return;
        }
        let is_aimed = off_turn < ON_TARGET_TURN && target.seen_at_ms == now_ms;
        if is_ready && is_aimed && now_ms >= target.fire_from_ms {
            self.shoot(client, weapon, now_ms, out);
        }
    }

    /// One round of a burst, and a pause after the last.
    fn shoot(&mut self, client: &mut Client, weapon: &WeaponRules, now_ms: u64, out: &mut Messages) {
        let sight = client.sight(self.sights.yaw(), self.sights.pitch());
        if out.write(|out| client.attack(now_ms, sight, out)).is_err() {
            return;
        }
        self.rounds_left = match self.rounds_left {
            0 => self.skill.burst_rounds + self.stream.below(self.skill.burst_rounds),
            left => left - 1,
        };
        let pause_ms = if self.rounds_left == 0 { self.skill.burst_pause_ms } else { 0 };
        self.next_shot_ms = now_ms + u64::from(weapon.fire_interval_ms + pause_ms);
    }

    /// To the side, when an ability is ready and there is room.
    fn dash(&mut self, client: &mut Client, field: &Field, now_ms: u64, out: &mut Messages) -> bool {
        let tick = client.server_tick(now_ms);
        let ready =
            |index: &usize| client.own().ability_ready_at_ticks.get(*index).is_none_or(|at| *at <= tick);
        let is_dash = |index: &usize| field.ruleset.abilities[*index].kind == "dash";
        let Some(index) = (0..field.ruleset.abilities.len()).find(|index| is_dash(index) && ready(index))
        else {
            return false;
        };
        let Some(target) = self.target else { return false };
        let reach_mm = field.ruleset.abilities[index].own.get("reach_mm").unwrap_or(DASH_MM_MIN);
        let aside = if self.strafes_left { 80.0 } else { -80.0 };
        let direction = turned(heading(self.legs.at(), target.feet), aside);
        if !self.legs.stands() || !self.has_room(field, direction, (DASH_MM_MIN, reach_mm)) {
            return false;
        }
        let sight = client.sight(direction, Pitch::default());
        let asked = out.write(|out| client.ability(now_ms, index as u8, sight, out)).is_ok();
        self.busy_until_ms = now_ms + ASKED_MS;
        asked
    }
}
