//! A session whose tape takes nothing for a while: what may wait for it, and what must not.

use combat_components::limits::INPUTS_PER_PLAYER_AND_TICK_MAX;
use combat_protocol::numbers::ServerState;
use combat_protocol::server::StatusMessage;

use super::*;
use crate::session::host::{INPUTS_KEPT, STAGED_BYTES_MAX};
use crate::session::outbox::OUTBOX_CAPACITY;

impl Stage {
    fn is_connected(&self, slot: Slot) -> bool {
        let mut members = self.host.parts.sim.members();
        members.any(|(_, identity, link)| identity.slot == slot && link.connected)
    }
}

#[tokio::test]
async fn what_waits_for_a_busy_tape_is_bounded_and_then_the_session_stands_still() {
    let mut stage = Stage::of(2).await;
    let ann = stage.seated("ann").await;
    let socket = stage.arrive(ann);
    stage.step();
    let tape = stage.handle.tape.clone();
    let taken = tape.last_tick();
    let busy = tape.collecting();
    let mut seq = 0;
    while stage.step() == HostState::Running {
        assert!(stage.host.staging.len() <= STAGED_BYTES_MAX, "more waits than may");
        assert_eq!(stage.handle.live().tick(), stage.host.tick(), "what waits is kept, and told");
        for _ in 0..INPUTS_PER_PLAYER_AND_TICK_MAX {
            seq += 1;
            stage.say(&socket, Slot(0), seq);
        }
    }
    assert_eq!(stage.host.state(), HostState::Suspended);
    assert!(stage.host.staging.len() > STAGED_BYTES_MAX);
    assert_eq!(stage.handle.live().tick().plus(1), stage.host.tick(), "of what is beyond nobody is told");
    assert_eq!(tape.last_tick(), taken);
    drop(busy);
    stage.go_on().await;
    assert_eq!((stage.host.staged, Tick(tape.last_tick())), (None, stage.host.tick()));
    assert_eq!(stage.log().await.last_tick(), stage.host.tick());
}

#[tokio::test]
async fn a_session_that_stands_still_does_not_go_on_while_its_tape_is_only_busy() {
    let mut stage = Stage::of(2).await;
    stage.seated("ann").await;
    stage.settled().await;
    stage.stand_still();
    let tape = stage.handle.tape.clone();
    let busy = tape.collecting();
    for _ in 0..3 {
        assert_eq!(stage.step(), HostState::Suspended);
        assert_eq!(stage.handle.live().tick().plus(1), stage.host.tick());
    }
    drop(busy);
    stage.go_on().await;
    assert_eq!(stage.handle.live().tick(), stage.host.tick());
}

/// Who is let go of by the very message that says so must not be logged as lost after his own return.
#[tokio::test]
async fn whoever_is_too_slow_to_hear_of_the_standstill_and_comes_back_during_it_is_connected() {
    let mut stage = Stage::of(2).await;
    let ann = stage.seated("ann").await;
    stage.fill_the_tape(900);
    let mut slow = stage.arrive(ann);
    stage.step();
    assert_eq!(slow.welcome(), Some((0, 0)));
    stage.fill_the_tape(1_000);
    while slow.outgoing.try_recv().is_ok() {}
    let status = StatusMessage { state: ServerState::Live, reason: String::new() };
    for _ in 0..OUTBOX_CAPACITY {
        stage.host.parts.players.send_status(&status);
    }
    assert_eq!(stage.step(), HostState::Suspended);
    assert!(slow.is_closed() && slow.facts.close_code() == CloseCode::TooSlow);
    let mut back = stage.arrive(ann);
    assert_eq!(stage.step(), HostState::Suspended);
    assert_eq!(now(&mut back.answer), Ok(Slot(0)));
    stage.go_on().await;
    stage.step();
    assert!(stage.is_connected(Slot(0)), "the log has him lost and then back");
    assert_eq!(back.welcome(), Some((0, 0)));
}

