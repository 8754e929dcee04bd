//! Perturbing: one integer of one component changed by one, so that a verifier can be seen to find it.

use bevy_ecs::schedule::Schedule;
use bevy_ecs::world::World;
use combat_components::ids::SimId;
use combat_components::phase::MatchState;

use crate::fighter::FighterItem;
use crate::input::Now;
use crate::roster::Roster;
use crate::sim::Sim;
use crate::snapshot::{self, StateKind};

/// Kinds of components that can be perturbed: all of them.
const COMPONENTS: usize = StateKind::ALL.len() - StateKind::RESOURCES.len();

impl Sim {
    /// Changes one integer of one component by one and hashes anew. `choice` picks the body and the component.
    ///
    /// Answers what was changed and whose; with nobody in the session it is the match's, and so nobody's.
    pub fn perturb(&mut self, choice: u64) -> (StateKind, Option<SimId>) {
        let count = self.player_count() as u64;
        let Some(place) = choice.checked_rem(count) else {
            let mut state = self.world.resource_mut::<MatchState>();
            state.resuming_since.0 = state.resuming_since.0.wrapping_add(1);
            rehash(&mut self.world);
            return (StateKind::Match, None);
        };
        let now = self.tick();
        let entity = self.world.resource::<Roster>().at(place as usize);
        let mut fighters = self.fighters.query_mut(&mut self.world);
        let mut fighter = fighters.get_mut(entity).expect("every entity of the roster is a fighter");
        let wanted = StateKind::ALL[(choice / count % COMPONENTS as u64) as usize];
        let kind = change(&mut fighter, wanted, Now(now));
        let id = *fighter.id;
        rehash(&mut self.world);
        (kind, Some(id))
    }
}

fn rehash(world: &mut World) {
    let mut schedule = Schedule::default();
    snapshot::install(&mut schedule);
    schedule.run(world);
}

/// Answers what was changed: a body without recent claims has its score changed instead, and so has one whose
/// identity, fixed from join to leave, was wanted.
fn change(fighter: &mut FighterItem<'_, '_>, wanted: StateKind, now: Now) -> StateKind {
    match wanted {
        StateKind::Body => add_one(&mut fighter.body.pose.at.x),
        StateKind::Motion => add_one(&mut fighter.motion.rise_max),
        StateKind::Claims => add_one(&mut fighter.claims.bank_origin),
        StateKind::RecentClaims => match fighter.recent.accepted.last_mut() {
            Some(newest) => add_one(&mut newest.pose.at.z),
            None => return change(fighter, StateKind::Score, now),
        },
        StateKind::History => {
            let mut pose = fighter.history.at(now.0);
            add_one(&mut pose.at.x);
            fighter.history.record(now.0, pose);
        }
        StateKind::Vitals => add_one(&mut fighter.vitals.health.0),
        StateKind::Arms => fighter.arms.drawn_at.0 = fighter.arms.drawn_at.0.wrapping_add(1),
        StateKind::Cooldowns => {
            let ready_at = &mut fighter.cooldowns.ready_at[0].0;
            *ready_at = ready_at.wrapping_add(1);
        }
        StateKind::Link => fighter.link.rtt_ms = fighter.link.rtt_ms.wrapping_add(1),
        StateKind::Identity
        | StateKind::Score
        | StateKind::Match
        | StateKind::Streams
        | StateKind::Ids
        | StateKind::Departed => {
            fighter.score.shots = fighter.score.shots.wrapping_add(1);
            return StateKind::Score;
        }
    }
    wanted
}

fn add_one(value: &mut i32) {
    *value = value.wrapping_add(1);
}
