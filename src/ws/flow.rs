//! From handover to close: messages to commands, frames to the wire, both at once.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use combat_components::command::Command;
use combat_components::ids::{Epoch, Slot};
use combat_components::reason::Reason;
use combat_components::tick::Tick;
use combat_protocol::client::ClientMessage;
use combat_protocol::close::CloseCode;
use combat_protocol::codec::{Encoding, decode_client, encode_pong};
use combat_protocol::server::Pong;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use parking_lot::Mutex;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::faults;
use super::round_trip::RoundTrip;
use super::socket::{self, Incoming, ReadError, SocketReader, SocketWriter};
use crate::http::{Admission, SocketRefusal, Who, WsHandover};
use crate::session::convert::{Meant, meaning};
use crate::session::handle::{AttachedPlayer, Attachment};
use crate::session::outbox::{LinkFacts, Outgoing};
use crate::session::summary::SessionError;
use crate::telemetry::{ConnectionKind, Metrics, ViewKind, ViewMetrics};

/// Messages a second: a claim and an action per tick at the highest rate, and words.
const MESSAGES_PER_SECOND: NonZeroU32 = NonZeroU32::new(300).expect("not zero");

/// Messages at once: what a stall of ten seconds brings when it ends.
const MESSAGES_BURST: NonZeroU32 = NonZeroU32::new(400).expect("not zero");

/// Whoever goes on above the rate for this long is closed.
const EXCESS_MAX: Duration = Duration::from_secs(3);

/// The limiter lets some of a flood pass; only a pause this long ends the excess.
const EXCESS_FORGOTTEN: Duration = Duration::from_secs(1);

/// A session that takes nothing for this many attempts is frozen; what it is told then is counted and dropped.
const SUBMIT_ATTEMPTS_MAX: u32 = 64;

/// Half a tick at the highest rate.
const SUBMIT_AGAIN_AFTER: Duration = Duration::from_millis(4);

const PLAYER_PING_EVERY: Duration = Duration::from_secs(1);
const SPECTATOR_PING_EVERY: Duration = Duration::from_secs(5);

/// Without any sign of life for this long the connection is closed.
const IDLE_MAX: Duration = Duration::from_secs(15);

/// A write that takes longer meets a peer that does not read.
const WRITE_PATIENCE: Duration = Duration::from_secs(5);

/// Answers to pings that may wait for the writer; more pings are not answered.
const PONGS_MAX: usize = 8;

/// Messages put into one write.
const WRITE_BATCH_MAX: usize = 16;

/// How a connection ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    /// The peer has gone or said so.
    Gone,
    Close(CloseCode, String),
}

impl From<CloseCode> for End {
    fn from(code: CloseCode) -> Self {
        Self::Close(code, String::new())
    }
}

/// Serves a socket from its handshake to its end.
pub async fn serve(handover: WsHandover) {
    let WsHandover { stream, read_buf, encoding, admission, peer, metrics, stop } = handover;
    let (writer, reader) = socket::open(stream, read_buf, encoding).await;
    let admitted = match admission {
        Ok(admission) => attach(admission, encoding).await,
        Err(refusal) => Err(refusal),
    };
    let attachment = match admitted {
        Ok(attachment) => attachment,
        Err(SocketRefusal { code, detail }) => return socket::close(writer, reader, code, detail).await,
    };
    let kind = match attachment.player {
        Some(_) => ConnectionKind::Player,
        None => ConnectionKind::Spectator,
    };
    let connections = metrics.connections(kind);
    connections.inc();
    converse(writer, reader, attachment, encoding, &metrics, &stop).await;
    connections.dec();
    drop(peer);
}

async fn attach(admission: Admission, encoding: Encoding) -> Result<Attachment, SocketRefusal> {
    let Admission { session, who, seen } = admission;
    let attached = match who {
        Who::Player { player, place } => session.attach_to_place(player, place, encoding, seen).await,
        Who::Spectator { delay_ms, .. } => session.attach_spectator(delay_ms, encoding),
    };
    Ok(attached?)
}

