//! Everything that is fixed when a session is created.

use crate::canon::{Canon, CanonError, Reader};
use crate::ids::SessionId;
use crate::tick::{Tick, TickRate};
use crate::{canon_newtype, canon_struct};

/// SHA-256 of a map's or ruleset's bytes: its name for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ContentHash(pub [u8; 32]);

impl ContentHash {
    pub fn of(bytes: &[u8]) -> Self {
        use sha2::Digest;
        Self(sha2::Sha256::digest(bytes).into())
    }

    /// 64 lower-case hexadecimal digits.
    pub fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl Canon for ContentHash {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }

    fn take(reader: &mut Reader<'_>) -> Result<Self, CanonError> {
        Ok(Self(reader.bytes(32)?.try_into().expect("the reader returned 32 bytes")))
    }
}

/// The seed of a session's streams; revealed only after its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u64);
canon_newtype!(Seed);

impl std::fmt::Debug for Seed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Seed(hidden)")
    }
}

/// What a session was created with. Written once, at the head of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionSetup {
    pub session: SessionId,
    pub tick_rate: TickRate,
    pub seed: Seed,
    /// The name of a mode in the registry: `duel`, `deathmatch`.
    pub mode: String,
    pub max_players: u8,
    pub friendly_fire: bool,
    /// Length of the active phase.
    pub time_limit: Tick,
    /// Kills that end the match; 0 for none.
    pub score_limit: u16,
    pub map_hash: ContentHash,
    pub ruleset_hash: ContentHash,
}
canon_struct!(SessionSetup {
    session,
    tick_rate,
    seed,
    mode,
    max_players,
    friendly_fire,
    time_limit,
    score_limit,
    map_hash,
    ruleset_hash,
});
