//! The proof that a tick has one order only: nothing is left for an executor or a seed to choose.

use bevy_ecs::schedule::graph::Direction;
use bevy_ecs::schedule::{NodeId, Schedule};

use crate::sim::Sim;

impl Sim {
    /// How many pairs of systems that run one after another are not bound to do so. 0 means that the schedule is
    /// one chain, so that shuffling unordered systems would find none to shuffle.
    pub fn open_order_count(&self) -> usize {
        let schedule = &self.schedule;
        let systems = schedule.systems().expect("the schedule is initialised at creation");
        let order: Vec<Vec<NodeId>> =
            systems.map(|(key, _)| with_its_sets(schedule, NodeId::System(key))).collect();
        let bound = |before: &[NodeId], after: &[NodeId]| {
            let edges = schedule.graph().dependency().graph();
            before.iter().any(|a| after.iter().any(|b| edges.contains_edge(*a, *b)))
        };
        order.windows(2).filter(|pair| !bound(&pair[0], &pair[1])).count()
    }

    /// How many systems a tick runs.
    pub fn system_count(&self) -> usize {
        self.schedule.systems_len()
    }
}

fn with_its_sets(schedule: &Schedule, node: NodeId) -> Vec<NodeId> {
    let sets = schedule.graph().hierarchy().graph();
    std::iter::once(node).chain(sets.neighbors_directed(node, Direction::Incoming)).collect()
}
