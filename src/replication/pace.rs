//! Whether a connection is sent the next delta, a snapshot or nothing: latest wins, stale states are never queued.

use combat_components::ids::Epoch;
use combat_components::tick::Tick;

use super::connection::LinkFacts;

/// What is due to a connection at a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    Delta,
    Snapshot,
    Nothing,
}

/// A connection whose word is old gets no deltas, and on its next word one snapshot of the present. A word counts
/// when it proves that somebody reads: it names a newer frame than before, or the newest that was sent.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    streaming: bool,
    words_at_stop: u32,
    seen_at_stop: (Epoch, Tick),
    /// The newest frame sent.
    sent_at: Tick,
    /// The last frame sent that did not need an older one.
    whole_at: Tick,
    skipped_from: Option<Tick>,
}

impl Pace {
    /// A connection that has just been sent a snapshot of `tick`.
    pub fn starting_at(tick: Tick) -> Self {
        let seen_at_stop = (Epoch(0), Tick(0));
        Self {
            streaming: true,
            words_at_stop: 0,
            seen_at_stop,
            sent_at: tick,
            whole_at: tick,
            skipped_from: None,
        }
    }

    /// `allowance_ticks`: how old a word may be.
    pub fn next(
        &mut self,
        facts: &LinkFacts,
        has_room: bool,
        (epoch, now): (Epoch, Tick),
        allowance_ticks: u32,
    ) -> Due {
        if self.streaming {
            let (seen_epoch, seen_tick) = facts.seen();
            let heard_of = if seen_epoch == epoch { seen_tick.max(self.whole_at) } else { self.whole_at };
            if has_room && now.since(heard_of) <= allowance_ticks {
                self.sent_at = now;
                return Due::Delta;
            }
            self.streaming = false;
            (self.words_at_stop, self.seen_at_stop) = (facts.words(), facts.seen());
            self.skipped_from = Some(now);
        } else if has_room && self.is_read_again(facts, epoch) {
            self.streaming = true;
            (self.whole_at, self.sent_at) = (now, now);
            return Due::Snapshot;
        }
        facts.note_frame_skipped();
        Due::Nothing
    }

    fn is_read_again(&self, facts: &LinkFacts, epoch: Epoch) -> bool {
        let seen = facts.seen();
        facts.words() != self.words_at_stop && (seen > self.seen_at_stop || seen >= (epoch, self.sent_at))
    }

    /// The first frame that was skipped before the snapshot just sent.
    pub fn take_skipped(&mut self) -> Option<Tick> {
        self.skipped_from.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPOCH: Epoch = Epoch(1);

    #[test]
    fn a_reader_that_stops_is_skipped_and_gets_one_snapshot_on_its_next_word() {
        let facts = LinkFacts::new();
        let mut pace = Pace::starting_at(Tick(100));
        facts.note_seen(EPOCH, Tick(100));
        let mut at = |tick| pace.next(&facts, true, (EPOCH, Tick(tick)), 64);
        assert_eq!(at(164), Due::Delta);
        assert_eq!([at(168), at(172), at(9_000)], [Due::Nothing; 3]);
        facts.note_seen(EPOCH, Tick(160));
        assert_eq!([at(9_004), at(9_008)], [Due::Snapshot, Due::Delta]);
        assert_eq!(pace.take_skipped(), Some(Tick(168)));
        assert_eq!(facts.frames_skipped(), 3);
    }

    #[test]
    fn a_full_outbox_breaks_the_chain_of_deltas() {
        let facts = LinkFacts::new();
        let mut pace = Pace::starting_at(Tick(100));
        assert_eq!(pace.next(&facts, false, (EPOCH, Tick(104)), 64), Due::Nothing);
        assert_eq!(pace.next(&facts, true, (EPOCH, Tick(108)), 64), Due::Nothing);
        facts.note_seen(EPOCH, Tick(100));
        assert_eq!(pace.next(&facts, true, (EPOCH, Tick(112)), 64), Due::Snapshot);
    }

    #[test]
    fn who_goes_on_talking_without_reading_gets_nothing_until_he_reads() {
        let facts = LinkFacts::new();
        let mut pace = Pace::starting_at(Tick(100));
        let say_and_ask = |pace: &mut Pace, seen, tick| {
            facts.note_seen(EPOCH, Tick(seen));
            pace.next(&facts, true, (EPOCH, Tick(tick)), 64)
        };
        assert_eq!(say_and_ask(&mut pace, 100, 164), Due::Delta);
        assert_eq!([168, 172, 9_000].map(|tick| say_and_ask(&mut pace, 100, tick)), [Due::Nothing; 3]);
        assert_eq!(
            [(104, 9_004), (104, 9_008)].map(|(seen, tick)| say_and_ask(&mut pace, seen, tick)),
            [Due::Snapshot, Due::Delta]
        );
    }

    #[test]
    fn who_has_read_all_there_was_is_served_again_when_his_outbox_has_room() {
        let facts = LinkFacts::new();
        let mut pace = Pace::starting_at(Tick(100));
        facts.note_seen(EPOCH, Tick(100));
        assert_eq!(pace.next(&facts, false, (EPOCH, Tick(104)), 64), Due::Nothing);
        facts.note_seen(EPOCH, Tick(100));
        assert_eq!(pace.next(&facts, true, (EPOCH, Tick(108)), 64), Due::Snapshot);
    }

    #[test]
    fn a_word_of_another_epoch_proves_nothing() {
        let facts = LinkFacts::new();
        let mut pace = Pace::starting_at(Tick(100));
        facts.note_seen(Epoch(2), Tick(5_000));
        assert_eq!(pace.next(&facts, true, (EPOCH, Tick(165)), 64), Due::Nothing);
    }
}
