//! Bytes to messages and back, in both encodings, by one list of fields per message.

mod client;
mod error;
mod event;
mod json;
mod json_node;
mod kinds;
mod messagepack;
mod own;
mod parts;
mod server;
mod sink;
mod source;

pub use error::DecodeError;
pub use event::EVENT_KINDS;
pub use kinds::{CLIENT_KINDS, Kind, SERVER_KINDS};

use crate::client::ClientMessage;
use crate::limits::{CLIENT_MESSAGE_BYTES_MAX, SERVER_MESSAGE_BYTES_MAX};
use crate::server::{Delta, EventMessage, Own, Pong, ServerMessage, StatusMessage, Welcome};
use crate::view::{View, view_hash};
use json::{JsonNode, JsonSink, JsonSource};
use messagepack::{MessagePackSink, MessagePackSource};
use sink::Sink;
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
        Encoding::MessagePack => whole(MessagePackSource::new(bytes), client::read),
        Encoding::Json => whole(JsonSource::new(&JsonNode::parse(bytes)?), client::read),
    }
}

/// Reads a message of the server.
///
/// # Errors
/// When the bytes are anything but exactly one well-formed message of at most [`SERVER_MESSAGE_BYTES_MAX`].
pub fn decode_server(bytes: &[u8], encoding: Encoding) -> Result<ServerMessage, DecodeError> {
    check_length(bytes, SERVER_MESSAGE_BYTES_MAX)?;
    match encoding {
        Encoding::MessagePack => whole(MessagePackSource::new(bytes), server::read),
        Encoding::Json => whole(JsonSource::new(&JsonNode::parse(bytes)?), server::read),
    }
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
                Encoding::MessagePack => $write(&mut MessagePackSink::new(out), message),
                Encoding::Json => $write(&mut JsonSink::new(out), message),
            }
        }
    )+};
}

encoders! {
    /// Writes a message of a client.
    encode_client(ClientMessage) = client::write;
    /// Writes any message of the server.
    encode_server(ServerMessage) = server::write;
    /// Writes the first message of a connection.
    encode_welcome(Welcome) = server::write_welcome;
    /// Writes a view as a whole, with the hash over its players.
    encode_snapshot(View) = write_view;
    /// Writes what changed in a view.
    encode_delta(Delta) = server::write_delta;
    /// Writes what concerns one player only.
    encode_own(Own) = server::write_own;
    /// Writes a reliable event.
    encode_event(EventMessage) = server::write_event;
    /// Writes the answer to a ping.
    encode_pong(Pong) = server::write_pong;
    /// Writes whether the server takes inputs.
    encode_status(StatusMessage) = server::write_status;
}

fn write_view(sink: &mut impl Sink, view: &View) {
    server::write_snapshot(sink, view, view_hash(&view.players));
}
