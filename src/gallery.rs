//! Spectators of one session: what has become old enough and durable is sent off the shard's thread.
//!
//! The shard leaves frames in a bounded backlog and never waits. A task serves it while somebody watches.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use combat_components::tick::{Tick, TickRate};
use combat_protocol::close::CloseCode;
use combat_protocol::view::{Shot, View};
use parking_lot::Mutex;
use tokio::time::Instant;

use crate::journal::Tape;
use crate::replication::backlog::Backlog;
use crate::replication::happenings::Told;
use crate::replication::players::WelcomeTemplate;
use crate::replication::watchers::{self, SPECTATOR_DELAY_MS_MAX, SPECTATOR_FRAME_HZ, Watchers};
use crate::session::live::LiveFacts;
use crate::session::outbox::Outbox;
use crate::session::summary::SessionError;

/// Frames kept beyond the delay: two seconds of a journal that lags.
const FRAMES_SPARE: usize = 32;

/// Spectators of one session; 10,000 are a node's goal, spread over its sessions.
pub const SPECTATORS_MAX: usize = 10_000;

/// Events that wait for the next frame: more than a tick of 64 players can bring.
const EVENTS_PER_FRAME_MAX: usize = 256;

pub type SpectatorArrival = watchers::SpectatorArrival<Outbox>;

#[derive(Debug)]
struct Shared {
    backlog: Mutex<Backlog>,
    /// Set when no more frames come: how the session ended, and when.
    over: OnceLock<(CloseCode, Instant)>,
    arrivals: Mutex<Arrivals>,
    live: Arc<LiveFacts>,
    tape: Arc<Tape>,
    template: WelcomeTemplate,
    tick_rate: TickRate,
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
            backlog: Mutex::new(Backlog::new(delayed_frames as usize + FRAMES_SPARE)),
            over: OnceLock::new(),
            arrivals: Mutex::default(),
            live,
            tape,
            template,
            tick_rate,
            runtime: tokio::runtime::Handle::current(),
        }))
    }

    pub fn frame_ticks(&self) -> u32 {
        (self.0.tick_rate.hz() / SPECTATOR_FRAME_HZ).max(1)
    }

    /// Leaves a frame for the spectators; `false` when the backlog is being read at this very moment.
    pub fn offer(&self, view: &View, shots: &[Shot], told: &mut Vec<Told>) -> bool {
        match self.0.backlog.try_lock() {
            Some(mut backlog) => {
                backlog.keep(view, shots, told);
                true
            }
            None => {
                told.truncate(EVENTS_PER_FRAME_MAX);
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

/// Runs while anybody watches.
async fn serve(shared: Arc<Shared>) {
    let mut watchers = Watchers::new(shared.template.clone(), shared.tick_rate);
    let mut beat = tokio::time::interval(Duration::from_millis(1_000 / u64::from(SPECTATOR_FRAME_HZ)));
    beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        beat.tick().await;
        for arrival in std::mem::take(&mut shared.arrivals.lock().waiting) {
            watchers.take_in(arrival);
        }
        let over = shared.over.get().copied();
        let all_shown = watchers.show(|gate, shown| {
            let backlog = shared.backlog.lock();
            let over_for_ticks = over
                .map(|(_, at)| shared.tick_rate.ticks_in_ms(at.elapsed().as_millis().min(1 << 20) as u32));
            backlog.due(gate, shown, Tick(shared.tape.durable_tick()), over_for_ticks)
        });
        // A server that ends shows nothing more: its clock would have to outlive it.
        if let Some((code, _)) = over.filter(|(code, _)| all_shown || *code == CloseCode::Draining) {
            watchers.dismiss_everybody(code);
        }
        let count = watchers.count();
        let mut arrivals = shared.arrivals.lock();
        shared.live.spectator_count.store((count + arrivals.waiting.len()) as u32, Ordering::Release);
        if count == 0 && arrivals.waiting.is_empty() {
            arrivals.served = false;
            return;
        }
    }
}
