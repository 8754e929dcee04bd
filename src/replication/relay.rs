//! Spectators: what has become old enough and durable, encoded and sent off the shard's thread.
//!
//! The shard leaves frames in a bounded ring and never waits. A task serves the ring while somebody watches.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use combat_components::ids::Epoch;
use combat_components::tick::{Tick, TickRate};
use combat_protocol::close::CloseCode;
use combat_protocol::codec::{Encoding, encode_event, encode_welcome};
use combat_protocol::frame::FrameEncoder;
use combat_protocol::numbers::Role;
use combat_protocol::server::{EventMessage, Happening, Snapshot, Welcome};
use combat_protocol::view::{Shot, View};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::encoded::{Encoder, PerEncoding};
use super::pace::{Due, Pace};
use super::players::WelcomeTemplate;
use crate::journal::Tape;
use crate::session::live::LiveFacts;
use crate::session::outbox::Outbox;
use crate::session::summary::SessionError;

/// Frames per second to spectators.
pub const SPECTATOR_FRAME_HZ: u32 = 16;

/// Frames kept beyond the delay: two seconds of a journal that lags.
const FRAMES_SPARE: usize = 32;

/// The longest delay a session may have; its ring then holds 960 frames.
pub const SPECTATOR_DELAY_MS_MAX: u32 = 60_000;

/// A spectator says what it has seen once a second; this is what a word may be old beyond its round trip.
const WORD_AGE_MS_MAX: u32 = 1_250;

/// Spectators of one session; 10,000 are a node's goal, spread over its sessions.
pub const SPECTATORS_MAX: usize = 10_000;

/// Events that wait for the next frame: more than a tick of 64 players can bring.
const EVENTS_PER_FRAME_MAX: usize = 256;

/// A frame on its way to spectators.
#[derive(Clone, Debug, Default)]
struct DelayedFrame {
    view: View,
    shots: Vec<Shot>,
    events: Vec<EventMessage>,
}

/// A connection that wants to watch.
#[derive(Debug)]
pub struct SpectatorArrival {
    pub outbox: Outbox,
    pub encoding: Encoding,
    pub delay_ms: u32,
}

#[derive(Debug, Default)]
struct Ring {
    frames: VecDeque<DelayedFrame>,
    spare: Vec<DelayedFrame>,
}

impl Ring {
    fn keep(&mut self, frames_max: usize, view: &View, shots: &[Shot], events: &mut Vec<EventMessage>) {
        if self.frames.len() >= frames_max {
            self.spare.extend(self.frames.pop_front());
        }
        let mut frame = self.spare.pop().unwrap_or_default();
        frame.view.copy_from(view);
        frame.shots.clear();
        frame.shots.extend_from_slice(shots);
        frame.events.clear();
        frame.events.append(events);
        self.frames.push_back(frame);
    }
}

#[derive(Debug)]
struct Shared {
    ring: Mutex<Ring>,
    /// Set when no more frames come: how the session ended, and when.
    over: OnceLock<(CloseCode, Instant)>,
    arrivals: Mutex<Arrivals>,
    live: Arc<LiveFacts>,
    tape: Arc<Tape>,
    template: WelcomeTemplate,
    tick_rate: TickRate,
    frames_max: usize,
    runtime: tokio::runtime::Handle,
}

#[derive(Debug, Default)]
struct Arrivals {
    waiting: Vec<SpectatorArrival>,
    served: bool,
}

/// A session's spectators; cheap to clone.
#[derive(Clone, Debug)]
pub struct Relay(Arc<Shared>);

impl Relay {
    pub fn new(
        live: Arc<LiveFacts>,
        tape: Arc<Tape>,
        template: WelcomeTemplate,
        tick_rate: TickRate,
        delay_ms: u32,
    ) -> Self {
        let delayed_frames = delay_ms.min(SPECTATOR_DELAY_MS_MAX) * SPECTATOR_FRAME_HZ / 1_000;
        Self(Arc::new(Shared {
            ring: Mutex::default(),
            over: OnceLock::new(),
            arrivals: Mutex::default(),
            live,
            tape,
            template,
            tick_rate,
            frames_max: delayed_frames as usize + FRAMES_SPARE,
            runtime: tokio::runtime::Handle::current(),
        }))
    }

