//! One generator: a thread with many sockets, driven by an exact timer and never by the answers.

use std::cell::RefCell;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use combat_client::{Counters, resume_subprotocols, ticket_subprotocols};
use combat_components::streams::Stream;
use combat_protocol::close::CloseCode;
use combat_protocol::codec::Encoding;
use combat_protocol::limits::SERVER_MESSAGE_BYTES_MAX;
use combat_protocol::reasons::Retry;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use tokio::io::unix::AsyncFd;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::connection::Endpoint;
use super::figures::{Figures, REPLY_TIMEOUT_US, record};
use super::frames::{self, Frame, Kind};
use super::player::{Player, Slot};
use super::schedule::{Deed, Due, Schedule, UPKEEP_EVERY_US};
use super::stroll::Strolls;

/// Read at once: some ten frames. One buffer serves a thread's sockets in turn.
const READ_BYTES: usize = 64 << 10;

/// What may wait for a server that does not read; beyond, the connection is given up.
const UNSENT_BYTES_MAX: usize = 64 << 10;

/// The timer never sleeps longer, so that a player who has just come is not kept waiting.
const SLEEP_US_MAX: u64 = 2_000;

/// Every so many upkeeps a client pings, which is how it knows the server's clock.
const PING_ONE_IN: u32 = 5;

/// As the protocol asks: between attempts to reconnect, doubling, with up to half of it more at random.
const BACKOFF_FIRST: Duration = Duration::from_millis(250);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// What all generators and their conductor tell each other. Times are microseconds since `origin`.
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

    fn counts(&self, at_us: u64) -> bool {
        (self.start_us.load(Ordering::Relaxed)..self.end_us.load(Ordering::Relaxed)).contains(&at_us)
    }

    pub fn is_over(&self) -> bool {
        self.now_us() >= self.end_us.load(Ordering::Relaxed)
    }
}

/// A place in a session that a virtual player takes.
#[derive(Clone, Debug)]
pub struct Seat {
    /// Of all players of the run.
    pub number: u32,
    pub endpoint: Endpoint,
    pub ticket: String,
    pub resume_token: String,
}

/// What a generator does.
#[derive(Debug)]
pub struct GeneratorPlan {
    pub claims_hz: f64,
    pub attacks_hz: f64,
    pub seed: u64,
    pub strolls: StrollsPlan,
}

/// What strolls are made of, on the generator's own thread.
pub type StrollsPlan = (
    Arc<combat_systems::spatial::Level>,
    combat_components::rules::MovementRules,
    combat_components::tick::TickRate,
);

/// Runs until the measurement is over and every answer has come or is lost.
///
/// # Errors
/// When the system gives no runtime or timer.
pub fn run(
    plan: GeneratorPlan,
    seats: mpsc::Receiver<Seat>,
    control: Arc<Control>,
) -> std::io::Result<Figures> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let crew = Rc::new(RefCell::new(Crew::new(plan, control.clone())));
    let clock = TimerfdClockId::Monotonic;
    let timer = timerfd_create(clock, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
    LocalSet::new().block_on(&runtime, conduct(crew.clone(), timer, seats))?;
    let mut crew = crew.borrow_mut();
    let now_us = control.now_us();
    crew.finish(now_us);
    Ok(std::mem::take(&mut crew.figures))
}

async fn conduct(
    crew: Rc<RefCell<Crew>>,
    timer: OwnedFd,
    mut seats: mpsc::Receiver<Seat>,
) -> std::io::Result<()> {
    // SAFETY: the descriptor is owned, open, and neither closed nor exchanged before the registration is dropped.
    let timer = unsafe { AsyncFd::register(timer) }?;
    let seated = crew.clone();
    tokio::task::spawn_local(async move {
        while let Some(seat) = seats.recv().await {
            let index = seated.borrow_mut().add(seat.number);
            tokio::task::spawn_local(sit(seated.clone(), index, seat));
        }
    });
    loop {
        let Some(sleep_us) = crew.borrow_mut().run_due() else { return Ok(()) };
        let it_value = Timespec { tv_sec: 0, tv_nsec: (sleep_us.clamp(1, SLEEP_US_MAX) * 1_000) as i64 };
        let it_interval = Timespec { tv_sec: 0, tv_nsec: 0 };
        timerfd_settime(&timer, TimerfdTimerFlags::empty(), &Itimerspec { it_interval, it_value })?;
        let mut ready = timer.readable().await?;
        let mut expirations = [0; 8];
        // Nothing to read means that it was set anew in between.
        let _ = rustix::io::read(timer.get_ref(), &mut expirations);
        ready.clear_ready();
    }
}

