//! Every session this process knows: live ones by their handle, ended ones by what is left of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use combat_components::ids::{Epoch, SessionId};
use combat_components::phase::EndReason;
use combat_components::setup::{ContentHash, Seed, SessionSetup};
use combat_components::tick::{Tick, TickRate};
use combat_protocol::server::Welcome;
use combat_replays::header::Header;
use combat_systems::SIMULATION_VERSION;
use combat_systems::modes::{self, Mode};
use combat_systems::sim::{Sim, SimParts};
use parking_lot::{Mutex, RwLock};

use super::catalogue::{Catalogue, MapEntry, RulesetEntry};
use super::finish::{self, Departures};
use super::handle::SessionHandle;
use super::host::{HostParts, SessionHost};
use super::inbox::Inbox;
use super::live::LiveFacts;
use super::pacer::unix_us;
use super::shard::{Shard, ShardHealth};
use super::stored::{BUILD, ServiceNote};
use super::summary::{CreateSession, SessionError, SessionKind, SessionStatus, SessionSummary, VerifySummary};
use crate::journal::{Journal, JournalError, Tape};
use crate::replication::players::{PLAYER_FRAME_HZ, PlayersAudience, WelcomeTemplate};
use crate::replication::relay::{Relay, SPECTATOR_DELAY_MS_MAX};
use crate::store::{Blob, NewSession};
use crate::telemetry::Metrics;

/// Ended sessions kept in memory for lists; older ones are in the store only.
const ENDED_MAX: usize = 1_000;

/// The longest match: a session's tick is 32 bits wide, and nobody plays for a day.
const TIME_LIMIT_S_MAX: u32 = 24 * 60 * 60;

/// What of a session never changes.
#[derive(Clone, Debug)]
pub struct FixedFacts {
    pub id: SessionId,
    pub name: String,
    pub kind: SessionKind,
    pub map_id: String,
    pub map_hash: ContentHash,
    pub mode: String,
    pub max_players: u8,
    pub tick_rate: TickRate,
    pub ruleset_name: String,
    pub ruleset_version: u32,
    pub ruleset_hash: ContentHash,
    pub spectator_delay_ms: u32,
    pub metadata: serde_json::Value,
    pub created_at_ms: i64,
}

/// What is left of a session that is over.
#[derive(Clone, Debug)]
pub struct EndedFacts {
    pub status: SessionStatus,
    pub epoch: Epoch,
    pub last_tick: Tick,
    pub player_count: u32,
    pub started_at_ms: Option<i64>,
    pub ended_at_ms: i64,
    pub end_reason: Option<String>,
    pub verify: Option<VerifySummary>,
}

#[derive(Clone, Debug)]
pub(super) enum Entry {
    Live(SessionHandle),
    Ended(EndedFacts),
}

/// Called with every session that has become live, so that places for bots can be filled.
pub type OnLive = Box<dyn Fn(&SessionHandle, &SimParts, u8) + Send + Sync>;

/// How much a server takes on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub sessions_max: usize,
    pub shards: usize,
}

pub(super) struct Inner {
    pub catalogue: Catalogue,
    pub journal: Arc<Journal>,
    pub metrics: Arc<Metrics>,
    pub sessions: RwLock<BTreeMap<SessionId, (FixedFacts, Entry)>>,
    shards: Mutex<Vec<Shard>>,
    limits: Limits,
    draining: AtomicBool,
    on_live: OnLive,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Registry(pub(super) Arc<Inner>);

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registry").field("sessions", &self.0.sessions.read().len()).finish_non_exhaustive()
    }
}

/// Whether sessions are being simulated.
#[derive(Clone, Debug)]
pub struct Health {
    pub shards: Vec<ShardHealth>,
    pub live_sessions: usize,
    pub suspended_sessions: usize,
}

