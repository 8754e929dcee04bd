//! How a session's records reach its tape, and what happens when they cannot.

use combat_protocol::numbers::ServerState;
use combat_protocol::server::StatusMessage;

use combat_components::tick::Tick;

use super::{Ending, HostState, STAGED_BYTES_MAX, SessionHost};
use crate::journal::{Offer, TapeState};
use crate::session::summary::SessionStatus;
use crate::telemetry::TickMetrics;

/// That the record of a tick is kept. Whatever tells anybody of a tick asks for it, and only [`SessionHost::keep`] gives it.
#[derive(Debug)]
pub struct Kept {
    tick: Tick,
}

impl Kept {
    pub fn tick(&self) -> Tick {
        self.tick
    }
}

impl SessionHost {
    /// To the tick, as the log's setup promises, even where older records wait before it.
    pub(super) fn stage_keyframe(&mut self) {
        let now = self.parts.sim.tick();
        if now < self.keyframe_due_at {
            return;
        }
        self.keyframe.clear();
        self.parts.sim.write_keyframe(&mut self.keyframe);
        self.recorder.record_keyframe(self.parts.epoch, now, &self.keyframe, &mut self.staging);
        self.staged = Some((now, true));
        self.keyframe_due_at = now.plus(self.parts.sim.rules().setup.limits.keyframe_ticks);
    }

    /// Offers the tape what is staged.
    pub(super) fn hand_over(&mut self) -> Offer {
        let Some((tick, keyframe)) = self.staged else { return Offer::Taken };
        let offer = self.parts.tape.offer(&mut self.staging, tick.0, keyframe);
        if offer == Offer::Taken {
            self.staged = None;
        }
        offer
    }

    /// Keeps the record of the newest tick: the tape has it or, while that is busy, a bounded queue in front of it. Where
    /// neither takes it the session stands still, and nothing follows.
    pub(super) fn keep(&mut self) -> Option<Kept> {
        let may_wait = self.state == HostState::Running && self.staging.len() <= STAGED_BYTES_MAX;
        match self.hand_over() {
            Offer::Taken => {}
            Offer::Busy if may_wait => {}
            Offer::Busy | Offer::Full => {
                self.stand_still();
                return None;
            }
        }
        Some(Kept { tick: self.recorded })
    }

    fn stand_still(&mut self) {
        if self.parts.tape.state() == TapeState::LostOwnership {
            return self.be_gone(Ending::Failed);
        }
        if self.state == HostState::Suspended {
            return;
        }
        self.state = HostState::Suspended;
        self.parts.live.set_status(SessionStatus::Suspended);
        let reason = self.parts.tape.state().name().to_owned();
        tracing::error!(session = %self.parts.id, tick = self.tick().0, reason, "session suspended");
        self.parts.players.send_status(&StatusMessage { state: ServerState::Suspended, reason });
    }

    /// Frozen: nothing is simulated and nothing taken in, until the tape takes what is staged. Only then does anything follow
    /// of the tick that could not be kept. What was missed meanwhile is lag as after any stall: caught up, or the schedule is
    /// moved.
    pub(super) fn try_to_go_on(&mut self, counted: &TickMetrics) {
        // Who was lost before is lost before whoever comes back now.
        self.parts.players.log_departures(&mut self.facts);
        self.input.take_from(&mut self.facts);
        for _ in 0..self.parts.inbox.capacity() {
            let Some(envelope) = self.parts.inbox.take() else { break };
            self.take_while_frozen(envelope);
        }
        if let Some(kept) = self.keep() {
            tracing::info!(session = %self.parts.id, tick = kept.tick.0, "session goes on");
            self.state = HostState::Running;
            let live = StatusMessage { state: ServerState::Live, reason: String::new() };
            self.parts.players.send_status(&live);
            self.follow(&kept, counted);
        } else if self.state != HostState::Gone && self.parts.live.is_draining() {
            self.drain();
        }
    }
}
