//! Trying a forgery out: from right before it to where the log goes on as if nothing had been.

use std::collections::BTreeMap;

use combat_components::command::TickInput;
use combat_components::phase::Phase;
use combat_systems::sim::{Sim, SimParts};

use super::Caught;
use super::forge::{Forgery, Index};
use crate::checker::{Checker, Fault};
use crate::digest::Digester;
use crate::log::Log;
use crate::player::Player;
use crate::promises::{Broken, Promises};
use crate::reader::Reader;
use crate::record::Record;

/// Records after a forgery that are simulated at first; where they are not enough, all of them are.
const RECORDS_TRIED: usize = 16;

/// The sound log, simulated up to the record that is forged next.
pub(super) struct Course<'a> {
    log: &'a Log,
    index: &'a Index,
    is_over: bool,
    player: Player<'a>,
    checker: Checker,
    digester: Digester,
    record: usize,
    state: Vec<u8>,
    /// What the sound log expects after each of the next records, by the offset at which they end.
    ahead: BTreeMap<usize, Checker>,
}

/// How far a forgery came.
enum Came {
    Caught(Caught),
    /// Nothing can catch it any more but the digest; with how many bytes of the forged records have been read.
    Through(usize),
    /// The records ran out before that could be told.
    NotFarEnough,
}

impl<'a> Course<'a> {
    pub fn new(log: &'a Log, player: Player<'a>, index: &'a Index, is_over: bool) -> Self {
        Self {
            log,
            index,
            is_over,
            player,
            checker: Checker::new(&log.header),
            digester: Digester::new(&log.header),
            record: 0,
            state: Vec::new(),
            ahead: BTreeMap::new(),
        }
    }

    /// Plays the sound log up to right before this record, which may not lie behind.
    pub fn go_to(&mut self, record: usize) {
        if record == self.record && !self.state.is_empty() {
            return;
        }
        while self.record < record {
            let range = self.index.records[self.record].range.clone();
            let played = self.player.advance().ok().flatten().expect("the log has been verified");
            let (sim, input) = self.player.stands();
            self.checker.check(sim, input, &played).expect("the log has been verified");
            let bytes = &self.log.records[range];
            let read = Reader::new(bytes).next();
            let sound = read.and_then(Result::ok).expect("the log has been verified");
            self.digester.add(&sound, bytes);
            self.record += 1;
        }
        self.state.clear();
        self.player.sim_mut().write_keyframe(&mut self.state);
        self.look_ahead();
    }

    fn parts(&self) -> &SimParts {
        self.player.parts()
    }

    fn offset(&self) -> usize {
        self.index.records[self.record].range.start
    }

    /// Where the record lies that is so many further on, or the log ends.
    fn offset_ahead(&self, records: usize) -> usize {
        self.index.records.get(self.record + records).map_or(self.log.records.len(), |next| next.range.start)
    }