impl Registry {
    /// Starts the shards. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// When the operating system gives no threads.
    pub fn start(
        catalogue: Catalogue,
        journal: Arc<Journal>,
        metrics: Arc<Metrics>,
        limits: Limits,
        on_live: OnLive,
    ) -> std::io::Result<Self> {
        let (departures, departed) = Departures::channel();
        let shards = (0..limits.shards).map(|number| Shard::start(number, metrics.shard(number), departures.clone()));
        let shards = shards.collect::<Result<Vec<_>, _>>()?;
        let inner = Inner {
            catalogue,
            journal,
            metrics,
            sessions: RwLock::default(),
            shards: Mutex::new(shards),
            limits,
            draining: AtomicBool::new(false),
            on_live,
        };
        let registry = Self(Arc::new(inner));
        tokio::spawn(finish::settle(registry.clone(), departed));
        Ok(registry)
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.0.catalogue
    }

    pub fn journal(&self) -> &Journal {
        &self.0.journal
    }

    /// Creates a session; answers after its commit.
    ///
    /// # Errors
    /// When the wish names what does not exist, or the server takes no more.
    pub async fn create(&self, wish: CreateSession) -> Result<SessionSummary, SessionError> {
        self.admit()?;
        let bots = wish.bots;
        let (facts, parts, header) = self.plan(wish)?;
        let (map, ruleset) = (parts.map.clone(), parts.ruleset.clone());
        self.keep_content(&map.id, &ruleset.name).await?;
        let new = NewSession { id: facts.id, created_unix_us: unix_us(), header: header.to_bytes() };
        let tape = self.0.journal.create(new, facts.tick_rate.hz()).await.map_err(not_kept)?;
        let simulated = parts.clone();
        let sim = tokio::task::spawn_blocking(move || Sim::new(&simulated)).await;
        let sim = sim.map_err(|_| SessionError::Failed)?.map_err(|error| SessionError::Invalid {
            pointer: "/ruleset",
            detail: error.to_string(),
        })?;
        let handle = self.take_up(facts, sim, tape, Epoch(1))?;
        self.0.metrics.sessions_created.inc();
        (self.0.on_live)(&handle, &parts, bots);
        self.get(handle.id())
    }

    fn admit(&self) -> Result<(), SessionError> {
        if self.0.draining.load(Ordering::Acquire) {
            return Err(SessionError::Draining);
        }
        if self.live_count() >= self.0.limits.sessions_max {
            return Err(SessionError::NotAdmitted("it runs as many sessions as it may"));
        }
        self.0.journal.admission().map_err(|_| SessionError::NotAdmitted("its journal has no room for another"))
    }

    /// Makes of a wish what will be simulated.
    fn plan(&self, wish: CreateSession) -> Result<(FixedFacts, SimParts, Header), SessionError> {
        let catalogue = &self.0.catalogue;
        let map = catalogue.map(&wish.map_id).ok_or_else(|| SessionError::UnknownMap(wish.map_id.clone()))?;
        let ruleset = catalogue.ruleset(&wish.ruleset);
        let ruleset = ruleset.ok_or_else(|| SessionError::UnknownRuleset(wish.ruleset.clone()))?;
        let mode = modes::find(&wish.mode).ok_or_else(|| SessionError::UnknownMode(wish.mode.clone()))?;
        let setup = setup_of(&wish, map, ruleset, mode)?;
        let delay_ms = wish.spectator_delay_ms.unwrap_or(wish.kind.spectator_delay_ms());
        if delay_ms > SPECTATOR_DELAY_MS_MAX {
            let detail = format!("expected at most {SPECTATOR_DELAY_MS_MAX}");
            return Err(SessionError::Invalid { pointer: "/spectatorDelayMs", detail });
        }
        let note = ServiceNote { spectator_delay_ms: delay_ms, metadata: wish.metadata };
        let header = Header {
            simulation_version: SIMULATION_VERSION,
            setup: setup.clone(),
            name: wish.name,
            kind: wish.kind.code().to_owned(),
            map_id: wish.map_id,
            ruleset_name: wish.ruleset,
            ruleset_version: ruleset.ruleset.version,
            build: BUILD.to_owned(),
            created_unix_ms: unix_us() / 1_000,
            service: serde_json::to_string(&note).expect("a note is plain data"),
        };
        let level = catalogue.level(map, ruleset);
        let parts = SimParts { setup, ruleset: ruleset.ruleset.clone(), map: map.map.clone(), level };
        Ok((super::stored::facts_of(&header), parts, header))
    }

