//! What a client says: claims, actions, its word and its pings.

use combat_components::limits::{CLAIM_HZ, SUB_POSES_MAX};
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use combat_protocol::client::{ActMessage, ClaimMessage, ClientMessage};
use combat_protocol::codec::encode_client;
use combat_protocol::numbers::{ActKind, FrameStatus, Role, ServerState};

use crate::client::{Client, Placed};
use crate::error::Hold;
use crate::resume::ResumePoint;

/// A client's word is due this often: players four times a second, spectators once.
const PLAYER_WORD_MS: u64 = 250;
const SPECTATOR_WORD_MS: u64 = 1_000;

/// An attack names its claim this long; after that the pose that holds is the same.
const FOLLOWS_MS_MAX: u64 = 150;

/// One step of a body's way.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    pub pose: Pose,
    /// Corners since the last claim, oldest first; at most four.
    pub bends: &'a [Vec3Mm],
    /// Whether the acknowledgement shall come at once.
    pub ack: bool,
}

/// Where an action aims, and which frame its actor saw.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    pub yaw: Yaw,
    pub pitch: Pitch,
    pub view_tick: u32,
    pub view_fraction: u8,
}

impl Client {
    /// How many ticks of movement a claim sent now covers; 0 says where the body stands.
    ///
    /// # Errors
    /// Why no claim should be sent now.
    pub fn claim_ticks(&self, now_ms: u64) -> Result<u32, Hold> {
        self.may_claim()?;
        let (own_ticks, server_tick) = (self.clock.own_ticks(now_ms), self.clock.server_tick(now_ms));
        self.pacer.ticks_due(own_ticks, server_tick).ok_or(Hold::TooSoon)
    }

    fn may_claim(&self) -> Result<Placed, Hold> {
        let welcome = self.welcome.as_ref().ok_or(Hold::NotWelcomed)?;
        if welcome.role != Role::Player {
            return Err(Hold::Spectator);
        }
        let status = self.view.view().map_or(FrameStatus::Waiting, |view| view.status);
        let is_frozen = matches!(status, FrameStatus::Ended | FrameStatus::Resuming | FrameStatus::Suspended);
        if is_frozen || self.status.state == ServerState::Suspended {
            return Err(Hold::Frozen);
        }
        if self.own.respawn_at_tick.is_some() {
            return Err(Hold::Dead);
        }
        self.placed.ok_or(Hold::NotPlaced)
    }

    /// Whether the next claim is due: 30 times a second, and at once after the server moved the body.
    pub fn claim_due(&self, now_ms: u64) -> bool {
        let is_due = match self.last_claim {
            Some((_, at_ms)) => now_ms.saturating_sub(at_ms) * u64::from(CLAIM_HZ) >= 1_000,
            None => true,
        };
        is_due && self.claim_ticks(now_ms).is_ok()
    }

    /// Writes a claim that covers [`Self::claim_ticks`], and returns its `inputSeq`.
    ///
    /// # Errors
    /// Why no claim was written.
    pub fn claim(&mut self, now_ms: u64, step: &Step<'_>, out: &mut Vec<u8>) -> Result<u32, Hold> {
        let ticks = self.claim_ticks(now_ms)?;
        let placed = self.may_claim()?;
        if step.bends.len() > SUB_POSES_MAX {
            return Err(Hold::TooManyBends { count: step.bends.len() });
        }
        let input_seq = self.next_input_seq();
        let (own_ticks, server_tick) = (self.clock.own_ticks(now_ms), self.clock.server_tick(now_ms));
        let seen_tick = self.seen.map_or(0, |seen| seen.tick);
        let claim = ClaimMessage {
            input_seq,
            client_tick: self.pacer.claimed(input_seq, ticks, own_ticks, server_tick),
            pose: step.pose.into(),
            view_tick: seen_tick,
            pose_epoch: placed.epoch,
            seen_tick,
            ack: step.ack,
            bends: step.bends.iter().map(|bend| [bend.x, bend.y, bend.z]).collect(),
        };
        self.placed = Some(Placed { pose: step.pose, ..placed });
        self.last_claim = Some((input_seq, now_ms));
        self.word_at_ms = Some(now_ms);
        self.send(&ClientMessage::Claim(claim), out);
        Ok(input_seq)
    }

    /// Aims at what the newest frame shows.
    pub fn sight(&self, yaw: Yaw, pitch: Pitch) -> Sight {
        Sight { yaw, pitch, view_tick: self.seen.map_or(0, |seen| seen.tick), view_fraction: 0 }
    }

