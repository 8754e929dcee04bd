//! One player's connection, as the players' audience keeps it.

use combat_components::command::{Command, TickInput};
use combat_components::ids::{Epoch, Slot};
use combat_components::tick::Tick;
use combat_protocol::close::CloseCode;
use combat_protocol::codec::Encoding;
use combat_protocol::server::{Correction, InputVerdict};

use super::connection::Connection;
use super::lane::Reader;

/// A connection that takes over a player's frames.
#[derive(Debug)]
pub struct Arrived<C> {
    pub slot: Slot,
    pub connection: u64,
    pub outbox: C,
    pub encoding: Encoding,
    pub seen: Option<(Epoch, Tick)>,
    /// The tick that says so: it is shown nothing older.
    pub since: Tick,
}

#[derive(Debug)]
pub(super) struct PlayerSocket<C> {
    pub(super) connection: u64,
    pub(super) since: Tick,
    pub(super) reader: Reader<C>,
    pub(super) seen_on_arrival: Option<(Epoch, Tick)>,
    pub(super) correction: Option<Correction>,
    pub(super) verdicts: Vec<InputVerdict>,
    /// Something of its own must leave with this tick.
    pub(super) urgent: bool,
    pub(super) logged_rtt_ms: u16,
}

/// Verdicts that one tick of one player usually brings.
const VERDICTS_START: usize = 16;

impl<C: Connection> PlayerSocket<C> {
    pub(super) fn of(arrived: Arrived<C>) -> Self {
        let Arrived { connection, outbox, encoding, seen, since, .. } = arrived;
        Self {
            connection,
            since,
            reader: Reader::new(outbox, encoding),
            seen_on_arrival: seen,
            correction: None,
            verdicts: Vec::with_capacity(VERDICTS_START),
            urgent: false,
            logged_rtt_ms: 0,
        }
    }

    pub(super) fn outbox(&self) -> &C {
        &self.reader.outbox
    }

    pub(super) fn close(self, code: CloseCode) {
        self.reader.outbox.close(code);
    }
}

/// Lets go of a reader that is gone or hopelessly behind.
pub(super) fn drop_socket<C: Connection>(
    place: &mut Option<PlayerSocket<C>>,
    at: usize,
    facts: &mut TickInput,
) {
    if let Some(socket) = place.take() {
        socket.close(CloseCode::TooSlow);
        facts.push(Command::Disconnected { slot: Slot(at as u8) });
    }
}
