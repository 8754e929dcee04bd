//! What follows a tick: everybody who is to hear of it does.

use combat_components::event::Event;
use combat_components::phase::Phase;
use combat_components::tick::Tick;
use combat_components::verdict::Verdict;
use combat_protocol::numbers::FrameStatus;
use combat_systems::sim::Sim;

use super::asking::Waiting;
use super::{HostParts, HostState, Kept, SessionHost};
use crate::events::FeedTick;
use crate::replication::fold::{Happened, Listener, fold};
use crate::replication::happenings::Told;
use crate::replication::players::Standing;
use crate::session::summary::SessionStatus;
use crate::telemetry::{ClaimsRefused, TickMetrics};

/// Whoever hears of a tick beside its players and of every event or verdict in it: a line each.
struct Listeners<'a> {
    feed: Option<FeedTick<'a>>,
    spectators: &'a mut Vec<Told>,
    waiting: &'a mut [Waiting],
    claims_refused: &'a ClaimsRefused,
}

impl Listener for Listeners<'_> {
    fn event(&mut self, event: &Event, told: Option<&Told>) {
        self.feed.iter_mut().for_each(|feed| feed.push(event));
        self.spectators.extend(told);
    }

    fn verdict(&mut self, verdict: &Verdict) {
        self.claims_refused.note(verdict);
        self.waiting.iter_mut().for_each(|waiting| waiting.hear(verdict));
    }
}

impl SessionHost {
    /// What a tick brought goes to everybody whom it concerns, and who asked for it is answered.
    pub(super) fn follow(&mut self, kept: &Kept, counted: &TickMetrics) {
        self.parts.players.close_leavers(kept.tick());
        self.show(kept, counted);
        self.answer_waiting(kept);
        self.finish_if_over(kept);
    }

    fn show(&mut self, kept: &Kept, counted: &TickMetrics) {
        let tick = kept.tick();
        let happened = self.tell(kept, counted);
        // The last tick is always shown, or nobody would see the blow that decided.
        let is_last = self.parts.sim.match_state().phase == Phase::Ended;
        let frame_due = is_last || tick.0.is_multiple_of(self.parts.players.frame_ticks());
        let standing = self.standing();
        self.parts.players.after_step(&mut self.parts.sim, &mut self.builder, frame_due, standing);
        if !is_last && tick.0.is_multiple_of(self.parts.relay.frame_ticks()) {
            self.offer_frame();
            self.builder.spectators_have_shots();
        }
        if happened.members_changed || self.seats_moved {
            self.publish_seats();
        }
        if happened.became_active {
            self.parts.live.set_started_at_ms((self.stepped_at_us / 1_000) as i64);
        }
        self.parts.live.set_tick(tick);
        if self.state == HostState::Running {
            self.parts.live.set_status(status_of(&self.parts.sim));
        }
    }

    fn tell(&mut self, kept: &Kept, counted: &TickMetrics) -> Happened {
        let Self { parts, builder, spectator_events: spectators, waiting, .. } = self;
        let HostParts { sim, epoch, players, people, feed, .. } = parts;
        let feed = feed.open(kept.tick(), sim.output().events.len());
        let claims_refused = &counted.claims_refused;
        let mut listeners = Listeners { feed, spectators, waiting, claims_refused };
        let name_of = |identity| people.name_of(identity);
        let happened = fold(sim, *epoch, builder, players, name_of, &mut listeners);
        listeners.feed.into_iter().for_each(FeedTick::close);
        counted.damage_events.inc_by(happened.damages.into());
        happened
    }

    pub(super) fn standing(&self) -> Standing {
        Standing {
            epoch: self.parts.epoch,
            epoch_began_at: self.epoch_began_at,
            durable_tick: Tick(self.parts.tape.durable_tick()),
        }
    }

    /// Whether spectators will be shown the last tick, once it is old enough.
    pub(super) fn offer_last_frame(&mut self) -> bool {
        self.last_frame_kept = self.last_frame_kept || self.offer_frame();
        self.last_frame_kept
    }

    fn offer_frame(&mut self) -> bool {
        let (view, shots) = self.builder.spectators_frame(&mut self.parts.sim, self.parts.epoch);
        self.parts.relay.offer(view, shots, &mut self.spectator_events)
    }
}

/// Ended is said once it is durable.
fn status_of(sim: &Sim) -> SessionStatus {
    match FrameStatus::of(sim.match_state()) {
        FrameStatus::Ended => SessionStatus::Active,
        status => status.into(),
    }
}
