//! How a session comes to its end: with everything it made kept and shown, and told as what it is.

use combat_protocol::numbers::ServerState;
use combat_replays::reader::Reader;
use combat_replays::record::Record;
use tokio::sync::oneshot::error::TryRecvError as NoAnswer;

use super::*;
use crate::session::host::Ending;
use crate::session::summary::SessionStatus;

/// With one player, who has his welcome.
async fn one_connected(rate_hz: u32) -> (Stage, Socket) {
    let mut stage = Stage::at(rate_hz, 2).await;
    let ann = stage.seated("ann").await;
    let mut socket = stage.arrive(ann);
    while socket.welcome().is_none() {
        assert_eq!(stage.step(), HostState::Running);
        assert!(stage.host.tick() < Tick(rate_hz), "a welcome within a second");
    }
    stage.settled().await;
    (stage, socket)
}

/// What waits, frames and messages.
fn told(socket: &mut Socket) -> (usize, Vec<ServerMessage>) {
    let (mut frames, mut messages) = (0, Vec::new());
    while let Ok(outgoing) = socket.outgoing.try_recv() {
        match outgoing {
            Outgoing::Frame { .. } => {
                // As the socket's writer does.
                socket.facts.note_frame_written();
                frames += 1;
            }
            Outgoing::Reliable(bytes) => {
                messages.push(decode_server(&bytes, Encoding::MessagePack).expect("sound"));
            }
        }
    }
    (frames, messages)
}

fn says_draining(message: &ServerMessage) -> bool {
    matches!(message, ServerMessage::Status(status) if status.state == ServerState::Draining)
}

#[tokio::test]
async fn a_server_that_stops_lets_go_of_no_session_whose_last_record_still_waits_for_its_tape() {
    let (mut stage, mut socket) = one_connected(RATE_HZ).await;
    let tape = stage.handle.tape.clone();
    let taken = tape.last_tick();
    stage.handle.live().begin_drain();
    let busy = tape.collecting();
    for waits in 1..=3 {
        assert_eq!(stage.step(), HostState::Running);
        assert_eq!((tape.last_tick(), stage.host.tick()), (taken, Tick(taken + waits)));
        assert!(!told(&mut socket).1.iter().any(says_draining));
    }
    drop(busy);
    stage.settled().await;
    assert_eq!(stage.step(), HostState::Gone);
    assert_eq!(stage.host.ending(), Ending::Drained);
    assert!(told(&mut socket).1.iter().any(says_draining));
    assert_eq!(stage.log().await.last_tick(), stage.host.tick(), "the log has every tick that was shown");
}

/// The next process restores it, and simulates nothing twice.
#[tokio::test]
async fn a_session_left_to_the_next_process_has_its_state_before_its_last_tick_in_the_log() {
    let (mut stage, _socket) = one_connected(RATE_HZ).await;
    stage.handle.live().begin_drain();
    let before = stage.host.tick();
    assert_eq!(stage.step(), HostState::Gone);
    let log = stage.log().await;
    let states = Reader::new(&log.records).filter_map(|record| match record.expect("sound") {
        Record::Keyframe { tick, .. } => Some(tick),
        _ => None,
    });
    assert_eq!(states.last(), Some(before));
    assert_eq!(log.last_tick(), before.plus(1));
}

#[tokio::test]
async fn an_end_is_told_once_its_last_tick_is_durable_and_not_before() {
    let (mut stage, mut socket) = one_connected(RATE_HZ).await;
    stage.faults.set(Fault::Hanging);
    let mut ended = stage.end();
    assert_eq!(stage.step(), HostState::Over);
    now(&mut ended).expect("ended");
    for _ in 0..3 {
        assert_eq!(stage.step(), HostState::Over);
        assert!(!socket.is_closed());
        assert_eq!(stage.handle.inbox.closed(), None);
        assert_ne!(stage.handle.live().status(), SessionStatus::Ended);
    }
    stage.faults.lift();
    stage.settled().await;
    assert_eq!(stage.step(), HostState::Gone);
    assert_eq!(stage.host.ending(), Ending::Finished);
    assert_eq!(stage.handle.live().status(), SessionStatus::Ended);
    assert!(socket.is_closed() && socket.facts.close_code() == CloseCode::SessionEnded);
}

#[tokio::test]
async fn a_match_that_is_over_when_its_store_is_lost_is_no_match_that_ended() {
    let (mut stage, mut socket) = one_connected(RATE_HZ).await;
    stage.faults.set(Fault::LostOwnership);
    let _ended = stage.end();
    assert_eq!(stage.step(), HostState::Over);
    stage.registry.journal().flush().await.expect_err("it belongs to another");
    assert_eq!(stage.step(), HostState::Gone);
    assert_eq!(stage.host.ending(), Ending::Failed);
    assert_eq!(stage.handle.live().status(), SessionStatus::Failed);
    assert!(socket.is_closed() && socket.facts.close_code() == CloseCode::SessionFailed);
}

#[tokio::test]
async fn the_last_tick_is_shown_although_no_frame_is_due() {
    let (mut stage, mut socket) = one_connected(TickRate::DEFAULT.hz()).await;
    let frame_ticks = stage.host.parts.players.frame_ticks();
    assert!(frame_ticks > 1, "there are ticks without a frame");
    while !stage.host.tick().0.is_multiple_of(frame_ticks) {
        stage.step();
    }
    told(&mut socket);
    stage.step();
    assert_eq!(told(&mut socket).0, 0, "none is due");
    while !stage.host.tick().0.is_multiple_of(frame_ticks) {
        stage.step();
    }
    told(&mut socket);
    let _ended = stage.end();
    assert_eq!(stage.step(), HostState::Over);
    assert!(!stage.host.tick().0.is_multiple_of(frame_ticks));
    assert_eq!(told(&mut socket).0, 1, "it is the last");
}

/// Whose rules have no weapon, which no loader lets pass: reloading it panics.
#[tokio::test]
async fn of_a_session_that_fails_nobody_waits_for_an_answer() {
    let mut stage = Stage::with(RATE_HZ, 3, |rules| rules.weapons.clear()).await;
    let people = [stage.seated("ann").await, stage.seated("bob").await];
    let sockets = people.map(|person| stage.arrive(person));
    stage.step();
    let cyd = stage.person("cyd").await;
    stage.say(&sockets[0], Slot(0), 1);
    let (mut joined, mut arrived) = (stage.join(cyd), stage.arrive(cyd));
    assert_eq!(stage.step(), HostState::Failed);
    assert_eq!(joined.try_recv().err(), Some(NoAnswer::Closed));
    assert_eq!(arrived.answer.try_recv().err(), Some(NoAnswer::Closed));
    assert!(!arrived.is_closed(), "connections end with the session, once its log is durable");
}

#[tokio::test]
async fn a_panic_beside_the_simulation_adds_nothing_to_a_log_that_has_its_tick() {
    let (mut stage, mut socket) = one_connected(RATE_HZ).await;
    let last = stage.host.tick();
    stage.host.fail();
    assert_eq!((stage.host.staged, stage.host.staging.len()), (None, 0));
    assert_eq!((stage.step(), stage.host.ending()), (HostState::Gone, Ending::Failed));
    assert!(socket.is_closed() && socket.facts.close_code() == CloseCode::SessionFailed);
    let log = stage.log().await;
    assert_eq!((log.last_tick(), log.lost), (last, None));
}
