//! The host of one simulation: drains its inbox, steps it, records it and shows it. Lives on a shard's thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use combat_components::command::{Command, LeaveCause, TickInput};
use combat_components::event::Event;
use combat_components::ids::{Epoch, PlayerId, SessionId, Slot};
use combat_components::limits::{DISCONNECTED_BODY_MS, KEYFRAME_MS};
use combat_components::phase::Phase;
use combat_components::tick::{Tick, TickRate};
use combat_protocol::close::CloseCode;
use combat_protocol::numbers::ServerState;
use combat_protocol::server::{EventMessage, StatusMessage};
use combat_replays::recorder::Recorder;
use combat_systems::sim::Sim;
use prometheus::IntCounter;

use super::inbox::{Envelope, Inbox, PlaceTaken, Reply};
use super::live::LiveFacts;
use super::summary::{JoinSession, SessionError, SessionStatus};
use crate::journal::{Offer, Tape, TapeState};
use crate::replication::happenings;
use crate::replication::players::{Arrived, PlayersAudience, Standing};
use crate::replication::relay::Relay;
use crate::replication::view::ViewBuilder;

/// Wall-clock anchors are laid beside the records this often.
const ANCHOR_MS: u32 = 1_000;

/// A record that the tape was too busy to take waits here; longer than this and the session freezes.
const STAGED_BYTES_MAX: usize = 256 << 10;

/// What a host is made of.
#[derive(Debug)]
pub struct HostParts {
    pub id: SessionId,
    pub sim: Sim,
    pub epoch: Epoch,
    pub inbox: Arc<Inbox>,
    pub live: Arc<LiveFacts>,
    pub tape: Arc<Tape>,
    pub relay: Relay,
    pub players: PlayersAudience,
    pub tick_rate: TickRate,
}

/// What a host is after a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostState {
    Running,
    /// Frozen: its log cannot be written.
    Suspended,
    /// Everything is simulated; what is left is to become durable.
    Over,
    /// The simulation panicked.
    Failed,
    /// Nothing is left to do.
    Gone,
}

/// How a host came to have nothing left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The match is over and durable.
    Finished,
    Failed,
    /// The server stops; the next process goes on.
    Drained,
}

/// Whoever waits for a tick to have been simulated.
#[derive(Debug)]
enum Waiting {
    Join { reply: Reply<PlaceTaken>, slot: Slot, team: combat_components::ids::Team },
    Tick(Reply<Tick>),
}

#[derive(Debug)]
pub struct SessionHost {
    parts: HostParts,
    state: HostState,
    ending: Ending,
    builder: ViewBuilder,
    recorder: Recorder,
    staging: Vec<u8>,
    keyframe: Vec<u8>,
    /// The newest tick staged, and whether a keyframe is among what is staged.
    staged: Option<(Tick, bool)>,
    input: TickInput,
    waiting: Vec<Waiting>,
    spectator_events: Vec<EventMessage>,
    epoch_began_at: Tick,
    keyframe_due_at: Tick,
    drain: Option<Reply<Tick>>,
    close_code: CloseCode,
}

impl SessionHost {
    /// A session from its creation or its resumption on.
    pub fn new(parts: HostParts) -> Self {
        let began_at = parts.sim.tick();
        let mut builder = ViewBuilder::default();
        builder.rebuild_roster(&parts.sim);
        let mut host = Self {
            state: HostState::Running,
            ending: Ending::Finished,
            recorder: Recorder::new(),
            staging: Vec::with_capacity(64 << 10),
            keyframe: Vec::with_capacity(16 << 10),
            staged: None,
            input: TickInput::with_capacity(256),
            waiting: Vec::new(),
            spectator_events: Vec::new(),
            epoch_began_at: began_at,
            keyframe_due_at: began_at,
            drain: None,
            close_code: CloseCode::SessionEnded,
            builder,
            parts,
        };
        host.publish_places();
        if host.parts.epoch.0 > 1 {
            host.input.push(Command::Resumed { epoch: host.parts.epoch });
        }
        host
    }

