//! Joins, leaves and connections that share a tick: every answer is what the simulation says after it.

use std::sync::Arc;

use combat_components::command::{Action, Command, Deed, LeaveCause};
use combat_components::ids::{DisplayName, PlayerId, Pseudonym, SimId, Slot, Team};
use combat_components::limits::DISCONNECTED_BODY_MS;
use combat_components::origin::{Origin, RequestKey};
use combat_components::phase::EndReason;
use combat_components::quantity::{Pitch, Yaw};
use combat_components::reason::Reason;
use combat_components::streams::Stream;
use combat_components::tick::{Tick, TickRate};
use combat_components::verdict::Verdict;
use combat_protocol::close::CloseCode;
use combat_protocol::codec::{Encoding, decode_server};
use combat_protocol::server::ServerMessage;
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

mod keeping;
mod leavers;

/// The slowest rate: the longest time for things to come together in one tick.
const RATE_HZ: u32 = 16;

/// As often as the races of the field were tried, and some.
const TRIES: u32 = 60;

/// A session that ticks without a clock must not run ahead of its journal.
const FLUSH_EVERY_TICKS: u32 = 200;

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
        let (facts, parts, header) = registry.plan(wish(rate_hz, max_players)).expect("a sound wish");
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

#[tokio::test]
async fn whoever_joins_and_leaves_in_one_tick_hears_that_he_is_out_and_gets_nobody_elses_place() {
    let mut stage = Stage::of(4).await;
    stage.seated("present").await;
    for number in 0..TRIES {
        let ann = stage.person(&format!("ann{number}")).await;
        let bob = stage.person(&format!("bob{number}")).await;
        let (mut joined, mut left) = (stage.join(ann), stage.leave(ann, LeaveCause::Left));
        let mut next = stage.join(bob);
        stage.step();
        assert_eq!(now(&mut joined).err(), Some(SessionError::NotInSession), "the session is live");
        now(&mut left).expect("left");
        let place = place(&mut next).expect("a place");
        assert_eq!(stage.holder(place.slot.0), Some(bob.pseudonym));
        assert_eq!(stage.handle.place_of(ann.player), None);
        stage.agrees();
        let mut left = stage.leave(bob, LeaveCause::Left);
        stage.step();
        now(&mut left).expect("left");
    }
}

#[tokio::test]
async fn a_slot_given_back_and_taken_in_one_tick_answers_each_by_what_he_holds() {
    let mut stage = Stage::of(2).await;
    let mut ann = stage.seated("ann0").await;
    stage.seated("present").await;
    for number in 1..=TRIES {
        let bob = stage.person(&format!("ann{number}")).await;
        let mut old = stage.arrive(ann);
        stage.step();
        assert_eq!(old.welcome(), Some((0, 0)));
        stage.say(&old, Slot(0), 3);
        let mut left = stage.leave(ann, LeaveCause::Left);
        let mut joined = stage.join(bob);
        let mut new = stage.arrive(bob);
        let (mut again, mut late) = (stage.join(ann), stage.arrive(ann));
        stage.say(&old, Slot(0), 4);
        stage.step();
        now(&mut left).expect("left");
        assert_eq!(place(&mut joined).expect("a place").slot, Slot(0));
        assert_eq!(now(&mut again).err(), Some(SessionError::Full), "his place is another's");
        assert_eq!(now(&mut new.answer), Ok(Slot(0)));
        assert_eq!(now(&mut late.answer), Err(SessionError::NotInSession));
        assert_eq!(stage.holder(0), Some(bob.pseudonym));
        assert!(old.is_closed() && old.facts.close_code() == CloseCode::Left);
        assert_eq!(new.welcome(), Some((0, 0)), "nothing the leaver said was done by the newcomer");
        stage.agrees();
        ann = bob;
    }
}

