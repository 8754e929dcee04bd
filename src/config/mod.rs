//! The effective configuration: read once at the start, typed, passed on as a value.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use combat_components::tick::TickRate;
use thiserror::Error;

mod address;
mod parse;
mod report;
mod secret;
mod settings;

pub use address::{Origin, PublicUrl};
pub use parse::{tick_rate, whole};
pub use report::{Shown, settings_table};
pub use secret::{SECRET_BYTES_MIN, Secret, SecretSource};
pub use settings::{
    AuthSettings, NetworkSettings, OperationSettings, PlaySettings, Settings, StorageSettings,
};

/// Below this many bytes of journal one match of an evening would not fit.
pub const JOURNAL_CAP_MB_MIN: u64 = 16;

/// Longer than anybody waits for a full disk; tapes are bounded by their bytes besides.
pub const JOURNAL_RING_S_MAX: u64 = 600;

/// Why the configuration cannot be used: the setting's name, what was wrong and what was expected, on one line.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{name}: {problem}")]
pub struct ConfigError {
    pub name: &'static str,
    pub problem: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Environment {
    Development,
    Production,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    Json,
}

/// What a commit means. Sessions keep the level they were created with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Fsynced on this machine.
    Journal,
}

/// When a dependency that is gone makes the server not ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// After a grace time.
    Grace,
    /// At once.
    Strict,
}

macro_rules! named {
    ($type:ident { $($variant:ident = $name:literal),+ $(,)? }) => {
        impl $type {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }
    };
}
named!(Environment { Development = "development", Production = "production" });
named!(LogLevel { Error = "error", Warn = "warn", Info = "info", Debug = "debug", Trace = "trace" });
named!(LogFormat { Text = "text", Json = "json" });
named!(Durability { Journal = "journal" });
named!(Readiness { Grace = "grace", Strict = "strict" });

/// Who issues tokens, for whom, and with which secret.
#[derive(Clone, Debug)]
pub struct AuthConfig {
    pub secret: SecretSource,
    /// Still accepted while clients change over.
    pub secret_previous: Option<Secret>,
    pub issuer: String,
    pub audience: String,
}

/// Everything the server was told, with every default filled in.
#[derive(Clone, Debug)]
pub struct Config {
    pub environment: Environment,
    pub host: IpAddr,
    /// 0 lets the system choose.
    pub port: u16,
    /// `None`: `/metrics` is served on `port`.
    pub metrics_addr: Option<SocketAddr>,
    pub public_url: Option<PublicUrl>,
    pub allowed_origins: Vec<Origin>,
    pub max_connections: usize,
    /// 0 for no limit.
    pub max_connections_per_ip: usize,
    pub data_dir: PathBuf,
    pub durability: Durability,
    pub journal_cap_mb: u64,
    pub journal_ring_s: u64,
    pub tick_rate: TickRate,
    pub shards: usize,
    pub max_sessions: usize,
    /// `None`: the rulesets that the binary carries.
    pub rules_dir: Option<PathBuf>,
    /// `None`: the maps that the binary carries.
    pub maps_dir: Option<PathBuf>,
    pub readiness: Readiness,
    pub log_level: LogLevel,
    pub log_format: LogFormat,
    pub auth: AuthConfig,
    /// Set when matches of bots are played back to back: how long each lasts. Flags of `combat serve` alone.
    pub demo_match_s: Option<u32>,
}

impl Config {
    /// Fills in what was not given. Touches no file.
    ///
    /// # Errors
    /// When production lacks a secret worth the name, or a value does not fit another one.
    pub fn from_settings(settings: Settings) -> Result<Self, ConfigError> {
        let Settings { network, auth, storage, play, operation } = settings;
        let environment = operation.environment;
        Ok(Self {
            environment,
            host: network.host.unwrap_or(default_host(environment)),
            port: network.port,
            metrics_addr: network.metrics_addr,
            public_url: network.public_url,
            allowed_origins: network.allowed_origins.0,
            max_connections: network.max_connections,
            max_connections_per_ip: network.max_connections_per_ip,
            auth: AuthConfig::from_settings(auth, environment, &storage)?,
            data_dir: storage.data_dir,
            durability: storage.durability,
            journal_cap_mb: storage.journal_cap_mb,
            journal_ring_s: storage.journal_ring_s,
            tick_rate: play.tick_rate,
            shards: play.shards.unwrap_or_else(default_shards),
            max_sessions: play.max_sessions,
            rules_dir: play.rules_dir,
            maps_dir: play.maps_dir,
            readiness: operation.readiness,
            log_level: operation.log_level,
            log_format: operation.log_format.unwrap_or(default_log_format(environment)),
            demo_match_s: None,
        })
    }

    pub fn is_development(&self) -> bool {
        self.environment == Environment::Development
    }
}

impl AuthConfig {
    /// For tools beside a server: what a development server left in its data directory serves, where nothing is given.
    /// A secret that no server knows is of no use, so none is made.
    ///
    /// # Errors
    /// As [`Self::from_settings`]; and when no secret is given and none is there.
    pub fn beside_server(
        auth: AuthSettings,
        environment: Environment,
        storage: &StorageSettings,
    ) -> Result<Self, ConfigError> {
        let made_in_development = SecretSource::in_dir(&storage.data_dir).is_there();
        if auth.jwt_secret.is_none() && !made_in_development {
            let problem = format!(
                "is not set, and no server has left a secret in {}: start the server first, name its directory with \
                 --data-dir or DATA_DIR, or set JWT_SECRET",
                storage.data_dir.display()
            );
            return Err(ConfigError { name: "JWT_SECRET", problem });
        }
        let environment = if made_in_development { Environment::Development } else { environment };
        Self::from_settings(auth, environment, storage)
    }

    /// # Errors
    /// In production, when a secret is missing, shorter than 32 bytes or a known example.
    pub fn from_settings(
        auth: AuthSettings,
        environment: Environment,
        storage: &StorageSettings,
    ) -> Result<Self, ConfigError> {
        let secret = match (auth.jwt_secret, environment) {
            (Some(secret), Environment::Production) => {
                SecretSource::Given(secret.worthy_of_production("JWT_SECRET")?)
            }
            (Some(secret), Environment::Development) => SecretSource::Given(secret),
            (None, Environment::Development) => SecretSource::in_dir(&storage.data_dir),
            (None, Environment::Production) => {
                return Err(ConfigError {
                    name: "JWT_SECRET",
                    problem: format!(
                        "is not set; production (the default of ENVIRONMENT) expects at least \
                         {SECRET_BYTES_MIN} random bytes, as `openssl rand -base64 48` makes them"
                    ),
                });
            }
        };
        let secret_previous = match (auth.jwt_secret_previous, environment) {
            (Some(previous), Environment::Production) => {
                Some(previous.worthy_of_production("JWT_SECRET_PREVIOUS")?)
            }
            (previous, _) => previous,
        };
        Ok(Self { secret, secret_previous, issuer: auth.jwt_issuer, audience: auth.jwt_audience })
    }
}

/// Development listens on loopback, because its page needs no token.
const fn default_host(environment: Environment) -> IpAddr {
    match environment {
        Environment::Development => IpAddr::V4(Ipv4Addr::LOCALHOST),
        Environment::Production => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
    }
}

const fn default_log_format(environment: Environment) -> LogFormat {
    match environment {
        Environment::Development => LogFormat::Text,
        Environment::Production => LogFormat::Json,
    }
}

/// One core is left to the sockets.
fn default_shards() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}

#[cfg(test)]
mod tests;
