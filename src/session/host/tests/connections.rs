//! Connections, and the places they are for.

use super::*;

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
    assert_eq!(stage.step(), HostState::Over);
    stage.settled().await;
    assert_eq!(stage.step(), HostState::Gone);
    for (slot, socket) in (0..).map(Slot).zip(&mut sockets) {
        assert!(socket.is_closed() && socket.facts.close_code() == CloseCode::SessionEnded);
        let (id, connection) = (people[usize::from(slot.0)].player, socket.connection);
        stage.handle.detach(AttachedPlayer { id, slot, connection });
        let late = stage.handle.submit(connection, reload(slot, 2), false);
        assert_eq!(late, Err(SessionError::Ended));
    }
    assert_eq!(refusals.get(), 1);
}
