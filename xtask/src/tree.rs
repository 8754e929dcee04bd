//! The checkout as a value: directories and the text of every file, so that checks can be fed samples.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

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
    /// Reads what is kept under `root`: what git tracks, and new files that it is not told to ignore. Where there is no
    /// git repository, everything but `.git` and the directories that `.gitignore` names.
    pub fn load(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        let Some(kept) = kept_by_git(root) else {
            let ignored = fs::read_to_string(root.join(".gitignore")).unwrap_or_default();
            let mut skipped = BTreeSet::from([".git".to_owned()]);
            skipped
                .extend(ignored.lines().filter_map(|line| line.trim().strip_suffix('/')).map(str::to_owned));
            tree.read_directory(root, "", &skipped)?;
            return Ok(tree);
        };
        for path in kept.split('\0').filter(|path| !path.is_empty()) {
            let file = root.join(path);
            // Tracked is also what was deleted and is not committed yet.
            if fs::symlink_metadata(&file).is_ok_and(|metadata| metadata.is_file()) {
                tree.directories.extend(path.match_indices('/').map(|(end, _)| path[..end].to_owned()));
                tree.add(path, text_of(&file));
            }
        }
        Ok(tree)
    }

    /// `skipped` holds `/x` for a directory at the root and `x` for one anywhere.
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
                self.add(&path, text_of(&entry.path()));
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

/// Paths that end in a NUL each; `None` where no git answers for `root`.
fn kept_by_git(root: &Path) -> Option<String> {
    let mut command = Command::new("git");
    command.arg("-C").arg(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    for name in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"] {
        command.env_remove(name);
    }
    let output = command.output().ok().filter(|output| output.status.success())?;
    // Nothing is kept of a copy that lies unpacked in a directory which another repository ignores.
    String::from_utf8(output.stdout).ok().filter(|paths| !paths.is_empty())
}

/// Empty for what is larger than a text, or vanished while somebody else was writing the tree.
fn text_of(file: &Path) -> String {
    let small = fs::metadata(file).is_ok_and(|metadata| metadata.len() <= TEXT_BYTES_MAX);
    if small { fs::read_to_string(file).unwrap_or_default() } else { String::new() }
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

    fn load(directory: &str, git: &[&[&str]], files: &[(&str, &str)]) -> Vec<String> {
        let root = std::env::temp_dir().join(format!("xtask-tree-{directory}-{}", std::process::id()));
        fs::create_dir_all(&root).expect("a directory");
        for (path, text) in files {
            let file = root.join(path);
            fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
            fs::write(file, text).expect("a file");
        }
        for arguments in git {
            let status = Command::new("git").arg("-C").arg(&root).args(*arguments).status();
            assert!(status.expect("git").success(), "{arguments:?}");
        }
        let tree = Tree::load(&root).expect("a tree");
        fs::remove_dir_all(&root).expect("removed");
        tree.files.into_keys().chain(tree.directories).collect()
    }

    #[test]
    fn what_git_is_told_to_ignore_is_not_looked_at_wherever_it_is_told() {
        let files = [
            ("src/a.rs", ""),
            ("src/new.rs", ""),
            (".gitignore", "*.log\n"),
            ("src/x.log", ""),
            ("venv/.gitignore", "*\n"),
            ("venv/lib/b.rs", ""),
        ];
        let git: [&[&str]; 2] = [&["init", "--quiet"], &["add", "src/a.rs"]];
        assert_eq!(load("git", &git, &files), [".gitignore", "src/a.rs", "src/new.rs", "src"]);
    }

    #[test]
    fn a_copy_without_git_is_read_but_for_the_directories_to_ignore() {
        let files = [(".gitignore", "/out/\n"), ("src/a.rs", ""), ("out/b.rs", "")];
        assert_eq!(load("copy", &[], &files), [".gitignore", "src/a.rs", "src"]);
    }

    #[test]
    fn test_files_are_told_from_the_code_they_test() {
        assert!(is_test_file("tests/api/main.rs") && is_test_file("systems/tests/walk.rs"));
        assert!(is_test_file("systems/src/damage/tests.rs"));
        assert!(!is_test_file("src/contests.rs"));
    }
}
