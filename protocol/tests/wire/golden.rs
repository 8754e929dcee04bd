//! The bytes of every message, and the ledger that gives each change of them a number. `BLESS_DRAFT="why"` records both.

#![allow(clippy::disallowed_methods, reason = "golden bytes are compared and rewritten where they lie")]

use std::path::PathBuf;

use combat_protocol::codec::{
    Encoding, client_tables, encode_client, encode_server, event_tables, server_tables,
};
use combat_protocol::draft::DRAFT;
use sha2::{Digest, Sha256};

use crate::samples::{client_messages, server_messages};

const LEDGER: &str = "VERSIONS";

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden").join(name)
}

fn rows<M>(messages: Vec<(&str, M)>, encode: fn(&M, Encoding, &mut Vec<u8>)) -> String {
    let mut text = String::new();
    for (name, message) in messages {
        let (mut binary, mut json) = (Vec::new(), Vec::new());
        encode(&message, Encoding::MessagePack, &mut binary);
        encode(&message, Encoding::Json, &mut json);
        let json = String::from_utf8(json).unwrap();
        text += &format!("{name}\n  {}\n  {json}\n", hex(&binary));
    }
    text
}

/// Both files as they would be written now.
fn golden() -> [(&'static str, String); 2] {
    let client = rows(client_messages(), encode_client);
    [("client.txt", client), ("server.txt", rows(server_messages(), encode_server))]
}

/// The last line of a ledger: its digest, its number, and the bytes it binds.
type Newest = (String, u32, String);

/// An error names the first line that does not follow from those before it.
fn follow(ledger: &str) -> Result<Newest, String> {
    let head: String = ledger.split_inclusive('\n').take_while(|line| line.starts_with('#')).collect();
    let mut before = (hex(&Sha256::digest(&head)), 0, String::new());
    for line in ledger[head.len()..].lines() {
        let words: Vec<_> = line.splitn(4, ' ').collect();
        let [draft, bytes, digest, reason] = words[..] else {
            return Err(format!("{line:?}, expected DRAFT BYTES DIGEST REASON"));
        };
        let number = before.1 + 1;
        if draft != number.to_string() || bytes == before.2 {
            return Err(format!("{line:?}, expected draft {number} with other bytes than the one before"));
        }
        if digest != digest_of(&before.0, draft, bytes, reason) {
            return Err(format!("draft {draft}, or what is before it, was edited, dropped or moved"));
        }
        before = (digest.to_owned(), number, bytes.to_owned());
    }
    Ok(before)
}

fn digest_of(before: &str, draft: &str, bytes: &str, reason: &str) -> String {
    hex(&Sha256::digest(format!("{before} {draft} {bytes} {reason}")))
}

#[test]
fn the_bytes_of_every_message_are_golden_and_a_change_of_them_is_a_new_draft() {
    let golden = golden();
    let bytes = hex(&Sha256::digest(golden.iter().map(|file| file.1.as_str()).collect::<String>()));
    let ledger = std::fs::read_to_string(path(LEDGER)).unwrap();
    let (before, newest, in_force) = follow(&ledger).unwrap();
    if let Some(reason) = std::env::var("BLESS_DRAFT").ok().filter(|_| in_force != bytes) {
        assert!(reason.trim() == reason && !reason.is_empty(), "expected a reason without space around it");
        let draft = (newest + 1).to_string();
        let digest = digest_of(&before, &draft, &bytes, &reason);
        std::fs::write(path(LEDGER), format!("{ledger}{draft} {bytes} {digest} {reason}\n")).unwrap();
        golden.iter().for_each(|(name, text)| std::fs::write(path(name), text).unwrap());
        return;
    }
    for (name, expected) in golden {
        let found = std::fs::read_to_string(path(name)).unwrap_or_default();
        let at = found.lines().zip(expected.lines()).take_while(|(a, b)| a == b).count();
        let line = |text: &str| text.lines().nth(at).unwrap_or("nothing more").to_owned();
        assert_eq!(
            line(&found),
            line(&expected),
            "golden/{name}:{}: other bytes are another draft: make draft REASON=\"...\"",
            at + 1
        );
        assert_eq!(found, expected, "golden/{name}");
    }
    assert_eq!(in_force, bytes, "draft {newest} binds other bytes: make draft REASON=\"...\"");
    assert_eq!(DRAFT, newest, "the newest draft is that of the welcome");
}

#[test]
fn a_ledger_in_which_anything_was_edited_is_refused() {
    let ledger = std::fs::read_to_string(path(LEDGER)).unwrap();
    assert_eq!(follow(&ledger).map(|newest| newest.1), Ok(DRAFT));
    let head_edited = ledger.replacen("# combat", "# Combat", 1);
    let reason_edited = format!("{} otherwise\n", ledger.trim_end());
    let line_dropped = ledger.lines().filter(|line| !line.starts_with("1 ")).map(|line| format!("{line}\n"));
    let line_dropped = line_dropped.collect::<String>() + "2 00 00 why\n";
    for edited in [head_edited, reason_edited, line_dropped, format!("{ledger}nonsense\n")] {
        assert!(follow(&edited).is_err(), "{edited}");
    }
}

/// The JSON of every sample.
fn json_of_samples() -> Vec<serde_json::Map<String, serde_json::Value>> {
    let golden = golden();
    let objects = golden.iter().flat_map(|file| file.1.lines()).filter(|line| line.starts_with("  {"));
    objects.map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_declared_message_and_event_has_a_sample() {
    let samples = json_of_samples();
    for table in client_tables().into_iter().chain(server_tables()) {
        let name = table.kind.name;
        assert!(samples.iter().any(|sample| sample["type"] == name), "{name} has no sample in samples.rs");
    }
    for table in event_tables() {
        let is_sample = |sample: &serde_json::Map<_, _>| {
            sample["type"] == "event" && sample["kind"] == serde_json::json!(table.number)
        };
        assert!(samples.iter().any(is_sample), "event {} has no sample in samples.rs", table.name);
    }
}

#[test]
fn what_is_declared_is_what_is_written() {
    let samples = json_of_samples();
    let numbers: Vec<_> =
        client_tables().iter().chain(&server_tables()).map(|table| table.kind.number).collect();
    let kinds: Vec<_> = event_tables().iter().map(|event| event.number).collect();
    for numbers in [numbers, kinds] {
        assert!(numbers.is_sorted_by(|a, b| a < b), "each number once, rising: {numbers:?}");
    }
    for table in client_tables().into_iter().chain(server_tables()) {
        assert_eq!(table.kind.fields, table.fields.len(), "{}", table.kind.name);
        for sample in samples.iter().filter(|sample| sample["type"] == table.kind.name) {
            let mut written: Vec<_> = sample.keys().filter(|name| *name != "type").cloned().collect();
            let mut declared: Vec<_> = table.fields.iter().map(|field| field.name.to_owned()).collect();
            written.sort();
            declared.sort();
            assert_eq!(written, declared, "{}", table.kind.name);
        }
    }
}
