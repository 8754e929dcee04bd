//! The crew of a session: all its bots on one task, clients of the same `SessionHandle` as everyone.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use combat_client::Client;
use combat_components::ids::{Epoch, PlayerId, Team};
use combat_components::limits::CLAIM_HZ;
use combat_components::streams::Stream;
use combat_protocol::close::CloseCode;
use combat_protocol::codec::{Encoding, decode_client};
use combat_systems::sim::SimParts;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::brain::Brain;
use super::messages::Messages;
use super::skill::Identity;
use super::watch::Field;
use crate::session::convert::{Meant, meaning};
use crate::session::handle::{AttachedPlayer, Attachment, SessionHandle};
use crate::session::outbox::Outgoing;
use crate::session::summary::{JoinSession, SessionError};

/// Bots think as often as clients claim.
const WAKE_EVERY: Duration = Duration::from_nanos(1_000_000_000 / CLAIM_HZ as u64);

/// A bot that the session let go of as too slow comes back after this long.
const RETURN_AFTER: Duration = Duration::from_secs(1);

/// A refused join or connection is tried again this often before the place stays empty.
const ATTEMPTS_MAX: u32 = 5;

/// Separates the streams of bots from those of the simulation under the same seed.
const STREAM_CONSUMER: u64 = 0xB07;

/// The bots of one session.
#[derive(Debug)]
pub struct BotCrew {
    handle: SessionHandle,
    field: Field,
    bots: Vec<Bot>,
    began: Instant,
    messages: Messages,
}

/// One bot: its mind, its client and its connection.
#[derive(Debug)]
struct Bot {
    player: PlayerId,
    brain: Brain,
    client: Client,
    attachment: Option<Attachment>,
    /// Closed for good, or from this moment on to be attached again.
    returns_at: Option<Instant>,
}

impl BotCrew {
    /// Lets `count` bots join and play until the session ends; for a session taken up again after a restart, `count`
    /// is 0 and those that are in it return. Must be called within a tokio runtime; never blocks.
    pub fn on_live(handle: &SessionHandle, parts: &SimParts, count: u8) {
        match count {
            0 => Self::return_to(handle.clone(), parts),
            count => Self::fill(handle.clone(), parts, count),
        }
    }

    /// Lets `count` bots join and play until the session ends.
    pub fn fill(handle: SessionHandle, parts: &SimParts, count: u8) {
        let identities = (0..usize::from(count)).map(Identity::of).collect();
        Self::man(handle, parts.clone(), identities, true);
    }

    /// Connects the bots again that are members of the session already; none is no task.
    pub fn return_to(handle: SessionHandle, parts: &SimParts) {
        let bots = handle.live().seats().into_iter().filter(|seat| seat.bot);
        let known = bots.filter_map(|seat| Some(Identity::seated(seat.slot, seat.person?)));
        let identities: Vec<Identity> = known.collect();
        if !identities.is_empty() {
            Self::man(handle, parts.clone(), identities, false);
        }
    }

    fn man(handle: SessionHandle, parts: SimParts, identities: Vec<Identity>, is_new: bool) {
        tokio::spawn(async move {
            let found = tokio::task::spawn_blocking(move || (Field::of(&parts), parts)).await;
            let Ok((field, parts)) = found else { return };
            let began = Instant::now();
            let coming = identities.iter().map(|identity| come(&handle, &parts, identity, is_new));
            let bots: Vec<Bot> = futures_util::future::join_all(coming).await.into_iter().flatten().collect();
            let count = bots.len();
            tracing::info!(session = %handle.id(), bots = count, "bots are in");
            Self { handle, field, bots, began, messages: Messages::default() }.play().await;
        });
    }

    /// Until no bot is connected any more and none will be.
    async fn play(mut self) {
        let mut wake = interval(WAKE_EVERY);
        wake.set_missed_tick_behavior(MissedTickBehavior::Skip);
        while self.bots.iter().any(|bot| bot.attachment.is_some() || bot.returns_at.is_some()) {
            tokio::select! {
                () = poll_fn(|context| self.hear(context)) => self.bring_back().await,
                _ = wake.tick() => self.speak(),
            }
        }
        tracing::debug!(session = %self.handle.id(), "bots have left");
    }

    /// Takes in what the session has sent. Ready when a connection has been closed or one is due to come back.
    fn hear(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let now_ms = self.now_ms();
        let mut changed = false;
        for bot in &mut self.bots {
            changed |= bot.hear(context, now_ms);
        }
        let now = Instant::now();
        changed |= self.bots.iter().any(|bot| bot.returns_at.is_some_and(|at| at <= now));
        if changed { Poll::Ready(()) } else { Poll::Pending }
    }

