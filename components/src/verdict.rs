//! What became of a command.

use crate::canon_enum;
use crate::ids::SimId;
use crate::origin::Origin;
use crate::quantity::MilliPoints;
use crate::reason::Reason;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Applied,
    /// A claim was refused and its body told where it stands.
    Corrected,
    Refused,
}

impl Outcome {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Corrected => "corrected",
            Self::Refused => "refused",
        }
    }
}

/// Where a shot struck a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    Body,
    Head,
}
canon_enum!(Zone { 0 => Body, 1 => Head });

impl Zone {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Head => "head",
        }
    }
}

/// How the amount of a hit was split: the three add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Harm {
    /// From health.
    pub taken: MilliPoints,
    /// By armour.
    pub absorbed: MilliPoints,
    /// More than there was; all of it when the victim had died earlier in the tick.
    pub overkill: MilliPoints,
}

impl Harm {
    /// What counts as damage.
    pub fn dealt(&self) -> MilliPoints {
        MilliPoints(self.taken.0 + self.absorbed.0)
    }
}

/// What an attack did to its victim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub victim: SimId,
    pub zone: Zone,
    /// As judged: taken, absorbed and overkill together.
    pub amount: MilliPoints,
    pub harm: Harm,
    pub remaining_health: MilliPoints,
    pub killed: bool,
}

/// The verdict on one input or one request, at the tick that judged it, for whoever asked.
///
/// Accepted claims have none, because they are acknowledged cumulatively; nor has what the service says by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub origin: Origin,
    pub outcome: Outcome,
    pub reason: Option<Reason>,
    pub hit: Option<Hit>,
}

impl Verdict {
    /// On what is done or refused as a whole.
    pub fn judged(origin: Origin, judged: Result<(), Reason>) -> Self {
        let reason = judged.err();
        let outcome = if reason.is_none() { Outcome::Applied } else { Outcome::Refused };
        Self { origin, outcome, reason, hit: None }
    }
}
