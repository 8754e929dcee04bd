//! One virtual player without its transport: what it says in each slot of its schedule, and what it waits for.

use std::collections::VecDeque;
use std::rc::Rc;

use combat_client::{Client, ClientError, Received, Step};
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Velocity, Yaw};
use combat_components::streams::Stream;
use combat_components::verdict::Outcome;
use combat_protocol::codec::Encoding;
use combat_protocol::server::Own;
use combat_protocol::view::PublicPlayer;

use super::figures::{Figures, REPLY_TIMEOUT_US, record};
use super::stroll::{Pace, Stroll, Strolls};
use crate::bots::aim::bearing;

/// One claim in so many asks for its acknowledgement at once; the others are covered by the next frame.
pub const ACK_ONE_IN: u32 = 10;

/// Replies waited for per player: five seconds of 200 a second. More are lost by then anyway.
const AWAITED_MAX: usize = 1_000;

/// From the feet to the chest, which is aimed at, and to the eye: of a body 1.8 m high.
const CHEST_MM: i32 = 1_100;
const EYE_MM: i32 = 1_620;

/// Greatest error of an aim per axis, in 1/65,536 turn: about one shot in eight strikes, so that the dead, who are
/// silent, stay few.
const ERROR_TURN: u16 = 6_000;

/// A reply that is waited for.
#[derive(Clone, Copy, Debug)]
struct Awaited {
    input_seq: u32,
    intended_us: u64,
}

/// When something is done: by the schedule, and by the clock. Microseconds since the start of the run.
#[derive(Clone, Copy, Debug)]
pub struct Slot {
    pub intended_us: u64,
    pub now_us: u64,
    /// Whether it belongs to the measurement.
    pub counts: bool,
}

#[derive(Debug)]
pub struct Player {
    pub client: Client,
    stroll: Option<Rc<Stroll>>,
    /// Ticks walked of the stroll.
    walked: u64,
    pace: Pace,
    pose_epoch: Option<u32>,
    acks: VecDeque<Awaited>,
    verdicts: VecDeque<Awaited>,
    claims: u32,
    last_frame_tick: u32,
    errors: Stream,
}

impl Player {
    /// `number` staggers which claims ask for an acknowledgement.
    pub fn new(number: u32) -> Self {
        Self {
            client: Client::new(Encoding::MessagePack),
            stroll: None,
            walked: 0,
            pace: Pace::default(),
            pose_epoch: None,
            acks: VecDeque::new(),
            verdicts: VecDeque::new(),
            claims: number,
            last_frame_tick: 0,
            errors: Stream::of(u64::from(number), 3),
        }
    }

    /// Walks on and claims it; says at least what it has seen when it may not claim.
    pub fn claim(&mut self, slot: Slot, strolls: &mut Strolls, figures: &mut Figures, out: &mut Vec<u8>) {
        let now_ms = slot.now_us / 1_000;
        let Some((ticks, pose)) = self.client.claim_ticks(now_ms).ok().zip(self.client.pose()) else {
            figures.held += u64::from(slot.counts);
            if self.client.seen_due(now_ms) {
                self.client.seen(now_ms, out);
            }
            return;
        };
        let at = self.walk(pose.at, ticks, strolls);
        let (yaw, pitch) = self.aim(at).unwrap_or((pose.yaw, pose.pitch));
        self.claims += 1;
        let ack = self.claims.is_multiple_of(ACK_ONE_IN);
        let step = Step { pose: Pose { at, yaw, pitch }, bends: &[], ack };
        let Ok(input_seq) = self.client.claim(now_ms, &step, out) else { return };
        figures.claims += u64::from(slot.counts);
        if ack && slot.counts {
            wait_for(&mut self.acks, input_seq, slot, figures);
        }
    }

    fn walk(&mut self, from: Vec3Mm, ticks: u32, strolls: &mut Strolls) -> Vec3Mm {
        let pose_epoch = self.client.pose_epoch();
        if self.pose_epoch != pose_epoch || self.stroll.is_none() {
            self.pose_epoch = pose_epoch;
            let place = self.stroll.as_ref().and_then(|stroll| stroll.place_of(from));
            if place.is_none() {
                self.stroll = Some(strolls.from(from));
            }
            self.walked = place.unwrap_or(0);
            let goes_on = place.is_some() && self.client.placed_velocity() != Velocity::default();
            self.pace = if goes_on { Pace::full() } else { Pace::default() };
        }
        self.walked += self.pace.advance(ticks);
        self.stroll.as_ref().map_or(from, |stroll| stroll.at(self.walked))
    }

    /// Fires at whoever is nearest, and reloads when the magazine is empty.
    pub fn attack(&mut self, slot: Slot, figures: &mut Figures, out: &mut Vec<u8>) {
        let now_ms = slot.now_us / 1_000;
        let Some(pose) = self.client.pose() else {
            figures.held += u64::from(slot.counts);
            return;
        };
        let (yaw, pitch) = self.aim(pose.at).unwrap_or((pose.yaw, pose.pitch));
        let astray = self.errors.triangular(ERROR_TURN);
        let yaw = Yaw(yaw.0.wrapping_add_signed(astray as i16));
        let sight = self.client.sight(yaw, pitch);
        match self.client.attack(now_ms, sight, out) {
            Err(_) => figures.held += u64::from(slot.counts),
            Ok(input_seq) if slot.counts => {
                figures.attacks += 1;
                wait_for(&mut self.verdicts, input_seq, slot, figures);
            }
            Ok(_) => {}
        }
    }

