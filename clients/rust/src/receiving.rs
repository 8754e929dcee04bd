//! What a client hears, and how its state takes it in.

use combat_components::quantity::Velocity;
use combat_components::reason::Reason;
use combat_protocol::client_view::{HashCheck, ViewError};
use combat_protocol::codec::decode_server;
use combat_protocol::draft::DRAFT;
use combat_protocol::server::{
    Correction, Delta, EventMessage, Happening, InputVerdict, Own, Pong, ServerMessage, Snapshot,
    StatusMessage, Welcome,
};

use crate::client::{Client, Placed};
use crate::clock::ServerClock;
use crate::error::ClientError;
use crate::pacer::ClaimPacer;
use crate::received::Received;
use crate::resume::ResumePoint;

impl Client {
    /// Takes one message that arrived at `now_ms`, by any monotonic clock.
    ///
    /// # Errors
    /// When the bytes are no message of the server, or a frame does not fit; the state is kept.
    pub fn receive(&mut self, bytes: &[u8], now_ms: u64) -> Result<Received<'_>, ClientError> {
        let message = decode_server(bytes, self.encoding)?;
        if let ServerMessage::Welcome(welcome) = message {
            return self.take_welcome(welcome, now_ms);
        }
        if self.welcome.is_none() {
            return Err(ClientError::BeforeWelcome);
        }
        match message {
            ServerMessage::Snapshot(snapshot) => self.take_snapshot(&snapshot, now_ms),
            ServerMessage::Delta(delta) => self.take_delta(delta, now_ms),
            ServerMessage::Own(own) => Ok(self.take_own(own, now_ms)),
            ServerMessage::Event(event) => Ok(self.take_event(event)),
            ServerMessage::Pong(pong) => Ok(self.take_pong(pong, now_ms)),
            ServerMessage::Status(status) => {
                self.status = status;
                Ok(Received::Status(&self.status))
            }
            ServerMessage::Welcome(_) => Err(ClientError::BeforeWelcome),
        }
    }

    fn take_welcome(&mut self, welcome: Box<Welcome>, now_ms: u64) -> Result<Received<'_>, ClientError> {
        if welcome.protocol_draft != DRAFT {
            return Err(ClientError::OtherDraft { found: welcome.protocol_draft });
        }
        self.clock = ServerClock::new(welcome.tick_rate_hz, welcome.tick, now_ms);
        let client_tick = self.pacer.client_tick();
        self.pacer = ClaimPacer::starting_after(client_tick, welcome.tick_rate_hz);
        self.status = StatusMessage::default();
        self.durable_tick = welcome.durable_tick;
        self.input_seq = self.input_seq.max(welcome.last_input_seq);
        (self.placed, self.last_claim, self.ping) = (None, None, None);
        self.seen = None;
        self.word_at_ms = Some(now_ms);
        self.view.clear();
        let snapshot = &welcome.snapshot;
        let mut rows = snapshot.players.iter();
        let row = rows.find(|row| Some(row.sim_id) == welcome.sim_id).copied();
        let own = welcome.own.clone().unwrap_or_default();
        if let (Some(row), Some(_)) = (row, &welcome.own) {
            let pose = row.pose().nearest();
            self.placed = Some(Placed { pose, velocity: Velocity::default(), epoch: own.pose_epoch });
            self.pacer.displaced(own.bank_ticks, own.tick, false);
        }
        self.take_snapshot(snapshot, now_ms)?;
        self.take_own(own, now_ms);
        Ok(Received::Welcome(self.welcome.insert(welcome)))
    }

    fn take_snapshot(&mut self, snapshot: &Snapshot, now_ms: u64) -> Result<Received<'_>, ClientError> {
        self.counters.snapshots += 1;
        let check = self.view.apply_snapshot(snapshot);
        self.last_delta.shots.clear();
        self.frame_applied(check, now_ms)
    }

    fn take_delta(&mut self, delta: Delta, now_ms: u64) -> Result<Received<'_>, ClientError> {
        self.counters.deltas += 1;
        let check = self.view.apply_delta(&delta);
        self.last_delta = delta;
        self.frame_applied(check, now_ms)
    }

    fn frame_applied(
        &mut self,
        check: Result<HashCheck, ViewError>,
        now_ms: u64,
    ) -> Result<Received<'_>, ClientError> {
        let check = check.inspect_err(|_| self.counters.frames_refused += 1)?;
        self.counters.view_hashes += u64::from(check != HashCheck::NotSent);
        self.counters.view_hash_mismatches += u64::from(matches!(check, HashCheck::Differs { .. }));
        let view = self.view.view().ok_or(ViewError::NoView { base_tick: 0 })?;
        self.seen = Some(ResumePoint { epoch: view.epoch, tick: view.tick });
        self.clock.at_least(view.tick, now_ms);
        Ok(Received::Frame { view, shots: &self.last_delta.shots, check })
    }

    fn take_own(&mut self, own: Own, now_ms: u64) -> Received<'_> {
        self.clock.at_least(own.tick, now_ms);
        self.durable_tick = self.durable_tick.max(own.durable_tick);
        let held = |verdict: &&InputVerdict| verdict.reason == Some(Reason::HeldByShot);
        for verdict in own.verdicts.iter().filter(held) {
            self.pacer.held(verdict.input_seq);
        }
        self.pacer.bank_reported(own.bank_ticks, own.tick, own.last_input_seq);
        if let Some(correction) = &own.correction {
            self.take_correction(correction, own.tick, now_ms);
        }
        self.own = own;
        Received::Own(&self.own)
    }

    fn take_correction(&mut self, correction: &Correction, tick: u32, now_ms: u64) {
        let &Correction { reason, pose, pose_epoch, bank_ticks, .. } = correction;
        let [vx, vy, vz] = correction.velocity;
        if self.placed.is_some_and(|placed| placed.epoch > pose_epoch) {
            return;
        }
        let is_refusal = reason < Reason::ScheduleMoved;
        self.counters.corrections += u64::from(is_refusal);
        let pose = pose.nearest();
        self.placed = Some(Placed { pose, velocity: Velocity { x: vx, y: vy, z: vz }, epoch: pose_epoch });
        self.last_claim = None;
        match correction.client_tick {
            None => self.pacer.displaced(bank_ticks, tick, reason == Reason::BankOverdrawn),
            Some(client_tick) => {
                let own_ticks = self.clock.own_ticks(now_ms);
                self.pacer.set_back(client_tick, own_ticks, (bank_ticks, tick));
            }
        }
    }

    fn take_event(&mut self, event: EventMessage) -> Received<'_> {
        if let Happening::Durable { tick, .. } = event.happening {
            self.durable_tick = self.durable_tick.max(tick);
        }
        Received::Event(event)
    }

    fn take_pong(&mut self, pong: Pong, now_ms: u64) -> Received<'_> {
        if let Some((_, sent_ms)) = self.ping.take_if(|(nonce, _)| *nonce == pong.nonce) {
            self.clock.pong(pong.tick, pong.tick_fraction, sent_ms, now_ms);
            self.round_trip_ms = Some(now_ms.saturating_sub(sent_ms));
        }
        Received::Pong(pong)
    }
}
