//! `combat serve`: the server, until a signal.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use combat_components::ids::PlayerId;
use combat_systems::kinds::Kinds;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::Exit;
use crate::app;
use crate::auth::{Role, TokenKeys, TokenWish};
use crate::bots::demo::MATCH_S_DEFAULT;
use crate::config::{Config, Settings, whole};
use crate::telemetry;

/// Whoever signals a process group, and its parent that passes the signal on, say one thing twice.
const SAME_SIGNAL_MAX: Duration = Duration::from_millis(500);

/// A day of trying things out.
const READY_TOKEN_TTL: Duration = Duration::from_secs(86_400);

#[derive(Args)]
pub struct ServeArgs {
    /// Play matches of bots back to back, so that there is something to watch
    #[arg(long)]
    demo: bool,
    /// How long a match of the demo lasts, in seconds
    #[arg(long, requires = "demo", value_name = "SECONDS", default_value_t = MATCH_S_DEFAULT, value_parser = whole::<u32>(1..=3_600))]
    demo_match_s: u32,
    #[command(flatten)]
    settings: Settings,
}

pub fn run(args: ServeArgs, kinds: Kinds) -> anyhow::Result<Exit> {
    let mut config = Config::from_settings(args.settings)?;
    config.demo_match_s = args.demo.then_some(args.demo_match_s);
    telemetry::install(config.log_level, config.log_format)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.context("cannot start the runtime")?;
    let served = runtime.block_on(serve(config, kinds));
    // What a hung disk still holds is not waited for.
    runtime.shutdown_background();
    served.map(|()| Exit::Good)
}

async fn serve(config: Config, kinds: Kinds) -> anyhow::Result<()> {
    let mut signals = Signals::new()?;
    let running = app::serve(config.clone(), kinds).await?;
    if config.is_development() {
        for line in try_next(&config, running.address())? {
            println!("{line}");
        }
    }
    let name = signals.next().await;
    tracing::info!(signal = name, "draining");
    tokio::select! {
        stopped = running.stop() => stopped,
        name = signals.another() => anyhow::bail!("a second {name} cut the drain short: what was not durable is lost"),
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let of = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self { terminate: of(SignalKind::terminate())?, interrupt: of(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }

    /// One that is not the first once more.
    async fn another(&mut self) -> &'static str {
        let first = Instant::now();
        loop {
            let name = self.next().await;
            if first.elapsed() > SAME_SIGNAL_MAX {
                return name;
            }
        }
    }
}

/// What to open and try, with a token that works.
fn try_next(config: &Config, address: SocketAddr) -> anyhow::Result<Vec<String>> {
    let secret = config.auth.secret.load()?;
    let keys = TokenKeys::new(&secret, None, &config.auth.issuer, &config.auth.audience);
    let player = PlayerId::new("developer")?;
    let token = keys.mint(&TokenWish { player, role: Role::Service, name: None, ttl: READY_TOKEN_TTL })?;
    let base = format!("http://{}", reachable(address));
    Ok(vec![
        String::new(),
        format!("  open     {base}/"),
        format!("  look     curl {base}/api/v1/combat/sessions"),
        format!(
            "  create   curl -X POST {base}/api/v1/combat/sessions -H \"Authorization: Bearer $TOKEN\" \\\n           \
             -H 'Content-Type: application/json' -d '{{\"name\":\"mine\",\"mapId\":\"arena\",\"gameMode\":\"deathmatch\"}}'"
        ),
        format!("  replay   {} replay list --data-dir {}", super::this_program(), config.data_dir.display()),
        format!("  kill     kill -9 {}, then start it again: the match goes on", std::process::id()),
        format!("  token    a service's, for a day:"),
        format!("TOKEN={token}"),
        String::new(),
    ])
}

fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        ip if !ip.is_unspecified() => address,
        IpAddr::V4(_) => SocketAddr::from(([127, 0, 0, 1], address.port())),
        IpAddr::V6(_) => SocketAddr::from(([0, 0, 0, 0, 0, 0, 0, 1], address.port())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_means_everywhere_is_shown_as_loopback() {
        let shown = |text: &str| reachable(text.parse().expect("an address")).to_string();
        assert_eq!(shown("0.0.0.0:8085"), "127.0.0.1:8085");
        assert_eq!(shown("[::]:8085"), "[::1]:8085");
        assert_eq!(shown("10.0.0.7:1"), "10.0.0.7:1");
    }
}
