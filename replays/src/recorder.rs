//! The recorder: turns what a session was given and what became of it into records.
//!
//! It appends to a buffer of its caller and allocates nothing beside it.

use combat_components::canon::Canon;
use combat_components::command::TickInput;
use combat_components::ids::Epoch;
use combat_components::tick::Tick;
use combat_systems::output::TickOutput;
use combat_systems::state::STATE_KINDS;

use crate::checker;
use crate::record::{RecordKind, append};

/// What one session's log has to remember between two ticks.
#[derive(Clone, Debug, Default)]
pub struct Recorder {
    /// The epoch whose start has been recorded.
    epoch: Option<Epoch>,
    /// As recorded last; `None` right after a keyframe, so that every chunk names all of them once.
    sub_hashes: Option<[u64; STATE_KINDS]>,
}

impl Recorder {
    /// For a session from its creation or its resumption on; the first record is to be a keyframe.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a simulated tick, and before it the start of its epoch where that is new.
    pub fn record_tick(&mut self, epoch: Epoch, input: &TickInput, output: &TickOutput, out: &mut Vec<u8>) {
        self.record_epoch(epoch, output.tick, out);
        let mask = self.changed(&output.sub_hashes);
        self.sub_hashes = Some(output.sub_hashes);
        if mask == 0 && input.is_empty() {
            append(RecordKind::QuietTick, out, |out| {
                output.tick.put(out);
                output.root.put(out);
            });
            return;
        }
        append(RecordKind::Tick, out, |out| {
            output.tick.put(out);
            output.root.put(out);
            mask.put(out);
            let changed = output.sub_hashes.iter().enumerate().filter(|(kind, _)| mask & 1 << kind != 0);
            changed.for_each(|(_, sub_hash)| (*sub_hash as u32).put(out));
            input.iter().for_each(|command| command.put(out));
        });
    }

    /// Appends the state after `tick`, as `Sim::write_keyframe` gave it.
    pub fn record_keyframe(&mut self, epoch: Epoch, tick: Tick, state: &[u8], out: &mut Vec<u8>) {
        append(RecordKind::Keyframe, out, |out| {
            tick.put(out);
            epoch.put(out);
            out.extend_from_slice(state);
        });
        self.sub_hashes = None;
        self.record_epoch(epoch, tick.plus(1), out);
    }

    /// Appends when `tick` was simulated, in microseconds since 1970.
    pub fn record_anchor(&self, tick: Tick, unix_us: u64, out: &mut Vec<u8>) {
        append(RecordKind::Anchor, out, |out| {
            tick.put(out);
            unix_us.put(out);
        });
    }

    /// Appends the tick whose simulation panicked; nothing may follow but anchors.
    pub fn record_failed_tick(&mut self, epoch: Epoch, tick: Tick, input: &TickInput, out: &mut Vec<u8>) {
        self.record_epoch(epoch, tick, out);
        append(RecordKind::FailedTick, out, |out| {
            tick.put(out);
            input.iter().for_each(|command| command.put(out));
        });
    }

    fn record_epoch(&mut self, epoch: Epoch, tick: Tick, out: &mut Vec<u8>) {
        if self.epoch == Some(epoch) {
            return;
        }
        self.epoch = Some(epoch);
        append(RecordKind::EpochStart, out, |out| {
            epoch.put(out);
            tick.put(out);
        });
    }

    fn changed(&self, sub_hashes: &[u64; STATE_KINDS]) -> u32 {
        let Some(before) = &self.sub_hashes else {
            return checker::kept(sub_hashes);
        };
        checker::changed(before, sub_hashes)
    }
}

const _: () = assert!(STATE_KINDS < u32::BITS as usize, "a mask has a bit for every kind of state");
