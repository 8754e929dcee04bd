//! What everybody may read of a live session without asking its shard.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering};

use combat_components::ids::{Epoch, PlayerId, Slot};
use combat_components::tick::{Tick, TickRate};
use parking_lot::RwLock;

use super::pacer::monotonic_us;
use super::people::Seat;
use super::summary::SessionStatus;

/// Written by the shard after each tick, read by REST and sockets.
#[derive(Debug)]
pub struct LiveFacts {
    tick: AtomicU32,
    epoch: AtomicU32,
    status: AtomicU8,
    player_count: AtomicU32,
    pub spectator_count: AtomicU32,
    started_at_ms: AtomicI64,
    tick_rate: TickRate,
    /// When `tick` was simulated, in microseconds of the machine's monotonic clock.
    ticked_at_us: AtomicU64,
    /// The server is ending: the session tells its players and stops after its next tick.
    draining: AtomicBool,
    seats: RwLock<Vec<Seat>>,
}

impl LiveFacts {
    pub fn new(epoch: Epoch, tick: Tick, tick_rate: TickRate) -> Self {
        Self {
            tick: AtomicU32::new(tick.0),
            epoch: AtomicU32::new(epoch.0),
            status: AtomicU8::new(0),
            player_count: AtomicU32::new(0),
            spectator_count: AtomicU32::new(0),
            started_at_ms: AtomicI64::new(0),
            tick_rate,
            ticked_at_us: AtomicU64::new(0),
            draining: AtomicBool::new(false),
            seats: RwLock::default(),
        }
    }

    pub fn tick(&self) -> Tick {
        Tick(self.tick.load(Ordering::Acquire))
    }

    pub fn set_tick(&self, tick: Tick) {
        self.ticked_at_us.store(monotonic_us(), Ordering::Release);
        self.tick.store(tick.0, Ordering::Release);
    }

    /// The newest tick, and how far it is to the next, in 1/256.
    pub fn tick_and_fraction(&self) -> (Tick, u8) {
        let since_us = monotonic_us().saturating_sub(self.ticked_at_us.load(Ordering::Acquire));
        let fraction = since_us.saturating_mul(u64::from(self.tick_rate.hz()) * 256) / 1_000_000;
        (self.tick(), fraction.min(255) as u8)
    }

    pub fn epoch(&self) -> Epoch {
        Epoch(self.epoch.load(Ordering::Acquire))
    }

    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    pub fn begin_drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    pub fn status(&self) -> SessionStatus {
        SessionStatus::ALL[usize::from(self.status.load(Ordering::Acquire))]
    }

    pub fn set_status(&self, status: SessionStatus) {
        self.status.store(status as u8, Ordering::Release);
    }

    pub fn player_count(&self) -> u32 {
        self.player_count.load(Ordering::Acquire)
    }

    /// When the match became active, in Unix milliseconds.
    pub fn started_at_ms(&self) -> Option<i64> {
        Some(self.started_at_ms.load(Ordering::Acquire)).filter(|at_ms| *at_ms != 0)
    }

    pub fn set_started_at_ms(&self, at_ms: i64) {
        self.started_at_ms.store(at_ms, Ordering::Release);
    }

    pub fn place_of(&self, player: PlayerId) -> Option<Slot> {
        self.seat_of(player).map(|seat| seat.slot)
    }

    pub fn seat_of(&self, player: PlayerId) -> Option<Seat> {
        self.seats.read().iter().find(|seat| seat.is_of(player)).copied()
    }

    pub fn seats(&self) -> Vec<Seat> {
        self.seats.read().clone()
    }

    /// Called only when somebody joined or left.
    pub fn set_seats(&self, seats: Vec<Seat>) {
        self.player_count.store(seats.len() as u32, Ordering::Release);
        *self.seats.write() = seats;
    }
}