#[tokio::test]
async fn one_person_has_one_place_however_often_he_joins_leaves_and_is_kicked_in_a_tick() {
    let mut stage = Stage::of(4).await;
    let ann = stage.person("ann").await;
    let mut first = [stage.join(ann), stage.join(ann), stage.join(ann)];
    stage.step();
    first.iter_mut().for_each(|answer| assert_eq!(place(answer).expect("a place").slot, Slot(0)));
    for cause in [LeaveCause::Left, LeaveCause::Kicked] {
        for _ in 0..TRIES {
            let mut old = stage.arrive(ann);
            stage.step();
            let mut left = stage.leave(ann, cause);
            let (mut joined, mut new) = (stage.join(ann), stage.arrive(ann));
            let (mut left_again, mut joined_again) = (stage.leave(ann, cause), stage.join(ann));
            stage.step();
            now(&mut left).expect("left");
            now(&mut left_again).expect("left");
            let (one, other) =
                (place(&mut joined).expect("a place"), place(&mut joined_again).expect("a place"));
            assert_eq!((one.slot, other.slot), (Slot(0), Slot(0)));
            assert!(old.is_closed() && new.is_closed(), "a connection ends with the place it was for");
            assert_eq!(stage.host.player_count(), 1);
            stage.agrees();
        }
    }
    let people = People::of(&*stage.registry.journal().people(), stage.handle.id()).await.expect("a store");
    assert_eq!(people.by_pseudonym(ann.pseudonym), Some(ann), "the same person under the same pseudonym");
}

#[tokio::test]
async fn a_join_beside_the_end_of_the_session_is_answered_by_what_came_first() {
    let mut stage = Stage::of(4).await;
    let (ann, bob) = (stage.person("ann").await, stage.person("bob").await);
    let mut before = stage.join(ann);
    let mut ended = stage.end();
    let (mut after, mut socket) = (stage.join(bob), stage.arrive(bob));
    stage.step();
    assert_eq!(place(&mut before).expect("a place").slot, Slot(0));
    now(&mut ended).expect("ended");
    assert_eq!(now(&mut after).err(), Some(SessionError::Ended));
    assert!(socket.is_closed(), "nobody stays connected to a place that he did not get");
    assert_eq!(stage.host.state(), HostState::Over);
    let mut late = stage.join(bob);
    stage.step();
    assert_eq!(now(&mut late).err(), Some(SessionError::Ended));
}

#[tokio::test]
async fn whoever_joins_as_his_window_expires_gets_a_new_place_and_the_old_body_goes() {
    let mut stage = Stage::of(2).await;
    let ann = stage.seated("ann").await;
    let window_ticks = stage.host.parts.tick_rate.ticks_in_ms(DISCONNECTED_BODY_MS);
    // It has stood since tick 1, and bodies are looked at once a second.
    while stage.host.tick().0 < window_ticks + RATE_HZ {
        stage.step();
        if stage.host.tick().0.is_multiple_of(FLUSH_EVERY_TICKS) {
            stage.registry.journal().flush().await.expect("a store");
        }
    }
    let (old, _, _) = stage.host.parts.sim.members().next().expect("the body is still there");
    let (mut joined, mut socket) = (stage.join(ann), stage.arrive(ann));
    stage.step();
    assert_eq!(place(&mut joined).expect("a place").slot, Slot(0));
    assert_eq!(now(&mut socket.answer), Ok(Slot(0)));
    assert_eq!(socket.welcome(), Some((0, 0)));
    let (new, identity, _) = stage.host.parts.sim.members().next().expect("a new body");
    assert!(new != old && identity.pseudonym == ann.pseudonym, "{old:?} {new:?}");
    stage.agrees();
}

