//! A session's newest events for whoever follows it. The shard that writes it never waits; readers see what is durable.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use combat_components::event::Event;
use combat_components::tick::Tick;
use parking_lot::Mutex;

use crate::journal::Tape;

/// Events that a feed keeps: many seconds of a fight, in 150 KB. What falls out is in the log.
pub const FEED_EVENTS_MAX: usize = 2_048;

#[derive(Debug, Default)]
struct Ring {
    events: VecDeque<(Tick, Event)>,
    /// All events of the ticks after `after`, up to and with `newest`, are here; of `after` itself there may be some.
    after: Tick,
    newest: Tick,
}

impl Ring {
    fn begin_at(&mut self, tick: Tick) {
        self.events.clear();
        self.after = Tick(tick.0.saturating_sub(1));
    }

    fn push(&mut self, tick: Tick, event: Event) {
        if self.events.len() >= FEED_EVENTS_MAX
            && let Some((lost, _)) = self.events.pop_front()
        {
            self.after = lost;
        }
        self.events.push_back((tick, event));
    }
}

#[derive(Debug)]
struct Shared {
    ring: Mutex<Ring>,
    /// Nothing is kept before somebody asks.
    followed: AtomicBool,
    tape: Arc<Tape>,
}

/// A reader's end; cheap to clone.
#[derive(Clone, Debug)]
pub struct Feed(Arc<Shared>);

impl Feed {
    pub fn new(tape: Arc<Tape>) -> Self {
        Self(Arc::new(Shared { ring: Mutex::default(), followed: AtomicBool::new(false), tape }))
    }

    /// From its next tick on the session keeps its events here.
    pub fn follow(&self) {
        self.0.followed.store(true, Ordering::Release);
    }

    pub fn durable_tick(&self) -> Tick {
        Tick(self.0.tape.durable_tick())
    }

    /// Puts the events after `cursor`, up to and with `until`, into `into`. `false` when not all of them are here.
    pub fn read(&self, cursor: Tick, until: Tick, into: &mut Vec<(Tick, Event)>) -> bool {
        into.clear();
        let ring = self.0.ring.lock();
        let is_here = ring.after <= cursor && until <= ring.newest;
        if is_here {
            into.extend(ring.events.iter().filter(|(tick, _)| *tick > cursor && *tick <= until));
        }
        is_here
    }
}

/// The session's end.
#[derive(Debug)]
pub struct FeedWriter {
    feed: Feed,
    /// What a reader kept the writer from putting down; with it the ring is whole up to the last tick offered.
    waiting: Vec<(Tick, Event)>,
    /// The last tick offered; `None` before the first, and when something was lost.
    offered: Option<Tick>,
}

impl FeedWriter {
    pub fn new(feed: Feed) -> Self {
        Self { feed, waiting: Vec::new(), offered: None }
    }

    /// A tick of so many events, to be put down one by one; `None` where nobody follows.
    pub fn open(&mut self, tick: Tick, events: usize) -> Option<FeedTick<'_>> {
        if !self.feed.0.followed.load(Ordering::Acquire) {
            return None;
        }
        if self.waiting.len() + events > FEED_EVENTS_MAX {
            self.waiting.clear();
            self.offered = None;
        }
        Some(FeedTick { writer: self, tick })
    }
}

/// What happens in one tick, while it is put down.
#[derive(Debug)]
pub struct FeedTick<'a> {
    writer: &'a mut FeedWriter,
    tick: Tick,
}

impl FeedTick<'_> {
    pub fn push(&mut self, event: &Event) {
        self.writer.waiting.push((self.tick, *event));
    }

    /// Shows readers all of it. While one reads it waits for the next tick; beyond the bound it is lost, and readers have it
    /// from the log.
    pub fn close(self) {
        let Self { writer: FeedWriter { feed, waiting, offered }, tick } = self;
        let begins = offered.is_none();
        let Some(mut ring) = feed.0.ring.try_lock() else {
            // What begins anew begins with the tick that finds the ring free.
            if begins {
                waiting.clear();
            } else {
                *offered = Some(tick);
            }
            return;
        };
        if begins {
            ring.begin_at(tick);
        }
        waiting.drain(..).for_each(|(tick, event)| ring.push(tick, event));
        ring.newest = tick;
        *offered = Some(tick);
    }
}

