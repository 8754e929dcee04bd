//! Ticks and the rates they run at.

use crate::canon::{Canon, CanonError, Reader};
use crate::canon_fixed_newtype;

/// The number of a simulation step, from 0 at creation; tick 1 is the first one simulated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tick(pub u32);
canon_fixed_newtype!(Tick);

impl Tick {
    pub const fn plus(self, ticks: u32) -> Self {
        Self(self.0.saturating_add(ticks))
    }

    /// Ticks from `earlier` to this one; 0 when `earlier` is later.
    pub const fn since(self, earlier: Self) -> u32 {
        self.0.saturating_sub(earlier.0)
    }
}

/// Simulation steps per second: 16, 32, 64 or 128.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickRate(u32);

impl TickRate {
    pub const ALLOWED_HZ: [u32; 4] = [16, 32, 64, 128];
    pub const DEFAULT: Self = Self(128);

    /// `None` unless `hz` is one of [`Self::ALLOWED_HZ`].
    pub fn new(hz: u32) -> Option<Self> {
        Self::ALLOWED_HZ.contains(&hz).then_some(Self(hz))
    }

    pub const fn hz(self) -> u32 {
        self.0
    }

    /// The least number of ticks that lasts at least `ms` milliseconds.
    pub const fn ticks_in_ms(self, ms: u32) -> u32 {
        ((ms as u64 * self.0 as u64).div_ceil(1_000)) as u32
    }

    /// Nanoseconds from the start of the schedule to the start of `tick`, exactly.
    pub const fn nanos_at(self, tick: u64) -> u64 {
        tick * (1_000_000_000 / self.0 as u64) + tick * (1_000_000_000 % self.0 as u64) / self.0 as u64
    }
}

impl Canon for TickRate {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        Self::new(u32::take(reader)?).ok_or(CanonError::OutOfRange { what: "tick rate" })
    }
}
