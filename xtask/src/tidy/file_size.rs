//! A file is at most 400 lines without its tests.

use super::Finding;
use crate::tree::{Tree, is_test_file};

/// The 95th percentile of calm code bases; above it a file has two subjects.
const FILE_LINES_MAX: usize = 400;

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in &tree.sources {
        let lines = source.lines.iter().filter(|line| !line.in_tests).count();
        if !is_test_file(path) && lines > FILE_LINES_MAX {
            let text =
                format!("{lines} lines without tests, expected at most {FILE_LINES_MAX}: split by subject");
            findings.push(Finding::new(path, FILE_LINES_MAX + 1, text));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings_for(path: &str, text: &str) -> usize {
        check(&Tree::of(&[(path, text)])).len()
    }

    #[test]
    fn a_file_over_the_limit_is_found_and_one_at_the_limit_is_not() {
        assert_eq!(findings_for("src/a.rs", &"fn a() {}\n".repeat(FILE_LINES_MAX + 1)), 1);
        assert_eq!(findings_for("src/a.rs", &"fn a() {}\n".repeat(FILE_LINES_MAX)), 0);
    }

    #[test]
    fn tests_do_not_count() {
        let tests = "fn b() {}\n".repeat(FILE_LINES_MAX);
        let text = format!("fn a() {{}}\n#[cfg(test)]\nmod tests {{\n{tests}}}\n");
        assert_eq!(findings_for("src/a.rs", &text), 0);
        assert_eq!(findings_for("tests/a.rs", &"fn a() {}\n".repeat(FILE_LINES_MAX + 1)), 0);
    }
}
