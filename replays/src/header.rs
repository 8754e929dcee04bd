//! The head of a log: what was played, with which rules, by which build. Written once, checksummed as a whole.

use combat_components::canon::{Canon, CanonError, Reader};
use combat_components::canon_struct;
use combat_components::setup::SessionSetup;
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

/// The version of everything `docs/replay-format.md` describes. Another version is refused, never guessed at.
pub const FORMAT_VERSION: u32 = 1;

/// The first bytes of every header.
pub const HEADER_MAGIC: [u8; 8] = *b"CMBTHEAD";

/// Magic, format version and length before the fields; a checksum of 8 bytes after them.
const FRAME_BYTES: usize = 8 + 4 + 4;

/// What a log begins with. Texts are for people and for the server that resumes the session; only `setup` and
/// `simulation_version` matter to a re-simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// `combat_systems::SIMULATION_VERSION` of the build that recorded.
    pub simulation_version: u32,
    pub setup: SessionSetup,
    pub name: String,
    /// `casual`, `ranked`, `tournament` or `training`.
    pub kind: String,
    pub map_id: String,
    pub ruleset_name: String,
    pub ruleset_version: u32,
    /// Commit and compiler of the build that recorded.
    pub build: String,
    /// Milliseconds since 1970.
    pub created_unix_ms: u64,
    /// What the server wants to know after a restart; opaque here.
    pub service: String,
}
canon_struct!(Header {
    simulation_version,
    setup,
    name,
    kind,
    map_id,
    ruleset_name,
    ruleset_version,
    build,
    created_unix_ms,
    service,
});

/// Why bytes are not a header.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum HeaderError {
    #[error("header: expected it to begin with CMBTHEAD")]
    Magic,
    #[error("header: log format {found}, this build reads format {FORMAT_VERSION}")]
    Format { found: u32 },
    #[error("header: expected {expected} bytes, found {found}")]
    Length { expected: usize, found: usize },
    #[error("header: its checksum does not hold")]
    Checksum,
    #[error("header: {0}")]
    Content(#[from] CanonError),
}

impl Header {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut fields = Vec::new();
        self.put(&mut fields);
        let length = u32::try_from(fields.len()).expect("a header is a few texts, far below 4 GiB");
        let mut out = Vec::with_capacity(FRAME_BYTES + fields.len() + 8);
        out.extend_from_slice(&HEADER_MAGIC);
        FORMAT_VERSION.put(&mut out);
        length.put(&mut out);
        out.extend_from_slice(&fields);
        xxh3_64(&out).put(&mut out);
        out
    }

    /// Reads exactly one header.
    ///
    /// # Errors
    /// When the bytes are damaged, or of another format version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HeaderError> {
        let magic = bytes.get(..HEADER_MAGIC.len()).ok_or(HeaderError::Magic)?;
        if magic != HEADER_MAGIC {
            return Err(HeaderError::Magic);
        }
        let mut frame = Reader::new(&bytes[HEADER_MAGIC.len()..]);
        let format = u32::take(&mut frame)?;
        let expected = FRAME_BYTES + u32::take(&mut frame)? as usize + 8;
        if bytes.len() != expected {
            return Err(HeaderError::Length { expected, found: bytes.len() });
        }
        let (checked, checksum) = bytes.split_at(bytes.len() - 8);
        if xxh3_64(checked) != u64::take(&mut Reader::new(checksum))? {
            return Err(HeaderError::Checksum);
        }
        if format != FORMAT_VERSION {
            return Err(HeaderError::Format { found: format });
        }
        let mut fields = Reader::new(&checked[FRAME_BYTES..]);
        let header = Self::take(&mut fields)?;
        fields.finish()?;
        Ok(header)
    }
}