    pub fn id(&self) -> SessionId {
        self.parts.id
    }

    pub fn tick(&self) -> Tick {
        self.parts.sim.tick()
    }

    pub fn tick_rate(&self) -> TickRate {
        self.parts.tick_rate
    }

    pub fn ending(&self) -> Ending {
        self.ending
    }

    pub fn player_count(&self) -> usize {
        self.parts.sim.player_count()
    }

    /// Spreads sessions of slower rates over the beats.
    pub fn turn(&self) -> u64 {
        u64::from(self.parts.id.0[15])
    }

    pub fn state(&self) -> HostState {
        self.state
    }

    /// Why the match ended, once it has.
    pub fn end_reason(&self) -> Option<&'static str> {
        self.parts.sim.match_state().end.map(|reason| reason.code())
    }

    /// The server moved its schedule after a stall: the next tick says so.
    pub fn note_schedule_moved(&mut self, ticks: u32) {
        self.input.push(Command::ScheduleMoved { ticks });
    }

    /// Simulates one tick, or waits for the disk. A panic ends this session and no other.
    pub fn step(&mut self, unix_us: u64, damage_events: &IntCounter) -> HostState {
        match self.state {
            HostState::Running => {
                if catch_unwind(AssertUnwindSafe(|| self.play(unix_us, damage_events))).is_err() {
                    self.fail();
                }
            }
            HostState::Suspended => self.try_to_go_on(),
            HostState::Over | HostState::Failed => self.wind_up(),
            HostState::Gone => {}
        }
        self.state
    }

    fn play(&mut self, unix_us: u64, damage_events: &IntCounter) {
        self.drain_inbox();
        self.parts.players.log_link_facts(&mut self.input);
        self.expire_windows();
        self.stage_keyframe();
        let output = self.parts.sim.step(&mut self.input);
        let tick = output.tick;
        self.recorder.record_tick(self.parts.epoch, &self.input, output, &mut self.staging);
        let damaged = output.events.iter().filter(|event| matches!(event, Event::Damaged { .. })).count();
        damage_events.inc_by(damaged as u64);
        let anchor_ticks = self.parts.tick_rate.ticks_in_ms(ANCHOR_MS);
        if tick.0 % anchor_ticks == 1 || tick == self.epoch_began_at.plus(1) {
            self.recorder.record_anchor(tick, unix_us, &mut self.staging);
        }
        self.input.clear();
        let with_keyframe = self.staged.is_some_and(|(_, keyframe)| keyframe);
        self.staged = Some((tick, with_keyframe));
        self.offer();
        self.show(unix_us);
        self.answer_waiting(tick);
        self.finish_if_over(tick);
    }

    fn drain_inbox(&mut self) {
        while let Some(envelope) = self.parts.inbox.take() {
            self.take(envelope);
        }
    }

    fn take(&mut self, envelope: Envelope) {
        match envelope {
            Envelope::Input { command, ack } => {
                if let (true, Command::Claim { claim }) = (ack, &command) {
                    self.parts.players.ask_ack(claim.slot);
                }
                self.input.push(command);
            }
            Envelope::Join { wish, reply } => self.take_join(wish, reply),
            Envelope::Leave { player, cause, reply } => match self.parts.live.place_of(player) {
                None => drop(reply.send(Err(SessionError::NotInSession))),
                Some(slot) => {
                    self.input.push(Command::Leave { slot, cause });
                    let kicked = cause == LeaveCause::Kicked;
                    self.parts.players.dismiss(slot, if kicked { CloseCode::Kicked } else { CloseCode::Left });
                    self.forget(player);
                    self.waiting.push(Waiting::Tick(reply));
                }
            },
            Envelope::End { reason, reply } => {
                self.input.push(Command::End { reason });
                self.waiting.push(Waiting::Tick(reply));
            }
            Envelope::Arrive(arrival) => match self.parts.live.place_of(arrival.player) {
                None => drop(arrival.reply.send(Err(SessionError::NotInSession))),
                Some(slot) => {
                    self.input.push(Command::Connected { slot });
                    // Nobody waiting for the answer means that the connection is gone already.
                    let _ = arrival.reply.send(Ok(slot));
                    self.parts.players.arrive(Arrived {
                        slot,
                        connection: arrival.connection,
                        outbox: arrival.outbox,
                        encoding: arrival.encoding,
                        seen: arrival.seen,
                    });
                }
            },
            Envelope::Depart { slot, connection } => {
                if self.parts.players.depart(slot, connection) {
                    self.input.push(Command::Disconnected { slot });
                }
            }
            Envelope::Drain { reply } => {
                self.keyframe_due_at = Tick(0);
                self.drain = Some(reply);
            }
        }
    }

    /// The same player gets the place he has; a new one the lowest that is free.
    fn take_join(&mut self, wish: JoinSession, reply: Reply<PlaceTaken>) {
        let taken: Vec<Slot> = self.places().iter().map(|(_, slot)| *slot).collect();
        if let Some(slot) = self.parts.live.place_of(wish.player) {
            let known = self.parts.sim.members().find(|(_, identity, _)| identity.player == wish.player);
            let team = known.map_or(wish.team, |(_, identity, _)| identity.team);
            return self.waiting.push(Waiting::Join { reply, slot, team });
        }
        let slots = self.parts.sim.rules().setup.max_players;
        let Some(slot) = (0..slots).map(Slot).find(|slot| !taken.contains(slot)) else {
            // Nobody waiting for the answer means that the caller has gone.
            let _ = reply.send(Err(SessionError::Full));
            return;
        };
        let JoinSession { player, name, team, bot } = wish;
        self.input.push(Command::Join { slot, player, name, team, bot });
        let mut places = self.places();
        places.push((player, slot));
        self.parts.live.set_places(places);
        self.waiting.push(Waiting::Join { reply, slot, team });
    }

    fn places(&self) -> Vec<(PlayerId, Slot)> {
        self.parts.live.places()
    }

    fn forget(&mut self, player: PlayerId) {
        let mut places = self.places();
        places.retain(|(present, _)| *present != player);
        self.parts.live.set_places(places);
    }

    fn publish_places(&mut self) {
        let members = self.parts.sim.members();
        self.parts.live.set_places(members.map(|(_, identity, _)| (identity.player, identity.slot)).collect());
    }

    /// A body whose connection has been gone for too long leaves, once a second.
    fn expire_windows(&mut self) {
        let now = self.parts.sim.tick();
        if !now.0.is_multiple_of(self.parts.tick_rate.hz()) {
            return;
        }
        let window_ticks = self.parts.tick_rate.ticks_in_ms(DISCONNECTED_BODY_MS);
        let expired = self.parts.sim.members().filter(|(_, _, link)| {
            !link.connected && now.since(link.changed_at) >= window_ticks
        });
        let expired: Vec<(PlayerId, Slot)> =
            expired.map(|(_, identity, _)| (identity.player, identity.slot)).collect();
        for (player, slot) in expired {
            self.input.push(Command::Leave { slot, cause: LeaveCause::WindowExpired });
            self.forget(player);
        }
    }

    /// A chunk starts with a keyframe, so one is only written when nothing older waits before it.
    fn stage_keyframe(&mut self) {
        let now = self.parts.sim.tick();
        if now < self.keyframe_due_at || self.staged.is_some() {
            return;
        }
        self.keyframe.clear();
        self.parts.sim.write_keyframe(&mut self.keyframe);
        self.recorder.record_keyframe(self.parts.epoch, now, &self.keyframe, &mut self.staging);
        self.staged = Some((now, true));
        self.keyframe_due_at = now.plus(self.parts.tick_rate.ticks_in_ms(KEYFRAME_MS));
    }

    fn offer(&mut self) {
        let Some((tick, keyframe)) = self.staged else { return };
        match self.parts.tape.offer(&mut self.staging, tick.0, keyframe) {
            Offer::Taken => self.staged = None,
            Offer::Busy if self.staging.len() <= STAGED_BYTES_MAX => {}
            Offer::Busy | Offer::Full => self.suspend(),
        }
    }

    fn suspend(&mut self) {
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

    /// Frozen: nothing is simulated and nothing taken in, until the tape takes what is staged.
    fn try_to_go_on(&mut self) {
        while let Some(envelope) = self.parts.inbox.take() {
            self.refuse(envelope);
        }
        let before = self.tick();
        self.state = HostState::Running;
        self.offer_again();
        if self.state == HostState::Running && self.staged.is_none() {
            tracing::info!(session = %self.parts.id, tick = before.0, "session goes on");
            self.note_schedule_moved(0);
            let live = StatusMessage { state: ServerState::Live, reason: String::new() };
            self.parts.players.send_status(&live);
        }
    }

    fn offer_again(&mut self) {
        let Some((tick, keyframe)) = self.staged else { return };
        match self.parts.tape.offer(&mut self.staging, tick.0, keyframe) {
            Offer::Taken => self.staged = None,
            Offer::Busy => self.state = HostState::Suspended,
            Offer::Full if self.parts.tape.state() == TapeState::LostOwnership => self.suspend(),
            Offer::Full => self.state = HostState::Suspended,
        }
    }

    /// Connections may come and go while the session is frozen; nothing else may.
    fn refuse(&mut self, envelope: Envelope) {
        match envelope {
            Envelope::Input { .. } => {}
            Envelope::Join { reply, .. } => drop(reply.send(Err(SessionError::Suspended))),
            Envelope::Leave { reply, .. } | Envelope::End { reply, .. } => {
                drop(reply.send(Err(SessionError::Suspended)));
            }
            Envelope::Arrive(_) | Envelope::Depart { .. } | Envelope::Drain { .. } => self.take(envelope),
        }
        if let Some(reply) = self.drain.take() {
            self.drain_now(reply);
        }
    }

    fn show(&mut self, unix_us: u64) {
        let sim = &mut self.parts.sim;
        let tick = sim.tick();
        let output = sim.output();
        let membership = |event: &Event| matches!(event, Event::Joined { .. } | Event::Left { .. });
        let members_changed = output.events.iter().any(membership);
        let became_active = output.events.contains(&Event::PhaseChanged { phase: Phase::Active });
        self.builder.note_events(&output.events);
        if members_changed {
            self.builder.rebuild_roster(sim);
        }
        let told = |event| happenings::message_of(event, self.parts.epoch, tick, &self.builder.view.roster);
        self.spectator_events.extend(output.events.iter().filter_map(told));
        let frame_due = tick.0.is_multiple_of(self.parts.players.frame_ticks());
        if frame_due {
            self.builder.build(sim, self.parts.epoch);
        }
        let standing = Standing {
            epoch: self.parts.epoch,
            epoch_began_at: self.epoch_began_at,
            durable_tick: Tick(self.parts.tape.durable_tick()),
        };
        self.parts.players.after_step(sim, &mut self.builder, standing);
        if tick.0.is_multiple_of(self.parts.relay.frame_ticks()) {
            self.parts.relay.offer(&self.builder.view, &self.builder.shots, &mut self.spectator_events);
        }
        if frame_due && tick.0.is_multiple_of(self.parts.relay.frame_ticks()) {
            self.builder.spectators_have_shots();
        }
        if frame_due {
            self.builder.players_have_shots();
        }
        if became_active {
            self.parts.live.set_started_at_ms((unix_us / 1_000) as i64);
        }
        self.parts.live.set_tick(tick, unix_us);
        if self.state == HostState::Running {
            self.parts.live.set_status(status_of(&self.parts.sim));
        }
    }

    fn answer_waiting(&mut self, tick: Tick) {
        for waiting in self.waiting.drain(..) {
            match waiting {
                // Nobody waiting for the answer means that the caller has gone.
                Waiting::Join { reply, slot, team } => drop(reply.send(Ok(PlaceTaken { slot, team, tick }))),
                Waiting::Tick(reply) => drop(reply.send(Ok(tick))),
            }
        }
    }

    fn finish_if_over(&mut self, tick: Tick) {
        if let Some(reply) = self.drain.take() {
            self.drain_now(reply);
        } else if self.parts.sim.match_state().phase == Phase::Ended && self.state == HostState::Running {
            tracing::info!(session = %self.parts.id, tick = tick.0, reason = self.end_reason(), "session over");
            self.state = HostState::Over;
        }
    }

    /// The server ends and the session does not: its players are told, and the next process takes it up.
    fn drain_now(&mut self, reply: Reply<Tick>) {
        let draining = StatusMessage { state: ServerState::Draining, reason: "server_stopping".to_owned() };
        self.parts.players.send_status(&draining);
        self.parts.players.dismiss_everybody(CloseCode::Draining);
        self.parts.relay.end(CloseCode::Draining);
        self.ending = Ending::Drained;
        self.state = HostState::Gone;
        // Nobody waiting for the answer means that the server has stopped waiting.
        let _ = reply.send(Ok(self.tick()));
    }

    fn fail(&mut self) {
        let tick = self.tick();
        tracing::error!(session = %self.parts.id, tick = tick.0, "simulation panicked, session failed");
        self.parts.sim.reclaim_input(&mut self.input);
        self.recorder.record_failed_tick(self.parts.epoch, tick, &self.input, &mut self.staging);
        let with_keyframe = self.staged.is_some_and(|(_, keyframe)| keyframe);
        self.staged = Some((tick, with_keyframe));
        self.close_code = CloseCode::SessionFailed;
        self.waiting.clear();
        self.parts.live.set_status(SessionStatus::Failed);
        self.state = HostState::Failed;
    }

    /// Waits until the last tick is durable, then tells everybody that it is over.
    fn wind_up(&mut self) {
        while let Some(envelope) = self.parts.inbox.take() {
            self.refuse_for_ever(envelope);
        }
        if let Some((tick, keyframe)) = self.staged
            && self.parts.tape.offer(&mut self.staging, tick.0, keyframe) == Offer::Taken
        {
            self.staged = None;
        }
        let lost = self.parts.tape.state() == TapeState::LostOwnership;
        let durable = self.staged.is_none() && self.parts.tape.durable_tick() >= self.tick().0;
        if !durable && !lost {
            return;
        }
        let failed = self.state == HostState::Failed || lost;
        self.be_gone(if failed { SessionStatus::Failed } else { SessionStatus::Ended });
    }

    fn refuse_for_ever(&mut self, envelope: Envelope) {
        let error = if self.state == HostState::Failed { SessionError::Failed } else { SessionError::Ended };
        match envelope {
            Envelope::Input { .. } | Envelope::Depart { .. } => {}
            Envelope::Join { reply, .. } => drop(reply.send(Err(error))),
            Envelope::Leave { reply, .. } => drop(reply.send(Err(error))),
            Envelope::End { reply, .. } | Envelope::Drain { reply } => drop(reply.send(Ok(self.tick()))),
            Envelope::Arrive(arrival) => drop(arrival.reply.send(Err(error))),
        }
    }

    fn be_gone(&mut self, status: SessionStatus) {
        self.ending = if status == SessionStatus::Failed { Ending::Failed } else { Ending::Finished };
        self.parts.live.set_status(status);
        self.parts.players.dismiss_everybody(self.close_code);
        self.parts.relay.end(self.close_code);
        self.state = HostState::Gone;
    }
}

fn status_of(sim: &Sim) -> SessionStatus {
    let state = sim.match_state();
    match state.phase {
        _ if state.is_resuming() => SessionStatus::Resuming,
        Phase::Waiting => SessionStatus::Waiting,
        Phase::Warmup => SessionStatus::Warmup,
        // Ended is said once it is durable.
        Phase::Active | Phase::Ended => SessionStatus::Active,
    }
}
