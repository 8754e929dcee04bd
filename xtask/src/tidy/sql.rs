//! SQL stands under `src/store/` and `migrations/`, nowhere else.

use super::Finding;
use crate::source::Source;
use crate::tree::{Tree, is_test_file};

/// How a statement begins. Upper case, as all SQL here is written.
const STATEMENTS: &[&str] = &[
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE TABLE ",
    "CREATE INDEX ",
    "ALTER TABLE ",
    "DROP TABLE ",
    "PRAGMA ",
    "VACUUM",
    "BEGIN ",
];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in &tree.sources {
        if !path.starts_with("src/store/") && !is_test_file(path) {
            findings.extend(statements(path, source));
        }
    }
    for path in tree.files.keys().filter(|path| path.ends_with(".sql")) {
        if !path.starts_with("migrations/") && !path.starts_with("src/store/") {
            findings.push(Finding::new(path, 1, "an SQL file, expected under migrations/ or src/store/"));
        }
    }
    findings
}

fn statements(path: &str, source: &Source) -> Vec<Finding> {
    let is_statement = |text: &String| STATEMENTS.iter().any(|begin| text.trim_start().starts_with(begin));
    let lines = source.lines.iter().enumerate().filter(|(_, line)| !line.in_tests);
    let found = lines.filter(|(_, line)| line.strings.iter().any(is_statement));
    found
        .map(|(at, _)| Finding::new(path, at + 1, "SQL, expected only under src/store/ and migrations/"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str = "//! A.\nconst Q: &str = \"SELECT id FROM session\";\n";

    #[test]
    fn sql_outside_the_store_is_found_with_its_line() {
        assert_eq!(check(&Tree::of(&[("src/http/sessions.rs", QUERY)]))[0].line, 2);
        assert_eq!(check(&Tree::of(&[("src/sessions.sql", "")])).len(), 1);
    }

    #[test]
    fn sql_in_the_store_migrations_and_tests_is_left_alone() {
        let tree = Tree::of(&[
            ("src/store/sqlite/append.rs", QUERY),
            ("tests/journal/damage.rs", QUERY),
            ("migrations/sqlite/0001_journal.sql", "CREATE TABLE a (b);"),
        ]);
        assert_eq!(check(&tree), []);
    }
}
