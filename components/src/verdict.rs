//! What became of a command.

use crate::ids::{SimId, Slot};
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

impl Zone {
    pub const fn code(self) -> &'static str {
        match self {
            Self::Body => "body",
            Self::Head => "head",
        }
    }
}

/// What an attack did to its victim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    pub victim: SimId,
    pub zone: Zone,
    pub amount: MilliPoints,
    pub remaining_health: MilliPoints,
    pub killed: bool,
}

/// The verdict on one input of one player, at the tick that judged it.
///
/// Accepted claims have none: they are acknowledged cumulatively.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub slot: Slot,
    pub input_seq: u32,
    pub outcome: Outcome,
    pub reason: Option<Reason>,
    pub hit: Option<Hit>,
}