#[tokio::test]
async fn while_a_session_stands_still_joins_are_refused_and_whoever_comes_back_keeps_his_place() {
    let mut stage = Stage::of(2).await;
    let (ann, bob) = (stage.seated("ann").await, stage.person("bob").await);
    stage.faults.set(Fault::Failing);
    while stage.step() != HostState::Suspended {}
    let (mut joined, mut left) = (stage.join(bob), stage.leave(ann, LeaveCause::Left));
    let mut socket = stage.arrive(ann);
    stage.step();
    assert_eq!(now(&mut joined).err(), Some(SessionError::Suspended));
    assert_eq!(now(&mut left).err(), Some(SessionError::Suspended));
    assert_eq!(now(&mut socket.answer), Ok(Slot(0)));
    let name = DisplayName::new("cyd").ok();
    let wish = JoinSession { player: id("cyd"), name, team: Team(0), bot: false };
    assert_eq!(stage.handle.join(wish).await.err(), Some(SessionError::Suspended));
    stage.faults.lift();
    stage.registry.journal().flush().await.expect("it works again");
    assert_eq!(stage.step(), HostState::Running);
    stage.step();
    assert_eq!(socket.welcome(), Some((0, 0)));
    stage.agrees();
}

#[tokio::test]
async fn whoever_says_farewell_over_a_connection_that_is_not_his_any_more_takes_nobodys_place() {
    let mut stage = Stage::of(2).await;
    let (ann, bob) = (stage.seated("ann").await, stage.person("bob").await);
    let old = stage.arrive(ann);
    let mut new = stage.arrive(ann);
    let mut superseded = stage.farewell(&old, Slot(0));
    stage.step();
    assert_eq!(now(&mut superseded), Err(SessionError::NotInSession));
    assert_eq!(new.welcome(), Some((0, 0)), "the newer connection keeps the place");
    let (mut left, mut joined, bobs) = (stage.farewell(&new, Slot(0)), stage.join(bob), stage.arrive(bob));
    let (mut again, mut older) = (stage.farewell(&new, Slot(0)), stage.farewell(&old, Slot(0)));
    stage.step();
    now(&mut left).expect("left");
    assert_eq!(now(&mut again), Err(SessionError::NotInSession));
    assert_eq!(now(&mut older), Err(SessionError::NotInSession));
    assert_eq!(place(&mut joined).expect("a place").slot, Slot(0));
    assert_eq!(stage.holder(0), Some(bob.pseudonym));
    assert_eq!(stage.host.parts.players.connection_of(Slot(0)), Some(bobs.connection));
    stage.agrees();
}

/// What is asked in one tick, of four places and six people.
#[tokio::test]
async fn whatever_comes_together_in_one_tick_is_answered_as_the_simulation_has_it() {
    const SEED: u64 = 0x5EA7;
    println!("seed {SEED:#x}");
    let mut stream = Stream::of(SEED, 1);
    let mut stage = Stage::of(4).await;
    let mut people = Vec::new();
    for number in 0..6 {
        people.push(stage.person(&format!("p{number}")).await);
    }
    for _ in 0..400 {
        let mut joins = Vec::new();
        for _ in 0..1 + stream.below(7) {
            let person = people[stream.below(6) as usize];
            match stream.below(4) {
                0 | 1 => joins.push((person, stage.join(person))),
                2 => drop(stage.leave(person, LeaveCause::Left)),
                _ => drop(stage.leave(person, LeaveCause::Kicked)),
            }
        }
        stage.step();
        for (person, mut answer) in joins {
            let held = (0..4).find(|slot| stage.holder(*slot) == Some(person.pseudonym));
            match place(&mut answer) {
                Ok(place) => assert_eq!(Some(place.slot.0), held),
                Err(SessionError::NotInSession) => {
                    assert_eq!(held, None, "he is in, and hears that he is not")
                }
                Err(SessionError::Full) => {}
                Err(error) => panic!("the session is live, and says {error}"),
            }
        }
        stage.agrees();
        if stage.host.tick().0.is_multiple_of(FLUSH_EVERY_TICKS) {
            stage.registry.journal().flush().await.expect("a store");
        }
    }
}

