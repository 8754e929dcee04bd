//! What a log promises beside its hashes: which records come when, and times that can be believed.
//!
//! `docs/replay-format.md` lists the promises; a log that breaks one lies, although every checksum holds.

use combat_components::command::{Command, TickInput};
use combat_components::ids::{Epoch, SessionId};
use combat_components::origin::Origin;
use combat_components::phase::Phase;
use combat_components::tick::{Tick, TickRate};
use combat_systems::sim::SimParts;
use combat_systems::state::StateKind;
use thiserror::Error;

use crate::header::{Header, KINDS};

/// 2020 and 2100, in microseconds since 1970: no session was recorded before or will be after.
const UNIX_US: std::ops::Range<u64> = 1_577_836_800_000_000..4_102_444_800_000_000;

/// How far a clock that is set may go back between two anchors, or between creation and the first tick.
const CLOCK_BACK_US_MAX: u64 = 60_000_000;

/// How far the time of an epoch may run ahead of its ticks: a clock that is set, a machine that slept.
const CLOCK_AHEAD_US_MAX: u64 = 3_600_000_000;

/// What a clock may drift off another one while both run, as one part of so many.
const CLOCK_DRIFT_PART: u64 = 1_000;

/// A promise that a log breaks.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Broken {
    #[error("the header names {what} {header}, {source_of} is {content}")]
    Content { what: &'static str, source_of: &'static str, header: String, content: String },
    #[error("the header's {what} is {found}, expected {expected}")]
    Header { what: &'static str, found: String, expected: String },
    #[error("tick {}: {promise}", tick.0)]
    Record { tick: Tick, promise: Promise },
}

/// What was promised of the records, and is not so.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Promise {
    #[error("expected a keyframe at most {most} ticks ago, the last one is of tick {}", last.0)]
    KeyframeMissing { last: Tick, most: u32 },
    #[error("a keyframe where none may be, expected one after a tick and none twice")]
    KeyframeUnasked,
    #[error("expected the start of epoch {}", .0.0)]
    EpochStartMissing(Epoch),
    #[error("the start of epoch {}, expected it once, right after the keyframe that opens it", .0.0)]
    EpochStartUnasked(Epoch),
    #[error("the first tick of epoch {}, expected it to say `resumed` with that epoch", .0.0)]
    ResumedMissing(Epoch),
    #[error("`resumed` of epoch {}, expected it only in the first tick of an epoch that is not the first", .0.0)]
    ResumedUnasked(Epoch),
    #[error("request {found} after request {before}, expected numbers that rise within an epoch")]
    RequestFalls { before: u32, found: u32 },
    #[error("expected an anchor after tick {}", .0.0)]
    AnchorMissing(Tick),
    #[error("an anchor where none may be, expected one after the first tick of an epoch and one a second")]
    AnchorUnasked,
    #[error("an anchor at {found_us} us since 1970, expected {from_us} to {to_us}")]
    AnchorTime { found_us: u64, from_us: u64, to_us: u64 },
    #[error("tells the sub-hashes {found:#06x}, those that changed are {expected:#06x}")]
    SubHashes { expected: u32, found: u32 },
    #[error("the sub-hash of {} is not the one that the root is made of", .0.name())]
    SubHash(StateKind),
    #[error("a record after the end of the match")]
    AfterEnd,
    #[error("a record after the tick that failed")]
    AfterFailure,
}

/// Whether a server lays an anchor after `tick`, in an epoch whose first tick is `first`.
pub fn is_anchor_due(tick: Tick, first: Tick, rate: TickRate) -> bool {
    tick == first || tick.0 % rate.hz() == 1
}

/// Holds a header against itself, the map and the ruleset.
pub(crate) fn check_header(
    header: &Header,
    parts: &SimParts,
    expected_session: Option<SessionId>,
) -> Result<(), Broken> {
    let content = |what, source_of, header: &dyn ToString, content: &dyn ToString| {
        let (header, content) = (header.to_string(), content.to_string());
        if header == content { Ok(()) } else { Err(Broken::Content { what, source_of, header, content }) }
    };
    let setup = &header.setup;
    if let Some(session) = expected_session {
        content("session", "the one it is kept under", &setup.session, &session)?;
    }
    let (map, ruleset) = (&parts.map, &parts.ruleset);
    content("map", "the map's own id", &header.map_id, &map.id)?;
    content("ruleset", "the ruleset's own name", &header.ruleset_name, &ruleset.name)?;
    content("ruleset version", "the ruleset's own", &header.ruleset_version, &ruleset.version)?;
    let expect = |holds, what, found: &dyn ToString, expected: String| match holds {
        true => Ok(()),
        false => Err(Broken::Header { what, found: found.to_string(), expected }),
    };
    let kind = &header.kind;
    expect(KINDS.contains(&kind.as_str()), "kind", kind, format!("one of {}", KINDS.join(", ")))?;
    let players = 2..=map.max_players;
    let most = map.max_players;
    expect(players.contains(&setup.max_players), "max_players", &setup.max_players, format!("2 to {most}"))?;
    let created_us = header.created_unix_ms.saturating_mul(1_000);
    let years = "a time from 2020 to 2100".to_owned();
    expect(UNIX_US.contains(&created_us), "created_unix_ms", &header.created_unix_ms, years)
}

