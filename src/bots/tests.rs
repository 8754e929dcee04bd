//! Bots against the simulation itself, faster than real time and by a clock of the test's own.

use std::sync::Arc;
use std::time::Duration;

use combat_client::Client;
use combat_components::command::{Command, TickInput};
use combat_components::event::Event;
use combat_components::ids::{DisplayName, Epoch, PlayerId, Pseudonym, SessionId, Slot, Team};
use combat_components::reason::Reason;
use combat_components::setup::{Seed, SessionSetup, SimLimits};
use combat_components::streams::Stream;
use combat_components::tick::{Tick, TickRate};
use combat_components::verdict::Outcome;
use combat_protocol::codec::{Encoding, decode_client};
use combat_protocol::draft::DRAFT;
use combat_protocol::server::Welcome;
use combat_replays::player::{self, Played};
use combat_systems::kinds::Kinds;
use combat_systems::sim::{Sim, SimParts};
use tokio_util::sync::CancellationToken;

use super::brain::Brain;
use super::messages::Messages;
use super::skill::Identity;
use super::watch::Field;
use super::{BotCrew, demo};
use crate::journal::{Journal, JournalConfig};
use crate::replication::fold::fold;
use crate::replication::players::{Arrived, PlayersAudience, Standing, WelcomeTemplate};
use crate::replication::view::ViewBuilder;
use crate::session::catalogue::Catalogue;
use crate::session::convert::{Meant, meaning};
use crate::session::outbox::{LinkFacts, Outbox, OutboxReader, Outgoing};
use crate::session::people::{People, Person};
use crate::session::registry::{Limits, Registry};
use crate::session::summary::{CreateSession, JoinSession, SessionKind, SessionStatus};
use crate::store::MemoryStore;
use crate::telemetry::Metrics;

const STANDING: Standing = Standing { epoch: Epoch(1), epoch_began_at: Tick(0), durable_tick: Tick(0) };

pub fn parts(map_id: &str, players: u8) -> SimParts {
    parts_with(map_id, players, if players == 2 { "duel" } else { "deathmatch" }, 7)
}

fn parts_with(map_id: &str, players: u8, mode: &str, seed: u64) -> SimParts {
    let catalogue = Catalogue::load(Kinds::SHIPPED, None, None).expect("the shipped assets are sound");
    let map = catalogue.map(map_id).expect("the map ships");
    let ruleset = catalogue.ruleset("default").expect("the ruleset ships");
    let setup = SessionSetup {
        session: SessionId([1; 16]),
        tick_rate: TickRate::DEFAULT,
        seed: Seed(seed),
        mode: mode.to_owned(),
        max_players: players,
        friendly_fire: false,
        time_limit: Tick(600 * 128),
        score_limit: 0,
        map_hash: map.hash,
        ruleset_hash: ruleset.hash,
        limits: SimLimits::at(TickRate::DEFAULT),
    };
    let level = catalogue.level(map, ruleset);
    SimParts {
        kinds: catalogue.kinds(),
        setup,
        ruleset: ruleset.ruleset.clone(),
        map: map.map.clone(),
        level,
    }
}

/// A bot with its client, and the connection that a socket or a crew would read.
struct Player {
    slot: Slot,
    brain: Brain,
    client: Client,
    outgoing: OutboxReader,
    facts: Arc<LinkFacts>,
}

/// One match without a server around it.
struct Match {
    field: Field,
    sim: Sim,
    audience: PlayersAudience<Outbox>,
    builder: ViewBuilder,
    people: People,
    input: TickInput,
    players: Vec<Player>,
    messages: Messages,
    kills: u32,
    shots: u32,
    hits: u32,
    refusals: Vec<(Tick, Slot, Reason)>,
    corrections: Vec<(Tick, Slot, Reason)>,
    dashes: u32,
    upstairs: u32,
}

impl Match {
    fn of(parts: &SimParts, bots: u8) -> Self {
        let abilities = parts.ruleset.abilities.iter().map(|ability| ability.name.clone()).collect();
        let template = Welcome {
            tick_rate_hz: 128,
            frame_hz: 32,
            abilities,
            protocol_draft: DRAFT,
            ..Welcome::default()
        };
        let template = WelcomeTemplate(template);
        let mut this = Self {
            field: Field::of(parts),
            sim: Sim::new(parts).expect("the setup is sound"),
            audience: PlayersAudience::new(&parts.setup, template),
            builder: ViewBuilder::default(),
            people: People::default(),
            input: TickInput::new(),
            players: Vec::new(),
            messages: Messages::default(),
            kills: 0,
            shots: 0,
            hits: 0,
            refusals: Vec::new(),
            corrections: Vec::new(),
            dashes: 0,
            upstairs: 0,
        };
        for number in 0..bots {
            this.join(number, parts);
        }
        this
    }

