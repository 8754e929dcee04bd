//! The host of one simulation: drains its inbox, steps it, records it and shows it. Lives on a shard's thread.

mod asking;
mod ending;
mod input;
mod intake;
mod keeping;
mod seating;
mod telling;
#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use combat_components::command::{Command, TickInput};
use combat_components::ids::{Epoch, SessionId, Slot};
use combat_components::phase::Phase;
use combat_components::tick::{Tick, TickRate};
use combat_replays::promises::is_anchor_due;
use combat_replays::recorder::Recorder;
use combat_systems::sim::Sim;
use tokio::sync::OwnedSemaphorePermit;

use self::asking::Waiting;
use self::input::Input;
pub use self::keeping::Kept;
use super::ask::Reply;
use super::inbox::Inbox;
use super::known::KnownRequests;
use super::live::LiveFacts;
use super::outbox::Outbox;
use super::people::{People, Seat};
use super::summary::{SessionError, SessionStatus};
use crate::events::FeedWriter;
use crate::gallery::Relay;
use crate::journal::Tape;
use crate::replication::happenings::Told;
use crate::replication::players::PlayersAudience;
use crate::replication::view::ViewBuilder;
use crate::telemetry::TickMetrics;

/// A record that the tape was too busy to take waits here; longer than this and the session freezes.
const STAGED_BYTES_MAX: usize = 256 << 10;

/// Commands that a tick usually brings, and that a frozen session keeps for its next one: what its players send
/// before they have heard of the standstill. More is refused.
const INPUTS_KEPT: usize = 256;

/// What a host is made of.
#[derive(Debug)]
pub struct HostParts {
    pub id: SessionId,
    pub sim: Sim,
    pub epoch: Epoch,
    pub inbox: Arc<Inbox>,
    pub live: Arc<LiveFacts>,
    pub tape: Arc<Tape>,
    pub relay: Relay,
    pub players: PlayersAudience<Outbox>,
    pub people: People,
    pub known: KnownRequests,
    pub feed: FeedWriter,
    pub tick_rate: TickRate,
    /// Held as long as the session lives; `None` for one that was resumed beyond the limit.
    pub place: Option<OwnedSemaphorePermit>,
}

/// What a host is after a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostState {
    Running,
    /// Frozen: its log cannot be written.
    Suspended,
    /// Everything is simulated; what is left is to become durable.
    Over,
    /// The simulation panicked.
    Failed,
    /// Nothing is left to do.
    Gone,
}

/// How a host came to have nothing left to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The match is over and durable.
    Finished,
    Failed,
    /// The server stops; the next process goes on.
    Drained,
}

impl Ending {
    /// What the session is then, here.
    pub fn status(self) -> Option<SessionStatus> {
        match self {
            Self::Finished => Some(SessionStatus::Ended),
            Self::Failed => Some(SessionStatus::Failed),
            Self::Drained => None,
        }
    }

    /// What whoever comes now is told.
    pub fn told(self) -> SessionError {
        self.status().and_then(SessionStatus::over).unwrap_or(SessionError::Draining)
    }
}

#[derive(Debug)]
pub struct SessionHost {
    parts: HostParts,
    state: HostState,
    ending: Ending,
    builder: ViewBuilder,
    recorder: Recorder,
    staging: Vec<u8>,
    keyframe: Vec<u8>,
    /// The newest tick staged, and whether a keyframe is among what is staged.
    staged: Option<(Tick, bool)>,
    /// The newest tick recorded, staged or not.
    recorded: Tick,
    /// When that was, in Unix microseconds.
    stepped_at_us: u64,
    input: Input,
    /// Room for what the links say before it is put to the input.
    facts: TickInput,
    /// Requests of this epoch: each has a number of its own.
    asked: u32,
    waiting: Vec<Waiting>,
    /// Connections to places that are given by the coming tick.
    arriving: Vec<(Slot, Reply<Slot>)>,
    spectator_events: Vec<Told>,
    epoch_began_at: Tick,
    keyframe_due_at: Tick,
    /// Who has which slot, once the commands gathered for the coming tick are done.
    seats: Vec<Seat>,
    /// Who has left and still stands, until a frame has shown his shot: he holds his slot, and may come back to it.
    leavers: Vec<Seat>,
    /// Some of those commands change who has a slot.
    seats_moved: bool,
    last_frame_kept: bool,
}

