//! The house rules that clippy cannot see. A new check is one file and one line in `CHECKS`.

mod clippy_bans;
mod comments;
mod crate_edges;
mod decisions;
mod exemptions;
mod file_names;
mod file_size;
mod header_limits;
mod leftovers;
mod module_cycles;
mod module_edges;
mod purpose_line;
mod readme_tree;
mod recipes;
mod sql;

use std::path::Path;

use anyhow::Result;

use crate::tree::Tree;

/// One broken rule at one place.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    pub path: String,
    /// Counted from 1; 1 too where the whole file is meant.
    pub line: usize,
    /// What is there, and what was expected.
    pub text: String,
}

impl Finding {
    pub fn new(path: &str, line: usize, text: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, text: text.into() }
    }
}

/// A named rule over the whole tree.
struct Check {
    name: &'static str,
    run: fn(&Tree) -> Vec<Finding>,
}

const CHECKS: &[Check] = &[
    Check { name: "file-size", run: file_size::check },
    Check { name: "comments", run: comments::check },
    Check { name: "purpose-line", run: purpose_line::check },
    Check { name: "file-names", run: file_names::check },
    Check { name: "crate-edges", run: crate_edges::check },
    Check { name: "module-edges", run: module_edges::check },
    Check { name: "module-cycles", run: module_cycles::check },
    Check { name: "header-limits", run: header_limits::check },
    Check { name: "sql", run: sql::check },
    Check { name: "leftovers", run: leftovers::check },
    Check { name: "clippy-bans", run: clippy_bans::check },
    Check { name: "readme-tree", run: readme_tree::check },
    Check { name: "decisions", run: decisions::check },
    Check { name: "recipes", run: recipes::check },
];

/// Prints every finding and a last line with the counts. True when there is none.
pub fn run(root: &Path) -> Result<bool> {
    let tree = Tree::load(root)?;
    let found = findings(&tree);
    for (check, finding) in &found {
        println!("{}:{}: {} [{check}]", finding.path, finding.line, finding.text);
    }
    println!("tidy: {} checks, {} files, {} findings", CHECKS.len(), tree.files.len(), found.len());
    Ok(found.is_empty())
}

fn findings(tree: &Tree) -> Vec<(&'static str, Finding)> {
    let mut kept = Vec::new();
    let mut used = Vec::new();
    for check in CHECKS {
        for finding in (check.run)(tree) {
            match exemptions::of(check.name, &finding.path) {
                Some(exemption) => used.push(exemption),
                None => kept.push((check.name, finding)),
            }
        }
    }
    kept.extend(exemptions::unused(&used).into_iter().map(|finding| ("exemptions", finding)));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_of_any_check_carries_the_name_of_its_check() {
        let tree = Tree::of(&[("src/a.rs", "fn a() {}\n")]);
        assert!(findings(&tree).iter().any(|(name, _)| *name == "purpose-line"));
    }

    #[test]
    fn names_of_checks_are_unique() {
        for (at, check) in CHECKS.iter().enumerate() {
            assert!(CHECKS[at + 1..].iter().all(|other| other.name != check.name), "{}", check.name);
        }
    }
}
