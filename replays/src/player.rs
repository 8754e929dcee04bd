//! The player: simulates a log again, from its beginning or from a keyframe.

use std::panic::{AssertUnwindSafe, catch_unwind};

use combat_components::command::TickInput;
use combat_components::ids::Epoch;
use combat_components::tick::Tick;
use combat_systems::phases::Phase;
use combat_systems::sim::{Sim, SimParts};

use crate::reader::{Damage, DamageReason, Reader};
use crate::record::{Commands, Record, TickRecord};

/// A re-simulation on its way through a log.
#[derive(Debug)]
pub struct Player<'a> {
    parts: SimParts,
    sim: Sim,
    reader: Reader<'a>,
    input: TickInput,
    offset: usize,
}

/// What a player has come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Played<'a> {
    /// The tick has been simulated.
    Ticked(TickRecord<'a>),
    /// The state after the tick simulated last, as recorded.
    Keyframe {
        tick: Tick,
        epoch: Epoch,
        state: &'a [u8],
    },
    Anchor {
        tick: Tick,
        unix_us: u64,
    },
    EpochStart {
        epoch: Epoch,
        tick: Tick,
    },
    /// Recorded as failed, simulated again without a fault.
    FailedTickPassed {
        tick: Tick,
    },
    /// The simulation panicked; this player is spent.
    Panicked(Panic),
}

/// A panic in the simulation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Panic {
    pub tick: Tick,
    /// `None` when it does not happen a second time.
    pub phase: Option<Phase>,
    pub message: String,
}

impl<'a> Player<'a> {
    /// From tick 0 on. The first record is the keyframe of tick 0, which is given back by [`Self::advance`] as any.
    ///
    /// # Errors
    /// When the log does not begin with a keyframe of tick 0 that can be restored.
    pub fn from_start(parts: SimParts, records: &'a [u8]) -> Result<Self, Damage> {
        let begins = |record: &_| matches!(record, Record::Keyframe { tick: Tick(0), .. });
        let first = Reader::new(records).next().transpose()?;
        if !first.is_some_and(|record| begins(&record)) {
            return Err(Reader::new(records).damage_at(0, DamageReason::NoBeginning));
        }
        let sim = Sim::new(&parts)
            .map_err(|error| Reader::new(records).damage_at(0, DamageReason::Keyframe(error.to_string())))?;
        Ok(Self { parts, sim, reader: Reader::new(records), input: TickInput::new(), offset: 0 })
    }

    /// From the newest keyframe at or before `tick`, where there is one, else from the start.
    ///
    /// # Errors
    /// When the records up to there are damaged, or the keyframe cannot be restored.
    pub fn from_keyframe(parts: SimParts, records: &'a [u8], tick: Tick) -> Result<Self, Damage> {
        let mut reader = Reader::new(records);
        let mut newest = None;
        while reader.tick().is_none_or(|read| read <= tick) {
            let offset = reader.offset();
            match reader.next() {
                Some(Ok(Record::Keyframe { tick: at, state, .. })) if at <= tick => {
                    newest = Some((offset, state, reader.clone()));
                }
                Some(Ok(_)) => {}
                Some(Err(damage)) => return Err(damage),
                None => break,
            }
        }
        let Some((offset, state, reader)) = newest else {
            return Self::from_start(parts, records);
        };
        let sim = Sim::restore(&parts, state)
            .map_err(|error| reader.damage_at(offset, DamageReason::Keyframe(error.to_string())))?;
        Ok(Self { parts, sim, reader, input: TickInput::new(), offset: 0 })
    }

    pub fn sim(&self) -> &Sim {
        &self.sim
    }

    /// The simulation as it stands, to be played on live.
    pub fn into_sim(self) -> Sim {
        self.sim
    }

    pub fn sim_mut(&mut self) -> &mut Sim {
        &mut self.sim
    }

    /// The simulation, and the commands of the tick simulated last.
    pub(crate) fn stands(&mut self) -> (&mut Sim, &TickInput) {
        (&mut self.sim, &self.input)
    }

    /// A simulation that stands where the records of `reader` go on.
    pub(crate) fn going_on(parts: SimParts, sim: Sim, reader: Reader<'a>) -> Self {
        Self { parts, sim, reader, input: TickInput::new(), offset: 0 }
    }

    /// Where the next record begins.
    pub(crate) fn next_offset(&self) -> usize {
        self.reader.offset()
    }

    pub fn parts(&self) -> &SimParts {
        &self.parts
    }

    /// The commands of the tick simulated last.
    pub fn input(&self) -> &TickInput {
        &self.input
    }

    /// Where the record played last begins.
    pub(crate) fn offset(&self) -> usize {
        self.offset
    }

    /// Plays the next record; `None` at the end of the log.
    ///
    /// # Errors
    /// When the record is damaged.
    pub fn advance(&mut self) -> Result<Option<Played<'a>>, Damage> {
        self.offset = self.reader.offset();
        let Some(record) = self.reader.next().transpose()? else {
            return Ok(None);
        };
        Ok(Some(match record {
            Record::Tick(record) => {
                self.play(record.commands)?.map_or(Played::Ticked(record), Played::Panicked)
            }
            Record::FailedTick { tick, commands } => {
                self.play(commands)?.map_or(Played::FailedTickPassed { tick }, Played::Panicked)
            }
            Record::Keyframe { tick, epoch, state } => Played::Keyframe { tick, epoch, state },
            Record::Anchor { tick, unix_us } => Played::Anchor { tick, unix_us },
            Record::EpochStart { epoch, tick } => Played::EpochStart { epoch, tick },
        }))
    }

    /// Plays on until `tick` has been simulated; `false` when the log ends, or the simulation panics, before.
    ///
    /// # Errors
    /// When a record on the way is damaged.
    pub fn play_to(&mut self, tick: Tick) -> Result<bool, Damage> {
        while self.sim.tick() < tick {
            match self.advance()? {
                None | Some(Played::Panicked(_)) => return Ok(false),
                Some(_) => {}
            }
        }
        Ok(true)
    }

    fn play(&mut self, commands: Commands<'a>) -> Result<Option<Panic>, Damage> {
        commands.read_into(&mut self.input)?;
        let (sim, input) = (&mut self.sim, &mut self.input);
        let stepped = catch_unwind(AssertUnwindSafe(|| {
            sim.step(input);
        }));
        Ok(stepped.err().map(|payload| self.panicked(commands, message_of(&*payload))))
    }

    /// Finds the phase by simulating once more, phase by phase.
    fn panicked(&mut self, commands: Commands<'a>, message: String) -> Panic {
        let before = Tick(commands.tick.0.saturating_sub(1));
        let records = self.reader.records();
        let again = Player::from_keyframe(self.parts.clone(), records, before);
        let phase = again.ok().and_then(|mut again| {
            let arrived = again.play_to(before).unwrap_or(false);
            commands.read_into(&mut self.input).ok().filter(|()| arrived)?;
            again.sim.failing_phase(&mut self.input)
        });
        Panic { tick: commands.tick, phase, message }
    }
}

fn message_of(payload: &(dyn std::any::Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic without a message").to_owned()
}
