//! The verifier: simulates a log again and compares every hash and every keyframe with what was recorded.

use combat_components::ids::{Epoch, SessionId};
use combat_components::tick::Tick;
use combat_systems::output::TickOutput;
use combat_systems::sim::SimParts;
use combat_systems::snapshot::{STATE_KINDS, StateKind};

use crate::divergence::{self, Divergence};
use crate::log::{Log, Refusal};
use crate::player::{Panic, Played, Player};
use crate::reader::{Damage, DamageReason};
use crate::record::TickRecord;

/// How a verification is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct VerifyOptions {
    /// After this tick of the re-simulation, and only of it, one integer is changed by one.
    pub perturb: Option<Perturbation>,
}

/// Which integer is changed, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Perturbation {
    pub tick: Tick,
    /// Picks the body and the component.
    pub choice: u64,
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub session: SessionId,
    /// The last tick simulated again.
    pub ticks: Tick,
    /// The epoch that tick belongs to.
    pub epoch: Epoch,
    pub outcome: Outcome,
    /// What the perturbation changed: the kind of state, and whose it is.
    pub perturbed: Option<(StateKind, Option<combat_components::ids::SimId>)>,
}

/// Whether a log holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every root, sub-hash and keyframe is as recorded.
    Verified,
    Diverged(Divergence),
    /// Not simulated again at all.
    Refused(Refusal),
    /// Verified up to where the log cannot be read any more.
    Damaged(Damage),
}

impl Outcome {
    /// `verified`, `diverged`, `refused` or `damaged`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Diverged(_) => "diverged",
            Self::Refused(_) => "refused",
            Self::Damaged(_) => "damaged",
        }
    }
}

/// Verifies a log from its beginning to its end, or to the first thing that does not hold.
///
/// `progress` is told of every tick that has been compared.
pub fn verify(log: &Log, options: VerifyOptions, progress: &mut dyn FnMut(Tick)) -> Report {
    match log.parts() {
        Err(refusal) => Report { outcome: Outcome::Refused(refusal), ..Report::begun(log) },
        Ok(parts) => verify_with(parts, log, options, progress),
    }
}

/// As [`verify`], with other parts than those the log carries.
pub fn verify_with(
    parts: SimParts,
    log: &Log,
    options: VerifyOptions,
    progress: &mut dyn FnMut(Tick),
) -> Report {
    let mut report = Report::begun(log);
    report.outcome = match Player::from_start(parts, &log.records) {
        Err(damage) => Outcome::Damaged(damage),
        Ok(player) => Verification { player, log, options, logged: [None; STATE_KINDS], state: Vec::new() }
            .run(&mut report, progress),
    };
    report
}

impl Report {
    fn begun(log: &Log) -> Self {
        Self {
            session: log.header.setup.session,
            ticks: Tick(0),
            epoch: Epoch(1),
            outcome: Outcome::Verified,
            perturbed: None,
        }
    }
}

struct Verification<'a> {
    player: Player<'a>,
    log: &'a Log,
    options: VerifyOptions,
    /// The sub-hashes of the log as far as it has told them.
    logged: [Option<u32>; STATE_KINDS],
    state: Vec<u8>,
}

impl<'a> Verification<'a> {
    fn run(&mut self, report: &mut Report, progress: &mut dyn FnMut(Tick)) -> Outcome {
        loop {
            let played = match self.player.advance() {
                Ok(Some(played)) => played,
                Ok(None) => return self.end(report),
                Err(damage) => return Outcome::Damaged(damage),
            };
            let divergence = match played {
                Played::Ticked(record) => {
                    self.perturb(record.tick, report);
                    report.ticks = record.tick;
                    let divergence = self.compare(&record);
                    progress(record.tick);
                    divergence
                }
                Played::Keyframe { tick, epoch, state } => {
                    report.epoch = epoch;
                    self.logged = [None; STATE_KINDS];
                    match self.compare_state(tick, state) {
                        Ok(divergence) => divergence,
                        Err(damage) => return Outcome::Damaged(damage),
                    }
                }
                Played::EpochStart { epoch, .. } => {
                    report.epoch = epoch;
                    None
                }
                Played::Anchor { .. } => None,
                Played::FailedTickPassed { tick } => Some(Divergence::failure_not_repeated(tick)),
                Played::Panicked(panic) => Some(self.panicked(panic, report)),
            };
            if let Some(divergence) = divergence {
                return Outcome::Diverged(divergence);
            }
        }
    }

    fn end(&self, report: &Report) -> Outcome {
        match &self.log.lost {
            None => Outcome::Verified,
            Some(lost) => Outcome::Damaged(Damage {
                offset: self.log.records.len(),
                tick: lost.tick.max(report.ticks.plus(1)),
                reason: DamageReason::Lost(lost.reason.clone()),
            }),
        }
    }

    fn perturb(&mut self, tick: Tick, report: &mut Report) {
        let wanted = self.options.perturb.filter(|perturbation| perturbation.tick == tick);
        if let Some(perturbation) = wanted {
            report.perturbed = Some(self.player.sim_mut().perturb(perturbation.choice));
        }
    }

    fn compare(&mut self, record: &TickRecord<'a>) -> Option<Divergence> {
        let mut mask = record.changed.mask;
        while mask != 0 {
            let kind = mask.trailing_zeros() as usize;
            self.logged[kind] = Some(record.changed.values[kind]);
            mask &= mask - 1;
        }
        let output = self.player.sim().output();
        let agrees =
            record.root == output.root && (record.changed.mask == 0 || self.differing(output).is_none());
        if agrees {
            return None;
        }
        let kind = self.differing(output);
        Some(divergence::at_tick(&mut self.player, &self.log.records, record, kind))
    }

    /// The first kind of state whose sub-hash is not the log's.
    fn differing(&self, output: &TickOutput) -> Option<StateKind> {
        let pairs = self.logged.iter().zip(&output.sub_hashes).zip(StateKind::ALL);
        pairs.into_iter().find_map(|((logged, found), kind)| {
            logged.filter(|logged| *logged != *found as u32).map(|_| kind)
        })
    }

    fn compare_state(&mut self, tick: Tick, state: &[u8]) -> Result<Option<Divergence>, Damage> {
        self.state.clear();
        self.player.sim_mut().write_keyframe(&mut self.state);
        if self.state == state {
            return Ok(None);
        }
        divergence::at_keyframe(&mut self.player, tick, state).map(Some)
    }

    fn panicked(&self, panic: Panic, report: &mut Report) -> Divergence {
        report.ticks = panic.tick;
        Divergence::panicked(panic)
    }
}
