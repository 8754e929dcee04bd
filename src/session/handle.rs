//! How everybody but the shard speaks to a live session: bots, sockets and REST alike.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use combat_components::command::{Command, LeaveCause};
use combat_components::ids::{DisplayName, Epoch, PlayerId, Pseudonym, SessionId, SimId, Slot};
use combat_components::origin::RequestKey;
use combat_components::phase::EndReason;
use combat_components::tick::Tick;
use combat_protocol::close::CloseCode;
use combat_protocol::codec::Encoding;
use prometheus::IntCounter;
use tokio::sync::oneshot;

use super::ask::{Ask, Done, Joining, PlaceTaken, Reply, Wish};
use super::inbox::{Envelope, Inbox, PlayerArrival};
use super::live::LiveFacts;
use super::outbox::{LinkFacts, Outbox, OutboxReader};
use super::people::{PeopleBook, Person};
use super::summary::{JoinSession, Place, SessionError, SessionStatus};
use crate::events::Feed;
use crate::gallery::{Relay, SpectatorArrival};
use crate::journal::Tape;

/// Numbers connections, so that the end of an old one never ends a newer one of the same player.
static NEXT_CONNECTION: AtomicU64 = AtomicU64::new(1);

/// A live session, as its clients know it.
#[derive(Clone, Debug)]
pub struct SessionHandle {
    pub(super) id: SessionId,
    pub(super) inbox: Arc<Inbox>,
    pub(super) live: Arc<LiveFacts>,
    pub(super) tape: Arc<Tape>,
    pub(super) relay: Relay,
    pub(super) people: PeopleBook,
    pub(super) refusals: IntCounter,
    pub(super) feed: Feed,
    /// Under which everything is asked for.
    pub(super) key: Option<RequestKey>,
}

/// A connection's end of a session.
#[derive(Debug)]
pub struct Attachment {
    pub handle: SessionHandle,
    pub outgoing: OutboxReader,
    pub facts: Arc<LinkFacts>,
    /// `None` for a spectator.
    pub player: Option<AttachedPlayer>,
}

#[derive(Clone, Copy, Debug)]
pub struct AttachedPlayer {
    pub id: PlayerId,
    pub slot: Slot,
    pub connection: u64,
}

impl SessionHandle {
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// For a request that came under a key: what is asked for by it is done once, however often it comes.
    pub fn under(self, key: Option<RequestKey>) -> Self {
        Self { key, ..self }
    }

    pub fn live(&self) -> &LiveFacts {
        &self.live
    }

    pub fn durable_tick(&self) -> Tick {
        Tick(self.tape.durable_tick())
    }

    /// What happens from now on, as far as it is durable.
    pub fn feed(&self) -> Feed {
        self.feed.clone()
    }

    pub fn place_of(&self, player: PlayerId) -> Option<Slot> {
        self.live.place_of(player)
    }

    /// Whether this very place is still the player's.
    pub fn holds(&self, player: PlayerId, place: SimId) -> bool {
        self.live.seat_of(player).is_some_and(|seat| seat.sim_id == Some(place))
    }

    /// Takes a place, or finds the one the player has; answers after the commit. Who he is has been written down
    /// before the session hears of him, so that no log holds a pseudonym that nobody can explain.
    ///
    /// # Errors
    /// `Full`, `Ended`, `Suspended`, `InboxFull`, `NotAdmitted`; `NotInSession` when he left again in the same tick;
    /// `Reserved` for a person under a bot's id, or the reverse.
    pub async fn join(&self, wish: JoinSession) -> Result<Place, SessionError> {
        let JoinSession { player, name, team, bot } = wish;
        if bot != player.is_bot() || !bot && player.is_reserved() {
            return Err(SessionError::Reserved);
        }
        match self.live.status() {
            SessionStatus::Suspended => return Err(SessionError::Suspended),
            status if !status.is_live() => return Err(self.gone()),
            _ => {}
        }
        let person = self.written_down(player, name).await?;
        let joining = Joining { person, team, bot };
        let done = self.ask(Wish::Join(joining)).await?;
        let durable_tick = self.durable_tick();
        let PlaceTaken { sim_id, slot, team } = done.place().ok_or(SessionError::NotInSession)?;
        let Person { pseudonym, name, .. } = person;
        Ok(Place { pseudonym, name, sim_id, slot, team, applied_tick: done.tick(), durable_tick })
    }

    /// Whoever has a seat keeps his name. He is written down all the same: he may have been erased a moment ago, and
    /// comes as a stranger then, under the name he gives now.
    async fn written_down(
        &self,
        player: PlayerId,
        name: Option<DisplayName>,
    ) -> Result<Person, SessionError> {
        let seated = self.live.seat_of(player).and_then(|seat| seat.person);
        let shown = seated.map_or(name, |person| person.name);
        let person = self.people.enter(self.id, player, shown).await?;
        if shown == name || seated.is_some_and(|seated| seated.pseudonym == person.pseudonym) {
            return Ok(person);
        }
        self.people.enter(self.id, player, name).await
    }

    /// Gives a place back; answers after the commit with the tick that did it.
    ///
    /// # Errors
    /// `NotInSession`, `Suspended`, `InboxFull`.
    pub async fn leave(&self, player: PlayerId) -> Result<Tick, SessionError> {
        self.leave_telling(player, CloseCode::Left).await
    }

