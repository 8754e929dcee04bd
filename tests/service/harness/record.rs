//! What a client was told, kept for judgement.

use std::collections::BTreeMap;
use std::time::Instant;

use combat_protocol::server::{
    Correction, EventMessage, InputVerdict, Own, ResumedFrom, StatusMessage, Welcome,
};
use combat_protocol::view::View;

/// One frame as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct FrameNote {
    pub at: Instant,
    pub tick: u32,
    pub is_snapshot: bool,
}

/// One acknowledgement as it arrived.
#[derive(Clone, Copy, Debug)]
pub struct OwnNote {
    pub epoch: u32,
    pub tick: u32,
    pub last_input_seq: u32,
    pub durable_tick: u32,
    /// Whether it brought a verdict or a correction, which leave at once.
    pub is_urgent: bool,
}

/// What a welcome said of an earlier connection.
#[derive(Clone, Debug)]
pub struct WelcomeNote {
    pub epoch: u32,
    pub slot: Option<u8>,
    pub resumed: Option<ResumedFrom>,
}

/// One claim as it was sent.
#[derive(Clone, Copy, Debug)]
pub struct ClaimNote {
    pub input_seq: u32,
    pub pose_epoch: u32,
}

/// Everything one client was told, over all its connections.
#[derive(Debug, Default)]
pub struct Record {
    /// What every (epoch, tick) that was shown looked like.
    pub views: BTreeMap<(u32, u32), View>,
    pub frames: Vec<FrameNote>,
    pub owns: Vec<OwnNote>,
    /// With the tick of the own part that carried each.
    pub corrections: Vec<(u32, Correction)>,
    pub verdicts: Vec<InputVerdict>,
    pub claims: Vec<ClaimNote>,
    pub events: Vec<EventMessage>,
    pub welcomes: Vec<WelcomeNote>,
    pub statuses: Vec<StatusMessage>,
    /// The epoch of the connection and the `inputSeq` of every claim, attack and reload that was sent.
    pub inputs: Vec<(u32, u32)>,
    /// By epoch: the newest tick that was called durable in it.
    pub durable: BTreeMap<u32, u32>,
    /// Bytes of messages, without the frames of WebSocket.
    pub bytes: u64,
    /// Every message as it came, when asked for.
    pub raw: Option<Vec<Vec<u8>>>,
}

impl Record {
    /// # Panics
    /// When this moment was shown before, and differently.
    pub fn note_view(&mut self, view: &View, is_snapshot: bool) {
        let key = (view.epoch, view.tick);
        match self.views.get(&key) {
            Some(before) => assert_eq!(before, view, "(epoch, tick) {key:?} shows two contents"),
            None => {
                self.views.insert(key, view.clone());
            }
        }
        self.frames.push(FrameNote { at: Instant::now(), tick: view.tick, is_snapshot });
    }

    pub fn note_own(&mut self, epoch: u32, own: &Own) {
        let &Own { tick, last_input_seq, durable_tick, .. } = own;
        let is_urgent = own.correction.is_some() || !own.verdicts.is_empty();
        self.owns.push(OwnNote { epoch, tick, last_input_seq, durable_tick, is_urgent });
        self.note_durable(epoch, durable_tick);
        self.corrections.extend(own.correction.map(|correction| (tick, correction)));
        self.verdicts.extend_from_slice(&own.verdicts);
    }

    pub fn note_welcome(&mut self, welcome: &Welcome) {
        self.welcomes.push(WelcomeNote {
            epoch: welcome.epoch,
            slot: welcome.slot,
            resumed: welcome.resumed,
        });
    }

    pub fn note_durable(&mut self, epoch: u32, tick: u32) {
        let newest = self.durable.entry(epoch).or_default();
        *newest = tick.max(*newest);
    }

    pub fn note_claim(&mut self, input_seq: u32, pose_epoch: u32) {
        self.claims.push(ClaimNote { input_seq, pose_epoch });
    }

    /// The verdict on an input, once it is there.
    pub fn verdict(&self, input_seq: u32) -> Option<&InputVerdict> {
        self.verdicts.iter().find(|verdict| verdict.input_seq == input_seq)
    }
}