    /// The journal keeps map and ruleset by their hash, so that no replay ever reads today's files.
    async fn keep_content(&self, map_id: &str, ruleset: &str) -> Result<(), SessionError> {
        let map = self.0.catalogue.map(map_id).expect("the plan has found it");
        let ruleset = self.0.catalogue.ruleset(ruleset).expect("the plan has found it");
        for (kind, hash, text) in [("map", map.hash, &map.text), ("ruleset", ruleset.hash, &ruleset.text)] {
            let blob = Blob { hash: hash.to_hex(), kind: kind.to_owned(), bytes: text.as_bytes().to_vec() };
            self.0.journal.put_blob(blob).await.map_err(not_kept)?;
        }
        Ok(())
    }

    /// Gives a simulation to the shard with the fewest sessions.
    pub(super) fn take_up(
        &self,
        facts: FixedFacts,
        sim: Sim,
        tape: Arc<Tape>,
        epoch: Epoch,
    ) -> Result<SessionHandle, SessionError> {
        let live = Arc::new(LiveFacts::new(epoch, sim.tick(), facts.tick_rate));
        let inbox = Arc::new(Inbox::for_players(facts.max_players));
        let template = welcome_template(&facts, &sim);
        let (delay_ms, rate) = (facts.spectator_delay_ms, facts.tick_rate);
        let relay = Relay::new(live.clone(), tape.clone(), template.clone(), rate, delay_ms);
        let handle = SessionHandle {
            id: facts.id,
            inbox: inbox.clone(),
            live: live.clone(),
            tape: tape.clone(),
            relay: relay.clone(),
            refusals: self.0.metrics.inbox_refusals.clone(),
        };
        let players = PlayersAudience::new(facts.max_players, rate, template);
        let id = facts.id;
        let parts = HostParts { id, sim, epoch, inbox, live, tape, relay, players, tick_rate: rate };
        self.0.sessions.write().insert(id, (facts, Entry::Live(handle.clone())));
        let shards = self.0.shards.lock();
        let shard = shards.iter().min_by_key(|shard| shard.session_count());
        let placed = shard.map(|shard| shard.take_in(Box::new(SessionHost::new(parts))));
        match placed {
            Some(Ok(())) => Ok(handle),
            Some(Err(_)) | None => {
                self.0.sessions.write().remove(&id);
                Err(SessionError::NotAdmitted("no shard takes it"))
            }
        }
    }

    /// Live and ended sessions alike.
    ///
    /// # Errors
    /// `Unknown`.
    pub fn get(&self, id: SessionId) -> Result<SessionSummary, SessionError> {
        let sessions = self.0.sessions.read();
        let (facts, entry) = sessions.get(&id).ok_or(SessionError::Unknown)?;
        Ok(summary(facts, entry))
    }

    /// Live and ended sessions, newest first.
    pub fn list(&self) -> Vec<SessionSummary> {
        self.0.sessions.read().values().rev().map(|(facts, entry)| summary(facts, entry)).collect()
    }

    /// # Errors
    /// `Unknown`, or `Ended` and `Failed` for one that is over.
    pub fn handle(&self, id: SessionId) -> Result<SessionHandle, SessionError> {
        match self.0.sessions.read().get(&id) {
            None => Err(SessionError::Unknown),
            Some((_, Entry::Live(handle))) => Ok(handle.clone()),
            Some((_, Entry::Ended(ended))) if ended.status == SessionStatus::Failed => Err(SessionError::Failed),
            Some((_, Entry::Ended(_))) => Err(SessionError::Ended),
        }
    }

    pub(super) fn live_handles(&self) -> Vec<SessionHandle> {
        let sessions = self.0.sessions.read();
        let live = sessions.values().filter_map(|(_, entry)| match entry {
            Entry::Live(handle) => Some(handle.clone()),
            Entry::Ended(_) => None,
        });
        live.collect()
    }

