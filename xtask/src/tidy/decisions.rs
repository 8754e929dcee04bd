//! A decision is one page: `docs/decisions/NNNN-title.md`, at most 30 lines, with its parts.

use super::Finding;
use crate::tree::Tree;

const DIRECTORY: &str = "docs/decisions/";
/// What one reads without scrolling.
const DECISION_LINES_MAX: usize = 30;
const PARTS: &[&str] = &["## Context", "## Decision", "## Because", "## Consequences"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut numbers: Vec<&str> = Vec::new();
    for (path, text) in tree.files.range(DIRECTORY.to_owned()..) {
        let Some(name) = path.strip_prefix(DIRECTORY) else {
            break;
        };
        let mut add = |line: usize, text: String| findings.push(Finding::new(path, line, text));
        match number_of(name) {
            Some(number) if numbers.contains(&number) => {
                add(1, format!("number {number} is taken, expected a new one"))
            }
            Some(number) => numbers.push(number),
            None => add(1, format!("named {name:?}, expected NNNN-title.md")),
        }
        let lines = text.lines().count();
        if lines > DECISION_LINES_MAX {
            add(DECISION_LINES_MAX + 1, format!("{lines} lines, expected at most {DECISION_LINES_MAX}"));
        }
        for part in PARTS.iter().filter(|part| !text.lines().any(|line| line == **part)) {
            add(1, format!("no {part:?}, expected each of {PARTS:?}"));
        }
    }
    findings
}

fn number_of(name: &str) -> Option<&str> {
    let (number, title) = name.strip_suffix(".md")?.split_once('-')?;
    let good = number.len() == 4 && number.bytes().all(|byte| byte.is_ascii_digit()) && !title.is_empty();
    good.then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(samples: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(samples)).into_iter().map(|finding| finding.text).collect()
    }

    fn page() -> String {
        format!("# Ticks\n{}\n", PARTS.join("\n"))
    }

    #[test]
    fn a_page_with_its_parts_passes() {
        assert_eq!(texts(&[("docs/decisions/0001-ticks.md", &page())]), [""; 0]);
    }

    #[test]
    fn a_long_page_a_missing_part_and_a_bad_name_are_found() {
        let long = page() + &"more\n".repeat(DECISION_LINES_MAX);
        assert!(texts(&[("docs/decisions/0001-ticks.md", &long)])[0].contains("expected at most 30"));
        assert_eq!(texts(&[("docs/decisions/0001-ticks.md", "# Ticks\n")]).len(), PARTS.len());
        assert!(texts(&[("docs/decisions/ticks.md", &page())])[0].contains("NNNN-title.md"));
    }

    #[test]
    fn a_number_is_used_once() {
        let pages = [("docs/decisions/0001-a.md", &*page()), ("docs/decisions/0001-b.md", &*page())];
        assert!(texts(&pages)[0].contains("taken"));
    }
}
