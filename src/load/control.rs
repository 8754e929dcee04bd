//! What all generators and their conductor tell each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Times are microseconds since `origin`.
#[derive(Debug)]
pub struct Control {
    pub origin: Instant,
    /// The measurement; `u64::MAX` until it is known.
    pub start_us: AtomicU64,
    pub end_us: AtomicU64,
    pub connected: AtomicU64,
    pub answers: AtomicU64,
}

impl Control {
    pub fn new() -> Arc<Self> {
        let unknown = || AtomicU64::new(u64::MAX);
        let (start_us, end_us) = (unknown(), unknown());
        Arc::new(Self { origin: Instant::now(), start_us, end_us, connected: 0.into(), answers: 0.into() })
    }

    pub fn now_us(&self) -> u64 {
        self.origin.elapsed().as_micros() as u64
    }

    /// Whether what happens then belongs to the measurement.
    pub fn counts(&self, at_us: u64) -> bool {
        (self.start_us.load(Ordering::Relaxed)..self.end_us.load(Ordering::Relaxed)).contains(&at_us)
    }

    pub fn is_over(&self) -> bool {
        self.now_us() >= self.end_us.load(Ordering::Relaxed)
    }
}
