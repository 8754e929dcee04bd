//! Taking live sessions up again after a restart: newest keyframe, tail, and a new epoch before any frame leaves.

use std::sync::Arc;

use combat_components::ids::{Epoch, SessionId};
use combat_components::phase::Phase;
use combat_components::tick::Tick;
use combat_replays::header::{Header, HeaderError};
use combat_replays::log::{Log, Refusal};
use combat_replays::player::{Played, Player};
use combat_replays::reader::Reader;
use combat_replays::record::Record;
use combat_systems::kinds::Kinds;
use combat_systems::sim::{Sim, SimParts};
use combat_systems::tick_rules::SetupError;
use thiserror::Error;

use super::entry::{EndedFacts, FixedFacts};
use super::finish::{Stored, check, mark_finished};
use super::known::{KnownRequests, REMEMBERED_MS};
use super::people::People;
use super::registry::{Registry, Start};
use super::shelf::{self, ShelvedFacts};
use super::stored::{facts_of, unreadable_facts};
use crate::journal::{EarlierPieces, LiveSession, OpenReport, SessionRow, StoreError};
use crate::journal_log;

/// Why a live session cannot be taken up again.
#[derive(Debug, Error)]
pub enum ResumeError {
    #[error("{0}")]
    Damaged(String),
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error(transparent)]
    Records(#[from] combat_replays::reader::Damage),
    #[error("the simulation differs from its record at tick {0}")]
    Diverged(u32),
    /// Where it did not when it was recorded.
    #[error("the simulation panicked at tick {0}")]
    Panicked(u32),
    #[error("the simulation had panicked at tick {0}, and does again")]
    Failed(u32),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Journal(#[from] crate::journal::JournalError),
    #[error(transparent)]
    Session(#[from] super::summary::SessionError),
}

/// Whose fault it is that a session is not taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Every start would meet it again.
    Session,
    /// Another build can take it up: its records are sound, and were simulated once.
    Build,
    /// The journal's.
    Store,
}

impl ResumeError {
    fn fault(&self) -> Fault {
        match self {
            Self::Header(HeaderError::Format { .. })
            | Self::Refused(Refusal::SimulationVersion { .. } | Refusal::Unusable { .. })
            | Self::Setup(_)
            | Self::Diverged(_)
            | Self::Panicked(_) => Fault::Build,
            Self::Records(damage) if damage.reason.may_be_of_another_build() => Fault::Build,
            Self::Records(_)
            | Self::Damaged(_)
            | Self::Failed(_)
            | Self::Header(_)
            | Self::Refused(Refusal::OtherContent { .. }) => Fault::Session,
            Self::Store(_) | Self::Journal(_) | Self::Session(_) => Fault::Store,
        }
    }
}

/// Takes up what the last process left. One session's damage never keeps the others from going on, and one that this build
/// cannot simulate stays as it is for a build that can.
///
/// # Errors
/// When the journal does not answer: the sessions in it are sound, so they are left for the next start.
pub async fn resume_all(registry: &Registry, report: OpenReport) -> Result<(), ResumeError> {
    if let Some(lost) = report.lost_tail {
        tracing::warn!(rows = lost.rows, bytes = lost.bytes, "the journal has lost its tail");
    }
    for row_no in &report.unreadable_rows {
        tracing::error!(row_no, "a row of the journal cannot be read");
    }
    load_ended(registry).await?;
    for session in report.live {
        let row = session.session.clone();
        let last_tick = session.last_tick;
        match resume(registry, session).await {
            Ok(epoch) => {
                tracing::info!(session = %row.id, tick = last_tick, epoch = epoch.0, "session resumed");
            }
            Err(error) => match error.fault() {
                Fault::Session => fail(registry, &row, last_tick, error.to_string()).await?,
                Fault::Build if shelf::is_expired(&row) => {
                    fail(registry, &row, last_tick, shelf::expired(&error)).await?;
                }
                Fault::Build => shelve(registry, &row, last_tick, &error).await,
                Fault::Store => return Err(error),
            },
        }
    }
    Ok(())
}

async fn resume(registry: &Registry, session: LiveSession) -> Result<Epoch, ResumeError> {
    if let Some(damage) = session.damages.first() {
        return Err(ResumeError::Damaged(damage.to_string()));
    }
    let header = Header::from_bytes(&session.header)?;
    let facts = facts_of(&header);
    let epoch = Epoch(session.session.epoch + 1);
    let (last_tick, rate) = (session.last_tick, facts.tick_rate);
    let remembered_ticks = rate.ticks_in_ms(REMEMBERED_MS);
    let mut known = known_requests(registry, &session, remembered_ticks).await?;
    let log = Arc::new(log_of(registry, header, session).await?);
    let (kinds, rebuilt) = (registry.catalogue().kinds(), log.clone());
    let rebuilt = tokio::task::spawn_blocking(move || rebuild(&rebuilt, &kinds, Tick(last_tick))).await;
    let (sim, parts, started_at_ms) = rebuilt.map_err(|_| ResumeError::Panicked(last_tick))??;
    // Only now are they known to be of a version that can be read.
    known.note_records(&log.records, remembered_ticks)?;
    let people = People::of(&*registry.journal().people(), facts.id).await?;
    let tape = registry.journal().resume(facts.id, epoch.0, last_tick, rate.hz()).await?;
    let place = registry.0.places.clone().try_acquire_owned().ok();
    let handle = registry.take_up(facts, sim, tape, Start { epoch, place, people, known })?;
    started_at_ms.inspect(|at_ms| handle.live().set_started_at_ms(*at_ms));
    registry.announce_live(&handle, &parts);
    Ok(epoch)
}

/// Those of the last ten minutes before the newest keyframe. A key that cannot be read any more is forgotten.
async fn known_requests(
    registry: &Registry,
    session: &LiveSession,
    remembered_ticks: u32,
) -> Result<KnownRequests, ResumeError> {
    let mut known = KnownRequests::default();
    let reader = registry.journal().reader();
    let first_tick = session.last_tick.saturating_sub(remembered_ticks);
    let mut earlier = EarlierPieces::of(&*reader, session, first_tick).await?;
    while let Some(piece) = earlier.next().await? {
        if let Err(damage) = known.note_records(&piece.records, remembered_ticks) {
            tracing::warn!(session = %session.session.id, %damage, "keys of requests cannot be read");
        }
    }
    Ok(known)
}

async fn log_of(registry: &Registry, header: Header, session: LiveSession) -> Result<Log, ResumeError> {
    let reader = registry.journal().reader();
    let (map, ruleset) = journal_log::content(&*reader, &header).await?;
    let records = session.pieces.into_iter().flat_map(|piece| piece.records).collect();
    Ok(Log { header, map, ruleset, records, lost: None })
}

/// The state at `last_tick`, with every root on the way compared.
fn rebuild(log: &Log, kinds: &Kinds, last_tick: Tick) -> Result<(Sim, SimParts, Option<i64>), ResumeError> {
    let parts = log.parts(kinds)?;
    if last_tick == Tick(0) {
        let sim = Sim::new(&parts)?;
        return Ok((sim, parts, None));
    }
    let mut player = Player::from_keyframe(parts.clone(), &log.records, last_tick)?;
    let mut anchor = None;
    while player.sim().tick() < last_tick {
        match player.advance()? {
            None => {
                return Err(ResumeError::Damaged(format!("the log ends before tick {}", last_tick.0)));
            }
            Some(Played::Panicked(panic)) => return Err(panicked(log, panic.tick)),
            Some(Played::Ticked(record)) if record.root != player.sim().output().root => {
                return Err(ResumeError::Diverged(record.tick.0));
            }
            Some(Played::Anchor { tick, unix_us }) => anchor = Some((tick, unix_us)),
            Some(_) => {}
        }
    }
    let sim = player.into_sim();
    let started_at_ms = anchor.and_then(|anchor| started_at_ms(&sim, anchor));
    Ok((sim, parts, started_at_ms))
}

fn panicked(log: &Log, tick: Tick) -> ResumeError {
    let is_recorded =
        |record| matches!(record, Ok(Record::FailedTick { tick: failed, .. }) if failed == tick);
    match Reader::new(&log.records).any(is_recorded) {
        true => ResumeError::Failed(tick.0),
        false => ResumeError::Panicked(tick.0),
    }
}

/// When the match became active, reckoned back from a tick whose time is known.
fn started_at_ms(sim: &Sim, (tick, unix_us): (Tick, u64)) -> Option<i64> {
    let (state, setup) = (sim.match_state(), &sim.rules().setup);
    let ends_at = state.phase_ends_at.filter(|_| state.phase == Phase::Active)?;
    let played_ticks = tick.since(Tick(ends_at.0.saturating_sub(setup.time_limit.0)));
    let played_ms = u64::from(played_ticks) * 1_000 / u64::from(setup.tick_rate.hz());
    Some((unix_us / 1_000).saturating_sub(played_ms) as i64)
}

/// A session that this build cannot simulate waits for one that can; nothing of it is written.
async fn shelve(registry: &Registry, row: &SessionRow, last_tick: u32, error: &ResumeError) {
    tracing::warn!(
        session = %row.id, tick = last_tick, %error,
        "session not resumed: this build cannot simulate it; start the build that played it, or end the session"
    );
    let (epoch, last_tick) = (Epoch(row.epoch), Tick(last_tick));
    let facts = stored_facts(registry, row.id, row.created_unix_us).await;
    registry.note_shelved(facts, ShelvedFacts { epoch, last_tick, reason: error.to_string() });
}

/// A session that cannot go on is failed by name; its log stays.
///
/// # Errors
/// When that cannot be written: the server does not start on a store that is not its own.
async fn fail(
    registry: &Registry,
    row: &SessionRow,
    last_tick: u32,
    reason: String,
) -> Result<(), ResumeError> {
    tracing::error!(session = %row.id, tick = last_tick, error = reason, "session failed: it cannot be resumed");
    let ended = EndedFacts::failed_unplayed(Epoch(row.epoch), Tick(last_tick), reason);
    let ended = mark_finished(registry, row.id, ended, None).await?;
    registry.note_stored(stored_facts(registry, row.id, row.created_unix_us).await, ended);
    Ok(())
}

/// Sessions that ended before this start, for lists.
async fn load_ended(registry: &Registry) -> Result<(), StoreError> {
    let reader = registry.journal().reader();
    for listed in crate::journal::list(&*reader).await? {
        let Some(ended) = Stored::read(&listed) else { continue };
        let (row, unverified) = (listed.session, ended.is_unverified());
        let facts = stored_facts(registry, row.id, row.created_unix_us).await;
        registry.note_stored(facts, ended);
        if unverified {
            let registry = registry.clone();
            tokio::spawn(async move { check(&registry, row.id, listed.last_tick).await });
        }
    }
    Ok(())
}

async fn stored_facts(registry: &Registry, id: SessionId, created_us: u64) -> FixedFacts {
    let header = registry.journal().reader().header(id).await.ok().flatten();
    let header = header.and_then(|bytes| Header::from_bytes(&bytes).ok());
    header.map_or_else(|| unreadable_facts(id, (created_us / 1_000) as i64), |header| facts_of(&header))
}
