//! Audiences by themselves: no session, log or runtime, and connections that only remember what they were sent.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;
use combat_components::command::{Claim, Command, TickInput};
use combat_components::ids::{DisplayName, Epoch, Pseudonym, SessionId, Slot, Team};
use combat_components::quantity::{Pose, Vec3Mm};
use combat_components::setup::{Seed, SessionSetup, SimLimits};
use combat_components::tick::{Tick, TickRate};
use combat_protocol::client_view::ClientView;
use combat_protocol::codec::{Encoding, decode_server};
use combat_protocol::server::{EventMessage, Happening, ServerMessage, Snapshot, Welcome};
use combat_protocol::view::{PublicPlayer, RosterEntry, View};
use combat_systems::kinds::Kinds;
use combat_systems::sim::{Sim, SimParts};
use combat_systems::views::{Eye, Sight};

use super::backlog::Backlog;
use super::connection::{Connection, LinkFacts};
use super::encoded::{Encoder, PerEncoding};
use super::fold::fold;
use super::gate::{Gate, Moment};
use super::happenings::Told;
use super::lane::{Lane, Public, Reader};
use super::players::{Arrived, PlayersAudience, Standing, WelcomeTemplate};
use super::view::ViewBuilder;
use super::watchers::{SpectatorArrival, Watchers};
use crate::session::catalogue::Catalogue;

/// How old a word may be.
const ALLOWANCE_TICKS: u32 = 64;
const ALL_FINAL: Tick = Tick(u32::MAX);

/// Remembers what it was sent; what is a frame counts as written at once.
#[derive(Clone, Debug)]
struct Line {
    facts: Arc<LinkFacts>,
    sent: Rc<RefCell<Vec<Bytes>>>,
}

impl Line {
    fn new() -> Self {
        let facts = LinkFacts::new();
        facts.note_rtt(0, 0);
        Self { facts, sent: Rc::default() }
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
        false
    }

    fn send_frame(&self, public: Option<Bytes>, own: Option<Bytes>) -> bool {
        self.sent.borrow_mut().extend(public.into_iter().chain(own));
        true
    }

