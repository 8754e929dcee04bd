//! What spectators are shown, how late, and what never.

use combat_components::ids::Epoch;
use combat_components::tick::{Tick, TickRate};
use combat_protocol::close::CloseCode;
use combat_protocol::codec::Encoding;
use combat_protocol::numbers::Role;
use combat_protocol::server::{EventMessage, Happening, ServerMessage, Snapshot};

use super::{Line, view};
use crate::replication::backlog::Backlog;
use crate::replication::connection::FRAMES_PENDING_MAX;
use crate::replication::happenings::Told;
use crate::replication::players::WelcomeTemplate;
use crate::replication::watchers::{SPECTATOR_FRAME_HZ, SpectatorArrival, Watchers};

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
        ..Told::durable(Epoch(1), Tick(tick))
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

/// What everybody watching is shown of such frames, at once.
fn show(watchers: &mut Watchers<Line>, backlog: &Backlog) {
    watchers.show(|gate, shown| backlog.due(gate, shown, Tick(u32::MAX), None));
}

#[test]
fn a_spectator_is_welcomed_as_one_and_told_how_late_he_is() {
    let (mut watchers, lines) = watched([0, 250]);
    let mut backlog = Backlog::new(64);
    for tick in [8, 40] {
        backlog.keep(&view(tick, &[1]), &[], &mut Vec::new());
    }
    show(&mut watchers, &backlog);
    let welcomed = lines.each_ref().map(|line| match &line.messages()[..] {
        [ServerMessage::Welcome(welcome)] => {
            assert_eq!((welcome.sim_id, welcome.slot, &welcome.own), (None, None, &None));
            assert_eq!((welcome.role, welcome.frame_hz), (Role::Spectator, SPECTATOR_FRAME_HZ));
            (welcome.tick, welcome.durable_tick, welcome.delay_ms)
        }
        other => panic!("one welcome: {other:?}"),
    });
    assert_eq!(welcomed, [(40, 40, 0), (8, 8, 250)]);
    assert_eq!(lines.map(|line| line.facts.shown_tick()), [Tick(40), Tick(8)], "as pongs tell it");
}

#[test]
fn after_what_happened_in_a_frame_a_spectator_is_told_that_it_is_final() {
    let (mut watchers, [line]) = watched([0]);
    let mut backlog = Backlog::new(64);
    backlog.keep(&view(8, &[1]), &[], &mut Vec::new());
    show(&mut watchers, &backlog);
    drop(line.heard());
    let message = |tick, happening| EventMessage { epoch: 1, tick, happening };
    let told =
        |tick| Told { message: message(tick, Happening::PlayGoesOn), ..Told::durable(Epoch(1), Tick(tick)) };
    backlog.keep(&view(16, &[1]), &[], &mut vec![told(11), told(13)]);
    backlog.keep(&view(24, &[1]), &[], &mut Vec::new());
    show(&mut watchers, &backlog);
    let [ServerMessage::Delta(first), told @ .., ServerMessage::Delta(last)] = &line.messages()[..] else {
        panic!("a frame, what is told with it, and a frame of which nothing is told")
    };
    assert_eq!((first.tick, last.tick), (16, 24));
    let durable = Happening::Durable { epoch: 1, tick: 13 };
    let expected =
        [message(11, Happening::PlayGoesOn), message(13, Happening::PlayGoesOn), message(13, durable)];
    assert_eq!(told, expected.map(ServerMessage::Event));
}

#[test]
fn those_who_watch_equally_late_share_what_they_are_sent_and_who_has_gone_is_let_go_of() {
    let (mut watchers, lines) = watched([0, 0, 250]);
    let mut backlog = Backlog::new(64);
    for tick in [8, 48] {
        backlog.keep(&view(tick, &[1]), &[], &mut Vec::new());
        show(&mut watchers, &backlog);
        if tick == 8 {
            lines.iter().for_each(|line| drop(line.heard()));
        }
    }
    let [one, other, _] = lines.each_ref().map(Line::heard);
    assert_eq!((one.len(), one[0].as_ptr()), (1, other[0].as_ptr()), "one delta for both");
    lines[0].gone.set(true);
    lines[2].gone.set(true);
    let mut lanes_asked = 0;
    watchers.show(|gate, shown| {
        lanes_asked += 1;
        backlog.due(gate, shown, Tick(u32::MAX), None)
    });
    assert_eq!((watchers.count(), lanes_asked), (1, 1), "two have gone, one of them the last of his lane");
    lines[1].full.set(true);
    backlog.keep(&view(56, &[1]), &[], &mut Vec::new());
    show(&mut watchers, &backlog);
    assert_eq!(watchers.count(), 0, "his outbox takes no frame");
}

#[test]
fn a_spectator_whose_outbox_takes_no_message_is_let_go_of_and_the_others_are_closed_at_the_end() {
    let (mut watchers, lines) = watched([0, 0]);
    let mut backlog = Backlog::new(64);
    backlog.keep(&view(8, &[1]), &[], &mut Vec::new());
    show(&mut watchers, &backlog);
    // No frame is due to him, but what is told is never skipped.
    lines[0].full.set(true);
    (0..FRAMES_PENDING_MAX).for_each(|_| lines[0].facts.note_frame_queued());
    backlog.keep(&view(16, &[1]), &[], &mut vec![Told::durable(Epoch(1), Tick(16))]);
    show(&mut watchers, &backlog);
    assert_eq!(watchers.count(), 1);
    watchers.dismiss_everybody(CloseCode::SessionEnded);
    assert_eq!((watchers.count(), lines[1].facts.close_code()), (0, CloseCode::SessionEnded));
}

#[test]
fn a_silent_spectator_is_skipped_when_his_word_is_older_than_its_second_and_a_quarter_and_round_trip() {
    let (mut watchers, [line]) = watched([0]);
    line.facts.note_rtt(125, 0);
    let mut backlog = Backlog::new(64);
    // 1,250 and 125 ms are 176 ticks.
    let shown: Vec<_> = [8, 8 + 176, 8 + 177]
        .into_iter()
        .map(|tick| {
            backlog.keep(&view(tick, &[1]), &[], &mut Vec::new());
            show(&mut watchers, &backlog);
            ticks(&line).0
        })
        .collect();
    assert_eq!(shown, [vec![8], vec![184], vec![]]);
}