/// Ann leaves, and what was asked for after that in the same tick is judged by the simulation.
#[tokio::test]
async fn every_request_has_its_number_in_the_log_and_hears_the_verdict_on_it() {
    let mut stage = Stage::of(2).await;
    let (ann, bob) = (stage.person("ann").await, stage.person("bob").await);
    let origins = |stage: &Stage| -> Vec<_> {
        let verdicts = stage.host.parts.sim.output().verdicts.iter();
        verdicts.map(|verdict| (verdict.origin, verdict.reason)).collect()
    };
    let (mut joined, mut again) = (stage.join(ann), stage.join(ann));
    stage.step();
    assert_eq!(place(&mut joined).expect("a place"), place(&mut again).expect("the same one"));
    assert_eq!(origins(&stage), [(Origin::Request { number: 1 }, None)], "asked twice, done once");
    let (mut left, mut ended, mut late) = (stage.leave(ann, LeaveCause::Left), stage.end(), stage.join(bob));
    stage.step();
    assert!(now(&mut left).is_ok() && now(&mut ended).is_ok());
    assert_eq!(now(&mut late), Err(SessionError::Ended));
    let expected = [(3, None), (4, None), (5, Some(Reason::SessionEnded))];
    assert_eq!(origins(&stage), expected.map(|(number, reason)| (Origin::Request { number }, reason)));
}

#[tokio::test]
async fn what_comes_again_under_its_key_is_done_once_and_answered_alike() {
    let mut stage = Stage::of(2).await;
    let ann = stage.person("ann").await;
    let join = Wish::Join(Joining { person: ann, team: Team(7), bot: false });
    let leave = Wish::Leave { player: ann.player, cause: LeaveCause::Left, told: CloseCode::Left };
    let key = |number, fingerprint| Some(RequestKey { digest: [number, 0], fingerprint });
    let mut joined = stage.ask_under(key(1, 1), join);
    let (mut early, mut other) = (stage.ask_under(key(1, 1), join), stage.ask_under(key(1, 2), leave));
    stage.step();
    let first = now(&mut joined).expect("a place");
    assert_eq!(now(&mut early), Err(SessionError::KeyInFlight));
    assert_eq!(now(&mut other), Err(SessionError::KeyOfAnother));
    let (mut again, mut other) = (stage.ask_under(key(1, 1), join), stage.ask_under(key(1, 2), leave));
    stage.step();
    assert_eq!(now(&mut again), Ok(first), "the same tick, and the same place");
    assert_eq!(now(&mut other), Err(SessionError::KeyOfAnother));
    assert_eq!(stage.host.parts.sim.output().verdicts, [], "none of them was a command");
    let (mut left, mut seated) = (stage.ask_under(key(2, 2), leave), stage.ask_under(key(1, 1), join));
    stage.step();
    let left = now(&mut left).expect("left");
    assert_eq!(now(&mut seated), Ok(first), "until the tick he sits there");
    let (mut again, mut late) = (stage.ask_under(key(2, 2), leave), stage.ask_under(key(1, 1), join));
    stage.step();
    assert_eq!(now(&mut again), Ok(left));
    assert_eq!(now(&mut late), Err(SessionError::NotInSession), "a late repetition seats nobody");
    assert_eq!(stage.host.player_count(), 0);
}

#[tokio::test]
async fn a_session_that_remembers_all_the_keys_it_may_takes_no_new_one_until_the_oldest_are_forgotten() {
    let mut stage = Stage::of(2).await;
    let ann = stage.person("ann").await;
    let join = Wish::Join(Joining { person: ann, team: Team(7), bot: false });
    let key = |number| RequestKey { digest: [number, 0], fingerprint: 1 };
    (0..KEYS_MAX as u64)
        .for_each(|number| stage.host.parts.known.note(key(number), Tick(0), About::default()));
    let (mut new, mut known) =
        (stage.ask_under(Some(key(u64::MAX)), join), stage.ask_under(Some(key(0)), join));
    let mut without = stage.join(ann);
    stage.step();
    assert_eq!(now(&mut new), Err(SessionError::KeysFull));
    assert!(now(&mut known).is_ok() && now(&mut without).is_ok());
    // Ten minutes later, as far as keys are concerned.
    stage.host.parts.known.forget_before(Tick(1));
    let mut new = stage.ask_under(Some(key(u64::MAX)), join);
    stage.step();
    assert!(now(&mut new).is_ok());
}

