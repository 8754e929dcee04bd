//! A body with all its components. The archetype is fixed from join to leave.

use combat_components::ability::Cooldowns;
use combat_components::body::Motion;
use combat_components::limits::WEAPONS_MAX;
use combat_components::phase::{MatchState, Phase as MatchPhase};
use combat_components::quantity::{MilliPoints, Pose};
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_components::vitals::Vitals;
use combat_components::weapon::Arms;

use crate::formulas::movement::PATH_DEBT_UM_ANEW;
use crate::output::TickOutput;
use crate::state::FighterItem;
use crate::tick_rules::TickRules;
use combat_components::event::Event;

/// Whether anything acts: not while players are awaited, nor before warm-up or after the end.
pub fn acts_now(state: &MatchState) -> bool {
    !state.is_resuming() && matches!(state.phase, MatchPhase::Warmup | MatchPhase::Active)
}

/// Whether the match and the body allow any action.
///
/// # Errors
/// Why not.
pub fn allowed_now(actor: &FighterItem<'_, '_>, state: &MatchState) -> Result<(), Reason> {
    if !acts_now(state) {
        return Err(Reason::WrongPhase);
    }
    if actor.vitals.is_alive() { Ok(()) } else { Err(Reason::Dead) }
}

impl FighterItem<'_, '_> {
    /// The server moves this body, with the velocity it has; a spawn puts it down at rest. Claims that do not know of
    /// it yet are dropped from now on, and the next one sets the client's clock.
    pub fn displace(&mut self, to: Pose, because: Reason, input_seq: u32, at: &mut Displacing<'_>) {
        let before = if because == Reason::Spawned { Motion::default() } else { *self.motion };
        *self.motion = at.rules.movement.placed(at.level.grounded(to.at), &before);
        self.body.pose = to;
        self.claims.pose_since = at.now;
        self.claims.clock_set = false;
        self.claims.falls_at = at.now.plus(at.rules.bank_ticks_max);
        self.claims.fall = None;
        // Who lands after a shot from the air is still to be shown near its muzzle.
        if because != Reason::Silent {
            self.claims.hold = None;
        }
        self.forgive_debts(at.rules);
        self.begin_pose_epoch(because, input_seq, at);
    }

    /// The pose and its velocity hold, whatever has been claimed since; a body in the air is not kept up by it.
    pub fn hold_still(&mut self, because: Reason, at: &mut Displacing<'_>) {
        self.forgive_debts(at.rules);
        self.begin_pose_epoch(because, 0, at);
    }

    /// As [`Self::hold_still`], for a client whose clock the server no longer knows: its next claim sets it.
    pub fn hold_still_and_forget_clock(&mut self, because: Reason, at: &mut Displacing<'_>) {
        self.claims.clock_set = false;
        self.hold_still(because, at);
    }

    /// As [`Self::hold_still`], for a claim that is refused. One that costs nothing forgives no debts: over and over, ground and
    /// height could be gained by it in no time.
    pub fn correct(&mut self, because: Reason, (input_seq, counts): (u32, bool), at: &mut Displacing<'_>) {
        if counts {
            self.forgive_debts(at.rules);
        }
        self.begin_pose_epoch(because, input_seq, at);
    }

    /// For a client that begins anew, at a whole millimetre.
    fn forgive_debts(&mut self, rules: &TickRules) {
        *self.motion = rules.movement.begun_anew(&self.motion);
        self.claims.path_debt = self.claims.path_debt.min(PATH_DEBT_UM_ANEW);
    }

    /// Makes the body so much faster along the ground, in millimetres per second. The dead are past pushing.
    pub fn push(&mut self, by: (i32, i32), at: &mut Displacing<'_>) {
        if self.vitals.is_alive() {
            *self.motion = at.rules.movement.pushed(&self.motion, by);
            self.hold_still(Reason::Displaced, at);
        }
    }

    fn begin_pose_epoch(&mut self, because: Reason, input_seq: u32, at: &mut Displacing<'_>) {
        self.claims.pose_epoch = self.claims.pose_epoch.wrapping_add(1);
        self.recent.clear();
        at.output.events.push(Event::Displaced {
            id: *self.id,
            slot: self.identity.slot,
            reason: because,
            input_seq,
            pose: self.body.pose,
            velocity: at.rules.movement.velocity_of(&self.motion),
            pose_epoch: self.claims.pose_epoch,
            client_tick: self.claims.clock_set.then_some(self.claims.client_tick),
        });
    }

    /// Full health, armour and magazines, no cooldowns and no effects.
    pub fn make_whole(&mut self, rules: &TickRules, now: Tick) {
        self.effects.0.clear();
        (*self.vitals, *self.arms, *self.cooldowns) = whole(rules, now);
    }
}

/// What a displacement needs to know, and where it is told.
#[derive(Debug)]
pub struct Displacing<'a> {
    pub now: Tick,
    pub rules: &'a TickRules,
    pub level: &'a crate::spatial::Level,
    pub output: &'a mut TickOutput,
}

/// The vitals, arms and cooldowns of a body that has just appeared.
pub fn whole(rules: &TickRules, now: Tick) -> (Vitals, Arms, Cooldowns) {
    let body = &rules.ruleset.body;
    let mut rounds = [0; WEAPONS_MAX];
    for (rounds, weapon) in rounds.iter_mut().zip(&rules.weapons) {
        *rounds = weapon.rules.magazine_rounds;
    }
    let vitals = Vitals {
        health: MilliPoints::from_points(body.health_points),
        armour: MilliPoints::from_points(body.armour_points),
        ..Vitals::default()
    };
    let ready_at = [now; WEAPONS_MAX];
    (vitals, Arms { in_hand: 0, rounds, ready_at, drawn_at: now, reloaded_at: None }, Cooldowns::default())
}
