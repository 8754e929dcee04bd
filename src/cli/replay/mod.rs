//! `combat replay`: lists, verifies, shows, exports and audits recorded sessions, beside a running server or without one.

use std::path::PathBuf;

use clap::builder::{PathBufValueParser, TypedValueParser};
use clap::{Args, Subcommand};
use combat_replays::digest::LogDigest;
use combat_systems::kinds::Kinds;

use super::{Exit, print};
use crate::config::StorageSettings;

mod audit;
mod export;
mod happened;
mod inspect;
mod list;
mod moment;
mod people;
mod said;
mod source;
mod target;
mod timeline;
mod verify;

#[derive(Args)]
pub struct ReplayArgs {
    #[command(subcommand)]
    verb: ReplayVerb,
}

#[derive(Subcommand)]
enum ReplayVerb {
    /// List the recorded sessions
    List(ListArgs),
    /// Simulate a session again and compare every hash with what was recorded
    Verify(VerifyArgs),
    /// Show what happened in a session, or in one of its ticks
    Inspect(InspectArgs),
    /// Write a session to a file that verifies anywhere
    Export(ExportArgs),
    /// Forge a session's log field by field and tell what catches each forgery
    #[command(after_help = AUDIT_HELP)]
    Audit(AuditArgs),
}

const AUDIT_HELP: &str = "\
What catches a forgery: the simulation; blobs, the header against itself, map and
ruleset; or the digest alone. What only the digest catches is caught by
`verify FILE --expect DIGEST`, or by `verify ID` of an ended session, whose digest
is stored; a plain `verify FILE` would pass it.

Exit codes: 0 everything was caught; 1 something was not, or the log is damaged;
2 refused, or could not run.";

#[derive(Args)]
struct ListArgs {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    storage: StorageSettings,
}

#[derive(Args)]
struct VerifyArgs {
    /// After this tick of the re-simulation, change one integer of one component by one
    #[arg(long, value_name = "TICK", value_parser = tick)]
    perturb: Option<u32>,
    /// What the log's digest is to be, as `list --json`, `inspect`, `export` and `verify` show it
    #[arg(long, value_name = "DIGEST")]
    expect: Option<LogDigest>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Args)]
struct InspectArgs {
    /// Show this tick alone: its commands, events and verdicts, and the state after it; of a long state the beginning,
    /// all of it with --json
    #[arg(long, value_name = "TICK", value_parser = tick)]
    tick: Option<u32>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Args)]
struct ExportArgs {
    /// Where to write it; a file that is there already is left alone
    #[arg(short, long, value_name = "FILE.combatlog", value_parser = PathBufValueParser::new().try_map(file_name))]
    output: PathBuf,
    /// Replace that file
    #[arg(long)]
    force: bool,
    /// Add the players' ids and names, as a part of the file that no hash covers
    #[arg(long)]
    with_names: bool,
    #[command(flatten)]
    source: SourceArgs,
}

#[derive(Args)]
struct AuditArgs {
    /// Forge every record and every command, not only representative ones: for three minutes of play
    /// some five million lines and a quarter of an hour
    #[arg(long)]
    all: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    source: SourceArgs,
}

/// What is told of a log goes to standard output, so the log cannot.
fn file_name(path: PathBuf) -> Result<PathBuf, &'static str> {
    let is_name = path.as_os_str() != "-";
    is_name.then_some(path).ok_or("expected the name of a file, such as match.combatlog")
}

/// Which session.
#[derive(Args)]
struct SourceArgs {
    /// A session's id, as `combat replay list` shows it, or an exported file
    #[arg(value_name = "ID|FILE")]
    source: String,
    #[command(flatten)]
    storage: StorageSettings,
}

/// Whether the log has such a tick is said once it is open.
fn tick(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| "expected a tick of the log, 1 to its last".to_owned())
}

pub fn run(args: ReplayArgs, kinds: &Kinds) -> anyhow::Result<Exit> {
    match args.verb {
        ReplayVerb::List(args) => list::run(&args),
        ReplayVerb::Verify(args) => verify::run(&args, kinds),
        ReplayVerb::Inspect(args) => inspect::run(&args, kinds),
        ReplayVerb::Export(args) => export::run(&args, kinds),
        ReplayVerb::Audit(args) => audit::run(&args, kinds),
    }
}
