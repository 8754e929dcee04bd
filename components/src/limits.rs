//! Named limits of a session, each with the reason for its size.

/// A session holds at most this many players: the bodies of 64 still fit one frame of 4 KiB, whatever they are called.
pub const PLAYERS_MAX: usize = 64;

/// `sub` of a token: long enough for any UUID with a provider's prefix.
pub const PLAYER_ID_BYTES_MAX: usize = 64;

/// A name on a scoreboard, in extended grapheme clusters: what its reader counts as characters.
pub const DISPLAY_NAME_CHARACTERS_MAX: usize = 32;

/// The same in UTF-8: three bytes a character is what most of the world's scripts take.
pub const DISPLAY_NAME_BYTES_MAX: usize = 96;

/// Bends a claim may describe between two poses; a fifth bend is a new claim.
pub const SUB_POSES_MAX: usize = 4;

/// How far clientTick may run ahead after silence: the longest gap between arrivals that goes unpunished.
pub const BANK_MS: u32 = 250;

/// Rate at which clients are asked to claim; its interval tops up the bank.
pub const CLAIM_HZ: u32 = 30;

/// Inputs of one player that one tick takes: a stall of one second at 30 Hz, arriving at once.
pub const INPUTS_PER_PLAYER_AND_TICK_MAX: usize = 32;

/// An attack may name a claim accepted at most this long ago.
pub const ATTACK_FOLLOWS_MS_MAX: u32 = 250;

/// Accepted claims remembered per body: 250 ms at up to 64 claims a second.
pub const RECENT_CLAIMS_MAX: usize = 16;

/// Poses of history kept per body: 250 ms at 128 Hz, rounded up to a power of two.
pub const HISTORY_TICKS: usize = 32;

/// Actions of one player that may wait for one tick.
pub const ACTIONS_PER_PLAYER_AND_TICK_MAX: usize = 4;

/// Weapons and abilities a ruleset may define: what the own part of a frame carries per player.
pub const WEAPONS_MAX: usize = 8;
pub const ABILITIES_MAX: usize = 4;

/// Effects that a ruleset may define, and that a body may have at once: what is hashed of each body with every tick.
pub const EFFECTS_MAX: usize = 8;
pub const EFFECTS_PER_BODY_MAX: usize = 4;

/// Projectiles, zones and deployables of a session: two for each of its players.
pub const THINGS_MAX: usize = 128;

/// Whole numbers that a mode keeps of its own: one for each player, and as many again for the match.
pub const MODE_NUMBERS_MAX: usize = 2 * PLAYERS_MAX;

/// Rate of the regular grid of frames to players; every exception to it is logged.
pub const PLAYER_FRAME_HZ: u32 = 32;

/// Refusals a player may have standing: an honest client on a bad link has one per round trip until it believes a
/// correction, so 32 are many seconds of it.
pub const REFUSALS_MAX: u16 = 32;

/// One refusal is forgiven this often.
pub const REFUSAL_FORGIVEN_MS: u32 = 1_000;

/// Coordinates of a map stay within ±1 km, where f32 still resolves 61 µm.
pub const MAP_EXTENT_MM: i32 = 1_000_000;

/// A body whose socket is gone stays standing this long.
pub const DISCONNECTED_BODY_MS: u32 = 60_000;

/// A session without players ends after this long; while an active match lacks players, each may be away so long in sum.
pub const EMPTY_SESSION_MS: u32 = 60_000;

/// After a restart players have this long to return before play goes on without them.
pub const RESUMING_MS_MAX: u32 = 5_000;

/// Leaving this soon after damage is a death: longer than a fight for the last shot takes, shorter than a retreat.
pub const BLOW_COUNTS_MS_MAX: u32 = 5_000;

/// Players who have left are remembered, with what they had: twice as many as can be in a session.
pub const DEPARTED_MAX: usize = 2 * PLAYERS_MAX;

/// Bodies may be inside each other this long: at a walk of half the speed one has passed through another by then.
pub const INSIDE_MS_MAX: u32 = 500;

/// A keyframe is taken this often, to the tick.
pub const KEYFRAME_MS: u32 = 5_000;

/// Inputs of all players that one tick takes.
pub const INPUTS_PER_TICK_MAX: usize = PLAYERS_MAX * INPUTS_PER_PLAYER_AND_TICK_MAX;

/// Of each slot a tick holds one join, one leaving, one change of connection, and one fact of each kind of its link.
pub const FACTS_PER_SLOT_AND_TICK_MAX: usize = 6;

/// An end, a moved schedule and a resumption: one of each.
pub const SESSION_COMMANDS_PER_TICK_MAX: usize = 3;

/// Commands that one tick may hold, live and in a log.
pub const COMMANDS_PER_TICK_MAX: usize =
    INPUTS_PER_TICK_MAX + PLAYERS_MAX * FACTS_PER_SLOT_AND_TICK_MAX + SESSION_COMMANDS_PER_TICK_MAX;

/// Canonical bytes of the longest command, a claim with every bend, rounded up.
pub const COMMAND_BYTES_MAX: usize = 96;

/// A map or a ruleset: a file of this size holds a thousand solids with room for comments.
pub const DOCUMENT_BYTES_MAX: usize = 1_048_576;

const _: () = assert!(RECENT_CLAIMS_MAX as u32 * 1_000 >= ATTACK_FOLLOWS_MS_MAX * 2 * CLAIM_HZ);
const _: () = assert!(HISTORY_TICKS as u32 * 1_000 >= BANK_MS * 128);
const _: () = assert!(PLAYERS_MAX <= u64::BITS as usize);
const _: () = assert!(INPUTS_PER_PLAYER_AND_TICK_MAX <= u8::MAX as usize);
const _: () = assert!(PLAYERS_MAX <= u8::MAX as usize);
