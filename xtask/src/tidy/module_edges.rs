//! Which paths a place in the tree must not name: the column "must not know" of `docs/architecture.md`.

use super::Finding;
use crate::paths::{NamedPath, named};
use crate::source::Source;
use crate::tree::{Tree, is_test_file};

/// Inside `places`, but not inside `except`, none of `banned` is named.
struct ModuleEdge {
    places: &'static [&'static str],
    except: &'static [&'static str],
    banned: &'static [&'static str],
    reason: &'static str,
}

const PURE: &[&str] =
    &["components/src/", "systems/src/", "replays/src/", "protocol/src/", "clients/rust/src/"];
const EVERYWHERE: &[&str] = &[""];
const NONE: &[&str] = &[];

#[rustfmt::skip]
const EDGES: &[ModuleEdge] = &[
    ModuleEdge {
        places: EVERYWHERE, except: &["systems/src/spatial/", "systems/src/spatial.rs", "xtask/"],
        banned: &["rapier3d", "parry3d"], reason: "only systems/src/spatial names rapier",
    },
    ModuleEdge {
        places: PURE, except: NONE,
        banned: &["std::time", "core::time", "Instant::now", "SystemTime::now", "tokio"],
        reason: "a pure crate has no clock: it counts ticks",
    },
    ModuleEdge {
        places: PURE, except: NONE,
        banned: &["std::collections::HashMap", "std::collections::HashSet", "std::collections::hash_map", "hashbrown"],
        reason: "its order differs between runs: use BTreeMap or a Vec indexed by SimId",
    },
    ModuleEdge {
        places: PURE, except: NONE,
        banned: &["std::net", "std::process", "tracing"], reason: "a pure crate has no I/O and no log",
    },
    ModuleEdge {
        places: &["src/session"], except: &["src/session/pacer"],
        banned: &["Instant::now", "std::time::Instant::now", "SystemTime::now", "std::time::SystemTime::now",
            "tokio::time", "std::thread::sleep", "thread::sleep"],
        reason: "only src/session/pacer reads the clock: take an instant as an argument",
    },
    ModuleEdge {
        places: &["src/session", "src/replication"], except: NONE,
        banned: &["crate::http", "crate::ws", "axum", "hyper", "http", "http_body_util", "tower_http",
            "tokio_tungstenite", "sqlx", "crate::store"],
        reason: "a session and its frames know neither HTTP nor sockets nor SQL",
    },
    ModuleEdge {
        places: &["src/replication"], except: NONE,
        banned: &["crate::session", "crate::gallery", "crate::journal", "crate::telemetry", "tokio", "std::time",
            "parking_lot", "prometheus", "tracing"],
        reason: "an audience is given a gate and connections: it knows no session, log, runtime, clock, lock or metric",
    },
    ModuleEdge {
        places: &["src/http", "src/ws", "src/auth"], except: NONE,
        banned: &["sqlx", "crate::store"], reason: "the edges know no storage: ask the session registry",
    },
    ModuleEdge {
        places: &["src/journal"], except: NONE,
        banned: &["bevy_ecs", "combat_systems"], reason: "the journal keeps records and keyframes, it does not look inside",
    },
    ModuleEdge {
        places: &["src/"], except: &["src/store/"],
        banned: &["sqlx"], reason: "all SQL is under src/store",
    },
    ModuleEdge {
        places: &["src/"], except: &["src/store", "src/app"],
        banned: &["crate::store::sqlite", "crate::store::postgres", "crate::store::memory", "crate::sinks::postgres",
            "crate::sinks::kafka", "crate::sinks::redis"],
        reason: "src/app.rs alone names concrete backends",
    },
    ModuleEdge {
        places: &["src/", "systems/src/", "replays/src/"], except: &["src/main"],
        banned: &["Kinds::SHIPPED", "combat_systems::kinds::Kinds::SHIPPED", "crate::kinds::Kinds::SHIPPED"],
        reason: "kinds are handed in by main: take them as an argument",
    },
    ModuleEdge {
        places: &["src/"], except: &["src/ws", "src/load"],
        banned: &["tokio_tungstenite", "tungstenite"], reason: "src/ws hides the WebSocket library",
    },
];

pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, source) in &tree.sources {
        for edge in EDGES.iter().filter(|edge| edge.covers(path)) {
            findings.extend(crossings(edge, path, source));
        }
    }
    findings
}

impl ModuleEdge {
    fn covers(&self, path: &str) -> bool {
        let inside = |places: &[&str]| places.iter().any(|place| is_inside(path, place));
        inside(self.places) && !inside(self.except)
    }
}