    fn send_reliable(&self, message: Bytes) -> bool {
        self.sent.borrow_mut().push(message);
        true
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

fn at(now: u32) -> Moment {
    Moment { now: Tick(now), durable: Tick(0) }
}

/// Shows a frame to everybody in the lane, and welcomes whoever is new.
fn show(lane: &mut Lane, view: &View, readers: &mut [&mut Reader<Line>], encoder: &mut Encoder) {
    let mut showing = lane.show(view, &[], at(view.tick)).expect("the gate is open");
    for reader in readers {
        if !reader.is_welcomed() {
            assert!(showing.welcome(reader, Welcome::default(), encoder));
            continue;
        }
        match showing.due_to(reader, ALLOWANCE_TICKS, encoder) {
            Public::Nothing => {}
            Public::Delta(bytes) | Public::Snapshot { bytes, .. } => {
                assert!(reader.outbox.send_frame(Some(bytes), None));
            }
        }
    }
}

fn reader(encoding: Encoding) -> (Reader<Line>, Line) {
    let line = Line::new();
    (Reader::new(line.clone(), encoding), line)
}

/// The frames among what a line heard, as a client takes them in.
fn take_in(client: &mut ClientView, line: &Line) -> Vec<&'static str> {
    let take = |message| match message {
        ServerMessage::Welcome(welcome) => {
            client.apply_snapshot(&welcome.snapshot).expect("the first snapshot names everybody");
            "welcome"
        }
        ServerMessage::Snapshot(snapshot) => {
            client.apply_snapshot(&snapshot).expect("everybody in it has been named");
            if snapshot.roster.is_some() { "snapshot with roster" } else { "snapshot" }
        }
        ServerMessage::Delta(delta) => {
            client.apply_delta(&delta).expect("it builds on the frame before");
            "delta"
        }
        other => panic!("no frame: {other:?}"),
    };
    line.messages().into_iter().map(take).collect()
}

#[test]
fn what_a_lane_is_sent_is_encoded_once_for_each_encoding() {
    let (mut lane, mut encoder) = (Lane::new(Eye::All, Gate::OPEN), Encoder::default());
    let encodings = [Encoding::MessagePack, Encoding::MessagePack, Encoding::Json, Encoding::Json];
    let (mut readers, lines): (Vec<_>, Vec<_>) = encodings.map(reader).into_iter().unzip();
    for tick in [4, 8, 400] {
        let mut all: Vec<_> = readers.iter_mut().collect();
        show(&mut lane, &view(tick, &[1, 2]), &mut all, &mut encoder);
        for line in &lines {
            // At 400 nobody's word is young enough: all get one snapshot, after one frame of nothing.
            line.facts.note_seen(Epoch(1), Tick(tick));
        }
        let [one, same, json, same_json] = [0, 1, 2, 3].map(|at| lines[at].heard());
        if tick == 8 {
            assert_eq!((one[0].as_ptr(), json[0].as_ptr()), (same[0].as_ptr(), same_json[0].as_ptr()));
            assert_ne!(one[0], json[0]);
        }
        assert_eq!(one.len(), usize::from(tick != 400), "{tick}");
    }
    let mut all: Vec<_> = readers.iter_mut().collect();
    show(&mut lane, &view(404, &[1, 2]), &mut all, &mut encoder);
    let [one, same, json, same_json] = [0, 1, 2, 3].map(|at| lines[at].heard());
    assert_eq!((one[0].as_ptr(), json[0].as_ptr()), (same[0].as_ptr(), same_json[0].as_ptr()));
}

#[test]
fn a_snapshot_names_everybody_to_whom_the_present_roster_was_not_told_and_nobody_to_others() {
    let (mut lane, mut encoder) = (Lane::new(Eye::All, Gate::OPEN), Encoder::default());
    let (mut there, line) = reader(Encoding::MessagePack);
    let (mut away, far) = reader(Encoding::MessagePack);
    let (mut client, mut other) = (ClientView::new(), ClientView::new());
    show(&mut lane, &view(4, &[1, 2]), &mut [&mut there, &mut away], &mut encoder);
    assert_eq!((take_in(&mut client, &line), take_in(&mut other, &far)), (vec!["welcome"], vec!["welcome"]));
    // Both fall behind; nobody comes or goes meanwhile.
    show(&mut lane, &view(104, &[1, 2]), &mut [&mut there, &mut away], &mut encoder);
    line.facts.note_seen(Epoch(1), Tick(4));
    show(&mut lane, &view(108, &[1, 2]), &mut [&mut there, &mut away], &mut encoder);
    assert_eq!(take_in(&mut client, &line), ["snapshot"]);
    // 3 comes while the other is still away: who is there hears it by a delta.
    show(&mut lane, &view(112, &[1, 2, 3]), &mut [&mut there, &mut away], &mut encoder);
    assert_eq!(take_in(&mut client, &line), ["delta"]);
    line.facts.note_seen(Epoch(1), Tick(112));
    far.facts.note_seen(Epoch(1), Tick(4));
    show(&mut lane, &view(116, &[1, 2, 3]), &mut [&mut there, &mut away], &mut encoder);
    assert_eq!(take_in(&mut client, &line), ["delta"]);
    assert_eq!(take_in(&mut other, &far), ["snapshot with roster"]);
    assert_eq!((client.view(), other.view()), (Some(&view(116, &[1, 2, 3])), Some(&view(116, &[1, 2, 3]))));
}

#[test]
fn whoever_changes_lanes_begins_there_with_a_snapshot_and_sees_by_its_eye_alone() {
    let mut encoder = Encoder::default();
    let [mut red, mut blue] = [1, 2].map(|team| Lane::new(Eye::Team(Team(team)), Gate::OPEN));
    let (mut turncoat, line) = reader(Encoding::MessagePack);
    let mut client = ClientView::new();
    show(&mut red, &view(4, &[1, 2]), &mut [&mut turncoat], &mut encoder);
    show(&mut blue, &view(4, &[1, 3]), &mut [], &mut encoder);
    show(&mut red, &view(8, &[1, 2]), &mut [&mut turncoat], &mut encoder);
    show(&mut blue, &view(8, &[1, 3]), &mut [], &mut encoder);
    assert_eq!(take_in(&mut client, &line), ["welcome", "delta"]);
    let secret = |team| Told { sight: Sight::Team(Team(team)), ..Told::durable(1, team.into()) };
    let hear = |reader: &Reader<Line>, encoder: &mut Encoder| {
        for team in [1, 2] {
            assert!(reader.tell(&secret(team), &mut PerEncoding::default(), encoder));
        }
        assert!(reader.tell(&Told::durable(1, 9), &mut PerEncoding::default(), encoder));
        let own = Told { sight: Sight::Nobody, ..Told::durable(1, 9) };
        assert!(reader.tell(&own, &mut PerEncoding::default(), encoder));
        let tick = |message| match message {
            ServerMessage::Event(EventMessage { tick, .. }) => tick,
            other => panic!("no event: {other:?}"),
        };
        line.messages().into_iter().map(tick).collect::<Vec<_>>()
    };
    assert_eq!(hear(&turncoat, &mut encoder), [1, 9]);
    show(&mut blue, &view(12, &[1, 3]), &mut [&mut turncoat], &mut encoder);
    assert_eq!(take_in(&mut client, &line), ["snapshot with roster"]);
    assert_eq!(hear(&turncoat, &mut encoder), [2, 9]);
    show(&mut blue, &view(16, &[1, 3]), &mut [&mut turncoat], &mut encoder);
    assert_eq!(take_in(&mut client, &line), ["delta"]);
    assert_eq!(client.view(), Some(&view(16, &[1, 3])));
}

#[test]
fn a_gate_holds_back_what_is_too_new_or_could_be_undone() {
    let mut lane = Lane::new(Eye::All, Gate::behind(100));
    let moment = Moment { now: Tick(300), durable: Tick(150) };
    assert!(lane.show(&view(151, &[1]), &[], moment).is_none(), "not final");
    assert!(lane.show(&view(150, &[1]), &[], moment).is_some());
    let moment = Moment { durable: ALL_FINAL, ..moment };
    assert!(lane.show(&view(201, &[1]), &[], moment).is_none(), "not old enough");
    assert_eq!(lane.shown(), Some(Tick(150)));
}

/// A gallery with one spectator for each delay, at 128 ticks a second.
fn watched<const N: usize>(delays_ms: [u32; N]) -> (Watchers<Line>, [Line; N]) {
    let mut watchers = Watchers::new(WelcomeTemplate::default(), TickRate::DEFAULT);
    let lines = delays_ms.map(|delay_ms| {
        let line = Line::new();
        let arrival = SpectatorArrival { outbox: line.clone(), encoding: Encoding::MessagePack, delay_ms };
        watchers.take_in(arrival);
        line
    });
    (watchers, lines)
}

/// The ticks of the frames and events that a line heard.
fn ticks(line: &Line) -> (Vec<u32>, Vec<u32>) {
    let (mut frames, mut events) = (Vec::new(), Vec::new());
    for message in line.messages() {
        match message {
            ServerMessage::Welcome(welcome) => {
                assert_eq!(
                    (welcome.tick, welcome.durable_tick),
                    (welcome.snapshot.tick, welcome.snapshot.tick)
                );
                frames.push(welcome.tick);
            }
            ServerMessage::Snapshot(Snapshot { tick, .. }) => frames.push(tick),
            ServerMessage::Delta(delta) => frames.push(delta.tick),
            ServerMessage::Event(EventMessage { happening: Happening::Durable { .. }, .. }) => {}
            ServerMessage::Event(event) => events.push(event.tick),
            other => panic!("not for a spectator: {other:?}"),
        }
    }
    (frames, events)
}

#[test]
fn spectators_are_shown_what_is_old_enough_and_durable_and_the_rest_after_the_end() {
    let (mut watchers, [early, late]) = watched([0, 1_000]);
    let mut backlog = Backlog::new(64);
    let told = |tick| Told {
        message: EventMessage { epoch: 1, tick, happening: Happening::PlayGoesOn },
        ..Told::durable(1, tick)
    };
    for tick in (8..=160).step_by(8) {
        backlog.keep(&view(tick, &[1]), &[], &mut vec![told(tick)]);
    }
    let mut shown = |durable, over_for| {
        for line in [&early, &late] {
            line.facts.note_seen(Epoch(1), Tick(160));
        }
        watchers.show(|gate, shown| backlog.due(gate, shown, Tick(durable), over_for))
    };
    assert!(!shown(40, None));
    assert_eq!((ticks(&early), ticks(&late)), ((vec![40], vec![40]), (vec![32], vec![32])));
    assert!(!shown(96, None), "more will become final");
    assert_eq!(ticks(&early).0, [48, 56, 64, 72, 80, 88, 96]);
    assert_eq!(ticks(&late).0, [0; 0], "the newest is still the same second ago");
    assert!(!shown(160, Some(64)), "half a second after the end");
    assert_eq!((ticks(&early).0.last(), ticks(&late).0.last()), (Some(&160), Some(&96)));
    assert!(shown(160, Some(128)));
    assert_eq!((ticks(&early).0, ticks(&late).0.last()), (vec![], Some(&160)));
}

#[test]
fn what_is_not_durable_at_the_end_is_never_shown() {
    let (mut watchers, [line]) = watched([0]);
    let mut backlog = Backlog::new(2);
    for tick in [8, 16, 24] {
        backlog.keep(&view(tick, &[1]), &[], &mut Vec::new());
    }
    assert!(watchers.show(|gate, shown| backlog.due(gate, shown, Tick(8), Some(1_000))));
    assert_eq!(ticks(&line).0, [0; 0], "the oldest frame made room, and the others could be undone");
    assert!(watchers.show(|gate, shown| backlog.due(gate, shown, Tick(16), Some(1_000))));
    assert_eq!(ticks(&line).0, [16]);
}

/// Two who have joined a duel, and what they are sent.
struct Duel {
    sim: Sim,
    audience: PlayersAudience<Line>,
    builder: ViewBuilder,
    input: TickInput,
    lines: [Line; 2],
}

impl Duel {
    fn new() -> Self {
        let catalogue = Catalogue::load(Kinds::SHIPPED, None, None).expect("the shipped assets are sound");
        let map = catalogue.map("duel-box").expect("the map ships");
        let ruleset = catalogue.ruleset("default").expect("the ruleset ships");
        let setup = SessionSetup {
            session: SessionId([1; 16]),
            tick_rate: TickRate::DEFAULT,
            seed: Seed(7),
            mode: "duel".to_owned(),
            max_players: 2,
            friendly_fire: false,
            time_limit: Tick(600 * 128),
            score_limit: 0,
            map_hash: map.hash,
            ruleset_hash: ruleset.hash,
            limits: SimLimits::at(TickRate::DEFAULT),
        };
        let level = catalogue.level(map, ruleset);
        let audience = PlayersAudience::new(&setup, WelcomeTemplate::default());
        let (kinds, ruleset, map) = (catalogue.kinds(), ruleset.ruleset.clone(), map.map.clone());
        let sim = Sim::new(&SimParts { kinds, setup, ruleset, map, level }).expect("the setup is sound");
        let (builder, lines) = (ViewBuilder::default(), [Line::new(), Line::new()]);
        let mut duel = Self { sim, audience, builder, input: TickInput::new(), lines };
        for number in 0..2_u8 {
            let (slot, pseudonym) = (Slot(number), Pseudonym(number.into()));
            let join = Command::Join { slot, pseudonym, team: Team::NONE, bot: false, request: None };
            duel.input.extend([join, Command::Connected { slot }]);
            let (outbox, encoding) = (duel.lines[usize::from(number)].clone(), Encoding::MessagePack);
            duel.audience.arrive(Arrived {
                slot,
                connection: number.into(),
                outbox,
                encoding,
                seen: None,
                since: Tick(0),
            });
        }
        duel
    }

