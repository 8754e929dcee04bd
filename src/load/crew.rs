//! A thread's players: what is due to each, and what each has heard.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use combat_components::streams::Stream;
use combat_protocol::close::CloseCode;
use combat_protocol::reasons::Retry;
use rustix::time::{ClockId, clock_gettime};
use tokio::net::TcpStream;

use super::control::Control;
use super::figures::{Figures, REPLY_TIMEOUT_US, record};
use super::generator::GeneratorPlan;
use super::link::{Ended, Linked};
use super::player::Slot;
use super::schedule::{Deed, Due, Schedule, UPKEEP_EVERY_US};
use super::stroll::Strolls;

/// Read at once: some ten frames. One buffer serves a thread's sockets in turn.
const READ_BYTES: usize = 64 << 10;

/// The timer never sleeps longer, so that a player who has just come is not kept waiting.
pub const SLEEP_US_MAX: u64 = 2_000;

/// Every so many upkeeps a client pings, which is how it knows the server's clock.
const PING_ONE_IN: u32 = 5;

/// A thread's players.
#[derive(Debug)]
pub struct Crew {
    pub control: Arc<Control>,
    pub links: Vec<Linked>,
    schedule: Schedule,
    strolls: Strolls,
    pub figures: Figures,
    masks: Stream,
    scratch: Box<[u8]>,
    message: Vec<u8>,
    cpu_at_start_us: Option<u64>,
    is_finished: bool,
}

impl Crew {
    pub fn new(plan: GeneratorPlan, control: Arc<Control>) -> Self {
        let (level, rules, rate) = plan.strolls;
        Self {
            control,
            links: Vec::new(),
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

    pub fn add(&mut self, number: u32) -> usize {
        self.links.push(Linked::new(number));
        self.schedule.begin(self.control.now_us());
        self.links.len() - 1
    }

    /// Does what is due and answers how long nothing will be; `None` when there is nothing left to do or wait for.
    pub fn run_due(&mut self) -> Option<u64> {
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
        for link in &mut self.links {
            link.baseline = link.player.client.counters();
        }
    }

    fn wait_for_answers(&mut self, now_us: u64, end_us: u64) -> Option<u64> {
        self.note_end();
        let outstanding = self.links.iter().any(|link| link.socket.is_some() && link.player.awaits());
        (outstanding && now_us < end_us + REPLY_TIMEOUT_US).then_some(SLEEP_US_MAX)
    }

    /// What is counted ends with the measurement, though answers may still come.
    fn note_end(&mut self) {
        if std::mem::replace(&mut self.is_finished, true) {
            return;
        }
        self.figures.cpu_us = self.cpu_at_start_us.map_or(0, |start_us| thread_cpu_us() - start_us);
        for link in &self.links {
            let (counters, before) = (link.player.client.counters(), link.baseline);
            self.figures.snapshots += counters.snapshots - before.snapshots;
            self.figures.deltas += counters.deltas - before.deltas;
            self.figures.corrections += counters.corrections - before.corrections;
            // Correctness has no warm-up.
            self.figures.view_hashes += counters.view_hashes;
            self.figures.view_hash_mismatches += counters.view_hash_mismatches;
            self.figures.frames_refused += counters.frames_refused;
        }
    }

    pub fn finish(&mut self, now_us: u64) {
        self.note_end();
        for link in &mut self.links {
            match link.socket {
                Some(_) => link.player.give_up(now_us, true, &mut self.figures),
                None => link.player.give_in(&mut self.figures),
            }
        }
    }

    fn serve(&mut self, due: Due, now_us: u64) {
        let link = &mut self.links[due.player as usize];
        let counts = self.control.counts(due.at_us);
        if counts {
            record(&mut self.figures.lateness, now_us - due.at_us);
        }
        if link.socket.is_none() {
            self.figures.offline += u64::from(counts && due.deed != Deed::Upkeep);
            return;
        }
        let slot = Slot { intended_us: due.at_us, now_us, counts };
        self.message.clear();
        let out = &mut self.message;
        match due.deed {
            Deed::Claim => link.player.claim(slot, &mut self.strolls, &mut self.figures, out),
            Deed::Attack => {
                link.player.attack(slot, &mut self.figures, out);
                link.send(out, self.masks.draw());
                out.clear();
                if link.player.is_empty_handed() {
                    // Dead or frozen: it reloads later.
                    let _ = link.player.client.reload(out);
                }
            }
            Deed::Upkeep => {
                link.player.give_up(now_us, false, &mut self.figures);
                link.upkeeps += 1;
                let now_ms = now_us / 1_000;
                if link.upkeeps.is_multiple_of(PING_ONE_IN) && link.player.client.welcome().is_some() {
                    link.player.client.ping(now_ms, out);
                } else if link.player.client.seen_due(now_ms) {
                    link.player.client.seen(now_ms, out);
                }
            }
        }
        link.send(out, self.masks.draw());
    }

    /// Hears what came with the handshake. Answers when the connection is over at once.
    pub fn connect(
        &mut self,
        index: usize,
        socket: Rc<TcpStream>,
        rest: &[u8],
        is_back: bool,
    ) -> Option<Ended> {
        self.control.connected.fetch_add(1, Ordering::Relaxed);
        self.figures.reconnects += u64::from(is_back);
        let link = &mut self.links[index];
        link.open(socket);
        let now = (self.control.now_us(), false);
        link.hear(rest, now, &mut self.figures, &mut self.masks).err()
    }

    /// Whether the player may come back.
    pub fn disconnect(&mut self, index: usize, ended: Ended) -> bool {
        self.control.connected.fetch_sub(1, Ordering::Relaxed);
        let link = &mut self.links[index];
        link.socket = None;
        let Ended::Closed(Some(number)) = ended else { return true };
        let retry = CloseCode::from_number(number).map_or(Retry::Yes, CloseCode::retry);
        let is_final = matches!(retry, Retry::No);
        if is_final && !self.control.is_over() {
            *self.figures.closed.entry(number).or_default() += 1;
            link.player.give_in(&mut self.figures);
        }
        !is_final
    }

    /// Whether there may be more to read.
    pub fn read(&mut self, index: usize, socket: &TcpStream) -> Result<bool, Ended> {
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
        self.links[index].hear(read, (now_us, counts), &mut self.figures, &mut self.masks)?;
        let answered = self.figures.claim_ack.len() + self.figures.attack_verdict.len() - answers;
        self.control.answers.fetch_add(answered, Ordering::Relaxed);
        Ok(true)
    }
}

/// Processor time that this thread has used.
fn thread_cpu_us() -> u64 {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    used.tv_sec as u64 * 1_000_000 + used.tv_nsec as u64 / 1_000
}

const _: () = assert!(UPKEEP_EVERY_US <= 250_000);