    fn live_count(&self) -> usize {
        self.0.sessions.read().values().filter(|(_, entry)| matches!(entry, Entry::Live(_))).count()
    }

    /// Ends a session, or finds it ended; answers after its commit.
    ///
    /// # Errors
    /// `Unknown`, `Suspended`, `InboxFull`.
    pub async fn end(&self, id: SessionId) -> Result<SessionSummary, SessionError> {
        match self.handle(id) {
            Err(SessionError::Ended | SessionError::Failed) => return self.get(id),
            Err(error) => return Err(error),
            Ok(handle) => match handle.end(EndReason::Requested).await {
                Ok(_) | Err(SessionError::Ended | SessionError::Failed) => {}
                Err(error) => return Err(error),
            },
        }
        finish::wait_for_end(self, id).await;
        self.get(id)
    }

    pub(super) fn note_ended(&self, id: SessionId, ended: EndedFacts) {
        let mut sessions = self.0.sessions.write();
        if let Some((_, entry)) = sessions.get_mut(&id) {
            *entry = Entry::Ended(ended);
        }
        let ended = sessions.iter().filter(|(_, (_, entry))| matches!(entry, Entry::Ended(_)));
        let ended: Vec<SessionId> = ended.map(|(id, _)| *id).collect();
        for id in ended.iter().take(ended.len().saturating_sub(ENDED_MAX)) {
            sessions.remove(id);
        }
    }

    pub(super) fn note_stored(&self, facts: FixedFacts, ended: EndedFacts) {
        let id = facts.id;
        self.0.sessions.write().insert(id, (facts, Entry::Ended(ended.clone())));
        self.note_ended(id, ended);
    }

    pub(super) fn note_verified(&self, id: SessionId, verify: VerifySummary) {
        if let Some((_, Entry::Ended(ended))) = self.0.sessions.write().get_mut(&id) {
            ended.verify = Some(verify);
        }
    }

    pub(super) fn announce_live(&self, handle: &SessionHandle, parts: &SimParts) {
        (self.0.on_live)(handle, parts, 0);
    }

    pub fn health(&self) -> Health {
        let shards = self.0.shards.lock();
        let shards = shards.iter().map(Shard::health).collect();
        let live = self.live_handles();
        let suspended = live.iter().filter(|handle| handle.live.status() == SessionStatus::Suspended).count();
        Health {
            shards,
            live_sessions: live.len(),
            suspended_sessions: suspended,
        }
    }

    /// Says from now on that the server is ending: nothing new is taken in.
    pub fn begin_drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    /// Tells every session's players and stops its simulation; the log stays for the next process.
    pub async fn drain(&self) {
        self.begin_drain();
        let draining = self.live_handles().into_iter().map(|handle| async move { handle.drain().await.err() });
        for error in futures_util::future::join_all(draining).await.into_iter().flatten() {
            tracing::debug!(%error, "a session was over before it was drained");
        }
        self.0.shards.lock().iter_mut().for_each(Shard::stop);
    }
}

