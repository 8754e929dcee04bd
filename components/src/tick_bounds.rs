//! What one tick may hold: the same bounds for a live tick, which keeps them, and for a log, which is held to them.

use thiserror::Error;

use crate::command::Command;
use crate::limits::{
    COMMANDS_PER_TICK_MAX, FACTS_PER_SLOT_AND_TICK_MAX, INPUTS_PER_TICK_MAX, PLAYERS_MAX,
    SESSION_COMMANDS_PER_TICK_MAX,
};

/// What a command takes up in its tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// One of the inputs of all players.
    Input,
    /// The one place that a slot has for such a fact.
    FactOfSlot { slot: u8, fact: u8 },
    /// The one place that the session has for such a command.
    OfSession { command: u8 },
}

/// Facts of a slot, in the order of their places.
const FACTS: [&str; FACTS_PER_SLOT_AND_TICK_MAX] =
    ["join", "leave", "connected or disconnected", "link sampled", "frames skipped", "snapshot sent"];
const OF_SESSION: [&str; SESSION_COMMANDS_PER_TICK_MAX] = ["end", "schedule moved", "resumed"];

const _: () = assert!(FACTS_PER_SLOT_AND_TICK_MAX <= u8::BITS as usize);
const _: () = assert!(
    COMMANDS_PER_TICK_MAX == INPUTS_PER_TICK_MAX + PLAYERS_MAX * FACTS.len() + OF_SESSION.len(),
    "what is admitted one by one adds up to what a tick may hold"
);

