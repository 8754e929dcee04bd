//! History: where every body stood at the ticks just past.

use bevy_ecs::schedule::{IntoScheduleConfigs, Schedule};
use bevy_ecs::system::{Query, Res};
use combat_components::body::Body;
use combat_components::history::History;

use crate::inbox::Now;
use crate::phases::Phase;

pub fn install(schedule: &mut Schedule) {
    schedule.add_systems(record_poses.in_set(Phase::History));
}

fn record_poses(now: Res<Now>, mut bodies: Query<(&Body, &mut History)>) {
    for (body, mut history) in &mut bodies {
        history.record(now.0, body.pose);
    }
}
