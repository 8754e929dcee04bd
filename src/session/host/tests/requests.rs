//! Requests and their keys: each is done once, and heard of by its number.

use super::*;

/// Ann leaves, and what was asked for after that in the same tick is judged by the simulation.
#[tokio::test]
async fn every_request_has_its_number_in_the_log_and_hears_the_verdict_on_it() {
    let mut stage = Stage::of(2).await;
    let (ann, bob) = (stage.person("ann").await, stage.person("bob").await);
    let origins = |stage: &Stage| -> Vec<_> {
        let verdicts = stage.host.parts.sim.output().verdicts.iter();
        verdicts.map(|verdict| (verdict.origin, verdict.reason)).collect()
    };
    let (mut joined, mut again) = (stage.join(ann), stage.join(ann));
    stage.step();
    assert_eq!(place(&mut joined).expect("a place"), place(&mut again).expect("the same one"));
    assert_eq!(origins(&stage), [(Origin::Request { number: 1 }, None)], "asked twice, done once");
    let (mut left, mut ended, mut late) = (stage.leave(ann, LeaveCause::Left), stage.end(), stage.join(bob));
    stage.step();
    assert!(now(&mut left).is_ok() && now(&mut ended).is_ok());
    assert_eq!(now(&mut late), Err(SessionError::Ended));
    let expected = [(3, None), (4, None), (5, Some(Reason::SessionEnded))];
    assert_eq!(origins(&stage), expected.map(|(number, reason)| (Origin::Request { number }, reason)));
}

#[tokio::test]
async fn what_comes_again_under_its_key_is_done_once_and_answered_alike() {
    let mut stage = Stage::of(2).await;
    let ann = stage.person("ann").await;
    let join = Wish::Join(Joining { person: ann, team: Team(7), bot: false });
    let leave = Wish::Leave { player: ann.player, cause: LeaveCause::Left, told: CloseCode::Left };
    let key = |number, fingerprint| Some(RequestKey { digest: [number, 0], fingerprint });
    let mut joined = stage.ask_under(key(1, 1), join);
    let (mut early, mut other) = (stage.ask_under(key(1, 1), join), stage.ask_under(key(1, 2), leave));
    stage.step();
    let first = now(&mut joined).expect("a place");
    assert_eq!(now(&mut early), Err(SessionError::KeyInFlight));
    assert_eq!(now(&mut other), Err(SessionError::KeyOfAnother));
    let (mut again, mut other) = (stage.ask_under(key(1, 1), join), stage.ask_under(key(1, 2), leave));
    stage.step();
    assert_eq!(now(&mut again), Ok(first), "the same tick, and the same place");
    assert_eq!(now(&mut other), Err(SessionError::KeyOfAnother));
    assert_eq!(stage.host.parts.sim.output().verdicts, [], "none of them was a command");
    let (mut left, mut seated) = (stage.ask_under(key(2, 2), leave), stage.ask_under(key(1, 1), join));
    stage.step();
    let left = now(&mut left).expect("left");
    assert_eq!(now(&mut seated), Ok(first), "until the tick he sits there");
    let (mut again, mut late) = (stage.ask_under(key(2, 2), leave), stage.ask_under(key(1, 1), join));
    stage.step();
    assert_eq!(now(&mut again), Ok(left));
    assert_eq!(now(&mut late), Err(SessionError::NotInSession), "a late repetition seats nobody");
    assert_eq!(stage.host.player_count(), 0);
}

#[tokio::test]
async fn a_session_that_remembers_all_the_keys_it_may_takes_no_new_one_until_the_oldest_are_forgotten() {
    let mut stage = Stage::of(2).await;
    let ann = stage.person("ann").await;
    let join = Wish::Join(Joining { person: ann, team: Team(7), bot: false });
    let key = |number| RequestKey { digest: [number, 0], fingerprint: 1 };
    (0..KEYS_MAX as u64)
        .for_each(|number| stage.host.parts.known.note(key(number), Tick(0), About::default()));
    let (mut new, mut known) =
        (stage.ask_under(Some(key(u64::MAX)), join), stage.ask_under(Some(key(0)), join));
    let mut without = stage.join(ann);
    stage.step();
    assert_eq!(now(&mut new), Err(SessionError::KeysFull));
    assert!(now(&mut known).is_ok() && now(&mut without).is_ok());
    // Ten minutes later, as far as keys are concerned.
    stage.host.parts.known.forget_before(Tick(1));
    let mut new = stage.ask_under(Some(key(u64::MAX)), join);
    stage.step();
    assert!(now(&mut new).is_ok());
}

