//! Projections: kept up by the feed and by the log alike, over restarts.

use std::collections::BTreeMap;

use combat_components::event::Event;
use combat_components::ids::SimId;
use combat_replays::file;
use combat_replays::reader::Reader;
use combat_systems::kinds::Kinds;

use super::*;
use crate::events::{Follower, Projection};
use crate::journal::{Blob, Offer};

const DUEL: &[u8] = include_bytes!("../../../replays/corpus/rifle-duel.combatlog");

/// Kills per player, and every event by its type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Tally {
    cursor: Tick,
    kills: BTreeMap<SimId, u32>,
    types: BTreeMap<&'static str, u32>,
}

impl Projection for Tally {
    fn name(&self) -> &'static str {
        "tally"
    }

    fn apply(&mut self, tick: Tick, events: &[Event]) {
        assert!(tick > self.cursor, "{tick:?} after {:?}", self.cursor);
        self.cursor = tick;
        for event in events {
            *self.types.entry(event.type_name()).or_default() += 1;
            if let Event::Died { by: Some(killer), .. } = event {
                *self.kills.entry(*killer).or_default() += 1;
            }
        }
    }

    fn cursor(&self) -> Tick {
        self.cursor
    }
}

async fn follower(registry: &Registry, id: SessionId) -> Follower {
    let feed = registry.handle(id).ok().map(|handle| handle.feed());
    Follower::new(Kinds::SHIPPED, registry.journal().reader(), id, feed)
}

/// The golden duel, committed in two parts: what was stored after the first goes on with the second.
#[tokio::test]
async fn kills_per_player_go_on_from_the_cursor_that_was_stored_with_them() {
    let store = MemoryStore::new();
    let registry = registry(&store).await;
    let log = file::read(DUEL).expect("a golden log");
    let id = log.header.setup.session;
    let setup = &log.header.setup;
    for (hash, kind, bytes) in
        [(setup.map_hash, "map", &log.map), (setup.ruleset_hash, "ruleset", &log.ruleset)]
    {
        let blob = Blob { hash: hash.to_hex(), kind: kind.to_owned(), bytes: bytes.clone() };
        registry.journal().put_blob(blob).await.expect("a store");
    }
    let new = NewSession { id, created_unix_us: 1, header: log.header.to_bytes() };
    let tape = registry.journal().create(new, log.header.setup.tick_rate.hz()).await.expect("a store");
    let half = log.last_tick().0 / 2;
    let mut reader = Reader::new(&log.records);
    while reader.tick().is_none_or(|tick| tick.0 < half) {
        assert!(!matches!(reader.next(), None | Some(Err(_))), "half of a log can be read");
    }
    let (first, rest) = log.records.split_at(reader.offset());
    let tick = reader.tick().expect("it has come to a tick").0;
    assert_eq!(tape.offer(&mut first.to_vec(), tick, true), Offer::Taken);
    registry.journal().flush().await.expect("a store");
    let stored = follower(&registry, id).await.catch_up(Tally::default()).await.expect("it plays");
    assert_eq!(stored.cursor, Tick(tick));
    assert_eq!(tape.offer(&mut rest.to_vec(), log.last_tick().0, false), Offer::Taken);
    registry.journal().flush().await.expect("a store");
    let follower = follower(&registry, id).await;
    let gone_on = follower.catch_up(stored.clone()).await.expect("it plays");
    let whole = follower.catch_up(Tally::default()).await.expect("it plays");
    assert_eq!(gone_on, whole);
    assert!(
        whole.kills.values().sum::<u32>() > 0
            && whole.types["died"] > stored.types.get("died").copied().unwrap_or(0)
    );
}

#[tokio::test]
async fn the_feed_and_the_log_tell_the_same_and_a_restart_loses_nothing() {
    let store = MemoryStore::new();
    let first = registry(&store).await;
    let id = first.create(wish()).await.expect("created").id;
    let handle = first.handle(id).expect("live");
    let following = follower(&first, id).await;
    join(&handle, "ann").await;
    let early = following.catch_up(Tally::default()).await.expect("it plays");
    join(&handle, "bob").await;
    let stored = following.catch_up(early).await.expect("it plays");
    assert_eq!(stored.types["joined"], 2);
    first.drain().await;
    first.journal().shutdown().await.expect("everything is durable");

    let second = registry(&store).await;
    let following = follower(&second, id).await;
    let resumed = following.catch_up(stored).await.expect("it plays");
    let handle = second.handle(id).expect("live");
    join(&handle, "ann").await;
    let in_the_feed = following.catch_up(resumed).await.expect("it plays");
    handle.leave(PlayerId::new("bob").expect("an id")).await.expect("left");
    // Another store knows nothing of the session: what follows comes out of the feed.
    let without_a_log = Follower::new(Kinds::SHIPPED, Arc::new(MemoryStore::new()), id, Some(handle.feed()));
    let by_feed = without_a_log.catch_up(in_the_feed).await.expect("it is in the feed");
    second.end(id, None).await.expect("ended");
    let by_feed = following.catch_up(by_feed).await.expect("it plays");
    let by_log = Follower::new(Kinds::SHIPPED, second.journal().reader(), id, None);
    let by_log = by_log.catch_up(Tally::default()).await.expect("it plays");
    assert_eq!(by_feed, by_log);
    assert_eq!((by_log.types["left"], by_log.types["resumed"], by_log.types["ended"]), (1, 1, 1));
}
