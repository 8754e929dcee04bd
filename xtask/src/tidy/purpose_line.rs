//! Every Rust file says its purpose on its first line.

use super::Finding;
use crate::source::Comment;
use crate::tree::Tree;

pub fn check(tree: &Tree) -> Vec<Finding> {
    let says = |first: &crate::source::Line| {
        first.comment == Comment::FileDoc && first.comment_text.trim_start_matches(['/', '!', ' ']).len() > 1
    };
    let silent = tree.sources.iter().filter(|(_, source)| !source.lines.first().is_some_and(says));
    silent
        .map(|(path, _)| Finding::new(path, 1, "no purpose, expected `//! what this file is for.`"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_purpose_is_found() {
        let tree = Tree::of(&[
            ("src/a.rs", "//! Reads bytes.\n"),
            ("src/b.rs", "use x;\n//! Late.\n"),
            ("src/c.rs", "//!\n"),
            ("src/d.rs", ""),
        ]);
        let paths: Vec<String> = check(&tree).into_iter().map(|finding| finding.path).collect();
        assert_eq!(paths, ["src/b.rs", "src/c.rs", "src/d.rs"]);
    }
}
