//! The names part of an exported file: who is behind the pseudonyms. No checksum of the log, no digest and no hash covers
//! it; a file without it, or with another, is the same log.

use combat_components::canon::{Canon, CanonError, Reader};
use combat_components::ids::{DisplayName, PlayerId, Pseudonym};
use combat_components::limits::PLAYERS_MAX;
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

/// The first bytes of the part.
pub const NAMES_MAGIC: [u8; 8] = *b"CMBTNAME";

/// More people no part names: each place of a session can change hands a thousand times.
pub const NAMED_MAX: usize = 1_024 * PLAYERS_MAX;

/// The length of a name that was not given: no name is empty.
const NO_NAME_BYTES: u8 = 0;

const HEAD_BYTES: usize = NAMES_MAGIC.len() + 4;
const CHECKSUM_BYTES: usize = 8;

/// Who a pseudonym of the log stands for, as whoever exported it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    pub pseudonym: Pseudonym,
    pub player: PlayerId,
    /// `None` for somebody who gave none: he was called by his place.
    pub name: Option<DisplayName>,
}

impl Canon for Named {
    fn put(&self, out: &mut Vec<u8>) {
        self.pseudonym.put(out);
        self.player.put(out);
        match &self.name {
            Some(name) => name.put(out),
            None => NO_NAME_BYTES.put(out),
        }
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        let (pseudonym, player) = (Pseudonym::take(reader)?, PlayerId::take(reader)?);
        let length = u8::take(reader)?;
        let text = str::from_utf8(reader.bytes(length.into())?).ok();
        let name = match length {
            NO_NAME_BYTES => None,
            _ => {
                let name = text.and_then(|text| DisplayName::new(text).ok());
                Some(name.ok_or(CanonError::OutOfRange { what: "DisplayName" })?)
            }
        };
        Ok(Self { pseudonym, player, name })
    }
}

/// Why what follows a log names nobody.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum NamesError {
    #[error("what follows the log is no names part, expected it to begin with CMBTNAME")]
    Magic,
    #[error("the names part ends early or goes on beyond its end")]
    Length,
    #[error("the checksum of the names part does not hold")]
    Checksum,
    #[error("the names part does not hold what it should: ids and names of players")]
    Entries,
    #[error("the names part names more people than the {NAMED_MAX} that one may")]
    TooMany,
    #[error("the names part names the pseudonym {0} more than once")]
    Repeated(Pseudonym),
}

/// Some people by their pseudonyms, each of which is there once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedPeople(Vec<Named>);

impl NamedPeople {
    /// # Errors
    /// `TooMany`, `Repeated`.
    pub fn of(people: impl IntoIterator<Item = Named>) -> Result<Self, NamesError> {
        let mut people: Vec<Named> = people.into_iter().take(NAMED_MAX + 1).collect();
        if people.len() > NAMED_MAX {
            return Err(NamesError::TooMany);
        }
        people.sort_unstable_by_key(|named| named.pseudonym);
        let twice = people.windows(2).find(|pair| pair[0].pseudonym == pair[1].pseudonym);
        match twice {
            Some(pair) => Err(NamesError::Repeated(pair[0].pseudonym)),
            None => Ok(Self(people)),
        }
    }

