//! What an audience may see of a session at one tick, in the integers of the wire.

use combat_components::ids::DisplayName;

use crate::codec::declare::{row, row_of};
use crate::codec::describe::{FieldRow, Shape};
use crate::codec::error::DecodeError;
use crate::codec::field::Field;
use crate::codec::form::Spread;
use crate::codec::message::Record;
use crate::codec::sink::Sink;
use crate::codec::source::Source;
use crate::numbers::FrameStatus;

/// Bits of [`PublicPlayer::flags`].
pub const FLAG_ALIVE: i32 = 1;
pub const FLAG_CONNECTED: i32 = 2;

/// The bits of flags by name.
pub const FLAGS: [(&str, i32); 2] = [("alive", FLAG_ALIVE), ("connected", FLAG_CONNECTED)];

/// Declares the row of a player: its id, then the fields that can change, each with the values it may have. Their order is
/// that of the mask's bits.
macro_rules! player {
    (
        $(#[$attr:meta])*
        pub struct $Player:ident = $row_name:literal {
            $(#[doc = $id_meaning:literal])+ $id:ident $id_name:literal: $Id:ty,
            $($(#[doc = $meaning:literal])+ $field:ident $name:literal in $range:expr,)+
        }
    ) => {
        $(#[$attr])*
        pub struct $Player {
            $(#[doc = $id_meaning])+
            pub $id: $Id,
            $($(#[doc = $meaning])+ pub $field: i32,)+
        }

        /// How many of a player's fields can change: all but its id.
        pub const PLAYER_FIELDS: usize = [$($name),+].len();

        /// Name, least and greatest value of each field, in the order of the mask's bits.
        const PLAYER_FIELD_RANGES: [(&str, i32, i32); PLAYER_FIELDS] =
            [$(($name, *$range.start(), *$range.end())),+];

        impl $Player {
            /// The fields that can change, in the order of the mask's bits.
            pub fn values(&self) -> [i32; PLAYER_FIELDS] {
                [$(self.$field),+]
            }

            pub fn from_values($id: $Id, values: [i32; PLAYER_FIELDS]) -> Self {
                let [$($field),+] = values;
                Self { $id, $($field),+ }
            }
        }

        impl Record for $Player {
            const ARITY: usize = 1 + PLAYER_FIELDS;

            #[inline]
            fn write_fields(&self, sink: &mut impl Sink) {
                self.$id.write(sink, $id_name);
                self.values().into_iter().for_each(|value| sink.integer("", value.into()));
            }

            #[inline]
            fn read_fields<'a>(source: &mut impl Source<'a>) -> Result<Self, DecodeError> {
                let id = Field::read(source, $id_name)?;
                Ok(Self::from_values(id, read_values(source, FULL_MASK)?))
            }

            fn describe() -> Vec<FieldRow> {
                let meaning = concat!($($id_meaning),+).trim_ascii();
                let id = FieldRow { name: $id_name, shape: <$Id>::shape(), meaning };
                let meanings = [$(concat!($($meaning),+).trim_ascii()),+];
                let field = |((name, min, max), meaning): ((&'static str, i32, i32), &'static str)| {
                    FieldRow { name, shape: Shape::Integer { min: min.into(), max: max.into() }, meaning }
                };
                std::iter::once(id).chain(PLAYER_FIELD_RANGES.into_iter().zip(meanings).map(field)).collect()
            }
        }

        row_of! { $Player = $row_name }
    };
}

player! {
    /// A player as everybody with this view sees it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct PublicPlayer = "player" {
        /// as in the roster
        sim_id "simId": u32,
        /// the point between the feet, in millimetres
        x "x" in i32::MIN..=i32::MAX,
        /// the point between the feet, in millimetres
        y "y" in i32::MIN..=i32::MAX,
        /// the point between the feet, in millimetres
        z "z" in i32::MIN..=i32::MAX,
        /// heading, in 1/65,536 turn
        yaw "yaw" in 0..=65_535,
        /// elevation, in 1/65,536 turn; positive looks up
        pitch "pitch" in -32_768..=32_767,
        /// whole points, rounded up
        health "health" in 0..=i32::MAX,
        /// whole points, rounded up
        armour "armour" in 0..=i32::MAX,
        /// 1 for alive plus 2 for connected
        flags "flags" in 0..=255,
        /// of this match
        kills "kills" in 0..=65_535,
        /// of this match
        deaths "deaths" in 0..=65_535,
    }
}

/// The mask of a player that is new to the view: every field follows.
pub const FULL_MASK: u16 = (1 << PLAYER_FIELDS) - 1;

/// The fields that `mask` names; the others are 0.
pub(crate) fn read_values<'a>(
    source: &mut impl Source<'a>,
    mask: u16,
) -> Result<[i32; PLAYER_FIELDS], DecodeError> {
    let mut values = [0; PLAYER_FIELDS];
    for (bit, (what, min, max)) in PLAYER_FIELD_RANGES.into_iter().enumerate() {
        if mask & (1 << bit) != 0 {
            values[bit] = source.integer(what, min.into(), max.into())? as i32;
        }
    }
    Ok(values)
}

impl PublicPlayer {
    /// The names of [`Self::values`].
    pub fn field_names() -> [&'static str; PLAYER_FIELDS] {
        PLAYER_FIELD_RANGES.map(|(name, ..)| name)
    }

    pub fn is_alive(&self) -> bool {
        self.flags & FLAG_ALIVE != 0
    }

    pub fn is_connected(&self) -> bool {
        self.flags & FLAG_CONNECTED != 0
    }
}

row! {
    /// What of a player stays the same from joining to leaving: a handle and a name. Whose account it is, nobody else is told.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct RosterEntry = "roster entry" {
        /// names the player in all other lists, never another in this session
        sim_id "simId": u32,
        /// the player's place
        slot "slot": u8,
        /// team 0 fights alone
        team "team": u8,
        /// 1 to 96 bytes; of a person [what may be a name](api.md#display-names)
        display_name "displayName": DisplayName,
        /// whether the server plays it
        bot "bot": bool,
    }
}

row! {
    /// A shot to be drawn, in millimetres.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub struct Shot = "shot" {
        /// `simId` of who fired
        shooter "shooter": u32,
        /// the muzzle, in millimetres
        from ["fromX", "fromY", "fromZ"]: [i32; 3] as Spread,
        /// where it ended, in millimetres
        to ["toX", "toY", "toZ"]: [i32; 3] as Spread,
        /// `simId` of whom it struck
        struck "struck": Option<u32>,
    }
}

/// What an audience sees at one tick. `roster` and `players` hold the same ids, each in `simId` order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    pub epoch: u32,
    pub tick: u32,
    pub status: FrameStatus,
    pub phase_ends_at: Option<u32>,
    pub roster: Vec<RosterEntry>,
    pub players: Vec<PublicPlayer>,
}

impl View {
    /// Makes this view equal to `other`, reusing the memory it has.
    pub fn copy_from(&mut self, other: &Self) {
        self.copy_all_but_roster(other);
        self.roster.clone_from(&other.roster);
    }

    /// As `copy_from`, for a view that has the other's roster already: it is most of a view and hardly ever changes.
    pub fn copy_all_but_roster(&mut self, other: &Self) {
        (self.epoch, self.tick) = (other.epoch, other.tick);
        (self.status, self.phase_ends_at) = (other.status, other.phase_ends_at);
        self.players.clone_from(&other.players);
    }

    pub fn player(&self, sim_id: u32) -> Option<&PublicPlayer> {
        let at = self.players.binary_search_by_key(&sim_id, |player| player.sim_id).ok()?;
        self.players.get(at)
    }

    pub fn roster_entry(&self, sim_id: u32) -> Option<&RosterEntry> {
        let at = self.roster.binary_search_by_key(&sim_id, |entry| entry.sim_id).ok()?;
        self.roster.get(at)
    }

    /// Whether both lists hold the same ids, each once and rising.
    pub fn is_ordered(&self) -> bool {
        are_ordered(&self.roster, &self.players)
    }
}

/// Whether both lists hold the same ids, each once and rising.
pub(crate) fn are_ordered(roster: &[RosterEntry], players: &[PublicPlayer]) -> bool {
    players.is_sorted_by(|a, b| a.sim_id < b.sim_id)
        && roster.iter().map(|entry| entry.sim_id).eq(players.iter().map(|player| player.sim_id))
}

/// CRC-32 (IEEE) over each player's eleven fields as 32-bit little-endian integers, in `simId` order.
pub fn view_hash(players: &[PublicPlayer]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for player in players {
        let mut bytes = [0; 4 * (PLAYER_FIELDS + 1)];
        let (id, rest) = bytes.split_at_mut(4);
        id.copy_from_slice(&player.sim_id.to_le_bytes());
        for (into, value) in rest.chunks_exact_mut(4).zip(player.values()) {
            into.copy_from_slice(&value.to_le_bytes());
        }
        hasher.update(&bytes);
    }
    hasher.finalize()
}
