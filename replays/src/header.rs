//! The head of a log: what was played, with which rules, by which build. Written once, checksummed as a whole.

use combat_components::canon::{Canon, CanonError, Reader};
use combat_components::canon_struct;
use combat_components::setup::SessionSetup;
use thiserror::Error;
use xxhash_rust::xxh3::xxh3_64;

/// The version of everything `docs/replay-format.md` describes. Another version is refused, never guessed at.
pub const FORMAT_VERSION: u32 = 3;

/// The first bytes of every header.
pub const HEADER_MAGIC: [u8; 8] = *b"CMBTHEAD";

/// Magic, format version and length before the fields; a checksum of 8 bytes after them.
const FRAME_BYTES: usize = 8 + 4 + 4;

/// A header is a few texts, of which the service's may hold a session's metadata.
pub const HEADER_BYTES_MAX: usize = 1 << 20;

/// The kinds a session can be of.
pub const KINDS: [&str; 4] = ["casual", "ranked", "tournament", "training"];

/// The fields that nothing holds a log to: words for people and for the server that resumes the session. Closed:
/// every other field is checked against something or covered by the digest, and `combat replay audit` proves it.
pub const FREE_TEXT: [&str; 3] = ["name", "build", "service"];

/// What a log begins with. `setup` is part of every root; the rest is checked, covered by the digest or
/// [`FREE_TEXT`].
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
    #[error(
        "header: log format {found}, this build reads format {FORMAT_VERSION}: use a build that writes that format"
    )]
    Format { found: u32 },
    #[error("header: expected {expected} bytes, found {found}")]
    Length { expected: usize, found: usize },
    #[error("header: its checksum does not hold")]
    Checksum,
    #[error("header: {0}")]
    Content(#[from] CanonError),
}

impl Header {
    /// The canonical bytes of every field that is not [`FREE_TEXT`], in order: what the digest covers.
    pub(crate) fn covered_bytes(&self) -> Vec<u8> {
        let Self {
            simulation_version,
            setup,
            name: _,
            kind,
            map_id,
            ruleset_name,
            ruleset_version,
            build: _,
            created_unix_ms,
            service: _,
        } = self;
        let mut out = Vec::new();
        simulation_version.put(&mut out);
        setup.put(&mut out);
        kind.put(&mut out);
        map_id.put(&mut out);
        ruleset_name.put(&mut out);
        ruleset_version.put(&mut out);
        created_unix_ms.put(&mut out);
        out
    }

    /// Where the fields lie in [`Self::to_bytes`].
    pub(crate) const fn fields_range(length: usize) -> std::ops::Range<usize> {
        FRAME_BYTES..length - 8
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        let mut fields = Vec::new();
        self.put(&mut fields);
        let length = u32::try_from(fields.len()).expect("a header is a few texts, far below 4 GiB");
        framed(length, &fields)
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

/// Fields as a header's bytes, whatever they hold.
pub(crate) fn framed(length: u32, fields: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(FRAME_BYTES + fields.len() + 8);
    out.extend_from_slice(&HEADER_MAGIC);
    FORMAT_VERSION.put(&mut out);
    length.put(&mut out);
    out.extend_from_slice(fields);
    xxh3_64(&out).put(&mut out);
    out
}
