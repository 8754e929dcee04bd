//! The maps and rulesets a server offers, loaded and checked once at the start.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use combat_components::map::Map;
use combat_components::rules::Ruleset;
use combat_components::setup::{ContentHash, SessionSetup};
use combat_systems::kinds::Kinds;
use combat_systems::sim::SimParts;
use combat_systems::spatial::Level;
use thiserror::Error;

/// What a session gets that names no ruleset.
pub const DEFAULT_RULESET: &str = "default";

/// A file of maps or rulesets larger than this is a mistake.
const FILE_BYTES_MAX: u64 = 4 << 20;

/// The assets that ship with the binary.
#[derive(rust_embed::RustEmbed)]
#[folder = "assets"]
struct Shipped;

#[derive(Clone, Debug)]
pub struct MapEntry {
    pub map: Arc<Map>,
    pub hash: ContentHash,
    pub text: Arc<str>,
}

#[derive(Clone, Debug)]
pub struct RulesetEntry {
    pub ruleset: Arc<Ruleset>,
    pub hash: ContentHash,
    pub text: Arc<str>,
}

/// Levels are built per map and ruleset, because bodies of another size need other room.
#[derive(Debug)]
pub struct Catalogue {
    kinds: Kinds,
    maps: BTreeMap<String, MapEntry>,
    rulesets: BTreeMap<String, RulesetEntry>,
    levels: BTreeMap<(ContentHash, ContentHash), Arc<Level>>,
}

