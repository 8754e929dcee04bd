//! Tickets: what a socket presents instead of a token. Each works once, soon and for one session.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use combat_components::ids::{PlayerId, SessionId, SimId};
use combat_protocol::close::CloseCode;
use parking_lot::Mutex;
use thiserror::Error;

/// From the answer of `join` to the socket's handshake, with a slow page load between them.
pub const TICKET_TTL: Duration = Duration::from_secs(30);

/// All of 10,000 clients join within one lifetime, once more after a retry, with room to spare.
const TICKETS_MAX: usize = 32_768;

/// Browser tabs that one holder opens at once on one session; the oldest ticket gives way.
const TICKETS_PER_HOLDER_MAX: usize = 8;

/// 128 random bits cannot be guessed within 30 seconds.
const TICKET_BYTES: usize = 16;

type TicketId = [u8; TICKET_BYTES];

/// Of one session: who holds tickets, and whether they are to play.
type Holder = (SessionId, PlayerId, bool);

/// What a ticket lets its bearer do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    pub session: SessionId,
    pub player: PlayerId,
    /// The place to play in; `None` for whoever watches.
    pub place: Option<SimId>,
    /// How far behind the present a spectator watches.
    pub delay_ms: u32,
}

impl Grant {
    fn holder(&self) -> Holder {
        (self.session, self.player, self.place.is_some())
    }
}

/// Why a ticket opened nothing.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum TicketError {
    /// No holder of a ticket would present this: trying again does not help.
    #[error("this is no ticket for this session")]
    Foreign,
    /// Also after a restart, which forgets tickets: joining again gives a fresh one.
    #[error("the ticket is too old or was used")]
    Spent,
}

impl TicketError {
    /// How the socket is closed for it.
    pub const fn close_code(self) -> CloseCode {
        match self {
            Self::Foreign => CloseCode::Unauthorised,
            Self::Spent => CloseCode::TicketExpired,
        }
    }
}

/// Why no ticket was issued.
#[derive(Debug, Error)]
pub enum TicketRefusal {
    #[error("too many tickets are waiting for their sockets")]
    Full,
    #[error(transparent)]
    NoRandomness(anyhow::Error),
}

/// Every ticket that has not been presented yet, in memory.
pub struct Tickets {
    capacity: usize,
    book: Mutex<Book>,
}

#[derive(Default)]
struct Book {
    open: HashMap<TicketId, (Grant, Instant)>,
    by_holder: HashMap<Holder, VecDeque<TicketId>>,
    by_expiry: BTreeSet<(Instant, TicketId)>,
}

impl Default for Tickets {
    fn default() -> Self {
        Self::with_capacity(TICKETS_MAX)
    }
}

impl Tickets {
    fn with_capacity(capacity: usize) -> Self {
        Self { capacity, book: Mutex::default() }
    }

    /// A new ticket, 22 characters of base64url.
    ///
    /// # Errors
    /// When `TICKETS_MAX` tickets are waiting, or the system gives no random bytes.
    pub fn issue(&self, grant: Grant, now: Instant) -> Result<String, TicketRefusal> {
        let mut id = TicketId::default();
        getrandom::fill(&mut id)
            .context("the system gave no random bytes")
            .map_err(TicketRefusal::NoRandomness)?;
        let mut book = self.book.lock();
        book.sweep(now);
        if book.open.len() >= self.capacity {
            return Err(TicketRefusal::Full);
        }
        book.insert(id, grant, now + TICKET_TTL);
        Ok(URL_SAFE_NO_PAD.encode(id))
    }

    /// Takes a ticket back: whatever the answer, it works no more.
    ///
    /// # Errors
    /// When it is malformed or for another session, or unknown, used or too old.
    pub fn redeem(&self, ticket: &str, session: SessionId, now: Instant) -> Result<Grant, TicketError> {
        let mut id = TicketId::default();
        match URL_SAFE_NO_PAD.decode_slice(ticket, &mut id) {
            Ok(TICKET_BYTES) => {}
            _ => return Err(TicketError::Foreign),
        }
        let mut book = self.book.lock();
        book.sweep(now);
        let grant = book.remove(&id).ok_or(TicketError::Spent)?;
        if grant.session == session { Ok(grant) } else { Err(TicketError::Foreign) }
    }
}

