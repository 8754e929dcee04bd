//! The digest of a log: one SHA-256 over all that a log says, however its records were cut into rows and chunks.
//!
//! It is kept epoch by epoch, so that a server that takes a session up again goes on with a new one.

use std::fmt;
use std::str::FromStr;

use combat_components::ids::Epoch;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::header::{FORMAT_VERSION, Header};
use crate::log::Log;
use crate::reader::{Damage, Reader};
use crate::record::Record;

/// The first bytes of what is digested.
const MAGIC: [u8; 8] = *b"CMBTDIGE";

/// SHA-256 of the record bytes of one epoch, from its opening keyframe on.
pub type EpochDigest = [u8; 32];

/// Names a log's content: two logs with the same digest say the same, except for free text and names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogDigest(pub [u8; 32]);

/// Why a text is not a digest.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("expected a digest, 64 hexadecimal digits")]
pub struct NotADigest;

impl fmt::Display for LogDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for LogDigest {
    type Err = NotADigest;

    fn from_str(text: &str) -> Result<Self, NotADigest> {
        let digits: Option<Vec<u8>> =
            text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect();
        let digits = digits.filter(|digits| digits.len() == 64);
        let digits = digits.ok_or(NotADigest)?;
        Ok(Self(std::array::from_fn(|at| digits[2 * at] << 4 | digits[2 * at + 1])))
    }
}

impl LogDigest {
    /// Of a header's covered fields and the records of every epoch that has any, in order.
    pub fn of_epochs(header: &Header, epochs: impl IntoIterator<Item = EpochDigest>) -> Self {
        let mut digester = Digester::new(header);
        epochs.into_iter().for_each(|epoch| digester.whole.update(epoch));
        digester.finish()
    }

    /// # Errors
    /// When the records cannot be read to their end.
    pub fn of(log: &Log) -> Result<Self, Damage> {
        let mut digester = Digester::new(&log.header);
        let mut reader = Reader::new(&log.records);
        let mut from = 0;
        while let Some(record) = reader.next().transpose()? {
            digester.add(&record, &log.records[from..reader.offset()]);
            from = reader.offset();
        }
        Ok(digester.finish())
    }
}

/// A digest on its way through a log.
#[derive(Clone, Debug)]
pub(crate) struct Digester {
    whole: Sha256,
    epoch: Option<(Epoch, Sha256)>,
}

impl Digester {
    pub fn new(header: &Header) -> Self {
        let whole = Sha256::new_with_prefix(MAGIC)
            .chain_update(FORMAT_VERSION.to_le_bytes())
            .chain_update(header.covered_bytes());
        Self { whole, epoch: None }
    }

    /// Adds the record that lies in `bytes`; a keyframe of a later epoch opens that epoch.
    pub fn add(&mut self, record: &Record<'_>, bytes: &[u8]) {
        let opens = match (record, &self.epoch) {
            (Record::Keyframe { epoch, .. }, Some((present, _))) if epoch > present => Some(*epoch),
            (Record::Keyframe { epoch, .. }, None) => Some(*epoch),
            (_, None) => Some(Epoch(0)),
            _ => None,
        };
        if let Some(epoch) = opens {
            self.close();
            self.epoch = Some((epoch, Sha256::new()));
        }
        if let Some((_, running)) = &mut self.epoch {
            running.update(bytes);
        }
    }

    fn close(&mut self) {
        if let Some((_, done)) = self.epoch.take() {
            self.whole.update(done.finalize());
        }
    }

    pub fn finish(mut self) -> LogDigest {
        self.close();
        LogDigest(self.whole.finalize().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_reads_back_and_nothing_else_is_one() {
        let digest = LogDigest(std::array::from_fn(|at| at as u8 * 7));
        assert_eq!(digest.to_string().parse(), Ok(digest));
        for wrong in ["", "abc", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64), &"\u{e9}".repeat(32)] {
            let error = wrong.parse::<LogDigest>().expect_err("no digest");
            assert!(error.to_string().contains("64 hexadecimal digits"), "{error}");
        }
    }
}