/// Why the server does not start; one line each.
#[derive(Debug, Error)]
pub enum CatalogueError {
    #[error(transparent)]
    Toml(#[from] combat_components::toml_error::TomlError),
    #[error("{file}: {error}")]
    Level { file: String, error: combat_systems::spatial::LevelError },
    #[error("{setting}: {path}: {error}, expected a directory of TOML files")]
    Folder { setting: &'static str, path: String, error: std::io::Error },
    #[error("{path}: {error}")]
    Read { path: String, error: std::io::Error },
    #[error("{file}: {what} {name:?} is defined twice")]
    Twice { file: String, what: &'static str, name: String },
    #[error("{setting}: no {what} in it, expected at least one TOML file")]
    Empty { setting: &'static str, what: &'static str },
}

impl Catalogue {
    /// From two folders, or from what ships with the binary where one is `None`.
    ///
    /// # Errors
    /// The first file that is not sound.
    pub fn load(
        kinds: Kinds,
        maps_dir: Option<&Path>,
        rules_dir: Option<&Path>,
    ) -> Result<Self, CatalogueError> {
        let mut maps = BTreeMap::new();
        for (file, text) in texts(maps_dir, "maps/", "MAPS_DIR")? {
            let map = Map::parse(&file, &text)?;
            let name = map.id.clone();
            let entry =
                MapEntry { map: Arc::new(map), hash: ContentHash::of(text.as_bytes()), text: text.into() };
            if maps.insert(name.clone(), (file.clone(), entry)).is_some() {
                return Err(CatalogueError::Twice { file, what: "map", name });
            }
        }
        let mut rulesets = BTreeMap::new();
        for (file, text) in texts(rules_dir, "rulesets/", "RULES_DIR")? {
            let ruleset = kinds.ruleset(&file, &text)?;
            let name = ruleset.name.clone();
            let hash = ContentHash::of(text.as_bytes());
            let entry = RulesetEntry { ruleset: Arc::new(ruleset), hash, text: text.into() };
            if rulesets.insert(name.clone(), entry).is_some() {
                return Err(CatalogueError::Twice { file, what: "ruleset", name });
            }
        }
        if maps.is_empty() {
            return Err(CatalogueError::Empty { setting: "MAPS_DIR", what: "maps" });
        }
        if rulesets.is_empty() {
            return Err(CatalogueError::Empty { setting: "RULES_DIR", what: "rulesets" });
        }
        let levels = levels(&maps, &rulesets)?;
        let maps = maps.into_iter().map(|(name, (_, entry))| (name, entry)).collect();
        Ok(Self { kinds, maps, rulesets, levels })
    }

    /// What its rulesets, and sessions, may name.
    pub fn kinds(&self) -> Kinds {
        self.kinds
    }

    pub fn maps(&self) -> impl Iterator<Item = &MapEntry> {
        self.maps.values()
    }

    pub fn map(&self, id: &str) -> Option<&MapEntry> {
        self.maps.get(id)
    }

    pub fn rulesets(&self) -> impl Iterator<Item = &RulesetEntry> {
        self.rulesets.values()
    }

    pub fn ruleset(&self, name: &str) -> Option<&RulesetEntry> {
        self.rulesets.get(name)
    }

    pub fn level(&self, map: &MapEntry, ruleset: &RulesetEntry) -> Arc<Level> {
        self.levels[&(map.hash, ruleset.hash)].clone()
    }

    /// What a session of this setup is simulated from.
    pub fn parts(&self, map: &MapEntry, ruleset: &RulesetEntry, setup: SessionSetup) -> SimParts {
        SimParts {
            kinds: self.kinds,
            setup,
            ruleset: ruleset.ruleset.clone(),
            map: map.map.clone(),
            level: self.level(map, ruleset),
        }
    }
}

fn levels(
    maps: &BTreeMap<String, (String, MapEntry)>,
    rulesets: &BTreeMap<String, RulesetEntry>,
) -> Result<BTreeMap<(ContentHash, ContentHash), Arc<Level>>, CatalogueError> {
    let mut levels = BTreeMap::new();
    for (file, map) in maps.values() {
        for ruleset in rulesets.values() {
            let level = Level::build(&map.map, &ruleset.ruleset.body)
                .map_err(|error| CatalogueError::Level { file: file.clone(), error })?;
            levels.insert((map.hash, ruleset.hash), Arc::new(level));
        }
    }
    Ok(levels)
}

/// The TOML files of a folder, or of what ships under `shipped`, by name.
fn texts(
    folder: Option<&Path>,
    shipped: &str,
    setting: &'static str,
) -> Result<Vec<(String, String)>, CatalogueError> {
    let Some(folder) = folder else {
        let files = Shipped::iter().filter(|file| file.starts_with(shipped) && file.ends_with(".toml"));
        let read = |file: std::borrow::Cow<'static, str>| {
            let bytes = Shipped::get(&file).expect("the embedded folder lists what it holds").data;
            (file.to_string(), String::from_utf8_lossy(&bytes).into_owned())
        };
        return Ok(files.map(read).collect());
    };
    let failed = |path: &Path, error| CatalogueError::Read { path: path.display().to_string(), error };
    let unlisted = |error| CatalogueError::Folder { setting, path: folder.display().to_string(), error };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unlisted)? {
        paths.push(entry.map_err(unlisted)?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        let length = std::fs::metadata(&path).map_err(|error| failed(&path, error))?.len();
        if length > FILE_BYTES_MAX {
            let error = std::io::Error::other(format!("larger than {FILE_BYTES_MAX} bytes"));
            return Err(failed(&path, error));
        }
        let text = std::fs::read_to_string(&path).map_err(|error| failed(&path, error))?;
        texts.push((path.display().to_string(), text));
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ships_with_the_binary_is_sound_and_holds_both_maps() {
        let catalogue = Catalogue::load(Kinds::SHIPPED, None, None).expect("the shipped assets are sound");
        let maps: Vec<&str> = catalogue.maps().map(|entry| entry.map.id.as_str()).collect();
        assert_eq!(maps, ["arena", "duel-box"]);
        assert!(catalogue.ruleset("default").is_some());
    }

    #[test]
    fn a_folder_that_is_not_there_is_told_with_the_setting_that_names_it() {
        let nowhere = Path::new("/nonexistent");
        for (maps, rules, setting) in [(Some(nowhere), None, "MAPS_DIR"), (None, Some(nowhere), "RULES_DIR")]
        {
            let error =
                Catalogue::load(Kinds::SHIPPED, maps, rules).expect_err("it is not there").to_string();
            assert!(error.starts_with(&format!("{setting}: /nonexistent: ")), "{error}");
        }
    }

    #[test]
    fn of_two_folders_the_empty_one_is_named_and_not_the_other() {
        let empty = tempfile::tempdir().expect("a temporary folder");
        let empty = Some(empty.path());
        for (maps, rules, setting, other) in
            [(empty, None, "MAPS_DIR", "RULES_DIR"), (None, empty, "RULES_DIR", "MAPS_DIR")]
        {
            let error = Catalogue::load(Kinds::SHIPPED, maps, rules).expect_err("it is empty").to_string();
            assert!(error.starts_with(&format!("{setting}: no ")) && !error.contains(other), "{error}");
        }
    }

    #[test]
    fn a_misspelt_key_is_named_with_its_file_and_line() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let sound = Catalogue::load(Kinds::SHIPPED, None, None).expect("the shipped assets are sound");
        let text =
            sound.ruleset("default").expect("it ships").text.replace("magazine_rounds", "magazin_rounds");
        std::fs::write(folder.path().join("mine.toml"), text).expect("the folder takes a file");
        let error = Catalogue::load(Kinds::SHIPPED, None, Some(folder.path()))
            .expect_err("the key is misspelt")
            .to_string();
        assert!(error.contains("mine.toml:") && error.contains("magazin_rounds"), "{error}");
    }
}
