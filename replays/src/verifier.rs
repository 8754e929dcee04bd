//! The verifier: simulates a log again and holds it to its hashes, its keyframes, its promises and its digest.

use combat_components::ids::{Epoch, SessionId};
use combat_components::tick::Tick;
use combat_systems::kinds::Kinds;
use combat_systems::sim::SimParts;
use combat_systems::state::StateKind;

use crate::checker::{Checker, Fault};
use crate::digest::LogDigest;
use crate::divergence::{self, Divergence};
use crate::log::{Log, Refusal};
use crate::player::{Played, Player};
use crate::promises::{Broken, check_header};
use crate::reader::{Damage, DamageReason};

/// How a verification is run.
#[derive(Clone, Copy, Debug)]
pub struct VerifyOptions {
    /// After this tick of the re-simulation, and only of it, one integer is changed by one.
    pub perturb: Option<Perturbation>,
    /// What the log's digest was when its match ended.
    pub expect: Option<LogDigest>,
    /// The session that the log is kept under.
    pub session: Option<SessionId>,
    /// What rules may name.
    pub kinds: Kinds,
}

impl VerifyOptions {
    /// A plain verification of a log that names nothing but `kinds`.
    pub const fn of(kinds: Kinds) -> Self {
        Self { perturb: None, expect: None, session: None, kinds }
    }
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
    /// Whether the match had ended where the records do; `None` when they were not simulated to their end.
    pub has_ended: Option<bool>,
    /// `None` when the records cannot be read to their end.
    pub digest: Option<LogDigest>,
    /// What the perturbation changed: the kind of state, and whose it is.
    pub perturbed: Option<(StateKind, Option<combat_components::ids::SimId>)>,
}

/// Whether a log holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every root, sub-hash and keyframe is as recorded, every promise is kept, and the match has ended.
    Verified,
    /// As verified, but the match had not ended where the records do.
    Incomplete,
    Diverged(Box<Divergence>),
    /// The log contradicts its own map or ruleset, or breaks what its format promises.
    Broken(Broken),
    /// Everything holds, but this is not the log that was expected.
    OtherDigest {
        expected: LogDigest,
        found: LogDigest,
    },
    /// Not simulated again at all.
    Refused(Refusal),
    /// Verified up to where the log cannot be read any more.
    Damaged(Damage),
}

impl Outcome {
    /// Whether a build that is not this one might say otherwise.
    pub fn may_differ_by_build(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Diverged(_) => true,
            Self::Damaged(damage) => damage.reason.may_be_of_another_build(),
            Self::Verified | Self::Incomplete | Self::Broken(_) | Self::OtherDigest { .. } => false,
        }
    }

    /// `verified`, `incomplete`, `diverged`, `broken`, `other_digest`, `refused` or `damaged`.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Verified => "verified",
            Self::Incomplete => "incomplete",
            Self::Diverged(_) => "diverged",
            Self::Broken(_) => "broken",
            Self::OtherDigest { .. } => "other_digest",
            Self::Refused(_) => "refused",
            Self::Damaged(_) => "damaged",
        }
    }
}

/// Verifies a log from its beginning to its end, or to the first thing that does not hold.
///
/// `progress` is told of every tick that has been compared.
pub fn verify(log: &Log, options: VerifyOptions, progress: &mut dyn FnMut(Tick)) -> Report {
    match log.parts(&options.kinds) {
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
    report.digest = LogDigest::of(log).ok();
    let held = check_header(&log.header, &parts, options.session);
    report.outcome = match held.map(|()| Player::from_start(parts, &log.records)) {
        Err(broken) => Outcome::Broken(broken),
        Ok(Err(damage)) => Outcome::Damaged(damage),
        Ok(Ok(player)) => Verification { player, log, options, checker: Checker::new(&log.header) }
            .run(&mut report, progress),
    };
    let held = matches!(report.outcome, Outcome::Verified | Outcome::Incomplete);
    if let (true, Some(expected), Some(found)) = (held, options.expect, report.digest)
        && expected != found
    {
        report.outcome = Outcome::OtherDigest { expected, found };
    }
    report
}

impl Report {
    fn begun(log: &Log) -> Self {
        Self {
            session: log.header.setup.session,
            ticks: Tick(0),
            epoch: Epoch(1),
            outcome: Outcome::Verified,
            has_ended: None,
            digest: None,
            perturbed: None,
        }
    }
}

struct Verification<'a> {
    player: Player<'a>,
    log: &'a Log,
    options: VerifyOptions,
    checker: Checker,
}

impl Verification<'_> {
    fn run(&mut self, report: &mut Report, progress: &mut dyn FnMut(Tick)) -> Outcome {
        loop {
            let played = match self.player.advance() {
                Ok(Some(played)) => played,
                Ok(None) => return self.end(report),
                Err(damage) => return Outcome::Damaged(damage),
            };
            match &played {
                Played::Ticked(record) => {
                    report.ticks = record.tick;
                    self.perturb(record.tick, report);
                }
                Played::Keyframe { epoch, .. } | Played::EpochStart { epoch, .. } => report.epoch = *epoch,
                _ => {}
            }
            let (sim, input) = self.player.stands();
            let checked = self.checker.check(sim, input, &played);
            if let Played::Ticked(record) = &played {
                progress(record.tick);
            }
            if let Err(fault) = checked {
                return self.fault(fault, &played, report);
            }
        }
    }

    fn end(&self, report: &mut Report) -> Outcome {
        let promises = &self.checker.promises;
        report.has_ended = self.log.lost.is_none().then(|| promises.has_ended());
        match &self.log.lost {
            None if !promises.has_ended() => Outcome::Incomplete,
            None => promises.finish().map_or_else(Outcome::Broken, |()| Outcome::Verified),
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

    fn fault(&mut self, fault: Fault, played: &Played<'_>, report: &mut Report) -> Outcome {
        let records = &self.log.records;
        match (fault, played) {
            (Fault::Broken(broken), _) => Outcome::Broken(broken),
            (Fault::Hash(kind), Played::Ticked(record)) => {
                Outcome::Diverged(Box::new(divergence::at_tick(&mut self.player, records, record, kind)))
            }
            (Fault::State, Played::Keyframe { tick, state, .. }) => {
                let found = divergence::at_keyframe(&mut self.player, *tick, state);
                found.map_or_else(Outcome::Damaged, |found| Outcome::Diverged(Box::new(found)))
            }
            (Fault::Panicked(panic), _) => {
                report.ticks = panic.tick;
                Outcome::Diverged(Box::new(Divergence::panicked(panic)))
            }
            (_, Played::FailedTickPassed { tick }) => {
                Outcome::Diverged(Box::new(Divergence::failure_not_repeated(*tick)))
            }
            (Fault::Hash(_) | Fault::State | Fault::FailureNotRepeated, _) => {
                unreachable!("hashes are those of ticks and states those of keyframes")
            }
        }
    }
}
