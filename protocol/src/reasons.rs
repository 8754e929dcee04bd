//! What each reason code means to a player, and whether to try again.

use combat_components::reason::Reason;

/// Whether the same thing may be tried again, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Trying again gives the same answer.
    No,
    /// The same may succeed at once or soon.
    Yes,
    /// After a pause that grows.
    Later,
    /// With the resume token, after a pause that grows.
    Resume,
    /// With a new ticket from `join`.
    Rejoin,
    /// At another address.
    Elsewhere,
}

impl Retry {
    pub const fn word(self) -> &'static str {
        match self {
            Self::No => "no",
            Self::Yes => "yes",
            Self::Later => "yes, later",
            Self::Resume => "yes, by resuming",
            Self::Rejoin => "yes, after joining again",
            Self::Elsewhere => "elsewhere",
        }
    }

    /// The same without the how, for programs: `no`, `yes` or `elsewhere`.
    pub fn plain(self) -> &'static str {
        let word = self.word();
        word.split_once(',').map_or(word, |(plain, _)| plain)
    }
}

/// What `reason` means, and whether to try again.
pub const fn explain(reason: Reason) -> (&'static str, Retry) {
    match reason {
        Reason::TooFast => ("The claim moves faster than the rules allow.", Retry::No),
        Reason::TooMuchAcceleration => {
            ("The claim changes its velocity faster than the rules allow.", Retry::No)
        }
        Reason::TooHigh => ("The claim rises higher than a jump, a step or a slope explains.", Retry::No),
        Reason::FallsTooFast => ("The claim falls faster than the terminal speed.", Retry::No),
        Reason::Blocked => ("The path or its end lies inside solid.", Retry::No),
        Reason::OutOfBounds => ("The claim lies outside the map.", Retry::No),
        Reason::BankOverdrawn => (
            "clientTick ran further ahead than the bank allows: stand still until it has refilled.",
            Retry::Later,
        ),
        Reason::ClientTickNotRising => ("clientTick went back or stood still.", Retry::No),
        Reason::Silent => ("Nothing was claimed for so long that the body fell to the ground.", Retry::Yes),
        Reason::ScheduleMoved => {
            ("The server moved its schedule after a stall; no fault of the client.", Retry::Yes)
        }
        Reason::Spawned => ("The body was placed at a spawn point.", Retry::Yes),
        Reason::HeldByShot => (
            "The claim leads further from a shot's muzzle than a walk until the frame that shows it; go on as you were.",
            Retry::Yes,
        ),
        Reason::Displaced => ("An ability moved the body.", Retry::Yes),
        Reason::Reconnected => ("Taken up again after a restart or a new connection.", Retry::Yes),
        Reason::Separated => {
            ("The body stayed inside another that it had come into, and was put out.", Retry::Yes)
        }
        Reason::StaleInput => (
            "The action follows a claim that is unknown, too old or of an older pose epoch; or the body has gone further from there than a walk, or has moved from there while a shot from elsewhere is still to be shown.",
            Retry::Yes,
        ),
        Reason::Dead => ("The actor is dead.", Retry::Later),
        Reason::WrongPhase => ("The phase of the match does not allow it.", Retry::Later),
        Reason::OnCooldown => ("The cooldown has not passed.", Retry::Later),
        Reason::MagazineEmpty => ("The magazine is empty: reload first.", Retry::No),
        Reason::Reloading => ("The weapon is being reloaded.", Retry::Later),
        Reason::MagazineFull => ("The magazine is full already.", Retry::No),
        Reason::UnknownAbility => ("The ruleset has no such weapon or ability.", Retry::No),
        Reason::TooManyInputs => ("More inputs of this player than one tick takes.", Retry::Yes),
        Reason::NoRoom => ("There was no room to move.", Retry::Later),
        Reason::AlreadyInHand => ("The weapon is in hand already.", Retry::No),
        Reason::InboxFull => ("The session's inbox is full.", Retry::Later),
        Reason::SessionFull => ("Every place is taken.", Retry::Later),
        Reason::SessionEnded => ("The session is over.", Retry::No),
        Reason::NotInSession => ("The player is not in the session.", Retry::Rejoin),
        Reason::Suspended => (
            "The session is frozen: its log cannot be written, or this build cannot simulate it.",
            Retry::Later,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_whether_to_try_again_and_not_how() {
        let all = [Retry::No, Retry::Yes, Retry::Later, Retry::Resume, Retry::Rejoin, Retry::Elsewhere];
        assert_eq!(all.map(Retry::plain), ["no", "yes", "yes", "yes", "yes", "elsewhere"]);
    }
}