/// The life of one player's connections.
async fn sit(crew: Rc<RefCell<Crew>>, index: usize, seat: Seat) {
    let control = crew.borrow().control.clone();
    let mut protocols = ticket_subprotocols(Encoding::MessagePack, &seat.ticket);
    let (mut backoff, mut stream) = (BACKOFF_FIRST, Stream::of(u64::from(seat.number), 1));
    let mut is_back = false;
    while !control.is_over() {
        if let Ok((socket, rest)) = seat.endpoint.open(seat.number, &protocols).await {
            backoff = BACKOFF_FIRST;
            let socket = Rc::new(socket);
            let over = crew.borrow_mut().connect(index, socket.clone(), &rest, is_back);
            let ended = match over {
                Some(ended) => ended,
                None => listen(&crew, index, &socket).await,
            };
            is_back = true;
            let may_come_back = crew.borrow_mut().disconnect(index, ended);
            if !may_come_back {
                return;
            }
        }
        let jitter_ms = stream.below(backoff.as_millis() as u32 / 2);
        tokio::time::sleep(backoff + Duration::from_millis(jitter_ms.into())).await;
        backoff = (backoff * 2).min(BACKOFF_MAX);
        let seen = crew.borrow().seats[index].player.client.resume_point();
        protocols = resume_subprotocols(Encoding::MessagePack, &seat.resume_token, seen);
    }
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    Broken,
    Closed(Option<u16>),
}

async fn listen(crew: &RefCell<Crew>, index: usize, socket: &TcpStream) -> Ended {
    loop {
        if socket.readable().await.is_err() {
            return Ended::Broken;
        }
        loop {
            let mut crew = crew.borrow_mut();
            crew.run_due();
            match crew.read(index, socket) {
                Ok(true) => {}
                Ok(false) => break,
                Err(ended) => return ended,
            }
        }
    }
}

/// A player with its connection.
#[derive(Debug)]
struct Seated {
    player: Player,
    socket: Option<Rc<TcpStream>>,
    /// Of a frame that has not come whole.
    partial: Vec<u8>,
    unsent: Vec<u8>,
    upkeeps: u32,
    /// At the start of the measurement.
    baseline: Counters,
}

/// A thread's players.
#[derive(Debug)]
struct Crew {
    control: Arc<Control>,
    seats: Vec<Seated>,
    schedule: Schedule,
    strolls: Strolls,
    figures: Figures,
    masks: Stream,
    scratch: Box<[u8]>,
    message: Vec<u8>,
    cpu_at_start_us: Option<u64>,
    is_finished: bool,
}

impl Crew {
    fn new(plan: GeneratorPlan, control: Arc<Control>) -> Self {
        let (level, rules, rate) = plan.strolls;
        Self {
            control,
            seats: Vec::new(),
            schedule: Schedule::new(plan.claims_hz, plan.attacks_hz, plan.seed),
            strolls: Strolls::new(level, rules, rate),
            figures: Figures::default(),
            masks: Stream::of(plan.seed, 2),
            scratch: vec![0; READ_BYTES].into_boxed_slice(),
            message: Vec::with_capacity(256),
            cpu_at_start_us: None,
            is_finished: false,
        }
    }

    fn add(&mut self, number: u32) -> usize {
        self.seats.push(Seated {
            player: Player::new(number),
            socket: None,
            partial: Vec::new(),
            unsent: Vec::new(),
            upkeeps: number,
            baseline: Counters::default(),
        });
        self.schedule.begin(self.control.now_us());
        self.seats.len() - 1
    }