    /// Writes an attack from the last claim's pose, and returns its `inputSeq`.
    ///
    /// # Errors
    /// Why no attack was written.
    pub fn attack(&mut self, now_ms: u64, sight: Sight, out: &mut Vec<u8>) -> Result<u32, Hold> {
        self.act(self.seen_from(now_ms, sight), out)
    }

    /// Writes the use of an ability by its index in the welcome, and returns its `inputSeq`.
    ///
    /// # Errors
    /// Why nothing was written.
    pub fn ability(&mut self, now_ms: u64, index: u8, sight: Sight, out: &mut Vec<u8>) -> Result<u32, Hold> {
        self.act(ActMessage { kind: ActKind::Ability, index, ..self.seen_from(now_ms, sight) }, out)
    }

    /// Writes a reload, and returns its `inputSeq`.
    ///
    /// # Errors
    /// Why nothing was written.
    pub fn reload(&mut self, out: &mut Vec<u8>) -> Result<u32, Hold> {
        self.act(ActMessage { kind: ActKind::Reload, ..ActMessage::default() }, out)
    }

    /// Writes that a weapon is taken in hand, by its index in the welcome, and returns its `inputSeq`.
    ///
    /// # Errors
    /// Why nothing was written.
    pub fn switch(&mut self, index: u8, out: &mut Vec<u8>) -> Result<u32, Hold> {
        self.act(ActMessage { kind: ActKind::Switch, index, ..ActMessage::default() }, out)
    }

    /// Writes any deed under the next `inputSeq`, which it returns.
    ///
    /// # Errors
    /// Why nothing was written.
    pub fn act(&mut self, act: ActMessage, out: &mut Vec<u8>) -> Result<u32, Hold> {
        self.may_claim()?;
        let input_seq = self.next_input_seq();
        self.send(&ClientMessage::Act(ActMessage { input_seq, ..act }), out);
        Ok(input_seq)
    }

    /// A deed done from the last claim's pose, an attack until it is told to be another.
    pub fn seen_from(&self, now_ms: u64, sight: Sight) -> ActMessage {
        let Sight { yaw, pitch, view_tick, view_fraction } = sight;
        let (yaw, pitch, follows) = (yaw.0, pitch.turn(), self.follows(now_ms));
        ActMessage { follows, yaw, pitch, view_tick, view_fraction, ..ActMessage::default() }
    }

    /// The claim that an action is made from; 0 names the pose that holds.
    fn follows(&self, now_ms: u64) -> u32 {
        let recent = self.last_claim.filter(|claim| now_ms.saturating_sub(claim.1) <= FOLLOWS_MS_MAX);
        recent.map_or(0, |claim| claim.0)
    }

    /// Whether the server should hear again which frame this client has seen.
    pub fn seen_due(&self, now_ms: u64) -> bool {
        let is_spectator = self.welcome.as_ref().is_some_and(|welcome| welcome.role == Role::Spectator);
        let every_ms = if is_spectator { SPECTATOR_WORD_MS } else { PLAYER_WORD_MS };
        // Three quarters, so that a late timer still keeps the promise.
        let is_due = self.word_at_ms.is_none_or(|at_ms| now_ms.saturating_sub(at_ms) * 4 >= every_ms * 3);
        self.seen.is_some() && is_due
    }

    /// Writes which frame this client has seen; `false`, writing nothing, before the first one.
    pub fn seen(&mut self, now_ms: u64, out: &mut Vec<u8>) -> bool {
        let Some(ResumePoint { epoch, tick }) = self.seen else {
            return false;
        };
        self.word_at_ms = Some(now_ms);
        self.send(&ClientMessage::Seen { epoch, tick }, out);
        true
    }

    /// Writes a ping; its pong sets the clock. A ping before it without an answer is given up.
    pub fn ping(&mut self, now_ms: u64, out: &mut Vec<u8>) {
        self.last_nonce = self.last_nonce.wrapping_add(1);
        self.ping = Some((self.last_nonce, now_ms));
        self.send(&ClientMessage::Ping { nonce: self.last_nonce }, out);
    }

    /// Writes that the player leaves.
    pub fn leave(&self, out: &mut Vec<u8>) {
        self.send(&ClientMessage::Leave, out);
    }

    fn send(&self, message: &ClientMessage, out: &mut Vec<u8>) {
        encode_client(message, self.encoding, out);
    }

    fn next_input_seq(&mut self) -> u32 {
        self.input_seq = self.input_seq.saturating_add(1);
        self.input_seq
    }
}
