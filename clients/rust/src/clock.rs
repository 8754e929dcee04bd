//! Which tick the server is at, estimated from what it says and a monotonic clock of the caller's.

use arrayvec::ArrayVec;

/// Pongs remembered: at one a second, a change of route is forgotten after eight seconds.
const SAMPLES_MAX: usize = 8;

/// An estimate of the server's tick. Times are milliseconds of any monotonic clock.
#[derive(Clone, Debug)]
pub struct ServerClock {
    rate_hz: u32,
    /// Round trip and offset of the newest pongs, oldest first.
    samples: ArrayVec<(u64, i64), SAMPLES_MAX>,
    /// Server time minus own time, in 1/256 tick.
    offset: i64,
}

impl ServerClock {
    /// Starts with the tick of a welcome that arrived at `now_ms`.
    pub fn new(rate_hz: u32, tick: u32, now_ms: u64) -> Self {
        let mut clock = Self { rate_hz, samples: ArrayVec::new(), offset: 0 };
        clock.offset = (i64::from(tick) << 8) - clock.own_time(now_ms);
        clock
    }

    /// Own time in 1/256 tick.
    fn own_time(&self, now_ms: u64) -> i64 {
        let time = u128::from(now_ms) * u128::from(self.rate_hz) * 256 / 1_000;
        i64::try_from(time).unwrap_or(i64::MAX / 2)
    }

    /// Own time in whole ticks.
    pub fn own_ticks(&self, now_ms: u64) -> u64 {
        (self.own_time(now_ms) >> 8) as u64
    }

    /// The tick the server is simulating by now.
    pub fn server_tick(&self, now_ms: u64) -> u32 {
        ((self.own_time(now_ms) + self.offset).max(0) >> 8).min(u32::MAX.into()) as u32
    }

    /// Takes the answer to a ping sent at `sent_ms`; of the newest, that with the least round trip counts.
    pub fn pong(&mut self, tick: u32, tick_fraction: u8, sent_ms: u64, now_ms: u64) {
        let round_trip_ms = now_ms.saturating_sub(sent_ms);
        let at_server = (i64::from(tick) << 8) + i64::from(tick_fraction);
        let offset = at_server - self.own_time(sent_ms + round_trip_ms / 2);
        if self.samples.is_full() {
            self.samples.remove(0);
        }
        self.samples.push((round_trip_ms, offset));
        self.offset = self.samples.iter().rev().min_by_key(|sample| sample.0).map_or(offset, |best| best.1);
    }

    /// Takes note that the server has been at `tick`.
    pub fn at_least(&mut self, tick: u32, now_ms: u64) {
        self.offset = self.offset.max((i64::from(tick) << 8) - self.own_time(now_ms));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pong_with_the_least_round_trip_sets_the_clock() {
        let mut clock = ServerClock::new(128, 100, 1_000);
        assert_eq!(clock.server_tick(1_000), 100);
        assert_eq!(clock.server_tick(2_000), 228);
        clock.pong(230, 0, 1_990, 2_010);
        assert_eq!(clock.server_tick(2_000), 230);
        clock.pong(300, 0, 2_000, 2_500);
        assert_eq!(clock.server_tick(2_000), 230, "a slow pong does not move the clock");
    }

    #[test]
    fn an_old_pong_is_forgotten_after_eight_newer_ones() {
        let mut clock = ServerClock::new(128, 0, 0);
        clock.pong(0, 0, 0, 1);
        for second in 1..=8_u64 {
            // The server stood still for one second.
            clock.pong((second as u32 - 1) * 128, 0, second * 1_000 - 10, second * 1_000 + 10);
        }
        assert_eq!(clock.server_tick(9_000), 8 * 128);
    }

    #[test]
    fn a_frame_never_comes_from_the_future() {
        let mut clock = ServerClock::new(64, 10, 0);
        clock.at_least(20, 0);
        assert_eq!(clock.server_tick(0), 20);
        clock.at_least(5, 0);
        assert_eq!(clock.server_tick(0), 20);
    }
}