    /// Does what is due and answers how long nothing will be; `None` when there is nothing left to do or wait for.
    fn run_due(&mut self) -> Option<u64> {
        let end_us = self.control.end_us.load(Ordering::Relaxed);
        loop {
            let now_us = self.control.now_us();
            if self.cpu_at_start_us.is_none() && now_us >= self.control.start_us.load(Ordering::Relaxed) {
                self.begin();
            }
            if now_us >= end_us {
                return self.wait_for_answers(now_us, end_us);
            }
            let Some(due) = self.schedule.next(now_us) else {
                let soonest_us = self.schedule.soonest_us().unwrap_or(u64::MAX);
                return Some(soonest_us.saturating_sub(now_us).min(SLEEP_US_MAX));
            };
            self.serve(due, now_us);
        }
    }

    fn begin(&mut self) {
        self.cpu_at_start_us = Some(thread_cpu_us());
        for seat in &mut self.seats {
            seat.baseline = seat.player.client.counters();
        }
    }

    fn wait_for_answers(&mut self, now_us: u64, end_us: u64) -> Option<u64> {
        self.note_end();
        let outstanding = self.seats.iter().any(|seat| seat.socket.is_some() && seat.player.awaits());
        (outstanding && now_us < end_us + REPLY_TIMEOUT_US).then_some(SLEEP_US_MAX)
    }

    /// What is counted ends with the measurement, though answers may still come.
    fn note_end(&mut self) {
        if std::mem::replace(&mut self.is_finished, true) {
            return;
        }
        self.figures.cpu_us = self.cpu_at_start_us.map_or(0, |start_us| thread_cpu_us() - start_us);
        for seat in &self.seats {
            let (counters, before) = (seat.player.client.counters(), seat.baseline);
            self.figures.snapshots += counters.snapshots - before.snapshots;
            self.figures.deltas += counters.deltas - before.deltas;
            self.figures.corrections += counters.corrections - before.corrections;
            // Correctness has no warm-up.
            self.figures.view_hashes += counters.view_hashes;
            self.figures.view_hash_mismatches += counters.view_hash_mismatches;
            self.figures.frames_refused += counters.frames_refused;
        }
    }

    fn finish(&mut self, now_us: u64) {
        self.note_end();
        for seat in &mut self.seats {
            match seat.socket {
                Some(_) => seat.player.give_up(now_us, true, &mut self.figures),
                None => seat.player.give_in(&mut self.figures),
            }
        }
    }

    fn serve(&mut self, due: Due, now_us: u64) {
        let seat = &mut self.seats[due.player as usize];
        let counts = self.control.counts(due.at_us);
        if counts {
            record(&mut self.figures.lateness, now_us - due.at_us);
        }
        if seat.socket.is_none() {
            self.figures.offline += u64::from(counts && due.deed != Deed::Upkeep);
            return;
        }
        let slot = Slot { intended_us: due.at_us, now_us, counts };
        self.message.clear();
        let out = &mut self.message;
        match due.deed {
            Deed::Claim => seat.player.claim(slot, &mut self.strolls, &mut self.figures, out),
            Deed::Attack => {
                seat.player.attack(slot, &mut self.figures, out);
                seat.send(out, self.masks.draw());
                out.clear();
                if seat.player.is_empty_handed() {
                    // Dead or frozen: it reloads later.
                    let _ = seat.player.client.reload(out);
                }
            }
            Deed::Upkeep => {
                seat.player.give_up(now_us, false, &mut self.figures);
                seat.upkeeps += 1;
                let now_ms = now_us / 1_000;
                if seat.upkeeps.is_multiple_of(PING_ONE_IN) && seat.player.client.welcome().is_some() {
                    seat.player.client.ping(now_ms, out);
                } else if seat.player.client.seen_due(now_ms) {
                    seat.player.client.seen(now_ms, out);
                }
            }
        }
        seat.send(out, self.masks.draw());
    }

    /// Hears what came with the handshake. Answers when the connection is over at once.
    fn connect(&mut self, index: usize, socket: Rc<TcpStream>, rest: &[u8], is_back: bool) -> Option<Ended> {
        self.control.connected.fetch_add(1, Ordering::Relaxed);
        self.figures.reconnects += u64::from(is_back);
        let seat = &mut self.seats[index];
        seat.socket = Some(socket);
        seat.partial.clear();
        seat.unsent.clear();
        let now = (self.control.now_us(), false);
        seat.hear(rest, now, &mut self.figures, &mut self.masks).err()
    }