/// The record read last, as far as it decides what may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    Nothing,
    OpeningKeyframe,
    EpochStart,
    Tick,
    Anchor,
    Keyframe,
    Failed,
}

/// Follows the records of a log; two that are equal expect the same of what is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Promises {
    rate: TickRate,
    keyframe_ticks: u32,
    created_us: u64,
    last: Last,
    tick: Tick,
    keyframe_at: Tick,
    epoch: Epoch,
    first_tick: Tick,
    is_first_epoch: bool,
    has_ended: bool,
    /// The newest request of the epoch; 0 before the first.
    request: u32,
    times: Times,
}

/// What is known of the time in the present epoch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Times {
    /// The first anchor of the epoch.
    origin: Option<(Tick, u64)>,
    /// The newest anchor of all epochs.
    newest_us: Option<u64>,
    /// By how much the schedule has been moved since the origin, in ticks.
    moved_ticks: u64,
}

impl Promises {
    pub fn of(header: &Header) -> Self {
        let created_us = header.created_unix_ms.saturating_mul(1_000);
        Self::begun(header.setup.tick_rate, header.setup.limits.keyframe_ticks, created_us)
    }

    fn begun(rate: TickRate, keyframe_ticks: u32, created_us: u64) -> Self {
        Self {
            rate,
            keyframe_ticks,
            created_us,
            last: Last::Nothing,
            tick: Tick(0),
            keyframe_at: Tick(0),
            epoch: Epoch(0),
            first_tick: Tick(1),
            is_first_epoch: true,
            has_ended: false,
            request: 0,
            times: Times::default(),
        }
    }

    /// The epoch of the keyframe read last.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether both expect the same of everything but times.
    pub fn expects_all_but_times_as(&self, other: &Self) -> bool {
        Self { times: other.times, ..self.clone() } == *other
    }

    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    pub fn keyframe(&mut self, tick: Tick, epoch: Epoch) -> Result<(), Broken> {
        self.go_on()?;
        self.anchor_is_there()?;
        let opens = self.last == Last::Nothing || epoch > self.epoch;
        let in_place = match self.last {
            Last::Nothing | Last::Tick | Last::Anchor => true,
            Last::Keyframe => opens,
            Last::OpeningKeyframe | Last::EpochStart | Last::Failed => false,
        };
        if !in_place {
            return self.broken(Promise::KeyframeUnasked);
        }
        if opens {
            self.is_first_epoch = self.last == Last::Nothing;
            self.epoch = epoch;
            self.request = 0;
            self.times = Times { newest_us: self.times.newest_us, ..Times::default() };
        }
        self.keyframe_at = tick;
        self.tick = tick;
        self.last = if opens { Last::OpeningKeyframe } else { Last::Keyframe };
        Ok(())
    }

    pub fn epoch_start(&mut self, epoch: Epoch, tick: Tick) -> Result<(), Broken> {
        self.go_on()?;
        if self.last != Last::OpeningKeyframe || epoch != self.epoch {
            return self.broken(Promise::EpochStartUnasked(epoch));
        }
        self.first_tick = tick;
        self.last = Last::EpochStart;
        Ok(())
    }

    /// A tick with its commands, and the phase of the match after it.
    pub fn tick(&mut self, tick: Tick, input: &TickInput, phase: Phase) -> Result<(), Broken> {
        self.begin_tick(tick, input)?;
        self.has_ended = phase == Phase::Ended;
        self.last = Last::Tick;
        Ok(())
    }

    pub fn failed_tick(&mut self, tick: Tick, input: &TickInput) -> Result<(), Broken> {
        self.begin_tick(tick, input)?;
        self.last = Last::Failed;
        Ok(())
    }

    fn begin_tick(&mut self, tick: Tick, input: &TickInput) -> Result<(), Broken> {
        self.go_on()?;
        if self.last == Last::OpeningKeyframe {
            return self.broken(Promise::EpochStartMissing(self.epoch));
        }
        self.anchor_is_there()?;
        self.tick = tick;
        let (last, most) = (self.keyframe_at, self.keyframe_ticks);
        if tick.since(last) > most {
            return self.broken(Promise::KeyframeMissing { last, most });
        }
        self.check_resumed(tick, input)?;
        self.check_requests(input)?;
        let moves = input.iter().filter_map(|command| match command {
            // Part of a tick gets lost where beats are turned into ticks.
            Command::ScheduleMoved { ticks } => Some(u64::from(*ticks) + 1),
            _ => None,
        });
        self.times.moved_ticks = self.times.moved_ticks.saturating_add(moves.sum());
        Ok(())
    }

    fn check_resumed(&self, tick: Tick, input: &TickInput) -> Result<(), Broken> {
        let mut said = input.iter().filter_map(|command| match command {
            Command::Resumed { epoch } => Some(*epoch),
            _ => None,
        });
        let expected = Some(self.epoch).filter(|epoch| tick == self.first_tick && *epoch > Epoch(1));
        match (expected, said.next()) {
            (expected, found) if expected == found => Ok(()),
            (Some(epoch), _) => self.broken(Promise::ResumedMissing(epoch)),
            (None, found) => self.broken(Promise::ResumedUnasked(found.unwrap_or_default())),
        }
    }

