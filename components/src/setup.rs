//! Everything that is fixed when a session is created.

use crate::canon::{Canon, CanonError, Reader};
use crate::ids::SessionId;
use crate::limits;
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

/// The limits that rules and log rest on, as they were when the session was created.
///
/// A later build may have others and still simulates the log by these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimLimits {
    /// How far `clientTick` may run ahead after silence, and what an interval of claims adds to it.
    pub bank_ms: u32,
    pub claim_hz: u32,
    /// An action may name a claim accepted at most this long ago.
    pub follows_ms_max: u32,
    /// After a restart play goes on without those who have not returned by then.
    pub resuming_ms_max: u32,
    /// A session without players ends after this long. While fewer are in an active match than its mode needs, each
    /// who has left may be away so long in sum: without those whose time is up it ends for want of players.
    pub empty_ms_max: u32,
    /// Leaving alive at most this long after damage is a death.
    pub blow_counts_ms_max: u32,
    pub inputs_per_player_and_tick_max: u8,
    pub refusals_max: u16,
    pub refusal_forgiven_ms: u32,
    /// A body may be inside others this long.
    pub inside_ms_max: u32,
    /// Ticks between two frames of the regular grid, on which the logged exceptions rest.
    pub frame_ticks: u32,
    /// No tick of the log lies further than this from the keyframe before it.
    pub keyframe_ticks: u32,
}
canon_struct!(SimLimits {
    bank_ms,
    claim_hz,
    follows_ms_max,
    resuming_ms_max,
    empty_ms_max,
    blow_counts_ms_max,
    inputs_per_player_and_tick_max,
    refusals_max,
    refusal_forgiven_ms,
    inside_ms_max,
    frame_ticks,
    keyframe_ticks,
});

impl SimLimits {
    /// The limits of this build, at `rate`.
    pub const fn at(rate: TickRate) -> Self {
        let frame_ticks = rate.hz() / limits::PLAYER_FRAME_HZ;
        Self {
            bank_ms: limits::BANK_MS,
            claim_hz: limits::CLAIM_HZ,
            follows_ms_max: limits::ATTACK_FOLLOWS_MS_MAX,
            resuming_ms_max: limits::RESUMING_MS_MAX,
            empty_ms_max: limits::EMPTY_SESSION_MS,
            blow_counts_ms_max: limits::BLOW_COUNTS_MS_MAX,
            inputs_per_player_and_tick_max: limits::INPUTS_PER_PLAYER_AND_TICK_MAX as u8,
            refusals_max: limits::REFUSALS_MAX,
            refusal_forgiven_ms: limits::REFUSAL_FORGIVEN_MS,
            inside_ms_max: limits::INSIDE_MS_MAX,
            frame_ticks: if frame_ticks == 0 { 1 } else { frame_ticks },
            keyframe_ticks: rate.ticks_in_ms(limits::KEYFRAME_MS),
        }
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
    pub limits: SimLimits,
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
    limits,
});
