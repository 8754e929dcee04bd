//! A player: joins over REST, plays over a socket by the rules, rides out restarts, and keeps what it was told.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use combat_client::{Client, Hold, Received, Step, resume_subprotocols, ticket_subprotocols};
use combat_components::quantity::{Pose, Vec3Mm, Velocity};
use combat_protocol::codec::Encoding;
use combat_protocol::server::Happening;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::record::Record;
use super::rest::Answer;
use super::server::Server;
use super::socket::{Closed, Incoming, Socket};
use super::wait::PATIENCE;
use super::walk::{self, Body};

/// How long one turn listens.
const LISTEN: Duration = Duration::from_millis(4);

const PING_EVERY_MS: u64 = 1_000;

/// Between attempts to come back after a broken connection.
const RETRY_EVERY: Duration = Duration::from_millis(100);

/// What a player does when it is not told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Says nothing by itself, not even what it has seen.
    Silent,
    /// Claims where it stands.
    Stand,
    Walk,
    /// Walks, aims at the nearest enemy and shoots.
    Fight,
}

/// Milliseconds of the one clock that all clients of this process share.
pub fn now_ms() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    1_000 + BEGAN.get_or_init(Instant::now).elapsed().as_millis() as u64
}

#[derive(Debug)]
pub struct Player {
    pub id: String,
    pub client: Client,
    pub record: Record,
    pub manner: Manner,
    /// Whether claims ask for their acknowledgement at once.
    pub asks_acks: bool,
    pub reconnects: u32,
    /// The inputs sent: claims, attacks, reloads.
    pub claims_sent: u32,
    pub attacks_sent: u32,
    ws_url: String,
    resume_token: String,
    address: SocketAddr,
    socket: Option<Socket>,
    body: Body,
    placed_epoch: Option<u32>,
    ping_at_ms: u64,
}

impl Player {
    /// Joins and connects, in MessagePack; the welcome has arrived.
    pub async fn join(server: &Server, session: &str, id: &str) -> Self {
        Self::join_in(server, session, id, Encoding::MessagePack).await
    }

    pub async fn join_in(server: &Server, session: &str, id: &str, encoding: Encoding) -> Self {
        let place = server.player(id).join(session, &json!({})).await.expect(200);
        Self::connect(server.address(), &place, encoding).await
    }

    /// Connects with the answer of a join, by way of `address`.
    pub async fn connect(address: SocketAddr, place: &Answer, encoding: Encoding) -> Self {
        let (ws_url, id) = (place.text("wsUrl"), place.text("playerId"));
        let protocols = ticket_subprotocols(encoding, &place.text("ticket"));
        let socket = Socket::open(address, &ws_url, encoding, &protocols).await;
        let mut player = Self {
            client: Client::new(encoding),
            record: Record::default(),
            manner: Manner::Stand,
            asks_acks: false,
            reconnects: 0,
            claims_sent: 0,
            attacks_sent: 0,
            ws_url,
            resume_token: place.text("resumeToken"),
            address,
            socket: Some(socket),
            body: Body::new("duel-box", 128, 0),
            placed_epoch: None,
            ping_at_ms: 0,
            id,
        };
        player.welcomed().await.expect("a welcome");
        player
    }

    /// Seeds print first: a walk depends on nothing else of the player's.
    pub fn seeded(mut self, seed: u64) -> Self {
        eprintln!("{} walks with seed {seed}", self.id);
        let welcome = self.client.welcome().expect("welcomed");
        self.body = Body::new(&welcome.map_id, welcome.tick_rate_hz, seed);
        self.placed_epoch = None;
        self
    }

    pub fn with_manner(mut self, manner: Manner) -> Self {
        self.manner = manner;
        self
    }

    /// Keeps every message as it comes.
    pub fn keeping_raw(mut self) -> Self {
        self.record.raw = Some(Vec::new());
        self
    }

    pub fn resume_token(&self) -> &str {
        &self.resume_token
    }

    pub fn sim_id(&self) -> u32 {
        self.client.welcome().and_then(|welcome| welcome.sim_id).expect("a welcomed player has an id")
    }

    pub fn epoch(&self) -> u32 {
        self.client.welcome().expect("welcomed").epoch
    }

    /// The tick of the newest frame.
    pub fn tick(&self) -> u32 {
        self.client.view().map_or(0, |view| view.tick)
    }

    pub fn pose(&self) -> Pose {
        self.client.pose().expect("a welcomed player has a pose")
    }

    /// Breaks the connection without a word.
    pub fn cut(&mut self) {
        if let Some(socket) = self.socket.take() {
            socket.cut();
        }
    }

