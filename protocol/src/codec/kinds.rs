//! The messages by number and name, with how many fields each has.

/// A kind of message: its number in MessagePack, its name in JSON, how many fields follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub number: u8,
    pub name: &'static str,
    pub fields: u32,
}

impl Kind {
    const fn new(number: u8, name: &'static str, fields: u32) -> Self {
        Self { number, name, fields }
    }
}

pub(super) const CLAIM: Kind = Kind::new(1, "claim", 12);
pub(super) const ATTACK: Kind = Kind::new(2, "attack", 6);
pub(super) const ABILITY: Kind = Kind::new(3, "ability", 7);
pub(super) const RELOAD: Kind = Kind::new(4, "reload", 1);
pub(super) const SEEN: Kind = Kind::new(5, "seen", 2);
pub(super) const PING: Kind = Kind::new(6, "ping", 1);
pub(super) const LEAVE: Kind = Kind::new(7, "leave", 0);
pub(super) const SWITCH: Kind = Kind::new(8, "switch", 2);

pub(super) const WELCOME: Kind = Kind::new(16, "welcome", 21);
pub(super) const SNAPSHOT: Kind = Kind::new(17, "snapshot", 7);
pub(super) const DELTA: Kind = Kind::new(18, "delta", 10);
pub(super) const OWN: Kind = Kind::new(19, "own", 13);
pub(super) const EVENT: Kind = Kind::new(20, "event", 5);
pub(super) const PONG: Kind = Kind::new(21, "pong", 5);
pub(super) const STATUS: Kind = Kind::new(22, "status", 2);

/// What a client may say.
pub const CLIENT_KINDS: &[Kind] = &[CLAIM, ATTACK, ABILITY, RELOAD, SEEN, PING, LEAVE, SWITCH];

/// What the server may say.
pub const SERVER_KINDS: &[Kind] = &[WELCOME, SNAPSHOT, DELTA, OWN, EVENT, PONG, STATUS];
