//! Bytes to messages and back, in both encodings, by one list of fields per message.

pub(crate) mod declare;
pub(crate) mod describe;
pub(crate) mod error;
pub(crate) mod field;
pub(crate) mod form;
mod json;
mod json_node;
pub(crate) mod message;
mod messagepack;
pub(crate) mod sink;
pub(crate) mod source;

pub use describe::{Enumeration, EventTable, FieldRow, MessageTable, RowTable, Shape};
pub use error::DecodeError;
pub use message::Kind;

use crate::client::ClientMessage;
pub use crate::event::event_tables;
use crate::limits::{CLIENT_MESSAGE_BYTES_MAX, SERVER_MESSAGE_BYTES_MAX};
use crate::server::{Delta, EventMessage, Own, Pong, ServerMessage, Snapshot, StatusMessage, Welcome};
use json::{JsonNode, JsonSink, JsonSource};
use message::{Message, Sent};
use messagepack::{MessagePackSink, MessagePackSource};
use source::Source;

/// How messages are written on a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// Binary frames of MessagePack arrays.
    #[default]
    MessagePack,
    /// Text frames of JSON objects.
    Json,
}

impl Encoding {
    pub const ALL: [Self; 2] = [Self::MessagePack, Self::Json];

    /// The WebSocket subprotocol that stands for this encoding.
    pub const fn subprotocol(self) -> &'static str {
        match self {
            Self::MessagePack => "combat.v1",
            Self::Json => "combat.v1.json",
        }
    }

    pub fn from_subprotocol(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|encoding| encoding.subprotocol() == name)
    }
}

/// Reads a message of a client.
///
/// # Errors
/// When the bytes are anything but exactly one well-formed message of at most [`CLIENT_MESSAGE_BYTES_MAX`].
pub fn decode_client(bytes: &[u8], encoding: Encoding) -> Result<ClientMessage, DecodeError> {
    check_length(bytes, CLIENT_MESSAGE_BYTES_MAX)?;
    match encoding {
        Encoding::MessagePack => whole(MessagePackSource::new(bytes), ClientMessage::read),
        Encoding::Json => whole(JsonSource::new(&JsonNode::parse(bytes)?), ClientMessage::read),
    }
}

/// Reads a message of the server.
///
/// # Errors
/// When the bytes are anything but exactly one well-formed message of at most [`SERVER_MESSAGE_BYTES_MAX`].
pub fn decode_server(bytes: &[u8], encoding: Encoding) -> Result<ServerMessage, DecodeError> {
    check_length(bytes, SERVER_MESSAGE_BYTES_MAX)?;
    match encoding {
        Encoding::MessagePack => whole(MessagePackSource::new(bytes), ServerMessage::read),
        Encoding::Json => whole(JsonSource::new(&JsonNode::parse(bytes)?), ServerMessage::read),
    }
}

/// What a client may say, by rising number.
pub fn client_tables() -> Vec<MessageTable> {
    ClientMessage::describe()
}

/// What the server may say, by rising number.
pub fn server_tables() -> Vec<MessageTable> {
    ServerMessage::describe()
}

fn check_length(bytes: &[u8], max: usize) -> Result<(), DecodeError> {
    if bytes.len() > max {
        return Err(DecodeError::TooLong { found: bytes.len(), max });
    }
    Ok(())
}

fn whole<'a, S: Source<'a>, M>(
    mut source: S,
    read: impl FnOnce(&mut S) -> Result<M, DecodeError>,
) -> Result<M, DecodeError> {
    let message = read(&mut source)?;
    source.finish()?;
    Ok(message)
}

macro_rules! encoders {
    ($($(#[$doc:meta])* $name:ident($message:ty) = $write:path;)+) => {$(
        $(#[$doc])*
        /// Appends to `out`; allocates only to grow it.
        pub fn $name(message: &$message, encoding: Encoding, out: &mut Vec<u8>) {
            match encoding {
                Encoding::MessagePack => $write(message, &mut MessagePackSink::new(out)),
                Encoding::Json => $write(message, &mut JsonSink::new(out)),
            }
        }
    )+};
}

encoders! {
    /// Writes a message of a client.
    encode_client(ClientMessage) = Message::write;
    /// Writes any message of the server.
    encode_server(ServerMessage) = Message::write;
    /// Writes the first message of a connection.
    encode_welcome(Welcome) = Sent::write_message;
    /// Writes a view as a whole.
    encode_snapshot(Snapshot) = Sent::write_message;
    /// Writes what changed in a view.
    encode_delta(Delta) = Sent::write_message;
    /// Writes what concerns one player only.
    encode_own(Own) = Sent::write_message;
    /// Writes a reliable event.
    encode_event(EventMessage) = Sent::write_message;
    /// Writes the answer to a ping.
    encode_pong(Pong) = Sent::write_message;
    /// Writes whether the server takes inputs.
    encode_status(StatusMessage) = Sent::write_message;
}
