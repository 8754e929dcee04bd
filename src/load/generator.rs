//! One generator: a thread with many sockets, driven by an exact timer and never by the answers.

use std::cell::RefCell;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use combat_client::{resume_subprotocols, ticket_subprotocols};
use combat_components::streams::Stream;
use combat_protocol::codec::Encoding;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};
use tokio::io::unix::AsyncFd;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::connection::Endpoint;
use super::control::Control;
use super::crew::{Crew, SLEEP_US_MAX};
use super::figures::Figures;
use super::link::Ended;

/// As the protocol asks: between attempts to reconnect, doubling, with up to half of it more at random.
const BACKOFF_FIRST: Duration = Duration::from_millis(250);
const BACKOFF_MAX: Duration = Duration::from_secs(5);

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
        let seen = crew.borrow().links[index].player.client.resume_point();
        protocols = resume_subprotocols(Encoding::MessagePack, &seat.resume_token, seen);
    }
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
