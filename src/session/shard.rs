//! A shard: one thread, one absolute clock, all its sessions.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_queue::ArrayQueue;

use super::finish::Departures;
use super::host::{HostState, SessionHost};
use super::pacer::{MonotonicClock, Pacer, monotonic_us, unix_us};
use super::schedule::Schedule;
use crate::telemetry::ShardMetrics;

/// Sessions that may wait for a shard to take them in: those created within one beat.
const ARRIVALS_CAPACITY: usize = 1_024;

/// A shard that has not beaten for this long is not alive.
pub const HEARTBEAT_MS_MAX: u64 = 2_000;

#[derive(Debug)]
struct Shared {
    arrivals: ArrayQueue<Box<SessionHost>>,
    session_count: AtomicUsize,
    /// Milliseconds of the monotonic clock at the last beat.
    beaten_at_ms: AtomicU64,
    stop: AtomicBool,
}

/// A session of this shard, and when its ticks are due.
#[derive(Debug)]
struct Member {
    host: Box<SessionHost>,
    schedule: Schedule,
}

/// How a shard's thread is doing.
#[derive(Clone, Copy, Debug)]
pub struct ShardHealth {
    pub is_ticking: bool,
    /// Since its last beat.
    pub last_beat_ms: u64,
}

/// A running shard.
#[derive(Debug)]
pub struct Shard {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Shard {
    /// # Errors
    /// When the operating system gives no thread.
    pub fn start(number: usize, metrics: ShardMetrics, departures: Departures) -> std::io::Result<Self> {
        let shared = Arc::new(Shared {
            arrivals: ArrayQueue::new(ARRIVALS_CAPACITY),
            session_count: AtomicUsize::new(0),
            beaten_at_ms: AtomicU64::new(monotonic_us() / 1_000),
            stop: AtomicBool::new(false),
        });
        let thread = std::thread::Builder::new().name(format!("shard-{number}")).spawn({
            let shared = shared.clone();
            move || run(&shared, &metrics, &departures)
        })?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// # Errors
    /// Gives the session back when too many wait already.
    pub fn take_in(&self, host: Box<SessionHost>) -> Result<(), Box<SessionHost>> {
        self.shared.session_count.fetch_add(1, Ordering::AcqRel);
        self.shared.arrivals.push(host).inspect_err(|_| {
            self.shared.session_count.fetch_sub(1, Ordering::AcqRel);
        })
    }

    pub fn session_count(&self) -> usize {
        self.shared.session_count.load(Ordering::Acquire)
    }

    pub fn health(&self) -> ShardHealth {
        let beaten_at_ms = self.shared.beaten_at_ms.load(Ordering::Acquire);
        let last_beat_ms = (monotonic_us() / 1_000).saturating_sub(beaten_at_ms);
        ShardHealth { is_ticking: last_beat_ms < HEARTBEAT_MS_MAX, last_beat_ms }
    }

    /// Ends the thread after its present beat.
    pub fn stop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A shard that panicked has said so already.
            let _ = thread.join();
        }
    }
}

impl Drop for Shard {
    fn drop(&mut self) {
        self.stop();
    }
}

fn run(shared: &Shared, metrics: &ShardMetrics, departures: &Departures) {
    let mut pacer = Pacer::new(MonotonicClock);
    let mut members: Vec<Member> = Vec::new();
    let mut stalls = Stalls::default();
    while !shared.stop.load(Ordering::Acquire) {
        let now = pacer.wait(members.iter().map(|member| member.schedule.next_at()).min());
        let unix_us = unix_us();
        shared.beaten_at_ms.store(monotonic_us() / 1_000, Ordering::Release);
        while let Some(host) = shared.arrivals.pop() {
            let first = pacer.first_due(host.tick_rate(), host.turn());
            members.push(Member { schedule: Schedule::new(host.tick_rate(), first), host });
        }
        let pass = step_due(&mut members, (now, unix_us), metrics, &pacer);
        if pass.moved > 0 {
            metrics.schedule_moves.inc();
            stalls.note(&pass);
        }
        if pass.any_gone {
            let gone: Vec<_> =
                members.extract_if(.., |member| member.host.state() == HostState::Gone).collect();
            for Member { host, schedule } in gone {
                // Counted out first: whoever hears of a departure looks at the count.
                shared.session_count.fetch_sub(1, Ordering::AcqRel);
                if let Err(host) = departures.send(host) {
                    // It is offered again with its next tick.
                    shared.session_count.fetch_add(1, Ordering::AcqRel);
                    members.push(Member { host, schedule });
                }
            }
        }
        if pass.any_due && pacer.is_overrun() {
            metrics.tick_overruns.inc();
        }
    }
}

/// Stalls that have not been logged yet: a machine under load has many, and one line a while says as much.
#[derive(Debug, Default)]
struct Stalls {
    count: u64,
    late_max: Duration,
    logged_at_us: u64,
}

impl Stalls {
    const LOG_EVERY_US: u64 = 10_000_000;

    fn note(&mut self, pass: &Pass) {
        self.count += 1;
        self.late_max = self.late_max.max(pass.late_max);
        let now_us = monotonic_us();
        if now_us.saturating_sub(self.logged_at_us) >= Self::LOG_EVERY_US {
            let (stalls, late_ms) = (self.count, self.late_max.as_millis() as u64);
            tracing::warn!(stalls, late_ms, sessions = pass.moved, "stalled: the schedule was moved");
            *self = Self { logged_at_us: now_us, ..Self::default() };
        }
    }
}

/// What became of all that was due at one time.
#[derive(Debug, Default)]
struct Pass {
    any_due: bool,
    any_gone: bool,
    /// Sessions whose schedule was moved.
    moved: u32,
    late_max: Duration,
}

fn step_due(
    members: &mut [Member],
    (now, unix_us): (Duration, u64),
    metrics: &ShardMetrics,
    pacer: &Pacer<MonotonicClock>,
) -> Pass {
    let mut pass = Pass::default();
    let mut began = pacer.elapsed();
    for Member { host, schedule } in members.iter_mut().filter(|member| member.schedule.next_at() <= now) {
        pass.any_due = true;
        if host.state() == HostState::Suspended {
            schedule.hold(now);
        } else if let Some(begun) = schedule.begin(now) {
            metrics.tick_lateness_s.observe(begun.late.as_secs_f64());
            if begun.moved > 0 {
                host.note_schedule_moved(begun.moved);
                pass.moved += 1;
                pass.late_max = pass.late_max.max(begun.late);
            }
        }
        pass.any_gone |= host.step(unix_us, &metrics.ticks) == HostState::Gone;
        let ended = pacer.elapsed();
        metrics.tick_duration_s.observe((ended.saturating_sub(began)).as_secs_f64());
        began = ended;
    }
    pass
}
