//! Sessions that live in the store and that this build cannot simulate: kept as they are for one that can.

use combat_components::ids::{Epoch, SessionId};
use combat_components::tick::Tick;

use super::entry::{EndedFacts, Entry, FixedFacts};
use super::finish::mark_finished;
use super::pacer::unix_us;
use super::registry::Registry;
use super::resume::ResumeError;
use super::summary::{SessionError, SessionSummary};
use crate::journal::SessionRow;

/// Since its creation, as no match lasts longer than a day.
const SHELF_MAX_DAYS: u64 = 7;

const DAY_US: u64 = 24 * 60 * 60 * 1_000_000;

/// Whether a session waits too long already for a build that can simulate it.
pub(super) fn is_expired(row: &SessionRow) -> bool {
    unix_us().saturating_sub(row.created_unix_us) > SHELF_MAX_DAYS * DAY_US
}

/// Why it ends then.
pub(super) fn expired(error: &ResumeError) -> String {
    format!("no build that can resume it was started within {SHELF_MAX_DAYS} days of its creation: {error}")
}

/// What is known of a session on the shelf; its row and its log stay untouched.
#[derive(Clone, Debug)]
pub struct ShelvedFacts {
    pub epoch: Epoch,
    pub last_tick: Tick,
    /// What this build lacks.
    pub reason: String,
}

impl ShelvedFacts {
    /// As it stands in the store once somebody has given it up.
    fn given_up(&self) -> EndedFacts {
        let reason = format!("given up, as this build could not resume it: {}", self.reason);
        EndedFacts::failed_unplayed(self.epoch, self.last_tick, reason)
    }
}

impl Registry {
    pub(super) fn note_shelved(&self, facts: FixedFacts, shelved: ShelvedFacts) {
        self.0.sessions.write().insert(facts.id, (facts, Entry::Shelved(shelved)));
    }

    /// Ends a session that nobody can play here: it has failed, and its log is kept as that of every ended one.
    ///
    /// # Errors
    /// `Unknown` for one that is not on the shelf, `NotAdmitted` when the journal does not take its end.
    pub(super) async fn give_up(&self, id: SessionId) -> Result<SessionSummary, SessionError> {
        let shelved = match self.0.sessions.read().get(&id) {
            Some((_, Entry::Shelved(shelved))) => shelved.clone(),
            _ => return Err(SessionError::Unknown),
        };
        let ended = mark_finished(self, id, shelved.given_up(), None).await;
        let ended = ended.map_err(|error| {
            tracing::error!(session = %id, %error, "the end of a session could not be written");
            SessionError::NOT_WRITTEN
        })?;
        self.note_ended(id, ended);
        self.get(id)
    }
}