/// After a restart nothing else is known, and what was called done would be done again.
#[tokio::test]
async fn what_is_remembered_of_a_tick_is_what_its_log_says_was_asked_under_a_key() {
    /// With the key it comes under, and what is heard of it.
    type Asked = (Wish, Option<u64>, Result<(), SessionError>);
    let mut stage = Stage::of(2).await;
    let ann = stage.person("ann").await;
    let join = Wish::Join(Joining { person: ann, team: Team(7), bot: false });
    let leave = Wish::Leave { player: ann.player, cause: LeaveCause::Left, told: CloseCode::Left };
    let end = Wish::End { reason: EndReason::Requested };
    let key = |number| RequestKey { digest: [number, 0], fingerprint: 1 };
    let (done, later) = (Ok(()), Err(SessionError::KeyInFlight));
    let gone: Result<(), _> = Err(SessionError::NotInSession);
    let ticks: &[&[Asked]] = &[
        &[(join, Some(1), done.clone()), (join, Some(2), later.clone()), (join, None, done.clone())],
        &[(join, Some(3), done.clone()), (join, Some(4), later.clone())],
        &[(leave, Some(5), done.clone()), (join, Some(6), done.clone())],
        &[(leave, Some(7), done.clone())],
        &[(join, None, done.clone()), (join, Some(8), later.clone())],
        &[(leave, None, done.clone())],
        &[(join, Some(9), gone), (leave, Some(10), done.clone())],
        &[(join, Some(11), done.clone()), (leave, None, done.clone()), (join, Some(12), done.clone())],
        &[(leave, None, done.clone())],
        &[(join, None, done.clone())],
        // A slot is left once in a tick: the place he was given in between never was in the log.
        &[
            (leave, None, done.clone()),
            (join, Some(13), later.clone()),
            (leave, Some(14), later.clone()),
            (join, Some(15), done.clone()),
        ],
        &[(end, Some(16), done), (end, Some(17), later)],
    ];
    for (number, asked) in ticks.iter().enumerate() {
        let answers = asked.iter().map(|(wish, chosen, _)| stage.ask_under(chosen.map(key), *wish));
        let mut answers: Vec<_> = answers.collect();
        stage.step();
        let heard: Vec<_> = answers.iter_mut().map(|answer| now(answer).map(|_| ())).collect();
        let expected: Vec<_> = asked.iter().map(|(_, _, heard)| heard.clone()).collect();
        assert_eq!(heard, expected, "tick {}", number + 1);
    }
    let mut logged = KnownRequests::default();
    stage.registry.journal().flush().await.expect("a store");
    let log = crate::journal_log::load(&*stage.registry.journal().reader(), stage.handle.id()).await;
    let records = log.expect("a store").expect("a log").records;
    logged.note_records(&records, u32::MAX).expect("sound records");
    assert!(logged.find(key(1)) != Ok(None), "the log is there");
    for number in 1..=17 {
        let found =
            |known: &KnownRequests| known.find(key(number)).map(|known| known.map(|known| known.tick));
        assert_eq!(found(&stage.host.parts.known), found(&logged), "key {number}");
    }
}

/// Joining and leaving likewise, and also when somebody else asks for it.
#[tokio::test]
async fn whoever_repeats_himself_under_ever_new_keys_takes_nobody_elses() {
    let mut stage = Stage::of(2).await;
    let (ann, bob) = (stage.person("ann").await, stage.person("bob").await);
    let join = |person| Wish::Join(Joining { person, team: Team(7), bot: false });
    let leave = Wish::Leave { player: ann.player, cause: LeaveCause::Left, told: CloseCode::Left };
    let key = |number| Some(RequestKey { digest: [number, 0], fingerprint: 1 });
    let mut done = 0;
    for number in 0..KEYS_PER_PERSON_MAX as u64 + 20 {
        let wish = if number % 3 == 2 { leave } else { join(ann) };
        let mut answer = stage.ask_under(key(number), wish);
        stage.step();
        match now(&mut answer) {
            Ok(_) => done += 1,
            refused => assert_eq!(refused, Err(SessionError::KeysFull), "key {number}"),
        }
    }
    assert_eq!(done, KEYS_PER_PERSON_MAX);
    let (mut others, mut without) = (stage.ask_under(key(u64::MAX), join(bob)), stage.join(ann));
    stage.step();
    assert!(now(&mut others).is_ok() && now(&mut without).is_ok());
}

