//! Those who watch a match, in lanes by how late they see it.

use combat_components::ids::Epoch;
use combat_components::tick::{Tick, TickRate};
use combat_protocol::close::CloseCode;
use combat_protocol::codec::Encoding;
use combat_protocol::numbers::Role;
use combat_protocol::server::Welcome;
use combat_systems::views::Eye;

use super::backlog::{DueFrames, KeptFrame};
use super::connection::Connection;
use super::encoded::{Encoder, PerEncoding};
use super::gate::{Gate, Moment};
use super::happenings::Told;
use super::lane::{Lane, Public, Reader};
use super::players::WelcomeTemplate;

/// Frames per second to spectators.
pub const SPECTATOR_FRAME_HZ: u32 = 16;

/// The longest delay a session may have; its backlog then holds 960 frames.
pub const SPECTATOR_DELAY_MS_MAX: u32 = 60_000;

/// A spectator says what it has seen once a second; this is what a word may be old beyond its round trip.
const WORD_AGE_MS_MAX: u32 = 1_250;

/// A connection that wants to watch.
#[derive(Debug)]
pub struct SpectatorArrival<C> {
    pub outbox: C,
    pub encoding: Encoding,
    pub delay_ms: u32,
}

/// Everybody who watches one session.
#[derive(Debug)]
pub struct Watchers<C> {
    template: WelcomeTemplate,
    tick_rate: TickRate,
    lanes: Vec<WatchedLane<C>>,
    encoder: Encoder,
}

#[derive(Debug)]
struct WatchedLane<C> {
    lane: Lane,
    delay_ms: u32,
    readers: Vec<Reader<C>>,
}

impl<C: Connection> Watchers<C> {
    pub fn new(template: WelcomeTemplate, tick_rate: TickRate) -> Self {
        Self { template, tick_rate, lanes: Vec::new(), encoder: Encoder::default() }
    }

    pub fn count(&self) -> usize {
        self.lanes.iter().map(|lane| lane.readers.len()).sum()
    }

    /// Takes a connection in; it is welcomed with the next frame that is due to it.
    pub fn take_in(&mut self, arrival: SpectatorArrival<C>) {
        let SpectatorArrival { outbox, encoding, delay_ms } = arrival;
        let reader = Reader::new(outbox, encoding);
        if let Some(lane) = self.lanes.iter_mut().find(|lane| lane.delay_ms == delay_ms) {
            return lane.readers.push(reader);
        }
        let gate = Gate::behind(self.tick_rate.ticks_in_ms(delay_ms));
        self.lanes.push(WatchedLane { lane: Lane::new(Eye::All, gate), delay_ms, readers: vec![reader] });
    }

    /// Shows every lane what is due to it, of which `due` is asked, after the tick it has been shown. Whether all has been
    /// shown that there will be.
    pub fn show(&mut self, mut due: impl FnMut(Gate, Option<Tick>) -> DueFrames) -> bool {
        let Self { template, tick_rate, lanes, encoder } = self;
        lanes.iter_mut().for_each(|lane| lane.readers.retain(|reader| !reader.outbox.is_closed()));
        lanes.retain(|lane| !lane.readers.is_empty());
        let mut all_shown = true;
        for watched in lanes {
            let DueFrames { frames, moment, are_last } = due(watched.lane.gate(), watched.lane.shown());
            for frame in &frames {
                watched.show(frame, moment, (template, *tick_rate), encoder);
            }
            all_shown &= are_last;
        }
        all_shown
    }

    pub fn dismiss_everybody(&mut self, code: CloseCode) {
        for reader in self.lanes.drain(..).flat_map(|lane| lane.readers) {
            reader.outbox.close(code);
        }
    }
}

impl<C: Connection> WatchedLane<C> {
    fn show(
        &mut self,
        frame: &KeptFrame,
        moment: Moment,
        (template, tick_rate): (&WelcomeTemplate, TickRate),
        encoder: &mut Encoder,
    ) {
        let Self { lane, delay_ms, readers } = self;
        let Some(mut showing) = lane.show(&frame.view, &frame.shots, moment) else { return };
        readers.retain_mut(|reader| {
            let facts = reader.outbox.facts();
            facts.note_shown(showing.tick());
            if !reader.is_welcomed() {
                let welcome = welcome(template, showing.tick(), *delay_ms);
                return showing.welcome(reader, welcome, encoder);
            }
            let allowance_ticks = tick_rate.ticks_in_ms(facts.rtt_ms() + WORD_AGE_MS_MAX);
            match showing.due_to(reader, allowance_ticks, encoder) {
                Public::Nothing => true,
                Public::Delta(bytes) | Public::Snapshot { bytes, .. } => {
                    reader.outbox.send_frame(Some(bytes), None)
                }
            }
        });
        // Whatever a spectator is told is durable already.
        let newest =
            frame.told.last().map(|told| Told::durable(Epoch(told.message.epoch), Tick(told.message.tick)));
        for told in frame.told.iter().chain(&newest) {
            let mut encoded = PerEncoding::default();
            readers.retain(|reader| reader.tell(told, &mut encoded, encoder));
        }
    }
}

fn welcome(template: &WelcomeTemplate, shown: Tick, delay_ms: u32) -> Welcome {
    Welcome {
        role: Role::Spectator,
        frame_hz: SPECTATOR_FRAME_HZ,
        durable_tick: shown.0,
        delay_ms,
        ..template.0.clone()
    }
}
