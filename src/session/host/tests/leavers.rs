//! Who has left and still stands, until a frame has shown his shot.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Frames come every fourth tick.
const FAST_HZ: u32 = 128;

fn shot(slot: Slot, input_seq: u32) -> Command {
    match reload(slot, input_seq) {
        Command::Action { action } => Command::Action { action: Action { deed: Deed::Attack, ..action } },
        other => other,
    }
}

struct Told {
    told_in: Vec<Pseudonym>,
    full_with_room: u32,
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

    /// What frames call everybody.
    fn shown_names(&self) -> Vec<&str> {
        self.host.builder.roster().iter().map(|entry| entry.display_name.as_str()).collect()
    }

    /// Joins and leavings of one tick, most by whoever came or went last, and what the joins were told.
    async fn come_and_go(&mut self, people: &[Person], last: &mut Person, stream: &mut Stream) -> Told {
        let before = self.in_session();
        let mut joins = Vec::new();
        for _ in 0..=stream.below(4) {
            if stream.below(4) == 0 {
                *last = people[stream.below(people.len() as u32) as usize];
            }
            let person = *last;
            match stream.below(5) {
                0..=2 => joins.push((person.pseudonym, self.join(person))),
                _ => drop(self.leave(person, LeaveCause::Left)),
            }
        }
        self.flushed_step().await;
        let mut present = before;
        present.extend(joins.iter().map(|(pseudonym, _)| *pseudonym));
        let had_room = present.len() <= 4;
        let (mut told_in, mut full_with_room) = (Vec::new(), 0);
        for (pseudonym, mut answer) in joins {
            match now(&mut answer) {
                Ok(_) => told_in.push(pseudonym),
                Err(SessionError::Full) if had_room => full_with_room += 1,
                Err(_) => {}
            }
        }
        Told { told_in, full_with_room }
    }

    fn in_session(&self) -> BTreeSet<Pseudonym> {
        self.host.parts.sim.members().map(|(_, identity, _)| identity.pseudonym).collect()
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
        let place = place(&mut joined).expect("he is back");
        let mut again = stage.arrive(ann);
        stage.flushed_steps(8).await;
        assert_eq!((place.slot, stage.holder(0)), (Slot(0), Some(ann.pseudonym)), "together: {together}");
        assert_eq!(again.welcome().map(|(slot, _)| slot), Some(0), "together: {together}");
        stage.agrees();
    }
}

#[tokio::test]
async fn whoever_comes_back_leaves_and_comes_back_in_one_tick_is_back() {
    let (mut stage, people) = Stage::fast_with(&["ann", "bob"]).await;
    let (ann, bob) = (people[0], people[1]);
    let (first, _bobs) = (stage.arrive(ann), stage.arrive(bob));
    stage.fires(first.connection, 0).await;
    drop(stage.leave(ann, LeaveCause::Left));
    stage.step();
    let (mut joined, mut socket) = (stage.join(ann), stage.arrive(ann));
    let (mut left, mut joined_again) = (stage.leave(ann, LeaveCause::Kicked), stage.join(ann));
    stage.step();
    now(&mut left).expect("left");
    let (one, other) = (place(&mut joined).expect("a place"), place(&mut joined_again).expect("a place"));
    assert_eq!((one.slot, other.slot), (Slot(0), Slot(0)));
    assert!(socket.is_closed(), "a connection ends with the place it was for");
    let mut again = stage.host.parts.sim.members();
    let is_connected =
        again.find(|(_, identity, _)| identity.slot == Slot(0)).map(|(_, _, link)| link.connected);
    assert_eq!(is_connected, Some(false), "and his body's window runs");
    drop(again);
    stage.agrees();
    stage.flushed_steps(8).await;
    assert_eq!((stage.holder(0), stage.players()), (Some(ann.pseudonym), 2));
    stage.agrees();
}

