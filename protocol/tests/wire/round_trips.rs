//! What is written is read back, in both encodings.

use combat_protocol::codec::{
    Encoding, EventTable, MessageTable, client_tables, decode_client, decode_server, encode_client,
    encode_server, event_tables, server_tables,
};
use combat_protocol::limits::{FRAME_SHOTS_MAX, OWN_VERDICTS_MAX, STATUS_REASON_BYTES_MAX};
use combat_protocol::server::ServerMessage;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::samples::{client_messages, delta, own, server_messages};
use crate::strategies::{client_message, server_message};

#[test]
fn every_sample_is_read_back_as_written() {
    for encoding in Encoding::ALL {
        for (name, message) in client_messages() {
            let mut bytes = Vec::new();
            encode_client(&message, encoding, &mut bytes);
            assert_eq!(decode_client(&bytes, encoding), Ok(message), "{name} {encoding:?}");
        }
        for (name, message) in server_messages() {
            let mut bytes = Vec::new();
            encode_server(&message, encoding, &mut bytes);
            assert_eq!(decode_server(&bytes, encoding), Ok(message), "{name} {encoding:?}");
        }
    }
}

const CASES: u32 = 4_000;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn every_client_message_is_read_back_as_written(message in client_message()) {
        for encoding in Encoding::ALL {
            let mut bytes = Vec::new();
            encode_client(&message, encoding, &mut bytes);
            prop_assert_eq!(decode_client(&bytes, encoding), Ok(message.clone()));
        }
    }

    #[test]
    fn every_server_message_is_read_back_as_written(message in server_message()) {
        for encoding in Encoding::ALL {
            let mut bytes = Vec::new();
            encode_server(&message, encoding, &mut bytes);
            prop_assert_eq!(decode_server(&bytes, encoding), Ok(message.clone()));
        }
    }
}

/// What is declared, and the fields by which JSON tells it.
type Declared = Vec<(String, Value)>;

fn messages(tables: Vec<MessageTable>) -> Declared {
    let names = tables.into_iter().map(|table| table.kind.name);
    names.map(|name| (name.to_owned(), json!({ "type": name }))).collect()
}

fn events() -> Declared {
    let told_by = |event: &EventTable| json!({ "type": "event", "kind": event.number });
    event_tables().iter().map(|event| (format!("event {}", event.name), told_by(event))).collect()
}

/// What does not come up among the random messages of `strategy`.
fn without_a_strategy<M: std::fmt::Debug>(
    mut declared: Declared,
    strategy: impl Strategy<Value = M>,
    encode: fn(&M, Encoding, &mut Vec<u8>),
) -> Vec<String> {
    let mut runner = TestRunner::deterministic();
    for _ in 0..CASES {
        if declared.is_empty() {
            break;
        }
        let message = strategy.new_tree(&mut runner).expect("a message").current();
        let mut bytes = Vec::new();
        encode(&message, Encoding::Json, &mut bytes);
        let said: Value = serde_json::from_slice(&bytes).expect("JSON");
        let is_said = |told_by: &Value| {
            told_by.as_object().expect("fields").iter().all(|(name, value)| said[name] == *value)
        };
        declared.retain(|(_, told_by)| !is_said(told_by));
    }
    declared.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn every_declared_message_and_event_has_a_strategy() {
    let of_clients = without_a_strategy(messages(client_tables()), client_message(), encode_client);
    let of_the_server = [messages(server_tables()), events()].concat();
    let of_the_server = without_a_strategy(of_the_server, server_message(), encode_server);
    let missing = [of_clients, of_the_server].concat();
    assert!(missing.is_empty(), "{missing:?} have no strategy in strategies.rs");
}

#[test]
fn what_is_too_long_is_cut_to_what_every_client_can_read() {
    let shots: Vec<_> =
        (0..2_000).map(|shooter| combat_protocol::view::Shot { shooter, ..delta().shots[0] }).collect();
    let verdicts: Vec<_> = (0..1_000)
        .map(|input_seq| combat_protocol::server::InputVerdict { input_seq, ..own().verdicts[0] })
        .collect();
    let status = combat_protocol::server::StatusMessage { reason: "ä".repeat(500), ..Default::default() };
    for encoding in Encoding::ALL {
        let full = combat_protocol::server::Delta { shots: shots.clone(), ..delta() };
        let ServerMessage::Delta(read) = back(ServerMessage::Delta(full), encoding) else { unreachable!() };
        assert_eq!(read.shots, shots[2_000 - FRAME_SHOTS_MAX..]);
        let full = combat_protocol::server::Own { verdicts: verdicts.clone(), ..own() };
        let ServerMessage::Own(read) = back(ServerMessage::Own(full), encoding) else { unreachable!() };
        assert_eq!(read.verdicts, verdicts[1_000 - OWN_VERDICTS_MAX..]);
        let ServerMessage::Status(read) = back(ServerMessage::Status(status.clone()), encoding) else {
            unreachable!()
        };
        assert_eq!(read.reason.len(), STATUS_REASON_BYTES_MAX);
    }
}

fn back(message: ServerMessage, encoding: Encoding) -> ServerMessage {
    let mut bytes = Vec::new();
    encode_server(&message, encoding, &mut bytes);
    decode_server(&bytes, encoding).unwrap()
}
