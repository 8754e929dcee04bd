//! The bytes of every message, for ever.

use combat_protocol::codec::{Encoding, encode_client, encode_server};

use crate::samples::{client_messages, server_messages};

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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

#[test]
fn the_bytes_of_every_client_message_are_golden() {
    insta::assert_snapshot!("client", rows(client_messages(), encode_client));
}

#[test]
fn the_bytes_of_every_server_message_are_golden() {
    insta::assert_snapshot!("server", rows(server_messages(), encode_server));
}
