//! Finding the phase in which a tick panics, without any cost to ticks that do not.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bevy_ecs::schedule::{Schedule, SingleThreadedExecutor};
use combat_components::command::TickInput;

use crate::input::Inbox;
use crate::phases::Phase;
use crate::sim::Sim;
use crate::{action, cooldown, damage, history, input, movement, snapshot};

type Install = fn(&mut Schedule);

const PHASES: [(Phase, Install); 7] = [
    (Phase::Input, input::install),
    (Phase::Movement, movement::install),
    (Phase::History, history::install),
    (Phase::Action, action::install),
    (Phase::Damage, damage::install),
    (Phase::Cooldown, cooldown::install),
    (Phase::Snapshot, snapshot::install),
];

impl Sim {
    /// Simulates one tick phase by phase and names the first that panics; the simulation is spent then.
    ///
    /// `None` when the tick passes.
    pub fn failing_phase(&mut self, input: &mut TickInput) -> Option<Phase> {
        std::mem::swap(&mut self.world.resource_mut::<Inbox>().commands, input);
        let failing = PHASES.into_iter().find(|(_, install)| {
            let mut schedule = Schedule::default();
            schedule.set_executor(SingleThreadedExecutor::new());
            install(&mut schedule);
            catch_unwind(AssertUnwindSafe(|| schedule.run(&mut self.world))).is_err()
        });
        failing.map(|(phase, _)| phase)
    }
}
