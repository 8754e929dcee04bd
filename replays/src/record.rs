//! Records: what a log consists of, and how one is framed.

use combat_components::canon::{Canon, Reader};
use combat_components::command::{Command, TickInput};
use combat_components::ids::Epoch;
use combat_components::limits::{COMMAND_BYTES_MAX, COMMANDS_PER_TICK_MAX, PLAYERS_MAX};
use combat_components::tick::Tick;
use combat_components::tick_bounds::TickBounds;
use combat_systems::state::STATE_KINDS;
use xxhash_rust::xxh3::xxh3_64;

use crate::reader::{Damage, DamageReason};

/// Kind in the lowest byte, payload length in the upper three: the word before every payload.
pub const HEAD_BYTES: usize = 4;
/// The checksum after every payload.
pub const CHECKSUM_BYTES: usize = 4;
/// What three bytes can count; the largest keyframe, of 64 players, takes a hundredth of it.
pub const PAYLOAD_BYTES_MAX: usize = (1 << 24) - 1;
/// The commands of a tick, each as long as the longest: more is refused before any is decoded.
pub const COMMANDS_BYTES_MAX: usize = COMMANDS_PER_TICK_MAX * COMMAND_BYTES_MAX;
/// A state of 64 players, rounded up to 4 KiB for each of them.
pub const STATE_BYTES_MAX: usize = PLAYERS_MAX * 4_096;

const _: () =
    assert!(COMMANDS_BYTES_MAX + 128 < PAYLOAD_BYTES_MAX && STATE_BYTES_MAX + 8 < PAYLOAD_BYTES_MAX);

/// The first byte of a record. Numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum RecordKind {
    Tick = 1,
    QuietTick = 2,
    Keyframe = 3,
    Anchor = 4,
    EpochStart = 5,
    FailedTick = 6,
}

impl RecordKind {
    pub const ALL: [Self; 6] =
        [Self::Tick, Self::QuietTick, Self::Keyframe, Self::Anchor, Self::EpochStart, Self::FailedTick];

    /// As `docs/replay-format.md` calls it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tick => "tick",
            Self::QuietTick => "quiet tick",
            Self::Keyframe => "keyframe",
            Self::Anchor => "anchor",
            Self::EpochStart => "epoch start",
            Self::FailedTick => "failed tick",
        }
    }

    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u8 == number)
    }
}

/// The low 32 bits of the sub-hashes that changed at a tick, by the number of their kind of state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChangedHashes {
    /// Bit n stands for kind n of `StateKind::ALL`.
    pub mask: u32,
    /// Where the mask has a bit; 0 elsewhere.
    pub values: [u32; STATE_KINDS],
}

/// A simulated tick: its commands, its root, and which sub-hashes changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TickRecord<'a> {
    pub tick: Tick,
    pub root: u64,
    pub changed: ChangedHashes,
    pub commands: Commands<'a>,
}

/// The canonical bytes of a tick's commands, in order of arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Commands<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) tick: Tick,
    pub(crate) offset: usize,
}

/// One record of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record<'a> {
    Tick(TickRecord<'a>),
    /// The whole state after `tick`.
    Keyframe {
        tick: Tick,
        epoch: Epoch,
        state: &'a [u8],
    },
    /// When `tick` was simulated, in microseconds since 1970. Outside every hash.
    Anchor {
        tick: Tick,
        unix_us: u64,
    },
    /// `tick` is the first one of `epoch`.
    EpochStart {
        epoch: Epoch,
        tick: Tick,
    },
    /// The simulation panicked in this tick; the session ends here.
    FailedTick {
        tick: Tick,
        commands: Commands<'a>,
    },
}

impl Commands<'_> {
    /// Puts the commands into `into`, whose room is reused.
    ///
    /// # Errors
    /// When the bytes are no commands although their checksum holds, or more than a tick may hold.
    pub fn read_into(&self, into: &mut TickInput) -> Result<(), Damage> {
        into.clear();
        read_commands(self.bytes, into).map_err(|reason| Damage {
            offset: self.offset,
            tick: self.tick,
            reason,
        })
    }

    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }
}

fn read_commands(bytes: &[u8], into: &mut TickInput) -> Result<(), DamageReason> {
    let mut reader = Reader::new(bytes);
    let mut bounds = TickBounds::default();
    while reader.remaining() > 0 {
        let command = Command::take(&mut reader)?;
        bounds.admit(&command)?;
        into.push(command);
    }
    Ok(())
}

/// Appends one record, whose payload `write` appends. Allocates only to grow `out`.
pub(crate) fn append(kind: RecordKind, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    out.extend_from_slice(&[0; HEAD_BYTES]);
    write(out);
    let length = out.len() - start - HEAD_BYTES;
    assert!(length <= PAYLOAD_BYTES_MAX, "inboxes and player counts are bounded far below a record's limit");
    let head = (length as u32) << 8 | u32::from(kind as u8);
    out[start..start + HEAD_BYTES].copy_from_slice(&head.to_le_bytes());
    let checksum = checksum(&out[start..]);
    out.extend_from_slice(&checksum.to_le_bytes());
}

/// Of the head word and the payload.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    xxh3_64(bytes) as u32
}
