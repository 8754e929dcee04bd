//! What is derived from a session's durable events, and how it is kept up with them.

use std::sync::Arc;

use combat_components::event::Event;
use combat_components::ids::SessionId;
use combat_components::tick::Tick;
use combat_replays::log::Log;
use combat_replays::player::{Played, Player};
use combat_systems::kinds::Kinds;
use thiserror::Error;

use super::feed::Feed;
use crate::journal_log::{self, LoadError};
use crate::store::StoreRead;

/// Something derived from events. Its cursor belongs to it and is kept with it: stored together, it goes on after a restart
/// from where it was, and applies nothing twice.
pub trait Projection {
    fn name(&self) -> &'static str;

    /// Takes what happened in `tick`, which lies after the cursor; nothing happened in the ticks between. That the cursor
    /// comes to `tick` is part of it, also where there are no events.
    fn apply(&mut self, tick: Tick, events: &[Event]);

    /// The last tick that has been applied; 0 before the first.
    fn cursor(&self) -> Tick;
}

/// Why a projection cannot be kept up. It is gone, and begins again from where it was stored.
#[derive(Debug, Error)]
pub enum FollowError {
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("the store does not know the session")]
    Unknown,
    #[error(transparent)]
    Refused(#[from] combat_replays::log::Refusal),
    #[error(transparent)]
    Records(#[from] combat_replays::reader::Damage),
    #[error("the log cannot be played beyond tick {}", .0.0)]
    Ends(Tick),
    #[error("the simulation differs from its record at tick {}", .0.0)]
    Diverged(Tick),
}

/// Keeps projections up with one session.
#[derive(Clone)]
pub struct Follower {
    store: Arc<dyn StoreRead>,
    session: SessionId,
    feed: Option<Feed>,
    /// What the session's rules may name.
    kinds: Kinds,
}

impl Follower {
    /// `feed`: that of a live session. Without one its whole log is taken for durable.
    pub fn new(kinds: Kinds, store: Arc<dyn StoreRead>, session: SessionId, feed: Option<Feed>) -> Self {
        feed.iter().for_each(Feed::follow);
        Self { store, session, feed, kinds }
    }

    /// Applies what is durable now and has not been applied: out of the feed, or out of the log where that goes back further.
    ///
    /// # Errors
    /// When the log cannot be read or played.
    pub async fn catch_up<P>(&self, mut projection: P) -> Result<P, FollowError>
    where
        P: Projection + Send + 'static,
    {
        let until = self.feed.as_ref().map(Feed::durable_tick);
        if until.is_some_and(|until| projection.cursor() >= until) {
            return Ok(projection);
        }
        let mut events = Vec::new();
        if let (Some(feed), Some(until)) = (&self.feed, until)
            && feed.read(projection.cursor(), until, &mut events)
        {
            apply_all(&mut projection, &events, until);
            return Ok(projection);
        }
        let log = journal_log::load(&*self.store, self.session).await?.ok_or(FollowError::Unknown)?;
        let from = projection.cursor();
        let until = until.unwrap_or_else(|| log.last_tick());
        let kinds = self.kinds;
        tracing::debug!(session = %self.session, projection = projection.name(), from = from.0, "reads from the log");
        let played = tokio::task::spawn_blocking(move || {
            play(&log, &kinds, until, &mut projection).map(|()| projection)
        });
        played.await.unwrap_or(Err(FollowError::Ends(from)))
    }
}

fn apply_all(projection: &mut impl Projection, events: &[(Tick, Event)], until: Tick) {
    let mut of_tick = Vec::new();
    for same_tick in events.chunk_by(|one, next| one.0 == next.0) {
        of_tick.clear();
        of_tick.extend(same_tick.iter().map(|(_, event)| *event));
        projection.apply(same_tick[0].0, &of_tick);
    }
    if projection.cursor() < until {
        projection.apply(until, &[]);
    }
}

/// Simulates the log again from the keyframe before the cursor, every root held to its record.
fn play(log: &Log, kinds: &Kinds, until: Tick, projection: &mut impl Projection) -> Result<(), FollowError> {
    let from = projection.cursor();
    let mut player = Player::from_keyframe(log.parts(kinds)?, &log.records, from)?;
    while player.sim().tick() < until {
        let at = player.sim().tick();
        match player.advance()? {
            Some(Played::Ticked(record)) => {
                let output = player.sim().output();
                if output.root != record.root {
                    return Err(FollowError::Diverged(record.tick));
                }
                if record.tick > from && (!output.events.is_empty() || record.tick == until) {
                    projection.apply(record.tick, &output.events);
                }
            }
            None | Some(Played::Panicked(_) | Played::FailedTickPassed { .. }) => {
                return Err(FollowError::Ends(at));
            }
            Some(_) => {}
        }
    }
    Ok(())
}
