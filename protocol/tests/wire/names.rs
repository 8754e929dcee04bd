//! Names on the wire: bytes of a roster that hold none, and the longest ones in the longest messages.

use combat_components::ids::DisplayName;
use combat_components::limits::{DISPLAY_NAME_BYTES_MAX, PLAYERS_MAX};
use combat_protocol::codec::{Encoding, decode_server, encode_server};
use combat_protocol::limits::{FRAME_SHOTS_MAX, SERVER_MESSAGE_BYTES_MAX};
use combat_protocol::server::{
    Delta, EventMessage, Happening, PlayerChange, ServerMessage, Snapshot, Welcome,
};
use combat_protocol::view::{FULL_MASK, PublicPlayer, RosterEntry, Shot, View};

const KNOWN: &str = "somebody";

fn joined(name: &str) -> ServerMessage {
    let happening = Happening::Joined { sim_id: 1, display_name: DisplayName::new(name).unwrap() };
    ServerMessage::Event(EventMessage { epoch: 1, tick: 1, happening })
}

/// A message in which other bytes stand where the name stood.
fn with_name(name: &[u8], encoding: Encoding) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_server(&joined(KNOWN), encoding, &mut bytes);
    let at = bytes.windows(KNOWN.len()).position(|window| window == KNOWN.as_bytes()).expect("it is there");
    let (mut head, tail) = (bytes[..at].to_vec(), &bytes[at + KNOWN.len()..]);
    if encoding == Encoding::MessagePack {
        head.pop();
        head.extend([0xda, (name.len() >> 8) as u8, name.len() as u8]);
    }
    [&head, name, tail].concat()
}

#[test]
fn a_name_is_read_up_to_its_bound_and_hostile_ones_are_refused_by_field() {
    for encoding in Encoding::ALL {
        for name in ["x".repeat(DISPLAY_NAME_BYTES_MAX), "한".repeat(32), "ی\u{200c}ر".to_owned()] {
            assert_eq!(decode_server(&with_name(name.as_bytes(), encoding), encoding), Ok(joined(&name)));
        }
        let hostile: [&[u8]; 10] = [
            b"",
            &[b'x'; DISPLAY_NAME_BYTES_MAX + 1],
            &[b'x'; 60_000],
            "a\u{202e}b".as_bytes(),
            "a\u{feff}b".as_bytes(),
            "a\u{9b}b".as_bytes(),
            b"\xff\xfe",
            b"\xc0\xaf",
            b"\xed\xa0\x80",
            b"\xf0\x9f\x91",
        ];
        for name in hostile {
            let told = decode_server(&with_name(name, encoding), encoding).expect_err("no name").to_string();
            assert!(
                told.contains("displayName") || told.contains("JSON") || told.contains("UTF-8"),
                "{told}"
            );
            assert!(told.len() <= 123, "{told}");
        }
    }
}

/// Everybody with a name that JSON writes twice as long.
fn full_roster() -> Vec<RosterEntry> {
    let entry = |number: usize| RosterEntry {
        sim_id: u32::MAX - PLAYERS_MAX as u32 + number as u32,
        slot: u8::MAX,
        team: u8::MAX,
        display_name: DisplayName::new(&"\"".repeat(DISPLAY_NAME_BYTES_MAX)).unwrap(),
        bot: false,
    };
    (0..PLAYERS_MAX).map(entry).collect()
}

#[test]
fn the_longest_names_of_a_full_session_fit_the_longest_messages() {
    let roster = full_roster();
    let values = [i32::MIN, i32::MIN, i32::MIN, 65_535, -32_768, i32::MAX, i32::MAX, 255, 65_535, 65_535];
    let players: Vec<_> =
        roster.iter().map(|entry| PublicPlayer::from_values(entry.sim_id, values)).collect();
    let change = |entry: &RosterEntry| PlayerChange { sim_id: entry.sim_id, mask: FULL_MASK, values };
    let shot = Shot { shooter: u32::MAX, from: [i32::MIN; 3], to: [i32::MIN; 3], struck: Some(u32::MAX) };
    let delta = Delta {
        joined: roster.clone(),
        left: roster.iter().map(|entry| entry.sim_id).collect(),
        changed: roster.iter().map(change).collect(),
        shots: vec![shot; FRAME_SHOTS_MAX],
        ..Delta::default()
    };
    let view = View { roster, players, ..View::default() };
    let welcome = Welcome { snapshot: Snapshot::of(&view), ..Welcome::default() };
    for message in [ServerMessage::Delta(delta), ServerMessage::Welcome(Box::new(welcome))] {
        for encoding in Encoding::ALL {
            let mut bytes = Vec::new();
            encode_server(&message, encoding, &mut bytes);
            assert!(bytes.len() < SERVER_MESSAGE_BYTES_MAX, "{} bytes", bytes.len());
        }
    }
}
