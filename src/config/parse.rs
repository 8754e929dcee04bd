//! From the text of a setting to its value. Every error says what was expected.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use combat_components::tick::TickRate;

use super::address::{Origin, Origins, PublicUrl};
use super::{
    Durability, Environment, JOURNAL_CAP_MB_MIN, JOURNAL_RING_S_MAX, LogFormat, LogLevel, Readiness, Secret,
};

/// A claim that names who issued a token stays readable in a log line.
const CLAIM_BYTES_MAX: usize = 200;

type Parsed<T> = Result<T, String>;

pub fn host(text: &str) -> Parsed<IpAddr> {
    text.parse().map_err(|_| "expected an IP address such as 0.0.0.0 or ::1".into())
}

pub fn port(text: &str) -> Parsed<u16> {
    number(text, 0, u64::from(u16::MAX)).map(|port| port as u16)
}

pub fn socket_address(text: &str) -> Parsed<SocketAddr> {
    text.parse().map_err(|_| "expected an IP address and a port such as 127.0.0.1:9090".into())
}

pub fn public_url(text: &str) -> Parsed<PublicUrl> {
    PublicUrl::parse(text).ok_or_else(|| "expected a URL such as https://combat.example.com".into())
}

pub fn origins(text: &str) -> Parsed<Origins> {
    text.split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .map(|part| Origin::parse(part).ok_or(part))
        .collect::<Result<Vec<_>, _>>()
        .map(Origins)
        .map_err(|part| {
            format!(
                "expected origins such as https://game.example.com, separated by commas; {part:?} is none"
            )
        })
}

pub fn connections(text: &str) -> Parsed<usize> {
    count(text, 1, 1_000_000)
}

pub fn connections_per_ip(text: &str) -> Parsed<usize> {
    count(text, 0, 1_000_000)
}

pub fn sessions(text: &str) -> Parsed<usize> {
    count(text, 1, 10_000)
}

pub fn shards(text: &str) -> Parsed<usize> {
    count(text, 1, 256)
}

pub fn journal_cap_mb(text: &str) -> Parsed<u64> {
    number(text, JOURNAL_CAP_MB_MIN, 1 << 24)
}

pub fn journal_ring_s(text: &str) -> Parsed<u64> {
    number(text, 1, JOURNAL_RING_S_MAX)
}

pub fn tick_rate(text: &str) -> Parsed<TickRate> {
    let expected = || "expected 16, 32, 64 or 128".to_owned();
    TickRate::new(text.parse().map_err(|_| expected())?).ok_or_else(expected)
}

pub fn dir(text: &str) -> Parsed<PathBuf> {
    match text {
        "" => Err("expected a directory".into()),
        path => Ok(PathBuf::from(path)),
    }
}

pub fn secret(text: &str) -> Parsed<Secret> {
    match text {
        "" => Err("expected a secret, got an empty text".into()),
        secret => Ok(Secret::new(secret.as_bytes().to_vec())),
    }
}

pub fn claim(text: &str) -> Parsed<String> {
    let fits = (1..=CLAIM_BYTES_MAX).contains(&text.len()) && !text.chars().any(char::is_control);
    match fits {
        true => Ok(text.to_owned()),
        false => Err(format!("expected 1 to {CLAIM_BYTES_MAX} bytes without control characters")),
    }
}

pub fn environment(text: &str) -> Parsed<Environment> {
    one_of(text, Environment::ALL, Environment::name)
}

pub fn log_level(text: &str) -> Parsed<LogLevel> {
    one_of(text, LogLevel::ALL, LogLevel::name)
}

pub fn log_format(text: &str) -> Parsed<LogFormat> {
    one_of(text, LogFormat::ALL, LogFormat::name)
}

pub fn durability(text: &str) -> Parsed<Durability> {
    one_of(text, Durability::ALL, Durability::name)
}

pub fn readiness(text: &str) -> Parsed<Readiness> {
    one_of(text, Readiness::ALL, Readiness::name)
}

fn one_of<T: Copy>(text: &str, all: &[T], name: fn(T) -> &'static str) -> Parsed<T> {
    all.iter().copied().find(|value| name(*value) == text).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|value| name(*value)).collect();
        match names.split_last() {
            Some((last, [])) => format!("expected {last}"),
            Some((last, others)) => format!("expected {} or {last}", others.join(", ")),
            None => unreachable!("every named type has a value"),
        }
    })
}

/// A flag's whole number: what fits neither the range nor `T` is refused with the range.
pub fn whole<T: TryFrom<u64>>(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Parsed<T> + Clone + Send + Sync + 'static {
    move |text| {
        let (least, most) = (*range.start(), *range.end());
        let value = number(text, least, most)?;
        T::try_from(value).map_err(|_| format!("expected a whole number from {least} to {most}"))
    }
}

fn number(text: &str, least: u64, most: u64) -> Parsed<u64> {
    text.parse()
        .ok()
        .filter(|value| (least..=most).contains(value))
        .ok_or_else(|| format!("expected a whole number from {least} to {most}"))
}

fn count(text: &str, least: u64, most: u64) -> Parsed<usize> {
    number(text, least, most).map(|value| value as usize)
}