    /// Comes back with the resume token, naming the newest frame seen.
    ///
    /// # Errors
    /// The close code of the refusal; 1006 when nobody listens.
    pub async fn resume(&mut self) -> Result<(), Closed> {
        self.cut();
        let protocols =
            resume_subprotocols(self.client.encoding(), &self.resume_token, self.client.resume_point());
        self.socket =
            Some(Socket::try_open(self.address, &self.ws_url, self.client.encoding(), &protocols).await?);
        self.reconnects += 1;
        self.welcomed().await
    }

    async fn welcomed(&mut self) -> Result<(), Closed> {
        let incoming = self.socket().receive_within(PATIENCE).await.expect("the server says something");
        self.hear(incoming)?;
        let welcome = self.client.welcome().expect("the first message is the welcome");
        let (map_id, rate) = (welcome.map_id.clone(), welcome.tick_rate_hz);
        let seed = self.id.bytes().fold(1_u64, |seed, byte| seed.wrapping_mul(31) + u64::from(byte));
        self.body = Body::new(&map_id, rate, seed);
        self.placed_epoch = None;
        Ok(())
    }

    /// The open socket.
    pub fn socket(&mut self) -> &mut Socket {
        self.socket.as_mut().expect("connected")
    }

    /// One turn: says what is due, then listens for a moment.
    ///
    /// # Errors
    /// When the connection has ended.
    pub async fn turn(&mut self) -> Result<(), Closed> {
        self.speak().await;
        if let Some(incoming) = self.socket().receive_within(LISTEN).await {
            self.hear(incoming)?;
        }
        Ok(())
    }

    /// Plays until `done`.
    ///
    /// # Panics
    /// With `what`, when it takes too long or the connection ends.
    pub async fn play_until(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let began = Instant::now();
        while !done(self) {
            assert!(began.elapsed() < PATIENCE, "{}: {what} did not happen within {PATIENCE:?}", self.id);
            if let Err(closed) = self.turn().await {
                panic!("{}: waiting for {what}, found {closed:?}", self.id);
            }
        }
    }

    /// Plays for so many ticks of the server, as its frames tell.
    pub async fn play_ticks(&mut self, ticks: u32) {
        let until = self.tick() + ticks;
        self.play_until("the match going on", |player| player.tick() >= until).await;
    }

