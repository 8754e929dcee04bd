//! A session whose ticks come when a test says so, and what its host makes of what comes together in one.

use std::sync::Arc;

use combat_components::command::{Action, Command, Deed, LeaveCause};
use combat_components::ids::{DisplayName, PlayerId, Pseudonym, SimId, Slot, Team};
use combat_components::limits::DISCONNECTED_BODY_MS;
use combat_components::origin::{Origin, RequestKey};
use combat_components::phase::EndReason;
use combat_components::quantity::{Pitch, Yaw};
use combat_components::reason::Reason;
use combat_components::rules::Ruleset;
use combat_components::streams::Stream;
use combat_components::tick::{Tick, TickRate};
use combat_components::verdict::Verdict;
use combat_protocol::close::CloseCode;
use combat_protocol::codec::{Encoding, decode_server};
use combat_protocol::server::ServerMessage;
use combat_replays::log::Log;
use combat_systems::kinds::Kinds;
use combat_systems::sim::Sim;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::oneshot::{self, Receiver};

use super::{HostState, SessionHost};
use crate::journal::{Journal, JournalConfig, NewSession};
use crate::session::ask::{Ask, Done, Joining, PlaceTaken, Wish};
use crate::session::catalogue::Catalogue;
use crate::session::handle::{AttachedPlayer, SessionHandle};
use crate::session::inbox::{Envelope, PlayerArrival};
use crate::session::known::{About, KEYS_MAX, KEYS_PER_PERSON_MAX, KnownRequests};
use crate::session::outbox::{Outbox, OutboxReader, Outgoing};
use crate::session::people::{People, Person};
use crate::session::registry::{Limits, Registry, Start};
use crate::session::summary::{CreateSession, JoinSession, SessionError, SessionKind};
use crate::store::{Fault, Faults, FaultyStore, MemoryStore, PeopleEraser};
use crate::telemetry::{Metrics, TickMetrics};

mod connections;
mod endings;
mod keeping;
mod leavers;
mod people;
mod requests;
mod seats;
mod standstill;

/// The slowest rate: the longest time for things to come together in one tick.
const RATE_HZ: u32 = 16;

/// As often as the races of the field were tried, and some.
const TRIES: u32 = 60;

/// A session that ticks without a clock must not run ahead of its journal.
const FLUSH_EVERY_TICKS: u32 = 200;

/// More ticks than a session makes before it stands still: its tape holds 60 s of them.
const STANDSTILL_TICKS_MAX: u32 = 90 * RATE_HZ;

type Answer<T> = Receiver<Result<T, SessionError>>;

/// A session without a shard: its ticks come when the test says so.
struct Stage {
    host: SessionHost,
    handle: SessionHandle,
    registry: Registry,
    store: MemoryStore,
    faults: Arc<Faults>,
    counted: TickMetrics,
    connections: u64,
}

impl Stage {
    /// A session of so many places.
    async fn of(max_players: u8) -> Self {
        Self::at(RATE_HZ, max_players).await
    }

    async fn at(rate_hz: u32, max_players: u8) -> Self {
        Self::with(rate_hz, max_players, |_| ()).await
    }

    /// Whose simulation has these rules, while its log says that it has those which ship.
    async fn with(rate_hz: u32, max_players: u8, change: impl FnOnce(&mut Ruleset)) -> Self {
        let store = MemoryStore::new();
        let faulty = FaultyStore::new(Arc::new(store.reopened()));
        let faults = faulty.faults();
        let (journal, _) = Journal::open(Arc::new(faulty), JournalConfig::default()).await.expect("a store");
        let catalogue = Catalogue::load(Kinds::SHIPPED, None, None).expect("what ships is sound");
        let limits = Limits { sessions_max: 8, shards: 1 };
        let metrics = Arc::new(Metrics::default());
        let counted = metrics.shard(0).ticks;
        let registry = Registry::start(catalogue, Arc::new(journal), metrics, limits, Box::new(|_, _, _| {}));
        let registry = registry.expect("threads");
        let (facts, mut parts, header) = registry.plan(wish(rate_hz, max_players)).expect("a sound wish");
        change(Arc::make_mut(&mut parts.ruleset));
        let new = NewSession { id: facts.id, created_unix_us: 1, header: header.to_bytes() };
        let tape = registry.journal().create(new, rate_hz).await.expect("a store");
        let sim = Sim::new(&parts).expect("sound parts");
        let (host, handle) = registry.host_of(&facts, sim, tape, Start::new(None));
        Self { host, handle, registry, store, faults, counted, connections: 1_000 }
    }

    fn step(&mut self) -> HostState {
        self.host.step(1, &self.counted)
    }

    async fn person(&self, name: &str) -> Person {
        let (player, name) = (id(name), DisplayName::new(name).ok());
        self.handle.people.enter(self.handle.id(), player, name).await.expect("a store")
    }

    /// Nothing is durable from here on, and steps until its tape is as full.
    fn fill_the_tape(&mut self, permille: u32) {
        self.faults.set(Fault::Failing);
        while self.handle.tape.fill_permille() < permille {
            assert_eq!(self.step(), HostState::Running);
            assert!(self.host.tick() < Tick(STANDSTILL_TICKS_MAX), "it is as full by then");
        }
    }

    fn stand_still(&mut self) {
        self.fill_the_tape(1_000);
        assert_eq!(self.step(), HostState::Suspended);
    }

    async fn go_on(&mut self) {
        self.faults.lift();
        self.settled().await;
        assert_eq!(self.step(), HostState::Running);
    }

    /// Everything that has been taken is durable.
    async fn settled(&self) {
        self.registry.journal().flush().await.expect("a store");
    }

