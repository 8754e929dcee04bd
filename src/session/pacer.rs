//! The only clock of live play, and the beats by which every shard wakes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use combat_components::tick::TickRate;
use rustix::thread::{ClockId, clock_nanosleep_absolute};
use rustix::time::clock_gettime;

/// Beats per second of every shard: the fastest tick rate. Slower sessions tick on every second, fourth … beat.
pub const BEAT_HZ: u32 = 128;

const BEAT: Duration = Duration::from_nanos(1_000_000_000 / BEAT_HZ as u64);

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

/// The beats of one shard: an absolute grid that is never moved. What lags behind it is each session's own affair.
#[derive(Debug)]
pub struct Pacer<C> {
    clock: C,
    /// When beat 0 was.
    origin: Duration,
    woken_at: Duration,
}

impl<C: Clock> Pacer<C> {
    pub fn new(clock: C) -> Self {
        let origin = clock.now();
        Self { clock, origin, woken_at: origin }
    }

    /// Sleeps until the next beat, or until `session_due` where that is sooner; gives the time it is then.
    pub fn wait(&mut self, session_due: Option<Duration>) -> Duration {
        let beat = self.beat_at(self.newest_beat() + 1);
        let until = session_due.map_or(beat, |due| due.min(beat));
        while self.clock.now() < until {
            self.clock.sleep_until(until);
        }
        self.woken_at = self.clock.now();
        self.woken_at
    }

    /// When a session that comes now has its first tick: on a beat. `turn` spreads slower sessions over the beats.
    pub fn first_due(&self, rate: TickRate, turn: u64) -> Duration {
        let beats_per_tick = u64::from(BEAT_HZ / rate.hz());
        let newest = self.newest_beat();
        let past_its_turn = (newest + turn) % beats_per_tick;
        self.beat_at(newest + (beats_per_tick - past_its_turn) % beats_per_tick)
    }

    fn newest_beat(&self) -> u64 {
        (self.woken_at.saturating_sub(self.origin).as_nanos() / BEAT.as_nanos()) as u64
    }

    fn beat_at(&self, number: u64) -> Duration {
        self.origin + Duration::from_nanos(BEAT.as_nanos() as u64 * number)
    }

    /// Time since it last woke.
    pub fn elapsed(&self) -> Duration {
        self.clock.now().saturating_sub(self.woken_at)
    }

    /// Whether what was done since it woke has taken longer than a beat.
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
pub(super) mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::*;

    /// Time that passes where a test lets it.
    #[derive(Clone, Debug, Default)]
    pub struct VirtualClock(pub Rc<Cell<Duration>>);

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
        for number in 1..300 {
            assert_eq!(pacer.wait(None), BEAT * number);
            clock.0.set(clock.now() + BEAT / 2);
        }
    }

    #[test]
    fn a_session_that_is_due_before_the_beat_is_woken_for() {
        let clock = VirtualClock::default();
        let mut pacer = Pacer::new(clock);
        assert_eq!(pacer.wait(Some(BEAT / 2)), BEAT / 2);
        assert_eq!(pacer.wait(Some(BEAT * 3)), BEAT);
    }

    #[test]
    fn after_a_stall_the_beats_stay_on_their_grid() {
        let clock = VirtualClock::default();
        let mut pacer = Pacer::new(clock.clone());
        pacer.wait(None);
        clock.0.set(BEAT * 1_280 + BEAT / 3);
        assert_eq!(pacer.wait(None), BEAT * 1_280 + BEAT / 3);
        assert_eq!(pacer.wait(None), BEAT * 1_281);
    }

    #[test]
    fn slower_sessions_take_turns_on_the_beats() {
        let clock = VirtualClock::default();
        let mut pacer = Pacer::new(clock);
        while pacer.wait(None) < BEAT * 5 {}
        let rate = TickRate::new(16).unwrap();
        let mut dues: Vec<Duration> = (0..8).map(|turn| pacer.first_due(rate, turn)).collect();
        dues.sort_unstable();
        assert_eq!(dues, (5..13).map(|beat| BEAT * beat).collect::<Vec<_>>());
        assert_eq!(pacer.first_due(TickRate::new(128).unwrap(), 77), BEAT * 5);
    }
}
