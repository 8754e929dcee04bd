//! The client itself: what it knows of its session.

use combat_components::quantity::{Pose, Velocity};
use combat_protocol::client_view::ClientView;
use combat_protocol::codec::Encoding;
use combat_protocol::server::{Delta, Own, StatusMessage, Welcome};
use combat_protocol::view::View;

use crate::clock::ServerClock;
use crate::pacer::ClaimPacer;
use crate::resume::ResumePoint;

/// What a client counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub snapshots: u64,
    pub deltas: u64,
    /// Corrections of a claim or of silence; placements by the server are not among them.
    pub corrections: u64,
    pub view_hashes: u64,
    pub view_hash_mismatches: u64,
    /// Frames that did not fit the view held.
    pub frames_refused: u64,
}

/// The pose that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    pub(crate) pose: Pose,
    /// As the server last said it.
    pub(crate) velocity: Velocity,
    pub(crate) epoch: u32,
}

/// A client of one session. Keep it when the connection breaks: it knows where to resume.
#[derive(Debug)]
pub struct Client {
    pub(crate) encoding: Encoding,
    pub(crate) view: ClientView,
    pub(crate) welcome: Option<Box<Welcome>>,
    pub(crate) own: Own,
    pub(crate) status: StatusMessage,
    pub(crate) clock: ServerClock,
    pub(crate) pacer: ClaimPacer,
    pub(crate) placed: Option<Placed>,
    /// The newest frame processed; outlives the connection.
    pub(crate) seen: Option<ResumePoint>,
    pub(crate) durable_tick: u32,
    pub(crate) input_seq: u32,
    pub(crate) last_claim: Option<(u32, u64)>,
    pub(crate) word_at_ms: Option<u64>,
    pub(crate) ping: Option<(u32, u64)>,
    pub(crate) last_nonce: u32,
    pub(crate) round_trip_ms: Option<u64>,
    pub(crate) last_delta: Delta,
    pub(crate) counters: Counters,
}

impl Client {
    pub fn new(encoding: Encoding) -> Self {
        Self {
            encoding,
            view: ClientView::new(),
            welcome: None,
            own: Own::default(),
            status: StatusMessage::default(),
            clock: ServerClock::new(128, 0, 0),
            pacer: ClaimPacer::new(128),
            placed: None,
            seen: None,
            durable_tick: 0,
            input_seq: 0,
            last_claim: None,
            word_at_ms: None,
            ping: None,
            last_nonce: 0,
            round_trip_ms: None,
            last_delta: Delta::default(),
            counters: Counters::default(),
        }
    }

    /// What to ask for when connecting again: the newest frame processed, on this or the last connection.
    pub fn resume_point(&self) -> Option<ResumePoint> {
        self.seen
    }

    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    pub fn welcome(&self) -> Option<&Welcome> {
        self.welcome.as_deref()
    }

    pub fn view(&self) -> Option<&View> {
        self.view.view()
    }

    /// The newest own part.
    pub fn own(&self) -> &Own {
        &self.own
    }

    pub fn status(&self) -> &StatusMessage {
        &self.status
    }

    /// Where this client's body stands: as last claimed, or as the server last placed it.
    pub fn pose(&self) -> Option<Pose> {
        self.placed.map(|placed| placed.pose)
    }

    /// How fast the body goes on from where the server last placed it.
    pub fn placed_velocity(&self) -> Velocity {
        self.placed.map_or_else(Velocity::default, |placed| placed.velocity)
    }

    pub fn pose_epoch(&self) -> Option<u32> {
        self.placed.map(|placed| placed.epoch)
    }

    /// The tick the server is simulating by now.
    pub fn server_tick(&self, now_ms: u64) -> u32 {
        self.clock.server_tick(now_ms)
    }

    /// Everything up to this tick of the present epoch is final.
    pub fn durable_tick(&self) -> u32 {
        self.durable_tick
    }

    /// As measured by the newest pong.
    pub fn round_trip_ms(&self) -> Option<u64> {
        self.round_trip_ms
    }

    pub fn counters(&self) -> Counters {
        self.counters
    }
}