/// Why a tick cannot hold a command.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum OverBounds {
    #[error("more than {INPUTS_PER_TICK_MAX} claims and actions in one tick")]
    Inputs,
    #[error("more than one `{fact}` of slot {slot} in one tick")]
    FactOfSlot { slot: u8, fact: &'static str },
    #[error("more than one `{command}` in one tick")]
    OfSession { command: &'static str },
    #[error("slot {slot}, expected one below {PLAYERS_MAX}")]
    Slot { slot: u8 },
}

/// Counts the commands of one tick.
#[derive(Clone, Debug)]
pub struct TickBounds {
    inputs: usize,
    facts: [u8; PLAYERS_MAX],
    of_session: u8,
}

impl Default for TickBounds {
    fn default() -> Self {
        Self { inputs: 0, facts: [0; PLAYERS_MAX], of_session: 0 }
    }
}

impl TickBounds {
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether the command's place is free.
    ///
    /// # Errors
    /// Which bound it would break.
    pub fn check(&self, command: &Command) -> Result<Takes, OverBounds> {
        let takes = takes(command)?;
        let free = match takes {
            Takes::Input => self.inputs < INPUTS_PER_TICK_MAX,
            Takes::FactOfSlot { slot, fact } => self.facts[usize::from(slot)] & 1 << fact == 0,
            Takes::OfSession { command } => self.of_session & 1 << command == 0,
        };
        if free { Ok(takes) } else { Err(over(takes)) }
    }

    /// Takes the command's place.
    ///
    /// # Errors
    /// Which bound it would break; nothing was counted.
    pub fn admit(&mut self, command: &Command) -> Result<(), OverBounds> {
        match self.check(command)? {
            Takes::Input => self.inputs += 1,
            Takes::FactOfSlot { slot, fact } => self.facts[usize::from(slot)] |= 1 << fact,
            Takes::OfSession { command } => self.of_session |= 1 << command,
        }
        Ok(())
    }
}

/// What a command takes up.
///
/// # Errors
/// When its slot is none.
pub fn takes(command: &Command) -> Result<Takes, OverBounds> {
    let (slot, fact) = match command {
        Command::End { .. } => return Ok(Takes::OfSession { command: 0 }),
        Command::ScheduleMoved { .. } => return Ok(Takes::OfSession { command: 1 }),
        Command::Resumed { .. } => return Ok(Takes::OfSession { command: 2 }),
        Command::Claim { claim } => (claim.slot, None),
        Command::Action { action } => (action.slot, None),
        Command::Join { slot, .. } => (*slot, Some(0)),
        Command::Leave { slot, .. } => (*slot, Some(1)),
        Command::Connected { slot } | Command::Disconnected { slot } => (*slot, Some(2)),
        Command::LinkSampled { slot, .. } => (*slot, Some(3)),
        Command::FramesSkipped { slot, .. } => (*slot, Some(4)),
        Command::SnapshotSent { slot, .. } => (*slot, Some(5)),
    };
    if usize::from(slot.0) >= PLAYERS_MAX {
        return Err(OverBounds::Slot { slot: slot.0 });
    }
    Ok(fact.map_or(Takes::Input, |fact| Takes::FactOfSlot { slot: slot.0, fact }))
}

fn over(takes: Takes) -> OverBounds {
    match takes {
        Takes::Input => OverBounds::Inputs,
        Takes::FactOfSlot { slot, fact } => OverBounds::FactOfSlot { slot, fact: FACTS[usize::from(fact)] },
        Takes::OfSession { command } => OverBounds::OfSession { command: OF_SESSION[usize::from(command)] },
    }
}

#[cfg(test)]
mod tests {
    use arrayvec::ArrayVec;

    use super::*;
    use crate::canon::Canon;
    use crate::command::{Claim, LeaveCause};
    use crate::ids::{Epoch, Pseudonym, Slot, Team};
    use crate::limits::COMMAND_BYTES_MAX;
    use crate::origin::{Request, RequestKey};
    use crate::phase::EndReason;
    use crate::quantity::{Pose, Vec3Mm};
    use crate::tick::Tick;

    fn claim(slot: u8) -> Command {
        let bends: ArrayVec<_, _> = [Vec3Mm::default(); crate::limits::SUB_POSES_MAX].into_iter().collect();
        let pose = Pose::default();
        let (view_tick, pose_epoch) = (Tick(0), 0);
        let claim =
            Claim { slot: Slot(slot), input_seq: 0, client_tick: 0, pose, bends, view_tick, pose_epoch };
        Command::Claim { claim }
    }

    fn everything() -> Vec<Command> {
        let key = RequestKey { digest: [1, 2], fingerprint: 3 };
        let request = Some(Request { number: 1, key: Some(key) });
        let mut all: Vec<Command> =
            (0..INPUTS_PER_TICK_MAX).map(|at| claim((at % PLAYERS_MAX) as u8)).collect();
        for slot in (0..PLAYERS_MAX as u8).map(Slot) {
            let (team, at) = (Team(0), Tick(1));
            all.push(Command::Join { slot, pseudonym: Pseudonym(1), team, bot: false, request });
            all.push(Command::Leave { slot, cause: LeaveCause::Left, request });
            all.push(Command::Connected { slot });
            all.push(Command::LinkSampled { slot, rtt_ms: 1 });
            all.push(Command::FramesSkipped { slot, from: at, to: at });
            all.push(Command::SnapshotSent { slot, at });
        }
        all.push(Command::End { reason: EndReason::Empty, request });
        all.push(Command::ScheduleMoved { ticks: 1 });
        all.push(Command::Resumed { epoch: Epoch(2) });
        all
    }

    #[test]
    fn a_tick_holds_as_much_as_it_may_and_nothing_beyond() {
        let mut bounds = TickBounds::default();
        let all = everything();
        assert_eq!(all.len(), COMMANDS_PER_TICK_MAX);
        all.iter().for_each(|command| assert_eq!(bounds.admit(command), Ok(()), "{command:?}"));
        all.iter().for_each(|command| assert!(bounds.admit(command).is_err(), "{command:?}"));
        assert_eq!(
            bounds.admit(&Command::Disconnected { slot: Slot(3) }).map_err(|over| over.to_string()),
            Err("more than one `connected or disconnected` of slot 3 in one tick".to_owned())
        );
        bounds.clear();
        assert_eq!(bounds.admit(&claim(64)), Err(OverBounds::Slot { slot: 64 }));
    }

    #[test]
    fn no_command_is_longer_than_the_longest() {
        for command in everything() {
            let mut bytes = Vec::new();
            command.put(&mut bytes);
            assert!(bytes.len() <= COMMAND_BYTES_MAX, "{command:?} takes {} bytes", bytes.len());
        }
    }
}
