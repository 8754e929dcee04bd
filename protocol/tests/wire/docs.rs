//! The page that describes the protocol agrees with the code. `BLESS_DOCS=1` rewrites its tables.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the page is compared and rewritten where it lies, by one test at a time"
)]

use std::path::Path;
use std::sync::Mutex;

use combat_components::command::LeaveCause;
use combat_components::limits::{
    ABILITIES_MAX, BANK_MS, CLAIM_HZ, DISPLAY_NAME_BYTES_MAX, INPUTS_PER_PLAYER_AND_TICK_MAX, INSIDE_MS_MAX,
    PLAYERS_MAX, SUB_POSES_MAX, WEAPONS_MAX,
};
use combat_components::phase::{EndReason, Phase};
use combat_components::reason::Reason;
use combat_components::verdict::{Outcome, Zone};
use combat_protocol::close::CloseCode;
use combat_protocol::codec::{
    Encoding, Enumeration, FieldRow, Shape, client_tables, encode_client, encode_server, event_tables,
    server_tables,
};
use combat_protocol::draft::DRAFT;
use combat_protocol::limits::{
    CLIENT_MESSAGE_BYTES_MAX, FRAME_SHOTS_MAX, OWN_VERDICTS_MAX, SERVER_MESSAGE_BYTES_MAX,
};
use combat_protocol::numbers::{ActKind, FrameStatus, ServerState};
use combat_protocol::reasons::explain;
use combat_protocol::server::ServerMessage;
use combat_protocol::view::{FLAGS, PublicPlayer};

use crate::samples::{claim, delta};
use crate::tables::{integer_name, row_tables};

const PAGE: &str = "docs/protocol.md";

/// Tests that rewrite the page take turns.
static TURN: Mutex<()> = Mutex::new(());

fn page_path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE)
}

fn page() -> String {
    std::fs::read_to_string(page_path()).unwrap()
}

/// Compares what stands between the markers called `name` with `expected`, or rewrites it.
fn assert_current(name: &str, expected: &str) {
    let _turn = TURN.lock();
    let page = page();
    let (start, end) = (format!("<!-- generated: {name} -->\n"), format!("<!-- end: {name} -->"));
    let (head, rest) = page.split_once(&start).unwrap_or_else(|| panic!("{PAGE} lacks the line {start:?}"));
    let (found, tail) = rest.split_once(&end).unwrap_or_else(|| panic!("{PAGE} lacks the line {end:?}"));
    let expected = format!("{}\n", expected.trim_end());
    if std::env::var_os("BLESS_DOCS").is_some() {
        std::fs::write(page_path(), format!("{head}{start}{expected}{end}{tail}")).unwrap();
    } else {
        assert_eq!(found, expected, "{PAGE}: table {name} is stale: run the tests docs_ with BLESS_DOCS=1");
    }
}

#[test]
fn docs_close_codes_table_is_current() {
    let mut table = String::from("| code | name | try again | meaning |\n|---|---|---|---|\n");
    for row in CloseCode::TABLE {
        let (number, name, retry) = (row.code.number(), row.name, row.retry.word());
        table += &format!("| {number} | `{name}` | {retry} | {} |\n", row.meaning);
    }
    assert_current("close-codes", &table);
}

#[test]
fn docs_reasons_table_is_current() {
    let mut table = String::from("| number | name | try again | meaning |\n|---|---|---|---|\n");
    for reason in Reason::ALL {
        let (meaning, retry) = explain(reason);
        table += &format!("| {} | `{}` | {} | {meaning} |\n", reason.number(), reason.code(), retry.word());
    }
    assert_current("reasons", &table);
}

#[test]
fn docs_messages_table_is_current() {
    let mut table = String::from("| type | name | from | fields, in order |\n|---|---|---|---|\n");
    for (from, messages) in [("client", client_tables()), ("server", server_tables())] {
        for message in messages {
            let fields: Vec<_> = message.fields.iter().map(|field| format!("`{}`", field.name)).collect();
            let (number, name) = (message.kind.number, message.kind.name);
            table += &format!("| {number} | [{name}](#{name}) | {from} | {} |\n", fields.join(", "));
        }
    }
    assert_current("messages", &table);
}

fn anchor(name: &str) -> String {
    format!("[{name}](#{})", name.replace(' ', "-"))
}

