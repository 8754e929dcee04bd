//! Plain comments give reasons: at most 5 lines in 100 of code, and at most two lines each.

use super::Finding;
use crate::source::{Comment, Source};
use crate::tree::Tree;

const PLAIN_LINES_PER_100_MAX: usize = 5;
/// A comment longer than this belongs into the docs of its module.
const COMMENT_LINES_MAX: usize = 2;

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in &tree.sources {
        findings.extend(too_many(path, source));
        findings.extend(too_long(path, source));
    }
    findings
}

fn is_plain(source: &Source, at: usize) -> bool {
    source.lines[at].comment == Comment::Plain
}

fn too_many(path: &str, source: &Source) -> Option<Finding> {
    let plain = (0..source.lines.len()).filter(|at| is_plain(source, *at)).count();
    let code = source.lines.iter().filter(|line| line.has_code()).count();
    let allowed = (code * PLAIN_LINES_PER_100_MAX).div_ceil(100).max(COMMENT_LINES_MAX);
    (plain > allowed).then(|| {
        let text = format!("{plain} plain comment lines for {code} of code, expected at most {allowed}");
        Finding::new(path, 1, text)
    })
}

fn too_long(path: &str, source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut run = 0;
    for at in 0..source.lines.len() {
        let alone = is_plain(source, at) && !source.lines[at].has_code();
        run = if alone { run + 1 } else { 0 };
        if run == COMMENT_LINES_MAX + 1 {
            let text = format!("a comment of more than {COMMENT_LINES_MAX} lines, expected its reason only");
            findings.push(Finding::new(path, at + 1, text));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn findings_for(text: &str) -> Vec<Finding> {
        check(&Tree::of(&[("src/a.rs", text)]))
    }

    #[test]
    fn six_comment_lines_in_a_hundred_are_found_and_five_are_not() {
        let block = "// why\nlet a = 1;\n";
        let with = |comments: usize| block.repeat(comments) + &"let b = 2;\n".repeat(100 - comments);
        assert_eq!(findings_for(&with(5)), []);
        assert!(findings_for(&with(6))[0].text.contains("expected at most 5"));
    }

    #[test]
    fn a_small_file_may_have_one_comment() {
        assert_eq!(findings_for("// because of this\n// and that\nfn a() {}\n"), []);
    }

    #[test]
    fn a_comment_of_three_lines_is_found_at_its_third() {
        let text = "// a\n// b\n// c\n".to_owned() + &"let b = 2;\n".repeat(100);
        assert_eq!(findings_for(&text)[0].line, 3);
    }

    #[test]
    fn doc_comments_do_not_count() {
        assert_eq!(findings_for(&"/// Says.\nfn a() {}\n".repeat(9)), []);
    }
}
