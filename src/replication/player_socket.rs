//! One player's connection, as the players' audience keeps it.

use combat_components::command::{Command, TickInput};
use combat_components::ids::{Epoch, Slot};
use combat_components::tick::Tick;
use combat_protocol::close::CloseCode;
use combat_protocol::codec::Encoding;
use combat_protocol::server::{Correction, InputVerdict};

use super::pace::Pace;
use crate::session::outbox::Outbox;

/// A connection that takes over a player's frames.
#[derive(Debug)]
pub struct Arrived {
    pub slot: Slot,
    pub connection: u64,
    pub outbox: Outbox,
    pub encoding: Encoding,
    pub seen: Option<(Epoch, Tick)>,
}

#[derive(Debug)]
pub(super) struct PlayerSocket {
    pub(super) connection: u64,
    pub(super) outbox: Outbox,
    pub(super) encoding: Encoding,
    /// `None` until the welcome has been sent.
    pub(super) pace: Option<Pace>,
    /// The roster that was told, by the count of its changes.
    pub(super) roster_told: u32,
    pub(super) seen_on_arrival: Option<(Epoch, Tick)>,
    pub(super) correction: Option<Correction>,
    pub(super) verdicts: Vec<InputVerdict>,
    /// Something of its own must leave with this tick.
    pub(super) urgent: bool,
    pub(super) logged_rtt_ms: u16,
}

/// Verdicts that one tick of one player usually brings.
const VERDICTS_START: usize = 16;

impl PlayerSocket {
    pub(super) fn of(arrived: Arrived) -> Self {
        let Arrived { connection, outbox, encoding, seen, .. } = arrived;
        Self {
            connection,
            outbox,
            encoding,
            pace: None,
            roster_told: 0,
            seen_on_arrival: seen,
            correction: None,
            verdicts: Vec::with_capacity(VERDICTS_START),
            urgent: false,
            logged_rtt_ms: 0,
        }
    }
}

/// Lets go of a reader that is gone or hopelessly behind.
pub(super) fn drop_socket(place: &mut Option<PlayerSocket>, at: usize, facts: &mut TickInput) {
    if let Some(socket) = place.take() {
        socket.outbox.close(CloseCode::TooSlow);
        facts.push(Command::Disconnected { slot: Slot(at as u8) });
    }
}
