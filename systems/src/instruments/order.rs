//! The proof that a tick has one order only: nothing is left for an executor or a seed to choose.

use bevy_ecs::schedule::graph::Direction;
use bevy_ecs::schedule::{NodeId, Schedule};

use crate::sim::Sim;

impl Sim {
    /// How many pairs of systems that run one after another are not bound to do so. 0 means that the schedule is
    /// one chain, so that shuffling unordered systems would find none to shuffle.
    pub fn open_order_count(&self) -> usize {
        open_order_count(&self.schedule)
    }

    /// How many systems a tick runs.
    pub fn system_count(&self) -> usize {
        self.schedule.systems_len()
    }
}

fn open_order_count(schedule: &Schedule) -> usize {
    let systems = schedule.systems().expect("the schedule is initialised at creation");
    let order: Vec<Vec<NodeId>> =
        systems.map(|(key, _)| with_its_sets(schedule, NodeId::System(key))).collect();
    let edges = schedule.graph().dependency().graph();
    let bound = |before: &[NodeId], after: &[NodeId]| {
        before.iter().any(|a| after.iter().any(|b| edges.contains_edge(*a, *b)))
    };
    order.windows(2).filter(|pair| !bound(&pair[0], &pair[1])).count()
}

fn with_its_sets(schedule: &Schedule, node: NodeId) -> Vec<NodeId> {
    let sets = schedule.graph().hierarchy().graph();
    std::iter::once(node).chain(sets.neighbors_directed(node, Direction::Incoming)).collect()
}

#[cfg(test)]
mod tests {
    use bevy_ecs::schedule::IntoScheduleConfigs;
    use bevy_ecs::world::World;

    use super::*;
    use crate::phases::{self, Phase};

    fn built(build: impl FnOnce(&mut Schedule)) -> usize {
        let mut schedule = Schedule::default();
        phases::install(&mut schedule);
        build(&mut schedule);
        schedule.initialize(&mut World::new()).expect("two systems without data fit any order");
        open_order_count(&schedule)
    }

    fn first() {}
    fn second() {}

    #[test]
    fn two_systems_of_one_phase_are_open_unless_they_are_chained() {
        assert_eq!(
            built(|schedule| {
                schedule.add_systems((first, second).in_set(Phase::Input));
            }),
            1
        );
        assert_eq!(
            built(|schedule| {
                schedule.add_systems((first, second).chain().in_set(Phase::Input));
            }),
            0
        );
    }

    #[test]
    fn systems_of_two_phases_are_bound_by_these() {
        let built = built(|schedule| {
            schedule.add_systems(first.in_set(Phase::Movement));
            schedule.add_systems(second.in_set(Phase::Input));
        });
        assert_eq!(built, 0);
    }
}
