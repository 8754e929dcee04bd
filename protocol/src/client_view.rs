//! From frames back to the view: what a receiver holds, and whether it holds the right thing.

use combat_components::limits::PLAYERS_MAX;
use thiserror::Error;

use crate::server::{Delta, PlayerChange, Snapshot};
use crate::view::{FULL_MASK, PLAYER_FIELDS, PublicPlayer, RosterEntry, View, are_ordered, view_hash};

/// Why a frame cannot be applied. The view held before is kept; only a snapshot helps.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum ViewError {
    #[error("a delta from tick {base_tick} without any view, expected a snapshot first")]
    NoView { base_tick: u32 },
    #[error("a delta of epoch {found}, expected epoch {held}")]
    WrongEpoch { found: u32, held: u32 },
    #[error("a delta from tick {base_tick}, expected one from tick {held}")]
    WrongBase { base_tick: u32, held: u32 },
    #[error("a delta to tick {tick} from tick {base_tick}, expected a later one")]
    NotRising { tick: u32, base_tick: u32 },
    #[error("player {sim_id} has left without having been there")]
    LeftUnknown { sim_id: u32 },
    #[error("player {sim_id} is new with mask {mask:#x}, expected every field")]
    ChangedUnknown { sim_id: u32, mask: u16 },
    #[error("the frame lists players out of order or not in the roster")]
    Unordered,
    #[error("a view of {count} players, expected at most {PLAYERS_MAX}")]
    TooManyPlayers { count: usize },
}

/// Whether the hash sent with a frame is that of the view rebuilt from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashCheck {
    NotSent,
    Agrees,
    Differs { computed: u32, sent: u32 },
}

/// The view as rebuilt from frames.
#[derive(Debug, Default)]
pub struct ClientView {
    view: View,
    /// Where a delta is tried out, so that a wrong one leaves the view as it was.
    next: View,
    /// Both have the same roster: nobody joined or left since it was copied.
    shares_roster: bool,
    has_view: bool,
}

impl ClientView {
    pub fn new() -> Self {
        Self::default()
    }

    /// The newest view, once there is one.
    pub fn view(&self) -> Option<&View> {
        self.has_view.then_some(&self.view)
    }

    /// Forgets the view; only a snapshot with a roster can follow.
    pub fn clear(&mut self) {
        self.has_view = false;
        self.view.roster.clear();
    }

    /// Replaces everything, but the roster where the snapshot has none.
    ///
    /// # Errors
    /// When the snapshot contradicts itself, or shows somebody whom nobody has named. The view held is kept.
    pub fn apply_snapshot(&mut self, snapshot: &Snapshot) -> Result<HashCheck, ViewError> {
        check_shape(snapshot.roster.as_ref().unwrap_or(&self.view.roster), &snapshot.players)?;
        let view = &mut self.view;
        (view.epoch, view.tick) = (snapshot.epoch, snapshot.tick);
        (view.status, view.phase_ends_at) = (snapshot.status, snapshot.phase_ends_at);
        view.players.clone_from(&snapshot.players);
        if let Some(roster) = &snapshot.roster {
            view.roster.clone_from(roster);
        }
        self.shares_roster = false;
        self.has_view = true;
        Ok(check_hash(&self.view, Some(snapshot.view_hash)))
    }

    /// Takes the view from the delta's base to its tick.
    ///
    /// # Errors
    /// When the view held is not the delta's base, or the delta contradicts it.
    pub fn apply_delta(&mut self, delta: &Delta) -> Result<HashCheck, ViewError> {
        let &Delta { epoch, tick, base_tick, .. } = delta;
        if !self.has_view {
            return Err(ViewError::NoView { base_tick });
        }
        if epoch != self.view.epoch {
            return Err(ViewError::WrongEpoch { found: epoch, held: self.view.epoch });
        }
        if base_tick != self.view.tick {
            return Err(ViewError::WrongBase { base_tick, held: self.view.tick });
        }
        if tick <= base_tick {
            return Err(ViewError::NotRising { tick, base_tick });
        }
        match self.shares_roster {
            true => self.next.copy_all_but_roster(&self.view),
            false => self.next.copy_from(&self.view),
        }
        self.shares_roster = delta.joined.is_empty() && delta.left.is_empty();
        apply(delta, &mut self.next)?;
        check_shape(&self.next.roster, &self.next.players)?;
        std::mem::swap(&mut self.view, &mut self.next);
        Ok(check_hash(&self.view, delta.view_hash))
    }
}

fn check_shape(roster: &[RosterEntry], players: &[PublicPlayer]) -> Result<(), ViewError> {
    if players.len() > PLAYERS_MAX {
        return Err(ViewError::TooManyPlayers { count: players.len() });
    }
    if are_ordered(roster, players) { Ok(()) } else { Err(ViewError::Unordered) }
}

fn check_hash(view: &View, sent: Option<u32>) -> HashCheck {
    let Some(sent) = sent else {
        return HashCheck::NotSent;
    };
    match view_hash(&view.players) {
        computed if computed == sent => HashCheck::Agrees,
        computed => HashCheck::Differs { computed, sent },
    }
}

fn apply(delta: &Delta, view: &mut View) -> Result<(), ViewError> {
    view.tick = delta.tick;
    (view.status, view.phase_ends_at) = (delta.status, delta.phase_ends_at);
    for &sim_id in &delta.left {
        let at = view.players.binary_search_by_key(&sim_id, |player| player.sim_id);
        view.players.remove(at.map_err(|_| ViewError::LeftUnknown { sim_id })?);
        view.roster.retain(|entry| entry.sim_id != sim_id);
    }
    for entry in &delta.joined {
        match view.roster.binary_search_by_key(&entry.sim_id, |held| held.sim_id) {
            Ok(at) => view.roster[at] = *entry,
            Err(at) => view.roster.insert(at, *entry),
        }
    }
    delta.changed.iter().try_for_each(|change| apply_change(change, &mut view.players))
}

fn apply_change(change: &PlayerChange, players: &mut Vec<PublicPlayer>) -> Result<(), ViewError> {
    let &PlayerChange { sim_id, mask, values } = change;
    match players.binary_search_by_key(&sim_id, |player| player.sim_id) {
        Ok(at) => {
            let mut held = players[at].values();
            for bit in (0..PLAYER_FIELDS).filter(|bit| mask & (1 << bit) != 0) {
                held[bit] = values[bit];
            }
            players[at] = PublicPlayer::from_values(sim_id, held);
        }
        Err(at) if mask == FULL_MASK => players.insert(at, PublicPlayer::from_values(sim_id, values)),
        Err(_) => return Err(ViewError::ChangedUnknown { sim_id, mask }),
    }
    Ok(())
}