/// After a restart nothing else is known, and what was called done would be done again.
#[tokio::test]
async fn what_is_remembered_of_a_tick_is_what_its_log_says_was_asked_under_a_key() {
    /// With the key it comes under, and what is heard of it.
    type Asked = (Wish, Option<u64>, Result<(), SessionError>);
    let mut stage = Stage::of(2).await;
    let ann = stage.person("ann").await;
    let join = Wish::Join(Joining { person: ann, team: Team(7), bot: false });
    let leave = Wish::Leave { player: ann.player, cause: LeaveCause::Left, told: CloseCode::Left };
    let end = Wish::End { reason: EndReason::Requested };
    let key = |number| RequestKey { digest: [number, 0], fingerprint: 1 };
    let (done, later) = (Ok(()), Err(SessionError::KeyInFlight));
    let gone: Result<(), _> = Err(SessionError::NotInSession);
    let ticks: &[&[Asked]] = &[
        &[(join, Some(1), done.clone()), (join, Some(2), later.clone()), (join, None, done.clone())],
        &[(join, Some(3), done.clone()), (join, Some(4), later.clone())],
        &[(leave, Some(5), done.clone()), (join, Some(6), done.clone())],
        &[(leave, Some(7), done.clone())],
        &[(join, None, done.clone()), (join, Some(8), later.clone())],
        &[(leave, None, done.clone())],
        &[(join, Some(9), gone), (leave, Some(10), done.clone())],
        &[(join, Some(11), done.clone()), (leave, None, done.clone()), (join, Some(12), done.clone())],
        &[(leave, None, done.clone())],
        &[(join, None, done.clone())],
        // A slot is left once in a tick: the place he was given in between never was in the log.
        &[
            (leave, None, done.clone()),
            (join, Some(13), later.clone()),
            (leave, Some(14), later.clone()),
            (join, Some(15), done.clone()),
        ],
        &[(end, Some(16), done), (end, Some(17), later)],
    ];
    for (number, asked) in ticks.iter().enumerate() {
        let answers = asked.iter().map(|(wish, chosen, _)| stage.ask_under(chosen.map(key), *wish));
        let mut answers: Vec<_> = answers.collect();
        stage.step();
        let heard: Vec<_> = answers.iter_mut().map(|answer| now(answer).map(|_| ())).collect();
        let expected: Vec<_> = asked.iter().map(|(_, _, heard)| heard.clone()).collect();
        assert_eq!(heard, expected, "tick {}", number + 1);
    }
    let mut logged = KnownRequests::default();
    stage.registry.journal().flush().await.expect("a store");
    let log = crate::journal_log::load(&*stage.registry.journal().reader(), stage.handle.id()).await;
    let records = log.expect("a store").expect("a log").records;
    logged.note_records(&records, u32::MAX).expect("sound records");
    assert!(logged.find(key(1)) != Ok(None), "the log is there");
    for number in 1..=17 {
        let found =
            |known: &KnownRequests| known.find(key(number)).map(|known| known.map(|known| known.tick));
        assert_eq!(found(&stage.host.parts.known), found(&logged), "key {number}");
    }
}

/// Joining and leaving likewise, and also when somebody else asks for it.
#[tokio::test]
async fn whoever_repeats_himself_under_ever_new_keys_takes_nobody_elses() {
    let mut stage = Stage::of(2).await;
    let (ann, bob) = (stage.person("ann").await, stage.person("bob").await);
    let join = |person| Wish::Join(Joining { person, team: Team(7), bot: false });
    let leave = Wish::Leave { player: ann.player, cause: LeaveCause::Left, told: CloseCode::Left };
    let key = |number| Some(RequestKey { digest: [number, 0], fingerprint: 1 });
    let mut done = 0;
    for number in 0..KEYS_PER_PERSON_MAX as u64 + 20 {
        let wish = if number % 3 == 2 { leave } else { join(ann) };
        let mut answer = stage.ask_under(key(number), wish);
        stage.step();
        match now(&mut answer) {
            Ok(_) => done += 1,
            refused => assert_eq!(refused, Err(SessionError::KeysFull), "key {number}"),
        }
    }
    assert_eq!(done, KEYS_PER_PERSON_MAX);
    let (mut others, mut without) = (stage.ask_under(key(u64::MAX), join(bob)), stage.join(ann));
    stage.step();
    assert!(now(&mut others).is_ok() && now(&mut without).is_ok());
}

/// He sits there already, so that it changes nothing; but when he has left, it must not seat him.
#[tokio::test]
async fn a_join_that_changes_nothing_stands_in_the_log_with_its_key() {
    let mut stage = Stage::of(2).await;
    let ann = stage.seated("ann").await;
    let key = Some(RequestKey { digest: [1, 2], fingerprint: 3 });
    let mut again = stage.ask_under(key, Wish::Join(Joining { person: ann, team: Team(7), bot: false }));
    stage.step();
    assert_eq!(place(&mut again).expect("a place").slot, Slot(0));
    let verdicts = &stage.host.parts.sim.output().verdicts;
    assert_eq!(verdicts[..], [Verdict::judged(Origin::Request { number: 2 }, Ok(()))]);
    assert_eq!(stage.host.player_count(), 1);
}
