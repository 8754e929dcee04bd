//! The fields of what a client says, in order.

use arrayvec::ArrayVec;
use combat_components::limits::SUB_POSES_MAX;

use super::error::DecodeError;
use super::kinds::{ABILITY, ATTACK, CLAIM, CLIENT_KINDS, LEAVE, PING, RELOAD, SEEN, SWITCH};
use super::sink::Sink;
use super::source::Source;
use crate::client::{Aim, ClaimMessage, ClientMessage};

pub(super) fn write(sink: &mut impl Sink, message: &ClientMessage) {
    match message {
        ClientMessage::Claim(claim) => write_claim(sink, claim),
        ClientMessage::Attack { input_seq, aim } => {
            sink.open_message(ATTACK);
            sink.integer("inputSeq", (*input_seq).into());
            sink.integer("follows", aim.follows.into());
            write_aim(sink, aim);
        }
        ClientMessage::Ability { input_seq, index, aim } => {
            sink.open_message(ABILITY);
            sink.integer("inputSeq", (*input_seq).into());
            sink.integer("follows", aim.follows.into());
            sink.integer("index", (*index).into());
            write_aim(sink, aim);
        }
        ClientMessage::Reload { input_seq } => {
            sink.open_message(RELOAD);
            sink.integer("inputSeq", (*input_seq).into());
        }
        ClientMessage::Switch { input_seq, index } => {
            sink.open_message(SWITCH);
            sink.integer("inputSeq", (*input_seq).into());
            sink.integer("index", (*index).into());
        }
        ClientMessage::Seen { epoch, tick } => {
            sink.open_message(SEEN);
            sink.integer("epoch", (*epoch).into());
            sink.integer("tick", (*tick).into());
        }
        ClientMessage::Ping { nonce } => {
            sink.open_message(PING);
            sink.integer("nonce", (*nonce).into());
        }
        ClientMessage::Leave => sink.open_message(LEAVE),
    }
    sink.close();
}

fn write_claim(sink: &mut impl Sink, claim: &ClaimMessage) {
    sink.open_message(CLAIM);
    sink.integer("inputSeq", claim.input_seq.into());
    sink.integer("clientTick", claim.client_tick.into());
    sink.integer("x", claim.x.into());
    sink.integer("y", claim.y.into());
    sink.integer("z", claim.z.into());
    sink.integer("yaw", claim.yaw.into());
    sink.integer("pitch", claim.pitch.into());
    sink.integer("viewTick", claim.view_tick.into());
    sink.integer("poseEpoch", claim.pose_epoch.into());
    sink.integer("seenTick", claim.seen_tick.into());
    sink.boolean("ack", claim.ack);
    sink.list("bends", &claim.bends, |sink, bend| sink.integers("bend", bend));
}

fn write_aim(sink: &mut impl Sink, aim: &Aim) {
    sink.integer("yaw", aim.yaw.into());
    sink.integer("pitch", aim.pitch.into());
    sink.integer("viewTick", aim.view_tick.into());
    sink.integer("viewFraction", aim.view_fraction.into());
}

pub(super) fn read<'a>(source: &mut impl Source<'a>) -> Result<ClientMessage, DecodeError> {
    let kind = source.open_message(CLIENT_KINDS)?;
    let message = match kind {
        CLAIM => ClientMessage::Claim(read_claim(source)?),
        ATTACK => {
            let (input_seq, follows) = (source.u32("inputSeq")?, source.u32("follows")?);
            ClientMessage::Attack { input_seq, aim: read_aim(source, follows)? }
        }
        ABILITY => {
            let (input_seq, follows) = (source.u32("inputSeq")?, source.u32("follows")?);
            let index = source.u8("index")?;
            ClientMessage::Ability { input_seq, index, aim: read_aim(source, follows)? }
        }
        RELOAD => ClientMessage::Reload { input_seq: source.u32("inputSeq")? },
        SWITCH => ClientMessage::Switch { input_seq: source.u32("inputSeq")?, index: source.u8("index")? },
        SEEN => ClientMessage::Seen { epoch: source.u32("epoch")?, tick: source.u32("tick")? },
        PING => ClientMessage::Ping { nonce: source.u32("nonce")? },
        _ => ClientMessage::Leave,
    };
    source.close()?;
    Ok(message)
}

fn read_claim<'a>(source: &mut impl Source<'a>) -> Result<ClaimMessage, DecodeError> {
    Ok(ClaimMessage {
        input_seq: source.u32("inputSeq")?,
        client_tick: source.u32("clientTick")?,
        x: source.i32("x")?,
        y: source.i32("y")?,
        z: source.i32("z")?,
        yaw: source.u16("yaw")?,
        pitch: source.i16("pitch")?,
        view_tick: source.u32("viewTick")?,
        pose_epoch: source.u32("poseEpoch")?,
        seen_tick: source.u32("seenTick")?,
        ack: source.boolean("ack")?,
        bends: read_bends(source)?,
    })
}

fn read_bends<'a>(source: &mut impl Source<'a>) -> Result<ArrayVec<[i32; 3], SUB_POSES_MAX>, DecodeError> {
    let mut bends = ArrayVec::new();
    for _ in 0..source.open_list("bends", SUB_POSES_MAX)? {
        source.open_row("bend", 3)?;
        bends.push(source.point("bend")?);
        source.close()?;
    }
    source.close()?;
    Ok(bends)
}

fn read_aim<'a>(source: &mut impl Source<'a>, follows: u32) -> Result<Aim, DecodeError> {
    Ok(Aim {
        follows,
        yaw: source.u16("yaw")?,
        pitch: source.i16("pitch")?,
        view_tick: source.u32("viewTick")?,
        view_fraction: source.u8("viewFraction")?,
    })
}
