//! Finding the phase in which a tick panics, without any cost to ticks that do not.

use std::panic::{AssertUnwindSafe, catch_unwind};

use bevy_ecs::schedule::{Schedule, SingleThreadedExecutor};
use combat_components::command::TickInput;

use crate::inbox::Inbox;
use crate::phases::Phase;
use crate::sim::{SYSTEMS, Sim};

impl Sim {
    /// Simulates one tick phase by phase and names the first that panics; the simulation is spent then.
    ///
    /// `None` when the tick passes.
    pub fn failing_phase(&mut self, input: &mut TickInput) -> Option<Phase> {
        std::mem::swap(&mut self.world.resource_mut::<Inbox>().commands, input);
        let failing = SYSTEMS.into_iter().find(|(_, install)| {
            let mut schedule = Schedule::default();
            schedule.set_executor(SingleThreadedExecutor::new());
            install(&mut schedule);
            catch_unwind(AssertUnwindSafe(|| schedule.run(&mut self.world))).is_err()
        });
        failing.map(|(phase, _)| phase)
    }
}
