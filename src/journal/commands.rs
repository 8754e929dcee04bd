//! What the rest of the server asks of the writer beside records: each is answered after its commit.

use std::sync::Arc;

use combat_components::ids::SessionId;
use thiserror::Error;
use tokio::sync::oneshot;

use super::health::NotAdmitted;
use super::tape::Tape;
use crate::store::{Blob, Finish, NewSession, StoreError};

/// Why the journal did not do what it was asked.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum JournalError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// The writer's queue is full, as it is when the disk hangs.
    #[error("too many requests wait for the journal")]
    Busy,
    /// The writer has been shut down.
    #[error("the journal is shut down")]
    Stopped,
}

/// Where an answer goes. Whoever asked may have stopped waiting.
pub(super) type Answer = oneshot::Sender<Result<(), JournalError>>;

/// One request with its answer's address.
pub(super) struct Command {
    pub request: Request,
    pub answer: Answer,
}

pub(super) enum Request {
    Create(NewSession, Arc<Tape>),
    Resume(Arc<Tape>),
    Finish(Finish),
    Verify(SessionId, Vec<u8>),
    Blob(Blob),
    /// Everything offered before it is committed.
    Flush,
    Shutdown,
}

impl Command {
    pub fn answer(self, answer: Result<(), JournalError>) {
        // An unwanted answer is dropped: the request was carried out all the same.
        let _ = self.answer.send(answer);
    }

    /// The session it asks to create, if that is what it asks for.
    pub fn created(&self) -> Option<SessionId> {
        match &self.request {
            Request::Create(session, _) => Some(session.id),
            _ => None,
        }
    }
}
