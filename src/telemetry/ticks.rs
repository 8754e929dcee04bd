//! What a tick counts of its own output.

use combat_components::reason::Reason;
use combat_components::verdict::{Outcome, Verdict};
use prometheus::{IntCounter, IntCounterVec};

/// What every session's tick records.
#[derive(Clone, Debug)]
pub struct TickMetrics {
    pub damage_events: IntCounter,
    pub claims_refused: ClaimsRefused,
}

/// One counter for each reason that a claim may be refused for.
#[derive(Clone, Debug)]
pub struct ClaimsRefused(Vec<(Reason, IntCounter)>);

impl ClaimsRefused {
    /// Every counter stands at zero from here on.
    pub fn of(counters: &IntCounterVec) -> Self {
        let reasons = Reason::ALL.into_iter().filter(|reason| refuses_claims(*reason));
        Self(reasons.map(|reason| (reason, counters.with_label_values(&[reason.code()]))).collect())
    }

    /// Counts a claim that was refused with a correction.
    pub fn note(&self, verdict: &Verdict) {
        if verdict.outcome == Outcome::Corrected
            && let Some((_, counter)) = self.0.iter().find(|(of, _)| Some(*of) == verdict.reason)
        {
            counter.inc();
        }
    }
}

/// Whether a claim can be refused with a correction for this; a new reason must say so here.
const fn refuses_claims(reason: Reason) -> bool {
    match reason {
        Reason::TooFast
        | Reason::TooMuchAcceleration
        | Reason::TooHigh
        | Reason::FallsTooFast
        | Reason::Blocked
        | Reason::OutOfBounds
        | Reason::BankOverdrawn
        | Reason::ClientTickNotRising => true,
        Reason::Silent
        | Reason::ScheduleMoved
        | Reason::Spawned
        | Reason::Displaced
        | Reason::Reconnected
        | Reason::HeldByShot
        | Reason::Separated
        | Reason::StaleInput
        | Reason::Dead
        | Reason::WrongPhase
        | Reason::OnCooldown
        | Reason::MagazineEmpty
        | Reason::Reloading
        | Reason::MagazineFull
        | Reason::UnknownAbility
        | Reason::TooManyInputs
        | Reason::NoRoom
        | Reason::AlreadyInHand
        | Reason::InboxFull
        | Reason::SessionFull
        | Reason::SessionEnded
        | Reason::NotInSession
        | Reason::Suspended => false,
    }
}