    pub fn by_pseudonym(&self, pseudonym: Pseudonym) -> Option<&Named> {
        let place = self.0.binary_search_by_key(&pseudonym, |named| named.pseudonym).ok()?;
        self.0.get(place)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The part, to be put after a file's last byte.
pub fn write(people: &NamedPeople) -> Vec<u8> {
    let mut entries = Vec::new();
    people.0.iter().for_each(|named| named.put(&mut entries));
    let mut out = Vec::with_capacity(HEAD_BYTES + entries.len() + CHECKSUM_BYTES);
    out.extend_from_slice(&NAMES_MAGIC);
    (entries.len() as u32).put(&mut out);
    out.extend_from_slice(&entries);
    xxh3_64(&out).put(&mut out);
    out
}

/// Reads what follows a file's log.
///
/// # Errors
/// When it is damaged, or names too many or somebody twice; that says nothing of the log.
pub fn read(part: &[u8]) -> Result<NamedPeople, NamesError> {
    if !part.starts_with(&NAMES_MAGIC) {
        return Err(NamesError::Magic);
    }
    let (covered, checksum) = part.split_last_chunk::<CHECKSUM_BYTES>().ok_or(NamesError::Length)?;
    let (head, entries) = covered.split_at_checked(HEAD_BYTES).ok_or(NamesError::Length)?;
    let length = u32::take(&mut Reader::new(&head[NAMES_MAGIC.len()..])).map_err(|_| NamesError::Length)?;
    if usize::try_from(length) != Ok(entries.len()) {
        return Err(NamesError::Length);
    }
    if u64::from_le_bytes(*checksum) != xxh3_64(covered) {
        return Err(NamesError::Checksum);
    }
    let mut reader = Reader::new(entries);
    let mut people = Vec::new();
    while reader.remaining() > 0 {
        if people.len() == NAMED_MAX {
            return Err(NamesError::TooMany);
        }
        people.push(Named::take(&mut reader).map_err(|_| NamesError::Entries)?);
    }
    NamedPeople::of(people)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(number: u64, id: &str, name: &str) -> Named {
        Named {
            pseudonym: Pseudonym(number),
            player: PlayerId::new(id).expect("an id"),
            name: (!name.is_empty()).then(|| DisplayName::new(name).expect("a name")),
        }
    }

    fn people() -> NamedPeople {
        NamedPeople::of([
            named(u64::MAX, "bot:vega", "Vega"),
            named(7, "ann", "Ännchen"),
            named(9, "bob", ""),
        ])
        .expect("few, once")
    }

    /// A part as somebody else may write it, with every checksum right.
    fn forged(people: Vec<Named>) -> Vec<u8> {
        write(&NamedPeople(people))
    }

    #[test]
    fn everybody_is_found_by_his_pseudonym_whatever_the_order_in_the_file() {
        let part = forged((0..1_000).map(|number| named(number * 7 % 1_000, "ann", "Ann")).collect());
        let people = read(&part).expect("a part");
        assert_eq!((people.len(), people.is_empty()), (1_000, false));
        assert!(
            (0..1_000)
                .map(Pseudonym)
                .all(|known| { people.by_pseudonym(known).is_some_and(|named| named.pseudonym == known) })
        );
        assert_eq!(people.by_pseudonym(Pseudonym(1_000)), None);
    }

    #[test]
    fn a_part_that_names_too_many_or_somebody_twice_is_refused() {
        let number = |number: usize| named(number as u64, "ann", "Ann");
        assert!(read(&forged((0..NAMED_MAX).map(number).collect())).is_ok());
        assert_eq!(read(&forged((0..=NAMED_MAX).map(number).collect())), Err(NamesError::TooMany));
        assert_eq!(NamedPeople::of((0..=NAMED_MAX).map(number)), Err(NamesError::TooMany));
        let twice = vec![named(7, "ann", "Ann"), named(8, "bob", "Bob"), named(7, "cyd", "Cyd")];
        assert_eq!(read(&forged(twice)), Err(NamesError::Repeated(Pseudonym(7))));
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(read(&write(&people())), Ok(people()));
        assert_eq!(read(&write(&NamedPeople::default())), Ok(NamedPeople::default()));
    }

    #[test]
    fn every_cut_and_every_altered_byte_is_found() {
        let part = write(&people());
        for cut in 0..part.len() {
            assert!(read(&part[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..part.len() {
            let mut altered = part.clone();
            altered[at] ^= 1;
            assert!(read(&altered).is_err(), "altered at {at}");
        }
        assert_eq!(read(&[&part[..], b"x"].concat()), Err(NamesError::Length));
        assert_eq!(read(b"something else"), Err(NamesError::Magic));
    }
}