    pub fn frame_ticks(&self) -> u32 {
        (self.0.tick_rate.hz() / SPECTATOR_FRAME_HZ).max(1)
    }

    /// Leaves a frame for the spectators; `false` when the ring is being read at this very moment.
    pub fn offer(&self, view: &View, shots: &[Shot], events: &mut Vec<EventMessage>) -> bool {
        match self.0.ring.try_lock() {
            Some(mut ring) => {
                ring.keep(self.0.frames_max, view, shots, events);
                true
            }
            None => {
                events.truncate(EVENTS_PER_FRAME_MAX);
                false
            }
        }
    }

    /// No more frames come; what is kept is still shown at its time.
    pub fn end(&self, code: CloseCode) {
        // Only the first end counts.
        let _ = self.0.over.set((code, Instant::now()));
    }

    /// # Errors
    /// `Full` when nobody more may watch.
    pub fn attach(&self, arrival: SpectatorArrival) -> Result<(), SessionError> {
        let mut arrivals = self.0.arrivals.lock();
        if self.0.live.spectator_count.load(Ordering::Acquire) as usize >= SPECTATORS_MAX {
            return Err(SessionError::Full);
        }
        self.0.live.spectator_count.fetch_add(1, Ordering::AcqRel);
        arrivals.waiting.push(arrival);
        if !arrivals.served {
            arrivals.served = true;
            self.0.runtime.spawn(serve(self.0.clone()));
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Spectator {
    outbox: Outbox,
    encoding: Encoding,
    pace: Option<Pace>,
    /// The roster that was told, by the count of its changes.
    roster_told: u32,
}

/// Spectators with one delay.
#[derive(Debug)]
struct Lane {
    delay_ms: u32,
    frames: FrameEncoder,
    spectators: Vec<Spectator>,
    durable_told: Option<EventMessage>,
}

/// Runs while anybody watches.
async fn serve(shared: Arc<Shared>) {
    let mut lanes: Vec<Lane> = Vec::new();
    let mut encoder = Encoder::default();
    let mut beat = tokio::time::interval(Duration::from_millis(1_000 / u64::from(SPECTATOR_FRAME_HZ)));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        for arrival in std::mem::take(&mut shared.arrivals.lock().waiting) {
            take_in(&mut lanes, arrival);
        }
        let over = shared.over.get().copied();
        let mut all_shown = true;
        for lane in &mut lanes {
            lane.spectators.retain(|spectator| !spectator.outbox.is_closed());
            let (due, is_last) = take_due(lane, &shared, over);
            for frame in &due {
                show(lane, frame, &shared, &mut encoder);
            }
            all_shown &= is_last;
        }
        // A server that ends shows nothing more: its clock would have to outlive it.
        if let Some((code, _)) = over.filter(|(code, _)| all_shown || *code == CloseCode::Draining) {
            for spectator in lanes.drain(..).flat_map(|lane| lane.spectators) {
                spectator.outbox.close(code);
            }
        }
        lanes.retain(|lane| !lane.spectators.is_empty());
        let count = lanes.iter().map(|lane| lane.spectators.len()).sum::<usize>();
        let mut arrivals = shared.arrivals.lock();
        shared.live.spectator_count.store((count + arrivals.waiting.len()) as u32, Ordering::Release);
        if count == 0 && arrivals.waiting.is_empty() {
            arrivals.served = false;
            return;
        }
    }
}

fn take_in(lanes: &mut Vec<Lane>, arrival: SpectatorArrival) {
    let SpectatorArrival { outbox, encoding, delay_ms } = arrival;
    let spectator = Spectator { outbox, encoding, pace: None, roster_told: 0 };
    if let Some(lane) = lanes.iter_mut().find(|lane| lane.delay_ms == delay_ms) {
        return lane.spectators.push(spectator);
    }
    let frames = FrameEncoder::new();
    lanes.push(Lane { delay_ms, frames, spectators: vec![spectator], durable_told: None });
}

/// Every frame that has become old enough for a lane, and whether none will come after them. They are copied, so that
/// the shard never waits for what is sent.
fn take_due(lane: &Lane, shared: &Shared, over: Option<(CloseCode, Instant)>) -> (Vec<DelayedFrame>, bool) {
    let ring = shared.ring.lock();
    let Some(newest) = ring.frames.back() else { return (Vec::new(), true) };
    let since_end = over.map_or(Duration::ZERO, |(_, at)| at.elapsed());
    let now = newest.view.tick + shared.tick_rate.ticks_in_ms(since_end.as_millis().min(1 << 20) as u32);
    let durable = shared.tape.durable_tick();
    let due = now.saturating_sub(shared.tick_rate.ticks_in_ms(lane.delay_ms)).min(durable);
    let newest_due =
        ring.frames.iter().rev().find(|frame| frame.view.tick <= due).map(|frame| frame.view.tick);
    let Some(newest_due) = newest_due else {
        return (Vec::new(), over.is_some() && durable < newest.view.tick);
    };
    // A lane begins with the newest frame it may show; what is older was for others.
    let after = lane.frames.newest().map_or(newest_due.saturating_sub(1), |view| view.tick);
    let fresh = ring.frames.iter().filter(|frame| frame.view.tick > after && frame.view.tick <= due);
    // After the end nothing more becomes durable: what is not by then is never shown.
    let last = if over.is_some() { newest.view.tick.min(durable) } else { newest.view.tick };
    (
        fresh.cloned().collect(),
        !ring.frames.iter().any(|frame| frame.view.tick > due && frame.view.tick <= last),
    )
}

fn show(lane: &mut Lane, frame: &DelayedFrame, shared: &Shared, encoder: &mut Encoder) {
    lane.frames.advance(&frame.view, &frame.shots);
    let frames = &mut lane.frames;
    let now = (Epoch(frame.view.epoch), Tick(frame.view.tick));
    let roster = frames.roster_changes();
    let (mut delta, mut snapshots) =
        (PerEncoding::default(), [PerEncoding::default(), PerEncoding::default()]);
    let delay_ms = lane.delay_ms;
    lane.spectators.retain_mut(|spectator| {
        let Spectator { outbox, encoding, pace, roster_told } = spectator;
        let encoding = *encoding;
        outbox.facts().note_shown(now.1);
        let Some(pace) = pace else {
            *pace = Some(Pace::starting_at(now.1));
            *roster_told = roster;
            let welcome = welcome(&frame.view, shared, delay_ms);
            return outbox.send_reliable(encoder.share(|out| encode_welcome(&welcome, encoding, out)));
        };
        let word_age_ms = outbox.facts().rtt_ms() + WORD_AGE_MS_MAX;
        let has_room = outbox.has_room_for_frame();
        let knows_roster = *roster_told == roster;
        let bytes = match pace.next(outbox.facts(), has_room, now, shared.tick_rate.ticks_in_ms(word_age_ms))
        {
            Due::Nothing => return true,
            Due::Delta => delta.get_or(encoding, || {
                encoder.share(|out| {
                    frames.write_delta(encoding, out);
                })
            }),
            Due::Snapshot => snapshots[usize::from(knows_roster)].get_or(encoding, || {
                encoder.share(|out| {
                    frames.write_snapshot(knows_roster, encoding, out);
                })
            }),
        };
        *roster_told = roster;
        outbox.send_frame(Some(bytes), None)
    });
    for event in &frame.events {
        tell(&mut lane.spectators, event, encoder);
        lane.durable_told = Some(*event);
    }
    // Whatever a spectator sees is durable already.
    if let Some(EventMessage { epoch, tick, .. }) = lane.durable_told.take() {
        tell(
            &mut lane.spectators,
            &EventMessage { epoch, tick, happening: Happening::Durable { epoch, tick } },
            encoder,
        );
    }
}

fn tell(spectators: &mut Vec<Spectator>, event: &EventMessage, encoder: &mut Encoder) {
    let mut encoded = PerEncoding::default();
    spectators.retain(|spectator| {
        let encoding = spectator.encoding;
        let bytes = encoded.get_or(encoding, || encoder.share(|out| encode_event(event, encoding, out)));
        spectator.outbox.send_reliable(bytes)
    });
}

fn welcome(view: &View, shared: &Shared, delay_ms: u32) -> Welcome {
    Welcome {
        role: Role::Spectator,
        frame_hz: SPECTATOR_FRAME_HZ,
        epoch: view.epoch,
        tick: view.tick,
        durable_tick: view.tick,
        delay_ms,
        snapshot: Snapshot::of(view),
        ..shared.template.0.clone()
    }
}
