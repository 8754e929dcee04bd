//! When one session's ticks are due. A shard holds sessions of several rates: each one's own lag decides.

use std::time::Duration;

use combat_components::tick::TickRate;

/// After a stall a session catches up at most so many of its own ticks; beyond that its schedule is moved.
pub const CATCH_UP_TICKS_MAX: u32 = 8;

/// The absolute schedule of one session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    period: Duration,
    /// Of the coming tick.
    due: Duration,
    /// Catching up never runs faster than twice the rate: no tick begins before this.
    not_before: Duration,
}

/// A tick that has begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begun {
    /// After its due time.
    pub late: Duration,
    /// Ticks that the schedule was moved by, because the session lagged by more than it may catch up.
    pub moved: u32,
}

impl Schedule {
    /// The first tick is due at `first`, on the clock that the others are told by.
    pub fn new(rate: TickRate, first: Duration) -> Self {
        let period = Duration::from_nanos(1_000_000_000 / u64::from(rate.hz()));
        Self { period, due: first, not_before: first }
    }

    /// When this session is to be looked at next.
    pub fn next_at(&self) -> Duration {
        self.due.max(self.not_before)
    }

    /// Begins the coming tick, where it is due at `now`.
    pub fn begin(&mut self, now: Duration) -> Option<Begun> {
        if now < self.next_at() {
            return None;
        }
        let late = now - self.due;
        let behind = u32::try_from(late.as_nanos() / self.period.as_nanos()).unwrap_or(u32::MAX);
        let moved = if behind > CATCH_UP_TICKS_MAX { behind } else { 0 };
        self.due += self.period * moved + self.period;
        self.not_before = now + self.period / 2;
        Some(Begun { late, moved })
    }

    /// Nothing can be simulated at `now`: the coming tick stays due, and it is tried again a period later.
    pub fn hold(&mut self, now: Duration) {
        self.not_before = now + self.period;
    }
}

#[cfg(test)]
mod tests {
    use super::super::pacer::tests::VirtualClock;
    use super::super::pacer::{BEAT_HZ, Clock, Pacer};
    use super::*;

    const BEAT: Duration = Duration::from_nanos(1_000_000_000 / BEAT_HZ as u64);

    /// What one session did: when its ticks began, and the moves of its schedule.
    #[derive(Debug)]
    struct Session {
        schedule: Schedule,
        period: Duration,
        began: Vec<Duration>,
        moved: Vec<u32>,
        is_frozen: bool,
    }

    /// A shard as `shard.rs` runs it, in virtual time and with sessions that only count.
    struct TestShard {
        clock: VirtualClock,
        pacer: Pacer<VirtualClock>,
        sessions: Vec<Session>,
    }

    impl TestShard {
        fn of(rates_hz: &[u32]) -> Self {
            let clock = VirtualClock::default();
            let pacer = Pacer::new(clock.clone());
            let sessions = rates_hz.iter().enumerate().map(|(turn, hz)| {
                let rate = TickRate::new(*hz).expect("one of the rates");
                let schedule = Schedule::new(rate, pacer.first_due(rate, turn as u64));
                let (began, moved) = (Vec::new(), Vec::new());
                Session { schedule, period: schedule.period, began, moved, is_frozen: false }
            });
            let sessions = sessions.collect();
            Self { clock, pacer, sessions }
        }

        fn pass(&mut self) {
            let now = self.pacer.wait(self.sessions.iter().map(|session| session.schedule.next_at()).min());
            for session in self.sessions.iter_mut().filter(|session| session.schedule.next_at() <= now) {
                if session.is_frozen {
                    session.schedule.hold(now);
                } else if let Some(begun) = session.schedule.begin(now) {
                    session.began.push(now);
                    session.moved.extend((begun.moved > 0).then_some(begun.moved));
                }
            }
        }

        fn run_for(&mut self, time: Duration) {
            let end = self.clock.now() + time;
            while self.clock.now() < end {
                self.pass();
            }
        }

        /// Nothing runs for so long, as under SIGSTOP.
        fn stall(&mut self, time: Duration) {
            self.clock.0.set(self.clock.now() + time);
        }

        /// Half a period is the least between two ticks, whatever happened.
        fn assert_nobody_raced(&self) {
            for session in &self.sessions {
                let pairs = session.began.windows(2);
                let least = pairs.map(|pair| pair[1] - pair[0]).min().expect("two ticks");
                assert!(least >= session.period / 2, "{least:?} between ticks of {:?}", session.period);
            }
        }

        /// Ticks simulated and ticks moved over are together those of the time that went by.
        fn assert_nothing_is_lost(&self) {
            for session in &self.sessions {
                let moved: u32 = session.moved.iter().sum();
                let expected = self.clock.now().as_nanos() / session.period.as_nanos();
                let found = session.began.len() as u128 + u128::from(moved);
                assert!(found.abs_diff(expected) <= 1, "{found} ticks, expected {expected}");
            }
        }
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_lag_of_eight_ticks_of_its_own_is_caught_up_at_every_rate() {
        for hz in TickRate::ALLOWED_HZ {
            for ticks in [7, 8] {
                let mut shard = TestShard::of(&[hz]);
                shard.run_for(SECOND);
                let lag = shard.sessions[0].schedule.due - shard.clock.now();
                shard.stall(lag + shard.sessions[0].period * ticks);
                shard.run_for(SECOND * 2);
                assert_eq!(shard.sessions[0].moved, [0; 0], "{ticks} ticks at {hz} Hz");
                shard.assert_nobody_raced();
                shard.assert_nothing_is_lost();
            }
        }
    }

