//! The secret that tokens are signed with. It never appears in a log, an error or a listing.

use std::fmt;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::ConfigError;

/// HS256 is as strong as its key up to 32 bytes (RFC 7518, 3.2).
pub const SECRET_BYTES_MIN: usize = 32;

/// A random secret has many different bytes; `aaaa…` has one.
const DIFFERENT_BYTES_MIN: usize = 8;

/// Parts of secrets that documentation all over the world carries.
const KNOWN_EXAMPLES: [&str; 8] = [
    "your-secret",
    "your_secret",
    "your-256-bit-secret",
    "at-least-256-bits-long",
    "your-super-secret",
    "change-me",
    "changeme",
    "change-in-production",
];

const FILE_NAME: &str = "jwt-secret";

#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Vec<u8>);

impl Secret {
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// # Errors
    /// When it is short, a known example or repeats few bytes.
    pub fn worthy_of_production(self, name: &'static str) -> Result<Self, ConfigError> {
        let lower = String::from_utf8_lossy(&self.0).to_lowercase();
        let problem = if self.0.len() < SECRET_BYTES_MIN {
            format!("has {} bytes; expected {SECRET_BYTES_MIN} or more in production", self.0.len())
        } else if KNOWN_EXAMPLES.iter().any(|example| lower.contains(example)) {
            "is a known example; expected a random secret, as `openssl rand -base64 48` makes it".to_owned()
        } else if different_bytes(&self.0) < DIFFERENT_BYTES_MIN {
            format!("repeats few characters; expected at least {DIFFERENT_BYTES_MIN} different ones")
        } else {
            return Ok(self);
        };
        Err(ConfigError { name, problem })
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({} bytes)", self.0.len())
    }
}

/// Where the secret comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretSource {
    Given(Secret),
    /// Made on first use in development.
    File(PathBuf),
}

impl SecretSource {
    pub fn in_dir(data_dir: &Path) -> Self {
        Self::File(data_dir.join(FILE_NAME))
    }

    /// Whether loading it would find a file; a given secret is always there.
    pub fn is_there(&self) -> bool {
        match self {
            Self::Given(_) => true,
            Self::File(path) => path.is_file(),
        }
    }

    /// Reads the secret, and makes it when its file does not exist yet.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds too little.
    pub fn load(&self) -> anyhow::Result<Secret> {
        match self {
            Self::Given(secret) => Ok(secret.clone()),
            Self::File(path) => match std::fs::read(path) {
                Ok(bytes) => kept(bytes, path),
                Err(error) if error.kind() == io::ErrorKind::NotFound => make(path),
                Err(error) => {
                    Err(error).with_context(|| format!("cannot read the secret {}", path.display()))
                }
            },
        }
    }
}

fn kept(bytes: Vec<u8>, path: &Path) -> anyhow::Result<Secret> {
    let bytes = bytes.trim_ascii().to_vec();
    anyhow::ensure!(
        bytes.len() >= SECRET_BYTES_MIN,
        "the secret {} has {} bytes, expected {SECRET_BYTES_MIN} or more: delete the file to get a new one",
        path.display(),
        bytes.len()
    );
    Ok(Secret::new(bytes))
}

/// Two processes may start at once: the link fails for the later one, which then reads the other's secret.
fn make(path: &Path) -> anyhow::Result<Secret> {
    let mut random = [0_u8; 48];
    getrandom::fill(&mut random).context("the system gave no random bytes")?;
    let dir = path.parent().unwrap_or(Path::new("."));
    let draft = dir.join(format!("{FILE_NAME}.{}", std::process::id()));
    let written = write_private(dir, &draft, URL_SAFE_NO_PAD.encode(random).as_bytes());
    written.with_context(|| format!("cannot write the secret {}", draft.display()))?;
    let linked = std::fs::hard_link(&draft, path);
    std::fs::remove_file(&draft).with_context(|| format!("cannot remove {}", draft.display()))?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(error).with_context(|| format!("cannot write the secret {}", path.display()))
        }
        _ => {
            let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            kept(bytes, path)
        }
    }
}

fn write_private(dir: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    std::fs::create_dir_all(dir)?;
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn different_bytes(bytes: &[u8]) -> usize {
    let mut seen = [false; 256];
    bytes.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    seen.iter().filter(|seen| **seen).count()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn production_refuses_short_known_and_repetitive_secrets_and_names_the_setting() {
        let check = |secret: &str, expected: &str| {
            let error = Secret::new(secret.into()).worthy_of_production("JWT_SECRET").expect_err(secret);
            assert!(error.to_string().starts_with("JWT_SECRET: "), "{error}");
            assert!(error.to_string().contains(expected), "{error}");
            assert!(!error.to_string().contains(secret), "the secret itself is never shown");
        };
        check("your-secret-key", "has 15 bytes");
        check("Your-Secret-Key-for-all-our-environments", "known example");
        check("a-string-secret-at-least-256-bits-long", "known example");
        check("ababababababababababababababababababab", "repeats");
    }

    #[test]
    fn a_made_secret_is_private_and_the_same_the_next_time() {
        let dir = tempfile::tempdir().expect("a directory");
        let source = SecretSource::in_dir(&dir.path().join("data"));
        let first = source.load().expect("made");
        assert_eq!(first, source.load().expect("kept"));
        assert!(first.clone().worthy_of_production("JWT_SECRET").is_ok());
        let path = dir.path().join("data").join(FILE_NAME);
        let mode = std::fs::metadata(path).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(dir.path().join("data")).expect("the directory").count(), 1);
    }

    #[test]
    fn a_secret_file_cut_short_is_refused() {
        let dir = tempfile::tempdir().expect("a directory");
        std::fs::write(dir.path().join(FILE_NAME), "short").expect("written");
        let error = SecretSource::in_dir(dir.path()).load().expect_err("too short");
        assert!(error.to_string().contains("has 5 bytes"), "{error}");
    }

    #[test]
    fn neither_debug_nor_its_source_shows_a_secret() {
        let secret = Secret::new(b"do-not-show-me-anywhere-at-all-please".to_vec());
        assert!(!format!("{:?}", SecretSource::Given(secret)).contains("show"));
    }
}