impl SessionHost {
    /// A session from its creation or its resumption on.
    pub fn new(parts: HostParts) -> Self {
        let began_at = parts.sim.tick();
        let mut builder = ViewBuilder::default();
        builder.rebuild_roster(&parts.sim, |identity| parts.people.name_of(identity));
        let mut host = Self {
            state: HostState::Running,
            ending: Ending::Finished,
            recorder: Recorder::new(),
            staging: Vec::with_capacity(64 << 10),
            keyframe: Vec::with_capacity(16 << 10),
            staged: None,
            recorded: began_at,
            stepped_at_us: 0,
            input: Input::with_capacity(INPUTS_KEPT),
            facts: TickInput::with_capacity(INPUTS_KEPT),
            asked: 0,
            waiting: Vec::new(),
            arriving: Vec::new(),
            spectator_events: Vec::new(),
            epoch_began_at: began_at,
            keyframe_due_at: began_at,
            seats: Vec::new(),
            leavers: Vec::new(),
            seats_moved: false,
            last_frame_kept: false,
            builder,
            parts,
        };
        host.publish_seats();
        if host.parts.sim.match_state().phase == Phase::Ended {
            // The last process died between the last tick and the end's mark; nothing may be simulated after it.
            host.state = HostState::Over;
        } else if host.parts.epoch.0 > 1 {
            host.input.push(Command::Resumed { epoch: host.parts.epoch });
        }
        host
    }

    pub fn id(&self) -> SessionId {
        self.parts.id
    }

    pub fn tick(&self) -> Tick {
        self.parts.sim.tick()
    }

    pub fn tick_rate(&self) -> TickRate {
        self.parts.tick_rate
    }

    pub fn ending(&self) -> Ending {
        self.ending
    }

    pub fn player_count(&self) -> usize {
        self.parts.sim.player_count()
    }

    /// Spreads sessions of slower rates over the beats.
    pub fn turn(&self) -> u64 {
        u64::from(self.parts.id.0[15])
    }

    pub fn state(&self) -> HostState {
        self.state
    }

    /// Why the match ended, once it has.
    pub fn end_reason(&self) -> Option<&'static str> {
        self.parts.sim.match_state().end.map(|reason| reason.code())
    }

    /// The server moved its schedule after a stall: the next tick says so.
    pub fn note_schedule_moved(&mut self, ticks: u32) {
        if self.state == HostState::Running {
            self.input.push(Command::ScheduleMoved { ticks });
        }
    }

    /// Simulates one tick, or waits for the disk. A panic ends this session and no other.
    pub fn step(&mut self, unix_us: u64, counted: &TickMetrics) -> HostState {
        let was_playing = matches!(self.state, HostState::Running | HostState::Suspended);
        if catch_unwind(AssertUnwindSafe(|| self.go_on(unix_us, counted))).is_err() {
            let failed = was_playing && catch_unwind(AssertUnwindSafe(|| self.fail())).is_ok();
            if !failed {
                self.be_over(Ending::Failed);
            }
        }
        self.state
    }

    fn go_on(&mut self, unix_us: u64, counted: &TickMetrics) {
        match self.state {
            HostState::Running => self.play(unix_us, counted),
            HostState::Suspended => self.try_to_go_on(counted),
            HostState::Over | HostState::Failed => self.wind_up(),
            HostState::Gone => {}
        }
    }

    fn play(&mut self, unix_us: u64, counted: &TickMetrics) {
        // What is known of the links is older than whatever waits in the inbox.
        self.parts.players.log_link_facts(&mut self.facts);
        self.input.take_from(&mut self.facts);
        self.expire_windows();
        self.drain_inbox();
        if self.parts.live.is_draining() {
            self.keyframe_due_at = Tick(0);
        }
        self.stage_keyframe();
        let input = self.input.commands();
        let output = self.parts.sim.step(input);
        let tick = output.tick;
        self.recorder.record_tick(self.parts.epoch, input, output, &mut self.staging);
        (self.recorded, self.stepped_at_us) = (tick, unix_us);
        if is_anchor_due(tick, self.epoch_began_at.plus(1), self.parts.tick_rate) {
            self.recorder.record_anchor(tick, unix_us, &mut self.staging);
        }
        let with_keyframe = self.staged.is_some_and(|(_, keyframe)| keyframe);
        self.staged = Some((tick, with_keyframe));
        self.note_logged();
        self.input.clear();
        if let Some(kept) = self.keep() {
            self.follow(&kept, counted);
        }
    }
}