async fn converse(
    mut writer: SocketWriter,
    mut reader: SocketReader,
    attachment: Attachment,
    encoding: Encoding,
    metrics: &Metrics,
    stop: &tokio_util::sync::CancellationToken,
) {
    let Attachment { handle, outgoing, facts, player } = attachment;
    let round_trip = Arc::new(Mutex::new(RoundTrip::default()));
    let (pongs, pongs_out) = mpsc::channel(PONGS_MAX);
    let listener = Listener {
        handle: &handle,
        facts: &facts,
        slot: player.map(|player| player.slot),
        connection: player.map_or(0, |player| player.connection),
        player,
        encoding,
        round_trip: round_trip.clone(),
        pongs,
        limiter: RateLimiter::direct(Quota::per_second(MESSAGES_PER_SECOND).allow_burst(MESSAGES_BURST)),
        above_rate: None,
    };
    let ping_every = if player.is_some() { PLAYER_PING_EVERY } else { SPECTATOR_PING_EVERY };
    let view = metrics.view(if player.is_some() { ViewKind::Player } else { ViewKind::Spectator });
    let speaker = Speaker { facts: &facts, metrics: view, round_trip, ping_every };
    let ended = tokio::select! {
        ended = listener.listen(&mut reader) => ended,
        ended = speaker.speak(&mut writer, outgoing, pongs_out) => ended,
        () = stopped_late(stop) => End::from(CloseCode::Draining),
    };
    let code = match &ended {
        End::Gone => None,
        End::Close(code, _) => Some(*code),
    };
    // Whoever hangs up while he is turned away was turned away all the same.
    match (player, facts.close_reason()) {
        (Some(player), Some(reason)) => faults::turned_away(&handle, player, reason, metrics),
        _ => faults::closed(code, metrics),
    }
    if let Some(player) = player {
        handle.detach(player);
    }
    match &ended {
        End::Gone => socket::let_go(writer).await,
        End::Close(code, detail) => socket::close(writer, reader, *code, detail).await,
    }
}

/// Sessions tell their players that the server drains; this only catches sockets without one.
async fn stopped_late(stop: &tokio_util::sync::CancellationToken) {
    stop.cancelled().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
}

/// Reads what the client says.
struct Listener<'a> {
    handle: &'a crate::session::handle::SessionHandle,
    facts: &'a LinkFacts,
    slot: Option<Slot>,
    connection: u64,
    player: Option<AttachedPlayer>,
    encoding: Encoding,
    round_trip: Arc<Mutex<RoundTrip>>,
    pongs: mpsc::Sender<Bytes>,
    limiter: DefaultDirectRateLimiter,
    /// When messages above the rate began to come without a pause, and when the last one came.
    above_rate: Option<(Instant, Instant)>,
}

impl Listener<'_> {
    async fn listen(mut self, reader: &mut SocketReader) -> End {
        loop {
            let incoming = match tokio::time::timeout(IDLE_MAX, reader.next()).await {
                Err(_) => return CloseCode::Idle.into(),
                Ok(Err(ReadError::Gone)) | Ok(Ok(Incoming::Closed)) => return End::Gone,
                Ok(Err(ReadError::Protocol(what))) => {
                    return End::Close(CloseCode::ProtocolError, what.to_owned());
                }
                Ok(Ok(incoming)) => incoming,
            };
            let heard = match incoming {
                Incoming::Message(bytes) => self.hear(&bytes).await,
                Incoming::Pong(payload) => {
                    let measured = self.round_trip.lock().pong(&payload, Instant::now());
                    if let Some((rtt_ms, least_ms)) = measured {
                        self.facts.note_rtt(rtt_ms, least_ms);
                    }
                    Ok(())
                }
                Incoming::Alive | Incoming::Closed => Ok(()),
            };
            if let Err(ended) = heard {
                return ended;
            }
        }
    }

    async fn hear(&mut self, bytes: &[u8]) -> Result<(), End> {
        let now = Instant::now();
        if self.limiter.check().is_err() {
            let (since, last) = self.above_rate.unwrap_or((now, now));
            let since = if now.duration_since(last) > EXCESS_FORGOTTEN { now } else { since };
            self.above_rate = Some((since, now));
            let excess = now.duration_since(since);
            return if excess > EXCESS_MAX { Err(CloseCode::RateLimited.into()) } else { Ok(()) };
        }
        let message = decode_client(bytes, self.encoding)
            .map_err(|error| End::Close(CloseCode::ProtocolError, error.to_string()))?;
        match self.slot {
            Some(slot) => self.player_says(&message, slot).await,
            None => self.spectator_says(&message),
        }
    }

    async fn player_says(&self, message: &ClientMessage, slot: Slot) -> Result<(), End> {
        let meant = meaning(message, slot)
            .map_err(|error| End::Close(CloseCode::ProtocolError, error.to_string()))?;
        match meant {
            Meant::Input { command, ack, seen } => {
                if let Some(tick) = seen {
                    self.facts.note_seen(self.handle.live().epoch(), tick);
                }
                self.submit(command, ack).await;
            }
            Meant::Seen { epoch, tick } => self.facts.note_seen(Epoch(epoch), tick),
            Meant::Ping { nonce } => self.answer(nonce),
            Meant::Leave => {
                let player = self.player.expect("only a player's connection has a slot");
                let refused = self.handle.farewell(player).await.err().map(|error| error.close_code());
                // Where nothing was done he is still in, and may say it again.
                return Err(refused
                    .filter(|code| *code == CloseCode::Overloaded)
                    .unwrap_or(CloseCode::Left)
                    .into());
            }
        }
        Ok(())
    }

    /// A burst waits here, where only its own sender waits for it; the session takes so many inputs per tick.
    async fn submit(&self, command: Command, ack: bool) {
        for _ in 0..SUBMIT_ATTEMPTS_MAX {
            match self.handle.submit(self.connection, command.clone(), ack) {
                Err(SessionError::InboxFull) => tokio::time::sleep(SUBMIT_AGAIN_AFTER).await,
                // Whatever else keeps an input out closes this connection by itself.
                Ok(()) | Err(_) => return,
            }
        }
    }

    fn spectator_says(&self, message: &ClientMessage) -> Result<(), End> {
        match message {
            ClientMessage::Seen { epoch, tick } => {
                self.facts.note_seen(Epoch(*epoch), Tick(*tick));
                Ok(())
            }
            ClientMessage::Ping { nonce } => {
                self.answer(*nonce);
                Ok(())
            }
            _ => Err(End::Close(
                CloseCode::ProtocolError,
                "a spectator may send seen and ping only".to_owned(),
            )),
        }
    }

    /// A spectator's pong tells the newest tick it may have seen, never a newer one.
    fn answer(&self, nonce: u32) {
        let live = self.handle.live();
        let (tick, tick_fraction) = match self.slot {
            Some(_) => live.tick_and_fraction(),
            None => (self.facts.shown_tick(), 0),
        };
        let rtt_ms = self.facts.rtt_ms().min(u32::from(u16::MAX)) as u16;
        let pong = Pong { nonce, tick: tick.0, tick_fraction, bank_ticks: self.facts.bank_ticks(), rtt_ms };
        let mut out = Vec::with_capacity(32);
        encode_pong(&pong, self.encoding, &mut out);
        // Too many pings at once stay without an answer.
        let _ = self.pongs.try_send(out.into());
    }
}

