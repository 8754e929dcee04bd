//! A path is guessable from the noun: no drawer for whatever is left over.

use super::Finding;
use crate::tree::Tree;

/// Names that say nothing of what lies inside.
const EMPTY_NAMES: &[&str] = &["util", "utils", "common", "helper", "helpers", "manager", "misc"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in tree.sources.keys() {
        let stem = path.strip_suffix(".rs").unwrap_or(path);
        if let Some(name) = stem.split('/').find(|part| EMPTY_NAMES.contains(part)) {
            findings.push(Finding::new(
                path,
                1,
                format!("named {name:?}, expected the noun of what lies inside"),
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawer_is_found_as_file_and_as_directory() {
        let tree = Tree::of(&[("src/util.rs", ""), ("src/common/a.rs", ""), ("src/commons.rs", "")]);
        assert_eq!(check(&tree).len(), 2);
    }
}
