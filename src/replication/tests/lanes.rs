//! What those who share a lane are sent, and when its gate is open.

use combat_components::ids::{Epoch, Team};
use combat_components::tick::Tick;
use combat_protocol::client_view::ClientView;
use combat_protocol::codec::Encoding;
use combat_protocol::server::{EventMessage, ServerMessage, Welcome};
use combat_protocol::view::View;
use combat_systems::views::{Eye, Sight};

use super::{Line, view};
use crate::replication::connection::{Connection, FRAMES_PENDING_MAX};
use crate::replication::encoded::{Encoder, PerEncoding};
use crate::replication::gate::{Gate, Moment};
use crate::replication::happenings::Told;
use crate::replication::lane::{Lane, Public, Reader};

/// How old a word may be.
const ALLOWANCE_TICKS: u32 = 64;
const ALL_FINAL: Tick = Tick(u32::MAX);

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
fn of_one_frame_a_snapshot_goes_to_those_who_know_the_roster_and_another_to_those_who_do_not() {
    let (mut lane, mut encoder) = (Lane::new(Eye::All, Gate::OPEN), Encoder::default());
    let (mut there, line) = reader(Encoding::MessagePack);
    let (mut away, far) = reader(Encoding::MessagePack);
    let (mut client, mut other) = (ClientView::new(), ClientView::new());
    show(&mut lane, &view(4, &[1, 2]), &mut [&mut there, &mut away], &mut encoder);
    // 3 comes while the other's outbox has no room.
    (0..FRAMES_PENDING_MAX).for_each(|_| far.facts.note_frame_queued());
    show(&mut lane, &view(8, &[1, 2, 3]), &mut [&mut there, &mut away], &mut encoder);
    (0..FRAMES_PENDING_MAX).for_each(|_| far.facts.note_frame_written());
    assert_eq!(take_in(&mut client, &line), ["welcome", "delta"]);
    assert_eq!(take_in(&mut other, &far), ["welcome"]);
    show(&mut lane, &view(204, &[1, 2, 3]), &mut [&mut there, &mut away], &mut encoder);
    [&line, &far].into_iter().for_each(|line| line.facts.note_seen(Epoch(1), Tick(8)));
    show(&mut lane, &view(208, &[1, 2, 3]), &mut [&mut there, &mut away], &mut encoder);
    assert_eq!(take_in(&mut client, &line), ["snapshot"], "a delta has told him of 3");
    assert_eq!(take_in(&mut other, &far), ["snapshot with roster"]);
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
    let secret = |team| Told { sight: Sight::Team(Team(team)), ..Told::durable(Epoch(1), Tick(team.into())) };
    let hear = |reader: &Reader<Line>, encoder: &mut Encoder| {
        for team in [1, 2] {
            assert!(reader.tell(&secret(team), &mut PerEncoding::default(), encoder));
        }
        assert!(reader.tell(&Told::durable(Epoch(1), Tick(9)), &mut PerEncoding::default(), encoder));
        let own = Told { sight: Sight::Nobody, ..Told::durable(Epoch(1), Tick(9)) };
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
