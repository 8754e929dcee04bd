//! A lane: those who see by the same eye through the same gate. What they are sent alike is encoded once for all of them.

use bytes::Bytes;
use combat_components::ids::Epoch;
use combat_components::tick::Tick;
use combat_protocol::codec::{Encoding, encode_event, encode_welcome};
use combat_protocol::frame::FrameEncoder;
use combat_protocol::server::{Snapshot, Welcome};
use combat_protocol::view::{Shot, View};
use combat_systems::views::Eye;

use super::connection::Connection;
use super::encoded::{Encoder, PerEncoding};
use super::gate::{Gate, Moment};
use super::happenings::Told;
use super::pace::{Due, Pace};

/// One connection, as its lane knows it.
#[derive(Debug)]
pub struct Reader<C> {
    pub outbox: C,
    pub encoding: Encoding,
    /// `None` until the welcome has been sent.
    stream: Option<Stream>,
}

/// What has been sent.
#[derive(Debug)]
struct Stream {
    pace: Pace,
    /// The lane that the newest frame was of.
    eye: Eye,
    /// The roster that was told, by that lane's count of its changes.
    roster: u32,
}

impl<C: Connection> Reader<C> {
    pub fn new(outbox: C, encoding: Encoding) -> Self {
        Self { outbox, encoding, stream: None }
    }

    pub fn is_welcomed(&self) -> bool {
        self.stream.is_some()
    }

    /// Tells what his eye may see, once he has been welcomed; `encoded` is shared by all who are told. `false` when he is
    /// lost.
    #[must_use]
    pub fn tell(&self, told: &Told, encoded: &mut PerEncoding, encoder: &mut Encoder) -> bool {
        let sees = |stream: &Stream| stream.eye.sees(told.sight);
        if !self.stream.as_ref().is_some_and(sees) {
            return true;
        }
        let write = || encoder.share(|out| encode_event(&told.message, self.encoding, out));
        self.outbox.send_reliable(encoded.get_or(self.encoding, write))
    }
}

#[derive(Debug)]
pub struct Lane {
    eye: Eye,
    gate: Gate,
    frames: FrameEncoder,
}

impl Lane {
    pub fn new(eye: Eye, gate: Gate) -> Self {
        Self { eye, gate, frames: FrameEncoder::new() }
    }

    pub fn eye(&self) -> Eye {
        self.eye
    }

    pub fn gate(&self) -> Gate {
        self.gate
    }

    /// The newest tick shown.
    pub fn shown(&self) -> Option<Tick> {
        self.frames.newest().map(|view| Tick(view.tick))
    }

    /// Makes `view`, which must be that of the lane's eye, the newest frame; `None` for one that the gate holds back.
    pub fn show(&mut self, view: &View, shots: &[Shot], moment: Moment) -> Option<Showing<'_>> {
        let now = Tick(view.tick);
        if !self.gate.admits(now, moment) {
            return None;
        }
        self.frames.advance(view, shots);
        let (eye, at) = (self.eye, (Epoch(view.epoch), now));
        Some(Showing {
            eye,
            at,
            frames: &mut self.frames,
            delta: PerEncoding::default(),
            snapshots: Default::default(),
        })
    }
}

/// What a reader is to be sent of a frame that all of its lane may see.
#[derive(Debug)]
pub enum Public {
    Nothing,
    Delta(Bytes),
    Snapshot { bytes: Bytes, skipped_from: Option<Tick> },
}

/// The newest frame of a lane, while it is sent.
#[derive(Debug)]
pub struct Showing<'a> {
    eye: Eye,
    at: (Epoch, Tick),
    frames: &'a mut FrameEncoder,
    delta: PerEncoding,
    /// For those who do not know the roster, and for those who do.
    snapshots: [PerEncoding; 2],
}

impl Showing<'_> {
    pub fn eye(&self) -> Eye {
        self.eye
    }

    pub fn tick(&self) -> Tick {
        self.at.1
    }

    /// What of this frame is due to a reader who has been welcomed. `allowance_ticks`: how old his word may be.
    pub fn due_to(
        &mut self,
        reader: &mut Reader<impl Connection>,
        allowance_ticks: u32,
        encoder: &mut Encoder,
    ) -> Public {
        let Reader { outbox, encoding, stream: Some(stream) } = reader else {
            return Public::Nothing;
        };
        let (encoding, roster) = (*encoding, self.frames.roster_changes());
        let was_here = stream.eye == self.eye;
        let knows_roster = was_here && stream.roster == roster;
        let (frames, facts) = (&mut *self.frames, outbox.facts());
        let public = match stream.pace.next(facts, facts.has_room_for_frame(), self.at, allowance_ticks) {
            Due::Nothing => return Public::Nothing,
            Due::Delta if was_here => {
                let write = |out: &mut Vec<u8>| {
                    frames.write_delta(encoding, out);
                };
                Public::Delta(self.delta.get_or(encoding, || encoder.share(write)))
            }
            // Whoever comes from another lane does not hold this one's base.
            Due::Delta | Due::Snapshot => {
                let write = |out: &mut Vec<u8>| {
                    frames.write_snapshot(knows_roster, encoding, out);
                };
                let encoded = &mut self.snapshots[usize::from(knows_roster)];
                let bytes = encoded.get_or(encoding, || encoder.share(write));
                Public::Snapshot { bytes, skipped_from: stream.pace.take_skipped() }
            }
        };
        (stream.eye, stream.roster) = (self.eye, roster);
        public
    }

    /// Sends the first message of a connection, with all of this frame; `false` when the reader is lost.
    #[must_use]
    pub fn welcome(
        &mut self,
        reader: &mut Reader<impl Connection>,
        welcome: Welcome,
        encoder: &mut Encoder,
    ) -> bool {
        let snapshot = self.frames.newest().map(Snapshot::of).unwrap_or_default();
        let welcome = Welcome { epoch: self.at.0.0, tick: self.at.1.0, snapshot, ..welcome };
        let (pace, roster) = (Pace::starting_at(self.at.1), self.frames.roster_changes());
        reader.stream = Some(Stream { pace, eye: self.eye, roster });
        reader.outbox.send_reliable(encoder.share(|out| encode_welcome(&welcome, reader.encoding, out)))
    }
}