    /// Whether the player may come back.
    fn disconnect(&mut self, index: usize, ended: Ended) -> bool {
        self.control.connected.fetch_sub(1, Ordering::Relaxed);
        let seat = &mut self.seats[index];
        seat.socket = None;
        let Ended::Closed(Some(number)) = ended else { return true };
        let retry = CloseCode::from_number(number).map_or(Retry::Yes, CloseCode::retry);
        let is_final = matches!(retry, Retry::No);
        if is_final && !self.control.is_over() {
            *self.figures.closed.entry(number).or_default() += 1;
            seat.player.give_in(&mut self.figures);
        }
        !is_final
    }

    /// Whether there may be more to read.
    fn read(&mut self, index: usize, socket: &TcpStream) -> Result<bool, Ended> {
        let length = match socket.try_read(&mut self.scratch) {
            Ok(0) => return Err(Ended::Broken),
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return Ok(false),
            Err(_) => return Err(Ended::Broken),
        };
        let now_us = self.control.now_us();
        let counts = self.control.counts(now_us);
        self.figures.bytes_down += if counts { length as u64 } else { 0 };
        let answers = self.figures.claim_ack.len() + self.figures.attack_verdict.len();
        let read = &self.scratch[..length];
        self.seats[index].hear(read, (now_us, counts), &mut self.figures, &mut self.masks)?;
        let answered = self.figures.claim_ack.len() + self.figures.attack_verdict.len() - answers;
        self.control.answers.fetch_add(answered, Ordering::Relaxed);
        Ok(true)
    }
}

impl Seated {
    /// Takes in what was read, frame by frame.
    fn hear(
        &mut self,
        read: &[u8],
        now: (u64, bool),
        figures: &mut Figures,
        masks: &mut Stream,
    ) -> Result<(), Ended> {
        let mut joined = std::mem::take(&mut self.partial);
        let mut bytes = read;
        if !joined.is_empty() {
            joined.extend_from_slice(read);
            bytes = &joined;
        }
        while let Some((frame, length)) = frames::first(bytes).map_err(|_| Ended::Broken)? {
            match frame {
                Frame::Message(message) => {
                    self.player.hear(message, now, figures).map_err(|_| Ended::Broken)?;
                }
                Frame::Ping(payload) => self.write(Kind::Pong, payload, masks.draw()),
                Frame::Pong => {}
                Frame::Close(code) => {
                    self.write(Kind::Close, &code.map_or([0; 2], u16::to_be_bytes), masks.draw());
                    return Err(Ended::Closed(code));
                }
            }
            bytes = &bytes[length..];
        }
        if bytes.len() > SERVER_MESSAGE_BYTES_MAX {
            return Err(Ended::Broken);
        }
        self.partial = bytes.to_vec();
        Ok(())
    }

    fn send(&mut self, message: &[u8], mask: u64) {
        if !message.is_empty() {
            self.write(Kind::Message, message, mask);
        }
    }

    /// What the kernel does not take now is tried again with the next write.
    fn write(&mut self, kind: Kind, payload: &[u8], mask: u64) {
        frames::write(kind, payload, (mask as u32).to_ne_bytes(), &mut self.unsent);
        let Some(socket) = &self.socket else { return };
        match socket.try_write(&self.unsent) {
            Ok(length) => drop(self.unsent.drain(..length)),
            Err(error)
                if error.kind() == std::io::ErrorKind::WouldBlock
                    && self.unsent.len() <= UNSENT_BYTES_MAX => {}
            // The reading side finds the broken connection and comes back.
            Err(_) => self.unsent.clear(),
        }
    }
}

/// Processor time that this thread has used.
fn thread_cpu_us() -> u64 {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    used.tv_sec as u64 * 1_000_000 + used.tv_nsec as u64 / 1_000
}

const _: () = assert!(UPKEEP_EVERY_US <= 250_000);
