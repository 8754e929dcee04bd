//! Who asks for a command, and how a request is known again.

use crate::canon_struct;
use crate::ids::Slot;

/// Who asks for a command, and hears what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A player, by one of his inputs.
    Player { slot: Slot, input_seq: u32 },
    /// Somebody who waits for the answer to a request.
    Request { number: u32 },
    /// The service by itself: it waits for no verdict.
    Service,
}

impl Origin {
    /// Whose input it was, and which.
    pub const fn player(self) -> Option<(Slot, u32)> {
        match self {
            Self::Player { slot, input_seq } => Some((slot, input_seq)),
            Self::Request { .. } | Self::Service => None,
        }
    }

    /// Of what was asked for by a request, or else decided by the service.
    pub const fn of_request(request: Option<Request>) -> Self {
        match request {
            Some(Request { number, .. }) => Self::Request { number },
            None => Self::Service,
        }
    }
}

/// A request, as the log has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Rises within an epoch; what a request is answered by.
    pub number: u32,
    pub key: Option<RequestKey>,
}
canon_struct!(Request { number, key });

/// By what a repeated request is known: digests, from which nothing that was said can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestKey {
    /// Of the key that the caller chose, and of who he is.
    pub digest: [u64; 2],
    /// Of what was asked for under that key.
    pub fingerprint: u64,
}
canon_struct!(RequestKey { digest, fingerprint });
