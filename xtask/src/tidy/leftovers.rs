//! Nothing is left for later: no ignored tests, no unwritten bodies, no notes to oneself.

use super::Finding;
use crate::source::Source;
use crate::tree::Tree;

/// Written apart so that this file does not find itself.
const NOTES: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X")];
const UNWRITTEN: &[&str] = &[concat!("todo", "!"), concat!("unimplemented", "!")];
const IGNORED: &str = concat!("#[", "ignore");
const TEXT_FILES: &[&str] =
    &["md", "toml", "py", "js", "mjs", "css", "html", "sql", "sh", "yml", "yaml", "Makefile"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in &tree.sources {
        findings.extend(in_source(path, source));
    }
    for (path, text) in &tree.files {
        let kind = path.rsplit(['.', '/']).next().unwrap_or(path);
        if TEXT_FILES.contains(&kind) {
            let noted = text.lines().enumerate().filter_map(|(at, line)| Some((at, note_in(line)?)));
            findings.extend(noted.map(|(at, note)| Finding::new(path, at + 1, note_text(note))));
        }
    }
    findings
}

fn in_source(path: &str, source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (at, line) in source.lines.iter().enumerate() {
        let mut add = |text: String| findings.push(Finding::new(path, at + 1, text));
        if let Some(note) = note_in(&line.comment_text) {
            add(note_text(note));
        }
        if let Some(word) = UNWRITTEN.iter().find(|word| line.code.contains(*word)) {
            add(format!("{word}, expected the body itself"));
        }
        if line.code.replace(' ', "").contains(IGNORED) {
            add("an ignored test, expected one that runs or none".to_owned());
        }
    }
    findings
}

fn note_in(text: &str) -> Option<&'static str> {
    let words = || text.split(|letter: char| !letter.is_alphanumeric());
    NOTES.iter().copied().find(|note| words().any(|word| word == *note))
}

fn note_text(note: &str) -> String {
    format!("{note}, expected the work done or an issue")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines_for(path: &str, text: &str) -> Vec<usize> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn unwritten_bodies_and_ignored_tests_are_found() {
        let text = format!("fn a() {{ {}() }}\n{}]\nfn b() {{}}\n", UNWRITTEN[0], IGNORED);
        assert_eq!(lines_for("src/a.rs", &text), [1, 2]);
    }

    #[test]
    fn notes_are_found_in_comments_and_pages_but_not_in_strings() {
        let text = format!("// {} later\nlet a = \"{}\";\n", NOTES[0], NOTES[1]);
        assert_eq!(lines_for("src/a.rs", &text), [1]);
        assert_eq!(lines_for("docs/a.md", &format!("fine\n- {}: write\n", NOTES[0])), [2]);
        assert_eq!(lines_for("Makefile", &format!("# {}\n", NOTES[1])), [1]);
    }
}
