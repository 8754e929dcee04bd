//! The side table of persons: who is behind the pseudonyms of a session's log, outside every log and hash.

use combat_components::ids::{DisplayName, PlayerId, Pseudonym, SessionId};

use super::StoreFuture;

/// Who a pseudonym of a session stands for. Player and pseudonym are both unique within the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PersonRow {
    pub session: SessionId,
    pub pseudonym: Pseudonym,
    pub player: PlayerId,
    /// `None` when he gave none: he is called by his place.
    pub name: Option<DisplayName>,
}

/// What erasing a person did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// The sessions whose rows of him are gone, one row each, by id.
    pub sessions: Vec<SessionId>,
    /// Those of them that are live as far as the store knows.
    pub live: Vec<SessionId>,
    /// No older state of the table is left anywhere in the store's files.
    pub is_wiped: bool,
}

/// Reads who took part.
pub trait PeopleRead: Send + Sync {
    /// Everybody known to have joined the session, by player.
    fn people(&self, session: SessionId) -> StoreFuture<'_, Vec<PersonRow>>;
    /// How often somebody was erased, found or not.
    fn erasures(&self) -> StoreFuture<'_, u64>;
}

/// Writes who takes part, as the store's one owner.
pub trait PeopleStore: PeopleRead {
    /// Writes a person down, and answers with his pseudonym: whoever is known in the session keeps the one he has and
    /// takes his present name. The row is on the disk at the latest with the next row appended.
    ///
    /// # Errors
    /// `PseudonymTaken` when somebody else of the session has it: draw another.
    fn meet<'a>(&'a self, person: &'a PersonRow) -> StoreFuture<'a, Pseudonym>;
    /// Forgets everybody of one session; answers how many.
    fn delete_people(&self, session: SessionId) -> StoreFuture<'_, u64>;
}

/// Removes persons beside the store's owner, or without one.
pub trait PeopleEraser: Send + Sync {
    /// Removes a person from every session, without a trace in the store's files.
    fn erase(&self, player: PlayerId) -> StoreFuture<'_, Erased>;
}
