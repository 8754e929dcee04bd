//! What of a session lies in the store beside its records: the head of its log and its end.

use combat_components::ids::SessionId;
use combat_replays::digest::LogDigest;
use combat_replays::header::Header;
use serde::{Deserialize, Serialize};

use super::entry::FixedFacts;
use super::summary::{SessionKind, VerifySummary};
use crate::journal::SessionRow;
pub use crate::version::BUILD;
use combat_components::tick::TickRate;

/// What the server wants to know of a session after a restart; kept as text in the log's header.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceNote {
    pub spectator_delay_ms: u32,
    pub metadata: serde_json::Value,
}

/// How a session ended; kept with its row.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EndNote {
    pub epoch: u32,
    pub player_count: u32,
    pub started_at_ms: Option<i64>,
    pub end_reason: Option<String>,
    /// Of the whole log, as it was when the session ended: 64 hexadecimal digits. `None` where it was not to be had.
    #[serde(default)]
    pub digest: Option<String>,
}

impl EndNote {
    /// The digest kept with a session's row.
    pub fn digest_of(row: &SessionRow) -> Option<LogDigest> {
        let note: Option<Self> = read_note(row.summary.as_deref());
        note.and_then(|note| note.digest).and_then(|digits| digits.parse().ok())
    }
}

/// The result of a verification; kept with its row.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifyNote {
    pub result: String,
    pub at_tick: u32,
}

impl From<VerifyNote> for VerifySummary {
    fn from(note: VerifyNote) -> Self {
        Self { result: note.result, at_tick: combat_components::tick::Tick(note.at_tick) }
    }
}

/// Reads a note that this server wrote; `None` for anything else.
pub fn read_note<'a, T: Deserialize<'a>>(bytes: Option<&'a [u8]>) -> Option<T> {
    bytes.and_then(|bytes| serde_json::from_slice(bytes).ok())
}

pub fn note_bytes(note: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(note).expect("a note is plain data")
}

/// What REST shows of a stored session, from the head of its log.
pub fn facts_of(header: &Header) -> FixedFacts {
    let note: Option<ServiceNote> = serde_json::from_str(&header.service).ok();
    let kind = SessionKind::ALL.into_iter().find(|kind| kind.code() == header.kind);
    let setup = &header.setup;
    FixedFacts {
        id: setup.session,
        name: header.name.clone(),
        kind: kind.unwrap_or(SessionKind::Casual),
        map_id: header.map_id.clone(),
        map_hash: setup.map_hash,
        mode: setup.mode.clone(),
        max_players: setup.max_players,
        tick_rate: setup.tick_rate,
        ruleset_name: header.ruleset_name.clone(),
        ruleset_version: header.ruleset_version,
        ruleset_hash: setup.ruleset_hash,
        spectator_delay_ms: note.as_ref().map_or(0, |note| note.spectator_delay_ms),
        metadata: note.map_or(serde_json::Value::Null, |note| note.metadata),
        created_at_ms: header.created_unix_ms as i64,
    }
}

/// A session whose header cannot be read still has a name.
pub fn unreadable_facts(id: SessionId, created_at_ms: i64) -> FixedFacts {
    FixedFacts {
        id,
        name: "unreadable".to_owned(),
        kind: SessionKind::Casual,
        map_id: String::new(),
        map_hash: Default::default(),
        mode: String::new(),
        max_players: 0,
        tick_rate: TickRate::DEFAULT,
        ruleset_name: String::new(),
        ruleset_version: 0,
        ruleset_hash: Default::default(),
        spectator_delay_ms: 0,
        metadata: serde_json::Value::Null,
        created_at_ms,
    }
}
