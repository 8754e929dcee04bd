//! The players' audience: the frames of their lanes, and each player's own part.

use combat_components::command::{Command, TickInput};
use combat_components::event::Event;
use combat_components::ids::{Epoch, Slot};
use combat_components::limits::BANK_MS;
use combat_components::reason::Reason;
use combat_components::setup::SessionSetup;
use combat_components::tick::{Tick, TickRate};
use combat_components::verdict::Verdict;
use combat_protocol::close::CloseCode;
use combat_protocol::codec::{encode_own, encode_status};
use combat_protocol::server::{Own, ResumedFrom, StatusMessage, Welcome};
use combat_systems::sim::Sim;
use combat_systems::views::{Eye, OwnBody};

use super::connection::Connection;
use super::encoded::{Encoder, PerEncoding};
use super::gate::{Gate, Moment};
use super::happenings::Told;
use super::lane::{Lane, Public, Showing};
use super::own::{correction_of, fill_own, verdict_of};
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
pub struct PlayersAudience<C> {
    sockets: Vec<Option<PlayerSocket<C>>>,
    /// Connections of players who leave, with the tick that says so: they hear nothing more, and are closed by it.
    leavers: Vec<(Tick, PlayerSocket<C>, CloseCode)>,
    /// One for each eye that players see by.
    lanes: Vec<Lane>,
    template: WelcomeTemplate,
    tick_rate: TickRate,
    frame_ticks: u32,
    encoder: Encoder,
    own: Own,
    /// Facts about links that this tick made and the next one logs.
    facts: TickInput,
    /// The newest event that players saw and that was not durable yet.
    unfinal_at: Option<Tick>,
}

