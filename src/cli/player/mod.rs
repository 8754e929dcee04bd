//! `combat player`: what concerns one person across all sessions.

use clap::{Args, Subcommand};
use combat_components::ids::PlayerId;

use super::Exit;
use crate::config::StorageSettings;

mod erase;

#[derive(Args)]
pub struct PlayerArgs {
    #[command(subcommand)]
    verb: PlayerVerb,
}

#[derive(Subcommand)]
enum PlayerVerb {
    /// Remove a person's id and name from every recorded session; the logs stay as they are and verify
    #[command(after_help = ERASE_HELP)]
    Erase(EraseArgs),
}

const ERASE_HELP: &str = "\
It works beside a running server or without one, asks nothing and cannot be
undone. Logs hold pseudonyms only; what leads from them to the person is removed
from the database and its log. A live session lets him go within seconds.
Exported files, backups and the server's own log lines are out of its reach.

Exit codes: 0 erased; 1 nothing was known of this id, or older states could not
be overwritten yet; 2 could not run.";

#[derive(Args)]
struct EraseArgs {
    /// The person's id: the `sub` of his tokens
    #[arg(value_name = "ID", value_parser = PlayerId::of_person)]
    player: PlayerId,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    storage: StorageSettings,
}

pub fn run(args: PlayerArgs) -> anyhow::Result<Exit> {
    match args.verb {
        PlayerVerb::Erase(args) => erase::run(&args),
    }
}
