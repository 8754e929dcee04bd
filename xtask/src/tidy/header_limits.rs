//! A limit that a log's header carries decides by its value there: the simulation names no constant it was written from.

use std::collections::BTreeSet;

use super::Finding;
use crate::paths::{NamedPath, named};
use crate::source::Source;
use crate::tree::Tree;

/// Where a header's limits are written from constants.
const SETUP: &str = "components/src/setup.rs";

/// How much there is room for is a matter of the build: the header may say less, never more.
const CAPACITIES: &[&str] = &["INPUTS_PER_PLAYER_AND_TICK_MAX"];

/// A limit of time or of a rate is never a capacity.
const TIMES: &[&str] = &["_MS", "_MS_MAX", "_HZ"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let limits_of = |path: &str, source: &Source| named(path, source).into_iter().filter(is_limit);
    let carried: BTreeSet<String> = tree
        .sources
        .get(SETUP)
        .map(|source| limits_of(SETUP, source).filter_map(|named| named.segments.last().cloned()).collect())
        .unwrap_or_default();
    let mut findings = Vec::new();
    for (path, source) in tree.sources.iter().filter(|(path, _)| path.starts_with("systems/src/")) {
        let is_banned = |named: &NamedPath| {
            let name = named.segments.last().map_or("", String::as_str);
            let is_carried = carried.contains(name) && !CAPACITIES.contains(&name);
            !named.in_tests && (is_carried || TIMES.iter().any(|end| name.ends_with(end)))
        };
        findings.extend(limits_of(path, source).filter(is_banned).map(|named| {
            let text = format!("names {}, expected the limit that the header carries", named.text());
            Finding::new(path, named.line, text)
        }));
        let lines = source.lines.iter().enumerate().filter(|(_, line)| line.code.contains("limits::*"));
        findings.extend(lines.map(|(at, _)| {
            Finding::new(path, at + 1, "imports all limits, expected the names of those it needs")
        }));
    }
    findings
}

/// Whether a path leads into `combat_components::limits`, however much of it was imported before.
fn is_limit(named: &NamedPath) -> bool {
    let [.., module, name] = named.segments.as_slice() else {
        return false;
    };
    module == "limits" && name.chars().all(|letter| !letter.is_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "use crate::limits;\nconst A: u16 = limits::REFUSALS_MAX;\n";

    fn texts(path: &str, text: &str) -> Vec<String> {
        let tree = Tree::of(&[(SETUP, HEADER), (path, text)]);
        check(&tree).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn the_simulation_names_no_constant_that_a_header_was_written_from() {
        for text in [
            "use combat_components::limits::REFUSALS_MAX;\n",
            "use combat_components::limits::{PLAYERS_MAX, REFUSALS_MAX};\n",
            "use combat_components::limits;\nconst A: u16 = limits::REFUSALS_MAX;\n",
            "use combat_components::limits::CLAIM_HZ;\n",
            "use combat_components::limits::BANK_MS as DEPTH;\n",
            "use combat_components::limits::*;\n",
        ] {
            assert_eq!(texts("systems/src/formulas/movement.rs", text).len(), 1, "{text}");
        }
    }

    #[test]
    fn capacities_tests_and_other_crates_are_left_alone() {
        let room = "use combat_components::limits::{INPUTS_PER_PLAYER_AND_TICK_MAX, PLAYERS_MAX};\n";
        assert_eq!(texts("systems/src/input.rs", room), [""; 0]);
        let test = "#[cfg(test)]\nmod tests {\n    use combat_components::limits::BANK_MS;\n}\n";
        assert_eq!(texts("systems/src/input.rs", test), [""; 0]);
        assert_eq!(texts("src/bots/driver.rs", "use combat_components::limits::CLAIM_HZ;\n"), [""; 0]);
    }
}
