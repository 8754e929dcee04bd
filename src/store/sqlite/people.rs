//! The side table of persons in SQLite. Every handle that writes it overwrites with zeros what it frees.

use combat_components::ids::{DisplayName, PlayerId, Pseudonym, SessionId};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::read::{Failed, SqliteReader};
use super::write::untouched;
use super::{SqliteStore, pragma};
use crate::store::people::{PeopleRead, PeopleStore, PersonRow};
use crate::store::{StoreError, StoreFuture};

const MEET: &str = "INSERT INTO people (session, pseudonym, player, name) SELECT ?1, ?2, ?3, ?4 \
     WHERE (SELECT owner_epoch FROM lease WHERE id = 1) = ?5 \
     ON CONFLICT (session, player) DO UPDATE SET name = excluded.name \
     ON CONFLICT (session, pseudonym) DO NOTHING RETURNING pseudonym";
const DELETE: &str =
    "DELETE FROM people WHERE session = ?1 AND (SELECT owner_epoch FROM lease WHERE id = 1) = ?2";
const OF_SESSION: &str = "SELECT pseudonym, player, name FROM people WHERE session = ?1 ORDER BY player";
/// In the column of names, which takes no NULL: no name is empty.
const NO_NAME: &str = "";
const ERASURES: &str = "SELECT count FROM erasures WHERE id = 1";

impl SqliteStore {
    async fn insert_person(&self, person: &PersonRow) -> Result<Pseudonym, StoreError> {
        let mine = self.mine();
        let mut handle = self.people.get(self).await?;
        let insert = sqlx::query_scalar(MEET)
            .bind(person.session.0.to_vec())
            .bind(person.pseudonym.0.cast_signed())
            .bind(person.player.as_str())
            .bind(person.name.as_ref().map_or(NO_NAME, DisplayName::as_str))
            .bind(i64::from(mine));
        // Read to its end: the statement commits only then.
        let found: Vec<i64> = handle.run(async |connection| insert.fetch_all(connection).await).await?;
        match found.first() {
            Some(pseudonym) => Ok(Pseudonym(pseudonym.cast_unsigned())),
            None => {
                untouched(&mut handle, mine, Ok(())).await?;
                Err(StoreError::PseudonymTaken(person.session))
            }
        }
    }

    async fn remove_people(&self, session: SessionId) -> Result<u64, StoreError> {
        let mine = self.mine();
        let mut handle = self.people.get(self).await?;
        let delete = sqlx::query(DELETE).bind(session.0.to_vec()).bind(i64::from(mine));
        let done = handle.run(async |connection| delete.execute(connection).await).await?;
        if done.rows_affected() == 0 {
            untouched(&mut handle, mine, Ok(())).await?;
        }
        Ok(done.rows_affected())
    }

    /// The value of `PRAGMA secure_delete` on the handle that writes persons: 1 overwrites what is freed.
    ///
    /// # Errors
    /// What the medium says.
    pub async fn people_secure_delete(&self) -> Result<i64, StoreError> {
        let mut handle = self.people.get(self).await?;
        handle.run(async |connection| pragma(connection, "PRAGMA secure_delete").await).await
    }
}

impl PeopleRead for SqliteReader {
    fn people(&self, session: SessionId) -> StoreFuture<'_, Vec<PersonRow>> {
        Box::pin(self.run(async move |connection| {
            let rows = sqlx::query(OF_SESSION).bind(session.0.to_vec()).fetch_all(connection).await?;
            rows.iter().map(|row| person(session, row).map_err(Failed::from)).collect()
        }))
    }

    fn erasures(&self) -> StoreFuture<'_, u64> {
        Box::pin(self.run(async move |connection| {
            let count: i64 = sqlx::query_scalar(ERASURES).fetch_one(connection).await?;
            Ok(count.cast_unsigned())
        }))
    }
}

fn person(session: SessionId, row: &SqliteRow) -> sqlx::Result<PersonRow> {
    let unreadable = |error: combat_components::ids::IdError| sqlx::Error::Decode(Box::new(error));
    Ok(PersonRow {
        session,
        pseudonym: Pseudonym(row.try_get::<i64, _>(0)?.cast_unsigned()),
        player: PlayerId::new(row.try_get(1)?).map_err(unreadable)?,
        name: match row.try_get(2)? {
            NO_NAME => None,
            name => Some(DisplayName::new(name).map_err(unreadable)?),
        },
    })
}

impl PeopleRead for SqliteStore {
    fn people(&self, session: SessionId) -> StoreFuture<'_, Vec<PersonRow>> {
        self.reader.people(session)
    }

    fn erasures(&self) -> StoreFuture<'_, u64> {
        self.reader.erasures()
    }
}

impl PeopleStore for SqliteStore {
    fn meet<'a>(&'a self, person: &'a PersonRow) -> StoreFuture<'a, Pseudonym> {
        Box::pin(self.insert_person(person))
    }

    fn delete_people(&self, session: SessionId) -> StoreFuture<'_, u64> {
        Box::pin(self.remove_people(session))
    }
}
