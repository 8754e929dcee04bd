//! Whatever arrives, an error says what was wrong; nothing panics, nothing slips through.

use combat_protocol::codec::{
    DecodeError, Encoding, client_tables, decode_client, decode_server, encode_client, encode_server,
};
use combat_protocol::limits::{CLIENT_MESSAGE_BYTES_MAX, DECODE_ERROR_BYTES_MAX};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::samples::{claim, client_messages, own};
use crate::strategies::{client_message, server_message};
use combat_protocol::client::ClientMessage;
use combat_protocol::server::ServerMessage;

/// Decodes everything every way; the result does not matter, only that there is one.
fn decode_all(bytes: &[u8]) {
    for encoding in Encoding::ALL {
        if let Err(error) = decode_client(bytes, encoding) {
            fits_a_close_frame(&error);
        }
        let _ = decode_server(bytes, encoding);
    }
}

fn fits_a_close_frame(error: &DecodeError) {
    let told = error.to_string();
    assert!(told.len() <= DECODE_ERROR_BYTES_MAX, "{} bytes: {told}", told.len());
}

/// Bytes that look like MessagePack more often than chance.
fn likely_bytes() -> impl Strategy<Value = Vec<u8>> {
    let marker = prop_oneof![
        4 => any::<u8>(),
        2 => 0x90..=0x9f_u8,
        2 => prop::sample::select(vec![0xc0_u8, 0xc2, 0xc3, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf, 0xd0, 0xd1]),
        2 => prop::sample::select(vec![0xd2_u8, 0xd3, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0x80, 0xc4]),
        1 => 0..=22_u8,
    ];
    vec(marker, 0..48)
}