fn kind_of(enumeration: &Enumeration) -> String {
    let page = if enumeration.name == "reason" { "reasons" } else { "tables-of-numbers" };
    format!("[{}](#{page})", enumeration.name)
}

/// As the column of types says it.
fn type_of(shape: &Shape) -> String {
    match shape {
        Shape::Integer { min, max } => integer_name(*min, *max).to_owned(),
        Shape::Boolean => "bool".to_owned(),
        Shape::Text { .. } => "text".to_owned(),
        Shape::Number(enumeration) => format!("{} (u8)", kind_of(enumeration)),
        Shape::Word(enumeration) => {
            enumeration.words.iter().map(|word| format!("`{}`", word.1)).collect::<Vec<_>>().join(" or ")
        }
        Shape::Optional(inner) => format!("{} or nil", type_of(inner)),
        Shape::List { of, max } => format!("list of at most {max}: {}", type_of(of)),
        Shape::Row(row) if row.name == "point" => {
            let names: Vec<_> = row.fields.iter().map(|field| field.name).collect();
            format!("`[{}]`", names.join(", "))
        }
        Shape::Row(row) => anchor(row.name),
        Shape::Part(name) => format!("the fields of {}", anchor(name)),
        Shape::Changed(_) => anchor("change"),
    }
}

/// Neighbours that mean the same share a line.
fn fields_table(fields: &[FieldRow]) -> String {
    let mut table = String::from("| field | type | meaning |\n|---|---|---|\n");
    let same = |a: &FieldRow, b: &FieldRow| a.meaning == b.meaning && type_of(&a.shape) == type_of(&b.shape);
    for alike in fields.chunk_by(same) {
        let names: Vec<_> = alike.iter().map(|field| format!("`{}`", field.name)).collect();
        table += &format!("| {} | {} | {} |\n", names.join(" "), type_of(&alike[0].shape), alike[0].meaning);
    }
    table
}

#[test]
fn docs_fields_of_every_message_and_row_are_current() {
    let page = {
        let _turn = TURN.lock();
        page()
    };
    let messages = client_tables().into_iter().chain(server_tables());
    let mut tables: Vec<_> = messages.map(|message| (message.kind.name, message.fields)).collect();
    tables.extend(row_tables().into_iter().map(|row| (row.name, row.fields)));
    for (name, fields) in tables {
        let title = format!("\n#### {name}\n");
        assert!(page.contains(&title), "{PAGE} lacks {title:?}");
        if !fields.is_empty() {
            assert_current(&format!("fields of {name}"), &fields_table(&fields));
        }
    }
}

#[test]
fn docs_events_table_is_current() {
    let field = |field: &FieldRow| match field.shape {
        Shape::Optional(_) => format!("`{}` or nil", field.name),
        _ => format!("`{}`", field.name),
    };
    let names = |fields: &[FieldRow]| fields.iter().map(field).collect::<Vec<_>>().join(", ");
    let mut table = String::from("| kind | name | `ints` | `texts` | meaning |\n|---|---|---|---|---|\n");
    for event in event_tables() {
        let (ints, texts) = (names(&event.ints), names(&event.texts));
        table += &format!("| {} | {} | {ints} | {texts} | {} |\n", event.number, event.name, event.meaning);
    }
    assert_current("events", &table);
}

#[test]
fn docs_draft_is_current() {
    assert_current("draft", &format!("This page describes draft {DRAFT}.\n"));
}

#[test]
fn docs_numbers_table_is_current() {
    fn row(enumeration: Enumeration, what: &str) -> String {
        let values: Vec<_> =
            enumeration.words.iter().map(|(number, word)| format!("{number} {word}")).collect();
        format!("| {} | {what} | {} |\n", enumeration.name, values.join(" · "))
    }
    let flags: Vec<_> = FLAGS.iter().map(|(word, bit)| format!("{bit} {word}")).collect();
    let names = PublicPlayer::field_names().into_iter().enumerate();
    let mask: Vec<_> = names.map(|(bit, name)| format!("{} {name}", 1 << bit)).collect();
    let table = String::from("| name | what | numbers |\n|---|---|---|\n")
        + &row(Enumeration::of::<ActKind>(), "kind of an act")
        + &row(Enumeration::of::<FrameStatus>(), "status of the match, in frames")
        + &row(Enumeration::of::<ServerState>(), "state, in `status`")
        + &row(Enumeration::of::<Outcome>(), "outcome of a verdict")
        + &row(Enumeration::of::<Zone>(), "zone of a hit")
        + &row(Enumeration::of::<Phase>(), "phase, in event `phase`")
        + &row(Enumeration::of::<EndReason>(), "reason, in event `ended`")
        + &row(Enumeration::of::<LeaveCause>(), "cause, in event `left`")
        + &format!("| flags | of a player | {} |\n", flags.join(" · "))
        + &format!("| mask | of a change | {} |\n", mask.join(" · "));
    assert_current("numbers", &table);
}

