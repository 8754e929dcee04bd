//! Audiences by themselves: no session, log or runtime, and connections that only remember what they were sent.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use combat_components::ids::DisplayName;
use combat_protocol::codec::{Encoding, decode_server};
use combat_protocol::server::ServerMessage;
use combat_protocol::view::{PublicPlayer, RosterEntry, View};

use super::connection::{Connection, LinkFacts};

mod duel;
mod farewells;
mod frames;
mod lanes;
mod players;
mod spectators;
mod views;

/// Remembers what it was sent; what is a frame counts as written at once.
#[derive(Clone, Debug)]
struct Line {
    facts: Arc<LinkFacts>,
    sent: Rc<RefCell<Vec<Bytes>>>,
    gone: Rc<Cell<bool>>,
    /// Takes nothing more: its reader is hopelessly behind.
    full: Rc<Cell<bool>>,
}

impl Line {
    fn new() -> Self {
        let facts = LinkFacts::new();
        facts.note_rtt(0, 0);
        Self { facts, sent: Rc::default(), gone: Rc::default(), full: Rc::default() }
    }

    fn heard(&self) -> Vec<Bytes> {
        std::mem::take(&mut self.sent.borrow_mut())
    }

    fn messages(&self) -> Vec<ServerMessage> {
        let decode = |bytes: Bytes| decode_server(&bytes, Encoding::MessagePack).expect("a message");
        self.heard().into_iter().map(decode).collect()
    }
}

impl Connection for Line {
    fn facts(&self) -> &LinkFacts {
        &self.facts
    }

    fn is_closed(&self) -> bool {
        self.gone.get()
    }

    fn send_frame(&self, public: Option<Bytes>, own: Option<Bytes>) -> bool {
        self.sent.borrow_mut().extend(public.into_iter().chain(own));
        !self.full.get()
    }

    fn send_reliable(&self, message: Bytes) -> bool {
        self.sent.borrow_mut().push(message);
        !self.full.get()
    }
}

fn view(tick: u32, ids: &[u32]) -> View {
    let entry = |&sim_id: &u32| RosterEntry {
        sim_id,
        slot: sim_id as u8,
        team: 0,
        display_name: DisplayName::new("Somebody").expect("a name"),
        bot: false,
    };
    let player = |&sim_id: &u32| PublicPlayer { sim_id, x: tick as i32, ..PublicPlayer::default() };
    let (roster, players) = (ids.iter().map(entry).collect(), ids.iter().map(player).collect());
    View { epoch: 1, tick, roster, players, ..View::default() }
}
