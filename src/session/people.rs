//! Who is behind the pseudonyms of a session: outside the simulation, its hash and its log.

use combat_components::ids::{DisplayName, PlayerId, Pseudonym};

/// A person, as one session knows him.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    pub pseudonym: Pseudonym,
    pub player: PlayerId,
    pub name: DisplayName,
}

/// Everybody who has ever joined the session and is still known.
#[derive(Clone, Debug, Default)]
pub struct People(Vec<Person>);

impl People {
    /// Adds a person, or takes over his present name.
    pub fn meet(&mut self, person: Person) {
        self.0.retain(|known| known.pseudonym != person.pseudonym);
        self.0.push(person);
    }

    pub fn by_pseudonym(&self, pseudonym: Pseudonym) -> Option<&Person> {
        self.0.iter().find(|person| person.pseudonym == pseudonym)
    }

    pub fn by_player(&self, player: PlayerId) -> Option<&Person> {
        self.0.iter().find(|person| person.player == player)
    }

    /// How a pseudonym is shown: as a person, or under the pseudonym alone where nobody knows him any more.
    pub fn shown(&self, pseudonym: Pseudonym) -> Person {
        self.by_pseudonym(pseudonym).copied().unwrap_or_else(|| {
            let text = pseudonym.to_string();
            Person {
                pseudonym,
                player: PlayerId::new(&text).expect("hexadecimal digits are an id"),
                name: DisplayName::new(&text).expect("sixteen digits are a name"),
            }
        })
    }
}
