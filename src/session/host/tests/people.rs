//! Who is erased, and who may come under which id.

use super::*;

#[tokio::test]
async fn an_erased_person_leaves_his_live_session_and_comes_back_as_a_stranger() {
    let mut stage = Stage::of(4).await;
    let (ann, bob) = (stage.seated("ann").await, stage.seated("bob").await);
    let mut socket = stage.arrive(ann);
    stage.step();
    let erased = stage.store.erase(ann.player).await.expect("a store");
    assert_eq!(erased.live, [stage.handle.id()]);
    let stranger = stage.person("ann").await;
    assert_ne!(stranger.pseudonym, ann.pseudonym);
    let mut joined = stage.join(stranger);
    stage.step();
    assert_eq!(place(&mut joined).expect("a place").slot, Slot(0));
    assert_eq!(stage.holder(0), Some(stranger.pseudonym));
    assert!(socket.is_closed() && socket.facts.close_code() == CloseCode::Kicked);
    stage.store.erase(bob.player).await.expect("a store");
    stage.handle.forget(bob.pseudonym).expect("room in the inbox");
    stage.step();
    assert_eq!(stage.holder(1), None);
    assert_eq!(stage.handle.place_of(bob.player), None);
    stage.agrees();
}

/// Before anybody has told the session that he is erased.
#[tokio::test]
async fn whoever_joins_again_just_after_he_was_erased_is_a_stranger_who_stays() {
    for name in ["ann", "Another Name"] {
        let mut stage = Stage::of(4).await;
        let ann = stage.seated("ann").await;
        let mut socket = stage.arrive(ann);
        stage.step();
        stage.store.erase(ann.player).await.expect("a store");
        let name = DisplayName::new(name).ok();
        let wish = JoinSession { player: ann.player, name, team: Team(0), bot: false };
        let handle = stage.handle.clone();
        let joining = tokio::spawn(async move { handle.join(wish).await });
        while !joining.is_finished() {
            stage.step();
            stage.registry.journal().flush().await.expect("a store");
            tokio::task::yield_now().await;
        }
        let place = joining.await.expect("no panic").expect("a place");
        assert_ne!(place.pseudonym, ann.pseudonym);
        assert!(socket.is_closed() && socket.facts.close_code() == CloseCode::Kicked);
        let rows = People::of(&*stage.registry.journal().people(), stage.handle.id()).await.expect("a store");
        let stranger = Person { pseudonym: place.pseudonym, player: ann.player, name };
        assert_eq!(rows.by_pseudonym(place.pseudonym), Some(stranger), "he is written down anew");
        assert_eq!(rows.by_pseudonym(ann.pseudonym), None);
        let _ = stage.handle.forget(ann.pseudonym);
        stage.step();
        assert_eq!(
            stage.holder(place.slot.0),
            Some(place.pseudonym),
            "what is told of his old body is not of him"
        );
        stage.agrees();
    }
}

#[tokio::test]
async fn nobody_joins_as_a_bot_under_a_persons_id_or_the_reverse() {
    let stage = Stage::of(4).await;
    let wish = |player: &str, bot| {
        let name = DisplayName::new("Somebody").ok();
        JoinSession { player: id(player), name, team: Team(0), bot }
    };
    for (player, bot) in [("bot:vega", false), ("ann", true), ("system", false), ("unknown:00", false)] {
        assert_eq!(
            stage.handle.join(wish(player, bot)).await.err(),
            Some(SessionError::Reserved),
            "{player}"
        );
    }
    let people = stage.registry.journal().people().people(stage.handle.id()).await.expect("a store");
    assert_eq!(people, [], "nobody was written down");
}