    fn step(&mut self) {
        self.sim.step(&mut self.input);
        self.input.clear();
        let Self { sim, builder, audience, .. } = self;
        fold(sim, Epoch(1), builder, audience, |identity| identity.slot.player_name(), &mut ());
        let durable_tick = self.sim.tick();
        let standing = Standing { epoch: Epoch(1), epoch_began_at: Tick(0), durable_tick };
        let frame_due = self.sim.tick().0.is_multiple_of(self.audience.frame_ticks());
        self.audience.after_step(&mut self.sim, &mut self.builder, frame_due, standing);
    }
}

#[test]
fn players_share_what_is_public_and_hear_alone_what_is_their_own() {
    let mut duel = Duel::new();
    (0..4).for_each(|_| duel.step());
    let welcomed = duel.lines.each_ref().map(|line| match &line.messages()[..] {
        [ServerMessage::Welcome(welcome)] => {
            (welcome.slot, welcome.own.is_some(), welcome.snapshot.roster.clone())
        }
        other => panic!("one welcome, and nothing of what came before: {other:?}"),
    });
    let [(one, ..), (other, ..)] = &welcomed;
    assert_eq!((one, other), (&Some(0), &Some(1)));
    for (_, own, roster) in &welcomed {
        let names: Vec<_> = roster.iter().flatten().map(|entry| entry.display_name.to_string()).collect();
        assert_eq!((own, &names[..]), (&true, &["Player 0".to_owned(), "Player 1".to_owned()][..]));
    }
    // A claim out of the map: the first is put back, and only he hears of it.
    let own = duel.sim.own_view(Slot(0)).expect("he has joined");
    let at = Vec3Mm::new(900_000, 0, 0);
    let claim = Claim {
        slot: Slot(0),
        input_seq: 1,
        client_tick: 8,
        pose: Pose { at, ..own.pose },
        view_tick: Tick(4),
        pose_epoch: own.pose_epoch,
        bends: Default::default(),
    };
    duel.input.push(Command::Claim { claim });
    duel.step();
    let [his, others] = duel.lines.each_ref().map(Line::messages);
    let [ServerMessage::Own(part)] = &his[..] else { panic!("his own part at once: {his:?}") };
    assert_eq!(part.correction.map(|correction| correction.input_seq), Some(1));
    assert_eq!(others, []);
    (0..3).for_each(|_| duel.step());
    let [his, others] = duel.lines.each_ref().map(Line::heard);
    assert_eq!((his.len(), others.len()), (2, 2), "a delta and an own part each");
    assert_eq!(his[0].as_ptr(), others[0].as_ptr(), "the delta is one for both");
}
