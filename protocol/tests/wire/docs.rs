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
    CLIENT_KINDS, EVENT_KINDS, Encoding, Kind, SERVER_KINDS, encode_client, encode_server,
};
use combat_protocol::limits::{
    CLIENT_MESSAGE_BYTES_MAX, FRAME_SHOTS_MAX, OWN_VERDICTS_MAX, SERVER_MESSAGE_BYTES_MAX,
};
use combat_protocol::numbers::{FrameStatus, Numbered, ServerState};
use combat_protocol::reasons::explain;
use combat_protocol::server::ServerMessage;

use crate::samples::{claim, client_messages, delta, server_messages};

const PAGE: &str = "docs/protocol.md";

/// Tests that rewrite the page take turns.
static TURN: Mutex<()> = Mutex::new(());

fn page_path() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(PAGE)
}

/// Compares what stands between the markers called `name` with `expected`, or rewrites it.
fn assert_current(name: &str, expected: &str) {
    let _turn = TURN.lock();
    let page = std::fs::read_to_string(page_path()).unwrap();
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

/// The fields of each kind of message, as the JSON of a sample names them.
fn fields_by_kind() -> Vec<(Kind, Vec<String>)> {
    let mut samples = Vec::new();
    for (_, message) in client_messages() {
        samples.push(Vec::new());
        encode_client(&message, Encoding::Json, samples.last_mut().unwrap());
    }
    for (_, message) in server_messages() {
        samples.push(Vec::new());
        encode_server(&message, Encoding::Json, samples.last_mut().unwrap());
    }
    let names: Vec<_> = samples.iter().map(|json| names_in_order(json)).collect();
    let kinds = CLIENT_KINDS.iter().chain(SERVER_KINDS);
    let fields_of = |kind: &Kind| {
        let tag = format!("{{\"type\":\"{}\"", kind.name);
        let at = samples.iter().position(|json| json.starts_with(tag.as_bytes())).unwrap();
        (*kind, names[at].clone())
    };
    kinds.map(fields_of).collect()
}

/// The names of an object in the order they are written, without `type` and without those further inside.
fn names_in_order(json: &[u8]) -> Vec<String> {
    let value: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(json).unwrap();
    let text = str::from_utf8(json).unwrap();
    let mut names: Vec<_> = value.keys().filter(|name| *name != "type").cloned().collect();
    let at = |name: &String| {
        let needle = format!("\"{name}\":{}", value[name]);
        text.find(&needle[..needle.find(['{', '[']).unwrap_or(needle.len())]).unwrap()
    };
    names.sort_by_key(at);
    names
}

#[test]
fn docs_messages_table_is_current() {
    let mut table = String::from("| type | name | from | fields, in order |\n|---|---|---|---|\n");
    for (kind, fields) in fields_by_kind() {
        assert_eq!(fields.len(), kind.fields as usize, "{}: {fields:?}", kind.name);
        let from = if CLIENT_KINDS.contains(&kind) { "client" } else { "server" };
        let fields: Vec<_> = fields.iter().map(|field| format!("`{field}`")).collect();
        let (number, name) = (kind.number, kind.name);
        table += &format!("| {number} | [{name}](#{name}) | {from} | {} |\n", fields.join(", "));
    }
    assert_current("messages", &table);
}

#[test]
fn docs_every_field_is_described_in_its_messages_section() {
    let page = std::fs::read_to_string(page_path()).unwrap();
    for (kind, fields) in fields_by_kind() {
        let title = format!("\n#### {}\n", kind.name);
        let (_, section) = page.split_once(&title).unwrap_or_else(|| panic!("{PAGE} lacks {title:?}"));
        let section = section.split("\n#").next().unwrap();
        for field in fields {
            assert!(section.contains(&format!("`{field}`")), "{PAGE}: {} lacks `{field}`", kind.name);
        }
    }
}

#[test]
fn docs_events_table_is_current() {
    let mut table = String::from("| kind | name | `ints` | `texts` |\n|---|---|---|---|\n");
    for (kind, name, ints, texts) in EVENT_KINDS {
        table += &format!("| {kind} | {name} | {} | {} |\n", ints.join(", "), texts.join(", "));
    }
    assert_current("events", &table);
}

#[test]
fn docs_numbers_table_is_current() {
    fn row<T: Numbered>(what: &str) -> String {
        let values: Vec<_> = T::TABLE.iter().map(|row| format!("{} {}", row.0, row.2)).collect();
        format!("| {what} | {} |\n", values.join(" · "))
    }
    let table = String::from("| what | numbers |\n|---|---|\n")
        + &row::<FrameStatus>("status of the match, in frames")
        + &row::<ServerState>("state, in `status`")
        + &row::<Outcome>("outcome of a verdict")
        + &row::<Zone>("zone of a hit")
        + &row::<Phase>("phase, in event `phase`")
        + &row::<EndReason>("reason, in event `ended`")
        + &row::<LeaveCause>("cause, in event `left`")
        + "| flags of a player | 1 alive · 2 connected |\n"
        + "| mask of a change | 1 x · 2 y · 4 z · 8 yaw · 16 pitch · 32 health · 64 armour · 128 flags · 256 kills · 512 deaths |\n";
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
