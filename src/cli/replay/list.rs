//! `combat replay list`: every recorded session, and whether it has been verified.

use combat_replays::verifier::Outcome;
use serde_json::json;

use super::{ListArgs, print, source};
use crate::cli::Exit;
use crate::journal::{self, ListedSession};
use crate::session::stored::{EndNote, VerifyNote, read_note};

/// `Outcome::code` of a log that holds.
const VERIFIED: &str = Outcome::Verified.code();

pub fn run(args: &ListArgs) -> anyhow::Result<Exit> {
    let sessions = source::block_on(async {
        let store = source::reader(&args.storage.data_dir).await?;
        journal::list(store.as_ref()).await.map_err(anyhow::Error::from)
    })?;
    if args.json {
        let sessions: Vec<_> = sessions.iter().map(as_json).collect();
        print(&format!("{}\n", json!({ "sessions": sessions })))?;
        return Ok(Exit::Good);
    }
    let mut table = format!("{:36}  {:7}  {:>8}  {:>6}  verified\n", "id", "status", "ticks", "epochs");
    table.extend(sessions.iter().map(row));
    if sessions.is_empty() {
        table += &format!("no session has been recorded in {}\n", args.storage.data_dir.display());
    }
    print(&table)?;
    Ok(Exit::Good)
}

fn row(listed: &ListedSession) -> String {
    let ListedSession { session, last_tick } = listed;
    let result = note(listed).map_or("-".to_owned(), |note| note.result);
    let result = if result == VERIFIED { "yes".to_owned() } else { result };
    let (id, status, epoch) = (session.id, session.status.name(), session.epoch);
    format!("{id}  {status:7}  {last_tick:>8}  {epoch:>6}  {result}\n")
}

/// `verified` is null until somebody has verified the session, `digest` until its match has ended.
fn as_json(listed: &ListedSession) -> serde_json::Value {
    let ListedSession { session, last_tick } = listed;
    json!({
        "id": session.id.to_string(),
        "status": session.status.name(),
        "ticks": last_tick,
        "epochs": session.epoch,
        "verified": note(listed).map(|note| note.result == VERIFIED),
        "digest": EndNote::digest_of(session).map(|digest| digest.to_string()),
    })
}

fn note(listed: &ListedSession) -> Option<VerifyNote> {
    read_note(listed.session.verify.as_deref())
}