    fn join(&mut self, number: u8, parts: &SimParts) {
        let (slot, identity) = (Slot(number), Identity::of(usize::from(number)));
        let (outbox, outgoing, facts) = Outbox::new();
        facts.note_rtt(0, 0);
        let Identity { player, name, skill } = identity;
        let pseudonym = Pseudonym(1 + u64::from(number));
        self.people.meet(Person { pseudonym, player, name: Some(name) });
        self.input.push(Command::Join { slot, pseudonym, team: Team::NONE, bot: true, request: None });
        self.input.push(Command::Connected { slot });
        let encoding = Encoding::MessagePack;
        self.audience.arrive(Arrived {
            slot,
            connection: u64::from(number) + 1,
            outbox,
            encoding,
            seen: None,
            since: Tick(0),
        });
        let brain = Brain::new(skill, parts, Stream::of(parts.setup.seed.0, u64::from(number)));
        self.players.push(Player { slot, brain, client: Client::new(encoding), outgoing, facts });
    }

    fn play(&mut self, seconds: u32) {
        for _ in 0..seconds * 128 {
            self.tick();
        }
    }

    fn tick(&mut self) {
        let tick = self.sim.tick().0;
        for at in 0..self.players.len() {
            // Each at its own 30th of a second.
            if (tick * 30 + at as u32 * 13) % 128 < 30 {
                self.wake(at, u64::from(tick) * 1_000 / 128);
            }
        }
        self.audience.log_link_facts(&mut self.input);
        self.sim.step(&mut self.input);
        self.input.clear();
        self.note();
        let Self { sim, builder, audience, people, .. } = self;
        fold(sim, STANDING.epoch, builder, audience, |identity| people.name_of(identity), &mut ());
        let frame_due = self.sim.tick().0.is_multiple_of(self.audience.frame_ticks());
        self.audience.after_step(&mut self.sim, &mut self.builder, frame_due, STANDING);
        self.builder.spectators_have_shots();
        let now_ms = u64::from(self.sim.tick().0) * 1_000 / 128;
        for player in &mut self.players {
            player.hear(now_ms);
        }
    }

    fn wake(&mut self, at: usize, now_ms: u64) {
        let player = &mut self.players[at];
        self.messages.clear();
        player.brain.wake(&mut player.client, &self.field, now_ms, &mut self.messages);
        for bytes in self.messages.iter() {
            let message = decode_client(bytes, Encoding::MessagePack).expect("a message of the protocol");
            match meaning(&message, player.slot).expect("a message that means something") {
                Meant::Input { command, seen, .. } => {
                    seen.into_iter().for_each(|tick| player.facts.note_seen(Epoch(1), tick));
                    self.input.push(command);
                }
                Meant::Seen { tick, .. } => player.facts.note_seen(Epoch(1), tick),
                other => panic!("a bot acts and sees, and says nothing else: {other:?}"),
            }
        }
    }

    fn note(&mut self) {
        let (tick, output) = (self.sim.tick(), self.sim.output());
        for event in &output.events {
            match event {
                Event::Died { .. } => self.kills += 1,
                Event::Shot { struck, .. } => {
                    self.shots += 1;
                    self.hits += u32::from(struck.is_some());
                }
                Event::Displaced { slot, reason, .. } if *reason < Reason::ScheduleMoved => {
                    self.corrections.push((tick, *slot, *reason));
                }
                Event::AbilityUsed { .. } => self.dashes += 1,
                _ => {}
            }
        }
        let refused = output.verdicts.iter().filter(|verdict| verdict.outcome == Outcome::Refused);
        self.refusals
            .extend(refused.filter_map(|verdict| Some((tick, verdict.origin.player()?.0, verdict.reason?))));
        let own = (0..self.players.len()).filter_map(|slot| self.sim.own_view(Slot(slot as u8)));
        self.upstairs += own.filter(|own| own.pose.at.y > 2_500).count() as u32;
    }
}