/// Writes what the session says.
struct Speaker<'a> {
    facts: &'a LinkFacts,
    metrics: ViewMetrics,
    round_trip: Arc<Mutex<RoundTrip>>,
    ping_every: Duration,
}

impl Speaker<'_> {
    async fn speak(
        self,
        writer: &mut SocketWriter,
        mut outgoing: mpsc::Receiver<Outgoing>,
        mut pongs: mpsc::Receiver<Bytes>,
    ) -> End {
        let mut skipped = 0;
        let mut ping = tokio::time::interval(self.ping_every);
        ping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let written = tokio::select! {
                next = outgoing.recv() => match next {
                    None => {
                        let detail = self.facts.close_reason().map_or("", Reason::code);
                        return End::Close(self.facts.close_code(), detail.to_owned());
                    }
                    Some(next) => self.in_time(self.write(writer, next, &mut outgoing)).await,
                },
                Some(pong) = pongs.recv() => self.in_time(async {
                    writer.feed(pong).await?;
                    writer.flush().await
                }).await,
                _ = ping.tick() => {
                    self.count_skipped(&mut skipped);
                    let payload = self.round_trip.lock().ping(Instant::now());
                    self.in_time(writer.ping(payload)).await
                }
            };
            if let Err(ended) = written {
                return ended;
            }
        }
    }

    /// Carries what the session skipped since the last ping into the metrics.
    fn count_skipped(&self, counted: &mut u64) {
        let skipped = self.facts.frames_skipped();
        self.metrics.frames_skipped.inc_by(skipped - *counted);
        *counted = skipped;
    }

    async fn in_time(&self, write: impl Future<Output = Result<(), ReadError>>) -> Result<(), End> {
        match tokio::time::timeout(WRITE_PATIENCE, write).await {
            Err(_) => Err(CloseCode::TooSlow.into()),
            Ok(Err(_)) => Err(End::Gone),
            Ok(Ok(())) => Ok(()),
        }
    }

    /// Everything that waits leaves with one write, up to a limit.
    async fn write(
        &self,
        writer: &mut SocketWriter,
        first: Outgoing,
        outgoing: &mut mpsc::Receiver<Outgoing>,
    ) -> Result<(), ReadError> {
        let mut frames = u32::from(self.feed(writer, first).await?);
        for _ in 1..WRITE_BATCH_MAX {
            let Ok(next) = outgoing.try_recv() else { break };
            frames += u32::from(self.feed(writer, next).await?);
        }
        writer.flush().await?;
        self.note_written(frames);
        Ok(())
    }

    /// Whether it was a frame.
    async fn feed(&self, writer: &mut SocketWriter, message: Outgoing) -> Result<bool, ReadError> {
        match message {
            Outgoing::Reliable(bytes) => writer.feed(bytes).await.map(|()| false),
            Outgoing::Frame { public, own } => {
                for bytes in [public, own].into_iter().flatten() {
                    self.metrics.frame_bytes.inc_by(bytes.len() as u64);
                    writer.feed(bytes).await?;
                }
                Ok(true)
            }
        }
    }

    fn note_written(&self, frames: u32) {
        self.metrics.frames.inc_by(u64::from(frames));
        for _ in 0..frames {
            self.facts.note_frame_written();
        }
    }
}
