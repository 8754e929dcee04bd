//! Every crate has a `clippy.toml`, and since it replaces the root's, it repeats the lines that hold for all.

use super::Finding;
use super::crate_edges::CRATES;
use crate::tree::Tree;

const ROOT: &str = "clippy.toml";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(root) = tree.files.get(ROOT) else {
        return vec![Finding::new(ROOT, 1, "missing, expected the bans shared by every crate")];
    };
    let mut findings = Vec::new();
    for path in tree.files.keys().filter(|path| path.ends_with("clippy.toml")) {
        findings.extend(without_reason(path, &tree.files[path]));
    }
    for directory in CRATES.iter().map(|edges| edges.directory).filter(|directory| !directory.is_empty()) {
        let path = format!("{directory}clippy.toml");
        let Some(text) = tree.files.get(&path) else {
            findings.push(Finding::new(&path, 1, "missing, expected the bans of this crate"));
            continue;
        };
        let repeated: Vec<&str> = text.lines().collect();
        for line in root.lines().filter(|line| is_shared(line) && !repeated.contains(line)) {
            findings.push(Finding::new(
                &path,
                1,
                format!("does not repeat the shared line `{}`", line.trim()),
            ));
        }
    }
    findings
}

/// Thresholds, and bans of what every crate could call.
fn is_shared(line: &str) -> bool {
    let setting = line.contains(" = ") && !line.starts_with([' ', '#', '[']) && !line.ends_with('[');
    setting || line.trim_start().starts_with("{ path = \"std::")
}

fn without_reason(path: &str, text: &str) -> Vec<Finding> {
    let bare = |line: &str| line.contains("path = \"") && !line.contains("reason = \"");
    let lines = text.lines().enumerate().filter(|(_, line)| bare(line));
    lines
        .map(|(at, _)| Finding::new(path, at + 1, "a ban without a reason, expected reason and replacement"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BANS: &str = "too-many-lines-threshold = 60\nbans = [\n  { path = \"std::a\", reason = \"no\" },\n  { path = \"tokio::b\", reason = \"no\" },\n]\n";

    #[test]
    fn a_crate_that_does_not_repeat_a_shared_line_is_found() {
        let tree =
            Tree::of(&[("clippy.toml", BANS), ("systems/clippy.toml", "too-many-lines-threshold = 60\n")]);
        let found: Vec<Finding> =
            check(&tree).into_iter().filter(|finding| finding.path == "systems/clippy.toml").collect();
        assert_eq!(found.len(), 1);
        assert!(found[0].text.contains("std::a"));
    }

    #[test]
    fn a_crate_without_its_file_is_found() {
        let tree = Tree::of(&[("clippy.toml", BANS)]);
        assert!(check(&tree).iter().any(|finding| finding.path == "replays/clippy.toml"));
    }

    #[test]
    fn a_ban_without_a_reason_is_found() {
        let tree = Tree::of(&[("clippy.toml", "bans = [\n  { path = \"std::a\" },\n]\n")]);
        assert!(check(&tree).iter().any(|finding| finding.path == "clippy.toml" && finding.line == 2));
    }
}
