//! The reader: the records of a byte slice, one after another, each checked before it is believed.
//!
//! No bytes make it panic; the first fault ends it and is told with its offset and tick.

use combat_components::canon::{Canon, CanonError, Reader as Fields};
use combat_components::ids::Epoch;
use combat_components::tick::Tick;
use combat_components::tick_bounds::OverBounds;
use combat_systems::state::STATE_KINDS;
use thiserror::Error;

use crate::record::{
    CHECKSUM_BYTES, COMMANDS_BYTES_MAX, ChangedHashes, Commands, HEAD_BYTES, Record, RecordKind,
    STATE_BYTES_MAX, TickRecord, checksum,
};

/// Where a log cannot be believed any more, and why.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("byte {offset} of the records, tick {}: {reason}", tick.0)]
pub struct Damage {
    /// Of the record at fault, from the first byte of the records.
    pub offset: usize,
    /// The first tick that cannot be read.
    pub tick: Tick,
    pub reason: DamageReason,
}

/// What is wrong with a record.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DamageReason {
    #[error("the record ends early")]
    Truncated,
    #[error("the record's checksum does not hold")]
    Checksum,
    #[error("unknown kind of record {number}")]
    UnknownKind { number: u8 },
    #[error("unknown kind of state in the sub-hashes")]
    UnknownState,
    #[error("tick {} instead of {}", found.0, expected.0)]
    OutOfOrder { expected: Tick, found: Tick },
    #[error("epoch {} after epoch {}", found.0, before.0)]
    EpochFalls { before: Epoch, found: Epoch },
    #[error("{found} bytes of {what}, expected at most {most}")]
    TooLong { what: &'static str, found: usize, most: usize },
    #[error("{0}")]
    TooMany(#[from] OverBounds),
    #[error("the log does not begin with a keyframe of tick 0")]
    NoBeginning,
    #[error("the keyframe cannot be restored: {0}")]
    Keyframe(String),
    #[error("{0}")]
    Content(#[from] CanonError),
    #[error("{0}")]
    Lost(String),
}

impl DamageReason {
    /// Whether the record's checksum holds and says that somebody wrote it so: another build may be able to read it.
    pub const fn may_be_of_another_build(&self) -> bool {
        match self {
            Self::UnknownKind { .. }
            | Self::UnknownState
            | Self::TooLong { .. }
            | Self::TooMany(_)
            | Self::Keyframe(_)
            | Self::Content(_) => true,
            Self::Truncated
            | Self::Checksum
            | Self::OutOfOrder { .. }
            | Self::EpochFalls { .. }
            | Self::NoBeginning
            | Self::Lost(_) => false,
        }
    }
}

/// Iterates over the records of a log or of a part of one.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
    tick: Option<Tick>,
    epoch: Option<Epoch>,
    over: bool,
}

impl<'a> Reader<'a> {
    /// A part may begin with any record; from the second on each must follow the one before.
    pub fn new(records: &'a [u8]) -> Self {
        Self { bytes: records, offset: 0, tick: None, epoch: None, over: false }
    }

    /// As [`Self::new`], for a part before which the log has come to `tick` and `epoch`.
    pub(crate) fn going_on(records: &'a [u8], tick: Option<Tick>, epoch: Option<Epoch>) -> Self {
        Self { tick, epoch, ..Self::new(records) }
    }

    /// The tick that the records read so far have come to; `None` before the first that tells.
    pub fn tick(&self) -> Option<Tick> {
        self.tick
    }

    /// The epoch of the last record read; `None` before the first that tells.
    pub fn epoch(&self) -> Option<Epoch> {
        self.epoch
    }

    /// Bytes read so far.
    pub fn offset(&self) -> usize {
        self.offset
    }

    /// All records, read and unread.
    pub(crate) fn records(&self) -> &'a [u8] {
        self.bytes
    }

    /// The fault `reason` at the record that begins at `offset`.
    pub(crate) fn damage_at(&self, offset: usize, reason: DamageReason) -> Damage {
        Damage { offset, tick: self.tick.map_or(Tick(0), |tick| tick.plus(1)), reason }
    }

    fn read(&mut self) -> Result<Record<'a>, DamageReason> {
        let rest = &self.bytes[self.offset..];
        let head = rest.first_chunk::<HEAD_BYTES>().ok_or(DamageReason::Truncated)?;
        let head = u32::from_le_bytes(*head);
        let end = HEAD_BYTES + (head >> 8) as usize;
        let (checked, rest) = rest.split_at_checked(end).ok_or(DamageReason::Truncated)?;
        let expected = rest.first_chunk::<CHECKSUM_BYTES>().ok_or(DamageReason::Truncated)?;
        if checksum(checked) != u32::from_le_bytes(*expected) {
            return Err(DamageReason::Checksum);
        }
        let number = head as u8;
        let kind = RecordKind::from_number(number).ok_or(DamageReason::UnknownKind { number })?;
        let record = self.parse(kind, &checked[HEAD_BYTES..])?;
        self.follow(&record)?;
        self.offset += end + CHECKSUM_BYTES;
        Ok(record)
    }

    fn parse(&self, kind: RecordKind, payload: &'a [u8]) -> Result<Record<'a>, DamageReason> {
        let mut fields = Fields::new(payload);
        let tick = match kind {
            RecordKind::EpochStart => Tick(0),
            _ => Tick::take(&mut fields)?,
        };
        let commands = |bytes: &'a [u8]| {
            bounded("commands", bytes, COMMANDS_BYTES_MAX).map(|bytes| Commands {
                bytes,
                tick,
                offset: self.offset,
            })
        };
        let record = match kind {
            RecordKind::Tick => {
                let root = u64::take(&mut fields)?;
                let changed = changed_hashes(&mut fields)?;
                let bytes = fields.bytes(fields.remaining())?;
                Record::Tick(TickRecord { tick, root, changed, commands: commands(bytes)? })
            }
            RecordKind::QuietTick => {
                let root = u64::take(&mut fields)?;
                let changed = ChangedHashes::default();
                Record::Tick(TickRecord { tick, root, changed, commands: commands(&[])? })
            }
            RecordKind::Keyframe => {
                let epoch = Epoch::take(&mut fields)?;
                let state = bounded("state", fields.bytes(fields.remaining())?, STATE_BYTES_MAX)?;
                Record::Keyframe { tick, epoch, state }
            }
            RecordKind::Anchor => Record::Anchor { tick, unix_us: u64::take(&mut fields)? },
            RecordKind::EpochStart => {
                let epoch = Epoch::take(&mut fields)?;
                Record::EpochStart { epoch, tick: Tick::take(&mut fields)? }
            }
            RecordKind::FailedTick => {
                Record::FailedTick { tick, commands: commands(fields.bytes(fields.remaining())?)? }
            }
        };
        fields.finish()?;
        Ok(record)
    }

    /// Ticks rise by one, keyframes hold the tick before them, epochs never fall.
    fn follow(&mut self, record: &Record<'_>) -> Result<(), DamageReason> {
        let (found, expected, becomes) = match *record {
            Record::Tick(TickRecord { tick, .. }) | Record::FailedTick { tick, .. } => {
                (tick, self.tick.map(|before| before.plus(1)), tick)
            }
            Record::Keyframe { tick, .. } => (tick, self.tick, tick),
            Record::EpochStart { tick, .. } => {
                let before = Tick(tick.0.saturating_sub(1));
                (tick, self.tick.map(|before| before.plus(1)), before)
            }
            Record::Anchor { .. } => return Ok(()),
        };
        if let Some(expected) = expected.filter(|expected| *expected != found) {
            return Err(DamageReason::OutOfOrder { expected, found });
        }
        if let Record::Keyframe { epoch, .. } | Record::EpochStart { epoch, .. } = *record {
            match self.epoch {
                Some(before) if epoch < before => {
                    return Err(DamageReason::EpochFalls { before, found: epoch });
                }
                _ => self.epoch = Some(epoch),
            }
        }
        self.tick = Some(becomes);
        Ok(())
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Result<Record<'a>, Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over || self.offset == self.bytes.len() {
            return None;
        }
        let read = self.read();
        self.over = read.is_err();
        Some(read.map_err(|reason| self.damage_at(self.offset, reason)))
    }
}

fn bounded<'a>(what: &'static str, bytes: &'a [u8], most: usize) -> Result<&'a [u8], DamageReason> {
    let found = bytes.len();
    if found <= most { Ok(bytes) } else { Err(DamageReason::TooLong { what, found, most }) }
}

fn changed_hashes(fields: &mut Fields<'_>) -> Result<ChangedHashes, DamageReason> {
    let mut changed = ChangedHashes { mask: u32::take(fields)?, ..ChangedHashes::default() };
    if changed.mask >> STATE_KINDS != 0 {
        return Err(DamageReason::UnknownState);
    }
    for (kind, value) in changed.values.iter_mut().enumerate() {
        if changed.mask & 1 << kind != 0 {
            *value = u32::take(fields)?;
        }
    }
    Ok(changed)
}
