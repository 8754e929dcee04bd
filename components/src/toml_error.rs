//! What is wrong with a TOML file: where, and what was expected.

use std::fmt;

/// The first fault of a file. `file` is what the caller calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TomlError {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// Dotted, as in `weapon[0].reload_ms`; empty when the file is not TOML at all.
    pub key: String,
    /// What was wrong and what was expected.
    pub message: String,
}

impl fmt::Display for TomlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => write!(f, "{}:{}: {}", self.file, self.line, self.message),
            key => write!(f, "{}:{}: {key}: {}", self.file, self.line, self.message),
        }
    }
}

impl std::error::Error for TomlError {}
