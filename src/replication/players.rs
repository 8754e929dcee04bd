//! The players' audience: one public delta per frame, encoded once, and each player's own part.

use combat_components::command::{Command, TickInput};
use combat_components::event::Event;
use combat_components::ids::{Epoch, Slot};
use combat_components::limits::BANK_MS;
use combat_components::reason::Reason;
use combat_components::setup::SessionSetup;
use combat_components::tick::{Tick, TickRate};
use combat_protocol::close::CloseCode;
use combat_protocol::codec::{encode_event, encode_own, encode_status, encode_welcome};
use combat_protocol::frame::FrameEncoder;
use combat_protocol::server::{EventMessage, Happening, Own, ResumedFrom, Snapshot, StatusMessage, Welcome};
use combat_systems::sim::Sim;
use combat_systems::views::OwnBody;

use super::encoded::{Encoder, PerEncoding};
use super::happenings;
use super::own::{correction_of, fill_own, verdict_of};
use super::pace::{Due, Pace};
pub use super::player_socket::Arrived;
use super::player_socket::{PlayerSocket, drop_socket};
use super::view::ViewBuilder;

/// A silent player's word may be this old beyond its round trip: the bank, which is as long as a stall may last.
const WORD_AGE_MS_MAX: u32 = BANK_MS;

/// What never changes in the welcomes of one session.
#[derive(Clone, Debug, Default)]
pub struct WelcomeTemplate(pub Welcome);

/// Where a session stands, as its audiences are told.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    pub epoch: Epoch,
    pub epoch_began_at: Tick,
    pub durable_tick: Tick,
}

#[derive(Debug)]
pub struct PlayersAudience {
    sockets: Vec<Option<PlayerSocket>>,
    template: WelcomeTemplate,
    tick_rate: TickRate,
    frame_ticks: u32,
    frames: FrameEncoder,
    encoder: Encoder,
    own: Own,
    /// Facts about links that this tick made and the next one logs.
    facts: TickInput,
    /// The newest event that players saw and that was not durable yet.
    unfinal_at: Option<Tick>,
}

impl PlayersAudience {
    pub fn new(setup: &SessionSetup, template: WelcomeTemplate) -> Self {
        Self {
            sockets: (0..setup.max_players).map(|_| None).collect(),
            template,
            tick_rate: setup.tick_rate,
            frame_ticks: setup.limits.frame_ticks,
            frames: FrameEncoder::new(),
            encoder: Encoder::default(),
            own: Own::default(),
            facts: TickInput::new(),
            unfinal_at: None,
        }
    }

    pub fn frame_ticks(&self) -> u32 {
        self.frame_ticks
    }

    /// Takes a connection in; it is welcomed with the next frame. The player's older one is superseded.
    pub fn arrive(&mut self, arrived: Arrived) {
        let slot = arrived.slot;
        if let Some(older) = self.sockets[usize::from(slot.0)].replace(PlayerSocket::of(arrived)) {
            older.outbox.close(CloseCode::Superseded);
        }
    }

    /// The connection that has this slot's frames, or is about to.
    pub fn connection_of(&self, slot: Slot) -> Option<u64> {
        Some(self.sockets.get(usize::from(slot.0))?.as_ref()?.connection)
    }

    /// Whether `connection` was still the player's; it is forgotten.
    pub fn depart(&mut self, slot: Slot, connection: u64) -> bool {
        let present = self.connection_of(slot) == Some(connection);
        if present {
            self.sockets[usize::from(slot.0)] = None;
        }
        present
    }

    pub fn dismiss(&mut self, slot: Slot, code: CloseCode) {
        if let Some(socket) = self.sockets[usize::from(slot.0)].take() {
            socket.outbox.close(code);
        }
    }

    pub fn dismiss_everybody(&mut self, code: CloseCode) {
        for socket in self.sockets.iter_mut().filter_map(Option::take) {
            socket.outbox.close(code);
        }
    }

    /// The acknowledgement of this player's input leaves with this tick.
    pub fn ask_ack(&mut self, slot: Slot) {
        if let Some(Some(socket)) = self.sockets.get_mut(usize::from(slot.0)) {
            socket.urgent = true;
        }
    }

    /// Adds the connections that were let go of, and what was sent outside the grid, to the input of the next tick.
    pub fn log_departures(&mut self, input: &mut TickInput) {
        input.append(&mut self.facts);
    }

