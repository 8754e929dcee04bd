//! Dependencies between crates point left only: components, systems, replays, root; components, protocol, clients, root.

use super::Finding;
use crate::tree::Tree;

/// What one crate may name of ours, and must not name of others.
pub struct CrateEdges {
    /// With a closing slash; empty for the root package.
    pub directory: &'static str,
    ours: &'static [&'static str],
    /// Lists of names.
    banned: &'static [&'static [&'static str]],
}

/// Runtimes, clocks, sockets, logs and entropy: what a value has no use for.
const OUTSIDE: &[&str] = &[
    "anyhow",
    "axum",
    "clap",
    "crossbeam-queue",
    "getrandom",
    "hashbrown",
    "hyper",
    "jiff",
    "libc",
    "parking_lot",
    "rand",
    "reqwest",
    "rustix",
    "socket2",
    "sqlx",
    "tokio",
    "tokio-tungstenite",
    "tracing",
    "tungstenite",
];
const PHYSICS: &[&str] = &["rapier3d", "parry3d"];
const ECS: &[&str] = &["bevy_ecs"];

#[rustfmt::skip]
pub const CRATES: &[CrateEdges] = &[
    CrateEdges { directory: "components/", ours: &[], banned: &[OUTSIDE, PHYSICS] },
    CrateEdges { directory: "systems/", ours: &["combat-components"], banned: &[OUTSIDE] },
    CrateEdges { directory: "replays/", ours: &["combat-components", "combat-systems"], banned: &[OUTSIDE, PHYSICS] },
    CrateEdges { directory: "protocol/", ours: &["combat-components"], banned: &[OUTSIDE, PHYSICS, ECS] },
    CrateEdges { directory: "clients/rust/", ours: &["combat-components", "combat-protocol"], banned: &[OUTSIDE, PHYSICS, ECS] },
    CrateEdges { directory: "xtask/", ours: &[], banned: &[] },
    CrateEdges {
        directory: "",
        ours: &["combat-client", "combat-components", "combat-protocol", "combat-replays", "combat-systems"],
        banned: &[PHYSICS],
    },
];

/// Bevy's mathematics would switch glam's features under rapier, by unification.
const BANNED_EVERYWHERE: &[&str] = &["bevy", "bevy_math", "bevy_transform", "bevy_reflect", "bevy_app"];
/// Another version would give other hashes.
const PINNED: &[&str] = &["bevy_ecs", "rapier3d"];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for edges in CRATES {
        let path = format!("{}Cargo.toml", edges.directory);
        let Some(text) = tree.files.get(&path) else {
            continue;
        };
        for dependency in dependencies(text) {
            findings.extend(wrong(edges, &dependency).map(|text| Finding::new(&path, dependency.line, text)));
        }
    }
    findings
}

struct Dependency<'a> {
    line: usize,
    name: &'a str,
    /// The rest of the line after the name.
    rest: &'a str,
    /// In `[workspace.dependencies]`: a version, not an edge.
    only_version: bool,
}

fn dependencies(text: &str) -> Vec<Dependency<'_>> {
    let mut found = Vec::new();
    let mut section = "";
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            section = header.trim_end_matches(']');
        } else if section.ends_with("dependencies") && !line.starts_with('#') {
            let end = line.find(|letter: char| !letter.is_alphanumeric() && letter != '-' && letter != '_');
            if let Some((name, rest)) =
                end.and_then(|end| line.split_at_checked(end)).filter(|(name, _)| !name.is_empty())
            {
                let only_version = section == "workspace.dependencies";
                found.push(Dependency { line: at + 1, name, rest, only_version });
            }
        }
    }
    found
}

fn wrong(edges: &CrateEdges, dependency: &Dependency<'_>) -> Option<String> {
    let name = dependency.name;
    let ours = name.starts_with("combat-") || name == "realtime-combat-service";
    if BANNED_EVERYWHERE.contains(&name) {
        return Some(format!(
            "depends on {name}, expected bevy_ecs alone: it would change rapier's arithmetic"
        ));
    }
    if PINNED.contains(&name)
        && !dependency.rest.contains("\"=")
        && !dependency.rest.starts_with(".workspace")
    {
        return Some(format!("{name} is not pinned, expected an exact version `=x.y.z`"));
    }
    if dependency.only_version {
        return None;
    }
    if ours && !edges.ours.contains(&name) {
        return Some(format!("depends on {name}, expected of ours only {:?}: edges point left", edges.ours));
    }
    edges
        .banned
        .iter()
        .any(|list| list.contains(&name))
        .then(|| format!("depends on {name}, which this crate must not know"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn an_edge_to_the_right_is_found_with_its_line() {
        let tree = Tree::of(&[(
            "components/Cargo.toml",
            "[dependencies]\nserde = \"1\"\ncombat-systems.workspace = true\n",
        )]);
        assert_eq!(check(&tree)[0].line, 3);
        assert!(
            texts("protocol/Cargo.toml", "[dev-dependencies]\ncombat-replays = { path = \"x\" }\n")[0]
                .contains("left")
        );
    }

    #[test]
    fn what_a_crate_must_not_know_is_found() {
        assert_eq!(texts("systems/Cargo.toml", "[dependencies]\ntokio = \"1\"\n").len(), 1);
        assert_eq!(texts("protocol/Cargo.toml", "[dependencies]\nbevy_ecs.workspace = true\n").len(), 1);
        assert_eq!(texts("Cargo.toml", "[dependencies]\nrapier3d.workspace = true\n").len(), 1);
        assert_eq!(texts("Cargo.toml", "[dependencies]\nbevy_math = \"1\"\n").len(), 1);
    }

    #[test]
    fn an_inexact_version_is_found_and_an_exact_one_is_not() {
        let inexact = "[workspace.dependencies]\nrapier3d = { version = \"0.36\" }\n";
        assert!(texts("Cargo.toml", inexact)[0].contains("not pinned"));
        assert_eq!(
            texts("Cargo.toml", "[workspace.dependencies]\nrapier3d = { version = \"=0.36.1\" }\n"),
            [""; 0]
        );
    }

    #[test]
    fn the_edges_as_drawn_pass() {
        assert_eq!(
            texts(
                "systems/Cargo.toml",
                "[dependencies]\ncombat-components.workspace = true\nrapier3d.workspace = true\n"
            ),
            [""; 0]
        );
        assert_eq!(
            texts("clients/rust/Cargo.toml", "[dependencies]\ncombat-protocol.workspace = true\n"),
            [""; 0]
        );
    }
}