    fn check_requests(&mut self, input: &TickInput) -> Result<(), Broken> {
        for command in input {
            let Origin::Request { number: found } = command.origin() else { continue };
            if found <= self.request {
                return self.broken(Promise::RequestFalls { before: self.request, found });
            }
            self.request = found;
        }
        Ok(())
    }

    pub fn anchor(&mut self, tick: Tick, unix_us: u64) -> Result<(), Broken> {
        if self.last == Last::Failed {
            return self.broken(Promise::AfterFailure);
        }
        if self.last != Last::Tick || tick != self.tick || !self.is_due() {
            return self.broken(Promise::AnchorUnasked);
        }
        let believed = self.believable(tick);
        if !believed.contains(&unix_us) {
            let (from_us, to_us) = (believed.start, believed.end);
            return self.broken(Promise::AnchorTime { found_us: unix_us, from_us, to_us });
        }
        self.times.newest_us = Some(unix_us);
        self.times.origin.get_or_insert((tick, unix_us));
        self.last = Last::Anchor;
        Ok(())
    }

    /// When `tick` can have been simulated.
    fn believable(&self, tick: Tick) -> std::ops::Range<u64> {
        let before_us = self.times.newest_us.unwrap_or(self.created_us);
        let from_us = before_us.saturating_sub(CLOCK_BACK_US_MAX).max(UNIX_US.start);
        let begun = match self.times.origin {
            None if self.is_first_epoch && self.epoch == Epoch(1) => Some((Tick(0), self.created_us)),
            origin => origin,
        };
        let to_us = begun.map_or(UNIX_US.end, |(origin, origin_us)| {
            let ticks = u64::from(tick.since(origin)).saturating_add(self.times.moved_ticks);
            let played_us = ticks.saturating_mul(1_000_000 / u64::from(self.rate.hz()));
            let drift_us = played_us / CLOCK_DRIFT_PART;
            origin_us.saturating_add(played_us).saturating_add(drift_us).saturating_add(CLOCK_AHEAD_US_MAX)
        });
        from_us..to_us.min(UNIX_US.end)
    }

    /// Which sub-hashes a tick tells, against those that changed, and the first whose value is another, under a root
    /// that agrees.
    pub fn sub_hashes(&self, expected: u32, found: u32, differs: Option<StateKind>) -> Result<(), Broken> {
        match differs {
            _ if expected != found => self.broken(Promise::SubHashes { expected, found }),
            Some(kind) => self.broken(Promise::SubHash(kind)),
            None => Ok(()),
        }
    }

    /// At the end of the records of a match that is over.
    pub fn finish(&self) -> Result<(), Broken> {
        self.anchor_is_there()
    }

    fn is_due(&self) -> bool {
        is_anchor_due(self.tick, self.first_tick, self.rate)
    }

    fn anchor_is_there(&self) -> Result<(), Broken> {
        match self.last == Last::Tick && self.is_due() {
            true => self.broken(Promise::AnchorMissing(self.tick)),
            false => Ok(()),
        }
    }

    fn go_on(&self) -> Result<(), Broken> {
        match self.last {
            Last::Failed => self.broken(Promise::AfterFailure),
            _ if self.has_ended => self.broken(Promise::AfterEnd),
            _ => Ok(()),
        }
    }

    fn broken(&self, promise: Promise) -> Result<(), Broken> {
        Err(Broken::Record { tick: self.tick, promise })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after_failure() -> Promises {
        let mut promises = Promises::begun(TickRate::DEFAULT, 640, UNIX_US.start);
        assert_eq!(promises.keyframe(Tick(0), Epoch(1)), Ok(()));
        assert_eq!(promises.epoch_start(Epoch(1), Tick(1)), Ok(()));
        assert_eq!(promises.failed_tick(Tick(1), &TickInput::new()), Ok(()));
        promises
    }

    /// A verifier stops at a failed tick already, which passes again or fails again.
    #[test]
    fn nothing_at_all_follows_a_tick_that_failed() {
        let input = TickInput::new();
        type Next<'a> = &'a dyn Fn(&mut Promises) -> Result<(), Broken>;
        let next: [(&str, Next<'_>); 6] = [
            ("keyframe", &|promises| promises.keyframe(Tick(1), Epoch(1))),
            ("epoch", &|promises| promises.keyframe(Tick(1), Epoch(2))),
            ("start", &|promises| promises.epoch_start(Epoch(2), Tick(2))),
            ("tick", &|promises| promises.tick(Tick(2), &input, Phase::Active)),
            ("failed tick", &|promises| promises.failed_tick(Tick(2), &input)),
            ("anchor", &|promises| promises.anchor(Tick(1), UNIX_US.start)),
        ];
        for (what, next) in next {
            let expected = Broken::Record { tick: Tick(1), promise: Promise::AfterFailure };
            assert_eq!(next(&mut after_failure()), Err(expected), "{what}");
        }
    }
}
