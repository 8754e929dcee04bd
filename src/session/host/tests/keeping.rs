//! Nothing follows a tick whose record is not kept.

use combat_protocol::numbers::ServerState;
use combat_protocol::server::Happening;

use super::*;
use crate::journal::TapeState;

/// What one tick of two players does: ann leaves and shoots no more, cyd comes, and everybody is to hear of it.
struct Unkept {
    stage: Stage,
    ann: Person,
    sockets: [Socket; 2],
    left: Answer<Done>,
    joined: Answer<Done>,
    arrived: Socket,
}

impl Unkept {
    /// All of it waits for the next tick.
    fn in_the_inbox_of(mut stage: Stage, [ann, cyd]: [Person; 2], mut sockets: [Socket; 2]) -> Self {
        for socket in &mut sockets {
            while socket.outgoing.try_recv().is_ok() {}
        }
        stage.say(&sockets[1], Slot(1), 9);
        let (left, joined) = (stage.leave(ann, LeaveCause::Left), stage.join(cyd));
        let arrived = stage.arrive(cyd);
        Self { stage, ann, sockets, left, joined, arrived }
    }

    fn told(&mut self, at: usize) -> Vec<ServerMessage> {
        let mut told = Vec::new();
        while let Ok(outgoing) = self.sockets[at].outgoing.try_recv() {
            let parts = match outgoing {
                Outgoing::Reliable(bytes) => [Some(bytes), None],
                Outgoing::Frame { public, own } => [public, own],
            };
            let read = |bytes: bytes::Bytes| decode_server(&bytes, Encoding::MessagePack).expect("sound");
            told.extend(parts.into_iter().flatten().map(read));
        }
        told
    }

    /// Neither answers, nor messages, nor what everybody may read, have anything of the tick.
    fn heard_nothing(&mut self) {
        assert!(self.left.try_recv().is_err() && self.joined.try_recv().is_err());
        assert!(self.arrived.answer.try_recv().is_err() && self.arrived.outgoing.try_recv().is_err());
        assert!(self.stage.handle.place_of(self.ann.player).is_some(), "he still has his place");
        let newest = self.stage.handle.live().tick();
        assert_eq!(self.stage.host.tick(), newest.plus(1), "a tick was made, and nobody is told");
        let feed = self.stage.handle.feed();
        assert!(
            feed.read(newest, newest, &mut Vec::new()) && !feed.read(newest, newest.plus(1), &mut Vec::new())
        );
    }
}

/// With ann, whose place is the first, and cyd, who is not there yet.
async fn two_connected() -> (Stage, [Person; 2], [Socket; 2]) {
    let mut stage = Stage::of(3).await;
    let (ann, bob, cyd) = (stage.seated("ann").await, stage.seated("bob").await, stage.person("cyd").await);
    let sockets = [ann, bob].map(|person| stage.arrive(person));
    stage.handle.feed().follow();
    stage.step();
    (stage, [ann, cyd], sockets)
}

fn is_event(message: &ServerMessage, which: fn(&Happening) -> bool) -> bool {
    matches!(message, ServerMessage::Event(event) if which(&event.happening))
}

#[tokio::test]
async fn of_a_tick_that_the_journal_does_not_take_nobody_hears_until_it_does() {
    let (mut stage, people, sockets) = two_connected().await;
    stage.fill_the_tape(1_000);
    let mut unkept = Unkept::in_the_inbox_of(stage, people, sockets);
    for _ in 0..3 {
        assert_eq!(unkept.stage.step(), HostState::Suspended);
        unkept.heard_nothing();
    }
    assert_eq!(unkept.told(0), [], "whoever leaves hears nothing more");
    let told = unkept.told(1);
    assert!(
        matches!(&told[..], [ServerMessage::Status(status)] if status.state == ServerState::Suspended),
        "{told:?}"
    );
    for socket in &mut unkept.sockets {
        assert_eq!(socket.outgoing.try_recv().err(), Some(TryRecvError::Empty), "it is open");
    }
    unkept.stage.go_on().await;
    now(&mut unkept.left).expect("left");
    assert_eq!(
        place(&mut unkept.joined).expect("a place").slot,
        now(&mut unkept.arrived.answer).expect("it")
    );
    assert!(unkept.sockets[0].is_closed() && unkept.sockets[0].facts.close_code() == CloseCode::Left);
    let told = unkept.told(1);
    assert!(
        matches!(&told[0], ServerMessage::Status(status) if status.state == ServerState::Live),
        "{told:?}"
    );
    assert!(told.iter().any(|message| is_event(message, |what| matches!(what, Happening::Left { .. }))));
    assert!(told.iter().any(|message| is_event(message, |what| matches!(what, Happening::Joined { .. }))));
    let newest = unkept.stage.host.tick();
    assert_eq!(unkept.stage.handle.live().tick(), newest);
    let mut happened = Vec::new();
    assert!(
        unkept.stage.handle.feed().read(Tick(newest.0 - 1), newest, &mut happened) && !happened.is_empty()
    );
    unkept.stage.agrees();
}

#[tokio::test]
async fn of_a_tick_that_is_made_after_the_store_was_lost_nobody_ever_hears() {
    let (mut stage, people, sockets) = two_connected().await;
    // The loss is found with the next record, wherever that is.
    stage.settled().await;
    stage.faults.set(Fault::LostOwnership);
    assert_eq!(stage.step(), HostState::Running);
    stage.registry.journal().flush().await.expect_err("it belongs to another");
    assert_eq!(stage.handle.tape.state(), TapeState::LostOwnership);
    let mut unkept = Unkept::in_the_inbox_of(stage, people, sockets);
    assert_eq!(unkept.stage.step(), HostState::Gone);
    unkept.heard_nothing();
    for at in 0..2 {
        assert_eq!(unkept.told(at), []);
        let socket = &mut unkept.sockets[at];
        assert!(socket.is_closed() && socket.facts.close_code() == CloseCode::SessionFailed);
    }
}

#[tokio::test]
async fn while_a_session_stands_still_joins_are_refused_and_whoever_comes_back_keeps_his_place() {
    let mut stage = Stage::of(2).await;
    let (ann, bob) = (stage.seated("ann").await, stage.person("bob").await);
    stage.stand_still();
    let (mut joined, mut left) = (stage.join(bob), stage.leave(ann, LeaveCause::Left));
    let mut socket = stage.arrive(ann);
    stage.step();
    assert_eq!(now(&mut joined).err(), Some(SessionError::Suspended));
    assert_eq!(now(&mut left).err(), Some(SessionError::Suspended));
    assert_eq!(now(&mut socket.answer), Ok(Slot(0)));
    let name = DisplayName::new("cyd").ok();
    let wish = JoinSession { player: id("cyd"), name, team: Team(0), bot: false };
    assert_eq!(stage.handle.join(wish).await.err(), Some(SessionError::Suspended));
    stage.go_on().await;
    stage.step();
    assert_eq!(socket.welcome(), Some((0, 0)));
    stage.agrees();
}
