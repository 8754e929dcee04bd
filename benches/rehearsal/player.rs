//! A bot with its client, and the connection that a socket or a crew would read.

use std::sync::Arc;

use combat_client::Client;
use combat_components::command::{Command, TickInput};
use combat_components::ids::{Epoch, Pseudonym, Slot, Team};
use combat_components::streams::Stream;
use combat_components::tick::Tick;
use combat_protocol::codec::{Encoding, decode_client};
use combat_systems::sim::SimParts;
use realtime_combat_service::bots::brain::{Brain, Field};
use realtime_combat_service::bots::messages::Messages;
use realtime_combat_service::bots::skill::Identity;
use realtime_combat_service::replication::players::{Arrived, PlayersAudience};
use realtime_combat_service::session::convert::{Meant, meaning};
use realtime_combat_service::session::outbox::{LinkFacts, Outbox, OutboxReader, Outgoing};

use super::RATE;

/// Each bot at its own 30th of a second.
pub fn is_awake(number: usize, tick: u32) -> bool {
    (tick * 30 + number as u32 * 13) % RATE.hz() < 30
}

pub struct Player {
    pub slot: Slot,
    pub pseudonym: Pseudonym,
    pub client: Client,
    brain: Brain,
    outgoing: OutboxReader,
    facts: Arc<LinkFacts>,
}

impl Player {
    /// The bot of this number takes the place of this number.
    pub fn join(
        number: u8,
        parts: &SimParts,
        audience: &mut PlayersAudience<Outbox>,
        input: &mut TickInput,
    ) -> Self {
        let (slot, pseudonym) = (Slot(number), Pseudonym(1 + u64::from(number)));
        let (outbox, outgoing, facts) = Outbox::new();
        facts.note_rtt(0, 0);
        input.push(Command::Join { slot, pseudonym, team: Team::NONE, bot: true, request: None });
        input.push(Command::Connected { slot });
        let encoding = Encoding::MessagePack;
        audience.arrive(Arrived {
            slot,
            connection: u64::from(number) + 1,
            outbox,
            encoding,
            seen: None,
            since: Tick(0),
        });
        let Identity { skill, .. } = Identity::of(usize::from(number));
        let brain = Brain::new(skill, parts, Stream::of(parts.setup.seed.0, u64::from(number)));
        Self { slot, pseudonym, client: Client::new(encoding), brain, outgoing, facts }
    }

    /// What it says is left in `messages`, and what that means goes into `input`.
    pub fn wake(&mut self, field: &Field, now_ms: u64, messages: &mut Messages, input: &mut TickInput) {
        messages.clear();
        self.brain.wake(&mut self.client, field, now_ms, messages);
        for bytes in messages.iter() {
            let message = decode_client(bytes, Encoding::MessagePack).expect("a message of the protocol");
            match meaning(&message, self.slot).expect("a message that means something") {
                Meant::Input { command, seen, .. } => {
                    seen.into_iter().for_each(|tick| self.facts.note_seen(Epoch(1), tick));
                    input.push(command);
                }
                Meant::Seen { tick, .. } => self.facts.note_seen(Epoch(1), tick),
                other => panic!("a bot acts and sees, and says nothing else: {other:?}"),
            }
        }
    }

    /// Takes in what it was sent; `note` sees it first.
    pub fn hear(&mut self, now_ms: u64, mut note: impl FnMut(&Outgoing)) {
        while let Ok(outgoing) = self.outgoing.try_recv() {
            note(&outgoing);
            let messages = match outgoing {
                Outgoing::Reliable(bytes) => [Some(bytes), None],
                Outgoing::Frame { public, own } => {
                    self.facts.note_frame_written();
                    [public, own]
                }
            };
            for bytes in messages.into_iter().flatten() {
                self.client.receive(&bytes, now_ms).expect("the server says what fits");
            }
        }
    }
}