impl<C: Connection> PlayersAudience<C> {
    pub fn new(setup: &SessionSetup, template: WelcomeTemplate) -> Self {
        Self {
            sockets: (0..setup.max_players).map(|_| None).collect(),
            leavers: Vec::new(),
            lanes: Vec::new(),
            template,
            tick_rate: setup.tick_rate,
            frame_ticks: setup.limits.frame_ticks,
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
    pub fn arrive(&mut self, arrived: Arrived<C>) {
        let slot = arrived.slot;
        if let Some(older) = self.sockets[usize::from(slot.0)].replace(PlayerSocket::of(arrived)) {
            older.close(CloseCode::Superseded);
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
            socket.close(code);
        }
    }

    /// As `dismiss`, once the tick `with` is told.
    pub fn leave(&mut self, slot: Slot, code: CloseCode, with: Tick) {
        self.leavers.extend(self.sockets[usize::from(slot.0)].take().map(|socket| (with, socket, code)));
    }

    /// Closes the connections of those who have left by `tick`.
    pub fn close_leavers(&mut self, tick: Tick) {
        for (_, socket, code) in self.leavers.extract_if(.., |(with, ..)| *with <= tick) {
            socket.close(code);
        }
    }

    pub fn dismiss_everybody(&mut self, code: CloseCode) {
        let leavers = self.leavers.drain(..).map(|(_, socket, _)| socket);
        for socket in self.sockets.iter_mut().filter_map(Option::take).chain(leavers) {
            socket.close(code);
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
            if place.as_ref().is_some_and(|socket| socket.outbox().is_closed()) {
                drop_socket(place, slot, input);
            }
            let Some(socket) = place else { continue };
            let rtt_ms = socket.outbox().facts().rtt_least_ms();
            if rtt_ms != socket.logged_rtt_ms {
                socket.logged_rtt_ms = rtt_ms;
                input.push(Command::LinkSampled { slot: Slot(slot as u8), rtt_ms });
            }
        }
    }

    /// Sends the frames of this tick, once its events and verdicts have been noted.
    pub fn after_step(
        &mut self,
        sim: &mut Sim,
        builder: &mut ViewBuilder,
        frame_due: bool,
        standing: Standing,
    ) {
        self.tell_finality(standing);
        if frame_due {
            self.send_frames(sim, builder, standing);
            builder.players_have_shots();
        } else {
            self.send_urgent(sim, standing);
        }
    }

    /// Sends the message that tells an event; what concerns one player alone goes into his own part.
    pub fn note_event(&mut self, event: &Event, told: Option<&Told>) {
        match told {
            Some(told) => {
                self.tell(told);
                self.unfinal_at = Some(Tick(told.message.tick));
            }
            None => self.take_private(event),
        }
    }

    fn take_private(&mut self, event: &Event) {
        if let Some((slot, correction)) = correction_of(event)
            && let Some(Some(socket)) = self.sockets.get_mut(usize::from(slot.0))
        {
            socket.correction = Some(correction);
            socket.urgent = true;
        }
        if let Event::TooManyRefusals { slot, reason, .. } = *event {
            self.turn_away(slot, reason);
        }
    }

    /// Closes the connection of a player who does not believe corrections; his body stays, as after any loss.
    fn turn_away(&mut self, slot: Slot, reason: Reason) {
        if let Some(socket) = self.sockets.get_mut(usize::from(slot.0)).and_then(Option::take) {
            socket.reader.outbox.close_because(CloseCode::Policy, reason);
            self.facts.push(Command::Disconnected { slot });
        }
    }

    /// A verdict on a player's input leaves with its tick.
    pub fn note_verdict(&mut self, verdict: &Verdict, tick: Tick) {
        if let Some((slot, input_seq)) = verdict.origin.player()
            && let Some(Some(socket)) = self.sockets.get_mut(usize::from(slot.0))
        {
            socket.urgent = true;
            socket.verdicts.push(verdict_of(verdict, input_seq, tick));
        }
    }

    /// Tells the players that what they saw last has become final, once it has.
    pub fn tell_finality(&mut self, standing: Standing) {
        if self.unfinal_at.is_some_and(|tick| tick <= standing.durable_tick) {
            self.unfinal_at = None;
            self.tell(&Told::durable(standing.epoch, standing.durable_tick));
        }
    }

    fn tell(&mut self, told: &Told) {
        let mut encoded = PerEncoding::default();
        for (at, place) in self.sockets.iter_mut().enumerate() {
            let Some(socket) = place else { continue };
            if !socket.reader.tell(told, &mut encoded, &mut self.encoder) {
                drop_socket(place, at, &mut self.facts);
            }
        }
    }

    /// Tells every player whether the session takes inputs.
    pub fn send_status(&mut self, message: &StatusMessage) {
        for (at, place) in self.sockets.iter_mut().enumerate() {
            let Some(reader) =
                place.as_ref().map(|socket| &socket.reader).filter(|reader| reader.is_welcomed())
            else {
                continue;
            };
            let bytes = self.encoder.share(|out| encode_status(message, reader.encoding, out));
            if !reader.outbox.send_reliable(bytes) {
                drop_socket(place, at, &mut self.facts);
            }
        }
    }

    fn send_frames(&mut self, sim: &mut Sim, builder: &mut ViewBuilder, standing: Standing) {
        self.open_lanes(sim);
        let moment = Moment { now: sim.tick(), durable: standing.durable_tick };
        let mut lanes = std::mem::take(&mut self.lanes);
        for lane in &mut lanes {
            if !(0..self.sockets.len()).any(|at| self.is_in(at, lane.eye(), sim)) {
                continue;
            }
            let (view, shots) = builder.players_frame(sim, lane.eye(), standing.epoch);
            let Some(mut showing) = lane.show(view, shots, moment) else { continue };
            for at in 0..self.sockets.len() {
                if self.is_in(at, showing.eye(), sim)
                    && let Some(own) = sim.own_view(Slot(at as u8))
                {
                    self.send_frame(at, &own, &mut showing, standing);
                }
            }
        }
        self.lanes = lanes;
    }

    /// Never more than there are teams.
    fn open_lanes(&mut self, sim: &Sim) {
        for at in 0..self.sockets.len() {
            if let Some(eye) = self.sockets[at].as_ref().and_then(|_| sim.eye_of(Slot(at as u8)))
                && !self.lanes.iter().any(|lane| lane.eye() == eye)
            {
                self.lanes.push(Lane::new(eye, Gate::OPEN));
            }
        }
    }

    fn is_in(&self, at: usize, eye: Eye, sim: &Sim) -> bool {
        self.sockets[at].is_some() && sim.eye_of(Slot(at as u8)) == Some(eye)
    }

    fn send_frame(&mut self, at: usize, own: &OwnBody, showing: &mut Showing<'_>, standing: Standing) {
        let Some(socket) = &mut self.sockets[at] else {
            return;
        };
        if !socket.reader.is_welcomed() {
            if socket.since <= showing.tick() {
                self.welcome(at, own, showing, standing);
            }
            return;
        }
        let facts = socket.outbox().facts();
        let has_room = facts.has_room_for_frame();
        let allowance_ticks = self.tick_rate.ticks_in_ms(facts.rtt_ms() + WORD_AGE_MS_MAX) + self.frame_ticks;
        let (slot, now) = (Slot(at as u8), showing.tick());
        let public = match showing.due_to(&mut socket.reader, allowance_ticks, &mut self.encoder) {
            Public::Nothing if socket.urgent && has_room => None,
            Public::Nothing => return,
            Public::Delta(bytes) => Some(bytes),
            Public::Snapshot { bytes, skipped_from } => {
                self.facts.extend(skipped_from.map(|from| Command::FramesSkipped { slot, from, to: now }));
                self.facts.push(Command::SnapshotSent { slot, at: now });
                Some(bytes)
            }
        };
        self.send_own(at, public, own, now, standing);
    }

    fn send_urgent(&mut self, sim: &mut Sim, standing: Standing) {
        for at in 0..self.sockets.len() {
            let urgent = |socket: &&PlayerSocket<C>| {
                socket.urgent && socket.reader.is_welcomed() && socket.outbox().facts().has_room_for_frame()
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
        let (correction, abilities) = (socket.correction.take(), self.template.0.abilities.len());
        fill_own(&mut self.own, body, correction, abilities, (now, standing));
        self.own.verdicts.clear();
        self.own.verdicts.append(&mut socket.verdicts);
        socket.urgent = false;
        socket.outbox().facts().note_bank(body.bank_ticks);
        let (own, encoding) = (&self.own, socket.reader.encoding);
        let bytes = self.encoder.share(|out| encode_own(own, encoding, out));
        if !socket.outbox().send_frame(public, Some(bytes)) {
            drop_socket(&mut self.sockets[at], at, &mut self.facts);
        }
    }

    fn welcome(&mut self, at: usize, body: &OwnBody, showing: &mut Showing<'_>, standing: Standing) {
        let Some(socket) = &mut self.sockets[at] else {
            return;
        };
        let now = showing.tick();
        let mut own = Own::default();
        let (correction, abilities) = (socket.correction.take(), self.template.0.abilities.len());
        fill_own(&mut own, body, correction, abilities, (now, standing));
        socket.verdicts.clear();
        socket.urgent = false;
        let seen = socket.seen_on_arrival;
        let welcome = Welcome {
            sim_id: Some(body.id.0),
            slot: Some(at as u8),
            durable_tick: standing.durable_tick.0,
            last_input_seq: body.input_seq,
            resumed: seen.filter(|(epoch, _)| *epoch < standing.epoch).map(|(epoch, tick)| ResumedFrom {
                epoch: standing.epoch.0,
                tick: standing.epoch_began_at.0,
                rolled_back_from_epoch: epoch.0,
                rolled_back_from_tick: tick.0,
            }),
            own: Some(own),
            ..self.template.0.clone()
        };
        self.facts.push(Command::SnapshotSent { slot: Slot(at as u8), at: now });
        if !showing.welcome(&mut socket.reader, welcome, &mut self.encoder) {
            drop_socket(&mut self.sockets[at], at, &mut self.facts);
        }
    }
}
