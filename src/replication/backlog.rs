//! Frames that are kept until they may be shown.

use std::collections::VecDeque;

use combat_components::tick::Tick;
use combat_protocol::view::{Shot, View};

use super::gate::{Gate, Moment};
use super::happenings::Told;

/// A frame, and what is told with it.
#[derive(Clone, Debug, Default)]
pub struct KeptFrame {
    pub view: View,
    pub shots: Vec<Shot>,
    pub told: Vec<Told>,
}

/// The newest frames of a session; the oldest make room.
#[derive(Debug)]
pub struct Backlog {
    frames: VecDeque<KeptFrame>,
    spare: Vec<KeptFrame>,
    frames_max: usize,
}

/// What has become due to a lane.
#[derive(Debug)]
pub struct DueFrames {
    pub frames: Vec<KeptFrame>,
    /// By which they are.
    pub moment: Moment,
    /// None will come after them.
    pub are_last: bool,
}

impl Backlog {
    pub fn new(frames_max: usize) -> Self {
        Self { frames: VecDeque::new(), spare: Vec::new(), frames_max }
    }

    /// Takes `told` over, and copies the rest into memory of frames that have gone.
    pub fn keep(&mut self, view: &View, shots: &[Shot], told: &mut Vec<Told>) {
        if self.frames.len() >= self.frames_max {
            self.spare.extend(self.frames.pop_front());
        }
        let mut frame = self.spare.pop().unwrap_or_default();
        frame.view.copy_from(view);
        frame.shots.clear();
        frame.shots.extend_from_slice(shots);
        frame.told.clear();
        frame.told.append(told);
        self.frames.push_back(frame);
    }

    /// Every frame after `shown` that `gate` lets through, copied, so that whoever keeps frames need not wait for what is
    /// sent. `over_for_ticks`: since when no more come.
    pub fn due(
        &self,
        gate: Gate,
        shown: Option<Tick>,
        durable: Tick,
        over_for_ticks: Option<u32>,
    ) -> DueFrames {
        let newest = self.frames.back().map_or(Tick(0), tick_of);
        let moment = Moment { now: newest.plus(over_for_ticks.unwrap_or(0)), durable };
        let none = |are_last| DueFrames { frames: Vec::new(), moment, are_last };
        if self.frames.is_empty() {
            return none(true);
        }
        let due = gate.newest(moment);
        let newest_due = self.frames.iter().rev().map(tick_of).find(|tick| *tick <= due);
        let Some(newest_due) = newest_due else {
            return none(over_for_ticks.is_some() && durable < newest);
        };
        // A lane begins with the newest frame it may show; what is older was for others.
        let after = shown.unwrap_or(Tick(newest_due.0.saturating_sub(1)));
        let fresh = self.frames.iter().filter(|frame| tick_of(frame) > after && tick_of(frame) <= due);
        // After the end nothing more becomes durable: what is not by then is never shown.
        let last = if over_for_ticks.is_some() { newest.min(durable) } else { newest };
        DueFrames {
            frames: fresh.cloned().collect(),
            moment,
            are_last: !self.frames.iter().map(tick_of).any(|tick| tick > due && tick <= last),
        }
    }
}

fn tick_of(frame: &KeptFrame) -> Tick {
    Tick(frame.view.tick)
}