    /// Whether a reload should follow.
    pub fn is_empty_handed(&self) -> bool {
        let own = self.client.own();
        own.rounds == 0 && own.reloaded_at_tick.is_none()
    }

    fn aim(&self, at: Vec3Mm) -> Option<(Yaw, Pitch)> {
        let me = self.client.welcome()?.sim_id?;
        let feet = |player: &PublicPlayer| Vec3Mm::new(player.x, player.y, player.z);
        let others = self.client.view()?.players.iter();
        let enemies = others.filter(|player| player.sim_id != me && player.is_alive());
        let nearest = enemies.map(feet).min_by_key(|feet| feet.distance_squared(at))?;
        let raised = |at: Vec3Mm, by_mm| Vec3Mm { y: at.y + by_mm, ..at };
        let (yaw, pitch) = bearing(raised(at, EYE_MM), raised(nearest, CHEST_MM));
        let limit = f64::from(Pitch::LIMIT);
        Some((Yaw(yaw.round() as i64 as u16), Pitch::new(pitch.round().clamp(-limit, limit) as i16)?))
    }

    /// Takes in one message that arrived at `now_us`. `counts`: within the measurement.
    ///
    /// # Errors
    /// When it is no message of the server, or a frame that does not fit.
    pub fn hear(
        &mut self,
        bytes: &[u8],
        (now_us, counts): (u64, bool),
        figures: &mut Figures,
    ) -> Result<(), ClientError> {
        let once = u64::from(counts);
        match self.client.receive(bytes, now_us / 1_000)? {
            Received::Own(own) => {
                figures.own_alone += if own.tick == self.last_frame_tick { 0 } else { once };
                answered(&mut self.acks, &mut self.verdicts, own, now_us, figures);
            }
            Received::Frame { view, .. } => self.last_frame_tick = view.tick,
            Received::Welcome(welcome) => {
                while let Some(awaited) =
                    self.acks.pop_front_if(|awaited| awaited.input_seq <= welcome.last_input_seq)
                {
                    record(&mut figures.claim_ack, now_us.saturating_sub(awaited.intended_us));
                }
                figures.interrupted += (self.acks.len() + self.verdicts.len()) as u64;
                self.acks.clear();
                self.verdicts.clear();
            }
            Received::Event(_) | Received::Pong(_) | Received::Status(_) => figures.others += once,
        }
        Ok(())
    }

    /// Gives up on replies older than the timeout, or on all of them.
    pub fn give_up(&mut self, now_us: u64, on_all: bool, figures: &mut Figures) {
        let is_lost =
            |awaited: &mut Awaited| on_all || now_us.saturating_sub(awaited.intended_us) >= REPLY_TIMEOUT_US;
        while self.acks.pop_front_if(|awaited| is_lost(awaited)).is_some() {
            record(&mut figures.claim_ack, REPLY_TIMEOUT_US);
            figures.lost += 1;
        }
        while self.verdicts.pop_front_if(|awaited| is_lost(awaited)).is_some() {
            record(&mut figures.attack_verdict, REPLY_TIMEOUT_US);
            figures.lost += 1;
        }
    }

    /// The connection is gone and will not come back: what is outstanding has been interrupted.
    pub fn give_in(&mut self, figures: &mut Figures) {
        figures.interrupted += (self.acks.len() + self.verdicts.len()) as u64;
        self.acks.clear();
        self.verdicts.clear();
    }

    pub fn awaits(&self) -> bool {
        !self.acks.is_empty() || !self.verdicts.is_empty()
    }
}

fn wait_for(queue: &mut VecDeque<Awaited>, input_seq: u32, slot: Slot, figures: &mut Figures) {
    if queue.len() == AWAITED_MAX {
        queue.pop_front();
        figures.lost += 1;
    }
    queue.push_back(Awaited { input_seq, intended_us: slot.intended_us });
}

fn answered(
    acks: &mut VecDeque<Awaited>,
    verdicts: &mut VecDeque<Awaited>,
    own: &Own,
    now_us: u64,
    figures: &mut Figures,
) {
    while let Some(awaited) = acks.pop_front_if(|awaited| awaited.input_seq <= own.last_input_seq) {
        record(&mut figures.claim_ack, now_us.saturating_sub(awaited.intended_us));
    }
    for verdict in &own.verdicts {
        let Some(at) = verdicts.iter().position(|awaited| awaited.input_seq == verdict.input_seq) else {
            continue;
        };
        let Some(awaited) = verdicts.remove(at) else { continue };
        record(&mut figures.attack_verdict, now_us.saturating_sub(awaited.intended_us));
        if let (Outcome::Refused, Some(reason)) = (verdict.outcome, verdict.reason) {
            *figures.refusals.entry(reason.code()).or_default() += 1;
        }
    }
}
