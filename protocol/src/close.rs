//! Close codes of the WebSocket: one table, from which the docs are made.

use crate::reasons::Retry;

/// Why the server closes a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u16)]
pub enum CloseCode {
    Done = 1000,
    GoingAway = 1001,
    Policy = 1008,
    Overloaded = 1013,
    Left = 4000,
    Unauthorised = 4001,
    TicketExpired = 4002,
    Superseded = 4003,
    SessionEnded = 4004,
    Kicked = 4005,
    ProtocolError = 4006,
    RateLimited = 4007,
    TooSlow = 4008,
    Idle = 4009,
    Moved = 4010,
    Draining = 4011,
    SessionFailed = 4012,
}

/// One row of the table of close codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseRow {
    pub code: CloseCode,
    /// The snake_case code, also the start of the close frame's reason text.
    pub name: &'static str,
    pub retry: Retry,
    pub meaning: &'static str,
}

const fn row(code: CloseCode, name: &'static str, retry: Retry, meaning: &'static str) -> CloseRow {
    CloseRow { code, name, retry, meaning }
}

impl CloseCode {
    pub const TABLE: [CloseRow; 17] = [
        row(Self::Done, "done", Retry::No, "Both sides are done."),
        row(Self::GoingAway, "going_away", Retry::Elsewhere, "The server stops."),
        row(
            Self::Policy,
            "policy",
            Retry::No,
            "The request itself is not allowed, or too many claims were refused: the reason then names the last one's, the place stays, and it opens again when some are forgiven.",
        ),
        row(
            Self::Overloaded,
            "overloaded",
            Retry::Later,
            "The server takes no more connections now, or, as the reason then says, the session is `suspended`.",
        ),
        row(
            Self::Left,
            "left",
            Retry::No,
            "The player left, as asked; or ticket or resume token are for a place that is his no more.",
        ),
        row(Self::Unauthorised, "unauthorised", Retry::No, "No ticket or resume token, or not a valid one."),
        row(
            Self::TicketExpired,
            "ticket_expired",
            Retry::Rejoin,
            "The ticket is too old or was used; join again.",
        ),
        row(
            Self::Superseded,
            "superseded",
            Retry::No,
            "A newer connection of the same player took this one's place.",
        ),
        row(Self::SessionEnded, "session_ended", Retry::No, "The match is over."),
        row(
            Self::Kicked,
            "kicked",
            Retry::No,
            "A service or an administrator removed the player, or he was erased.",
        ),
        row(
            Self::ProtocolError,
            "protocol_error",
            Retry::No,
            "A message was malformed, too long or not allowed to this role; the reason says which.",
        ),
        row(Self::RateLimited, "rate_limited", Retry::Later, "Too many messages."),
        row(Self::TooSlow, "too_slow", Retry::Resume, "Reliable events piled up unread."),
        row(Self::Idle, "idle", Retry::Resume, "Nothing was heard for too long."),
        row(
            Self::Moved,
            "moved",
            Retry::Elsewhere,
            "Another server owns the session; the reason holds the new wsUrl.",
        ),
        row(Self::Draining, "draining", Retry::Resume, "The server is being restarted."),
        row(Self::SessionFailed, "session_failed", Retry::No, "The session failed and will not come back."),
    ];

    pub const fn number(self) -> u16 {
        self as u16
    }

    pub fn from_number(number: u16) -> Option<Self> {
        Self::TABLE.iter().map(|row| row.code).find(|code| code.number() == number)
    }

    pub fn row(self) -> &'static CloseRow {
        const TABLE: &[CloseRow] = &CloseCode::TABLE;
        TABLE.iter().find(|row| row.code == self).expect("every close code has its row")
    }

    pub fn name(self) -> &'static str {
        self.row().name
    }

    pub fn retry(self) -> Retry {
        self.row().retry
    }
}