impl Player {
    fn hear(&mut self, now_ms: u64) {
        while let Ok(outgoing) = self.outgoing.try_recv() {
            let messages = match outgoing {
                Outgoing::Reliable(bytes) => vec![bytes],
                Outgoing::Frame { public, own } => {
                    self.facts.note_frame_written();
                    public.into_iter().chain(own).collect()
                }
            };
            for bytes in messages {
                self.client.receive(&bytes, now_ms).expect("the server says what fits");
            }
        }
    }
}

/// Ten bots in the arena: they fight at a good pace, on both floors, and no claim of theirs is refused.
#[test]
fn ten_bots_fight_at_a_good_pace_and_never_claim_what_is_illegal() {
    for seed in [7, 8] {
        let parts = parts_with("arena", 10, "deathmatch", seed);
        let mut game = Match::of(&parts, 10);
        game.play(65);
        let upstairs_percent = game.upstairs * 100 / (65 * 128 * 10);
        println!(
            "seed {seed}: {} kills, {} shots, {} hits, {} dashes, {upstairs_percent} % upstairs, corrections {:?}",
            game.kills, game.shots, game.hits, game.dashes, game.corrections
        );
        assert!((15..=40).contains(&game.kills), "seed {seed}: {} kills in a minute", game.kills);
        assert_eq!(game.corrections, [], "seed {seed}");
        assert!(game.refusals.len() < 20, "seed {seed}: {:?}", game.refusals);
        assert!(
            game.dashes > 3 && upstairs_percent > 5,
            "seed {seed}: {} dashes, {upstairs_percent} %",
            game.dashes
        );
        for player in &game.players {
            let counters = player.client.counters();
            assert_eq!((counters.view_hash_mismatches, counters.frames_refused), (0, 0), "seed {seed}");
            assert_eq!(counters.snapshots, 1, "seed {seed}: a bot keeps up with its frames");
        }
    }
}

#[test]
fn two_bots_settle_a_duel() {
    let mut game = Match::of(&parts("duel-box", 2), 2);
    game.play(60);
    println!("{} kills, {} shots, {} hits", game.kills, game.shots, game.hits);
    assert!(game.kills >= 2, "seed 7: {} kills in a minute", game.kills);
    assert_eq!(game.corrections, [], "seed 7");
}

/// A server without ports.
struct Server {
    registry: Registry,
    journal: Arc<Journal>,
}

impl Server {
    async fn start(store: MemoryStore) -> Self {
        let (journal, report) =
            Journal::open(Arc::new(store), JournalConfig::default()).await.expect("a store in memory opens");
        let journal = Arc::new(journal);
        let catalogue = Catalogue::load(Kinds::SHIPPED, None, None).expect("the shipped assets are sound");
        let limits = Limits { sessions_max: 8, shards: 1 };
        let metrics = Arc::new(Metrics::default());
        let registry =
            Registry::start(catalogue, journal.clone(), metrics, limits, Box::new(BotCrew::on_live));
        let registry = registry.expect("the system gives a thread");
        crate::session::resume::resume_all(&registry, report).await.expect("the store answers");
        Self { registry, journal }
    }

    async fn stop(self) {
        self.registry.drain().await;
        self.journal.shutdown().await.expect("a store in memory takes everything");
    }

