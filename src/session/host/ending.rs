//! How a session ends: over and durable, failed, or left to the next process.

use combat_components::phase::Phase;
use combat_protocol::numbers::ServerState;
use combat_protocol::server::StatusMessage;

use super::{Ending, HostState, Kept, SessionHost};
use crate::journal::{Offer, TapeState};
use crate::session::summary::SessionStatus;

impl SessionHost {
    pub(super) fn finish_if_over(&mut self, kept: &Kept) {
        // A record that the tape was too busy to take goes with the next tick.
        if self.parts.live.is_draining() && self.staged.is_none() {
            self.drain();
        } else if self.parts.sim.match_state().phase == Phase::Ended && self.state == HostState::Running {
            let tick = kept.tick().0;
            tracing::info!(session = %self.parts.id, tick, reason = self.end_reason(), "session over");
            self.state = HostState::Over;
        }
    }

    /// The server ends and the session does not: its players are told, and the next process takes it up.
    pub(super) fn drain(&mut self) {
        let draining = StatusMessage { state: ServerState::Draining, reason: "server_stopping".to_owned() };
        self.parts.players.send_status(&draining);
        self.be_gone(Ending::Drained);
    }

    pub(super) fn fail(&mut self) {
        let tick = self.tick();
        tracing::error!(session = %self.parts.id, tick = tick.0, "simulation panicked, session failed");
        // A panic before or after the step leaves nothing to record: the log holds that tick or has no such tick.
        if tick > self.recorded {
            let input = self.input.commands();
            self.parts.sim.reclaim_input(input);
            self.recorder.record_failed_tick(self.parts.epoch, tick, input, &mut self.staging);
            let with_keyframe = self.staged.is_some_and(|(_, keyframe)| keyframe);
            self.staged = Some((tick, with_keyframe));
        }
        self.parts.live.set_status(SessionStatus::Failed);
        // Dropped without an answer: nothing follows of what failed.
        self.waiting.clear();
        self.arriving.clear();
        self.state = HostState::Failed;
    }

    /// Waits until the last tick is durable, then tells everybody that it is over.
    pub(super) fn wind_up(&mut self) {
        for _ in 0..self.parts.inbox.capacity() {
            let Some(envelope) = self.parts.inbox.take() else { break };
            self.refuse_for_ever(envelope);
        }
        let is_handed_over = self.hand_over() == Offer::Taken;
        let lost = self.parts.tape.state() == TapeState::LostOwnership;
        let durable = is_handed_over && self.parts.tape.durable_tick() >= self.tick().0;
        let last_frame_kept = self.state == HostState::Failed || self.offer_last_frame();
        let is_settled = durable && last_frame_kept;
        if !is_settled && !lost {
            return;
        }
        self.parts.players.tell_finality(self.standing());
        let failed = self.state == HostState::Failed || lost;
        self.be_gone(if failed { Ending::Failed } else { Ending::Finished });
    }

    pub(super) fn be_gone(&mut self, ending: Ending) {
        self.be_over(ending);
        self.parts.players.dismiss_everybody(ending.told().close_code());
    }

    /// Everybody who comes hears of it; the connections that there are go with the host.
    pub(super) fn be_over(&mut self, ending: Ending) {
        (self.ending, self.state) = (ending, HostState::Gone);
        ending.status().inspect(|status| self.parts.live.set_status(*status));
        let told = ending.told();
        self.parts.inbox.close(told.clone());
        self.parts.relay.end(told.close_code());
    }
}
