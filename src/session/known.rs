//! Requests that were done and may come again: the index over the keys that the log holds of the last ten minutes.
//!
//! It follows from the log and is no part of any hash: a request that comes again never reaches the log.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use combat_components::command::{Command, TickInput};
use combat_components::ids::Pseudonym;
use combat_components::limits::PLAYERS_MAX;
use combat_components::origin::RequestKey;
use combat_components::tick::Tick;
use combat_replays::reader::{Damage, Reader};
use combat_replays::record::Record;

use super::summary::SessionError;

/// How long a key is remembered: a caller that has not heard by then has given up.
pub const REMEMBERED_MS: u32 = 600_000;

/// Keys that one session remembers: a hundred a second for ten minutes, in about 5 MB.
pub const KEYS_MAX: usize = 65_536;

/// Of these, those about one person: whoever repeats himself under ever new keys takes nobody else's.
pub const KEYS_PER_PERSON_MAX: usize = 64;

const _: () =
    assert!(PLAYERS_MAX * KEYS_PER_PERSON_MAX <= KEYS_MAX / 2, "a full session leaves room for others");

/// What was done under a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub tick: Tick,
    /// Who joined, where it was a join.
    pub joined: Option<Pseudonym>,
    /// Who joined or left, as far as it is known: a log has only the slot of a leaver.
    person: Option<Pseudonym>,
    fingerprint: u64,
}

/// What a request was about.
#[derive(Clone, Copy, Debug, Default)]
pub struct About {
    pub joined: Option<Pseudonym>,
    /// Who joined or left.
    pub person: Option<Pseudonym>,
}

#[derive(Clone, Debug, Default)]
pub struct KnownRequests {
    by_digest: BTreeMap<[u64; 2], Known>,
    in_order: BTreeSet<(Tick, [u64; 2])>,
    of_person: BTreeMap<Pseudonym, usize>,
}

impl KnownRequests {
    /// What was done under this key; `None` for a new one.
    ///
    /// # Errors
    /// `KeyOfAnother` when something else was asked for under it.
    pub fn find(&self, key: RequestKey) -> Result<Option<Known>, SessionError> {
        match self.by_digest.get(&key.digest) {
            Some(known) if known.fingerprint != key.fingerprint => Err(SessionError::KeyOfAnother),
            known => Ok(known.copied()),
        }
    }

    /// Remembers what was done; of a key that is known already, the newer: what came before was refused.
    pub fn note(&mut self, key: RequestKey, tick: Tick, about: About) {
        let About { joined, person } = about;
        self.forget(key.digest);
        if self.by_digest.len() < KEYS_MAX {
            let known = Known { tick, joined, person, fingerprint: key.fingerprint };
            self.by_digest.insert(key.digest, known);
            self.in_order.insert((tick, key.digest));
            person.inspect(|person| *self.of_person.entry(*person).or_default() += 1);
        }
    }

    pub fn forget_before(&mut self, oldest: Tick) {
        while let Some((_, digest)) = self.in_order.first().copied().filter(|(tick, _)| *tick < oldest) {
            self.forget(digest);
        }
    }

    fn forget(&mut self, digest: [u64; 2]) {
        let Some(known) = self.by_digest.remove(&digest) else { return };
        self.in_order.remove(&(known.tick, digest));
        if let Some(Entry::Occupied(mut his)) = known.person.map(|person| self.of_person.entry(person)) {
            *his.get_mut() -= 1;
            if *his.get() == 0 {
                his.remove();
            }
        }
    }

    /// Whether `more` keys would be more than a session remembers.
    pub fn is_full_with(&self, more: usize) -> bool {
        self.by_digest.len() + more > KEYS_MAX
    }

    /// Whether `more` keys would be more than it remembers about this person.
    pub fn is_full_of(&self, person: Pseudonym, more: usize) -> bool {
        self.of_person.get(&person).map_or(0, |his| *his) + more > KEYS_PER_PERSON_MAX
    }

    /// Remembers what stands in records of a log and forgets what is older than `remembered_ticks` by then, without
    /// simulating them: what was asked for under a key and then refused by the simulation is so rare that it counts as
    /// done.
    ///
    /// # Errors
    /// Where the records cannot be read; what comes before that is remembered.
    pub fn note_records(&mut self, records: &[u8], remembered_ticks: u32) -> Result<(), Damage> {
        let mut input = TickInput::new();
        for record in Reader::new(records) {
            let Record::Tick(record) = record? else { continue };
            if record.commands.is_empty() {
                continue;
            }
            self.forget_before(Tick(record.tick.0.saturating_sub(remembered_ticks)));
            record.commands.read_into(&mut input)?;
            for (key, about) in keyed(&input) {
                self.note(key, record.tick, about);
            }
        }
        Ok(())
    }
}