fn likely_text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "true",
        "-1",
        "1.5",
        "1e9",
        "99999999999999999999",
        "\"type\"",
        "\"claim\"",
        "\"seen\"",
        "\"epoch\"",
        "\"tick\"",
        "\"\\ud800\"",
        "NaN",
        " ",
        "\"own\"",
        "7",
    ]);
    vec(word, 0..24).prop_map(|words| words.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150_000))]

    #[test]
    fn random_bytes_never_panic(bytes in likely_bytes()) {
        decode_all(&bytes);
    }

    #[test]
    fn random_texts_never_panic(text in likely_text()) {
        decode_all(text.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn a_changed_client_message_is_refused_or_reads_as_what_it_says(
        message in client_message(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        for encoding in Encoding::ALL {
            let mut bytes = Vec::new();
            encode_client(&message, encoding, &mut bytes);
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(read) = decode_client(&bytes, encoding) {
                let mut again = Vec::new();
                encode_client(&read, encoding, &mut again);
                prop_assert_eq!(decode_client(&again, encoding), Ok(read));
            }
        }
    }

    #[test]
    fn a_truncated_or_lengthened_client_message_is_refused(
        message in client_message(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        for encoding in Encoding::ALL {
            let mut bytes = Vec::new();
            encode_client(&message, encoding, &mut bytes);
            prop_assert!(decode_client(&bytes[..at.index(bytes.len())], encoding).is_err());
            bytes.push(byte);
            let is_blank = encoding == Encoding::Json && byte.is_ascii_whitespace() && byte != 0x0c;
            prop_assert_eq!(decode_client(&bytes, encoding).is_err(), !is_blank);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn a_changed_or_truncated_server_message_never_panics(
        message in server_message(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        for encoding in Encoding::ALL {
            let mut bytes = Vec::new();
            encode_server(&message, encoding, &mut bytes);
            let at = at.index(bytes.len());
            prop_assert!(decode_server(&bytes[..at], encoding).is_err());
            bytes[at] = byte;
            let _ = decode_server(&bytes, encoding);
        }
    }
}

fn refused(bytes: &[u8]) -> String {
    decode_client(bytes, Encoding::MessagePack).unwrap_err().to_string()
}

fn refused_json(text: &str) -> String {
    decode_client(text.as_bytes(), Encoding::Json).unwrap_err().to_string()
}

/// Of every message that a client sends.
fn names_of_all() -> String {
    client_tables().iter().map(|table| table.kind.name).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_type_that_no_client_sends_is_told_with_those_that_there_are() {
    let last = client_tables().last().expect("clients say something").kind.number;
    for (byte, number) in [(last + 1, i32::from(last) + 1), (0xff, -1), (0x10, 16)] {
        let told = format!("message type {number}, expected one of 1 to {last}");
        assert_eq!(refused(&[0x91, byte]), told);
    }
    let told = format!("type \"own\", expected one of {}", names_of_all());
    assert_eq!(refused_json("{\"type\":\"own\"}"), told);
}

#[test]
fn malformed_messagepack_is_named_with_what_was_expected() {
    let rows: &[(&[u8], &str)] = &[
        (&[], "message ended early, expected an array"),
        (&[0x90], "message ended early, expected its type"),
        (&[0x81, 0x04, 0x07], "message is a map, expected an array"),
        (&[0x06], "message is an integer, expected an array"),
        (&[0x91, 0xa4, b'p', b'i', b'n', b'g'], "type is a string, expected an integer"),
        (&[0x91, 0x04], "ping has 1 items, expected 2"),
        (&[0x93, 0x04, 0x01, 0x02], "ping has 3 items, expected 2"),
        (&[0x92, 0x04, 0x01, 0x02], "1 bytes after the message, expected none"),
        (&[0x92, 0x04], "nonce ended early, expected an integer"),
        (&[0x92, 0x04, 0xff], "nonce is -1, expected 0 to 4294967295"),
        (&[0x92, 0x04, 0xcf, 0, 0, 0, 1, 0, 0, 0, 0], "nonce is 4294967296, expected 0 to 4294967295"),
        (&[0x92, 0x04, 0xcb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0], "nonce is a float, expected an integer"),
        (&[0x92, 0x04, 0xca, 0x3f, 0x80, 0, 0], "nonce is a float, expected an integer"),
        (&[0x92, 0x04, 0x91, 0x01], "nonce is an array, expected an integer"),
        (&[0x92, 0x04, 0xc0], "nonce is nil, expected an integer"),
        (&[0x92, 0x04, 0xc4, 0x00], "nonce is binary, expected an integer"),
        (&[0x92, 0x04, 0xd4, 0x00, 0x00], "nonce is an extension, expected an integer"),
        (&[0x92, 0x04, 0xc1], "nonce is a reserved byte, expected an integer"),
        (&[0xdd, 0xff, 0xff, 0xff, 0xff, 0x04], "ping has 4294967295 items, expected 2"),
    ];
    for (bytes, problem) in rows {
        assert_eq!(refused(bytes), *problem, "{bytes:02x?}");
    }
}

#[test]
fn malformed_json_is_named_with_what_was_expected() {
    let rows = [
        ("", "malformed JSON at column 0: EOF while parsing a value"),
        ("{\"type\":\"ping\",\"nonce\":1", "malformed JSON at column 24: EOF while parsing an object"),
        ("{\"type\":\"ping\",\"nonce\":NaN}", "malformed JSON at column 24: expected value"),
        ("[6,1]", "message is an array, expected an object"),
        ("{\"nonce\":1}", "type is missing, expected it by this name"),
        ("{\"type\":6,\"nonce\":1}", "type is an integer, expected a string"),
        ("{\"type\":\"ping\"}", "nonce is missing, expected it by this name"),
        ("{\"type\":\"ping\",\"nonce\":null}", "nonce is null, expected an integer"),
        ("{\"type\":\"ping\",\"nonce\":1.5}", "nonce is a float, expected an integer"),
        ("{\"type\":\"ping\",\"nonce\":1e-2}", "nonce is a float, expected an integer"),
        ("{\"type\":\"ping\",\"nonce\":1e300}", "nonce is a float, expected an integer"),
        ("{\"type\":\"ping\",\"nonce\":9007199254740994.0}", "nonce is a float, expected an integer"),
        ("{\"type\":\"ping\",\"nonce\":\"1\"}", "nonce is a string, expected an integer"),
        ("{\"type\":\"ping\",\"nonce\":4294967296}", "nonce is 4294967296, expected 0 to 4294967295"),
        ("{\"type\":\"ping\",\"nonce\":-1}", "nonce is -1, expected 0 to 4294967295"),
        ("{\"type\":\"ping\",\"nonce\":1,\"x\":2}", "field \"x\", expected only the fields of ping"),
        ("{\"type\":\"ping\",\"nonce\":1}{}", "malformed JSON at column 26: trailing characters"),
    ];
    for (text, problem) in rows {
        assert_eq!(refused_json(text), problem, "{text}");
    }
    let repeated = refused_json("{\"type\":\"ping\",\"nonce\":1,\"nonce\":2}");
    assert!(repeated.contains("field \"nonce\" repeated"), "{repeated}");
}

/// Every field of every message, with values of every type, the longest among them.
#[test]
fn whatever_is_wrong_with_a_message_the_reason_fits_a_close_frame_whole() {
    let long = "\u{1f}\u{1F600}\\\"x".repeat(200);
    let values = [
        json!(null),
        json!(true),
        json!(1.5),
        json!([]),
        json!({}),
        json!("x"),
        json!(long),
        json!(u64::MAX),
        json!(i64::MIN),
        json!([[[]]]),
        json!([{}, {}, {}, {}, {}, {}, {}, {}, {}]),
    ];
    let mut refused_count = 0;
    let mut tell = |message: &Value| {
        if let Err(error) = decode_client(message.to_string().as_bytes(), Encoding::Json) {
            fits_a_close_frame(&error);
            refused_count += 1;
        }
    };
    for (_, message) in client_messages() {
        let mut bytes = Vec::new();
        encode_client(&message, Encoding::Json, &mut bytes);
        let sound: Value = serde_json::from_slice(&bytes).expect("JSON");
        let fields = sound.as_object().expect("an object").clone();
        for name in fields.keys() {
            for value in &values {
                let mut wrong = fields.clone();
                wrong.insert(name.clone(), value.clone());
                tell(&wrong.clone().into());
            }
            let mut lacking = fields.clone();
            lacking.remove(name);
            tell(&lacking.into());
        }
        let mut more = fields.clone();
        more.insert(long.clone(), json!(1));
        tell(&more.into());
    }
    assert!(refused_count > 200, "{refused_count}");
    let name = json!(long).to_string();
    let repeated = format!("{}{{{name}:1,{name}:2}}", " ".repeat(1_000));
    for text in
        [repeated, "[".repeat(4_000), "\"\u{1}\"".to_owned(), "\"\\ud800\"".to_owned(), "1e999".to_owned()]
    {
        fits_a_close_frame(&decode_client(text.as_bytes(), Encoding::Json).expect_err("no message"));
    }
    let told = refused_json(&json!({"type": "x".repeat(100)}).to_string());
    let all = names_of_all();
    assert_eq!(told, format!("type \"{}\", expected one of {all}", "x".repeat(24)));
}

#[test]
fn a_whole_number_that_an_engine_writes_as_a_float_is_read_as_that_integer() {
    let read = |nonce: &str| {
        let text = format!("{{\"type\":\"ping\",\"nonce\":{nonce}}}");
        decode_client(text.as_bytes(), Encoding::Json).expect("a ping")
    };
    for (written, nonce) in [("7.0", 7), ("-0.0", 0), ("1e2", 100), ("4294967295.0", u32::MAX), ("0.7e1", 7)]
    {
        assert_eq!(read(written), read(&nonce.to_string()), "{written}");
    }
}

#[test]
fn every_integer_form_is_read_and_the_smallest_is_written() {
    let forms: &[&[u8]] = &[
        &[0x92, 0x04, 0x07],
        &[0x92, 0x04, 0xcc, 0x07],
        &[0x92, 0x04, 0xcd, 0, 0x07],
        &[0x92, 0x04, 0xce, 0, 0, 0, 0x07],
        &[0x92, 0x04, 0xcf, 0, 0, 0, 0, 0, 0, 0, 0x07],
        &[0x92, 0x04, 0xd0, 0x07],
        &[0x92, 0x04, 0xd1, 0, 0x07],
        &[0x92, 0x04, 0xd2, 0, 0, 0, 0x07],
        &[0x92, 0x04, 0xd3, 0, 0, 0, 0, 0, 0, 0, 0x07],
        &[0xdc, 0, 2, 0x04, 0x07],
        &[0xdd, 0, 0, 0, 2, 0xcc, 0x04, 0x07],
    ];
    for form in forms {
        let message = decode_client(form, Encoding::MessagePack);
        assert_eq!(message, Ok(ClientMessage::Ping { nonce: 7 }), "{form:02x?}");
    }
    let mut bytes = Vec::new();
    encode_client(&ClientMessage::Ping { nonce: 7 }, Encoding::MessagePack, &mut bytes);
    assert_eq!(bytes, [0x92, 0x04, 0x07]);
}

#[test]
fn nesting_however_deep_is_refused() {
    for depth in [2, 9, 200, CLIENT_MESSAGE_BYTES_MAX / 2] {
        let binary = vec![0x91; depth];
        assert!(decode_client(&binary, Encoding::MessagePack).is_err());
        let text = "[".repeat(depth) + &"]".repeat(depth);
        assert!(decode_client(text.as_bytes(), Encoding::Json).is_err());
        let inside = format!("{{\"type\":\"ping\",\"nonce\":{text}}}");
        assert!(decode_client(inside.as_bytes(), Encoding::Json).is_err());
    }
    let deep = "[".repeat(9) + &"]".repeat(9);
    assert!(refused_json(&deep).contains("nested too deep"), "{}", refused_json(&deep));
}

#[test]
fn a_message_over_the_limit_is_refused_before_it_is_read() {
    let bytes = vec![0x90; CLIENT_MESSAGE_BYTES_MAX + 1];
    for encoding in Encoding::ALL {
        let found = bytes.len();
        let expected = Err(DecodeError::TooLong { found, max: CLIENT_MESSAGE_BYTES_MAX });
        assert_eq!(decode_client(&bytes, encoding), expected);
    }
}

#[test]
fn every_message_in_the_wrong_encoding_or_direction_is_refused() {
    for (name, message) in client_messages() {
        for (written, read) in
            [(Encoding::MessagePack, Encoding::Json), (Encoding::Json, Encoding::MessagePack)]
        {
            let mut bytes = Vec::new();
            encode_client(&message, written, &mut bytes);
            assert!(decode_client(&bytes, read).is_err(), "{name}");
            assert!(decode_server(&bytes, written).is_err(), "{name}");
        }
    }
}

#[test]
fn a_claim_with_five_bends_or_a_bend_of_two_numbers_is_refused() {
    let mut json = Vec::new();
    encode_client(&ClientMessage::Claim(claim()), Encoding::Json, &mut json);
    let json = String::from_utf8(json).unwrap();
    let with = |bends: &str| json.replace("[[1400,0,-2250]]", bends);
    assert_eq!(refused_json(&with("[[1,2]]")), "bend has 2 items, expected 3");
    assert_eq!(refused_json(&with("[[1,2,3,4]]")), "bend has 4 items, expected 3");
    assert_eq!(refused_json(&with("[[],[],[],[],[]]")), "bends has 5 items or bytes, expected at most 4");
    assert_eq!(
        refused_json(&with("[[1,2,2147483648]]")),
        "bend is 2147483648, expected -2147483648 to 2147483647"
    );
}

#[test]
fn a_verdict_tells_all_of_a_hit_or_nothing_and_nobody_is_killed_without_a_victim() {
    let contradicts = |bytes: &[u8], encoding| {
        let expected = "victim, zone, amountMilli and remainingHealthMilli all given or all nil";
        decode_server(bytes, encoding) == Err(DecodeError::Contradiction { what: "verdict", expected })
    };
    // Victim, zone, amount, remaining health and whether he died are the last of a verdict's row.
    const VICTIM: usize = 4;
    let (struck, nils) = (own().verdicts[0].hit, [json!(null), json!(null), json!(null), json!(null)]);
    let given = [json!(2), json!(0), json!(1), json!(1), json!(true)];
    assert!(struck.is_some());
    for (hit, others) in [(struck, &nils[..]), (None, &given[..])] {
        let mut own = own();
        own.verdicts[0].hit = hit;
        let mut json = Vec::new();
        encode_server(&ServerMessage::Own(own), Encoding::Json, &mut json);
        let sound: Value = serde_json::from_slice(&json).expect("JSON");
        for (at, other) in others.iter().enumerate() {
            let mut wrong = sound.clone();
            wrong["verdicts"][0][VICTIM + at] = other.clone();
            let wrong = wrong.to_string();
            assert!(contradicts(wrong.as_bytes(), Encoding::Json), "item {at} alone is {other}: {wrong}");
        }
    }
    let mut missed = own();
    missed.verdicts[0].hit = None;
    let mut bytes = Vec::new();
    encode_server(&ServerMessage::Own(missed), Encoding::MessagePack, &mut bytes);
    let (_, hit) = bytes.split_last_chunk_mut::<5>().expect("a verdict");
    assert_eq!(*hit, [0xc0, 0xc0, 0xc0, 0xc0, 0xc2], "nobody was struck");
    hit[4] = 0xc3;
    assert!(contradicts(&bytes, Encoding::MessagePack), "killed, and nobody was struck: {bytes:02x?}");
}