    /// Plays until the connection ends.
    pub async fn play_until_closed(&mut self) -> Closed {
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "{} was not closed within {PATIENCE:?}", self.id);
            if let Err(closed) = self.turn().await {
                return closed;
            }
        }
    }

    /// Plays in the background, riding out breaks of the connection, until told to stop.
    pub fn spawn(mut self, stop: CancellationToken) -> tokio::task::JoinHandle<Self> {
        tokio::spawn(async move {
            while !stop.is_cancelled() {
                let alive = match self.socket {
                    Some(_) => self.turn().await.is_ok(),
                    None => self.resume().await.is_ok(),
                };
                if !alive {
                    self.cut();
                    let _ = stop.run_until_cancelled(tokio::time::sleep(RETRY_EVERY)).await;
                }
            }
            self
        })
    }

    /// Says what is due.
    async fn speak(&mut self) {
        let now_ms = now_ms();
        let mut messages: Vec<Vec<u8>> = Vec::new();
        if now_ms >= self.ping_at_ms && self.manner != Manner::Silent {
            self.ping_at_ms = now_ms + PING_EVERY_MS;
            messages.push(written(|out| self.client.ping(now_ms, out)));
        }
        if self.manner != Manner::Silent && self.client.claim_due(now_ms) {
            messages.extend(self.claim_by_manner(now_ms));
            if self.manner == Manner::Fight {
                messages.extend(self.fight(now_ms));
            }
        }
        if self.manner != Manner::Silent && self.client.seen_due(now_ms) {
            messages.push(written(|out| {
                self.client.seen(now_ms, out);
            }));
        }
        for message in messages {
            // A broken connection shows itself on the next read.
            let _ = self.socket().send(&message).await;
        }
    }

    fn claim_by_manner(&mut self, now_ms: u64) -> Option<Vec<u8>> {
        let ticks = self.client.claim_ticks(now_ms).ok()?;
        let Pose { at, yaw, pitch } = self.client.pose()?;
        if self.placed_epoch != self.client.pose_epoch() {
            self.placed_epoch = self.client.pose_epoch();
            self.body.place(at, self.client.placed_velocity());
        }
        let is_walking = matches!(self.manner, Manner::Walk | Manner::Fight);
        let (at, bends) = if is_walking { self.body.walk(ticks) } else { (at, Vec::new()) };
        let enemy = if self.manner == Manner::Fight { self.nearest_enemy() } else { None };
        let (yaw, pitch) = enemy.map_or((yaw, pitch), |enemy| walk::aim(at, enemy));
        let step = Step { pose: Pose { at, yaw, pitch }, bends: &bends, ack: self.asks_acks };
        let mut out = Vec::new();
        let input_seq = self.client.claim(now_ms, &step, &mut out).ok()?;
        self.note_input(input_seq);
        self.record.note_claim(input_seq, self.client.pose_epoch().unwrap_or_default());
        self.claims_sent += 1;
        Some(out)
    }

    fn fight(&mut self, now_ms: u64) -> Option<Vec<u8>> {
        let own = self.client.own();
        if own.reloaded_at_tick.is_some() || self.client.server_tick(now_ms) < own.ready_at_tick {
            return None;
        }
        let mut out = Vec::new();
        if own.rounds == 0 {
            let input_seq = self.client.reload(&mut out).ok()?;
            self.note_input(input_seq);
            return Some(out);
        }
        let at = self.client.pose()?.at;
        let (yaw, pitch) = walk::aim(at, self.nearest_enemy()?);
        let sight = self.client.sight(yaw, pitch);
        let input_seq = self.client.attack(now_ms, sight, &mut out).ok()?;
        self.note_input(input_seq);
        self.attacks_sent += 1;
        Some(out)
    }

    fn note_input(&mut self, input_seq: u32) {
        let epoch = self.epoch();
        self.record.inputs.push((epoch, input_seq));
    }

    /// Where the nearest living enemy stands, as the newest frame shows it.
    pub fn nearest_enemy(&self) -> Option<Vec3Mm> {
        let (me, at) = (self.sim_id(), self.client.pose()?.at);
        let others =
            self.client.view()?.players.iter().filter(|player| player.sim_id != me && player.is_alive());
        let places = others.map(|player| Vec3Mm::new(player.x, player.y, player.z));
        places.min_by_key(|place| at.distance_squared(*place))
    }

    /// Claims this very pose now, whatever the rules say; returns the claim's `inputSeq`.
    ///
    /// # Errors
    /// Why the client has nothing to claim.
    pub async fn claim_pose(&mut self, pose: Pose, ack: bool) -> Result<u32, Hold> {
        let mut out = Vec::new();
        let input_seq = self.client.claim(now_ms(), &Step { pose, bends: &[], ack }, &mut out)?;
        self.claims_sent += 1;
        self.record.note_claim(input_seq, self.client.pose_epoch().unwrap_or_default());
        self.body.place(pose.at, Velocity::default());
        self.say(&out).await;
        Ok(input_seq)
    }

    /// Says which frame this player has seen, now.
    pub async fn say_seen(&mut self) {
        let mut out = Vec::new();
        self.client.seen(now_ms(), &mut out);
        self.say(&out).await;
    }

    /// Leaves the session over the socket.
    pub async fn leave(&mut self) {
        let mut out = Vec::new();
        self.client.leave(&mut out);
        self.say(&out).await;
    }

    /// Sends bytes as they are.
    pub async fn say(&mut self, bytes: &[u8]) {
        // A broken connection shows itself on the next read.
        let _ = self.socket().send(bytes).await;
    }

    /// Takes in what a read brought.
    ///
    /// # Errors
    /// When it was the end.
    ///
    /// # Panics
    /// When the server sends what does not fit.
    pub fn hear(&mut self, incoming: Incoming) -> Result<(), Closed> {
        let bytes = match incoming {
            Incoming::Message(bytes) => bytes,
            Incoming::Closed(closed) => return Err(closed),
        };
        let Self { record, client, id, .. } = self;
        let snapshots = client.counters().snapshots;
        record.bytes += bytes.len() as u64;
        let received = client.receive(&bytes, now_ms()).unwrap_or_else(|error| panic!("{id}: {error}"));
        match received {
            Received::Welcome(welcome) => {
                let welcome = welcome.clone();
                record.note_view(client.view().expect("its snapshot was taken"), true);
                record.note_durable(welcome.epoch, welcome.durable_tick);
                record.note_welcome(&welcome);
                if let Some(own) = &welcome.own {
                    record.note_own(welcome.epoch, own);
                }
            }
            Received::Frame { view, .. } => {
                let view = view.clone();
                record.note_view(&view, client.counters().snapshots > snapshots);
            }
            Received::Own(own) => {
                let own = own.clone();
                record.note_own(client.welcome().expect("welcomed").epoch, &own);
            }
            Received::Event(event) => {
                if let Happening::Durable { epoch, tick } = event.happening {
                    record.note_durable(epoch, tick);
                }
                record.events.push(event);
            }
            Received::Status(status) => record.statuses.push(status.clone()),
            Received::Pong(_) => {}
        }
        assert_eq!(client.counters().view_hash_mismatches, 0, "{id}: a view hash does not agree");
        if let Some(raw) = &mut record.raw {
            raw.push(bytes);
        }
        Ok(())
    }
}

fn written(write: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut out);
    out
}