/// `src/ws` holds `src/ws.rs` and `src/ws/…`, but not `src/wsl.rs`.
fn is_inside(path: &str, place: &str) -> bool {
    let whole = place.is_empty() || place.ends_with('/');
    path.strip_prefix(place).is_some_and(|rest| whole || rest.starts_with('/') || rest == ".rs")
}

fn crossings(edge: &ModuleEdge, path: &str, source: &Source) -> Vec<Finding> {
    let names_it = |named: &NamedPath| {
        edge.banned.iter().any(|banned| {
            let crate_alone = named.segments.len() == 1 && !banned.contains("::");
            named.starts_with(banned) && (!crate_alone || is_use(source, named.line))
        })
    };
    let counted = |named: &NamedPath| !named.in_tests && !is_test_file(path) || edge.places == EVERYWHERE;
    let found = named(path, source).into_iter().filter(|named| counted(named) && names_it(named));
    found
        .map(|named| Finding::new(path, named.line, format!("names {}: {}", named.text(), edge.reason)))
        .collect()
}

/// A single word is a crate only where it is imported; elsewhere it may be a variable.
fn is_use(source: &Source, line: usize) -> bool {
    let code = source.lines[line - 1].code.trim_start();
    code.starts_with("use ") || code.starts_with("pub use ") || code.starts_with("extern crate ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)])).into_iter().map(|finding| finding.text).collect()
    }

    #[test]
    fn rapier_is_named_in_spatial_alone() {
        assert!(texts("systems/src/movement.rs", "use rapier3d::prelude::*;\n")[0].contains("rapier3d"));
        assert_eq!(texts("systems/src/spatial/level.rs", "use rapier3d::prelude::*;\n"), [""; 0]);
        assert_eq!(texts("systems/tests/walk.rs", "use rapier3d::prelude::*;\n").len(), 1);
    }

    #[test]
    fn a_clock_or_a_hash_map_in_a_pure_crate_is_found() {
        assert_eq!(texts("systems/src/a.rs", "use std::time::Instant;\n").len(), 1);
        assert_eq!(texts("replays/src/a.rs", "use std::collections::{BTreeMap, HashMap};\n").len(), 1);
        assert_eq!(texts("protocol/src/a.rs", "let at = tokio::time::now();\n").len(), 1);
        assert_eq!(texts("src/a.rs", "use std::collections::HashMap;\n"), [""; 0]);
    }

    #[test]
    fn only_the_pacer_of_a_session_reads_the_clock() {
        assert_eq!(texts("src/session/shard.rs", "let now = Instant::now();\n").len(), 1);
        assert_eq!(texts("src/session/pacer.rs", "let now = Instant::now();\n"), [""; 0]);
    }

    #[test]
    fn an_audience_names_no_session_log_runtime_clock_or_metric() {
        for named in [
            "crate::journal::Tape",
            "crate::session::live::LiveFacts",
            "crate::telemetry::Metrics",
            "crate::ws::Flow",
            "tokio::sync::mpsc",
            "std::time::Instant",
            "prometheus::IntCounter",
        ] {
            assert_eq!(texts("src/replication/lane.rs", &format!("use {named};\n")).len(), 1, "{named}");
            assert_eq!(texts("src/replication/tests.rs", &format!("use {named};\n")), [""; 0], "{named}");
        }
        assert_eq!(texts("src/replication/lane.rs", "use super::gate::Gate;\n"), [""; 0]);
    }

    #[test]
    fn the_edges_of_the_service_hold() {
        assert_eq!(texts("src/session/host.rs", "use crate::http::Error;\n").len(), 1);
        assert_eq!(texts("src/http/sessions.rs", "use crate::store::Journal;\n").len(), 1);
        assert_eq!(texts("src/ws.rs", "use crate::store::Journal;\n").len(), 1);
        assert_eq!(texts("src/journal/writer.rs", "use bevy_ecs::world::World;\n").len(), 1);
        assert_eq!(texts("src/journal/writer.rs", "sqlx::query(text);\n").len(), 1);
        assert_eq!(texts("src/cli/serve.rs", "use crate::store::sqlite::Sqlite;\n").len(), 1);
        assert_eq!(texts("src/app.rs", "use crate::store::sqlite::Sqlite;\n"), [""; 0]);
        assert_eq!(texts("src/bots/brain.rs", "use tokio_tungstenite::connect_async;\n").len(), 1);
    }

    #[test]
    fn a_variable_with_the_name_of_a_crate_is_no_edge_and_neither_is_a_comment() {
        assert_eq!(texts("src/session/host.rs", "let http = 1; // crate::http::Error\n"), [""; 0]);
    }

    #[test]
    fn tests_inside_a_file_may_use_more() {
        let text = "#[cfg(test)]\nmod tests {\n    use std::time::Instant;\n}\n";
        assert_eq!(texts("systems/src/a.rs", text), [""; 0]);
    }
}
