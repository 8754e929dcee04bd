//! Who is calling: bearer tokens for REST, tickets and resume tokens for sockets.

use std::fmt;
use std::str::FromStr;

use combat_components::ids::{DisplayName, PlayerId};
use serde::{Deserialize, Serialize};

use crate::names::NameFault;

mod request_key;
mod resume;
mod ticket;
mod token;

pub use request_key::{REQUEST_KEY_CHARS_MAX, RequestKeys};
pub use resume::{ResumeClaim, ResumeKeys};
pub use ticket::{Grant, TICKET_TTL, TicketError, TicketRefusal, Tickets};
pub use token::{TokenError, TokenKeys, TokenWish};

/// What a token's holder may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Player,
    Spectator,
    Service,
    Admin,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Player, Self::Spectator, Self::Service, Self::Admin];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Player => "player",
            Self::Spectator => "spectator",
            Self::Service => "service",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let role = Self::ALL.into_iter().find(|role| role.name() == text);
        role.ok_or_else(|| "expected player, spectator, service or admin".to_owned())
    }
}

/// The holder of a valid token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    pub player: PlayerId,
    pub role: Role,
    /// What the token's `name` says, if it has one: a name that does not fit keeps nobody out.
    pub name: Option<Result<DisplayName, NameFault>>,
}

impl Caller {
    /// Services and admins act for any player.
    pub fn may_speak_for_anyone(&self) -> bool {
        matches!(self.role, Role::Service | Role::Admin)
    }
}
