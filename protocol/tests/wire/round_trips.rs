//! What is written is read back, in both encodings.

use combat_protocol::codec::{Encoding, decode_client, decode_server, encode_client, encode_server};
use combat_protocol::limits::{FRAME_SHOTS_MAX, OWN_VERDICTS_MAX, STATUS_REASON_BYTES_MAX};
use combat_protocol::server::ServerMessage;
use proptest::prelude::*;

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

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