    /// Waits until a condition holds of the sessions.
    async fn until(&self, what: &str, mut holds: impl FnMut(&Registry) -> bool) {
        let patience = tokio::time::timeout(Duration::from_secs(60), async {
            while !holds(&self.registry) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        patience.await.unwrap_or_else(|_| panic!("in a minute not: {what}; {:?}", self.registry.list()));
    }
}

fn wish(bots: u8) -> CreateSession {
    CreateSession {
        name: "bots".to_owned(),
        kind: SessionKind::Training,
        map_id: "arena".to_owned(),
        mode: "deathmatch".to_owned(),
        max_players: None,
        tick_rate: TickRate::DEFAULT,
        ruleset: "default".to_owned(),
        spectator_delay_ms: None,
        metadata: serde_json::json!({}),
        friendly_fire: None,
        time_limit_s: Some(120),
        score_limit: None,
        bots,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bots_fill_places_and_return_to_them_after_a_restart() {
    let store = MemoryStore::new();
    let later = store.reopened();
    let server = Server::start(store).await;
    let id = server.registry.create(wish(4)).await.expect("it is created").id;
    server
        .until("four bots play", |registry| {
            registry
                .get(id)
                .is_ok_and(|session| session.player_count == 4 && session.status == SessionStatus::Active)
        })
        .await;
    let places = server.registry.handle(id).expect("it is live").live().seats();
    server.stop().await;

    let server = Server::start(later).await;
    server
        .until("it is active again, in a new epoch", |registry| {
            registry
                .get(id)
                .is_ok_and(|session| session.epoch.0 == 2 && session.status == SessionStatus::Active)
        })
        .await;
    let handle = server.registry.handle(id).expect("it is live");
    assert_eq!(handle.live().seats(), places, "everybody has kept the place");
    let (outgoing, resumed_at) = (handle.attach_spectator(0, Encoding::MessagePack), handle.live().tick());
    drop(outgoing);
    server.until("the bots move the match on", |_| handle.live().tick() > resumed_at.plus(64)).await;
    server.registry.end(id, None).await.expect("it ends");
    server
        .until("it is verified", |registry| {
            registry
                .get(id)
                .is_ok_and(|session| session.verify.is_some_and(|verify| verify.result == "verified"))
        })
        .await;
    server.stop().await;
}

/// Which slots were connected in the log's second epoch.
async fn connected_after_restart(registry: &Registry, id: SessionId) -> Vec<u8> {
    let log = crate::journal_log::load(&*registry.journal().reader(), id).await.expect("a store");
    let log = log.expect("a log");
    let mut player =
        player::Player::from_start(log.parts(&Kinds::SHIPPED).expect("sound parts"), &log.records)
            .expect("records");
    let (mut is_second, mut slots) = (false, Vec::new());
    while let Some(played) = player.advance().expect("sound records") {
        match played {
            Played::EpochStart { epoch, .. } => is_second = epoch == Epoch(2),
            Played::Ticked(_) if is_second => {
                slots.extend(player.input().iter().filter_map(|command| match command {
                    Command::Connected { slot } => Some(slot.0),
                    _ => None,
                }))
            }
            _ => {}
        }
    }
    slots.sort_unstable();
    slots
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_restart_the_server_plays_its_own_bots_and_nobody_who_is_only_called_like_one() {
    let store = MemoryStore::new();
    let later = store.reopened();
    let server = Server::start(store).await;
    let id = server.registry.create(wish(2)).await.expect("it is created").id;
    let handle = server.registry.handle(id).expect("it is live");
    server.until("two bots are in", |_| handle.live().player_count() == 2).await;
    for human in ["bot-vega", "bot-rigel"] {
        let player = PlayerId::new(human).expect("an id");
        let name = DisplayName::new("Vega").ok();
        handle.join(JoinSession { player, name, team: Team::NONE, bot: false }).await.expect("a place");
    }
    let bots: Vec<u8> =
        handle.live().seats().iter().filter(|seat| seat.bot).map(|seat| seat.slot.0).collect();
    assert_eq!(bots.len(), 2);
    server.stop().await;
    let server = Server::start(later).await;
    let handle = server.registry.handle(id).expect("it is live");
    let patience = tokio::time::timeout(Duration::from_secs(60), async {
        while connected_after_restart(&server.registry, id).await.len() < bots.len() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    patience.await.expect("the bots are back within a minute");
    let resumed_at = handle.live().tick();
    server.until("some play", |_| handle.live().tick() > resumed_at.plus(64)).await;
    server.registry.end(id, None).await.expect("it ends");
    assert_eq!(connected_after_restart(&server.registry, id).await, bots, "only they were brought back");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_plays_one_match_after_the_other_and_each_is_verified() {
    let server = Server::start(MemoryStore::new()).await;
    let stop = CancellationToken::new();
    let plan = demo::DemoPlan { match_s: 2, tick_rate: TickRate::DEFAULT };
    let demo = tokio::spawn(demo::run(server.registry.clone(), plan, stop.clone()));
    server
        .until("two matches are verified", |registry| {
            let sessions = registry.list();
            assert!(sessions.iter().filter(|session| session.status.is_live()).count() <= 1, "one at a time");
            let results = sessions.iter().filter_map(|session| session.verify.as_ref());
            results.filter(|verify| verify.result == "verified").count() >= 2
        })
        .await;
    let names: Vec<String> =
        server.registry.list().into_iter().rev().map(|session| session.name).take(2).collect();
    assert_eq!(names, ["Demo match 1", "Demo match 2"]);
    stop.cancel();
    demo.await.expect("the demo stops when told");
    server.stop().await;
}