    async fn bring_back(&mut self) {
        let now = Instant::now();
        for bot in &mut self.bots {
            if bot.returns_at.take_if(|at| *at <= now).is_some() {
                let seen = bot
                    .client
                    .resume_point()
                    .map(|seen| (Epoch(seen.epoch), combat_components::tick::Tick(seen.tick)));
                // A session that does not take it back has ended.
                bot.attachment =
                    self.handle.attach_player(bot.player, Encoding::MessagePack, seen).await.ok();
            }
        }
    }

    fn speak(&mut self) {
        let now_ms = self.now_ms();
        for bot in &mut self.bots {
            self.messages.clear();
            bot.brain.wake(&mut bot.client, &self.field, now_ms, &mut self.messages);
            bot.say(&self.handle, &self.messages);
        }
    }

    fn now_ms(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }
}

/// Joins when it is new, and connects; `None` when the session does not take it.
async fn come(handle: &SessionHandle, parts: &SimParts, identity: &Identity, is_new: bool) -> Option<Bot> {
    let &Identity { player, name, skill } = identity;
    let wish = JoinSession { player, name: Some(name), team: Team::NONE, bot: true };
    let mut attachment = Err(SessionError::InboxFull);
    for _ in 0..ATTEMPTS_MAX {
        let joined = match is_new {
            true => handle.join(wish).await.map(|_| ()),
            false => Ok(()),
        };
        attachment = match joined {
            Ok(()) => handle.attach_player(player, Encoding::MessagePack, None).await,
            Err(error) => Err(error),
        };
        if !matches!(attachment, Err(SessionError::InboxFull | SessionError::Suspended)) {
            break;
        }
        tokio::time::sleep(RETURN_AFTER).await;
    }
    let attachment = attachment.inspect_err(|error| {
        tracing::warn!(session = %handle.id(), bot = %player, %error, "a bot stays away");
    });
    let attachment = attachment.ok()?;
    // It sits beside the session: no network lies between.
    attachment.facts.note_rtt(0, 0);
    let number = handle.place_of(player).map_or(0, |slot| u64::from(slot.0));
    let stream = Stream::of(parts.setup.seed.0, STREAM_CONSUMER << 8 | number);
    let brain = Brain::new(skill, parts, stream);
    Some(Bot {
        player,
        brain,
        client: Client::new(Encoding::MessagePack),
        attachment: Some(attachment),
        returns_at: None,
    })
}

impl Bot {
    /// Whether the connection was closed.
    fn hear(&mut self, context: &mut Context<'_>, now_ms: u64) -> bool {
        let Some(attachment) = &mut self.attachment else { return false };
        loop {
            match attachment.outgoing.poll_recv(context) {
                Poll::Pending => return false,
                Poll::Ready(Some(Outgoing::Frame { public, own })) => {
                    attachment.facts.note_frame_written();
                    for bytes in [public, own].into_iter().flatten() {
                        take_in(&mut self.client, &bytes, now_ms);
                    }
                }
                Poll::Ready(Some(Outgoing::Reliable(bytes))) => take_in(&mut self.client, &bytes, now_ms),
                Poll::Ready(None) => {
                    let too_slow = attachment.facts.close_code() == CloseCode::TooSlow;
                    self.returns_at = too_slow.then(|| Instant::now() + RETURN_AFTER);
                    self.attachment = None;
                    return true;
                }
            }
        }
    }

    fn say(&mut self, handle: &SessionHandle, messages: &Messages) {
        let Some(attachment) = &self.attachment else { return };
        let Some(AttachedPlayer { slot, connection, .. }) = attachment.player else { return };
        for bytes in messages.iter() {
            let message =
                decode_client(bytes, Encoding::MessagePack).expect("the client encodes what decodes");
            match meaning(&message, slot) {
                Ok(Meant::Input { command, ack, seen }) => {
                    if let Some(tick) = seen {
                        attachment.facts.note_seen(handle.live().epoch(), tick);
                    }
                    // A full inbox refuses a bot like everyone; its handle has counted it.
                    let _ = handle.submit(connection, command, ack);
                }
                Ok(Meant::Seen { epoch, tick }) => attachment.facts.note_seen(Epoch(epoch), tick),
                // A bot says nothing else.
                Ok(_) => {}
                Err(error) => tracing::error!(bot = %self.player, %error, "a bot said what means nothing"),
            }
        }
    }
}

/// A frame that does not fit leaves the view as it was; the next snapshot sets it right.
fn take_in(client: &mut Client, bytes: &[u8], now_ms: u64) {
    if let Err(error) = client.receive(bytes, now_ms) {
        tracing::warn!(%error, "a bot could not take in a message");
    }
}