#[tokio::test]
async fn a_name_is_known_for_as_long_as_its_body_stands() {
    let (mut stage, people) = Stage::fast_with(&["ann", "bob"]).await;
    let (ann, bob) = (people[0], people[1]);
    let (anns, _bobs) = (stage.arrive(ann), stage.arrive(bob));
    stage.fires(anns.connection, 0).await;
    drop(stage.leave(ann, LeaveCause::Left));
    // Somebody else's coming has names looked up anew.
    let mut joined = stage.join(stage.person("cyd").await);
    stage.step();
    place(&mut joined).expect("a place");
    drop(stage.join(stage.person("dan").await));
    stage.step();
    assert_eq!(stage.shown_names(), ["ann", "bob", "cyd", "dan"], "she still stands");
    stage.flushed_steps(8).await;
    assert_eq!(stage.shown_names(), ["bob", "cyd", "dan"]);
    assert_eq!(stage.host.parts.people.by_pseudonym(ann.pseudonym), None);
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
    assert_eq!(place(&mut joined).map(|place| place.slot), Ok(Slot(2)), "slot 0 is not free yet");
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
    assert_eq!(stage.players(), 2, "she stands");
    assert_eq!(stage.shown_names(), [people[0].pseudonym.nameless().as_str(), "bob"]);
    stage.flushed_steps(8).await;
    assert_eq!(stage.players(), 1);
    stage.agrees();
}

/// Nobody who rejoins a match can fire for a while: of matches there are many, and of each little more than the warm-up.
#[tokio::test]
async fn among_shots_at_random_every_answer_is_what_comes_of_it() {
    let (mut lies, mut leavers) = (BTreeMap::new(), 0);
    for seed in 0xA77..0xA7F {
        println!("seed {seed}");
        leavers += lies_of_a_match(seed, &mut lies).await;
    }
    lies.retain(|_, count| *count > 0);
    assert!(lies.is_empty(), "{lies:?}");
    assert!(leavers > TRIES, "{leavers} ticks began with somebody who had left and stood");
}

/// Adds up what answers said that did not come about; answers how many ticks of joins began with a leaver.
async fn lies_of_a_match(seed: u64, lies: &mut BTreeMap<&str, u32>) -> u32 {
    let (mut stream, mut leavers) = (Stream::of(seed, 1), 0);
    let mut stage = Stage::at(FAST_HZ, 4).await;
    let mut people = Vec::new();
    for number in 0..6 {
        people.push(stage.person(&format!("p{number}")).await);
    }
    for input_seq in 1..=TRIES {
        let mut sockets = Vec::new();
        for slot in 0..4 {
            let holder = stage.holder(slot).and_then(|held| people.iter().find(|one| one.pseudonym == held));
            if let (Some(person), None) = (holder, stage.host.parts.players.connection_of(Slot(slot))) {
                sockets.push(stage.arrive(*person));
            }
        }
        stage.flushed_step().await;
        for slot in 0..4 {
            if let Some(connection) = stage.host.parts.players.connection_of(Slot(slot)) {
                stage.say_shot(connection, slot, input_seq);
            }
        }
        stage.flushed_steps(1 + stream.below(3)).await;
        // In the second tick whoever left in the first may still stand.
        let stands = (0..4).find(|slot| stage.host.parts.sim.would_stand_on(Slot(*slot)));
        let stands = stands.and_then(|slot| stage.holder(slot));
        let standing = people.iter().find(|person| stands == Some(person.pseudonym));
        let mut last = *standing.unwrap_or(&people[stream.below(6) as usize]);
        let first = stage.come_and_go(&people, &mut last, &mut stream).await;
        leavers += u32::from(!stage.host.leavers.is_empty());
        let second = stage.come_and_go(&people, &mut last, &mut stream).await;
        stage.flushed_steps(4).await;
        *lies.entry("full, with room").or_default() += first.full_with_room + second.full_with_room;
        let present = stage.in_session();
        let are_out = second.told_in.iter().filter(|pseudonym| !present.contains(pseudonym));
        *lies.entry("in, and out").or_default() += are_out.count() as u32;
        stage.agrees();
    }
    leavers
}
