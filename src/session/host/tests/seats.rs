//! Joins and leavings that share a tick: every answer is what the simulation says after it.

use super::*;

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