    /// Its log, with everything that has been taken.
    async fn log(&self) -> Log {
        self.settled().await;
        let log = crate::journal_log::load(&*self.registry.journal().reader(), self.handle.id()).await;
        log.expect("a store").expect("a log")
    }

    fn put(&self, envelope: Envelope) {
        self.handle.inbox.put(envelope).expect("room in the inbox");
    }

    fn ask(&self, wish: Wish) -> Answer<Done> {
        self.ask_under(None, wish)
    }

    fn ask_under(&self, key: Option<RequestKey>, wish: Wish) -> Answer<Done> {
        let (reply, answer) = oneshot::channel();
        self.put(Envelope::Ask(Ask { wish, key, reply }));
        answer
    }

    fn join(&self, person: Person) -> Answer<Done> {
        self.ask(Wish::Join(Joining { person, team: Team(7), bot: false }))
    }

    fn leave(&self, person: Person, cause: LeaveCause) -> Answer<Done> {
        self.ask(Wish::Leave { player: person.player, cause, told: CloseCode::Left })
    }

    fn farewell(&self, socket: &Socket, slot: Slot) -> Answer<Done> {
        self.ask(Wish::Farewell { slot, connection: socket.connection })
    }

    fn end(&self) -> Answer<Done> {
        self.ask(Wish::End { reason: EndReason::Requested })
    }

    fn arrive(&mut self, person: Person) -> Socket {
        self.arrive_at(person, None)
    }

    fn arrive_at(&mut self, person: Person, place: Option<SimId>) -> Socket {
        self.connections += 1;
        let (outbox, outgoing, facts) = Outbox::new();
        let (reply, answer) = oneshot::channel();
        let (player, connection) = (person.player, self.connections);
        let encoding = Encoding::MessagePack;
        let arrival = PlayerArrival { player, place, connection, outbox, encoding, seen: None, reply };
        self.put(Envelope::Arrive(Box::new(arrival)));
        Socket { connection, outgoing, facts, answer }
    }

    fn say(&self, socket: &Socket, slot: Slot, input_seq: u32) {
        self.put(Envelope::Input {
            connection: socket.connection,
            command: reload(slot, input_seq),
            ack: false,
        });
    }

    /// In the session from the next tick on.
    async fn seated(&mut self, name: &str) -> Person {
        let person = self.person(name).await;
        let answer = self.join(person);
        self.step();
        answer.await.expect("an answer").expect("a place");
        person
    }

    fn holder(&self, slot: u8) -> Option<Pseudonym> {
        let mut members = self.host.parts.sim.members();
        members
            .find(|(_, identity, _)| identity.slot == Slot(slot))
            .map(|(_, identity, _)| identity.pseudonym)
    }

    /// What everybody may read agrees with the simulation.
    fn agrees(&self) {
        let here = self.host.parts.sim.members().filter(|(_, _, link)| link.leaves.is_none());
        let held: Vec<_> = here.map(|(_, identity, _)| (identity.slot, identity.pseudonym)).collect();
        let shown: Vec<_> =
            self.handle.live().seats().iter().map(|seat| (seat.slot, seat.pseudonym)).collect();
        assert_eq!(shown, held);
        let planned: Vec<_> = self.host.seats.iter().map(|seat| (seat.slot, seat.pseudonym)).collect();
        assert_eq!(planned, held);
    }
}

struct Socket {
    connection: u64,
    outgoing: OutboxReader,
    facts: Arc<crate::session::outbox::LinkFacts>,
    answer: Answer<Slot>,
}

impl Socket {
    /// The slot of the welcome that waits, and the last input taken of its player; `None` when nothing waits.
    fn welcome(&mut self) -> Option<(u8, u32)> {
        let Ok(Outgoing::Reliable(bytes)) = self.outgoing.try_recv() else { return None };
        match decode_server(&bytes, Encoding::MessagePack) {
            Ok(ServerMessage::Welcome(welcome)) => Some((welcome.slot?, welcome.last_input_seq)),
            other => panic!("expected a welcome first, found {other:?}"),
        }
    }

    fn is_closed(&mut self) -> bool {
        while self.outgoing.try_recv().is_ok() {}
        matches!(self.outgoing.try_recv(), Err(TryRecvError::Disconnected))
    }
}

fn id(text: &str) -> PlayerId {
    PlayerId::new(text).expect("an id")
}

fn wish(rate_hz: u32, max_players: u8) -> CreateSession {
    CreateSession {
        name: "races".to_owned(),
        kind: SessionKind::Training,
        map_id: "arena".to_owned(),
        mode: "deathmatch".to_owned(),
        max_players: Some(max_players),
        tick_rate: TickRate::new(rate_hz).expect("a rate"),
        ruleset: "default".to_owned(),
        spectator_delay_ms: None,
        metadata: serde_json::Value::Null,
        friendly_fire: None,
        time_limit_s: None,
        score_limit: None,
        bots: 0,
    }
}

fn reload(slot: Slot, input_seq: u32) -> Command {
    Command::Action {
        action: Action {
            slot,
            input_seq,
            follows: 0,
            yaw: Yaw(0),
            pitch: Pitch::default(),
            view_tick: Tick(0),
            view_fraction: 0,
            deed: Deed::Reload,
            target: None,
        },
    }
}

/// The place that a join was answered with.
fn place(answer: &mut Answer<Done>) -> Result<PlaceTaken, SessionError> {
    now(answer).map(|done| done.place().expect("a join is answered with a place"))
}

fn now<T>(answer: &mut Answer<T>) -> Result<T, SessionError> {
    answer.try_recv().expect("the tick has answered")
}
