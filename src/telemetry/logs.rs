//! Structured logs on standard error. Tokens, tickets, secrets and bodies are never logged.

use std::io::{self, IsTerminal};

use thiserror::Error;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

use crate::config::{LogFormat, LogLevel};

/// Libraries speak up from this level on; their own news drown ours.
const LIBRARIES: &str = "sqlx=warn,hyper=warn,hyper_util=warn,tungstenite=warn,tokio_tungstenite=warn,reqwest=warn,tower_http=warn";

#[derive(Debug, Error)]
#[error("logs were set up before")]
pub struct LogsError;

/// Sets up the process's logs. Once per process.
///
/// # Errors
/// When something else has set up logs already.
pub fn install(level: LogLevel, format: LogFormat) -> Result<(), LogsError> {
    let filter = filter(level);
    let set = match format {
        LogFormat::Text => fmt()
            .with_env_filter(filter)
            .with_writer(io::stderr)
            .with_ansi(io::stderr().is_terminal())
            .with_target(false)
            .try_init(),
        LogFormat::Json => {
            fmt().json().flatten_event(true).with_env_filter(filter).with_writer(io::stderr).try_init()
        }
    };
    set.map_err(|_| LogsError)
}

fn filter(level: LogLevel) -> EnvFilter {
    EnvFilter::new(format!("{level},{LIBRARIES}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_makes_a_filter_that_keeps_libraries_quiet() {
        for level in LogLevel::ALL {
            let text = filter(*level).to_string();
            assert!(text.contains(level.name()) && text.contains("sqlx=warn"), "{text}");
        }
    }
}