    /// Adds what is known of the links since the last tick to the input of the next.
    pub fn log_link_facts(&mut self, input: &mut TickInput) {
        self.log_departures(input);
        for (slot, place) in self.sockets.iter_mut().enumerate() {
            if place.as_ref().is_some_and(|socket| socket.outbox.is_closed()) {
                drop_socket(place, slot, input);
            }
            let Some(socket) = place else { continue };
            let rtt_ms = socket.outbox.facts().rtt_least_ms();
            if rtt_ms != socket.logged_rtt_ms {
                socket.logged_rtt_ms = rtt_ms;
                input.push(Command::LinkSampled { slot: Slot(slot as u8), rtt_ms });
            }
        }
    }

    /// Sends what this tick brought.
    pub fn after_step(
        &mut self,
        sim: &mut Sim,
        builder: &mut ViewBuilder,
        frame_due: bool,
        standing: Standing,
    ) {
        self.take_events(sim, builder, standing);
        self.take_verdicts(sim);
        self.tell_finality(standing);
        if frame_due {
            self.send_frames(sim, builder, standing);
        } else {
            self.send_urgent(sim, standing);
        }
    }

    fn take_events(&mut self, sim: &Sim, builder: &ViewBuilder, standing: Standing) {
        let tick = sim.tick();
        for event in &sim.output().events {
            if let Some((slot, correction)) = correction_of(event) {
                let Some(Some(socket)) = self.sockets.get_mut(usize::from(slot.0)) else {
                    continue;
                };
                socket.correction = Some(correction);
                socket.urgent = true;
            }
            if let Event::TooManyRefusals { slot, reason, .. } = *event {
                self.turn_away(slot, reason);
            }
            if let Some(message) = happenings::message_of(event, standing.epoch, tick, &builder.view.roster) {
                self.send_event(&message);
                self.unfinal_at = Some(tick);
            }
        }
    }

    /// Closes the connection of a player who does not believe corrections; his body stays, as after any loss.
    fn turn_away(&mut self, slot: Slot, reason: Reason) {
        if let Some(socket) = self.sockets.get_mut(usize::from(slot.0)).and_then(Option::take) {
            socket.outbox.close_because(CloseCode::Policy, reason);
            self.facts.push(Command::Disconnected { slot });
        }
    }

    fn take_verdicts(&mut self, sim: &Sim) {
        for verdict in &sim.output().verdicts {
            let Some((slot, input_seq)) = verdict.origin.player() else { continue };
            let Some(Some(socket)) = self.sockets.get_mut(usize::from(slot.0)) else {
                continue;
            };
            socket.urgent = true;
            socket.verdicts.push(verdict_of(verdict, input_seq, sim.tick()));
        }
    }

    /// Tells the players that what they saw last has become final, once it has.
    pub fn tell_finality(&mut self, standing: Standing) {
        if self.unfinal_at.is_some_and(|tick| tick <= standing.durable_tick) {
            self.unfinal_at = None;
            let (epoch, tick) = (standing.epoch.0, standing.durable_tick.0);
            self.send_event(&EventMessage { epoch, tick, happening: Happening::Durable { epoch, tick } });
        }
    }

    fn send_event(&mut self, message: &EventMessage) {
        let mut encoded = PerEncoding::default();
        let encoder = &mut self.encoder;
        for (at, place) in self.sockets.iter_mut().enumerate() {
            let Some(socket) = place.as_ref().filter(|socket| socket.pace.is_some()) else {
                continue;
            };
            let encoding = socket.encoding;
            let bytes =
                encoded.get_or(encoding, || encoder.share(|out| encode_event(message, encoding, out)));
            if !socket.outbox.send_reliable(bytes) {
                drop_socket(place, at, &mut self.facts);
            }
        }
    }

    /// Tells every player whether the session takes inputs.
    pub fn send_status(&mut self, message: &StatusMessage) {
        for (at, place) in self.sockets.iter_mut().enumerate() {
            let Some(socket) = place.as_ref().filter(|socket| socket.pace.is_some()) else {
                continue;
            };
            let bytes = self.encoder.share(|out| encode_status(message, socket.encoding, out));
            if !socket.outbox.send_reliable(bytes) {
                drop_socket(place, at, &mut self.facts);
            }
        }
    }

