//! What happens to a session after its last tick: it is dropped off the shard's thread, marked in the store, verified.

use std::sync::Arc;

use combat_components::ids::{Epoch, SessionId};
use combat_components::tick::Tick;
use combat_replays::digest::LogDigest;
use combat_replays::header::Header;
use combat_replays::verifier::{Outcome, VerifyOptions, verify};
use tokio::sync::mpsc;

use super::entry::EndedFacts;
use super::host::{Ending, SessionHost};
use super::pacer::unix_us;
use super::registry::Registry;
use super::stored::{BUILD, EndNote, VerifyNote, note_bytes, read_note};
use super::summary::{SessionStatus, VerifySummary};
use crate::journal::{Finish, JournalError, ListedSession, StoredStatus, Tape};

/// Hosts that may wait to be dropped: every session of a node, ending at once.
const DEPARTURES_CAPACITY: usize = 1_024;

/// Added to a verifying thread's niceness, so that it only takes time nobody else wants.
const VERIFY_NICENESS: i32 = 15;

/// Where hosts go that have nothing left to do.
#[derive(Clone, Debug)]
pub struct Departures(mpsc::Sender<Box<SessionHost>>);

pub(super) type Departed = mpsc::Receiver<Box<SessionHost>>;

impl Departures {
    pub(super) fn channel() -> (Self, Departed) {
        let (sender, receiver) = mpsc::channel(DEPARTURES_CAPACITY);
        (Self(sender), receiver)
    }

    /// # Errors
    /// Gives the host back when too many wait already.
    pub fn send(&self, host: Box<SessionHost>) -> Result<(), Box<SessionHost>> {
        self.0.try_send(host).map_err(|error| error.into_inner())
    }
}

/// Settles departed hosts one by one, as long as the process lives.
pub(super) async fn settle(registry: Registry, mut departed: Departed) {
    while let Some(host) = departed.recv().await {
        let (id, ending, last_tick, reason) = (host.id(), host.ending(), host.tick(), host.end_reason());
        registry.note_departed();
        let player_count = host.player_count() as u32;
        // Dropping a world takes a while and has no place on a runtime's thread.
        drop(tokio::task::spawn_blocking(move || drop(host)));
        let Some(status) = ending.status() else { continue };
        let Ok(handle) = registry.handle(id) else { continue };
        let tape = handle.tape.clone();
        let ended = EndedFacts {
            status,
            epoch: handle.live().epoch(),
            last_tick,
            player_count,
            started_at_ms: handle.live().started_at_ms(),
            ended_at_ms: (unix_us() / 1_000) as i64,
            end_reason: reason
                .map(str::to_owned)
                .or_else(|| (ending == Ending::Failed).then(|| "simulation_panicked".to_owned())),
            verify: None,
        };
        tokio::spawn(settle_one(registry.clone(), tape, ended));
    }
}

async fn settle_one(registry: Registry, tape: Arc<Tape>, ended: EndedFacts) {
    let (id, last_tick) = (tape.session(), ended.last_tick);
    let finished = ended.status == SessionStatus::Ended;
    match mark_finished(&registry, id, ended, Some(&tape)).await {
        Ok(ended) => registry.note_ended(id, ended),
        Err(error) => {
            tracing::error!(session = %id, %error, "the end of a session could not be written");
            return registry.forget(id);
        }
    }
    if finished {
        check(&registry, id, last_tick.0).await;
    }
}

/// What is left of a session, as it stands in the store: nothing else is told of an end.
#[derive(Debug)]
pub(super) struct Stored(EndedFacts);

impl Stored {
    /// From the row of a session that has ended; `None` for one that is live.
    pub fn read(listed: &ListedSession) -> Option<Self> {
        let row = &listed.session;
        let status = match row.status {
            StoredStatus::Live => return None,
            StoredStatus::Ended => SessionStatus::Ended,
            StoredStatus::Failed => SessionStatus::Failed,
        };
        let note: Option<EndNote> = read_note(row.summary.as_deref());
        let verify: Option<VerifyNote> = read_note(row.verify.as_deref());
        Some(Self(EndedFacts {
            status,
            epoch: Epoch(note.as_ref().map_or(row.epoch, |note| note.epoch)),
            last_tick: Tick(listed.last_tick),
            player_count: note.as_ref().map_or(0, |note| note.player_count),
            started_at_ms: note.as_ref().and_then(|note| note.started_at_ms),
            ended_at_ms: row.ended_unix_us.map_or(0, |at_us| (at_us / 1_000) as i64),
            end_reason: note.and_then(|note| note.end_reason),
            verify: verify.map(Into::into),
        }))
    }

    /// Whether it came to its end, and nobody has verified it yet.
    pub fn is_unverified(&self) -> bool {
        self.0.status == SessionStatus::Ended && self.0.verify.is_none()
    }

