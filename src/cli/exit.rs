//! The exit codes of every verb: one table.

use std::process::{ExitCode, Termination};

/// How a verb ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Good,
    /// What was checked does not hold: diverged, damaged, not healthy, a missed target.
    DoesNotHold,
    /// Refused, used wrongly, or it could not run.
    CouldNotRun,
}

impl Exit {
    pub const ALL: [(Self, u8, &str); 3] = [
        (Self::Good, 0, "good"),
        (Self::DoesNotHold, 1, "what was checked does not hold"),
        (Self::CouldNotRun, 2, "refused, wrong usage or could not run"),
    ];

    /// Good, where what was checked holds.
    pub fn of(holds: bool) -> Self {
        if holds { Self::Good } else { Self::DoesNotHold }
    }

    /// For the help, on one line.
    pub fn table() -> String {
        let rows = Self::ALL.map(|(_, code, meaning)| format!("{code} {meaning}"));
        format!("Exit codes: {}.", rows.join("; "))
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(Self::ALL[self as usize].1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_stands_at_its_place_and_has_a_code_of_its_own() {
        let told = Exit::ALL.map(|(exit, code, _)| (exit as usize, code));
        assert_eq!(told, [(0, 0), (1, 1), (2, 2)]);
    }
}