/// He sits there already, so that it changes nothing; but when he has left, it must not seat him.
#[tokio::test]
async fn a_join_that_changes_nothing_stands_in_the_log_with_its_key() {
    let mut stage = Stage::of(2).await;
    let ann = stage.seated("ann").await;
    let key = Some(RequestKey { digest: [1, 2], fingerprint: 3 });
    let mut again = stage.ask_under(key, Wish::Join(Joining { person: ann, team: Team(7), bot: false }));
    stage.step();
    assert_eq!(place(&mut again).expect("a place").slot, Slot(0));
    let verdicts = &stage.host.parts.sim.output().verdicts;
    assert_eq!(verdicts[..], [Verdict::judged(Origin::Request { number: 2 }, Ok(()))]);
    assert_eq!(stage.host.player_count(), 1);
}

#[tokio::test]
async fn the_team_told_is_the_one_that_the_simulation_gave() {
    let mut stage = Stage::of(4).await;
    let ann = stage.person("ann").await;
    let mut joined = stage.join(ann);
    stage.step();
    let told = place(&mut joined).expect("a place").team;
    let (_, identity, _) = stage.host.parts.sim.members().next().expect("a body");
    assert_eq!(told, identity.team);
    let mut again = stage.ask(Wish::Join(Joining { person: ann, team: Team(3), bot: false }));
    stage.step();
    assert_eq!(place(&mut again).expect("a place").team, identity.team, "another wish changes nothing");
}

#[tokio::test]
async fn an_erased_person_leaves_his_live_session_and_comes_back_as_a_stranger() {
    let mut stage = Stage::of(4).await;
    let (ann, bob) = (stage.seated("ann").await, stage.seated("bob").await);
    let mut socket = stage.arrive(ann);
    stage.step();
    let erased = stage.store.erase(ann.player).await.expect("a store");
    assert_eq!(erased.live, [stage.handle.id()]);
    let stranger = stage.person("ann").await;
    assert_ne!(stranger.pseudonym, ann.pseudonym);
    let mut joined = stage.join(stranger);
    stage.step();
    assert_eq!(place(&mut joined).expect("a place").slot, Slot(0));
    assert_eq!(stage.holder(0), Some(stranger.pseudonym));
    assert!(socket.is_closed() && socket.facts.close_code() == CloseCode::Kicked);
    stage.store.erase(bob.player).await.expect("a store");
    stage.handle.forget(bob.pseudonym).expect("room in the inbox");
    stage.step();
    assert_eq!(stage.holder(1), None);
    assert_eq!(stage.handle.place_of(bob.player), None);
    stage.agrees();
}

/// Before anybody has told the session that he is erased.
#[tokio::test]
async fn whoever_joins_again_just_after_he_was_erased_is_a_stranger_who_stays() {
    for name in ["ann", "Another Name"] {
        let mut stage = Stage::of(4).await;
        let ann = stage.seated("ann").await;
        let mut socket = stage.arrive(ann);
        stage.step();
        stage.store.erase(ann.player).await.expect("a store");
        let name = DisplayName::new(name).ok();
        let wish = JoinSession { player: ann.player, name, team: Team(0), bot: false };
        let handle = stage.handle.clone();
        let joining = tokio::spawn(async move { handle.join(wish).await });
        while !joining.is_finished() {
            stage.step();
            stage.registry.journal().flush().await.expect("a store");
            tokio::task::yield_now().await;
        }
        let place = joining.await.expect("no panic").expect("a place");
        assert_ne!(place.pseudonym, ann.pseudonym);
        assert!(socket.is_closed() && socket.facts.close_code() == CloseCode::Kicked);
        let rows = People::of(&*stage.registry.journal().people(), stage.handle.id()).await.expect("a store");
        let stranger = Person { pseudonym: place.pseudonym, player: ann.player, name };
        assert_eq!(rows.by_pseudonym(place.pseudonym), Some(stranger), "he is written down anew");
        assert_eq!(rows.by_pseudonym(ann.pseudonym), None);
        let _ = stage.handle.forget(ann.pseudonym);
        stage.step();
        assert_eq!(
            stage.holder(place.slot.0),
            Some(place.pseudonym),
            "what is told of his old body is not of him"
        );
        stage.agrees();
    }
}

