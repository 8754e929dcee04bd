//! Creating a session: from a wish to a simulation whose log has been begun.

use std::sync::atomic::Ordering;

use combat_components::ids::{Epoch, SessionId};
use combat_components::setup::{Seed, SessionSetup, SimLimits};
use combat_components::tick::Tick;
use combat_replays::header::Header;
use combat_systems::SIMULATION_VERSION;
use combat_systems::modes::Mode;
use combat_systems::sim::{Sim, SimParts};
use tokio::sync::OwnedSemaphorePermit;

use super::catalogue::{MapEntry, RulesetEntry};
use super::entry::{EndedFacts, FixedFacts};
use super::finish::mark_finished;
use super::handle::SessionHandle;
use super::pacer::unix_us;
use super::registry::{Registry, Start};
use super::stored::{BUILD, ServiceNote, facts_of};
use super::summary::{CreateSession, SessionError, SessionSummary};
use crate::journal::{Blob, JournalError, NewSession};
use crate::replication::watchers::SPECTATOR_DELAY_MS_MAX;

/// The longest match: a session's tick is 32 bits wide, and nobody plays for a day.
const TIME_LIMIT_S_MAX: u32 = 24 * 60 * 60;

impl Registry {
    /// Creates a session; answers after its commit.
    ///
    /// # Errors
    /// When the wish names what does not exist, or the server takes no more.
    pub async fn create(&self, wish: CreateSession) -> Result<SessionSummary, SessionError> {
        let place = self.admit()?;
        let bots = wish.bots;
        let (facts, parts, header) = self.plan(wish)?;
        self.keep_content(&parts.map.id, &parts.ruleset.name).await?;
        let simulated = parts.clone();
        let sim = tokio::task::spawn_blocking(move || Sim::new(&simulated)).await;
        let sim = sim
            .map_err(|_| SessionError::Failed)?
            .map_err(|error| SessionError::Invalid { pointer: "/ruleset", detail: error.to_string() })?;
        let registry = self.clone();
        // Once the journal has been asked, a caller who goes away must not leave half a session.
        let begun = tokio::spawn(async move {
            let handle = registry.begin(facts, sim, &header, place).await?;
            registry.0.metrics.sessions_created.inc();
            (registry.0.on_live)(&handle, &parts, bots);
            registry.get(handle.id())
        });
        begun.await.map_err(|_| SessionError::Failed)?
    }

    async fn begin(
        &self,
        facts: FixedFacts,
        sim: Sim,
        header: &Header,
        place: OwnedSemaphorePermit,
    ) -> Result<SessionHandle, SessionError> {
        let new = NewSession { id: facts.id, created_unix_us: unix_us(), header: header.to_bytes() };
        let tape = self.0.journal.create(new, facts.tick_rate.hz()).await.map_err(not_kept)?;
        let id = facts.id;
        let taken_up = self.take_up(facts, sim, tape, Start::new(Some(place)));
        if let Err(error) = &taken_up {
            let ended = EndedFacts::failed_unplayed(Epoch(1), Tick(0), error.to_string());
            if let Err(error) = mark_finished(self, id, ended, None).await {
                tracing::error!(session = %id, %error, "a session that never began is left to the next process");
            }
        }
        taken_up
    }

    fn admit(&self) -> Result<OwnedSemaphorePermit, SessionError> {
        if self.0.draining.load(Ordering::Acquire) {
            return Err(SessionError::Draining);
        }
        let admission = self.0.journal.admission();
        admission.map_err(|_| SessionError::NotAdmitted("its journal has no room for another"))?;
        let place = self.0.places.clone().try_acquire_owned();
        place.map_err(|_| SessionError::NotAdmitted("it runs as many sessions as it may"))
    }

    /// Makes of a wish what will be simulated.
    pub(super) fn plan(&self, wish: CreateSession) -> Result<(FixedFacts, SimParts, Header), SessionError> {
        let catalogue = &self.0.catalogue;
        let map = catalogue.map(&wish.map_id).ok_or_else(|| SessionError::UnknownMap(wish.map_id.clone()))?;
        let ruleset = catalogue.ruleset(&wish.ruleset);
        let ruleset = ruleset.ok_or_else(|| SessionError::UnknownRuleset(wish.ruleset.clone()))?;
        let mode =
            catalogue.kinds().mode(&wish.mode).ok_or_else(|| SessionError::UnknownMode(wish.mode.clone()))?;
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
        Ok((facts_of(&header), catalogue.parts(map, ruleset, setup), header))
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
}

fn setup_of(
    wish: &CreateSession,
    map: &MapEntry,
    ruleset: &RulesetEntry,
    mode: &'static dyn Mode,
) -> Result<SessionSetup, SessionError> {
    let (least, most) = mode.players().into_inner();
    let most = most.min(map.map.max_players);
    let max_players = wish.max_players.unwrap_or(most);
    if !(least..=most).contains(&max_players) {
        let expected = if least == most { most.to_string() } else { format!("{least} to {most}") };
        let detail = format!("expected {expected} for mode {} on map {}", mode.name(), map.map.id);
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
        mode: mode.name().to_owned(),
        max_players,
        friendly_fire: wish.friendly_fire.unwrap_or(rules.friendly_fire),
        time_limit: Tick(wish.tick_rate.ticks_in_ms(limit_ms)),
        score_limit: wish.score_limit.unwrap_or(rules.score_limit),
        map_hash: map.hash,
        ruleset_hash: ruleset.hash,
        limits: SimLimits::at(wish.tick_rate),
    })
}

fn random_seed() -> Result<u64, SessionError> {
    getrandom::u64().map_err(|_| SessionError::NO_RANDOMNESS)
}

fn not_kept(error: JournalError) -> SessionError {
    tracing::error!(%error, "the journal did not keep a session");
    SessionError::NOT_WRITTEN
}
