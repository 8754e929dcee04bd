//! What is compared after every record of a log: hashes, keyframes and promises.

use combat_components::command::TickInput;
use combat_systems::output::{NOT_KEPT, TickOutput};
use combat_systems::sim::Sim;
use combat_systems::state::{STATE_KINDS, StateKind};

use crate::header::Header;
use crate::player::{Panic, Played};
use crate::promises::{Broken, Promises};
use crate::record::TickRecord;

/// Follows a re-simulation record by record.
#[derive(Clone, Debug)]
pub(crate) struct Checker {
    pub promises: Promises,
    /// The sub-hashes of the log as far as it has told them since the last keyframe.
    logged: [Option<u32>; STATE_KINDS],
    /// As found after the tick before; `None` after a keyframe, whose next tick tells all of them.
    before: Option<[u64; STATE_KINDS]>,
    state: Vec<u8>,
}

/// Why a record does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The root, or the sub-hash of this kind of state, is not the one found.
    Hash(Option<StateKind>),
    /// The keyframe is not the state found.
    State,
    Broken(Broken),
    Panicked(Panic),
    FailureNotRepeated,
}

impl From<Broken> for Fault {
    fn from(broken: Broken) -> Self {
        Self::Broken(broken)
    }
}

impl Checker {
    pub fn new(header: &Header) -> Self {
        Self { promises: Promises::of(header), logged: [None; STATE_KINDS], before: None, state: Vec::new() }
    }

    /// Whether both expect the same of whatever follows.
    pub fn expects_as(&self, other: &Self) -> bool {
        self.promises == other.promises && self.logged == other.logged && self.before == other.before
    }

    pub fn expects_all_but_times_as(&self, other: &Self) -> bool {
        let promises = self.promises.expects_all_but_times_as(&other.promises);
        promises && self.logged == other.logged && self.before == other.before
    }

    /// Compares what has just been played. `input` holds the commands of the tick simulated last.
    pub fn check(&mut self, sim: &mut Sim, input: &TickInput, played: &Played<'_>) -> Result<(), Fault> {
        match played {
            Played::Ticked(record) => self.check_tick(sim, input, record),
            Played::Keyframe { tick, epoch, state } => {
                self.promises.keyframe(*tick, *epoch)?;
                self.logged = [None; STATE_KINDS];
                self.before = None;
                self.check_state(sim, state)
            }
            Played::EpochStart { epoch, tick } => Ok(self.promises.epoch_start(*epoch, *tick)?),
            Played::Anchor { tick, unix_us } => Ok(self.promises.anchor(*tick, *unix_us)?),
            Played::FailedTickPassed { tick } => {
                self.promises.failed_tick(*tick, input)?;
                Err(Fault::FailureNotRepeated)
            }
            Played::Panicked(panic) => Err(Fault::Panicked(panic.clone())),
        }
    }

    fn check_tick(&mut self, sim: &Sim, input: &TickInput, record: &TickRecord<'_>) -> Result<(), Fault> {
        let mut mask = record.changed.mask;
        while mask != 0 {
            let kind = mask.trailing_zeros() as usize;
            self.logged[kind] = Some(record.changed.values[kind]);
            mask &= mask - 1;
        }
        let output = sim.output();
        if record.root != output.root {
            return Err(Fault::Hash(self.differing(output)));
        }
        self.promises.tick(record.tick, input, sim.match_state().phase)?;
        let now = &output.sub_hashes;
        let expected = self.before.as_ref().map_or_else(|| kept(now), |before| changed(before, now));
        self.before = Some(output.sub_hashes);
        let told = record.changed.mask;
        let differs = if told == 0 { None } else { self.differing(output) };
        Ok(self.promises.sub_hashes(expected, told, differs)?)
    }

    /// The first kind of state whose sub-hash is not the log's.
    fn differing(&self, output: &TickOutput) -> Option<StateKind> {
        let pairs = self.logged.iter().zip(&output.sub_hashes).zip(StateKind::ALL);
        pairs.into_iter().find_map(|((logged, found), kind)| {
            logged.filter(|logged| *logged != *found as u32).map(|_| kind)
        })
    }

    fn check_state(&mut self, sim: &mut Sim, state: &[u8]) -> Result<(), Fault> {
        self.state.clear();
        sim.write_keyframe(&mut self.state);
        if self.state == state { Ok(()) } else { Err(Fault::State) }
    }
}

/// All that a session has. Bit n stands for kind n of `StateKind::ALL`.
pub(crate) fn kept(sub_hashes: &[u64; STATE_KINDS]) -> u32 {
    changed(&[NOT_KEPT; STATE_KINDS], sub_hashes)
}

/// Bit n stands for kind n of `StateKind::ALL`.
pub(crate) fn changed(before: &[u64; STATE_KINDS], now: &[u64; STATE_KINDS]) -> u32 {
    let pairs = before.iter().zip(now).enumerate();
    pairs.fold(0, |mask, (kind, (before, now))| mask | u32::from(before != now) << kind)
}