#[tokio::test]
async fn a_connection_for_one_place_gets_no_later_one_that_the_same_person_holds() {
    let mut stage = Stage::of(2).await;
    let ann = stage.person("ann").await;
    let mut joined = stage.join(ann);
    stage.step();
    let first = place(&mut joined).expect("a place").sim_id;
    let mut socket = stage.arrive_at(ann, Some(first));
    stage.step();
    assert_eq!(now(&mut socket.answer), Ok(Slot(0)));
    // Gone and back within the time between two ticks: nobody has said yet what his new place is.
    let (_left, mut joined, mut early) =
        (stage.leave(ann, LeaveCause::Left), stage.join(ann), stage.arrive_at(ann, Some(first)));
    stage.step();
    assert_eq!(now(&mut early.answer), Err(SessionError::NotInSession));
    let second = place(&mut joined).expect("a place").sim_id;
    assert_ne!(second, first);
    let (mut late, mut right) = (stage.arrive_at(ann, Some(first)), stage.arrive_at(ann, Some(second)));
    stage.step();
    assert_eq!(now(&mut late.answer), Err(SessionError::NotInSession));
    assert_eq!(now(&mut right.answer), Ok(Slot(0)));
    stage.agrees();
}

#[tokio::test]
async fn nobody_joins_as_a_bot_under_a_persons_id_or_the_reverse() {
    let stage = Stage::of(4).await;
    let wish = |player: &str, bot| {
        let name = DisplayName::new("Somebody").ok();
        JoinSession { player: id(player), name, team: Team(0), bot }
    };
    for (player, bot) in [("bot:vega", false), ("ann", true), ("system", false), ("unknown:00", false)] {
        assert_eq!(
            stage.handle.join(wish(player, bot)).await.err(),
            Some(SessionError::Reserved),
            "{player}"
        );
    }
    let people = stage.registry.journal().people().people(stage.handle.id()).await.expect("a store");
    assert_eq!(people, [], "nobody was written down");
}

/// Every connection says that it has ended when the session has.
#[tokio::test]
async fn only_what_a_full_inbox_refuses_is_counted_not_what_is_told_to_a_session_that_is_over() {
    let mut stage = Stage::of(2).await;
    let people = [stage.seated("ann").await, stage.seated("bob").await];
    let mut sockets = people.map(|person| stage.arrive(person));
    stage.step();
    let refusals = stage.handle.refusals();
    while stage.handle.submit(sockets[0].connection, reload(Slot(0), 1), false).is_ok() {}
    assert_eq!(refusals.get(), 1, "his own room is full");
    let _ended = stage.end();
    while stage.step() != HostState::Gone {
        stage.registry.journal().flush().await.expect("a store");
    }
    for (slot, socket) in (0..).map(Slot).zip(&mut sockets) {
        assert!(socket.is_closed() && socket.facts.close_code() == CloseCode::SessionEnded);
        let (id, connection) = (people[usize::from(slot.0)].player, socket.connection);
        stage.handle.detach(AttachedPlayer { id, slot, connection });
        let late = stage.handle.submit(connection, reload(slot, 2), false);
        assert_eq!(late, Err(SessionError::Ended));
    }
    assert_eq!(refusals.get(), 1);
}
