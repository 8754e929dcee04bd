//! The tree in the README equals the directory: every path exists and has a purpose, every folder is listed.

use super::Finding;
use super::crate_edges::CRATES;
use crate::tree::Tree;

const README: &str = "README.md";
const BEGIN: &str = "<!-- tree -->";
const END: &str = "<!-- /tree -->";

pub fn check(tree: &Tree) -> Vec<Finding> {
    let Some(text) = tree.files.get(README) else {
        return vec![Finding::new(README, 1, "missing, expected it with a tree of the directory")];
    };
    let Some(entries) = entries(text) else {
        return vec![Finding::new(
            README,
            1,
            format!("no tree, expected a fenced block between {BEGIN} and {END}"),
        )];
    };
    let mut findings = Vec::new();
    for entry in &entries {
        let path = entry.path.trim_end_matches('/');
        if !tree.files.contains_key(path) && !tree.directories.contains(path) {
            findings.push(Finding::new(README, entry.line, format!("{path} is listed but is not there")));
        }
        if entry.purpose.is_empty() {
            findings.push(Finding::new(
                README,
                entry.line,
                format!("{path} has no purpose, expected one line"),
            ));
        }
    }
    let line = entries.first().map_or(1, |entry| entry.line);
    let listed = |path: &str| entries.iter().any(|entry| entry.path.trim_end_matches('/') == path);
    for path in tree.directories.iter().filter(|path| must_be_listed(path) && !listed(path)) {
        findings.push(Finding::new(README, line, format!("{path}/ is there but is not listed in the tree")));
    }
    findings
}

struct Entry {
    line: usize,
    path: String,
    purpose: String,
}

/// Top-level folders, and the folders right inside `src/` of the service and of each crate.
fn must_be_listed(path: &str) -> bool {
    if path.starts_with('.') {
        return false;
    }
    let in_src = |directory: &str| {
        let inside = path.strip_prefix(directory).and_then(|rest| rest.strip_prefix("src/"));
        inside.is_some_and(|rest| !rest.contains('/'))
    };
    !path.contains('/') || CRATES.iter().any(|edges| in_src(edges.directory))
}

/// Lines `path   purpose`; a line further in is inside the last line further out.
fn entries(text: &str) -> Option<Vec<Entry>> {
    let begin = text.lines().position(|line| line.trim() == BEGIN)?;
    let end = text.lines().position(|line| line.trim() == END)?;
    let mut parents: Vec<(usize, String)> = Vec::new();
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate().take(end).skip(begin + 1) {
        let entry = line.trim_start();
        if entry.is_empty() || entry.starts_with("```") {
            continue;
        }
        let indent = line.len() - entry.len();
        let (name, purpose) = entry.split_once(char::is_whitespace).unwrap_or((entry, ""));
        parents.retain(|(outer, _)| *outer < indent);
        let path = parents.last().map_or(name.to_owned(), |(_, parent)| format!("{parent}/{name}"));
        parents.push((indent, path.trim_end_matches('/').to_owned()));
        found.push(Entry { line: at + 1, path, purpose: purpose.trim().to_owned() });
    }
    (begin < end).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(tree: &str, files: &[(&str, &str)]) -> Vec<String> {
        let readme = format!("# Name\n{BEGIN}\n```\n{tree}```\n{END}\n");
        let mut samples = vec![(README, readme.as_str())];
        samples.extend_from_slice(files);
        check(&Tree::of(&samples)).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn a_tree_that_equals_the_directory_passes_nested_or_flat() {
        let files = [("src/ws/reader.rs", ""), ("docs/a.md", ""), (".ci/run", "")];
        assert_eq!(texts("src/  the service\n  ws/  sockets\ndocs/  pages\n", &files), [""; 0]);
        assert_eq!(texts("src/  the service\nsrc/ws/  sockets\ndocs/  pages\n", &files), [""; 0]);
    }

    #[test]
    fn what_is_missing_on_either_side_is_found() {
        let files = [("src/ws/reader.rs", ""), ("systems/src/spatial/level.rs", "")];
        let found = texts("src/  the service\nweb/  the page\nsystems/  rules\n", &files);
        assert_eq!(found.len(), 3);
        assert!(found[0].contains("web is listed but"));
        assert!(found[1].contains("src/ws/ is there") && found[2].contains("systems/src/spatial/"));
    }

    #[test]
    fn an_entry_without_a_purpose_is_found() {
        assert!(texts("src/\n", &[("src/a.rs", "")])[0].contains("no purpose"));
    }

    #[test]
    fn a_readme_without_markers_is_found() {
        assert!(check(&Tree::of(&[(README, "# Name\n")]))[0].text.contains("no tree"));
    }
}
