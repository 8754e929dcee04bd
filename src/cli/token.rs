//! `combat token`: a token for a person or a script, on the last line.

use std::time::Duration;

use anyhow::Context;
use clap::Args;
use combat_components::ids::PlayerId;

use super::{Exit, print};
use crate::auth::{Role, TokenKeys, TokenWish};
use crate::config::{AuthConfig, AuthSettings, OperationSettings, StorageSettings};
use crate::names::display_name;

/// Ten years: a longer life is a mistake in the units.
const TTL_S_MAX: u64 = 10 * 366 * 86_400;

#[derive(Args)]
pub struct TokenArgs {
    /// What the holder may do: player, spectator, service or admin
    #[arg(long, value_name = "ROLE", value_parser = str::parse::<Role>)]
    role: Role,
    /// The holder's id: 1 to 64 characters of A-Z a-z 0-9 _ . : -
    #[arg(long, value_name = "SUB", value_parser = PlayerId::of_person)]
    sub: PlayerId,
    /// What others see, at most 32 characters and 96 bytes; Player and the number of the place when absent
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// How long the token is good for, such as 90s, 30m, 12h or 7d
    #[arg(long, value_name = "TTL", default_value = "1h", value_parser = duration)]
    ttl: Duration,
    #[command(flatten)]
    auth: AuthSettings,
    #[command(flatten)]
    storage: StorageSettings,
    #[command(flatten)]
    operation: OperationSettings,
}

pub fn run(args: TokenArgs) -> anyhow::Result<Exit> {
    let TokenArgs { role, sub: player, name, ttl, auth, storage, operation } = args;
    // Judged here, since the parser of arguments would print what is wrong to the terminal as it is.
    let name = name.as_deref().map(display_name).transpose().context("--name")?;
    let auth = AuthConfig::beside_server(auth, operation.environment, &storage)
        .context("cannot sign: give the server's JWT_SECRET, or the DATA_DIR of a development server")?;
    let secret = auth.secret.load()?;
    let keys = TokenKeys::new(&secret, None, &auth.issuer, &auth.audience);
    let token = keys.mint(&TokenWish { player, role, name, ttl })?;
    print(&format!(
        "A token for {player} with the role {role}, good for {} s.\n\
         Send it as: Authorization: Bearer <token>. Whoever holds it is {player}.\n{token}\n",
        ttl.as_secs()
    ))?;
    Ok(Exit::Good)
}

fn duration(text: &str) -> Result<Duration, String> {
    let expected = || "expected a duration such as 90s, 30m, 12h or 7d, ten years at most".to_owned();
    let unit_at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(expected)?;
    let (count, unit) = text.split_at(unit_at);
    let unit_s: u64 = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(expected()),
    };
    let seconds = count.parse::<u64>().ok().and_then(|count| count.checked_mul(unit_s));
    let seconds = seconds.filter(|seconds| (1..=TTL_S_MAX).contains(seconds));
    seconds.map(Duration::from_secs).ok_or_else(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_an_end() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(604_800)));
        for text in ["", "90", "h", "0s", "-1h", "1.5h", "1w", "99999d", "99999999999999999999s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
