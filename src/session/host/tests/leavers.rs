//! Who has left and still stands, until a frame has shown his shot.

use std::collections::BTreeMap;

use super::*;

/// Frames come every fourth tick.
const FAST_HZ: u32 = 128;

fn shot(slot: Slot, input_seq: u32) -> Command {
    match reload(slot, input_seq) {
        Command::Action { action } => Command::Action { action: Action { deed: Deed::Attack, ..action } },
        other => other,
    }
}

impl Stage {
    async fn fast_with(names: &[&str]) -> (Self, Vec<Person>) {
        let mut stage = Self::at(FAST_HZ, 4).await;
        let mut people = Vec::new();
        for name in names {
            people.push(stage.seated(name).await);
        }
        (stage, people)
    }

    /// A tick, with the journal close behind.
    async fn flushed_step(&mut self) {
        self.step();
        if self.host.tick().0.is_multiple_of(16) {
            self.registry.journal().flush().await.expect("a store");
        }
    }

    async fn flushed_steps(&mut self, ticks: u32) {
        for _ in 0..ticks {
            self.flushed_step().await;
        }
    }

    fn say_shot(&self, connection: u64, slot: u8, input_seq: u32) {
        self.put(Envelope::Input { connection, command: shot(Slot(slot), input_seq), ack: false });
    }

    /// In warm-up; the holder of `slot` has fired in the last tick, the first after a frame.
    async fn fires(&mut self, connection: u64, slot: u8) {
        self.flushed_steps(64).await;
        while !self.host.tick().0.is_multiple_of(4) {
            self.flushed_step().await;
        }
        self.say_shot(connection, slot, 1);
        self.step();
        assert!(self.host.parts.sim.would_stand_on(Slot(slot)), "it has fired");
    }

    fn players(&self) -> usize {
        self.host.parts.sim.members().count()
    }
}

#[tokio::test]
async fn whoever_joins_after_leaving_while_he_stands_is_back_in_his_place() {
    for together in [true, false] {
        let (mut stage, people) = Stage::fast_with(&["ann", "bob"]).await;
        let (ann, bob) = (people[0], people[1]);
        let (first, _bobs) = (stage.arrive(ann), stage.arrive(bob));
        stage.fires(first.connection, 0).await;
        let mut left = stage.leave(ann, LeaveCause::Left);
        if !together {
            stage.step();
            assert_eq!(stage.handle.place_of(ann.player), None, "nobody connects to a body that goes");
        }
        let mut joined = stage.join(ann);
        stage.step();
        now(&mut left).expect("he had left");
        let place = now(&mut joined).expect("he is back");
        let mut again = stage.arrive(ann);
        stage.flushed_steps(8).await;
        assert_eq!((place.slot, stage.holder(0)), (Slot(0), Some(ann.pseudonym)), "together: {together}");
        assert_eq!(again.welcome().map(|(slot, _)| slot), Some(0), "together: {together}");
        stage.agrees();
    }
}

#[tokio::test]
async fn nobody_is_sent_away_from_a_session_with_room_or_gets_the_slot_of_one_who_stands() {
    let (mut stage, people) = Stage::fast_with(&["ann", "bob"]).await;
    let anns = stage.arrive(people[0]);
    let _bobs = stage.arrive(people[1]);
    stage.fires(anns.connection, 0).await;
    let cyd = stage.person("cyd").await;
    let mut left = stage.leave(people[0], LeaveCause::Left);
    let mut joined = stage.join(cyd);
    stage.step();
    now(&mut left).expect("she has left");
    assert_eq!(now(&mut joined).map(|place| place.slot), Ok(Slot(2)), "slot 0 is not free yet");
    stage.agrees();
    stage.flushed_steps(8).await;
    assert_eq!((stage.holder(0), stage.players()), (None, 2));
    stage.agrees();
}

#[tokio::test]
async fn a_body_to_which_nobody_came_back_goes_when_its_window_is_over() {
    let (mut stage, people) = Stage::fast_with(&["dan", "ann", "bob"]).await;
    let (dan, ann, bob) = (people[0], people[1], people[2]);
    let (anns, _bobs) = (stage.arrive(ann), stage.arrive(bob));
    drop(stage.leave(dan, LeaveCause::Left));
    stage.fires(anns.connection, 1).await;
    drop((stage.leave(ann, LeaveCause::Left), stage.join(ann)));
    stage.step();
    drop(stage.leave(bob, LeaveCause::Left));
    let window_ticks = DISCONNECTED_BODY_MS * FAST_HZ / 1_000;
    stage.flushed_steps(window_ticks + 2 * FAST_HZ).await;
    assert_eq!(stage.players(), 0, "nobody has been connected since");
}

#[tokio::test]
async fn whoever_is_erased_while_he_stands_is_gone_from_what_is_shown_at_once() {
    let (mut stage, people) = Stage::fast_with(&["ann", "bob"]).await;
    let (anns, _bobs) = (stage.arrive(people[0]), stage.arrive(people[1]));
    stage.fires(anns.connection, 0).await;
    stage.put(Envelope::Erased { pseudonym: people[0].pseudonym });
    stage.step();
    let shown: Vec<_> = stage.handle.live().seats().iter().map(|seat| seat.slot).collect();
    assert_eq!(shown, [Slot(1)]);
    stage.flushed_steps(8).await;
    assert_eq!(stage.players(), 1);
    stage.agrees();
}

#[tokio::test]
async fn among_shots_at_random_every_answer_is_what_comes_of_it() {
    let seed = 0xA77;
    println!("seed {seed}");
    let mut stream = Stream::of(seed, 1);
    let mut stage = Stage::at(FAST_HZ, 4).await;
    let mut people = Vec::new();
    for number in 0..6 {
        people.push(stage.person(&format!("p{number}")).await);
    }
    let (mut lies, mut input_seq) = (BTreeMap::<&str, u32>::new(), 0);
    for _ in 0..8 * TRIES {
        let mut sockets = Vec::new();
        for slot in 0..4 {
            let holder = stage.holder(slot).and_then(|held| people.iter().find(|one| one.pseudonym == held));
            if let (Some(person), None) = (holder, stage.host.parts.players.connection_of(Slot(slot))) {
                sockets.push(stage.arrive(*person));
            }
        }
        stage.flushed_step().await;
        input_seq += 1;
        for slot in 0..4 {
            if let Some(connection) = stage.host.parts.players.connection_of(Slot(slot)) {
                stage.say_shot(connection, slot, input_seq);
            }
        }
        stage.flushed_steps(stream.below(4)).await;
        let mut joins = Vec::new();
        for _ in 0..=stream.below(3) {
            let person = people[stream.below(6) as usize];
            match stream.below(5) {
                0..=2 => joins.push((person, stage.join(person))),
                _ => drop(stage.leave(person, LeaveCause::Left)),
            }
        }
        let before = stage.players();
        stage.step();
        let mut told_in = Vec::new();
        for (person, mut answer) in joins {
            match now(&mut answer) {
                Ok(_) => told_in.push(person),
                Err(SessionError::Full) if before < 4 && stage.players() < 4 => {
                    *lies.entry("full, with room").or_default() += 1;
                }
                Err(_) => {}
            }
        }
        stage.flushed_steps(4).await;
        for person in told_in {
            let is_in = (0..4).any(|slot| stage.holder(slot) == Some(person.pseudonym));
            *lies.entry("in, and out").or_default() += u32::from(!is_in);
        }
        stage.agrees();
    }
    lies.retain(|_, count| *count > 0);
    assert!(lies.is_empty(), "{lies:?}");
}