fn setup_of(
    wish: &CreateSession,
    map: &MapEntry,
    ruleset: &RulesetEntry,
    mode: &'static Mode,
) -> Result<SessionSetup, SessionError> {
    let most = mode.players_max.min(map.map.max_players);
    let max_players = wish.max_players.unwrap_or(most);
    if !(mode.players_min..=most).contains(&max_players) {
        let detail = format!("expected {} to {most} for mode {} on map {}", mode.players_min, mode.name, map.map.id);
        return Err(SessionError::Invalid { pointer: "/maxPlayers", detail });
    }
    if wish.bots > max_players {
        let detail = format!("expected at most maxPlayers ({max_players})");
        return Err(SessionError::Invalid { pointer: "/options/bots", detail });
    }
    let rules = &ruleset.ruleset.matches;
    let limit_ms = match wish.time_limit_s {
        None => rules.time_limit_ms,
        Some(seconds) if (1..=TIME_LIMIT_S_MAX).contains(&seconds) => seconds * 1_000,
        Some(_) => {
            let detail = format!("expected 1 to {TIME_LIMIT_S_MAX}");
            return Err(SessionError::Invalid { pointer: "/options/timeLimitS", detail });
        }
    };
    Ok(SessionSetup {
        session: SessionId(uuid::Uuid::now_v7().into_bytes()),
        tick_rate: wish.tick_rate,
        seed: Seed(random_seed()?),
        mode: mode.name.to_owned(),
        max_players,
        friendly_fire: wish.friendly_fire.unwrap_or(rules.friendly_fire),
        time_limit: Tick(wish.tick_rate.ticks_in_ms(limit_ms)),
        score_limit: wish.score_limit.unwrap_or(rules.score_limit),
        map_hash: map.hash,
        ruleset_hash: ruleset.hash,
    })
}

fn random_seed() -> Result<u64, SessionError> {
    getrandom::u64().map_err(|_| SessionError::NotAdmitted("the operating system gives no randomness"))
}

fn not_kept(error: JournalError) -> SessionError {
    tracing::error!(%error, "the journal did not keep a session");
    SessionError::NotAdmitted("its journal cannot be written")
}

fn welcome_template(facts: &FixedFacts, sim: &Sim) -> WelcomeTemplate {
    let rules = &sim.rules().ruleset;
    WelcomeTemplate(Welcome {
        session_id: facts.id.to_string(),
        tick_rate_hz: facts.tick_rate.hz(),
        frame_hz: PLAYER_FRAME_HZ.min(facts.tick_rate.hz()),
        durability: "journal".to_owned(),
        map_id: facts.map_id.clone(),
        map_hash: facts.map_hash.to_hex(),
        ruleset_name: facts.ruleset_name.clone(),
        ruleset_hash: facts.ruleset_hash.to_hex(),
        weapons: rules.weapons.iter().map(|weapon| weapon.name.clone()).collect(),
        abilities: rules.abilities.iter().map(|ability| ability.name.clone()).collect(),
        ..Welcome::default()
    })
}

fn summary(facts: &FixedFacts, entry: &Entry) -> SessionSummary {
    let facts = facts.clone();
    let base = SessionSummary {
        id: facts.id,
        name: facts.name,
        kind: facts.kind,
        status: SessionStatus::Ended,
        map_id: facts.map_id,
        map_hash: facts.map_hash,
        mode: facts.mode,
        max_players: facts.max_players,
        player_count: 0,
        spectator_count: 0,
        tick_rate: facts.tick_rate,
        ruleset_name: facts.ruleset_name,
        ruleset_version: facts.ruleset_version,
        ruleset_hash: facts.ruleset_hash,
        spectator_delay_ms: facts.spectator_delay_ms,
        durability: "journal",
        epoch: Epoch(1),
        tick: Tick(0),
        durable_tick: Tick(0),
        verify: None,
        metadata: facts.metadata,
        created_at_ms: facts.created_at_ms,
        started_at_ms: None,
        ended_at_ms: None,
        end_reason: None,
    };
    match entry {
        Entry::Live(handle) => SessionSummary {
            status: handle.live.status(),
            player_count: handle.live.player_count(),
            spectator_count: handle.live.spectator_count.load(Ordering::Acquire),
            epoch: handle.live.epoch(),
            tick: handle.live.tick(),
            durable_tick: handle.durable_tick(),
            started_at_ms: handle.live.started_at_ms(),
            ..base
        },
        Entry::Ended(ended) => SessionSummary {
            status: ended.status,
            player_count: ended.player_count,
            epoch: ended.epoch,
            tick: ended.last_tick,
            durable_tick: ended.last_tick,
            verify: ended.verify.clone(),
            started_at_ms: ended.started_at_ms,
            ended_at_ms: Some(ended.ended_at_ms),
            end_reason: ended.end_reason.clone(),
            ..base
        },
    }
}
