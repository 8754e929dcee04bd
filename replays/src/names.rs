//! The names part of an exported file: who is behind the pseudonyms. No checksum of the log, no digest and no hash covers
//! it; a file without it, or with another, is the same log.

use combat_components::canon::{Canon, Reader};
use combat_components::canon_struct;
use combat_components::ids::{DisplayName, PlayerId, Pseudonym};
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

/// The first bytes of the part.
pub const NAMES_MAGIC: [u8; 8] = *b"CMBTNAME";

const HEAD_BYTES: usize = NAMES_MAGIC.len() + 4;
const CHECKSUM_BYTES: usize = 8;

/// Who a pseudonym of the log stands for, as whoever exported it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Named {
    pub pseudonym: Pseudonym,
    pub player: PlayerId,
    pub name: DisplayName,
}
canon_struct!(Named { pseudonym, player, name });

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
}

/// The part, to be put after a file's last byte.
pub fn write(people: &[Named]) -> Vec<u8> {
    let mut entries = Vec::new();
    people.iter().for_each(|named| named.put(&mut entries));
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
/// When it is damaged; that says nothing of the log.
pub fn read(part: &[u8]) -> Result<Vec<Named>, NamesError> {
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
        people.push(Named::take(&mut reader).map_err(|_| NamesError::Entries)?);
    }
    Ok(people)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people() -> Vec<Named> {
        let named = |number: u64, id: &str, name: &str| Named {
            pseudonym: Pseudonym(number),
            player: PlayerId::new(id).expect("an id"),
            name: DisplayName::new(name).expect("a name"),
        };
        vec![named(7, "ann", "Ännchen"), named(u64::MAX, "bot:vega", "Vega")]
    }

    #[test]
    fn what_is_written_is_read_back() {
        assert_eq!(read(&write(&people())), Ok(people()));
        assert_eq!(read(&write(&[])), Ok(Vec::new()));
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