impl Book {
    fn insert(&mut self, id: TicketId, grant: Grant, expires: Instant) {
        let held = self.by_holder.entry(grant.holder()).or_default();
        let oldest = if held.len() >= TICKETS_PER_HOLDER_MAX { held.pop_front() } else { None };
        held.push_back(id);
        self.open.insert(id, (grant, expires));
        self.by_expiry.insert((expires, id));
        if let Some(oldest) = oldest {
            self.remove(&oldest);
        }
    }

    fn remove(&mut self, id: &TicketId) -> Option<Grant> {
        let (grant, expires) = self.open.remove(id)?;
        self.by_expiry.remove(&(expires, *id));
        let holder = grant.holder();
        if let Some(held) = self.by_holder.get_mut(&holder) {
            held.retain(|other| other != id);
            if held.is_empty() {
                self.by_holder.remove(&holder);
            }
        }
        Some(grant)
    }

    fn sweep(&mut self, now: Instant) {
        while let Some((expires, id)) = self.by_expiry.first().copied() {
            if expires > now {
                break;
            }
            self.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant(session: u8, player: &str) -> Grant {
        Grant {
            session: SessionId([session; 16]),
            player: PlayerId::new(player).expect("an id"),
            place: Some(SimId(1)),
            delay_ms: 0,
        }
    }

    #[test]
    fn a_ticket_opens_its_session_once() {
        let (tickets, now, grant) = (Tickets::default(), Instant::now(), grant(1, "alice"));
        let ticket = tickets.issue(grant, now).expect("issued");
        assert_eq!(tickets.redeem(&ticket, grant.session, now), Ok(grant));
        assert_eq!(tickets.redeem(&ticket, grant.session, now), Err(TicketError::Spent));
    }

    #[test]
    fn a_ticket_for_another_session_opens_nothing_and_is_spent() {
        let (tickets, now, grant) = (Tickets::default(), Instant::now(), grant(1, "alice"));
        let ticket = tickets.issue(grant, now).expect("issued");
        assert_eq!(tickets.redeem(&ticket, SessionId([2; 16]), now), Err(TicketError::Foreign));
        assert_eq!(tickets.redeem(&ticket, grant.session, now), Err(TicketError::Spent));
    }

    #[test]
    fn a_ticket_lives_thirty_seconds() {
        let (tickets, start, grant) = (Tickets::default(), Instant::now(), grant(1, "alice"));
        let redeem_after = |wait: Duration| {
            let ticket = tickets.issue(grant, start).expect("issued");
            tickets.redeem(&ticket, grant.session, start + wait)
        };
        assert_eq!(redeem_after(TICKET_TTL - Duration::from_secs(1)), Ok(grant));
        assert_eq!(redeem_after(TICKET_TTL), Err(TicketError::Spent));
    }

    #[test]
    fn the_ninth_ticket_of_a_holder_takes_the_place_of_his_first() {
        let (tickets, now, grant) = (Tickets::default(), Instant::now(), grant(1, "alice"));
        let issued: Vec<_> =
            (0..=TICKETS_PER_HOLDER_MAX).map(|_| tickets.issue(grant, now).expect("issued")).collect();
        assert_eq!(tickets.redeem(&issued[0], grant.session, now), Err(TicketError::Spent));
        assert_eq!(tickets.redeem(&issued[1], grant.session, now), Ok(grant));
    }

    #[test]
    fn a_full_book_refuses_until_the_old_tickets_are_swept() {
        let (tickets, now) = (Tickets::with_capacity(2), Instant::now());
        assert!(tickets.issue(grant(1, "alice"), now).is_ok());
        assert!(tickets.issue(grant(1, "bob"), now).is_ok());
        assert!(matches!(tickets.issue(grant(1, "carol"), now), Err(TicketRefusal::Full)));
        assert!(tickets.issue(grant(1, "carol"), now + TICKET_TTL).is_ok());
        let book = tickets.book.lock();
        assert_eq!((book.open.len(), book.by_holder.len(), book.by_expiry.len()), (1, 1, 1));
    }

    #[test]
    fn what_is_no_ticket_is_foreign_and_what_nobody_issued_is_spent() {
        let tickets = Tickets::default();
        let redeem = |text: &str| tickets.redeem(text, SessionId([1; 16]), Instant::now());
        for text in ["", "x", "%%%", &"A".repeat(21), &"A".repeat(23), &"A".repeat(10_000)] {
            assert_eq!(redeem(text), Err(TicketError::Foreign));
        }
        assert_eq!(redeem(&"A".repeat(22)), Err(TicketError::Spent));
    }
}
