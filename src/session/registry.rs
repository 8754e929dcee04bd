//! Every session this process knows: live ones by their handle, ended ones by what is left of them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use combat_components::ids::{Epoch, SessionId};
use combat_components::origin::RequestKey;
use combat_components::phase::EndReason;
use combat_protocol::draft::DRAFT;
use combat_protocol::server::Welcome;
use combat_systems::sim::{Sim, SimParts};
use parking_lot::{Mutex, RwLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use super::catalogue::Catalogue;
use super::entry::{Entry, FixedFacts, summary};
use super::finish::{self, Departures, Stored};
use super::handle::SessionHandle;
use super::host::{HostParts, SessionHost};
use super::inbox::Inbox;
use super::known::KnownRequests;
use super::live::LiveFacts;
use super::people::{People, PeopleBook};
use super::shard::{Shard, ShardHealth};
use super::summary::{SessionError, SessionStatus, SessionSummary, VerifySummary};
use crate::events::{Feed, FeedWriter};
use crate::gallery::Relay;
use crate::journal::{Journal, Tape};
use crate::replication::players::{PlayersAudience, WelcomeTemplate};
use crate::telemetry::Metrics;

/// Ended sessions kept in memory for lists; older ones are in the store only.
const ENDED_MAX: usize = 1_000;

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
    pub draining: AtomicBool,
    pub on_live: OnLive,
    /// One for each session that may live at a time.
    pub places: Arc<Semaphore>,
    /// Verification takes what time is left over, on one core at most.
    pub verifying: Semaphore,
    shards: Mutex<Vec<Shard>>,
    /// How many sessions have ended or been let go of; whoever waits for one's end follows it.
    ended: watch::Sender<u64>,
}

/// How a simulation begins on its shard.
pub(super) struct Start {
    pub epoch: Epoch,
    /// `None` for one that is resumed beyond the limit.
    pub place: Option<OwnedSemaphorePermit>,
    /// Who is in it already.
    pub people: People,
    /// What was asked for under keys and may be asked for again.
    pub known: KnownRequests,
}

