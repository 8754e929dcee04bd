//! A spectator: watches over a socket and keeps what it was shown.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use combat_client::{Client, Received, ticket_subprotocols};
use combat_protocol::codec::Encoding;
use combat_protocol::server::Happening;
use tokio_util::sync::CancellationToken;

use super::player::now_ms;
use super::record::Record;
use super::rest::Answer;
use super::socket::{Closed, Incoming, Socket};
use super::wait::PATIENCE;

/// How long one turn listens.
const LISTEN: Duration = Duration::from_millis(10);

#[derive(Debug)]
pub struct Watcher {
    pub client: Client,
    pub record: Record,
    pub socket: Socket,
}

impl Watcher {
    /// Connects with the answer of a spectate; the welcome may still be a delay away.
    pub async fn connect(address: SocketAddr, ticket: &Answer, encoding: Encoding) -> Self {
        let protocols = ticket_subprotocols(encoding, &ticket.text("ticket"));
        let socket = Socket::open(address, &ticket.text("wsUrl"), encoding, &protocols).await;
        Self { client: Client::new(encoding), record: Record::default(), socket }
    }

    /// Keeps every message as it comes.
    pub fn keeping_raw(mut self) -> Self {
        self.record.raw = Some(Vec::new());
        self
    }

    /// The tick of the newest frame, 0 before the welcome.
    pub fn tick(&self) -> u32 {
        self.client.view().map_or(0, |view| view.tick)
    }

    /// One turn: gives its word when due, then listens for a moment.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn turn(&mut self) -> Result<(), Closed> {
        if self.client.seen_due(now_ms()) {
            let mut out = Vec::new();
            self.client.seen(now_ms(), &mut out);
            // A broken connection shows itself on the next read.
            let _ = self.socket.send(&out).await;
        }
        match self.socket.receive_within(LISTEN).await {
            Some(incoming) => self.hear(incoming),
            None => Ok(()),
        }
    }

    /// # Panics
    /// With `what`, when it takes too long or the connection ends.
    pub async fn watch_until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let began = Instant::now();
        while !done(self) {
            assert!(began.elapsed() < PATIENCE, "{what} did not happen within {PATIENCE:?}");
            if let Err(closed) = self.turn().await {
                panic!("waiting for {what}, found {closed:?}");
            }
        }
    }

    pub async fn watch_until_closed(&mut self) -> Closed {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "the spectator was not closed within {PATIENCE:?}");
            if let Err(closed) = self.turn().await {
                return closed;
            }
        }
    }

    /// Watches in the background until told to stop or closed.
    pub fn spawn(mut self, stop: CancellationToken) -> tokio::task::JoinHandle<Self> {
        tokio::spawn(async move {
            while !stop.is_cancelled() && self.turn().await.is_ok() {}
            self
        })
    }

    fn hear(&mut self, incoming: Incoming) -> Result<(), Closed> {
        let bytes = match incoming {
            Incoming::Message(bytes) => bytes,
            Incoming::Closed(closed) => return Err(closed),
        };
        let Self { record, client, .. } = self;
        let snapshots = client.counters().snapshots;
        record.bytes += bytes.len() as u64;
        match client.receive(&bytes, now_ms()).expect("a message that fits") {
            Received::Welcome(welcome) => {
                let welcome = welcome.clone();
                assert_eq!(welcome.own, None, "a spectator has no own part");
                record.note_view(client.view().expect("its snapshot was taken"), true);
                record.note_durable(welcome.epoch, welcome.durable_tick);
            }
            Received::Frame { view, .. } => {
                let view = view.clone();
                record.note_view(&view, client.counters().snapshots > snapshots);
            }
            Received::Own(own) => panic!("a spectator was sent the own part {own:?}"),
            Received::Event(event) => {
                if let Happening::Durable { epoch, tick } = event.happening {
                    record.note_durable(epoch, tick);
                }
                record.events.push(event);
            }
            Received::Pong(_) | Received::Status(_) => {}
        }
        assert_eq!(client.counters().view_hash_mismatches, 0, "a view hash does not agree");
        if let Some(raw) = &mut record.raw {
            raw.push(bytes);
        }
        Ok(())
    }
}