    fn send_frames(&mut self, sim: &mut Sim, builder: &mut ViewBuilder, standing: Standing) {
        if self.sockets.iter().all(Option::is_none) {
            return;
        }
        let now = sim.tick();
        self.frames.advance(&builder.view, builder.fresh_shots());
        let (mut delta, mut snapshots) =
            (PerEncoding::default(), [PerEncoding::default(), PerEncoding::default()]);
        let roster = self.frames.roster_changes();
        for at in 0..self.sockets.len() {
            let slot = Slot(at as u8);
            let Some(own) = self.sockets[at].as_ref().and_then(|_| sim.own_view(slot)) else {
                continue;
            };
            let Some(socket) = self.sockets[at].as_mut() else {
                continue;
            };
            let Some(pace) = &mut socket.pace else {
                self.welcome(at, &own, builder, standing);
                continue;
            };
            let knows_roster = socket.roster_told == roster;
            let allowance_ms = socket.outbox.facts().rtt_ms() + WORD_AGE_MS_MAX;
            let allowance_ticks = self.tick_rate.ticks_in_ms(allowance_ms) + self.frame_ticks;
            let has_room = socket.outbox.has_room_for_frame();
            let due = pace.next(socket.outbox.facts(), has_room, (standing.epoch, now), allowance_ticks);
            let encoding = socket.encoding;
            let (frames, encoder) = (&mut self.frames, &mut self.encoder);
            let shared = match due {
                Due::Nothing if socket.urgent && has_room => None,
                Due::Nothing => continue,
                Due::Delta => Some(delta.get_or(encoding, || {
                    encoder.share(|out| {
                        frames.write_delta(encoding, out);
                    })
                })),
                Due::Snapshot => {
                    self.facts.extend(pace.take_skipped().map(|from| Command::FramesSkipped {
                        slot,
                        from,
                        to: now,
                    }));
                    self.facts.push(Command::SnapshotSent { slot, at: now });
                    Some(snapshots[usize::from(knows_roster)].get_or(encoding, || {
                        encoder.share(|out| {
                            frames.write_snapshot(knows_roster, encoding, out);
                        })
                    }))
                }
            };
            if shared.is_some() {
                socket.roster_told = roster;
            }
            self.send_own(at, shared, &own, now, standing);
        }
    }

    fn send_urgent(&mut self, sim: &mut Sim, standing: Standing) {
        for at in 0..self.sockets.len() {
            let urgent = |socket: &&PlayerSocket| {
                socket.urgent && socket.pace.is_some() && socket.outbox.has_room_for_frame()
            };
            if self.sockets[at].as_ref().filter(urgent).is_none() {
                continue;
            }
            let (now, own) = (sim.tick(), sim.own_view(Slot(at as u8)));
            if let Some(own) = own {
                self.send_own(at, None, &own, now, standing);
            }
        }
    }

    fn send_own(
        &mut self,
        at: usize,
        public: Option<bytes::Bytes>,
        body: &OwnBody,
        now: Tick,
        standing: Standing,
    ) {
        let Some(socket) = &mut self.sockets[at] else {
            return;
        };
        fill_own(&mut self.own, body, self.template.0.abilities.len(), (now, standing));
        self.own.correction = socket.correction.take().map(|mut correction| {
            correction.bank_ticks = body.bank_ticks;
            correction
        });
        self.own.verdicts.clear();
        self.own.verdicts.append(&mut socket.verdicts);
        socket.urgent = false;
        socket.outbox.facts().note_bank(body.bank_ticks);
        let (own, encoding) = (&self.own, socket.encoding);
        let bytes = self.encoder.share(|out| encode_own(own, encoding, out));
        if !socket.outbox.send_frame(public, Some(bytes)) {
            drop_socket(&mut self.sockets[at], at, &mut self.facts);
        }
    }

    fn welcome(&mut self, at: usize, body: &OwnBody, builder: &ViewBuilder, standing: Standing) {
        let Some(socket) = &mut self.sockets[at] else {
            return;
        };
        let now = Tick(builder.view.tick);
        let mut own = Own::default();
        fill_own(&mut own, body, self.template.0.abilities.len(), (now, standing));
        own.correction = socket.correction.take();
        socket.verdicts.clear();
        socket.urgent = false;
        let seen = socket.seen_on_arrival.take();
        let welcome = Welcome {
            sim_id: Some(body.id.0),
            slot: Some(at as u8),
            epoch: standing.epoch.0,
            tick: now.0,
            durable_tick: standing.durable_tick.0,
            last_input_seq: body.input_seq,
            resumed: seen.filter(|(epoch, _)| *epoch < standing.epoch).map(|(epoch, tick)| ResumedFrom {
                epoch: standing.epoch.0,
                tick: standing.epoch_began_at.0,
                rolled_back_from_epoch: epoch.0,
                rolled_back_from_tick: tick.0,
            }),
            snapshot: Snapshot::of(&builder.view),
            own: Some(own),
            ..self.template.0.clone()
        };
        socket.pace = Some(Pace::starting_at(now));
        socket.roster_told = self.frames.roster_changes();
        self.facts.push(Command::SnapshotSent { slot: Slot(at as u8), at: now });
        let bytes = self.encoder.share(|out| encode_welcome(&welcome, socket.encoding, out));
        if !socket.outbox.send_reliable(bytes) {
            drop_socket(&mut self.sockets[at], at, &mut self.facts);
        }
    }
}
