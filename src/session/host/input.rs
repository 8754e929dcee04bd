//! The commands of the coming tick: never more than a tick may hold, whoever pushes.

use combat_components::command::{Command, TickInput};
use combat_components::ids::Pseudonym;
use combat_components::tick_bounds::{Takes, TickBounds, takes};

/// What is pushed beyond a tick's bounds is merged with what is there, or not heard.
#[derive(Debug, Default)]
pub(super) struct Input {
    commands: TickInput,
    bounds: TickBounds,
}

impl Input {
    pub fn with_capacity(commands: usize) -> Self {
        Self { commands: TickInput::with_capacity(commands), bounds: TickBounds::default() }
    }

    pub fn len(&self) -> usize {
        self.commands.len()
    }

    /// Whether a command like this would be kept as it is.
    pub fn has_place_for(&self, command: &Command) -> bool {
        self.bounds.check(command).is_ok()
    }

    /// Inputs beyond the bound are not heard, as from a full inbox. Of each fact about a slot the newest is kept, of
    /// joins, leavings and ends the first, and movements of the schedule are added up.
    pub fn push(&mut self, command: Command) {
        if self.bounds.admit(&command).is_ok() {
            self.commands.push(command);
            return;
        }
        let Ok(place) = takes(&command) else { return };
        let same = |other: &Command| takes(other) == Ok(place);
        let Some(at) = self.commands.iter().position(same).filter(|_| place != Takes::Input) else { return };
        match (&mut self.commands[at], command) {
            (Command::ScheduleMoved { ticks }, Command::ScheduleMoved { ticks: more }) => {
                *ticks = ticks.saturating_add(more);
            }
            (_, Command::Join { .. } | Command::Leave { .. } | Command::End { .. }) => {}
            (_, newer) => {
                self.commands.remove(at);
                self.commands.push(newer);
            }
        }
    }

    /// The number of the request by which somebody joins in this tick.
    pub fn join_request(&self, pseudonym: Pseudonym) -> Option<u32> {
        self.commands.iter().find_map(|command| match command {
            Command::Join { pseudonym: of, request, .. } if *of == pseudonym => {
                request.map(|request| request.number)
            }
            _ => None,
        })
    }

    /// Pushes everything in `facts`, whose room is kept.
    pub fn take_from(&mut self, facts: &mut TickInput) {
        facts.drain(..).for_each(|fact| self.push(fact));
    }

    pub fn retain(&mut self, keep: impl FnMut(&Command) -> bool) {
        self.commands.retain(keep);
        self.bounds.clear();
        let within = self.commands.iter().all(|command| self.bounds.admit(command).is_ok());
        debug_assert!(within, "a part of what was within the bounds is within them");
    }

    pub fn clear(&mut self) {
        self.commands.clear();
        self.bounds.clear();
    }

    /// For the simulation, which gives it back as it was, and for the recorder.
    pub fn commands(&mut self) -> &mut TickInput {
        &mut self.commands
    }
}

#[cfg(test)]
mod tests {
    use combat_components::command::{Action, Deed, LeaveCause};
    use combat_components::ids::{Epoch, Pseudonym, Slot, Team};
    use combat_components::limits::{COMMANDS_PER_TICK_MAX, INPUTS_PER_TICK_MAX, PLAYERS_MAX};
    use combat_components::phase::EndReason;
    use combat_components::streams::Stream;
    use combat_components::tick::Tick;

    use super::*;

    fn action(slot: u8, input_seq: u32) -> Command {
        let action = Action {
            slot: Slot(slot),
            input_seq,
            follows: 0,
            yaw: Default::default(),
            pitch: Default::default(),
            view_tick: Tick(0),
            view_fraction: 0,
            deed: Deed::Attack,
            target: None,
        };
        Command::Action { action }
    }

    fn any(stream: &mut Stream) -> Command {
        let slot = Slot(stream.below(PLAYERS_MAX as u32) as u8);
        let (tick, number) = (Tick(stream.below(9)), stream.below(1_000));
        match stream.below(12) {
            0 => Command::Join { slot, pseudonym: Pseudonym(1), team: Team(0), bot: false, request: None },
            1 => Command::Leave { slot, cause: LeaveCause::Left, request: None },
            2 => Command::End { reason: EndReason::Requested, request: None },
            3 => Command::Connected { slot },
            4 => Command::Disconnected { slot },
            5 => Command::LinkSampled { slot, rtt_ms: number as u16 },
            6 => Command::FramesSkipped { slot, from: tick, to: tick },
            7 => Command::SnapshotSent { slot, at: tick },
            8 => Command::ScheduleMoved { ticks: number },
            9 => Command::Resumed { epoch: Epoch(number) },
            _ => action(slot.0, number),
        }
    }

    #[test]
    fn whatever_is_pushed_a_tick_holds_no_more_than_it_may() {
        let seed = 2_026;
        println!("seed {seed}");
        let mut stream = Stream::of(seed, 1);
        let mut input = Input::default();
        for push in 0..20_000_u32 {
            input.push(any(&mut stream));
            if push % 5_000 == 4_999 {
                let slot = Slot(stream.below(PLAYERS_MAX as u32) as u8);
                input.retain(|command| command.player_slot() != Some(slot));
            }
            let mut bounds = TickBounds::default();
            if push % 100 == 0 {
                input.commands().iter().for_each(|command| assert_eq!(bounds.admit(command), Ok(())));
            }
        }
        assert!(input.len() <= COMMANDS_PER_TICK_MAX && input.len() > INPUTS_PER_TICK_MAX, "{}", input.len());
    }

    #[test]
    fn the_newest_fact_of_a_slot_is_kept_and_moves_add_up() {
        let mut input = Input::default();
        let slot = Slot(3);
        for command in [
            Command::ScheduleMoved { ticks: 9 },
            Command::Connected { slot },
            Command::LinkSampled { slot, rtt_ms: 10 },
            Command::ScheduleMoved { ticks: u32::MAX },
            Command::Disconnected { slot },
            Command::LinkSampled { slot, rtt_ms: 20 },
            Command::Leave { slot, cause: LeaveCause::Kicked, request: None },
            Command::Leave { slot, cause: LeaveCause::Left, request: None },
        ] {
            input.push(command);
        }
        let expected = [
            Command::ScheduleMoved { ticks: u32::MAX },
            Command::Disconnected { slot },
            Command::LinkSampled { slot, rtt_ms: 20 },
            Command::Leave { slot, cause: LeaveCause::Kicked, request: None },
        ];
        assert_eq!(*input.commands(), expected);
        assert!(!input.has_place_for(&Command::Connected { slot }));
        assert!(input.has_place_for(&Command::Connected { slot: Slot(4) }));
    }

    #[test]
    fn inputs_beyond_the_bound_are_not_heard() {
        let mut input = Input::default();
        (0..INPUTS_PER_TICK_MAX as u32 + 10).for_each(|seq| input.push(action(0, seq)));
        assert_eq!(input.len(), INPUTS_PER_TICK_MAX);
        assert_eq!(input.commands().last(), Some(&action(0, INPUTS_PER_TICK_MAX as u32 - 1)));
    }
}
