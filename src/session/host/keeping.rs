//! How a session's records reach its tape, and what happens when they cannot.

use combat_protocol::close::CloseCode;
use combat_protocol::numbers::ServerState;
use combat_protocol::server::StatusMessage;

use super::{HostState, STAGED_BYTES_MAX, SessionHost};
use crate::journal::{Offer, TapeState};
use crate::session::summary::SessionStatus;

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

    pub(super) fn offer(&mut self) {
        let Some((tick, keyframe)) = self.staged else {
            return;
        };
        match self.parts.tape.offer(&mut self.staging, tick.0, keyframe) {
            Offer::Taken => self.staged = None,
            Offer::Busy if self.staging.len() <= STAGED_BYTES_MAX => {}
            Offer::Busy | Offer::Full => self.suspend(),
        }
    }

    pub(super) fn suspend(&mut self) {
        if self.parts.tape.state() == TapeState::LostOwnership {
            self.close_code = CloseCode::SessionFailed;
            return self.be_gone(SessionStatus::Failed);
        }
        self.state = HostState::Suspended;
        self.parts.live.set_status(SessionStatus::Suspended);
        let reason = self.parts.tape.state().name().to_owned();
        tracing::error!(session = %self.parts.id, tick = self.tick().0, reason, "session suspended");
        self.parts.players.send_status(&StatusMessage { state: ServerState::Suspended, reason });
    }

    /// Frozen: nothing is simulated and nothing taken in, until the tape takes what is staged. What was missed
    /// meanwhile is lag as after any stall: caught up, or the schedule is moved.
    pub(super) fn try_to_go_on(&mut self) {
        // Who was lost before is lost before whoever comes back now.
        self.parts.players.log_departures(&mut self.facts);
        self.input.take_from(&mut self.facts);
        for _ in 0..self.parts.inbox.capacity() {
            let Some(envelope) = self.parts.inbox.take() else { break };
            self.take_while_frozen(envelope);
        }
        let before = self.tick();
        self.state = HostState::Running;
        self.offer_again();
        if self.state != HostState::Gone && self.parts.live.is_draining() {
            return self.drain();
        }
        if self.state == HostState::Running && self.staged.is_none() {
            tracing::info!(session = %self.parts.id, tick = before.0, "session goes on");
            // The tick that could not be kept may have been the last.
            self.finish_if_over(before);
            let live = StatusMessage { state: ServerState::Live, reason: String::new() };
            self.parts.players.send_status(&live);
        }
    }

    pub(super) fn offer_again(&mut self) {
        let Some((tick, keyframe)) = self.staged else {
            return;
        };
        match self.parts.tape.offer(&mut self.staging, tick.0, keyframe) {
            Offer::Taken => self.staged = None,
            Offer::Busy => self.state = HostState::Suspended,
            Offer::Full if self.parts.tape.state() == TapeState::LostOwnership => self.suspend(),
            Offer::Full => self.state = HostState::Suspended,
        }
    }
}
