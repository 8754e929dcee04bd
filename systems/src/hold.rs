//! Holds: who acts from a pose stays near it until a frame has shown him there.
//!
//! Without them a claim out of cover, a shot that follows it and a claim back, all in one packet, hit somebody who
//! never saw the shooter. A hold counts server ticks, so what lies in the bank cannot be used around a shot.

use combat_components::claims::Hold;
use combat_components::command::Action;
use combat_components::quantity::{Pose, Vec3Mm};
use combat_components::reason::Reason;
use combat_components::tick::Tick;

use crate::formulas::movement::MovementLimits;
use crate::state::FighterItem;
use crate::tick_rules::TickRules;

/// A whole-millimetre pose may be this much further than a walk.
const ROUNDING_UM: i64 = 1_000;

/// The pose an action is done from, and the hold that comes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stance {
    pub pose: Pose,
    pub hold: Hold,
}

/// The stance that `action` names: that of the claim it follows, or the present one.
///
/// # Errors
/// `StaleInput` when the claim is unknown, too old or of an older pose epoch, or when the body has gone further from
/// there than a walk since; where a shot from elsewhere is still to be shown, it may not have gone at all.
pub fn stance(
    actor: &FighterItem<'_, '_>,
    action: &Action,
    now: Tick,
    rules: &TickRules,
) -> Result<Stance, Reason> {
    let (pose, since) = match action.follows {
        0 => (actor.body.pose, now),
        follows => {
            let mut accepted = actor.recent.newest_first();
            let followed = accepted.find(|claim| claim.input_seq == follows);
            let fresh = followed
                .filter(|claim| now.since(claim.accepted_at) <= rules.attack_follows_ticks_max)
                .ok_or(Reason::StaleInput)?;
            (fresh.pose, fresh.accepted_at)
        }
    };
    let binding = actor.claims.hold.filter(|_| is_still_to_be_shown(&actor.claims.hold, now));
    // Walks from muzzle to muzzle to the next frame add up to one.
    let since = match binding {
        Some(binding) if binding.at == pose.at => since.max(binding.since),
        Some(_) => now,
        None => since,
    };
    let hold = hold_at(pose.at, since, now, rules.setup.limits.frame_ticks);
    match allows(&hold, actor.body.pose.at, now, &rules.movement) {
        true => Ok(Stance { pose, hold }),
        false => Err(Reason::StaleInput),
    }
}

/// From `since`, but from the last frame at the earliest, to the next frame.
fn hold_at(at: Vec3Mm, since: Tick, now: Tick, frame_ticks: u32) -> Hold {
    let until = Tick(now.0.next_multiple_of(frame_ticks));
    let last_frame = Tick(until.0.saturating_sub(frame_ticks));
    Hold { at, since: since.max(last_frame), until, by_shot: true }
}

/// Whether a body held by `hold` may be at `at` now.
pub fn allows(hold: &Hold, at: Vec3Mm, now: Tick, limits: &MovementLimits) -> bool {
    let walk_um = i128::from(limits.reach_um(now.since(hold.since)) + ROUNDING_UM);
    let away_mm2 = i128::from(hold.at.distance_squared(at));
    now > hold.until || away_mm2 * 1_000_000 <= walk_um * walk_um
}

/// Whether a shot of this body is still to be shown.
pub fn is_still_to_be_shown(hold: &Option<Hold>, now: Tick) -> bool {
    hold.is_some_and(|hold| hold.by_shot && now <= hold.until)
}