    /// A player that stands where this one does, before other records.
    fn branch<'b>(&self, records: &'b [u8]) -> Player<'b> {
        let sim = Sim::restore(self.parts(), &self.state).expect("a state that was just written");
        let before = self.index.records[..self.record].last().map(|record| record.tick);
        let epoch = before.map(|_| self.checker.promises.epoch());
        Player::going_on(self.parts().clone(), sim, Reader::going_on(records, before, epoch))
    }

    fn look_ahead(&mut self) {
        let from = self.offset();
        let records = &self.log.records[from..self.offset_ahead(RECORDS_TRIED)];
        let mut player = self.branch(records);
        let mut checker = self.checker.clone();
        self.ahead.clear();
        while let Ok(Some(played)) = player.advance() {
            let (sim, input) = player.stands();
            checker.check(sim, input, &played).expect("the log has been verified");
            self.ahead.insert(from + player.next_offset(), checker.clone());
        }
    }

    pub fn try_out(&self, forgery: &Forgery) -> Caught {
        let near = self.offset_ahead(RECORDS_TRIED).max(forgery.replaced.end);
        for until in [near, self.log.records.len()] {
            let tail = &self.log.records[forgery.replaced.end..until];
            let records = [&forgery.bytes, tail].concat();
            match self.play(forgery, &records, until == self.log.records.len()) {
                Came::Caught(caught) => return caught,
                Came::Through(read) => return self.held_to_digest(forgery, &records[..read]),
                Came::NotFarEnough => {}
            }
        }
        Caught::Unseen
    }

    fn play(&self, forgery: &Forgery, records: &[u8], to_the_end: bool) -> Came {
        if let Some(caught) = self.unreadable(forgery, records) {
            return Came::Caught(caught);
        }
        let mut player = self.branch(records);
        let mut checker = self.checker.clone();
        loop {
            let played = match player.advance() {
                Ok(Some(played)) => played,
                Ok(None) if to_the_end => return self.end(&checker, records.len()),
                Ok(None) => return Came::NotFarEnough,
                Err(damage) => return Came::Caught(Caught::Simulation(damage.reason.to_string())),
            };
            let (sim, input) = player.stands();
            if let Err(fault) = checker.check(sim, input, &played) {
                return Came::Caught(caught_by(&fault));
            }
            let read = player.next_offset();
            let Some(behind) = read.checked_sub(forgery.bytes.len()) else { continue };
            let sound = forgery.replaced.end + behind;
            let Some(expected) = self.ahead.get(&sound) else { continue };
            if checker.expects_as(expected) {
                return Came::Through(read);
            }
            if checker.expects_all_but_times_as(expected) {
                let rest = &self.log.records[sound..];
                return match times_hold(checker.promises, rest) {
                    Ok(()) => Came::Through(read),
                    Err(broken) => Came::Caught(Caught::Simulation(broken.to_string())),
                };
            }
        }
    }

    /// What needs no simulation to be seen.
    fn unreadable(&self, forgery: &Forgery, records: &[u8]) -> Option<Caught> {
        let before = self.index.records[..self.record].last().map(|record| record.tick);
        let mut reader = Reader::going_on(records, before, before.map(|_| self.checker.promises.epoch()));
        let mut input = TickInput::new();
        if self.record == 0 && !reader.clone().next().is_some_and(|first| begins(&first)) {
            return Some(Caught::Simulation("the log does not begin with a keyframe of tick 0".to_owned()));
        }
        while reader.offset() <= forgery.bytes.len() {
            let read = match reader.next()? {
                Ok(Record::Tick(record)) => record.commands.read_into(&mut input),
                Ok(Record::FailedTick { commands, .. }) => commands.read_into(&mut input),
                Ok(_) => Ok(()),
                Err(damage) => Err(damage),
            };
            if let Err(damage) = read {
                return Some(Caught::Simulation(damage.reason.to_string()));
            }
        }
        None
    }

    fn end(&self, checker: &Checker, read: usize) -> Came {
        match checker.promises.finish() {
            _ if self.is_over && !checker.promises.has_ended() => {
                Came::Caught(Caught::Simulation("incomplete: the match had not ended".to_owned()))
            }
            Err(broken) if self.is_over => Came::Caught(Caught::Simulation(broken.to_string())),
            _ => Came::Through(read),
        }
    }

    /// Both digests up to where the same bytes follow.
    fn held_to_digest(&self, forgery: &Forgery, forged: &[u8]) -> Caught {
        let sound_end = forgery.replaced.end + forged.len() - forgery.bytes.len();
        let sound = &self.log.records[forgery.replaced.start..sound_end];
        let [forged, sound] = [forged, sound].map(|records| {
            let mut digester = self.digester.clone();
            let mut reader = Reader::new(records);
            let mut from = 0;
            while let Some(Ok(record)) = reader.next() {
                digester.add(&record, &records[from..reader.offset()]);
                from = reader.offset();
            }
            digester.finish()
        });
        if forged == sound { Caught::Unseen } else { Caught::Digest }
    }
}

fn begins(first: &Result<Record<'_>, crate::reader::Damage>) -> bool {
    matches!(first, Ok(Record::Keyframe { tick: combat_components::tick::Tick(0), .. }))
}

pub(super) fn caught_by(fault: &Fault) -> Caught {
    match fault {
        Fault::Hash(Some(kind)) => Caught::Simulation(format!("sub-hash {}", kind.name())),
        Fault::Hash(None) => Caught::Simulation("root".to_owned()),
        Fault::State => Caught::Simulation("keyframe".to_owned()),
        Fault::Broken(broken @ Broken::Record { .. }) => Caught::Simulation(broken.to_string()),
        Fault::Broken(broken) => Caught::Blobs(broken.to_string()),
        Fault::Panicked(panic) => Caught::Simulation(format!("a panic: {}", panic.message)),
        Fault::FailureNotRepeated => Caught::Simulation("a failed tick that passes".to_owned()),
    }
}

/// Whether the times of the anchors in `records` can be believed; everything else in them is known to hold.
pub(super) fn times_hold(mut promises: Promises, records: &[u8]) -> Result<(), Broken> {
    let mut input = TickInput::new();
    for record in Reader::new(records).map_while(Result::ok) {
        match record {
            Record::Tick(record) => {
                input.clear();
                if !record.commands.is_empty() && record.commands.read_into(&mut input).is_err() {
                    return Ok(());
                }
                promises.tick(record.tick, &input, Phase::Active)?;
            }
            Record::Keyframe { tick, epoch, .. } => promises.keyframe(tick, epoch)?,
            Record::EpochStart { epoch, tick } => promises.epoch_start(epoch, tick)?,
            Record::Anchor { tick, unix_us } => promises.anchor(tick, unix_us)?,
            Record::FailedTick { .. } => {}
        }
    }
    Ok(())
}
