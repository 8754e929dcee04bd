//! `combat healthcheck`: for containers, which ask whether the server beside them is well.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::{Exit, print};
use crate::config::NetworkSettings;

/// A server that ticks answers at once.
const TIMEOUT: Duration = Duration::from_secs(3);

#[derive(Args)]
pub struct HealthcheckArgs {
    /// Ask /ready instead of /health
    #[arg(long)]
    ready: bool,
    /// Where the server is [default: HOST and PORT]
    #[arg(long, value_name = "URL")]
    url: Option<String>,
    #[command(flatten)]
    network: NetworkSettings,
}

pub fn run(args: HealthcheckArgs) -> anyhow::Result<Exit> {
    let base = args.url.unwrap_or_else(|| beside(&args.network));
    let url = format!("{}/{}", base.trim_end_matches('/'), if args.ready { "ready" } else { "health" });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.context("cannot start the runtime")?.block_on(ask(&url)) {
        Ok((is_well, body)) => {
            print(&format!("{body}\n"))?;
            Ok(Exit::of(is_well))
        }
        Err(error) if error.is_builder() => Err(error).with_context(|| format!("{url:?} is not a URL")),
        Err(_) => {
            print(&format!("no server answers at {url} within {} s\n", TIMEOUT.as_secs()))?;
            Ok(Exit::DoesNotHold)
        }
    }
}

async fn ask(url: &str) -> reqwest::Result<(bool, String)> {
    let client = reqwest::Client::builder().timeout(TIMEOUT).no_proxy().build()?;
    let response = client.get(url).send().await?;
    let is_well = response.status().is_success();
    Ok((is_well, response.text().await?))
}

/// A server that listens everywhere is asked on loopback.
fn beside(network: &NetworkSettings) -> String {
    let host = network.host.filter(|host| !host.is_unspecified()).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    match host {
        IpAddr::V4(host) => format!("http://{host}:{}", network.port),
        IpAddr::V6(host) => format!("http://[{host}]:{}", network.port),
    }
}
