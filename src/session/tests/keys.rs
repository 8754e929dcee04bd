//! Requests under a key, asked again in later processes.

use combat_components::origin::RequestKey;

use super::*;

async fn next_process(store: &MemoryStore, before: Registry) -> Registry {
    before.drain().await;
    before.journal().shutdown().await.expect("everything is durable");
    registry(store).await
}

#[tokio::test]
async fn a_key_is_known_again_from_rows_and_from_chunks_before_the_newest_keyframe() {
    let store = MemoryStore::new();
    let first = registry(&store).await;
    let id = first.create(wish()).await.expect("created").id;
    let key = Some(RequestKey { digest: [1, 2], fingerprint: 3 });
    let (player, name) = (PlayerId::new("ann").expect("an id"), DisplayName::new("ann").expect("a name"));
    let ask = async |registry: &Registry| {
        let handle = registry.handle(id).expect("live").under(key);
        handle
            .join(JoinSession { player, name: Some(name), team: Team(0), bot: false })
            .await
            .expect("a place")
    };
    let joined = ask(&first).await;
    let second = next_process(&store, first).await;
    let again = ask(&second).await;
    assert_eq!((again.applied_tick, again.sim_id), (joined.applied_tick, joined.sim_id), "from rows");
    second.journal().keep_house().await.expect("a store");
    let third = next_process(&store, second).await;
    third.journal().keep_house().await.expect("a store");
    let fourth = next_process(&store, third).await;
    let chunks = fourth.journal().reader().chunk_heads(id).await.expect("a store");
    assert!(chunks.iter().any(|chunk| chunk.last_tick >= joined.applied_tick.0), "{chunks:?}");
    let again = ask(&fourth).await;
    assert_eq!((again.applied_tick, again.sim_id), (joined.applied_tick, joined.sim_id), "from chunks");
    let handle = fourth.handle(id).expect("live").under(Some(RequestKey { digest: [1, 2], fingerprint: 4 }));
    assert_eq!(handle.leave(player).await, Err(SessionError::KeyOfAnother));
}
