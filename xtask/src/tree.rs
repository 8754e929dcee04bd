//! The checkout as a value: directories and the text of every file, so that checks can be fed samples.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::source::Source;

/// Larger files are data, not text that a person keeps.
const TEXT_BYTES_MAX: u64 = 1 << 20;

/// Paths are relative to the workspace root and use `/`.
#[derive(Debug, Default)]
pub struct Tree {
    pub files: BTreeMap<String, String>,
    pub directories: BTreeSet<String>,
    /// Every `.rs` file, lexed.
    pub sources: BTreeMap<String, Source>,
}

impl Tree {
    /// Reads what is kept under `root`: no `.git`, nothing that `.gitignore` names as a directory (`/x/` at the root,
    /// `x/` anywhere).
    pub fn load(root: &Path) -> Result<Self> {
        let mut skipped: BTreeSet<String> = BTreeSet::from([".git".to_owned()]);
        let ignored = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
        skipped.extend(ignored.lines().filter_map(|line| line.trim().strip_suffix('/')).map(str::to_owned));
        let mut tree = Self::default();
        tree.read_directory(root, "", &skipped)?;
        Ok(tree)
    }

    fn read_directory(&mut self, root: &Path, inside: &str, skipped: &BTreeSet<String>) -> Result<()> {
        let directory = root.join(inside);
        let entries = fs::read_dir(&directory).with_context(|| format!("{inside:?} cannot be listed"))?;
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let path = if inside.is_empty() { name.clone() } else { format!("{inside}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if !skipped.contains(&name) && !skipped.contains(&format!("/{path}")) {
                    self.directories.insert(path.clone());
                    self.read_directory(root, &path, skipped)?;
                }
            } else if kind.is_file() {
                // A file may vanish while somebody else is writing the tree.
                let small = entry.metadata().is_ok_and(|metadata| metadata.len() <= TEXT_BYTES_MAX);
                let text =
                    if small { fs::read_to_string(entry.path()).unwrap_or_default() } else { String::new() };
                self.add(&path, text);
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &str, text: String) {
        if path.ends_with(".rs") {
            self.sources.insert(path.to_owned(), Source::lex(&text));
        }
        self.files.insert(path.to_owned(), text);
    }

    /// A tree made of samples `(path, text)`, with the directories they lie in.
    #[cfg(test)]
    pub fn of(samples: &[(&str, &str)]) -> Self {
        let mut tree = Self::default();
        for (path, text) in samples {
            tree.add(path, (*text).to_owned());
            for (end, _) in path.match_indices('/') {
                tree.directories.insert(path[..end].to_owned());
            }
        }
        tree
    }
}

/// Whether the file belongs to a test or bench target, or is a test module of its own.
pub fn is_test_file(path: &str) -> bool {
    path.split('/').any(|part| matches!(part, "tests" | "benches" | "tests.rs"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_tree_knows_its_directories() {
        let tree = Tree::of(&[("src/ws/reader.rs", "//! Bytes.\n")]);
        assert!(tree.directories.contains("src") && tree.directories.contains("src/ws"));
        assert!(tree.sources.contains_key("src/ws/reader.rs"));
    }

    #[test]
    fn test_files_are_told_from_the_code_they_test() {
        assert!(is_test_file("tests/api/main.rs") && is_test_file("systems/tests/walk.rs"));
        assert!(is_test_file("systems/src/damage/tests.rs"));
        assert!(!is_test_file("src/contests.rs"));
    }
}