#[cfg(test)]
mod tests {
    use combat_components::ids::SimId;

    use super::*;
    use crate::journal::{Journal, JournalConfig, NewSession};
    use crate::store::MemoryStore;

    async fn feed() -> Feed {
        let store = Arc::new(MemoryStore::new());
        let (journal, _) = Journal::open(store, JournalConfig::default()).await.expect("a store");
        let id = combat_components::ids::SessionId([7; 16]);
        let new = NewSession { id, created_unix_us: 1, header: Vec::new() };
        Feed::new(journal.create(new, 128).await.expect("a store"))
    }

    fn offer(writer: &mut FeedWriter, tick: Tick, events: &[Event]) {
        let Some(mut open) = writer.open(tick, events.len()) else { return };
        events.iter().for_each(|event| open.push(event));
        open.close();
    }

    fn happened(number: u32) -> [Event; 1] {
        [Event::Connected { id: SimId(number) }]
    }

    fn read(feed: &Feed, cursor: u32, until: u32) -> Option<Vec<u32>> {
        let mut found = Vec::new();
        let is_here = feed.read(Tick(cursor), Tick(until), &mut found);
        is_here.then(|| found.iter().map(|(tick, _)| tick.0).collect())
    }

    #[tokio::test]
    async fn a_feed_has_everything_from_the_tick_after_it_was_followed_and_says_what_it_has_not() {
        let feed = feed().await;
        let mut writer = FeedWriter::new(feed.clone());
        offer(&mut writer, Tick(1), &happened(1));
        feed.follow();
        let two = [happened(1)[0]; 2];
        (5..=9).for_each(|tick| offer(&mut writer, Tick(tick), if tick == 7 { &[] } else { &two }));
        assert_eq!(read(&feed, 4, 9), Some(vec![5, 5, 6, 6, 8, 8, 9, 9]));
        assert_eq!(read(&feed, 6, 8), Some(vec![8, 8]));
        assert_eq!(read(&feed, 3, 9), None, "tick 4 was not kept");
        assert_eq!(read(&feed, 8, 10), None, "tick 10 has not been");
    }

    #[tokio::test]
    async fn whoever_falls_behind_is_told_so_and_not_given_a_part() {
        let feed = feed().await;
        feed.follow();
        let mut writer = FeedWriter::new(feed.clone());
        let last = FEED_EVENTS_MAX as u32 / 2 + 10;
        (1..=last).for_each(|tick| offer(&mut writer, Tick(tick), &[happened(tick)[0]; 2]));
        assert_eq!(read(&feed, 9, last), None);
        assert_eq!(read(&feed, 10, last).map(|ticks| ticks.len()), Some(FEED_EVENTS_MAX));
    }

    #[tokio::test]
    async fn a_reader_in_the_way_loses_nothing_until_the_bound_is_reached() {
        let feed = feed().await;
        feed.follow();
        let mut writer = FeedWriter::new(feed.clone());
        offer(&mut writer, Tick(1), &happened(1));
        let reading = feed.0.ring.lock();
        (2..=4).for_each(|tick| offer(&mut writer, Tick(tick), &happened(tick)));
        drop(reading);
        assert_eq!(read(&feed, 0, 4), None, "not there yet");
        offer(&mut writer, Tick(5), &[]);
        assert_eq!(read(&feed, 0, 5), Some(vec![1, 2, 3, 4]));
        let reading = feed.0.ring.lock();
        let too_many = FEED_EVENTS_MAX as u32 + 10;
        (6..=too_many).for_each(|tick| offer(&mut writer, Tick(tick), &happened(tick)));
        drop(reading);
        offer(&mut writer, Tick(too_many + 1), &happened(0));
        assert_eq!(read(&feed, 5, too_many + 1), None, "some of it is in the log only");
        assert_eq!(read(&feed, too_many, too_many + 1), Some(vec![too_many + 1]));
    }
}
