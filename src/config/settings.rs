//! The settings as a person writes them: each an environment variable and a flag of the same name.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use combat_components::tick::TickRate;

use super::address::Origins;
use super::{Durability, Environment, LogFormat, LogLevel, PublicUrl, Readiness, Secret, parse};

/// Every setting of the server.
#[derive(Args, Clone, Debug)]
pub struct Settings {
    #[command(flatten)]
    pub network: NetworkSettings,
    #[command(flatten)]
    pub auth: AuthSettings,
    #[command(flatten)]
    pub storage: StorageSettings,
    #[command(flatten)]
    pub play: PlaySettings,
    #[command(flatten)]
    pub operation: OperationSettings,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Network")]
pub struct NetworkSettings {
    /// Address to listen on [default: 127.0.0.1 in development, 0.0.0.0 in production]
    #[arg(long, env = "HOST", value_name = "HOST", value_parser = parse::host)]
    pub host: Option<IpAddr>,
    /// Port to listen on; 0 lets the system choose
    #[arg(long, env = "PORT", value_name = "PORT", default_value = "8085", value_parser = parse::port)]
    pub port: u16,
    /// Where clients reach the server, when a proxy stands in front of it [default: the request's Host]
    #[arg(long, env = "PUBLIC_URL", value_name = "PUBLIC_URL", value_parser = parse::public_url)]
    pub public_url: Option<PublicUrl>,
    /// Origins whose pages may call the server, separated by commas; its own page always may
    #[arg(long, env = "ALLOWED_ORIGINS", value_name = "ALLOWED_ORIGINS", default_value = "", value_parser = parse::origins)]
    pub allowed_origins: Origins,
    /// Connections at a time, HTTP and WebSocket together
    #[arg(long, env = "MAX_CONNECTIONS", value_name = "MAX_CONNECTIONS", default_value = "16000", value_parser = parse::connections)]
    pub max_connections: usize,
    /// Connections at a time from one address; 0 for no limit, as behind a proxy; loopback has none
    #[arg(long, env = "MAX_CONNECTIONS_PER_IP", value_name = "MAX_CONNECTIONS_PER_IP", default_value = "256", value_parser = parse::connections_per_ip)]
    pub max_connections_per_ip: usize,
    /// A second address that serves /metrics instead of PORT [default: on PORT]
    #[arg(long, env = "METRICS_ADDR", value_name = "METRICS_ADDR", value_parser = parse::socket_address)]
    pub metrics_addr: Option<SocketAddr>,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Tokens")]
pub struct AuthSettings {
    /// Secret of HS256 tokens: at least 32 random bytes [default: in development, made in DATA_DIR]
    #[arg(long, env = "JWT_SECRET", value_name = "JWT_SECRET", hide_env_values = true, value_parser = parse::secret)]
    pub jwt_secret: Option<Secret>,
    /// The secret before, still accepted while clients change over
    #[arg(long, env = "JWT_SECRET_PREVIOUS", value_name = "JWT_SECRET_PREVIOUS", hide_env_values = true, value_parser = parse::secret)]
    pub jwt_secret_previous: Option<Secret>,
    /// The `iss` that every token must carry
    #[arg(long, env = "JWT_ISSUER", value_name = "JWT_ISSUER", default_value = "combat", value_parser = parse::claim)]
    pub jwt_issuer: String,
    /// The `aud` that every token must carry
    #[arg(long, env = "JWT_AUDIENCE", value_name = "JWT_AUDIENCE", default_value = "combat", value_parser = parse::claim)]
    pub jwt_audience: String,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Storage")]
pub struct StorageSettings {
    /// Directory of the journal
    #[arg(long, env = "DATA_DIR", value_name = "DATA_DIR", default_value = "./data", value_parser = parse::dir)]
    pub data_dir: PathBuf,
    /// What durableTick means: journal (fsynced on this machine)
    #[arg(long, env = "DURABILITY", value_name = "DURABILITY", default_value = "journal", value_parser = parse::durability)]
    pub durability: Durability,
    /// Size of the journal in MiB; above 80 % ended sessions are pruned and no new one is admitted
    #[arg(long, env = "JOURNAL_CAP_MB", value_name = "JOURNAL_CAP_MB", default_value = "8192", value_parser = parse::journal_cap_mb)]
    pub journal_cap_mb: u64,
    /// Seconds of play that a session holds in memory while the journal cannot be written, before it is suspended
    #[arg(long, env = "JOURNAL_RING_S", value_name = "JOURNAL_RING_S", default_value = "60", value_parser = parse::journal_ring_s)]
    pub journal_ring_s: u64,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Play")]
pub struct PlaySettings {
    /// Simulation steps per second of a session that names none: 16, 32, 64 or 128
    #[arg(long = "tick-rate-hz", env = "TICK_RATE_HZ", value_name = "TICK_RATE_HZ", default_value = "128", value_parser = parse::tick_rate)]
    pub tick_rate: TickRate,
    /// Threads that simulate [default: cores - 1, at least 1]
    #[arg(long, env = "SHARDS", value_name = "SHARDS", value_parser = parse::shards)]
    pub shards: Option<usize>,
    /// Live sessions at a time
    #[arg(long, env = "MAX_SESSIONS", value_name = "MAX_SESSIONS", default_value = "200", value_parser = parse::sessions)]
    pub max_sessions: usize,
    /// Directory of rulesets (*.toml) [default: those in the binary]
    #[arg(long, env = "RULES_DIR", value_name = "RULES_DIR", value_parser = parse::dir)]
    pub rules_dir: Option<PathBuf>,
    /// Directory of maps (*.toml) [default: those in the binary]
    #[arg(long, env = "MAPS_DIR", value_name = "MAPS_DIR", value_parser = parse::dir)]
    pub maps_dir: Option<PathBuf>,
}

#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Operation")]
pub struct OperationSettings {
    /// development or production; development makes its own secret and lets its page watch without a token
    #[arg(long, env = "ENVIRONMENT", value_name = "ENVIRONMENT", default_value = "production", value_parser = parse::environment)]
    pub environment: Environment,
    /// When a dependency that is gone makes /ready fail: grace (after 10 s) or strict (at once)
    #[arg(long, env = "READINESS", value_name = "READINESS", default_value = "grace", value_parser = parse::readiness)]
    pub readiness: Readiness,
    /// error, warn, info, debug or trace
    #[arg(long, env = "LOG_LEVEL", value_name = "LOG_LEVEL", default_value = "info", value_parser = parse::log_level)]
    pub log_level: LogLevel,
    /// text or json [default: text in development, json in production]
    #[arg(long, env = "LOG_FORMAT", value_name = "LOG_FORMAT", value_parser = parse::log_format)]
    pub log_format: Option<LogFormat>,
}
