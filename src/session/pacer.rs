//! The only clock of live play: when ticks are due, on one absolute schedule per shard.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::thread::{ClockId, clock_nanosleep_absolute};
use rustix::time::clock_gettime;

/// Beats per second of every shard: the fastest tick rate. Slower sessions step on every second, fourth … beat.
pub const BEAT_HZ: u32 = 128;

/// After a stall at most this many beats are caught up; beyond that the schedule is moved.
pub const CATCH_UP_BEATS_MAX: u64 = 8;

const BEAT: Duration = Duration::from_nanos(1_000_000_000 / BEAT_HZ as u64);

/// Catching up never runs faster than twice the rate.
const SPACING_MIN: Duration = Duration::from_nanos(BEAT.as_nanos() as u64 / 2);

/// What the pacer says of the beat that has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beat {
    pub number: u64,
    /// How long after its due time it begins.
    pub late: Duration,
    /// Beats that the schedule was moved by, because the stall before this one was too long.
    pub moved: u64,
}

/// Where time comes from; tests bring their own.
pub trait Clock {
    fn now(&self) -> Duration;
    fn sleep_until(&self, at: Duration);
}

/// The machine's monotonic clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct MonotonicClock;

impl Clock for MonotonicClock {
    fn now(&self) -> Duration {
        let now = clock_gettime(rustix::time::ClockId::Monotonic);
        Duration::new(now.tv_sec as u64, now.tv_nsec as u32)
    }

    fn sleep_until(&self, at: Duration) {
        let until =
            rustix::time::Timespec { tv_sec: at.as_secs() as i64, tv_nsec: i64::from(at.subsec_nanos()) };
        // A signal ends the sleep early; the caller looks at the clock again.
        let _ = clock_nanosleep_absolute(ClockId::Monotonic, &until);
    }
}

/// The schedule of one shard.
#[derive(Debug)]
pub struct Pacer<C> {
    clock: C,
    /// When beat 0 was due.
    origin: Duration,
    next: u64,
    last_began: Duration,
    /// Catching up does not begin the next beat before this.
    not_before: Duration,
}

impl<C: Clock> Pacer<C> {
    pub fn new(clock: C) -> Self {
        let origin = clock.now();
        Self { clock, origin, next: 0, last_began: origin, not_before: origin }
    }

    /// Sleeps until the next beat is due.
    pub fn wait(&mut self) -> Beat {
        let number = self.next;
        let due = self.origin + Duration::from_nanos(BEAT.as_nanos() as u64 * number);
        let earliest = due.max(self.not_before);
        while self.clock.now() < earliest {
            self.clock.sleep_until(earliest);
        }
        let now = self.clock.now();
        let late = now.saturating_sub(due);
        let missed = (late.as_nanos() / BEAT.as_nanos()) as u64;
        let moved = if missed > CATCH_UP_BEATS_MAX { missed } else { 0 };
        self.origin += BEAT * moved as u32;
        self.last_began = now;
        self.not_before = now + SPACING_MIN;
        self.next += 1;
        Beat { number, late, moved }
    }

    /// Time since the present beat began.
    pub fn elapsed(&self) -> Duration {
        self.clock.now().saturating_sub(self.last_began)
    }

    /// Whether the beat after the present one is due already.
    pub fn is_overrun(&self) -> bool {
        self.elapsed() > BEAT
    }
}

/// Microseconds of the machine's monotonic clock: for ages, which no change of the time of day may touch.
pub fn monotonic_us() -> u64 {
    u64::try_from(MonotonicClock.now().as_micros()).unwrap_or(u64::MAX)
}

/// Microseconds since 1970, for anchors beside the records.
pub fn unix_us() -> u64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    #[derive(Clone, Debug, Default)]
    struct VirtualClock(Rc<Cell<Duration>>);

    impl Clock for VirtualClock {
        fn now(&self) -> Duration {
            self.0.get()
        }

        fn sleep_until(&self, at: Duration) {
            self.0.set(at.max(self.0.get()));
        }
    }

    #[test]
    fn beats_come_at_their_absolute_times_however_long_the_work_takes() {
        let clock = VirtualClock::default();
        let mut pacer = Pacer::new(clock.clone());
        for number in 0..300 {
            let beat = pacer.wait();
            assert_eq!((beat.number, beat.late, beat.moved), (number, Duration::ZERO, 0));
            clock.0.set(clock.now() + BEAT / 2);
        }
        assert_eq!(clock.now(), BEAT * 299 + BEAT / 2);
    }

    #[test]
    fn a_short_stall_is_caught_up_at_no_more_than_twice_the_rate() {
        let clock = VirtualClock::default();
        let mut pacer = Pacer::new(clock.clone());
        pacer.wait();
        clock.0.set(BEAT * 8);
        let mut began = Vec::new();
        for _ in 0..20 {
            assert_eq!(pacer.wait().moved, 0);
            began.push(clock.now());
        }
        assert!(began.windows(2).all(|pair| pair[1] - pair[0] >= BEAT / 2));
        assert_eq!(began[19], BEAT * 20);
    }

    #[test]
    fn a_long_stall_moves_the_schedule_and_says_by_how_much() {
        let clock = VirtualClock::default();
        let mut pacer = Pacer::new(clock.clone());
        pacer.wait();
        clock.0.set(Duration::from_secs(10));
        let beat = pacer.wait();
        assert_eq!((beat.number, beat.moved), (1, 1_279));
        assert_eq!(pacer.wait().moved, 0);
        assert!(clock.now() < Duration::from_secs(10) + BEAT * 2);
    }
}