#[test]
fn docs_limits_table_is_current() {
    let rows = [
        ("bytes of a message from a client", CLIENT_MESSAGE_BYTES_MAX),
        ("bytes of a message from the server", SERVER_MESSAGE_BYTES_MAX),
        ("bytes of a display name", DISPLAY_NAME_BYTES_MAX),
        ("players of a session", PLAYERS_MAX),
        ("weapons of a ruleset", WEAPONS_MAX),
        ("abilities of a ruleset", ABILITIES_MAX),
        ("bends of a claim", SUB_POSES_MAX),
        ("claims a second, as asked for", CLAIM_HZ as usize),
        ("milliseconds in the bank, besides one claim interval", BANK_MS as usize),
        ("inputs of one player in one tick", INPUTS_PER_PLAYER_AND_TICK_MAX),
        ("milliseconds inside another body", INSIDE_MS_MAX as usize),
        ("shots in a delta; the newest are kept", FRAME_SHOTS_MAX),
        ("verdicts in an own part; the newest are kept", OWN_VERDICTS_MAX),
    ];
    let mut table = String::from("| at most | |\n|---|---|\n");
    for (what, max) in rows {
        table += &format!("| {what} | {max} |\n");
    }
    assert_current("limits", &table);
}

/// Splits MessagePack into its headers and values.
fn tokens(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut tokens = Vec::new();
    while let Some(first) = bytes.first() {
        let length = match first {
            0xcc | 0xd0 => 2,
            0xcd | 0xd1 | 0xdc => 3,
            0xce | 0xd2 => 5,
            _ => 1,
        };
        let (token, rest) = bytes.split_at(length);
        tokens.push(token);
        bytes = rest;
    }
    tokens
}

fn annotated(bytes: &[u8], meanings: &str) -> String {
    let tokens = tokens(bytes);
    let meanings: Vec<_> = meanings.split(", ").collect();
    assert_eq!(tokens.len(), meanings.len(), "{:02x?}", tokens);
    let mut lines = String::from("```\n");
    for (token, meaning) in tokens.into_iter().zip(meanings) {
        let hex: Vec<_> = token.iter().map(|byte| format!("{byte:02x}")).collect();
        lines += &format!("{:<10}{meaning}\n", hex.join(" "));
    }
    lines + "```\n"
}

#[test]
fn docs_claim_bytes_are_current() {
    let mut bytes = Vec::new();
    let message = combat_protocol::client::ClientMessage::Claim(claim());
    encode_client(&message, Encoding::MessagePack, &mut bytes);
    let meanings = "array of 13, type 1: claim, inputSeq 42, clientTick 1000, x 1500, y 0, z -2250, \
        yaw 16384: a quarter turn left, pitch -512, viewTick 980, poseEpoch 3, seenTick 984, ack true, \
        bends: array of 1, a bend: array of 3, x 1400, y 0, z -2250";
    assert_current("claim-bytes", &annotated(&bytes, meanings));
}

#[test]
fn docs_delta_bytes_are_current() {
    let mut bytes = Vec::new();
    encode_server(&ServerMessage::Delta(delta()), Encoding::MessagePack, &mut bytes);
    let meanings = "array of 11, type 18: delta, epoch 1, tick 988, baseTick 984, status 2: active, \
        phaseEndsAt 23040, joined: none, left: none, changed: array of 2, a change: array of 4, simId 1, \
        mask 5: x and z, x 1620, z -2300, a change: array of 3, simId 2, mask 32: health, health 66, \
        shots: array of 1, a shot: array of 8, shooter 1, fromX 1620, fromY 1600, fromZ -2300, toX -3000, \
        toY 1200, toZ -2250, struck 2, viewHash: not due";
    assert_current("delta-bytes", &annotated(&bytes, meanings));
}
