//! What an audience may see of a session at one tick, in the integers of the wire.

use combat_components::ids::{DisplayName, PlayerId};

use crate::numbers::FrameStatus;

/// How many of a player's fields can change: all but its id.
pub const PLAYER_FIELDS: usize = 10;

/// The mask of a player that is new to the view: every field follows.
pub const FULL_MASK: u16 = (1 << PLAYER_FIELDS) - 1;

/// Bits of [`PublicPlayer::flags`].
pub const FLAG_ALIVE: i32 = 1;
pub const FLAG_CONNECTED: i32 = 2;

/// Name, least and greatest value of each field, in the order of the mask's bits.
pub(crate) const PLAYER_FIELD_RANGES: [(&str, i32, i32); PLAYER_FIELDS] = [
    ("x", i32::MIN, i32::MAX),
    ("y", i32::MIN, i32::MAX),
    ("z", i32::MIN, i32::MAX),
    ("yaw", 0, 65_535),
    ("pitch", -32_768, 32_767),
    ("health", 0, i32::MAX),
    ("armour", 0, i32::MAX),
    ("flags", 0, 255),
    ("kills", 0, 65_535),
    ("deaths", 0, 65_535),
];

/// A player as everybody with this view sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PublicPlayer {
    pub sim_id: u32,
    /// Millimetres; the point between the feet.
    pub x: i32,
    pub y: i32,
    pub z: i32,
    /// 1/65,536 turn, 0 to 65,535.
    pub yaw: i32,
    /// 1/65,536 turn, positive looks up.
    pub pitch: i32,
    /// Whole points, rounded up.
    pub health: i32,
    /// Whole points, rounded up.
    pub armour: i32,
    /// [`FLAG_ALIVE`], [`FLAG_CONNECTED`].
    pub flags: i32,
    pub kills: i32,
    pub deaths: i32,
}

impl PublicPlayer {
    /// The fields that can change, in the order of the mask's bits.
    pub fn values(&self) -> [i32; PLAYER_FIELDS] {
        [
            self.x,
            self.y,
            self.z,
            self.yaw,
            self.pitch,
            self.health,
            self.armour,
            self.flags,
            self.kills,
            self.deaths,
        ]
    }

    pub fn from_values(sim_id: u32, values: [i32; PLAYER_FIELDS]) -> Self {
        let [x, y, z, yaw, pitch, health, armour, flags, kills, deaths] = values;
        Self { sim_id, x, y, z, yaw, pitch, health, armour, flags, kills, deaths }
    }

    pub fn is_alive(&self) -> bool {
        self.flags & FLAG_ALIVE != 0
    }

    pub fn is_connected(&self) -> bool {
        self.flags & FLAG_CONNECTED != 0
    }
}

/// What of a player stays the same from joining to leaving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RosterEntry {
    pub sim_id: u32,
    pub slot: u8,
    pub team: u8,
    pub player_id: PlayerId,
    pub display_name: DisplayName,
    pub bot: bool,
}

/// A shot to be drawn, in millimetres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shot {
    pub shooter: u32,
    pub from: [i32; 3],
    pub to: [i32; 3],
    pub struck: Option<u32>,
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
        self.players.is_sorted_by(|a, b| a.sim_id < b.sim_id)
            && self
                .roster
                .iter()
                .map(|entry| entry.sim_id)
                .eq(self.players.iter().map(|player| player.sim_id))
    }
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