/// A standstill that ends with the very tick at which windows are looked at.
#[tokio::test]
async fn whoever_comes_back_while_the_session_stands_still_keeps_his_body_although_his_window_is_over() {
    let mut stage = Stage::of(2).await;
    let ann = stage.seated("ann").await;
    let (body, _, link) = stage.host.parts.sim.members().next().expect("a body");
    let (joined_at, window_ticks) =
        (link.changed_at, stage.host.parts.tick_rate.ticks_in_ms(DISCONNECTED_BODY_MS));
    while !stage.host.tick().plus(1).0.is_multiple_of(RATE_HZ) {
        stage.step();
    }
    stage.settled().await;
    stage.stand_still();
    let at = stage.host.tick();
    assert!(at.0.is_multiple_of(RATE_HZ) && at.since(joined_at) >= window_ticks, "{at:?}");
    let mut socket = stage.arrive(ann);
    assert_eq!(stage.step(), HostState::Suspended);
    stage.go_on().await;
    stage.step();
    assert_eq!(now(&mut socket.answer), Ok(Slot(0)));
    assert_eq!(socket.welcome(), Some((0, 0)));
    let (now_there, identity, _) = stage.host.parts.sim.members().next().expect("he is there");
    assert_eq!((now_there, identity.pseudonym), (body, ann.pseudonym));
    assert!(stage.is_connected(Slot(0)));
    stage.agrees();
}

#[tokio::test]
async fn a_session_that_stands_still_keeps_so_many_inputs_and_still_has_room_for_whoever_comes_back() {
    let mut stage = Stage::of(2).await;
    let (ann, bob) = (stage.seated("ann").await, stage.seated("bob").await);
    let socket = stage.arrive(ann);
    stage.step();
    stage.settled().await;
    stage.stand_still();
    let rounds = 2 * INPUTS_KEPT / INPUTS_PER_PLAYER_AND_TICK_MAX;
    for round in 0..rounds as u32 {
        for number in 0..INPUTS_PER_PLAYER_AND_TICK_MAX as u32 {
            stage.say(&socket, Slot(0), 1 + round * INPUTS_PER_PLAYER_AND_TICK_MAX as u32 + number);
        }
        assert_eq!(stage.step(), HostState::Suspended);
        assert!(stage.host.input.len() <= INPUTS_KEPT, "{}", stage.host.input.len());
    }
    assert_eq!(stage.host.input.len(), INPUTS_KEPT);
    let mut back = stage.arrive(bob);
    assert_eq!(stage.step(), HostState::Suspended);
    assert_eq!(now(&mut back.answer), Ok(Slot(1)));
    stage.go_on().await;
    stage.step();
    assert!(stage.is_connected(Slot(1)));
}

/// Whether he has left is told with the tick that says so.
#[tokio::test]
async fn whoever_comes_back_to_a_place_that_he_leaves_in_the_unkept_tick_hears_only_of_the_standstill() {
    let mut stage = Stage::of(3).await;
    let (ann, bob) = (stage.seated("ann").await, stage.person("bob").await);
    let sim_id = stage.handle.live().seats()[0].sim_id;
    stage.settled().await;
    stage.fill_the_tape(1_000);
    let mut left = stage.leave(ann, LeaveCause::Left);
    assert_eq!(stage.step(), HostState::Suspended);
    let mut sockets = [stage.arrive(ann), stage.arrive_at(ann, sim_id), stage.arrive(bob)];
    assert_eq!(stage.step(), HostState::Suspended);
    for socket in &mut sockets {
        assert_eq!(now(&mut socket.answer), Err(SessionError::Suspended), "as whoever never was there");
        assert!(socket.is_closed());
    }
    assert!(left.try_recv().is_err());
    stage.go_on().await;
    now(&mut left).expect("left");
    let mut late = stage.arrive(ann);
    stage.step();
    assert_eq!(now(&mut late.answer), Err(SessionError::NotInSession));
    stage.agrees();
}
