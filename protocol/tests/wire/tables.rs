//! What is declared, as the file that the page in `web/` imports. `BLESS_DOCS=1` rewrites it.

#![allow(clippy::disallowed_methods, reason = "the file is compared and rewritten where it lies")]

use std::path::Path;

use combat_protocol::close::CloseCode;
use combat_protocol::codec::{
    Encoding, Enumeration, EventTable, FieldRow, MessageTable, RowTable, Shape, client_tables, event_tables,
    server_tables,
};
use combat_protocol::draft::DRAFT;
use combat_protocol::view::FLAGS;
use serde_json::{Value, json};

const FILE: &str = "web/wire.js";

/// Integers by what other languages call them; `u31` is an `i32` that is never negative, and `int` any of these.
const INTEGERS: [(&str, i64, i64); 7] = [
    ("u8", 0, u8::MAX as i64),
    ("u16", 0, u16::MAX as i64),
    ("u31", 0, i32::MAX as i64),
    ("u32", 0, u32::MAX as i64),
    ("i16", i16::MIN as i64, i16::MAX as i64),
    ("i32", i32::MIN as i64, i32::MAX as i64),
    ("int", i32::MIN as i64, u32::MAX as i64),
];

pub fn integer_name(min: i64, max: i64) -> &'static str {
    let known = INTEGERS.iter().find(|row| (row.1, row.2) == (min, max));
    known.unwrap_or_else(|| panic!("{min} to {max} has no name among INTEGERS")).0
}

/// Shows every shape of every message, row and event, those inside others too.
fn every_shape(visit: &mut dyn FnMut(&Shape)) {
    fn inside(fields: &[FieldRow], visit: &mut dyn FnMut(&Shape)) {
        for field in fields {
            let mut shape = &field.shape;
            visit(shape);
            while let Shape::Optional(inner) | Shape::List { of: inner, .. } = shape {
                shape = inner;
                visit(shape);
            }
            if let Shape::Row(row) | Shape::Changed(row) = shape {
                inside(&row.fields, visit);
            }
        }
    }
    let messages = client_tables().into_iter().chain(server_tables());
    messages.for_each(|message| inside(&message.fields, visit));
    event_tables()
        .iter()
        .flat_map(|event| [&event.ints, &event.texts])
        .for_each(|fields| inside(fields, visit));
}

/// Every row that messages hold, by name; a point needs none.
pub fn row_tables() -> Vec<RowTable> {
    let mut rows: Vec<RowTable> = Vec::new();
    every_shape(&mut |shape| {
        if let Shape::Row(row) | Shape::Changed(row) = shape
            && row.name != "point"
            && rows.iter().all(|known| known.name != row.name)
        {
            rows.push(row.clone());
        }
    });
    rows
}

/// Every enumeration that messages hold, by name.
fn enumerations() -> Vec<Enumeration> {
    let mut found: Vec<Enumeration> = Vec::new();
    every_shape(&mut |shape| {
        if let Shape::Number(enumeration) | Shape::Word(enumeration) = shape
            && !found.contains(enumeration)
        {
            found.push(enumeration.clone());
        }
    });
    found
}

fn json_of(shape: &Shape) -> Value {
    match shape {
        Shape::Integer { min, max } => json!(integer_name(*min, *max)),
        Shape::Boolean => json!("bool"),
        Shape::Text { .. } => json!("text"),
        Shape::Number(enumeration) => json!({ "number": enumeration.name }),
        Shape::Word(enumeration) => json!({ "word": enumeration.name }),
        Shape::Optional(inner) => json!({ "optional": json_of(inner) }),
        Shape::List { of, max } => json!({ "list": json_of(of), "max": max }),
        Shape::Row(row) if row.name == "point" => {
            json!({ "tuple": row.fields.iter().map(|field| json_of(&field.shape)).collect::<Vec<_>>() })
        }
        Shape::Row(row) => json!({ "row": row.name }),
        Shape::Part(name) => json!({ "part": name }),
        Shape::Changed(row) => json!({ "changed": row.name }),
    }
}

fn json_of_fields(fields: &[FieldRow]) -> Value {
    fields.iter().map(|field| json!([field.name, json_of(&field.shape)])).collect()
}

/// `"name": {` and a line for each entry.
fn object<'a>(name: &str, entries: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let lines: Vec<_> = entries.into_iter().map(|(key, value)| format!("    \"{key}\": {value}")).collect();
    format!("  \"{name}\": {{\n{}\n  }}", lines.join(",\n"))
}

fn messages(from: &str, tables: Vec<MessageTable>) -> String {
    let entry = |MessageTable { kind, fields }: MessageTable| {
        (kind.name, format!("{{\"number\": {}, \"fields\": {}}}", kind.number, json_of_fields(&fields)))
    };
    object(from, tables.into_iter().map(entry))
}

fn events() -> String {
    let entry = |event: EventTable| {
        let (ints, texts) = (json_of_fields(&event.ints), json_of_fields(&event.texts));
        (event.name, format!("{{\"number\": {}, \"ints\": {ints}, \"texts\": {texts}}}", event.number))
    };
    object("events", event_tables().into_iter().map(entry))
}

fn rendered() -> String {
    let protocols = [("messagePack", Encoding::MessagePack), ("json", Encoding::Json)];
    let parts = [
        format!("  \"draft\": {DRAFT}"),
        object(
            "protocols",
            protocols.map(|(name, encoding)| (name, json!(encoding.subprotocol()).to_string())),
        ),
        object("integers", INTEGERS.map(|(name, min, max)| (name, format!("[{min}, {max}]")))),
        messages("client", client_tables()),
        messages("server", server_tables()),
        object("rows", row_tables().iter().map(|row| (row.name, json_of_fields(&row.fields).to_string()))),
        events(),
        object(
            "enumerations",
            enumerations().iter().map(|known| (known.name, json!(known.words).to_string())),
        ),
        object("flags", FLAGS.map(|(name, bit)| (name, bit.to_string()))),
        object("closeCodes", CloseCode::TABLE.map(|row| (row.name, row.code.number().to_string()))),
    ];
    format!(
        "// Generated from the declarations in protocol/src by `make docs`: not to be edited. What follows `default` is JSON.\n\n\
         export default {{\n{}\n}};\n",
        parts.join(",\n")
    )
}

#[test]
fn docs_tables_for_other_languages_are_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(FILE);
    let expected = rendered();
    if std::env::var_os("BLESS_DOCS").is_some() {
        std::fs::write(path, expected).unwrap();
    } else {
        let found = std::fs::read_to_string(path).unwrap_or_default();
        assert!(found == expected, "{FILE} is stale: make docs");
    }
}
