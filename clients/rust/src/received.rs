//! What a message from the server turned out to be.

use combat_protocol::client_view::HashCheck;
use combat_protocol::server::{EventMessage, Own, Pong, StatusMessage, Welcome};
use combat_protocol::view::{Shot, View};

/// What arrived, after the client's state has taken it in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received<'a> {
    Welcome(&'a Welcome),
    /// A snapshot or delta; `shots` are those since the frame before.
    Frame {
        view: &'a View,
        shots: &'a [Shot],
        check: HashCheck,
    },
    Own(&'a Own),
    Event(EventMessage),
    Pong(Pong),
    Status(&'a StatusMessage),
}