    #[test]
    fn a_lag_of_nine_ticks_of_its_own_moves_the_schedule_at_every_rate() {
        for hz in TickRate::ALLOWED_HZ {
            let mut shard = TestShard::of(&[hz]);
            shard.run_for(SECOND);
            let lag = shard.sessions[0].schedule.due - shard.clock.now();
            shard.stall(lag + shard.sessions[0].period * 9);
            shard.run_for(SECOND);
            assert_eq!(shard.sessions[0].moved, [9], "{hz} Hz");
            shard.assert_nobody_raced();
            shard.assert_nothing_is_lost();
        }
    }

    #[test]
    fn of_one_shard_only_the_sessions_that_lag_by_more_than_eight_ticks_are_moved() {
        let mut shard = TestShard::of(&[16, 128, 32, 64, 16, 128]);
        shard.run_for(SECOND);
        shard.stall(BEAT * 20);
        shard.run_for(SECOND * 2);
        let moved: Vec<bool> = shard.sessions.iter().map(|session| !session.moved.is_empty()).collect();
        assert_eq!(moved, [false, true, false, true, false, true]);
        shard.assert_nobody_raced();
        shard.assert_nothing_is_lost();
    }

    #[test]
    fn seventy_milliseconds_displace_nobody_at_sixteen_hertz() {
        let mut shard = TestShard::of(&[16, 16, 32]);
        for _ in 0..10 {
            shard.run_for(SECOND);
            shard.stall(Duration::from_millis(70));
        }
        shard.run_for(SECOND);
        assert!(shard.sessions.iter().all(|session| session.moved.is_empty()));
        shard.assert_nothing_is_lost();
    }

    #[test]
    fn small_stalls_that_come_faster_than_they_are_caught_up_add_up_to_a_move() {
        let mut shard = TestShard::of(&[128, 16]);
        for _ in 0..40 {
            shard.run_for(BEAT * 2);
            shard.stall(BEAT * 6);
        }
        shard.run_for(SECOND * 3);
        let fast = &shard.sessions[0].moved;
        assert!(!fast.is_empty() && fast.iter().all(|ticks| *ticks > CATCH_UP_TICKS_MAX), "{fast:?}");
        assert_eq!(shard.sessions[1].moved, [0; 0], "its ticks come more rarely than the stalls");
        shard.assert_nobody_raced();
        shard.assert_nothing_is_lost();
    }

    #[test]
    fn a_frozen_session_lags_by_itself_and_the_others_of_its_shard_do_not() {
        for (frozen_ticks, expected) in [(5, None), (200, Some(200))] {
            let mut shard = TestShard::of(&[64, 64]);
            shard.run_for(SECOND);
            shard.sessions[0].is_frozen = true;
            shard.run_for(shard.sessions[0].period * frozen_ticks);
            shard.sessions[0].is_frozen = false;
            shard.run_for(SECOND * 2);
            let moved = shard.sessions[0].moved.first().copied();
            assert_eq!(moved.is_some(), expected.is_some(), "{frozen_ticks} ticks: {moved:?}");
            assert!(moved.unwrap_or_default().abs_diff(expected.unwrap_or_default()) <= 1, "{moved:?}");
            assert_eq!(shard.sessions[1].moved, [0; 0]);
            shard.assert_nobody_raced();
            shard.assert_nothing_is_lost();
        }
    }

    #[test]
    fn ten_seconds_of_standstill_are_one_move_and_never_a_race() {
        let mut shard = TestShard::of(&[16, 32, 64, 128]);
        shard.run_for(SECOND);
        shard.stall(SECOND * 10);
        shard.run_for(SECOND * 2);
        for session in &shard.sessions {
            let expected = 10_000_000_000 / session.period.as_nanos();
            assert_eq!(session.moved.len(), 1);
            assert!(u128::from(session.moved[0]).abs_diff(expected) <= 1, "{:?}", session.moved);
        }
        shard.assert_nobody_raced();
        shard.assert_nothing_is_lost();
    }

    #[test]
    fn a_clock_that_is_set_back_begins_no_tick_twice() {
        let mut shard = TestShard::of(&[16, 128]);
        shard.run_for(SECOND);
        let before: Vec<usize> = shard.sessions.iter().map(|session| session.began.len()).collect();
        shard.clock.0.set(SECOND / 2);
        let now = shard.clock.now();
        assert!(shard.sessions.iter_mut().all(|session| session.schedule.begin(now).is_none()));
        shard.run_for(SECOND);
        let after = shard.sessions.iter().map(|session| session.began.len());
        let gained: Vec<usize> = after.zip(before).map(|(after, before)| after - before).collect();
        assert!((8..=9).contains(&gained[0]) && (64..=66).contains(&gained[1]), "{gained:?}");
    }
}
