//! `combat load`: virtual players against a running server, and a report of what they met.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use combat_components::ids::PlayerId;
use combat_components::limits::PLAYERS_MAX;
use combat_components::tick::TickRate;
use combat_systems::kinds::Kinds;
use indicatif::{ProgressBar, ProgressStyle};
use tokio_util::sync::CancellationToken;

use super::Exit;
use crate::auth::{Role, TokenKeys, TokenWish};
use crate::config::{AuthConfig, AuthSettings, OperationSettings, StorageSettings, tick_rate, whole};
use crate::load::report::Report;
use crate::load::{self, LoadPlan, Progress};
use crate::session::catalogue::Catalogue;

/// Above a run's length, for setting up and ending.
const TOKEN_SPARE: Duration = Duration::from_secs(3_600);

/// A schedule denser than this is no player's.
const RATE_HZ_MAX: f64 = 120.0;

#[derive(Args)]
pub struct LoadArgs {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8085")]
    url: String,
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u32>(1..=10_000))]
    sessions: u32,
    /// Of each session
    #[arg(long, value_name = "M", default_value_t = 10, value_parser = whole::<u8>(1..=PLAYERS_MAX as u64))]
    players: u8,
    /// How long to measure
    #[arg(long, value_name = "S", default_value_t = 30, value_parser = whole::<u32>(1..=86_400))]
    seconds: u32,
    /// How long to play before that; the match's own warm-up ends meanwhile
    #[arg(long, value_name = "S", default_value_t = 6, value_parser = whole::<u32>(0..=3_600))]
    warmup_s: u32,
    /// Claims of position per player and second
    #[arg(long, value_name = "HZ", default_value = "30", value_parser = claims_hz)]
    claims_hz: f64,
    /// Attacks per player and second; 0 for none
    #[arg(long, value_name = "HZ", default_value = "2", value_parser = attacks_hz)]
    attacks_hz: f64,
    #[arg(long, value_name = "ID", default_value = "arena")]
    map: String,
    #[arg(long, value_name = "MODE", default_value = "deathmatch")]
    mode: String,
    /// Of the sessions [default: the server's]
    #[arg(long, value_name = "HZ", value_parser = tick_rate)]
    tick_rate_hz: Option<TickRate>,
    /// Generators, each with a core of its own if there is one
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = whole::<u32>(1..=64))]
    threads: u32,
    /// Of the schedule's phases
    #[arg(long, value_name = "SEED", default_value_t = 1, value_parser = whole::<u64>(0..=u64::MAX))]
    seed: u64,
    /// Write the report as JSON to this file
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// Print the report as JSON in place of the table
    #[arg(long)]
    json: bool,
    /// A service's token [default: made with the server's secret, as `combat token` does it]
    #[arg(long, value_name = "TOKEN")]
    token: Option<String>,
    /// Folder of the server's maps, when it has its own
    #[arg(long, value_name = "DIR")]
    maps_dir: Option<PathBuf>,
    /// Folder of the server's rulesets, when it has its own
    #[arg(long, value_name = "DIR")]
    rules_dir: Option<PathBuf>,
    #[command(flatten)]
    auth: AuthSettings,
    #[command(flatten)]
    storage: StorageSettings,
    #[command(flatten)]
    operation: OperationSettings,
}

pub fn run(mut args: LoadArgs, kinds: Kinds) -> anyhow::Result<Exit> {
    let token = match args.token.take() {
        Some(token) => token,
        None => minted(&args)?,
    };
    let catalogue = Catalogue::load(kinds, args.maps_dir.as_deref(), args.rules_dir.as_deref())?;
    let plan = LoadPlan {
        url: args.url,
        token,
        sessions: args.sessions,
        players: args.players,
        seconds: args.seconds,
        warmup_s: args.warmup_s,
        claims_hz: args.claims_hz,
        attacks_hz: args.attacks_hz,
        map: args.map,
        mode: args.mode,
        tick_rate_hz: args.tick_rate_hz.map(TickRate::hz),
        threads: args.threads,
        seed: args.seed,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let report = runtime.context("cannot start the runtime")?.block_on(measured(&plan, &catalogue))?;
    let json = serde_json::to_string_pretty(&report).context("cannot write the report")?;
    if let Some(path) = &args.report {
        std::fs::write(path, format!("{json}\n"))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    super::print(&format!("{}\n", if args.json { json } else { report.table() }))?;
    Ok(Exit::of(report.holds()))
}

/// As long as the run needs it.
fn minted(args: &LoadArgs) -> anyhow::Result<String> {
    let auth = AuthConfig::beside_server(args.auth.clone(), args.operation.environment, &args.storage).context(
        "cannot make a token: give --token, the server's JWT_SECRET, or the DATA_DIR of a development server",
    )?;
    let keys = TokenKeys::new(&auth.secret.load()?, None, &auth.issuer, &auth.audience);
    let ttl = TOKEN_SPARE + Duration::from_secs(u64::from(args.seconds) + u64::from(args.warmup_s));
    keys.mint(&TokenWish { player: PlayerId::new("load")?, role: Role::Service, name: None, ttl })
}

async fn measured(plan: &LoadPlan, catalogue: &Catalogue) -> anyhow::Result<Report> {
    let stop = CancellationToken::new();
    let interrupted = stop.clone();
    tokio::spawn(async move {
        if tokio::signal::ctrl_c().await.is_ok() {
            interrupted.cancel();
        }
    });
    let bar = bar(plan);
    let report = load::run(plan, catalogue, &stop, &mut |progress| show(&bar, plan, progress)).await;
    bar.finish_and_clear();
    report
}

/// On a terminal only.
fn bar(plan: &LoadPlan) -> ProgressBar {
    let style = ProgressStyle::with_template("  {msg:<44} [{bar:30}] {pos}/{len}");
    let style = style.expect("the template is sound").progress_chars("=> ");
    ProgressBar::new(u64::from(plan.sessions) * u64::from(plan.players)).with_style(style)
}

fn show(bar: &ProgressBar, plan: &LoadPlan, progress: Progress) {
    match progress {
        Progress::Joining { done } => {
            bar.set_message("joining");
            bar.set_position(u64::from(done));
        }
        Progress::WarmingUp => bar.set_message("warming up"),
        Progress::Measuring { seconds, answers, connected } => {
            bar.set_length(u64::from(plan.seconds));
            bar.set_position(u64::from(seconds));
            bar.set_message(format!("measuring: {connected} connected, {answers} answers"));
        }
        Progress::Ending => bar.set_message("ending the sessions"),
    }
}

fn claims_hz(text: &str) -> Result<f64, String> {
    rate(text).filter(|hz| *hz >= 1.0).ok_or_else(|| format!("expected a rate from 1 to {RATE_HZ_MAX}"))
}

fn attacks_hz(text: &str) -> Result<f64, String> {
    rate(text).ok_or_else(|| format!("expected a rate from 0 to {RATE_HZ_MAX}"))
}

fn rate(text: &str) -> Option<f64> {
    text.parse().ok().filter(|hz| (0.0..=RATE_HZ_MAX).contains(hz))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_numbers_within_reason() {
        assert_eq!((claims_hz("30"), attacks_hz("0"), attacks_hz("2.5")), (Ok(30.0), Ok(0.0), Ok(2.5)));
        for text in ["0", "-1", "121", "NaN", "inf", "often", ""] {
            assert!(claims_hz(text).is_err(), "{text}");
        }
    }
}
