//! The configuration shown to people: the effective values, and the table in the documentation.

use std::fmt::Write as _;
use std::path::Path;

use clap::{Arg, Args as _, Command};

use super::{Config, SecretSource, Settings};

/// One setting with its effective value; secrets are described, never shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    pub name: &'static str,
    pub value: String,
}

impl Config {
    /// Every setting in the order of the documentation.
    pub fn shown(&self) -> Vec<Shown> {
        let origins: Vec<_> = self.allowed_origins.iter().map(|origin| origin.as_str()).collect();
        let row = |name, value: String| Shown { name, value };
        vec![
            row("HOST", self.host.to_string()),
            row("PORT", self.port.to_string()),
            row("PUBLIC_URL", or(self.public_url.as_ref(), "(the request's Host)")),
            row("ALLOWED_ORIGINS", origins.join(",")),
            row("MAX_CONNECTIONS", self.max_connections.to_string()),
            row("MAX_CONNECTIONS_PER_IP", self.max_connections_per_ip.to_string()),
            row("METRICS_ADDR", or(self.metrics_addr.as_ref(), "(on PORT)")),
            row("JWT_SECRET", described(&self.auth.secret)),
            row("JWT_SECRET_PREVIOUS", self.auth.secret_previous.as_ref().map_or("(not set)".into(), hidden)),
            row("JWT_ISSUER", self.auth.issuer.clone()),
            row("JWT_AUDIENCE", self.auth.audience.clone()),
            row("DATA_DIR", self.data_dir.display().to_string()),
            row("DURABILITY", self.durability.to_string()),
            row("JOURNAL_CAP_MB", self.journal_cap_mb.to_string()),
            row("JOURNAL_RING_S", self.journal_ring_s.to_string()),
            row("TICK_RATE_HZ", self.tick_rate.hz().to_string()),
            row("SHARDS", self.shards.to_string()),
            row("MAX_SESSIONS", self.max_sessions.to_string()),
            row("RULES_DIR", dir(self.rules_dir.as_deref())),
            row("MAPS_DIR", dir(self.maps_dir.as_deref())),
            row("ENVIRONMENT", self.environment.to_string()),
            row("READINESS", self.readiness.to_string()),
            row("LOG_LEVEL", self.log_level.to_string()),
            row("LOG_FORMAT", self.log_format.to_string()),
        ]
    }
}

/// The table of `docs/configuration.md`, made from the same arguments that the command line reads.
pub fn settings_table() -> String {
    let command = Settings::augment_args(Command::new("combat"));
    let mut table = String::from("| setting | flag | default | what it is |\n|---|---|---|---|\n");
    for argument in command.get_arguments() {
        let (about, default) = about_and_default(argument);
        let name = argument.get_env().map(|name| name.to_string_lossy()).unwrap_or_default();
        let flag = argument.get_long().unwrap_or_default();
        writeln!(table, "| `{name}` | `--{flag}` | {default} | {about} |")
            .expect("a string takes every line");
    }
    table
}

/// A default that depends on something else stands in brackets at the end of the help.
fn about_and_default(argument: &Arg) -> (String, String) {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    if let Some((about, default)) = help.split_once(" [default: ") {
        return (about.to_owned(), default.trim_end_matches(']').to_owned());
    }
    let default = match argument.get_default_values() {
        [value] if !value.is_empty() => format!("`{}`", value.to_string_lossy()),
        _ => "none".to_owned(),
    };
    (help, default)
}

fn or<T: ToString>(value: Option<&T>, absent: &str) -> String {
    value.map_or_else(|| absent.to_owned(), ToString::to_string)
}

fn dir(dir: Option<&Path>) -> String {
    dir.map_or_else(|| "(those in the binary)".to_owned(), |dir| dir.display().to_string())
}

fn described(secret: &SecretSource) -> String {
    match secret {
        SecretSource::Given(secret) => hidden(secret),
        SecretSource::File(path) => format!("(kept in {})", path.display()),
    }
}

fn hidden(secret: &super::Secret) -> String {
    format!("(hidden, {} bytes)", secret.bytes().len())
}
