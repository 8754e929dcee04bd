//! Events: exactly the numbers and texts of their kind, nil in the place of what is absent; unknown kinds are skipped.

use combat_protocol::codec::{
    DecodeError, Encoding, EventTable, FieldRow, Shape, decode_server, encode_server, event_tables,
};
use combat_protocol::server::{EventMessage, Happening, ServerMessage};
use serde_json::{Value, json};

use crate::samples::server_messages;

fn read(event: &Value) -> Result<Happening, DecodeError> {
    let message = decode_server(event.to_string().as_bytes(), Encoding::Json)?;
    let ServerMessage::Event(EventMessage { happening, .. }) = message else { panic!("{message:?}") };
    Ok(happening)
}

/// Every sample of an event as JSON, and how its kind is declared.
fn samples() -> Vec<(Value, EventTable)> {
    let events =
        server_messages().into_iter().filter(|(_, message)| matches!(message, ServerMessage::Event(_)));
    let tables = event_tables();
    events
        .map(|(_, message)| {
            let mut bytes = Vec::new();
            encode_server(&message, Encoding::Json, &mut bytes);
            let event: Value = serde_json::from_slice(&bytes).expect("JSON");
            let table = tables.iter().find(|table| event["kind"] == table.number).expect("declared");
            (event, table.clone())
        })
        .collect()
}

#[test]
fn an_event_with_more_or_fewer_numbers_or_texts_than_its_kind_has_is_refused_by_how_many_those_are() {
    for (event, table) in samples() {
        for (list, declared) in [("ints", table.ints.len()), ("texts", table.texts.len())] {
            let items = event[list].as_array().expect("a list");
            assert_eq!(items.len(), declared, "{}", table.name);
            let longer = [&items[..], &[Value::Null]].concat();
            for other in [&items[..declared.saturating_sub(1)], &longer].map(<[Value]>::to_vec) {
                if other.len() != declared {
                    let expected =
                        DecodeError::WrongArity { what: list, found: other.len(), expected: declared };
                    let mut wrong = event.clone();
                    wrong[list] = json!(other);
                    assert_eq!(read(&wrong), Err(expected), "{}", table.name);
                }
            }
        }
    }
    let without_winning_team = [0x96, 20, 1, 1, 4, 0x92, 0, 1, 0x90];
    let told = decode_server(&without_winning_team, Encoding::MessagePack).expect_err("a number is absent");
    assert_eq!(told.to_string(), "ints has 2 items, expected 3");
}

#[test]
fn whatever_numbers_of_an_event_may_be_nil_are_so_alone_and_together_and_no_others() {
    let is_optional = |field: &FieldRow| matches!(field.shape, Shape::Optional(_));
    for (event, table) in samples() {
        for mask in 1_u32..1 << table.ints.len() {
            let mut nils = event.clone();
            let named = |at: &usize| mask & 1 << at != 0;
            let places: Vec<_> = (0..table.ints.len()).filter(named).collect();
            places.iter().for_each(|&at| nils["ints"][at] = Value::Null);
            let wrong = places.iter().find(|&&at| !is_optional(&table.ints[at]));
            let refused = read(&nils).map_err(|error| error.to_string());
            match wrong {
                Some(&at) => {
                    let told = format!("{} is null, expected an integer", table.ints[at].name);
                    assert_eq!(refused, Err(told), "{}", table.name);
                }
                None => {
                    let happening = refused.expect("a message");
                    let again = ServerMessage::Event(EventMessage { epoch: 1, tick: 988, happening });
                    let mut bytes = Vec::new();
                    encode_server(&again, Encoding::Json, &mut bytes);
                    assert_eq!(serde_json::from_slice::<Value>(&bytes).expect("JSON"), nils);
                }
            }
        }
    }
}

#[test]
fn an_event_of_an_unknown_kind_is_skipped_with_all_that_an_event_may_tell() {
    let event = |ints: Value, texts: Value| {
        read(&json!({ "type": "event", "epoch": 1, "tick": 2, "kind": 200, "ints": ints, "texts": texts }))
    };
    let ints = json!([null, 7, u32::MAX, i32::MIN]);
    assert_eq!(event(ints, json!(["Ann", "x".repeat(128)])), Ok(Happening::Unknown { kind: 200 }));
    for (ints, texts, problem) in [
        (json!([i64::MAX]), json!([]), "int is 9223372036854775807, expected -2147483648 to 4294967295"),
        (json!([true]), json!([]), "int is a boolean, expected an integer"),
        (json!([]), json!([null]), "text is null, expected a string"),
        (json!(vec![0; 17]), json!([]), "ints has 17 items or bytes, expected at most 16"),
    ] {
        assert_eq!(event(ints, texts).expect_err("no event").to_string(), problem);
    }
}