    /// As `leave`, for a player who has not asked for it himself: so his connection is told.
    ///
    /// # Errors
    /// As `leave`.
    pub async fn remove(&self, player: PlayerId) -> Result<Tick, SessionError> {
        self.leave_telling(player, CloseCode::Kicked).await
    }

    async fn leave_telling(&self, player: PlayerId, told: CloseCode) -> Result<Tick, SessionError> {
        let cause = LeaveCause::Left;
        Ok(self.ask(Wish::Leave { player, cause, told }).await?.tick())
    }

    /// Gives back the place that a connection is for; answers after the commit with the tick that did it.
    ///
    /// # Errors
    /// `NotInSession` when the connection is not the player's any more, `Suspended`, `InboxFull`.
    pub async fn farewell(&self, player: AttachedPlayer) -> Result<Tick, SessionError> {
        let AttachedPlayer { slot, connection, .. } = player;
        Ok(self.ask(Wish::Farewell { slot, connection }).await?.tick())
    }

    pub(super) async fn end(&self, reason: EndReason) -> Result<Tick, SessionError> {
        Ok(self.ask(Wish::End { reason }).await?.tick())
    }

    /// Takes over the frames of a player who has a place; an older connection of his is superseded.
    ///
    /// # Errors
    /// `NotInSession`, `Ended`, `InboxFull`.
    pub async fn attach_player(
        &self,
        player: PlayerId,
        encoding: Encoding,
        seen: Option<(Epoch, Tick)>,
    ) -> Result<Attachment, SessionError> {
        self.attach(player, None, encoding, seen).await
    }

    /// As `attach_player`, for whoever has shown that this place was given to him: it opens no later one.
    ///
    /// # Errors
    /// `NotInSession` also when the player has another place by now; `Ended`, `InboxFull`.
    pub async fn attach_to_place(
        &self,
        player: PlayerId,
        place: SimId,
        encoding: Encoding,
        seen: Option<(Epoch, Tick)>,
    ) -> Result<Attachment, SessionError> {
        self.attach(player, Some(place), encoding, seen).await
    }

    async fn attach(
        &self,
        player: PlayerId,
        place: Option<SimId>,
        encoding: Encoding,
        seen: Option<(Epoch, Tick)>,
    ) -> Result<Attachment, SessionError> {
        let connection = NEXT_CONNECTION.fetch_add(1, Ordering::Relaxed);
        let (outbox, outgoing, facts) = Outbox::new();
        let arrival = |reply| PlayerArrival { player, place, connection, outbox, encoding, seen, reply };
        let slot = self.answered(|reply| Envelope::Arrive(Box::new(arrival(reply)))).await?;
        let player = Some(AttachedPlayer { id: player, slot, connection });
        Ok(Attachment { handle: self.clone(), outgoing, facts, player })
    }

    /// Watches, `delay_ms` late.
    ///
    /// # Errors
    /// `Full` when nobody more may watch.
    pub fn attach_spectator(&self, delay_ms: u32, encoding: Encoding) -> Result<Attachment, SessionError> {
        let (outbox, outgoing, facts) = Outbox::new();
        self.relay.attach(SpectatorArrival { outbox, encoding, delay_ms })?;
        Ok(Attachment { handle: self.clone(), outgoing, facts, player: None })
    }

    /// Submits a claim or an action of an attached connection: bounded and never waiting. One whose connection is no
    /// longer the player's is dropped.
    ///
    /// # Errors
    /// `InboxFull`.
    pub fn submit(&self, connection: u64, command: Command, ack: bool) -> Result<(), SessionError> {
        self.put(Envelope::Input { connection, command, ack })
    }

    /// Counts inputs that were refused before they reached the session.
    pub fn refusals(&self) -> IntCounter {
        self.refusals.clone()
    }

    /// Says that a player's connection has ended.
    pub fn detach(&self, player: AttachedPlayer) {
        // A full inbox is no reason to keep a body connected; the shard finds the closed outbox by itself.
        let _ = self.put(Envelope::Depart { slot: player.slot, connection: player.connection });
    }

    /// Says that the side table does not know this player any more.
    pub(super) fn forget(&self, pseudonym: Pseudonym) -> Result<(), SessionError> {
        self.put(Envelope::Erased { pseudonym })
    }

    fn put(&self, envelope: Envelope) -> Result<(), SessionError> {
        let put = self.inbox.put(envelope);
        if put == Err(SessionError::InboxFull) {
            self.refusals.inc();
        }
        put
    }

    /// Asks for something; answers after the commit of the tick that did it.
    ///
    /// # Errors
    /// Under a key also `KeyOfAnother`, `KeyInFlight`, `KeysFull`.
    async fn ask(&self, wish: Wish) -> Result<Done, SessionError> {
        let done = self.answered(|reply| Envelope::Ask(Ask { wish, key: self.key, reply })).await?;
        self.tape.wait_durable(done.tick().0).await.map_err(|_| self.gone())?;
        Ok(done)
    }

    async fn answered<T>(&self, envelope: impl FnOnce(Reply<T>) -> Envelope) -> Result<T, SessionError> {
        if !self.live.status().is_live() {
            return Err(self.gone());
        }
        let (reply, answer) = oneshot::channel();
        self.put(envelope(reply))?;
        answer.await.unwrap_or_else(|_| Err(self.gone()))
    }

    fn gone(&self) -> SessionError {
        if let Some(error) = self.inbox.closed() {
            return error;
        }
        self.live.status().over().unwrap_or(SessionError::Ended)
    }
}
