//! What recipes and decisions name is there: files of this repository, and tests by their names.

use super::Finding;
use crate::tree::Tree;

const PAGES: [&str; 2] = ["CONTRIBUTING.md", "docs/decisions/"];
/// A name of so many words is a test's: nothing else is called by a sentence.
const WORDS_MIN: usize = 6;
const ENDINGS: [&str; 6] = [".rs", ".toml", ".md", ".js", ".sh", ".yml"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let pages = tree.files.iter().filter(|(path, _)| PAGES.iter().any(|page| path.starts_with(page)));
    pages.flat_map(|(path, text)| missing(path, text, tree)).collect()
}

fn missing(path: &str, text: &str, tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (line, text) in text.lines().enumerate() {
        for name in text.split('`').skip(1).step_by(2) {
            if is_test(name) && !tree.files.values().any(|file| file.contains(&format!("fn {name}("))) {
                findings.push(Finding::new(
                    path,
                    line + 1,
                    format!("{name:?}, expected a test of that name"),
                ));
            }
            if is_path(name)
                && !tree.files.keys().any(|file| file == name || file.ends_with(&format!("/{name}")))
            {
                findings.push(Finding::new(
                    path,
                    line + 1,
                    format!("{name:?}, expected a file that is there"),
                ));
            }
        }
    }
    findings
}

fn is_test(name: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    name.split('_').count() >= WORDS_MIN && name.split('_').all(is_word)
}

/// One file by its name, not a pattern and not one of many.
fn is_path(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte);
    ENDINGS.iter().any(|ending| name.ends_with(ending)) && name.bytes().all(plain) && !name.contains("NNNN")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: &str = "a_weapon_is_drawn_before_it_fires";

    fn texts(page: &str) -> Vec<String> {
        let file = format!("#[test]\nfn {TEST}() {{}}\n");
        let tree = Tree::of(&[("CONTRIBUTING.md", page), ("systems/tests/sim/weapons.rs", &file)]);
        check(&tree).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn what_is_there_passes_by_its_whole_path_or_its_last_part() {
        let page = format!(
            "Copy `{TEST}` of `systems/tests/sim/weapons.rs`, as `weapons.rs` does; `NNNN-title.md`."
        );
        assert_eq!(texts(&page), [""; 0]);
    }

    #[test]
    fn a_test_or_a_file_that_is_gone_is_found() {
        let found = texts("`a_weapon_is_drawn_after_it_fires` in\n`systems/tests/sim/arms.rs`");
        assert!(
            found[0].contains("a_weapon_is_drawn_after_it_fires") && found[1].contains("arms.rs"),
            "{found:?}"
        );
    }
}
