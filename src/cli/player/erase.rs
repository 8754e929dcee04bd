//! `combat player erase`: nothing leads from any log to this person any more.

use combat_components::ids::PlayerId;
use serde_json::json;

use super::EraseArgs;
use crate::cli::{Exit, block_on, print};
use crate::store::{self, Erased};

pub fn run(args: &EraseArgs) -> anyhow::Result<Exit> {
    let directory = &args.storage.data_dir;
    let eraser = store::open_eraser(directory)?;
    let erased = block_on(async { eraser.erase(args.player).await.map_err(anyhow::Error::from) })?;
    let text = if args.json { as_json(args.player, &erased).to_string() } else { told(args.player, &erased) };
    print(&format!("{text}\n"))?;
    let is_done = erased.is_wiped && !erased.sessions.is_empty();
    Ok(Exit::of(is_done))
}

fn as_json(player: PlayerId, erased: &Erased) -> serde_json::Value {
    let ids = |sessions: &[combat_components::ids::SessionId]| {
        sessions.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    json!({
        "playerId": player.as_str(),
        "rows": erased.sessions.len(),
        "sessions": ids(&erased.sessions),
        "liveSessions": ids(&erased.live),
        "wiped": erased.is_wiped,
    })
}

fn told(player: PlayerId, erased: &Erased) -> String {
    let (rows, live) = (erased.sessions.len(), erased.live.len());
    let mut text = match rows {
        0 => format!("nothing is known of {player}: no session has a row of this id"),
        1 => format!("erased {player}: 1 row, of 1 session"),
        rows => format!("erased {player}: {rows} rows, one for each of {rows} sessions"),
    };
    if live > 0 {
        text += &format!(
            "; {live} of them live: a running server lets the player leave within seconds, if he is in it"
        );
    }
    if !erased.is_wiped {
        text += "\nthe database's log is in use and still holds an older state of the table: run this again";
    }
    text
}
