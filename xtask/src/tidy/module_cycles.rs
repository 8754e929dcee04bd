//! No module of a crate leans on itself by way of others: what two need of each other has a file of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::Finding;
use crate::tree::{Tree, is_test_file};

const CRATES: [&str; 1] = ["systems/src/"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    CRATES.iter().flat_map(|place| cycles(place, tree)).collect()
}

fn cycles(place: &str, tree: &Tree) -> Vec<Finding> {
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in tree.files.iter().filter(|(path, _)| path.ends_with(".rs") && !is_test_file(path)) {
        let Some(module) = path.strip_prefix(place).map(module_of) else { continue };
        if module != "lib" {
            edges.entry(module.to_owned()).or_default().extend(named_by(text));
        }
    }
    let reached = |from: &str| {
        let mut reached = BTreeSet::new();
        let mut next: Vec<&str> = vec![from];
        while let Some(module) = next.pop() {
            for named in edges.get(module).into_iter().flatten().filter(|named| *named != module) {
                if edges.contains_key(named) && reached.insert(named.clone()) {
                    next.push(named);
                }
            }
        }
        reached
    };
    let in_a_circle = edges.keys().filter(|module| reached(module).contains(*module));
    let told = |module: &String| {
        let circle: Vec<String> = reached(module)
            .into_iter()
            .filter(|other| other != module && reached(other).contains(module))
            .collect();
        let text = format!("leans on itself by way of {}, expected no circle", circle.join(", "));
        Finding::new(&format!("{place}{module}"), 1, text)
    };
    in_a_circle.map(told).collect()
}

fn module_of(path: &str) -> &str {
    let first = path.split('/').next().unwrap_or(path);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The modules that code before its tests names by `crate::`, also in a list.
fn named_by(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]").next().unwrap_or(text);
    let mut named = BTreeSet::new();
    for after in code.split("crate::").skip(1) {
        match after.strip_prefix('{') {
            Some(list) => named.extend(first_words(list.split(';').next().unwrap_or(list))),
            None => named.extend(word(after)),
        }
    }
    named
}

/// Of `a, b::{c, d}, e` the words a, b and e.
fn first_words(list: &str) -> Vec<String> {
    let (mut depth, mut words, mut start) = (0_i32, Vec::new(), true);
    for (at, letter) in list.char_indices() {
        if start && depth == 0 && !letter.is_whitespace() {
            words.extend(word(&list[at..]));
            start = false;
        }
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => start = true,
            _ => {}
        }
    }
    words
}

fn word(text: &str) -> Option<String> {
    let word: String =
        text.chars().take_while(|letter| letter.is_ascii_alphanumeric() || *letter == '_').collect();
    (!word.is_empty()).then_some(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(samples: &[(&str, &str)]) -> Vec<String> {
        check(&Tree::of(samples))
            .into_iter()
            .map(|finding| format!("{} {}", finding.path, finding.text))
            .collect()
    }

    #[test]
    fn a_chain_passes_and_so_does_what_only_tests_name() {
        let samples = [
            ("systems/src/a.rs", "use crate::{b, c::{X, Y}};\n"),
            ("systems/src/b.rs", "use crate::c::X;\n#[cfg(test)]\nmod tests { use crate::a::Z; }\n"),
            ("systems/src/c/mod.rs", "use crate::c::d;\n"),
        ];
        assert_eq!(texts(&samples), [""; 0]);
    }

    #[test]
    fn a_circle_is_found_whichever_way_its_members_are_named() {
        let samples = [
            ("systems/src/a.rs", "use crate::{x, b::{X, Y}};\n"),
            ("systems/src/b/deep.rs", "fn f() { crate::c::g(); }\n"),
            ("systems/src/c.rs", "use crate::a::X;\n"),
            ("systems/src/x.rs", ""),
        ];
        let found = texts(&samples);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("systems/src/a leans on itself by way of b, c"), "{found:?}");
    }
}