    pub fn into_facts(self) -> EndedFacts {
        self.0
    }
}

/// `tape` is the session's, where it has one: its last epoch's records are digested as they were recorded.
///
/// # Errors
/// When the store belongs to another process or the journal is shut down: the end is not ours to write.
pub(super) async fn mark_finished(
    registry: &Registry,
    id: SessionId,
    ended: EndedFacts,
    tape: Option<&Tape>,
) -> Result<Stored, JournalError> {
    let digest = match tape {
        Some(tape) => digest_of(registry, tape).await,
        None => None,
    };
    let note = EndNote {
        digest: digest.map(|digest| digest.to_string()),
        epoch: ended.epoch.0,
        player_count: ended.player_count,
        started_at_ms: ended.started_at_ms,
        end_reason: ended.end_reason.clone(),
    };
    let finish = Finish {
        id,
        failed: ended.status == SessionStatus::Failed,
        ended_unix_us: ended.ended_at_ms as u64 * 1_000,
        last_tick: ended.last_tick.0,
        summary: note_bytes(&note),
    };
    registry.journal().finish(finish).await?;
    Ok(Stored(ended))
}

/// Of the whole log: earlier epochs as they are stored, this process's own as its tape has kept it.
async fn digest_of(registry: &Registry, tape: &Tape) -> Option<LogDigest> {
    let digest = read_digest(registry, tape).await;
    if digest.is_none() {
        tracing::warn!(session = %tape.session(), "a log has no digest: it could not be read back; verify says so too");
    }
    digest
}

async fn read_digest(registry: &Registry, tape: &Tape) -> Option<LogDigest> {
    // Whatever was offered is committed, and with that digested, before the flush is answered.
    registry.journal().flush().await.ok()?;
    let (reader, id) = (registry.journal().reader(), tape.session());
    let header = Header::from_bytes(&reader.header(id).await.ok()??).ok()?;
    let earlier = match tape.epoch() {
        1 => Some(Vec::new()),
        epoch => crate::journal_log::digests_before(&*reader, id, epoch).await.ok()?,
    };
    Some(LogDigest::of_epochs(&header, earlier?.into_iter().chain(tape.digest())))
}

/// Simulates a finished session again, at low priority and one at a time, and keeps the result.
pub(super) async fn check(registry: &Registry, id: SessionId, last_tick: u32) {
    let Ok(_turn) = registry.0.verifying.acquire().await else { return };
    let log = match crate::journal_log::load(&*registry.journal().reader(), id).await {
        Ok(Some(log)) => log,
        Ok(None) => return,
        Err(error) => return tracing::error!(session = %id, %error, "a finished log could not be read"),
    };
    let row = registry.journal().reader().session(id).await.ok().flatten();
    let is_of_one_epoch = row.as_ref().is_some_and(|row| row.epoch == 1);
    let expect = row.and_then(|row| EndNote::digest_of(&row));
    let options =
        VerifyOptions { expect, session: Some(id), ..VerifyOptions::of(registry.catalogue().kinds()) };
    // The header names who created it; whoever took it up later may have been another.
    let played_by_it = is_of_one_epoch && log.header.build == BUILD;
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let thread = std::thread::Builder::new().name("verify".to_owned()).spawn(move || {
        // Without the lower priority it is still correct, only less considerate.
        let _ = rustix::process::nice(VERIFY_NICENESS);
        let report = verify(&log, options, &mut |_| ());
        // The registry is gone only when the process ends.
        let _ = sender.send(report);
    });
    if let Err(error) = thread {
        return tracing::error!(session = %id, %error, "no thread to verify a session");
    }
    let Ok(report) = receiver.await else { return };
    let is_settled = played_by_it && !matches!(report.outcome, Outcome::Refused(_));
    if report.outcome.may_differ_by_build() && !is_settled {
        let at_tick = Tick(report.ticks.0.min(last_tick));
        tracing::warn!(
            session = %id, outcome = ?report.outcome, tick = at_tick.0,
            "session not verified: this build simulates it otherwise, or not at all; the next start tries again"
        );
        return registry
            .note_verified(id, VerifySummary { result: report.outcome.code().to_owned(), at_tick });
    }
    if report.outcome != Outcome::Verified {
        tracing::error!(session = %id, outcome = ?report.outcome, "a session did not verify");
    }
    let note =
        VerifyNote { result: report.outcome.code().to_owned(), at_tick: report.ticks.0.min(last_tick) };
    if let Err(error) = registry.journal().set_verify(id, note_bytes(&note)).await {
        return tracing::error!(session = %id, %error, "the result of a verification could not be written");
    }
    tracing::info!(session = %id, result = note.result, ticks = note.at_tick, "session verified");
    registry.note_verified(id, VerifySummary::from(note));
}
