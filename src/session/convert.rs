//! From what arrived to what is meant: the only way from a `ClientMessage` to a `Command`.
//!
//! The slot comes from the connection, never from the message, so nobody can speak for another.

use combat_components::command::{Action, Claim, Command, Deed};
use combat_components::ids::Slot;
use combat_components::limits::MAP_EXTENT_MM;
use combat_components::quantity::{Pitch, Pose, Vec3Mm, Yaw};
use combat_components::tick::Tick;
use combat_protocol::client::{AbilityMessage, AttackMessage, ClaimMessage, ClientMessage};
use thiserror::Error;

/// What a player's message means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meant {
    /// `ack`: the acknowledgement is wanted at once. `seen`: the word that came with it.
    Input {
        command: Command,
        ack: bool,
        seen: Option<Tick>,
    },
    Seen {
        epoch: u32,
        tick: Tick,
    },
    Ping {
        nonce: u32,
    },
    Leave,
}

/// Why a well-formed message means nothing.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Meaningless {
    #[error("inputSeq is 0, expected a number that rises from 1")]
    InputSeq,
    #[error("pitch is steeper than 89 degrees, expected -16201 to 16201")]
    Pitch,
    #[error("a coordinate lies more than 1 km from the origin")]
    Coordinate,
}

/// Where an action is made from and what its actor saw.
#[derive(Default)]
struct Aim {
    follows: u32,
    yaw: u16,
    pitch: i16,
    view_tick: u32,
    view_fraction: u8,
}

/// # Errors
/// When a value lies outside what the simulation accepts from anybody.
pub fn meaning(message: &ClientMessage, slot: Slot) -> Result<Meant, Meaningless> {
    let (command, ack, seen) = match message {
        ClientMessage::Claim(claim) => {
            let claimed = Command::Claim { claim: claim_of(claim, slot)? };
            (claimed, claim.ack, Some(Tick(claim.seen_tick)))
        }
        ClientMessage::Attack(attack) => {
            let AttackMessage { input_seq, follows, yaw, pitch, view_tick, view_fraction } = *attack;
            let aim = Aim { follows, yaw, pitch, view_tick, view_fraction };
            (action(input_seq, &aim, Deed::Attack, slot)?, false, None)
        }
        ClientMessage::Ability(ability) => {
            let AbilityMessage { input_seq, follows, index, yaw, pitch, view_tick, view_fraction } = *ability;
            let aim = Aim { follows, yaw, pitch, view_tick, view_fraction };
            (action(input_seq, &aim, Deed::Ability { index }, slot)?, false, None)
        }
        ClientMessage::Reload { input_seq } => {
            (action(*input_seq, &Aim::default(), Deed::Reload, slot)?, false, None)
        }
        ClientMessage::Switch { input_seq, index } => {
            (action(*input_seq, &Aim::default(), Deed::Switch { index: *index }, slot)?, false, None)
        }
        ClientMessage::Seen { epoch, tick } => {
            return Ok(Meant::Seen { epoch: *epoch, tick: Tick(*tick) });
        }
        ClientMessage::Ping { nonce } => return Ok(Meant::Ping { nonce: *nonce }),
        ClientMessage::Leave => return Ok(Meant::Leave),
    };
    Ok(Meant::Input { command, ack, seen })
}

fn claim_of(claim: &ClaimMessage, slot: Slot) -> Result<Claim, Meaningless> {
    let pose = Pose {
        at: point([claim.x, claim.y, claim.z])?,
        yaw: Yaw(claim.yaw),
        pitch: Pitch::new(claim.pitch).ok_or(Meaningless::Pitch)?,
    };
    Ok(Claim {
        slot,
        input_seq: numbered(claim.input_seq)?,
        client_tick: claim.client_tick,
        pose,
        bends: claim.bends.iter().map(|bend| point(*bend)).collect::<Result<_, _>>()?,
        view_tick: Tick(claim.view_tick),
        pose_epoch: claim.pose_epoch,
    })
}

fn action(input_seq: u32, aim: &Aim, deed: Deed, slot: Slot) -> Result<Command, Meaningless> {
    let action = Action {
        slot,
        input_seq: numbered(input_seq)?,
        follows: aim.follows,
        yaw: Yaw(aim.yaw),
        pitch: Pitch::new(aim.pitch).ok_or(Meaningless::Pitch)?,
        view_tick: Tick(aim.view_tick),
        view_fraction: aim.view_fraction,
        deed,
    };
    Ok(Command::Action { action })
}

fn numbered(input_seq: u32) -> Result<u32, Meaningless> {
    if input_seq == 0 { Err(Meaningless::InputSeq) } else { Ok(input_seq) }
}

fn point([x, y, z]: [i32; 3]) -> Result<Vec3Mm, Meaningless> {
    let inside = [x, y, z].iter().all(|coordinate| (-MAP_EXTENT_MM..=MAP_EXTENT_MM).contains(coordinate));
    if inside { Ok(Vec3Mm::new(x, y, z)) } else { Err(Meaningless::Coordinate) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim() -> ClaimMessage {
        ClaimMessage { input_seq: 1, client_tick: 9, x: 1, y: 2, z: 3, ..ClaimMessage::default() }
    }

    #[test]
    fn a_claim_speaks_for_the_slot_of_its_connection() {
        let meant = meaning(&ClientMessage::Claim(claim()), Slot(7)).expect("the claim is sound");
        let Meant::Input { command: Command::Claim { claim }, .. } = meant else { panic!("{meant:?}") };
        assert_eq!((claim.slot, claim.pose.at), (Slot(7), Vec3Mm::new(1, 2, 3)));
    }

    #[test]
    fn values_that_no_simulation_takes_are_named() {
        let refused = |claim| meaning(&ClientMessage::Claim(claim), Slot(0)).expect_err("it is unsound");
        assert_eq!(refused(ClaimMessage { input_seq: 0, ..claim() }), Meaningless::InputSeq);
        assert_eq!(refused(ClaimMessage { pitch: i16::MIN, ..claim() }), Meaningless::Pitch);
        assert_eq!(refused(ClaimMessage { z: i32::MIN, ..claim() }), Meaningless::Coordinate);
        let mut bent = claim();
        bent.bends.push([0, 0, 1_000_001]);
        assert_eq!(refused(bent), Meaningless::Coordinate);
    }
}
