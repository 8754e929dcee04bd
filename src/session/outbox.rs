//! What a session sends to one connection: a bounded channel to the task that writes.

use std::sync::Arc;

use bytes::Bytes;
use combat_protocol::close::CloseCode;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::replication::connection::{Connection, FRAMES_PENDING_MAX};

pub use crate::replication::connection::LinkFacts;

/// Messages that may wait for a socket: a reader this far behind on reliable events is closed as too slow.
pub const OUTBOX_CAPACITY: usize = 256;

const _: () = assert!(FRAMES_PENDING_MAX < OUTBOX_CAPACITY);

/// One write to a socket.
#[derive(Clone, Debug)]
pub enum Outgoing {
    /// The public part shared by its lane, the part of its owner, or both.
    Frame {
        public: Option<Bytes>,
        own: Option<Bytes>,
    },
    Reliable(Bytes),
}

/// The session's end of a connection. Dropped, it closes the connection once what waits is written.
#[derive(Debug)]
pub struct Outbox {
    sender: mpsc::Sender<Outgoing>,
    facts: Arc<LinkFacts>,
}

/// The connection's end.
pub type OutboxReader = mpsc::Receiver<Outgoing>;

impl Outbox {
    pub fn new() -> (Self, OutboxReader, Arc<LinkFacts>) {
        let (sender, reader) = mpsc::channel(OUTBOX_CAPACITY);
        let facts = LinkFacts::new();
        (Self { sender, facts: facts.clone() }, reader, facts)
    }

    fn send(&self, message: Outgoing) -> bool {
        let sent = self.sender.try_send(message);
        if matches!(sent, Err(TrySendError::Full(_))) {
            self.facts.set_close_code(CloseCode::TooSlow);
        }
        sent.is_ok()
    }
}

impl Connection for Outbox {
    fn facts(&self) -> &LinkFacts {
        &self.facts
    }

    fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    fn send_frame(&self, public: Option<Bytes>, own: Option<Bytes>) -> bool {
        self.facts.note_frame_queued();
        self.send(Outgoing::Frame { public, own })
    }

    fn send_reliable(&self, message: Bytes) -> bool {
        self.send(Outgoing::Reliable(message))
    }
}