/// The keys in a tick, and what was asked for under each.
pub fn keyed(input: &TickInput) -> impl Iterator<Item = (RequestKey, About)> {
    input.iter().filter_map(|command| match command {
        Command::Join { request, pseudonym, .. } => {
            Some((request.as_ref()?.key?, About { joined: Some(*pseudonym), person: Some(*pseudonym) }))
        }
        Command::Leave { request, .. } | Command::End { request, .. } => {
            Some((request.as_ref()?.key?, About::default()))
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use combat_components::command::LeaveCause;
    use combat_components::ids::{Epoch, Slot};
    use combat_components::origin::Request;
    use combat_replays::recorder::Recorder;
    use combat_systems::output::TickOutput;

    use super::*;

    fn joins(pseudonym: u64) -> About {
        About { joined: Some(Pseudonym(pseudonym)), person: Some(Pseudonym(pseudonym)) }
    }

    fn key(number: u64, fingerprint: u64) -> RequestKey {
        RequestKey { digest: [number, 1], fingerprint }
    }

    #[test]
    fn a_key_is_known_until_it_is_old_and_only_for_what_was_asked_under_it() {
        let mut known = KnownRequests::default();
        known.note(key(1, 5), Tick(10), About::default());
        known.note(key(2, 5), Tick(20), joins(3));
        let found = |known: &KnownRequests, key| known.find(key).map(|known| known.map(|known| known.tick));
        assert_eq!(found(&known, key(1, 5)), Ok(Some(Tick(10))));
        assert_eq!(found(&known, key(1, 6)), Err(SessionError::KeyOfAnother));
        assert_eq!(found(&known, key(9, 5)), Ok(None));
        known.forget_before(Tick(11));
        assert_eq!(found(&known, key(1, 6)), Ok(None), "it may be used anew");
        assert_eq!(
            known.find(key(2, 5)).map(|known| known.and_then(|known| known.joined)),
            Ok(Some(Pseudonym(3)))
        );
    }

    /// Pieces of a log begin long before the last ten minutes of it.
    #[test]
    fn of_more_keys_than_there_is_room_for_a_resume_remembers_the_newest() {
        const REMEMBERED_TICKS: u32 = 600;
        let mut records = Vec::new();
        let mut recorder = Recorder::new();
        let mut record = |tick: u32, keys: u32| {
            let leave = |number: u32| {
                let request =
                    Some(Request { number, key: Some(key(u64::from(tick) << 32 | u64::from(number), 1)) });
                Command::Leave { slot: Slot(number as u8), cause: LeaveCause::Left, request }
            };
            let input: TickInput = (0..keys).map(leave).collect();
            let output = TickOutput { tick: Tick(tick), ..TickOutput::default() };
            recorder.record_tick(Epoch(1), &input, &output, &mut records);
        };
        let keys_per_tick = PLAYERS_MAX as u32;
        let last_old = KEYS_MAX as u32 / keys_per_tick + 1;
        (1..=last_old).for_each(|tick| record(tick, keys_per_tick));
        let newest = last_old + REMEMBERED_TICKS;
        (last_old + 1..newest).for_each(|tick| record(tick, 0));
        record(newest, 1);
        let mut known = KnownRequests::default();
        known.note_records(&records, REMEMBERED_TICKS).expect("sound records");
        let tick_of = |tick: u32| {
            known.find(key(u64::from(tick) << 32, 1)).map(|known| known.map(|known| known.tick.0))
        };
        assert_eq!(tick_of(newest), Ok(Some(newest)));
        assert_eq!((tick_of(last_old), tick_of(last_old - 1)), (Ok(Some(last_old)), Ok(None)));
    }

    /// In a log a key may stand twice: what the simulation refused is judged anew.
    #[test]
    fn of_a_key_noted_twice_the_newer_is_remembered_for_its_whole_time() {
        let mut known = KnownRequests::default();
        known.note(key(1, 5), Tick(10), joins(1));
        known.note(key(2, 5), Tick(20), About::default());
        known.note(key(1, 6), Tick(30), joins(2));
        assert_eq!(known.of_person, [(Pseudonym(2), 1)].into());
        known.forget_before(Tick(30));
        assert_eq!(known.find(key(2, 5)), Ok(None), "it is not kept by an older one before it");
        assert_eq!(known.find(key(1, 6)).map(|known| known.map(|known| known.tick)), Ok(Some(Tick(30))));
        known.forget_before(Tick(31));
        assert!(known.by_digest.is_empty() && known.in_order.is_empty() && known.of_person.is_empty());
    }

    #[test]
    fn as_many_keys_are_remembered_as_there_is_room_for() {
        let mut known = KnownRequests::default();
        (0..KEYS_MAX as u64 + 9).for_each(|number| known.note(key(number, 0), Tick(number as u32), joins(1)));
        assert!(known.is_full_with(1) && !known.is_full_with(0));
        known.forget_before(Tick(KEYS_MAX as u32 - 1));
        assert_eq!((known.by_digest.len(), known.in_order.len()), (1, 1));
        assert!(known.is_full_of(Pseudonym(1), KEYS_PER_PERSON_MAX), "one of his is left");
        known.forget_before(Tick(u32::MAX));
        assert!(known.of_person.is_empty() && !known.is_full_of(Pseudonym(1), KEYS_PER_PERSON_MAX));
    }
}