impl Start {
    /// The first epoch, with nobody in it.
    pub fn new(place: Option<OwnedSemaphorePermit>) -> Self {
        Self { epoch: Epoch(1), place, people: People::default(), known: KnownRequests::default() }
    }
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
    /// Of the live ones; also those that this build cannot simulate.
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
        let shards =
            (0..limits.shards).map(|number| Shard::start(number, metrics.shard(number), departures.clone()));
        let shards = shards.collect::<Result<Vec<_>, _>>()?;
        let inner = Inner {
            catalogue,
            journal,
            metrics,
            sessions: RwLock::default(),
            shards: Mutex::new(shards),
            draining: AtomicBool::new(false),
            on_live,
            ended: watch::Sender::new(0),
            places: Arc::new(Semaphore::new(limits.sessions_max)),
            verifying: Semaphore::new(1),
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

    /// The host of a simulation, and how everybody else speaks to it.
    pub(super) fn host_of(
        &self,
        facts: &FixedFacts,
        sim: Sim,
        tape: Arc<Tape>,
        start: Start,
    ) -> (SessionHost, SessionHandle) {
        let Start { epoch, place, people, known } = start;
        let live = Arc::new(LiveFacts::new(epoch, sim.tick(), facts.tick_rate));
        let inbox = Arc::new(Inbox::for_players(facts.max_players));
        let template = welcome_template(facts, &sim);
        let (delay_ms, rate) = (facts.spectator_delay_ms, facts.tick_rate);
        let feed = Feed::new(tape.clone());
        let relay = Relay::new(live.clone(), tape.clone(), template.clone(), rate, delay_ms);
        let handle = SessionHandle {
            id: facts.id,
            inbox: inbox.clone(),
            live: live.clone(),
            tape: tape.clone(),
            relay: relay.clone(),
            people: PeopleBook(self.0.journal.people()),
            refusals: self.0.metrics.inbox_refusals.clone(),
            feed: feed.clone(),
            key: None,
        };
        let players = PlayersAudience::new(&sim.rules().setup, template);
        let (id, tick_rate) = (facts.id, rate);
        let feed = FeedWriter::new(feed);
        let parts = HostParts {
            id,
            sim,
            epoch,
            inbox,
            live,
            tape,
            relay,
            players,
            people,
            known,
            feed,
            tick_rate,
            place,
        };
        (SessionHost::new(parts), handle)
    }

    /// Gives a simulation to the shard with the fewest sessions.
    pub(super) fn take_up(
        &self,
        facts: FixedFacts,
        sim: Sim,
        tape: Arc<Tape>,
        start: Start,
    ) -> Result<SessionHandle, SessionError> {
        let id = facts.id;
        let (host, handle) = self.host_of(&facts, sim, tape, start);
        self.0.sessions.write().insert(id, (facts, Entry::Live(handle.clone())));
        let shards = self.0.shards.lock();
        if self.0.draining.load(Ordering::Acquire) {
            self.0.sessions.write().remove(&id);
            handle.inbox.close(SessionError::Draining);
            return Err(SessionError::Draining);
        }
        let shard = shards.iter().min_by_key(|shard| shard.session_count());
        let placed = shard.map(|shard| shard.take_in(Box::new(host)));
        match placed {
            Some(Ok(())) => Ok(handle),
            Some(Err(_)) | None => {
                self.0.sessions.write().remove(&id);
                let error = SessionError::NotAdmitted("no shard takes it");
                handle.inbox.close(error.clone());
                Err(error)
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
    /// `Unknown`, `Suspended` for one that this build cannot simulate, or `Ended` and `Failed` for one that is over.
    pub fn handle(&self, id: SessionId) -> Result<SessionHandle, SessionError> {
        match self.0.sessions.read().get(&id) {
            None => Err(SessionError::Unknown),
            Some((_, Entry::Live(handle))) => Ok(handle.clone()),
            Some((_, Entry::Shelved(_))) => Err(SessionError::Suspended),
            Some((_, Entry::Ended(ended))) => Err(ended.status.over().unwrap_or(SessionError::Ended)),
        }
    }

    pub(super) fn live_handles(&self) -> Vec<SessionHandle> {
        let sessions = self.0.sessions.read();
        let live = sessions.values().filter_map(|(_, entry)| match entry {
            Entry::Live(handle) => Some(handle.clone()),
            Entry::Shelved(_) | Entry::Ended(_) => None,
        });
        live.collect()
    }

    /// Ends a session, or finds it ended; answers after its commit. One that this build cannot simulate is given up.
    ///
    /// # Errors
    /// `Unknown`, `Suspended`, `InboxFull`; what is wrong with the key.
    pub async fn end(&self, id: SessionId, key: Option<RequestKey>) -> Result<SessionSummary, SessionError> {
        match self.handle(id) {
            Err(SessionError::Ended | SessionError::Failed) => return self.get(id),
            Err(SessionError::Suspended) => return self.give_up(id).await,
            Err(error) => return Err(error),
            Ok(handle) => match handle.under(key).end(EndReason::Requested).await {
                Ok(_) | Err(SessionError::Ended | SessionError::Failed) => {}
                Err(error) => return Err(error),
            },
        }
        self.wait_for_end(id).await;
        match self.handle(id) {
            Ok(_) => Err(SessionError::Draining),
            Err(SessionError::Unknown) if self.0.draining.load(Ordering::Acquire) => {
                Err(SessionError::Draining)
            }
            Err(_) => self.get(id),
        }
    }

    /// Waits until the session has ended, or has been left to the next process.
    async fn wait_for_end(&self, id: SessionId) {
        let mut ended = self.0.ended.subscribe();
        loop {
            let is_live = match self.0.sessions.read().get(&id) {
                Some((_, Entry::Live(handle))) => handle.inbox.closed() != Some(SessionError::Draining),
                _ => false,
            };
            if !is_live || ended.changed().await.is_err() {
                return;
            }
        }
    }

    pub(super) fn note_ended(&self, id: SessionId, ended: Stored) {
        if let Some((_, entry)) = self.0.sessions.write().get_mut(&id) {
            *entry = Entry::Ended(ended.into_facts());
        }
        self.keep_newest_ended();
    }

    fn keep_newest_ended(&self) {
        let mut sessions = self.0.sessions.write();
        let ended = sessions.iter().filter(|(_, (_, entry))| matches!(entry, Entry::Ended(_)));
        let ended: Vec<SessionId> = ended.map(|(id, _)| *id).collect();
        for id in ended.iter().take(ended.len().saturating_sub(ENDED_MAX)) {
            sessions.remove(id);
        }
        drop(sessions);
        self.0.ended.send_modify(|count| *count += 1);
    }

    pub(super) fn note_stored(&self, facts: FixedFacts, ended: Stored) {
        let id = facts.id;
        let entry = (facts, Entry::Ended(ended.into_facts()));
        self.0.sessions.write().insert(id, entry);
        self.keep_newest_ended();
    }

    /// Of a session that belongs to another process nothing is known here.
    pub(super) fn forget(&self, id: SessionId) {
        self.0.sessions.write().remove(&id);
        self.0.ended.send_modify(|count| *count += 1);
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
        let mut health = Health { shards, live_sessions: 0, suspended_sessions: 0 };
        for (_, entry) in self.0.sessions.read().values() {
            let is_suspended = match entry {
                Entry::Live(handle) => handle.live.status() == SessionStatus::Suspended,
                Entry::Shelved(_) => true,
                Entry::Ended(_) => continue,
            };
            health.live_sessions += 1;
            health.suspended_sessions += usize::from(is_suspended);
        }
        health
    }

    /// Says from now on that the server is ending: nothing new is taken in.
    pub fn begin_drain(&self) {
        self.0.draining.store(true, Ordering::Release);
    }

    /// Tells every session's players, makes its last tick and waits until all have been let go of.
    pub async fn drain(&self) {
        let mut ended = self.0.ended.subscribe();
        self.begin_drain();
        // Whoever is being taken up holds this lock, and is told with the others.
        drop(self.0.shards.lock());
        self.live_handles().iter().for_each(|handle| handle.live.begin_drain());
        while self.0.shards.lock().iter().any(|shard| shard.session_count() > 0) {
            if ended.changed().await.is_err() {
                return;
            }
        }
    }

    /// Ends the shards' threads; what has not been drained resumes at its last durable tick.
    pub fn stop_shards(&self) {
        self.0.shards.lock().iter_mut().for_each(Shard::stop);
    }

    /// A session has been let go of by its shard.
    pub(super) fn note_departed(&self) {
        self.0.ended.send_modify(|count| *count += 1);
    }
}

fn welcome_template(facts: &FixedFacts, sim: &Sim) -> WelcomeTemplate {
    let rules = &sim.rules().ruleset;
    WelcomeTemplate(Welcome {
        session_id: facts.id.to_string(),
        tick_rate_hz: facts.tick_rate.hz(),
        frame_hz: facts.tick_rate.hz() / sim.rules().setup.limits.frame_ticks,
        durability: "journal".to_owned(),
        map_id: facts.map_id.clone(),
        map_hash: facts.map_hash.to_hex(),
        ruleset_name: facts.ruleset_name.clone(),
        ruleset_hash: facts.ruleset_hash.to_hex(),
        weapons: rules.weapons.iter().map(|weapon| weapon.name.clone()).collect(),
        abilities: rules.abilities.iter().map(|ability| ability.name.clone()).collect(),
        protocol_draft: DRAFT,
        ..Welcome::default()
    })
}
