//! The page that a stranger writes a reader from names what is written.

use combat_components::canon::{Canon, Trail};
use combat_components::phase::EndReason;
use combat_replays::file;
use combat_replays::header::Header;
use combat_systems::state::StateKind;

const PAGE: &str = include_str!("../../docs/replay-format.md");
const DUEL: &[u8] = include_bytes!("../corpus/rifle-duel.combatlog");

/// What stands between backticks in the first cells of the table under `| field | type | meaning |`, and the type.
fn fields_of_the_page() -> Vec<(String, String)> {
    let rows = PAGE.lines().skip_while(|line| !line.starts_with("| field | type |")).skip(2);
    rows.take_while(|line| line.starts_with('|'))
        .flat_map(|row| {
            let mut cells = row.split('|').skip(1).map(str::trim);
            let (names, of) = (cells.next().unwrap_or_default(), cells.next().unwrap_or_default());
            let names = names.split('`').skip(1).step_by(2).map(str::to_owned);
            names.map(|name| (name, of.trim_end_matches(" each").to_owned())).collect::<Vec<_>>()
        })
        .collect()
}

/// Every field of a header, its path's last part and its length in bytes, `None` for a text.
fn fields_of_a_header() -> Vec<(String, Option<usize>)> {
    let mut bytes = Vec::new();
    file::read(DUEL).expect("a golden log can be read").header.put(&mut bytes);
    let mut fields = Vec::new();
    let told = Trail::of::<Header>(&bytes, &mut |traced| {
        let name = traced.path.last().expect("a header is a struct");
        fields.push(((*name).to_owned(), (!traced.is_text).then(|| traced.range.len())));
    });
    told.expect("a header's own bytes");
    fields
}

/// `None` for a text.
fn bytes_of(of: &str) -> Option<usize> {
    match of {
        "text" => None,
        "u8" => Some(1),
        "u16" => Some(2),
        "u32" => Some(4),
        "u64" => Some(8),
        _ => of.strip_suffix(" bytes").and_then(|count| count.parse().ok()),
    }
}

#[test]
fn the_page_of_the_format_names_every_field_of_the_header_in_its_order_and_with_its_length() {
    let page: Vec<_> = fields_of_the_page().into_iter().map(|(name, of)| (name, bytes_of(&of))).collect();
    assert_eq!(page, fields_of_a_header(), "docs/replay-format.md, the table of header fields");
}

#[test]
fn the_page_names_every_reason_of_an_end_by_its_number() {
    let reasons = EndReason::ALL.map(|reason| {
        let mut number = Vec::new();
        reason.put(&mut number);
        format!("{} {}", number[0], reason.code().replace('_', " "))
    });
    let row = format!("| 2 | end | reason u8: {}, `request` |", reasons.join(", "));
    assert!(PAGE.contains(&row), "{row:?}: the table of commands is another");
}

/// Compares the table of kinds of state with the code's, or rewrites it.
#[test]
#[allow(clippy::disallowed_methods, reason = "the page is compared and rewritten where it lies")]
fn docs_kinds_of_state_are_those_of_the_table() {
    let mut table = String::from("| n | name | of | what it tells |\n|---|---|---|---|\n");
    for (number, kind) in StateKind::ALL.into_iter().enumerate() {
        let of = if kind.is_resource() { "session" } else { "body" };
        table += &format!("| {number} | {} | {of} | {} |\n", kind.name(), kind.what());
    }
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/replay-format.md");
    let (start, end) = ("<!-- generated: kinds of state -->\n", "<!-- end: kinds of state -->");
    let (head, rest) = PAGE.split_once(start).expect("the page has the marker of the table's beginning");
    let (found, tail) = rest.split_once(end).expect("the page has the marker of the table's end");
    if std::env::var_os("BLESS_DOCS").is_some() {
        std::fs::write(path, format!("{head}{start}{table}{end}{tail}")).expect("the page can be written");
    } else {
        assert_eq!(
            found, table,
            "docs/replay-format.md is stale: `make docs` rewrites its table of kinds of state"
        );
    }
}
