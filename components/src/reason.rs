//! Why something was refused or corrected: one catalogue for the simulation, the wire and REST.

/// A reason code. Its number is on the wire and in logs; numbers are never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Reason {
    /// A claim moves faster than the rules allow.
    TooFast = 1,
    /// A claim changes its velocity faster than the rules allow.
    TooMuchAcceleration = 2,
    /// A claim rises higher than a jump, a step or a slope explains.
    TooHigh = 3,
    /// A claim falls faster than the terminal speed.
    FallsTooFast = 4,
    /// The path or its end lies inside solid.
    Blocked = 5,
    /// The claim lies outside the map's bounds.
    OutOfBounds = 6,
    /// `clientTick` ran further ahead than the bank allows.
    BankOverdrawn = 7,
    /// `clientTick` went back or stood still.
    ClientTickNotRising = 8,
    /// The body was silent for as long as the bank and fell to the ground.
    Silent = 9,
    /// The server moved its schedule after a stall.
    ScheduleMoved = 10,
    /// The body was placed at a spawn point.
    Spawned = 11,
    /// The body was moved by an ability.
    Displaced = 12,
    /// The body was taken up again after a restart or a new connection.
    Reconnected = 13,
    /// The claim leads further from a shot's muzzle than a walk until the frame that shows it; nothing else is held
    /// against it, and the next claim covers its time.
    HeldByShot = 14,
    /// The body stayed inside another that it had come into, and was put out.
    Separated = 15,

    /// The action names a claim that is unknown, too old or of an older pose epoch.
    StaleInput = 32,
    /// The actor is dead.
    Dead = 33,
    /// The phase of the match does not allow it.
    WrongPhase = 34,
    /// The cooldown has not passed.
    OnCooldown = 35,
    /// The magazine is empty.
    MagazineEmpty = 36,
    /// The weapon is being reloaded.
    Reloading = 37,
    /// The magazine is full already.
    MagazineFull = 38,
    /// The ruleset has no such weapon or ability.
    UnknownAbility = 39,
    /// More inputs of this player than one tick takes.
    TooManyInputs = 40,
    /// There was no room to move.
    NoRoom = 41,
    /// The weapon is in hand already.
    AlreadyInHand = 42,

    /// The session's inbox is full.
    InboxFull = 64,
    /// Every place is taken.
    SessionFull = 65,
    /// The session is over.
    SessionEnded = 66,
    /// The player is not in the session.
    NotInSession = 67,
    /// The session is frozen because its log cannot be written.
    Suspended = 68,
}

impl Reason {
    pub const ALL: [Self; 31] = [
        Self::TooFast,
        Self::TooMuchAcceleration,
        Self::TooHigh,
        Self::FallsTooFast,
        Self::Blocked,
        Self::OutOfBounds,
        Self::BankOverdrawn,
        Self::ClientTickNotRising,
        Self::Silent,
        Self::ScheduleMoved,
        Self::Spawned,
        Self::Displaced,
        Self::Reconnected,
        Self::HeldByShot,
        Self::Separated,
        Self::StaleInput,
        Self::Dead,
        Self::WrongPhase,
        Self::OnCooldown,
        Self::MagazineEmpty,
        Self::Reloading,
        Self::MagazineFull,
        Self::UnknownAbility,
        Self::TooManyInputs,
        Self::NoRoom,
        Self::AlreadyInHand,
        Self::InboxFull,
        Self::SessionFull,
        Self::SessionEnded,
        Self::NotInSession,
        Self::Suspended,
    ];

    pub const fn number(self) -> u8 {
        self as u8
    }

    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.number() == number)
    }

    /// The snake_case code used in JSON, metrics and docs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooFast => "too_fast",
            Self::TooMuchAcceleration => "too_much_acceleration",
            Self::TooHigh => "too_high",
            Self::FallsTooFast => "falls_too_fast",
            Self::Blocked => "blocked",
            Self::OutOfBounds => "out_of_bounds",
            Self::BankOverdrawn => "bank_overdrawn",
            Self::ClientTickNotRising => "client_tick_not_rising",
            Self::Silent => "silent",
            Self::ScheduleMoved => "schedule_moved",
            Self::Spawned => "spawned",
            Self::Displaced => "displaced",
            Self::Reconnected => "reconnected",
            Self::HeldByShot => "held_by_shot",
            Self::Separated => "separated",
            Self::StaleInput => "stale_input",
            Self::Dead => "dead",
            Self::WrongPhase => "wrong_phase",
            Self::OnCooldown => "on_cooldown",
            Self::MagazineEmpty => "magazine_empty",
            Self::Reloading => "reloading",
            Self::MagazineFull => "magazine_full",
            Self::UnknownAbility => "unknown_ability",
            Self::TooManyInputs => "too_many_inputs",
            Self::NoRoom => "no_room",
            Self::AlreadyInHand => "already_in_hand",
            Self::InboxFull => "inbox_full",
            Self::SessionFull => "session_full",
            Self::SessionEnded => "session_ended",
            Self::NotInSession => "not_in_session",
            Self::Suspended => "suspended",
        }
    }
}
