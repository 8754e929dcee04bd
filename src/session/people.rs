//! Who is behind the pseudonyms of a session: outside the simulation, its hash and its log.

use std::sync::Arc;

use combat_components::identity::Identity;
use combat_components::ids::{DisplayName, PlayerId, Pseudonym, SessionId, SimId, Slot};

use super::summary::SessionError;
use crate::journal::{PeopleRead, PeopleStore, PersonRow, StoreError};

/// Two random numbers of 64 bits are the same once in an age; three draws are only for a broken source.
const DRAWS_MAX: u32 = 3;

/// A person, as one session knows him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    pub pseudonym: Pseudonym,
    pub player: PlayerId,
    /// `None` when he gave none that fits: he is called by his place.
    pub name: Option<DisplayName>,
}

impl Person {
    /// What he is called in that place; never by his account's id.
    pub fn name_in(&self, slot: Slot) -> DisplayName {
        self.name.unwrap_or_else(|| slot.player_name())
    }

    /// How somebody is shown whom nobody knows any more: under an id that no token carries.
    fn unknown(pseudonym: Pseudonym) -> Self {
        let id = format!("{}{pseudonym}", PlayerId::UNKNOWN_PREFIX);
        Self {
            pseudonym,
            player: PlayerId::new(&id).expect("the prefix and hexadecimal digits are an id"),
            name: Some(DisplayName::new(&pseudonym.nameless()).expect("a word and eight digits are a name")),
        }
    }
}

/// Who holds a slot: by the log a pseudonym, by the side table a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    pub slot: Slot,
    pub pseudonym: Pseudonym,
    /// `None` until the tick that gives it. No other place of the session, before or after, has the same.
    pub sim_id: Option<SimId>,
    pub bot: bool,
    /// `None` for somebody whom nobody knows any more; nobody can speak for him.
    pub person: Option<Person>,
}

impl Seat {
    pub fn is_of(&self, player: PlayerId) -> bool {
        self.person.is_some_and(|person| person.player == player)
    }
}

/// Everybody who is in a session or about to be, as far as he is known.
#[derive(Clone, Debug, Default)]
pub struct People(Vec<Person>);

impl People {
    /// Everybody whom the store knows of this session.
    ///
    /// # Errors
    /// What the store answers.
    pub async fn of(store: &(impl PeopleRead + ?Sized), session: SessionId) -> Result<Self, StoreError> {
        let person =
            |PersonRow { pseudonym, player, name, .. }: PersonRow| Person { pseudonym, player, name };
        Ok(Self(store.people(session).await?.into_iter().map(person).collect()))
    }

    /// Adds a person, or takes over his present name.
    pub fn meet(&mut self, person: Person) {
        self.forget(person.pseudonym);
        self.0.push(person);
    }

    pub fn forget(&mut self, pseudonym: Pseudonym) {
        self.0.retain(|known| known.pseudonym != pseudonym);
    }

    /// Forgets everybody else.
    pub fn keep_only(&mut self, is_kept: impl Fn(Pseudonym) -> bool) {
        self.0.retain(|known| is_kept(known.pseudonym));
    }

    pub fn by_pseudonym(&self, pseudonym: Pseudonym) -> Option<Person> {
        self.0.iter().find(|person| person.pseudonym == pseudonym).copied()
    }

    /// What others call a body.
    pub fn name_of(&self, identity: Identity) -> DisplayName {
        self.shown(identity.pseudonym).name_in(identity.slot)
    }

    /// How a pseudonym is shown: as a person, or under the pseudonym alone where nobody knows him any more.
    pub fn shown(&self, pseudonym: Pseudonym) -> Person {
        self.by_pseudonym(pseudonym).unwrap_or_else(|| Person::unknown(pseudonym))
    }
}

/// Where sessions write down who takes part, before any record names his pseudonym.
#[derive(Clone)]
pub(super) struct PeopleBook(pub Arc<dyn PeopleStore>);

impl std::fmt::Debug for PeopleBook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PeopleBook").finish_non_exhaustive()
    }
}

impl PeopleBook {
    /// Writes a person down; whoever is known in the session keeps his pseudonym.
    pub async fn enter(
        &self,
        session: SessionId,
        player: PlayerId,
        name: Option<DisplayName>,
    ) -> Result<Person, SessionError> {
        for _ in 0..DRAWS_MAX {
            let drawn = getrandom::u64().map_err(|_| SessionError::NO_RANDOMNESS)?;
            let row = PersonRow { session, pseudonym: Pseudonym(drawn), player, name };
            match self.0.meet(&row).await {
                Ok(pseudonym) => return Ok(Person { pseudonym, player, name }),
                Err(StoreError::PseudonymTaken(_)) => {}
                Err(error) => return Err(not_written(session, &error)),
            }
        }
        Err(SessionError::NO_RANDOMNESS)
    }
}

fn not_written(session: SessionId, error: &StoreError) -> SessionError {
    tracing::error!(%session, %error, "a person could not be written down");
    match error {
        StoreError::LostOwnership { .. } => SessionError::Failed,
        _ => SessionError::NOT_WRITTEN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_not_known_is_shown_under_an_id_that_no_token_carries() {
        let pseudonym = Pseudonym(0x3f9a_1c22_70a1_0001);
        let shown = People::default().shown(pseudonym);
        assert_eq!(shown.player.as_str(), "unknown:3f9a1c2270a10001");
        assert_eq!(shown.name_in(Slot(2)).as_str(), "player 70a10001");
        assert!(shown.player.is_reserved() && PlayerId::of_person(shown.player.as_str()).is_err());
    }
}
