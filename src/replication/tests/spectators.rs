//! What spectators are shown, how late, and what never.

use combat_components::ids::Epoch;
use combat_components::tick::{Tick, TickRate};
use combat_protocol::codec::Encoding;
use combat_protocol::server::{EventMessage, Happening, ServerMessage, Snapshot};

use super::{Line, view};
use crate::replication::backlog::Backlog;
use crate::replication::happenings::Told;
use crate::replication::players::WelcomeTemplate;
use crate::replication::watchers::{SpectatorArrival, Watchers};

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
