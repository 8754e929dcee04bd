//! Who took part in a session: from the side table, or from the names part of an exported file.

use std::path::Path;

use combat_components::identity::Identity;
use combat_components::ids::{Pseudonym, SessionId};
use combat_replays::names::{self, Named, NamedPeople};
use combat_replays::{file, player::Player};
use combat_systems::sim::Sim;
use serde_json::{Value, json};

use super::SourceArgs;
use super::source::{block_on, reader};

/// Everybody of a session whom somebody still knows.
#[derive(Debug, Default)]
pub struct People(pub NamedPeople);

impl People {
    /// From where the log comes from. Names that cannot be read are told and do without: they are no part of the log.
    pub fn of(args: &SourceArgs) -> anyhow::Result<Self> {
        match args.source.parse::<SessionId>() {
            Ok(id) => stored(id, &args.storage.data_dir),
            Err(_) => Ok(exported(Path::new(&args.source))),
        }
    }

    fn by_pseudonym(&self, pseudonym: Pseudonym) -> Option<&Named> {
        self.0.by_pseudonym(pseudonym)
    }

    /// What somebody is called: by his place when he gave no name, by his pseudonym when nobody knows him.
    pub fn name(&self, identity: Identity) -> String {
        match self.by_pseudonym(identity.pseudonym) {
            Some(named) => named.name.unwrap_or_else(|| identity.slot.player_name()).to_string(),
            None => identity.pseudonym.nameless(),
        }
    }

    /// Everybody who is in the session now, as an object each.
    pub fn members(&self, sim: &Sim) -> Vec<Value> {
        let members = sim.members().map(|(id, identity, _)| {
            let named = self.by_pseudonym(identity.pseudonym);
            json!({
                "simId": id.0,
                "slot": identity.slot.0,
                "team": identity.team.0,
                "bot": identity.bot,
                "pseudonym": identity.pseudonym.to_string(),
                "playerId": named.map(|named| named.player.to_string()),
                "name": self.name(identity),
            })
        });
        members.collect()
    }

    /// The names of everybody who is in the session now, by `SimId`.
    pub fn names(&self, player: &Player<'_>) -> Vec<(combat_components::ids::SimId, String)> {
        player.sim().members().map(|(id, identity, _)| (id, self.name(identity))).collect()
    }
}

fn stored(id: SessionId, data_dir: &Path) -> anyhow::Result<People> {
    let rows = block_on(async {
        let store = reader(data_dir).await?;
        store.people(id).await.map_err(anyhow::Error::from)
    })?;
    let named =
        rows.into_iter().map(|row| Named { pseudonym: row.pseudonym, player: row.player, name: row.name });
    Ok(People(NamedPeople::of(named).unwrap_or_else(|error| {
        eprintln!("combat: {id}: {error}; the log itself is whole without them");
        NamedPeople::default()
    })))
}

fn exported(path: &Path) -> People {
    // Whoever opens the log of the same file says why it cannot be read.
    let bytes = std::fs::read(path).unwrap_or_default();
    let Some(part) = file::names_part(&bytes) else { return People::default() };
    match names::read(part) {
        Ok(named) => People(named),
        Err(error) => {
            eprintln!("combat: {}: {error}; the log itself is whole without it", path.display());
            People::default()
        }
    }
}

/// Whether an exported file has a part with names, readable or not.
pub fn has_names(path: &Path) -> bool {
    let bytes = std::fs::read(path).unwrap_or_default();
    file::names_part(&bytes).is_some()
}
