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
        let due = gate.newest(moment);
        let newest_due = self.frames.iter().rev().map(tick_of).find(|tick| *tick <= due);
        // A lane begins with the newest frame it may show; what is older was for others.
        let after = shown.or(newest_due.map(|tick| Tick(tick.0.saturating_sub(1)))).unwrap_or(due);
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

#[cfg(test)]
mod tests {
    use combat_components::ids::Epoch;
    use combat_components::tick::Tick;

    use super::*;

    const DELAY_TICKS: u32 = 100;

    /// Frames at ticks 8, 16 and 24, each told of by a message of its tick.
    fn backlog(frames_max: usize) -> Backlog {
        let mut backlog = Backlog::new(frames_max);
        for tick in [8, 16, 24] {
            let view = View { tick, ..View::default() };
            let shots = [Shot { shooter: tick, ..Shot::default() }];
            let mut told = vec![Told::durable(Epoch(1), Tick(tick))];
            backlog.keep(&view, &shots, &mut told);
            assert_eq!(told, [], "it is taken over");
        }
        backlog
    }

    fn due(durable: u32, over_for_ticks: Option<u32>, shown: Option<u32>) -> (Vec<u32>, bool) {
        let gate = Gate::behind(DELAY_TICKS);
        let due = backlog(3).due(gate, shown.map(Tick), Tick(durable), over_for_ticks);
        (due.frames.iter().map(|frame| frame.view.tick).collect(), due.are_last)
    }

    #[test]
    fn while_nothing_is_old_enough_more_is_to_come_unless_it_is_over_and_the_rest_could_be_undone() {
        assert_eq!(due(24, None, None), (vec![], false), "it goes on");
        assert_eq!(due(0, None, None), (vec![], false), "it goes on, and the journal lags");
        assert_eq!(due(24, Some(0), None), (vec![], false), "all is final and will be old enough");
        assert_eq!(due(0, Some(0), None), (vec![], true), "nothing is final, nor will be");
        assert_eq!(due(8, Some(0), None), (vec![], false), "the first is final and will be old enough");
    }

    #[test]
    fn a_lane_begins_with_the_newest_frame_it_may_be_shown_and_goes_on_after_what_it_has() {
        assert_eq!(due(24, Some(92), None), (vec![16], false), "24 + 92 − 100 = 16");
        assert_eq!(due(24, Some(92), Some(0)), (vec![8, 16], false));
        assert_eq!(due(24, Some(91), Some(0)), (vec![8], false), "a tick too early");
        assert_eq!(due(24, Some(100), Some(8)), (vec![16, 24], true), "these were the last");
        assert_eq!(due(24, Some(100), Some(24)), (vec![], true), "it has been shown all");
        assert_eq!(due(23, Some(100), Some(8)), (vec![16], true), "the last frame is never final");
    }

    #[test]
    fn a_frame_is_kept_with_its_own_shots_and_messages_in_memory_of_one_that_has_gone() {
        for frames_max in [2, 3] {
            let frames = backlog(frames_max).due(Gate::OPEN, Some(Tick(0)), Tick(24), None).frames;
            let kept: Vec<_> = frames.iter().map(|frame| frame.view.tick).collect();
            assert_eq!(kept, [8, 16, 24][3 - frames_max..], "the oldest makes room");
            for frame in frames {
                let shooters: Vec<_> = frame.shots.iter().map(|shot| shot.shooter).collect();
                assert_eq!((shooters, frame.told.len()), (vec![frame.view.tick], 1));
                assert_eq!(frame.told[0].message.tick, frame.view.tick);
            }
        }
    }

    #[test]
    fn of_an_empty_backlog_nothing_is_to_come() {
        let due = Backlog::new(1).due(Gate::OPEN, None, Tick(0), None);
        assert!(due.frames.is_empty() && due.are_last);
    }
}
